"""How long nothing can be tried after wrong tries: pure."""

from dataclasses import dataclass
from datetime import timedelta

from newsletter.model.operators import PlaceKind


@dataclass(frozen=True, kw_only=True)
class _Patience:
    """Tries without a delay; then the first delay, twice that, and so on up to the longest."""

    free: int
    first: timedelta
    longest: timedelta


#: A quarter of an hour at most: 10,000 guesses at one account take a hundred days, and an operator who has
#: only mistyped waits no longer than that.
_ACCOUNT = _Patience(free=5, first=timedelta(seconds=30), longest=timedelta(minutes=15))

#: Several operators may sit behind one network.
_NETWORK = _Patience(free=20, first=timedelta(seconds=30), longest=timedelta(hours=1))


def delay_after(kind: PlaceKind, failures: int) -> timedelta:
    """Return how long nothing can be tried at a place after so many wrong tries in a row."""
    patience = _NETWORK if kind is PlaceKind.NETWORK else _ACCOUNT
    over = failures - patience.free
    if over < 0:
        return timedelta(0)
    # Doubling is bounded before it is done: a count may be of any size.
    return min(patience.first * (1 << min(over, 20)), patience.longest)
