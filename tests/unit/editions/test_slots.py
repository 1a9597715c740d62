"""Slots: every local date once, whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.editions.slots import RECORDED_SLOTS, check_schedule, due_slots, next_slot, slots_after
from newsletter.errors import SettingsError
from newsletter.model.editions import SlotDecision

BERLIN = "Europe/Berlin"
SIX_HOURS = timedelta(hours=6)


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def local_days(schedule: str, zone: str, *, year: int) -> list[str]:
    """The local dates of a year's slots."""
    start = datetime(year, 1, 1, tzinfo=ZoneInfo(zone)) - timedelta(minutes=1)
    days = []
    for slot in slots_after(schedule, zone, start):
        local = slot.astimezone(ZoneInfo(zone))
        if local.year > year:
            return days
        days.append(local.date().isoformat())
    return days


def all_days(year: int) -> list[str]:
    first = datetime(year, 1, 1, tzinfo=UTC)
    return [(first + timedelta(days=n)).date().isoformat() for n in range(365 if year % 4 else 366)]


def test_a_slot_is_the_local_time_in_summer_and_winter() -> None:
    assert next_slot("0 7 * * *", BERLIN, at("2026-11-23T12:00")) == at("2026-11-24T06:00")
    assert next_slot("0 7 * * *", BERLIN, at("2026-07-01T12:00")) == at("2026-07-02T05:00")


@pytest.mark.parametrize("time", ["30 2", "0 3", "0 0", "59 1", "30 7"])
@pytest.mark.parametrize(
    "zone", [BERLIN, "America/New_York", "Australia/Lord_Howe", "America/Santiago", "UTC"]
)
def test_each_local_date_once_through_a_year(time: str, zone: str) -> None:
    assert local_days(f"{time} * * *", zone, year=2026) == all_days(2026)


@pytest.mark.sweep
@pytest.mark.parametrize("time", ["0 0", "30 1", "30 2", "0 3"])
def test_each_local_date_once_in_every_zone(time: str) -> None:
    for zone in sorted(available_timezones()):
        assert local_days(f"{time} * * *", zone, year=2026) == all_days(2026), zone


def test_day_names_are_taken() -> None:
    slot = next_slot("0 7 * * mon-fri", BERLIN, at("2026-11-20T12:00"))  # a Friday
    assert slot.astimezone(ZoneInfo(BERLIN)).strftime("%a %H:%M") == "Mon 07:00"
    assert next_slot("0 7 * * sun", "UTC", at("2026-11-20T12:00")).strftime("%a") == "Sun"
    assert next_slot("0 7 * * 0", "UTC", at("2026-11-20T12:00")).strftime("%a") == "Sun"


@pytest.mark.parametrize(
    "schedule", ["", "7", "0 25 * * *", "* * * * * *", "0 7 * *", "hello", "0 7 * * xyz", "0 0 30 2 *"]
)
def test_a_wrong_schedule_is_told_in_one_line(schedule: str) -> None:
    with pytest.raises(SettingsError, match="SCHEDULE: .* is not a schedule; expected five fields"):
        check_schedule(schedule, "UTC")


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "Berlin", "../etc/passwd", "/etc/localtime"])
def test_a_wrong_zone_is_told_in_one_line(zone: str) -> None:
    with pytest.raises(SettingsError, match="is not a time zone; expected an IANA name"):
        check_schedule("0 7 * * *", zone)


def due(answered_until: str, now: str, schedule: str = "0 7 * * *") -> list[tuple[str, SlotDecision]]:
    slots = due_slots(schedule, "UTC", answered_until=at(answered_until), now=at(now), grace=SIX_HOURS)
    return [(f"{slot.slot_at:%d %H:%M}", slot.decision) for slot in slots]


def test_nothing_is_due_before_the_first_slot() -> None:
    assert due("2026-11-23T07:00", "2026-11-24T06:59") == []


def test_a_slot_is_due_at_its_instant_and_after_it_was_answered_no_more() -> None:
    assert due("2026-11-23T07:00", "2026-11-24T07:00") == [("24 07:00", SlotDecision.PUBLISH)]
    assert due("2026-11-24T07:00", "2026-11-24T07:00") == []


def test_a_missed_slot_is_made_up_within_the_grace_period_only() -> None:
    assert due("2026-11-23T07:00", "2026-11-24T13:00") == [("24 07:00", SlotDecision.PUBLISH)]
    assert due("2026-11-23T07:00", "2026-11-24T13:01") == [("24 07:00", SlotDecision.SKIP)]


def test_of_several_missed_slots_the_latest_stands_for_all() -> None:
    assert due("2026-11-20T07:00", "2026-11-23T08:00") == [
        ("21 07:00", SlotDecision.SKIP),
        ("22 07:00", SlotDecision.SKIP),
        ("23 07:00", SlotDecision.PUBLISH),
    ]


def test_a_long_sleep_is_recorded_within_bounds() -> None:
    slots = due_slots(
        "*/5 * * * *",
        "UTC",
        answered_until=at("2025-01-01T00:00"),
        now=at("2026-01-01T00:00"),
        grace=SIX_HOURS,
    )
    assert len(slots) == RECORDED_SLOTS
    assert slots[-1].decision is SlotDecision.PUBLISH


@settings(max_examples=40)
@given(
    minutes=st.integers(0, 60 * 24 * 400),
    step=st.integers(45, 60 * 50),
    schedule=st.sampled_from(["0 7 * * *", "30 2 * * *", "0 9 * * mon,thu", "15 */6 * * *"]),
    zone=st.sampled_from([BERLIN, "America/New_York", "Asia/Kathmandu", "UTC"]),
)
def test_waking_at_any_moments_answers_each_slot_once(
    minutes: int, step: int, schedule: str, zone: str
) -> None:
    """A service that wakes every `step` minutes meets each slot of a week exactly once, in order."""
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    end = start + timedelta(days=7)
    met, answered, now = [], start, start
    while now < end:
        now = min(now + timedelta(minutes=step), end)
        for slot in due_slots(schedule, zone, answered_until=answered, now=now, grace=SIX_HOURS):
            met.append(slot.slot_at)
            answered = slot.slot_at
    expected = []
    for slot in slots_after(schedule, zone, start):
        if slot > end:
            break
        expected.append(slot)
    assert met == expected
