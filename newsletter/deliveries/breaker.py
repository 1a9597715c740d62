"""When to leave a mail server alone, and when to look whether it is back."""

from datetime import datetime, timedelta

from newsletter.model.deliveries import Breaker

#: The first pause, and the longest: each is twice the one before, in seconds.
_SHORTEST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 60, 900

#: Trouble that nobody has looked at for longer is taken for new: we were off. A daily `send` still looks.
_FORGOTTEN_AFTER = timedelta(hours=26)


def trip(before: Breaker | None, *, reason: str, permanent: bool, now: datetime) -> Breaker:
    """Return the breaker after another failure.

    Args:
        before: The breaker as it was; None if there was no trouble.
        reason: What happened, and what to do about it.
        permanent: Whether waiting will not help; then the pause is the longest at once.
        now: UTC.
    """
    if before is not None and now - before.open_until > _FORGOTTEN_AFTER:
        before = None
    doubled = 2 * before.pause_seconds if before else _SHORTEST_PAUSE_SECONDS
    pause_seconds = _LONGEST_PAUSE_SECONDS if permanent else min(doubled, _LONGEST_PAUSE_SECONDS)
    return Breaker(
        open_until=now + timedelta(seconds=pause_seconds),
        pause_seconds=pause_seconds,
        reason=reason,
        permanent=permanent,
        opened_at=before.opened_at if before else now,
    )


def holds(breaker: Breaker, *, now: datetime) -> bool:
    """Return whether a breaker still keeps everything back; if not, a probe may be made.

    A pause longer than any that is ever made comes from a clock that has been set back since.
    """
    left_seconds = (breaker.open_until - now).total_seconds()
    return 0 < left_seconds <= _LONGEST_PAUSE_SECONDS
