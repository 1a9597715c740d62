"""Alerts are raised once, and over once: whatever comes and goes in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from newsletter.alert.deciding import FINE_FOR, decide_alerts
from newsletter.model.alerts import Alert, AlertDecision, AlertKind, Condition

NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def condition(subject: str = "daily", what: str = "late") -> Condition:
    return Condition(kind=AlertKind.NO_EDITION, subject=subject, what=what, repair="look")


def alert(**values: object) -> Alert:
    return replace(Alert(id=1, condition=condition(), raised_at=NOW - MINUTE), **values)


def test_what_is_wrong_is_raised_once() -> None:
    first = decide_alerts([condition()], [], now=NOW)
    assert first == AlertDecision(raised=(condition(),))
    assert decide_alerts([condition()], [alert()], now=NOW) == AlertDecision()


def test_what_is_wrong_in_another_way_is_written_down_and_not_told_again() -> None:
    later = condition(what="later still")
    decision = decide_alerts([later], [alert()], now=NOW)
    assert decision == AlertDecision(changed=(alert(condition=later),))


def test_the_all_clear_comes_after_ten_minutes_in_which_it_was_fine() -> None:
    begins = decide_alerts([], [alert()], now=NOW)
    fine = alert(fine_since=NOW)
    assert begins == AlertDecision(changed=(fine,))
    assert decide_alerts([], [fine], now=NOW + FINE_FOR - MINUTE) == AlertDecision()
    over = NOW + FINE_FOR
    assert decide_alerts([], [fine], now=over) == AlertDecision(cleared=(replace(fine, cleared_at=over),))


def test_what_comes_back_within_ten_minutes_was_never_over() -> None:
    decision = decide_alerts([condition()], [alert(fine_since=NOW)], now=NOW + FINE_FOR)
    assert decision == AlertDecision(changed=(alert(),))


def test_a_clock_that_was_ahead_does_not_put_the_all_clear_off_for_ever() -> None:
    decision = decide_alerts([], [alert(fine_since=NOW + timedelta(days=365))], now=NOW)
    assert decision == AlertDecision(changed=(alert(fine_since=NOW),))


@given(st.lists(st.sets(st.sampled_from("abc")), max_size=60))
def test_told_of_by_turns_raised_and_over_with_ten_fine_minutes_before(minutes: list[set[str]]) -> None:
    """Whatever is wrong in which minute: of each subject the operator hears raised, over, raised, over ..."""
    alerts: dict[str, Alert] = {}
    heard: dict[str, list[str]] = {subject: [] for subject in "abc"}
    for number, wrong in enumerate(minutes):
        now = NOW + number * MINUTE
        decision = decide_alerts([condition(one) for one in sorted(wrong)], list(alerts.values()), now=now)
        for one in decision.raised:
            assert one.subject in wrong
            heard[one.subject].append("raised")
            alerts[one.subject] = Alert(id=number, condition=one, raised_at=now)
        for changed in decision.changed:
            alerts[changed.condition.subject] = changed
        for over in decision.cleared:
            subject = over.condition.subject
            assert not any(subject in before for before in minutes[max(0, number - 10) : number + 1])
            heard[subject].append("over")
            del alerts[subject]
        assert wrong <= alerts.keys()
    for words in heard.values():
        assert words == ["raised", "over"] * (len(words) // 2) + ["raised"] * (len(words) % 2)
