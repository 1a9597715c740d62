"""The preferences form: what a reader is shown, and what becomes of what was sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData

from newsletter.model.editions import MailingList
from newsletter.model.readers import Choice, Preferences
from newsletter.model.subscribers import Cadence, SubscriptionState
from newsletter.web.choices import (
    ChoiceError,
    Family,
    families_of,
    field_day,
    pause_bounds,
    paused_until,
    read_choices,
)

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
ON, OFF = SubscriptionState.CONFIRMED, SubscriptionState.UNSUBSCRIBED
DAILY = MailingList(
    name="daily",
    title="The Harbour Brief",
    tagline="",
    schedule="0 7 * * *",
    time_zone="Europe/Berlin",
    sender_address="digest@news.example.org",
    weekly_schedule="0 8 * * sat",
    language="en",
)
GERMAN = replace(DAILY, name="tag", title="Der Hafenbrief", language="de", translation_of="daily")
CLOSED = replace(DAILY, name="staff", title="For the staff", is_open=False)
SPORT = replace(DAILY, name="sport", title="Sport", weekly_schedule="")
LISTS = (DAILY, GERMAN, CLOSED, SPORT)
BY_NAME = {one.name: one for one in LISTS}


def preferences(**choices: Choice) -> Preferences:
    return Preferences(
        masked_address="a••@example.org",
        since=NOW,
        choices=choices or {"daily": Choice(state=ON)},
        list_name="daily",
    )


def read(*fields: tuple[str, str], current: Preferences | None = None) -> dict[str, Choice]:
    families = families_of(LISTS, current or preferences())
    shown = ("shown", " ".join(family.root for family in families))
    return read_choices(FormData([shown, *fields]), families, BY_NAME, time_zone="Europe/Berlin", now=NOW)


def test_translations_are_one_choice_and_a_closed_list_is_none() -> None:
    shown = families_of(LISTS, preferences())
    assert [(family.root, family.chosen) for family in shown] == [("daily", "daily"), ("sport", "")]
    assert [option.language_name for option in shown[0].options] == ["English", "Deutsch"]


def test_who_is_on_a_closed_list_can_still_leave_it() -> None:
    shown = families_of(LISTS, preferences(staff=Choice(state=ON)))
    assert [family.root for family in shown] == ["daily", "staff", "sport"]
    assert families_of(LISTS, preferences(staff=Choice(state=OFF)))[-1].root == "sport"


def test_a_family_is_shown_as_the_reader_gets_it() -> None:
    german = Choice(state=ON, cadence=Cadence.WEEKLY)
    family: Family = families_of(LISTS, preferences(tag=german))[0]
    assert (family.title, family.language, family.chosen, family.cadence) == (
        "Der Hafenbrief",
        "de",
        "tag",
        "weekly",
    )


def test_saving_chooses_one_language_and_leaves_the_other() -> None:
    sent = read(("list.daily", "tag"), ("cadence.daily", "weekly"), ("list", "sport"))
    assert sent["tag"] == Choice(state=ON, cadence=Cadence.WEEKLY)
    assert (sent["daily"].state, sent["sport"].state) == (OFF, ON)
    assert "staff" not in sent


def test_saving_leaves_alone_what_the_page_did_not_show() -> None:
    """The operator has put the reader on another list since."""
    families = families_of(LISTS, preferences(daily=Choice(state=ON), staff=Choice(state=ON)))
    sent = FormData([("shown", "daily sport"), ("list.daily", "daily"), ("pause", "2026-12-24")])
    chosen = read_choices(sent, families, BY_NAME, time_zone="UTC", now=NOW)
    assert {name: choice.state for name, choice in chosen.items()} == {"daily": ON, "tag": OFF, "sport": OFF}


def test_a_pause_begins_with_the_reader_s_day_and_holds_for_what_is_chosen() -> None:
    sent = read(("list.daily", "daily"), ("pause", "2026-12-24"))
    assert sent["daily"].paused_until == datetime(2026, 12, 23, 23, 0, tzinfo=UTC)
    assert sent["sport"].paused_until is None


@pytest.mark.parametrize(
    ("pause", "words"),
    [
        ("tomorrow", "year, month and day"),
        ("2026-11-23", "still to come"),
        ("0001-01-01", "still to come"),
        ("2027-12-01", "a year at most"),
        ("9999-12-31", "a year at most"),
    ],
)
def test_a_pause_that_cannot_be_is_told_at_its_field(pause: str, words: str) -> None:
    with pytest.raises(ChoiceError, match=words) as caught:
        read(("list.daily", "daily"), ("pause", pause))
    assert caught.value.field == "pause"


def test_weekly_is_refused_in_a_language_that_does_not_come_so() -> None:
    lists = (DAILY, replace(GERMAN, weekly_schedule=""))
    families = families_of(lists, preferences())
    sent = FormData([("shown", "daily"), ("list.daily", "tag"), ("cadence.daily", "weekly")])
    with pytest.raises(ChoiceError, match="not come once a week") as caught:
        read_choices(sent, families, {one.name: one for one in lists}, time_zone="UTC", now=NOW)
    assert caught.value.field == "family-1"


def test_the_latest_pause_is_shown_while_it_lasts() -> None:
    until = NOW + timedelta(days=3)
    assert paused_until(preferences(daily=Choice(state=ON, paused_until=until)), now=NOW) == until
    assert paused_until(preferences(daily=Choice(state=ON, paused_until=NOW)), now=NOW) is None
    assert paused_until(preferences(daily=Choice(state=OFF, paused_until=until)), now=NOW) is None
    assert field_day(until, "Europe/Berlin") == "2026-11-27"
    assert field_day(datetime(2026, 11, 25, 23, tzinfo=UTC), "Europe/Berlin") == "2026-11-26"
    assert field_day(None, "UTC") == ""


def test_a_pause_that_ends_within_a_day_is_shown_by_the_next_one_and_can_be_saved_again() -> None:
    """A file that was imported may say the hour; the day that it falls on may be today."""
    until = NOW + timedelta(hours=2)
    day = field_day(until, "Europe/Berlin")
    assert day == "2026-11-24"
    saved = read(("list.daily", "daily"), ("pause", day))["daily"].paused_until
    assert saved is not None
    assert saved >= until
    assert field_day(saved, "Europe/Berlin") == day


def test_the_days_that_a_pause_may_end_on_are_all_taken() -> None:
    first, last = pause_bounds("Europe/Berlin", now=NOW)
    for day in (first, last):
        assert read(("list.daily", "daily"), ("pause", day))["daily"].paused_until is not None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["list", "list.daily", "list.sport", "cadence.daily", "pause"]),
            st.one_of(
                st.sampled_from(["daily", "tag", "staff", "sport", "weekly", "each", ""]),
                st.text(max_size=20),
            ),
        )
    )
)
def test_whatever_is_sent_puts_a_reader_on_nothing_that_was_not_offered(
    fields: list[tuple[str, str]],
) -> None:
    try:
        sent = read(*fields)
    except ChoiceError:
        return
    on = {name for name, choice in sent.items() if choice.state is ON}
    assert on <= {"daily", "tag", "sport"}
    assert not {"daily", "tag"} <= on
