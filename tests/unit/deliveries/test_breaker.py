"""The breaker: longer pauses while the trouble lasts, never one that nobody comes back from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from newsletter.deliveries.breaker import holds, trip
from newsletter.model.deliveries import Breaker

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)

failures = st.lists(st.tuples(st.booleans(), st.integers(0, 10_000)), min_size=1, max_size=30)


def trips(failures: list[tuple[bool, int]]) -> list[Breaker]:
    """Fail again and again: permanently or not, some seconds after the pause before."""
    breakers: list[Breaker] = []
    breaker, now = None, NOW
    for permanent, later in failures:
        breaker = trip(breaker, reason=f"trouble {len(breakers)}", permanent=permanent, now=now)
        breakers.append(breaker)
        now = breaker.open_until + timedelta(seconds=later)
    return breakers


def test_pauses_double_from_a_minute_to_a_quarter_of_an_hour() -> None:
    pauses = [breaker.pause_seconds for breaker in trips([(False, 0)] * 7)]
    assert pauses == [60, 120, 240, 480, 900, 900, 900]


def test_what_waiting_does_not_mend_pauses_longest_at_once() -> None:
    breaker = trip(None, reason="535", permanent=True, now=NOW)
    assert (breaker.pause_seconds, breaker.permanent) == (900, True)
    again = trip(breaker, reason="down", permanent=False, now=breaker.open_until)
    assert (again.pause_seconds, again.permanent, again.reason) == (900, False, "down")


@given(failures)
def test_a_pause_never_gets_shorter_and_never_too_long(failures: list[tuple[bool, int]]) -> None:
    breakers = trips(failures)
    pauses = [breaker.pause_seconds for breaker in breakers]
    assert pauses == sorted(pauses)
    assert all(60 <= pause <= 900 for pause in pauses)
    assert {breaker.opened_at for breaker in breakers} == {NOW}, "since when there is trouble"
    assert breakers[-1].reason == f"trouble {len(failures) - 1}"


@given(failures)
def test_it_holds_until_the_pause_is_over_and_not_at_its_end(failures: list[tuple[bool, int]]) -> None:
    for breaker in trips(failures):
        began = breaker.open_until - timedelta(seconds=breaker.pause_seconds)
        assert holds(breaker, now=began)
        assert holds(breaker, now=breaker.open_until - timedelta(microseconds=1))
        assert not holds(breaker, now=breaker.open_until)


@given(failures, st.integers(-(10**8), 10**8))
def test_whatever_the_clock_does_it_holds_no_longer_than_the_longest_pause(
    failures: list[tuple[bool, int]], moved: int
) -> None:
    breaker = trips(failures)[-1]
    now = breaker.open_until + timedelta(seconds=moved)
    assert not holds(breaker, now=now) or not holds(breaker, now=now + timedelta(seconds=900))
    if moved < -900:
        assert not holds(breaker, now=now), "the clock was set back: look at once"
