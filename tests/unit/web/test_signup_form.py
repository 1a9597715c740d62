"""The sign-up form: what is asked for, and what a visitor is told to put right."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData

from newsletter.errors import AddressError, SubscriberError
from newsletter.model.editions import MailingList
from newsletter.model.subscribers import Cadence
from newsletter.web.signup import WORDING, blank_form, is_trapped, promise, read_sign_up, refused

DAILY = MailingList(
    name="daily",
    title="The Harbour Brief",
    tagline="What happened",
    schedule="0 7 * * *",
    time_zone="UTC",
    sender_address="digest@news.example.org",
    weekly_schedule="0 8 * * sat",
    language="en",
)
GERMAN = replace(DAILY, name="tag", title="Der Hafenbrief", language="de", translation_of="daily")
SPORT = replace(DAILY, name="sport", title="Sport in Port Aldis", weekly_schedule="")
LISTS = (DAILY, GERMAN, SPORT)


def read(*fields: tuple[str, str], lists: tuple[MailingList, ...] = LISTS) -> tuple[object, object]:
    return read_sign_up(FormData(fields), blank_form(lists), lists, origin="192.0.2.1")


def test_the_first_list_is_ticked_unless_another_led_here() -> None:
    assert [one.is_chosen for one in blank_form(LISTS).options] == [True, False, False]
    assert [one.is_chosen for one in blank_form(LISTS, chosen="sport").options] == [False, False, True]
    assert [one.is_chosen for one in blank_form(LISTS, chosen="nowhere").options] == [True, False, False]


def test_languages_are_named_where_there_is_a_choice_of_them() -> None:
    assert [one.language_name for one in blank_form(LISTS).options] == ["English", "Deutsch", "English"]
    assert [one.language_name for one in blank_form((DAILY, SPORT)).options] == ["", ""]
    assert blank_form((replace(DAILY, language="ar"),)).options[0].direction == "rtl"


def test_what_is_asked_for_carries_the_words_that_were_agreed_to() -> None:
    asked, shown = read(("address", " ada@example.org "), ("list", "daily"), ("list", "sport"))
    assert asked is not None
    assert asked.address == "ada@example.org"  # type: ignore[attr-defined]
    assert asked.list_names == ("daily", "sport")  # type: ignore[attr-defined]
    assert asked.cadence is Cadence.EACH  # type: ignore[attr-defined]
    assert (asked.origin, asked.wording) == ("192.0.2.1", WORDING)  # type: ignore[attr-defined]
    assert not shown.has_error  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("fields", "where", "words"),
    [
        ([("list", "daily")], "address_error", "Enter your email address"),
        ([("address", "  "), ("list", "daily")], "address_error", "Enter your email address"),
        ([("address", "a" * 255), ("list", "daily")], "address_error", "at most 254"),
        ([("address", "a@b.org")], "list_error", "at least one"),
        ([("address", "a@b.org"), ("list", "unknown")], "list_error", "at least one"),
        ([("address", "a@b.org"), ("list", "daily"), ("list", "tag")], "list_error", "choose one language"),
        (
            [("address", "a@b.org"), ("list", "sport"), ("cadence", "weekly")],
            "list_error",
            "Sport in Port Aldis does not come once a week",
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_field(fields: list[tuple[str, str]], where: str, words: str) -> None:
    asked, shown = read(*fields)
    assert asked is None
    assert words in getattr(shown, where)
    assert shown.has_error  # type: ignore[attr-defined]


def test_what_was_typed_is_still_there_when_the_form_comes_back() -> None:
    _, shown = read(("address", "ada@example"), ("cadence", "weekly"))
    assert shown.address == "ada@example"  # type: ignore[attr-defined]
    assert shown.cadence == "weekly"  # type: ignore[attr-defined]
    assert not any(one.is_chosen for one in shown.options)  # type: ignore[attr-defined]


def test_weekly_is_not_believed_where_nothing_comes_once_a_week() -> None:
    asked, _ = read(("address", "a@b.org"), ("list", "sport"), ("cadence", "weekly"), lists=(SPORT,))
    assert asked is not None
    assert asked.cadence is Cadence.EACH  # type: ignore[attr-defined]


def test_a_refusal_is_told_in_the_visitor_s_words() -> None:
    shown = blank_form(LISTS)
    assert "name@example.org" in refused(shown, AddressError("x", "no at sign")).address_error
    assert refused(shown, SubscriberError("daily is closed")).list_error == "daily is closed"


def test_only_who_fills_what_people_do_not_see_is_trapped() -> None:
    assert is_trapped(FormData([("website", "http://spam.example")]))
    assert not is_trapped(FormData([("website", " ")]))
    assert not is_trapped(FormData([]))


def test_the_promise_counts_the_lists() -> None:
    assert promise(LISTS) != promise((DAILY,))


@given(st.lists(st.tuples(st.sampled_from(["address", "list", "cadence", "website"]), st.text(max_size=300))))
def test_whatever_is_sent_is_either_asked_for_or_told_what_is_wrong(fields: list[tuple[str, str]]) -> None:
    asked, shown = read(*fields)
    assert (asked is None) is shown.has_error  # type: ignore[attr-defined]
    if asked is not None:
        assert set(asked.list_names) <= {one.name for one in LISTS}  # type: ignore[attr-defined]
