"""How many sign-ups may come from one place: counted in memory, within bounds whatever arrives."""

from collections import OrderedDict
from datetime import datetime

from newsletter.web.origin import parse_address

_HOUR = 3600

#: An hour is counted in slices; one that the hour touches counts as a whole, so no hour ever holds too many.
_SLICE_SECONDS = 300

#: Places that are remembered of each kind; the one that was counted longest ago is forgotten first.
_MOST_PLACES = 20_000

#: Bits of an address that tell apart hosts of one visitor, and those of one network, by IP version.
_HOST_BITS = {4: (0, 8), 6: (64, 80)}

#: IP version and the bits before those; an address that cannot be read is itself.
_Place = tuple[int, int] | str


class SignUpLimits:
    """The most sign-ups of an hour from one address and from one network.

    One address is an IPv4 address, or an IPv6 /64, which is the least that a provider gives; one network is a
    /24 or a /48.

    Attributes:
        allowed: Sign-ups counted since the start.
        refused: Sign-ups refused since the start.
    """

    def __init__(self, *, per_address: int, per_network: int, most_places: int = _MOST_PLACES) -> None:
        self._addresses = _Hour(per_address, most_places)
        self._networks = _Hour(per_network, most_places)
        self.allowed = 0
        self.refused = 0

    def allows(self, address: str, *, now: datetime) -> bool:
        """Tell whether a sign-up may be taken, and count it if so.

        Args:
            address: As `web.origin.client_address` returns it.
            now: UTC.
        """
        one, network = _places(address)
        if self._addresses.wait(one, now) or self._networks.wait(network, now):
            self.refused += 1
            return False
        self._addresses.count(one, now)
        self._networks.count(network, now)
        self.allowed += 1
        return True

    def seconds_until_allowed(self, address: str, *, now: datetime) -> int:
        """Return how long an address has to wait, for Retry-After; 0: not at all."""
        one, network = _places(address)
        return max(self._addresses.wait(one, now), self._networks.wait(network, now))

    def __len__(self) -> int:
        """How many places are remembered."""
        return len(self._addresses) + len(self._networks)


class _Hour:
    """Counts of the last hour by place, a small table of slices for each."""

    def __init__(self, most: int, most_places: int) -> None:
        self._most = most
        self._most_places = most_places
        self._slices: OrderedDict[_Place, dict[int, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._slices)

    def count(self, place: _Place, now: datetime) -> None:
        """Count one more from a place; of too many places, forget the one that was counted longest ago."""
        current = _slice(now)
        slices = self._recent(place, current)
        slices[current] = slices.get(current, 0) + 1
        self._slices[place] = slices
        self._slices.move_to_end(place)
        while len(self._slices) > self._most_places:
            self._slices.popitem(last=False)

    def wait(self, place: _Place, now: datetime) -> int:
        """Return how many seconds a place has to wait until it is let in; 0: not at all."""
        slices = self._recent(place, _slice(now))
        over = sum(slices.values()) - self._most
        for number, counted in sorted(slices.items()):
            if over < 0:
                return 0
            over -= counted
            if over < 0:
                # Rounded up: who comes at that very moment is let in.
                return int((number + 1) * _SLICE_SECONDS + _HOUR - now.timestamp()) + 1
        return 0

    def _recent(self, place: _Place, current: int) -> dict[int, int]:
        """Return the slices that the last hour touches; what lies ahead was counted by a clock gone wrong."""
        first = current - _HOUR // _SLICE_SECONDS
        slices = self._slices.get(place, {})
        return {number: count for number, count in slices.items() if first <= number <= current}


def _slice(now: datetime) -> int:
    return int(now.timestamp()) // _SLICE_SECONDS


def _places(address: str) -> tuple[_Place, _Place]:
    """Return the visitor and the network that an address is counted for."""
    parsed = parse_address(address)
    if parsed is None:
        return address, address
    one, network = _HOST_BITS[parsed.version]
    return (parsed.version, int(parsed) >> one), (parsed.version, int(parsed) >> network)
