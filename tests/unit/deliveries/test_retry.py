"""Retrying: soon at first, then slowly, then not at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from newsletter.deliveries.retry import decide_retry
from newsletter.model.deliveries import RetryPolicy

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
POLICY = RetryPolicy()


def wait(attempts: int, delivery_id: int = 0, waits_since: datetime = NOW) -> timedelta | None:
    decision = decide_retry(
        POLICY, delivery_id=delivery_id, attempts=attempts, waits_since=waits_since, now=NOW
    )
    return decision.next_attempt_at - NOW if decision.next_attempt_at else None


def test_waits_grow_and_the_last_repeats() -> None:
    waits = [wait(n) for n in (1, 2, 3, 4, 5, 6, 7, 50)]
    assert [w.total_seconds() for w in waits if w] == [300, 900, 1800, 3600, 7200, 10800, 10800, 10800]


def test_two_attempts_fall_into_the_first_hour() -> None:
    first, second = wait(1), wait(2)
    assert first
    assert second
    assert first + second < timedelta(hours=1)


def test_after_four_days_it_is_given_up() -> None:
    assert wait(20, waits_since=NOW - timedelta(days=4) + timedelta(hours=3, seconds=1)) is not None
    assert wait(20, waits_since=NOW - timedelta(days=4) + timedelta(hours=2)) is None


@given(st.integers(1, 10**9), st.integers(1, 30))
def test_jitter_only_lengthens_and_within_its_share(delivery_id: int, attempts: int) -> None:
    least, got = wait(attempts), wait(attempts, delivery_id)
    assert least
    assert got
    assert least <= got <= least * (1 + POLICY.jitter)


def test_neighbours_do_not_come_back_together() -> None:
    waits = {wait(1, delivery_id) for delivery_id in range(100)}
    assert len(waits) > 90
