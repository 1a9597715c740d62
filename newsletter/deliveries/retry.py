"""When to try again."""

from datetime import datetime, timedelta

from newsletter.model.deliveries import RetryDecision, RetryPolicy


def decide_retry(
    policy: RetryPolicy, *, delivery_id: int, attempts: int, waits_since: datetime, now: datetime
) -> RetryDecision:
    """Decide what follows a refusal for now (RFC 5321 section 4.5.4.1).

    Args:
        policy: Waits and the age of giving up.
        delivery_id: Spreads the retries of many readers; the same id waits the same.
        attempts: Attempts so far, this one included.
        waits_since: What its age counts from: its first attempt, however long it was queued before, UTC.
        now: UTC.
    """
    delays = policy.delays_seconds
    delay = delays[min(attempts, len(delays)) - 1]
    # A multiplicative hash: neighbouring ids land far apart.
    share = (delivery_id * 2_654_435_761 % 2**32) / 2**32
    next_attempt_at = now + timedelta(seconds=delay * (1 + policy.jitter * share))
    if next_attempt_at - waits_since > timedelta(seconds=policy.give_up_after_seconds):
        return RetryDecision(next_attempt_at=None)
    return RetryDecision(next_attempt_at=next_attempt_at)
