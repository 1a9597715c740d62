"""Rates: no period of any limit ever holds more than its count, and nobody waits longer than that takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.deliveries.rates import RateGate, grant
from newsletter.model.deliveries import RateLimit, RateUsage

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
#: Times are written in whole microseconds; the bounds of slices of a second are not.
ROUNDING = timedelta(microseconds=2)

limits = st.lists(
    st.builds(RateLimit, count=st.integers(1, 6), period_seconds=st.sampled_from([1, 60, 3600, 86_400])),
    min_size=1,
    max_size=3,
    unique_by=lambda limit: limit.period_seconds,
)
starts = st.timedeltas(timedelta(days=-2500), timedelta(days=5000)).map(lambda gone: NOW + gone)
#: Seconds between the wish to send and the next: none for those who send as fast as they may.
pauses = st.lists(st.just(0.0) | st.floats(0, 5) | st.floats(0, 100_000), min_size=1, max_size=40)


def period(limit: RateLimit) -> timedelta:
    return timedelta(seconds=limit.period_seconds)


def longest(limits: list[RateLimit]) -> timedelta:
    return max(period(limit) for limit in limits) * (1 + 1 / RateLimit.SLICES)


def run(gate: RateGate, start: datetime, pauses: list[float]) -> list[datetime]:
    """Send whenever the gate lets one out; return when."""
    now, taken = start, []
    for pause in pauses:
        now = gate.next_turn(now + timedelta(seconds=pause))
        gate.take(now)
        taken.append(now)
    return taken


def usage(limits: list[RateLimit], taken: list[datetime]) -> list[RateUsage]:
    """What a store keeps of it."""
    return [
        RateUsage(period_seconds=limit.period_seconds, slice_number=limit.slice_number(moment), count=1)
        for limit in limits
        for moment in taken
    ]


@given(limits, starts, pauses)
@example([RateLimit(count=1, period_seconds=1)], NOW, [0.0] * 40)
def test_no_period_holds_more_than_the_count(
    limits: list[RateLimit], start: datetime, pauses: list[float]
) -> None:
    taken = run(RateGate(limits), start, pauses)
    assert taken == sorted(taken)
    for limit in limits:
        # A window that holds too many can be moved to begin at one of them.
        for first, one_too_many in zip(taken, taken[limit.count :], strict=False):
            assert one_too_many - first >= period(limit) - ROUNDING


@given(limits, starts, pauses)
def test_nobody_waits_longer_than_a_period_and_a_slice(
    limits: list[RateLimit], start: datetime, pauses: list[float]
) -> None:
    gate = RateGate(limits)
    now = start
    for pause in pauses:
        now += timedelta(seconds=pause)
        turn = gate.next_turn(now)
        assert now <= turn <= now + longest(limits) + ROUNDING
        assert gate.next_turn(turn) == turn, "who comes back in time is let out"
        gate.take(turn)
        now = turn


@given(limits, starts, pauses, pauses)
def test_a_restart_changes_no_answer(
    limits: list[RateLimit], start: datetime, before: list[float], after: list[float]
) -> None:
    gate = RateGate(limits)
    taken = run(gate, start, before)
    restarted = RateGate(limits, usage(limits, taken))
    assert run(restarted, taken[-1], after) == run(gate, taken[-1], after)


@given(limits, starts, pauses, st.floats(0, 400 * 86_400))
def test_a_clock_set_back_blocks_for_no_longer_than_a_period(
    limits: list[RateLimit], start: datetime, pauses: list[float], back_seconds: float
) -> None:
    gate = RateGate(limits)
    taken = run(gate, start, pauses)
    now = taken[-1] - timedelta(seconds=back_seconds)
    assert gate.next_turn(now) <= now + longest(limits) + ROUNDING


@given(starts, st.floats(0, 10_000_000))
def test_what_was_used_long_ago_counts_no_more(start: datetime, more_seconds: float) -> None:
    limit = RateLimit(count=3, period_seconds=3600)
    gate = RateGate([limit])
    taken = run(gate, start, [0.0] * 9)
    now = taken[-1] + longest([limit]) + ROUNDING + timedelta(seconds=more_seconds)
    assert run(gate, now, [0.0] * 3) == [now] * 3


def test_without_limits_everything_is_let_out() -> None:
    assert run(RateGate([]), NOW, [0.0] * 100) == [NOW] * 100


def test_the_strictest_of_several_limits_decides() -> None:
    gate = RateGate([RateLimit(count=2, period_seconds=1), RateLimit(count=3, period_seconds=3600)])
    taken = run(gate, NOW, [0.0] * 4)
    waits = [(moment - NOW).total_seconds() for moment in taken]
    assert waits[:2] == [0, 0]
    assert waits[2] == pytest.approx(61 / 60, abs=1e-5), "a second and a slice"
    assert waits[3] == 3660, "an hour and a slice"


def test_usage_of_a_limit_that_is_no_longer_set_is_forgotten() -> None:
    used = [RateUsage(period_seconds=86_400, slice_number=0, count=10**6)]
    assert RateGate([RateLimit(count=1, period_seconds=3600)], used).next_turn(NOW) == NOW


def test_a_limit_that_was_lowered_waits_until_enough_of_it_is_over() -> None:
    limit = RateLimit(count=5, period_seconds=3600)
    used = [
        RateUsage(period_seconds=3600, slice_number=limit.slice_number(NOW) - age, count=4)
        for age in (0, 10, 20)
    ]
    assert RateGate([limit], used).next_turn(NOW) == NOW + timedelta(minutes=51), "when the second is over"


def test_what_was_not_handed_over_is_given_back() -> None:
    gate = RateGate([RateLimit(count=1, period_seconds=3600)])
    gate.take(NOW)
    assert gate.next_turn(NOW) > NOW
    gate.give_back(NOW)
    assert gate.next_turn(NOW) == NOW
    gate.give_back(NOW)
    gate.take(NOW)
    assert gate.next_turn(NOW) > NOW, "given back once only"


def test_what_goes_out_beside_leaves_so_much_less_and_is_told_anew_each_time() -> None:
    limit = RateLimit(count=3, period_seconds=3600)
    gate = RateGate([limit])
    gate.take(NOW)
    beside = RateUsage(period_seconds=3600, slice_number=limit.slice_number(NOW), count=2)
    for _ in range(2):
        gate.look_beside([beside])
        assert gate.next_turn(NOW) > NOW
    gate.look_beside([])
    assert gate.next_turn(NOW) == NOW


@st.composite
def sharing(draw: st.DrawFn) -> tuple[list[RateLimit], list[tuple[int, int, float]]]:
    """Limits, and what several senders do: who, how many they want, and how long they take with each."""
    steps = st.tuples(st.integers(0, 2), st.integers(0, 9), st.just(0.0) | st.floats(0, 1))
    return draw(limits), draw(st.lists(steps, min_size=1, max_size=40))


@given(sharing(), starts)
def test_senders_that_share_a_rate_hand_over_no_more_than_one_would(
    shared: tuple[list[RateLimit], list[tuple[int, int, float]]], start: datetime
) -> None:
    """Each is let have some beforehand, which count as of the last moment at which they may go."""
    several, steps = shared
    counted: dict[tuple[int, int], int] = {}
    held: dict[int, tuple[int, datetime]] = {}
    now, handed_over = start, []
    for who, want, pause in steps:
        now += timedelta(seconds=pause)
        left, until = held.get(who, (0, start))
        if left and now <= until:
            handed_over.append(now)
            held[who] = left - 1, until
            continue
        used = [RateUsage(period_seconds=p, slice_number=n, count=c) for (p, n), c in counted.items()]
        granted = grant(several, used, want=want, now=now)
        until = now + timedelta(seconds=2)
        assert 0 <= granted.count <= want
        assert granted.turn >= now
        for limit in several:
            key = limit.period_seconds, limit.slice_number(until)
            counted[key] = counted.get(key, 0) + granted.count
        held[who] = granted.count, until
    for limit in several:
        for first, one_too_many in zip(handed_over, handed_over[limit.count :], strict=False):
            assert one_too_many - first >= period(limit) - ROUNDING


def test_half_of_the_room_is_left_to_others_and_the_last_one_is_not_kept_back() -> None:
    limit = RateLimit(count=5, period_seconds=3600)
    assert grant([limit], [], want=100, now=NOW).count == 3
    used = [RateUsage(period_seconds=3600, slice_number=limit.slice_number(NOW), count=4)]
    assert grant([limit], used, want=100, now=NOW).count == 1
    used = [RateUsage(period_seconds=3600, slice_number=limit.slice_number(NOW), count=5)]
    granted = grant([limit], used, want=100, now=NOW)
    assert (granted.count, granted.turn) == (0, NOW + timedelta(seconds=3660))
    assert grant([], [], want=100, now=NOW).count == 100
