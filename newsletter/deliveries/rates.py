"""How many messages an account may hand over, and when the next one may go."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from newsletter.model.deliveries import RateGrant, RateLimit, RateUsage


class RateGate:
    """Lets messages out so that no period of any limit ever holds more than its count.

    A period is counted in slices, and a slice that touches it counts as a whole: at most a sixtieth of a
    limit is left unused, and it is never exceeded, whatever moment the server's own window begins at.
    """

    def __init__(self, limits: Sequence[RateLimit], used: Iterable[RateUsage] = ()) -> None:
        """Begin with what was used before a restart.

        Args:
            limits: The limits; none lets everything out.
            used: What was handed over lately.
        """
        self._limits = tuple(limits)
        self._used = self._counted(used)
        self._beside = self._counted(())

    def look_beside(self, used: Iterable[RateUsage]) -> None:
        """Count what others hand over meanwhile, instead of what was told of them before."""
        self._beside = self._counted(used)

    def next_turn(self, now: datetime) -> datetime:
        """Return when the next message may go, UTC; `now` if it may at once."""
        return max((self._free_at(limit, now) for limit in self._limits), default=now)

    def take(self, now: datetime) -> None:
        """Count a message."""
        for limit in self._limits:
            self._used[limit.period_seconds][limit.slice_number(now)] += 1

    def give_back(self, taken_at: datetime) -> None:
        """Take back the count of a message that was not handed over after all."""
        for limit in self._limits:
            used, number = self._used[limit.period_seconds], limit.slice_number(taken_at)
            if used[number]:
                used[number] -= 1

    def room(self, now: datetime) -> int | None:
        """Return how many messages may go at once; None: any number."""
        rooms = [limit.count - sum(self._window(limit, now).values()) for limit in self._limits]
        return max(0, min(rooms)) if rooms else None

    def _counted(self, used: Iterable[RateUsage]) -> dict[int, Counter[int]]:
        counted: dict[int, Counter[int]] = {limit.period_seconds: Counter() for limit in self._limits}
        for usage in used:
            if usage.period_seconds in counted:
                counted[usage.period_seconds][usage.slice_number] += usage.count
        return counted

    def _free_at(self, limit: RateLimit, now: datetime) -> datetime:
        used = self._window(limit, now)
        free = current = limit.slice_number(now)
        left = used.total()
        for number in sorted(used):
            if left < limit.count:
                break
            left -= used[number]
            free = number + limit.SLICES + 1
        if free <= current:
            return now
        return datetime.fromtimestamp(free * limit.period_seconds / limit.SLICES, UTC)

    def _window(self, limit: RateLimit, now: datetime) -> Counter[int]:
        """Return what counts for the period that ends now, by slice; what is older is forgotten."""
        own, beside = self._used[limit.period_seconds], self._beside[limit.period_seconds]
        current = limit.slice_number(now)
        for used in (own, beside):
            for number in [n for n in used if n < current - limit.SLICES]:
                del used[number]
        # Slices far ahead were counted before the clock was set back: waiting for them could take days.
        last = limit.slice_number(now + timedelta(seconds=limit.MOST_AHEAD_SECONDS))
        window = Counter({number: count for number, count in beside.items() if number <= last})
        window.update({number: count for number, count in own.items() if number <= current})
        return window


def grant(limits: Sequence[RateLimit], used: Iterable[RateUsage], *, want: int, now: datetime) -> RateGrant:
    """Decide how many of the messages that somebody wants to hand over may go: half of the room at most.

    The others want some, too, and what one has been let have is not used at once.

    Args:
        limits: The limits.
        used: What all who share them have counted, also for messages that are handed over a little later.
        want: How many are wanted.
        now: UTC.
    """
    gate = RateGate(limits)
    gate.look_beside(used)
    room, turn = gate.room(now), gate.next_turn(now)
    # A turn is rounded to microseconds: who comes back at that very moment is let out.
    count = want if room is None else min(want, max((room + 1) // 2, int(turn <= now)))
    return RateGrant(count=count, turn=turn)
