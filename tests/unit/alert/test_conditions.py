"""What counts as wrong, and from when on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from newsletter.alert.conditions import conditions_of
from newsletter.model.alerts import (
    AlertFacts,
    AlertKind,
    AlertLimits,
    Condition,
    DiskFacts,
    ReturnFacts,
    SlotFacts,
)
from newsletter.model.checks import Check, CheckKind
from newsletter.model.deliveries import Breaker
from newsletter.model.places import PlaceHealth, PlaceKind, PlaceState
from newsletter.model.proposals import PendingProposal, Proposal, ProposalState, Ruling
from newsletter.model.status import SendingTrouble

K = AlertKind
SLOT = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LIMITS = AlertLimits(bounce_percent=2, complaint_percent=0.1, disk_bytes=500_000_000)


def wrong(*, now: datetime, since: datetime = SLOT - DAY, **facts: object) -> tuple[Condition, ...]:
    return conditions_of(AlertFacts(watching_since=since, **facts), LIMITS, now=now)


def kinds(**facts: object) -> list[AlertKind]:
    return [one.kind for one in wrong(**{"now": SLOT, **facts})]


def slot(**values: object) -> SlotFacts:
    return SlotFacts(list_name="daily", time_zone="Europe/Berlin", grace=6 * HOUR, **values)


def test_a_slot_without_answer_is_told_after_half_an_hour() -> None:
    late = [slot(unanswered=SLOT, failure="template body.html, line 3: broken")]
    assert wrong(now=SLOT + 29 * MINUTE, slots=late) == ()
    [told] = wrong(now=SLOT + 30 * MINUTE, slots=late)
    assert told.key == (K.NO_EDITION, "daily")
    assert "Mon 23 Nov 07:00 Europe/Berlin has not gone out: template body.html" in told.what


def test_a_service_that_has_just_started_has_half_an_hour_to_answer() -> None:
    late, started = [slot(unanswered=SLOT)], SLOT + 3 * HOUR
    assert wrong(now=started + MINUTE, since=started, slots=late) == ()
    assert wrong(now=started + 30 * MINUTE, since=started, slots=late)


def test_a_slot_that_was_passed_over_is_told_at_once() -> None:
    [told] = wrong(now=SLOT + 7 * HOUR, slots=[slot(skipped=SLOT, reason="nobody approved it within 6 h")])
    assert told.key == (K.NO_EDITION, "daily")
    assert "nobody approved it" in told.what
    assert "newsletter send --list daily" in told.repair


def test_an_edition_that_waits_is_told_with_what_it_is_held_for() -> None:
    check = Check(kind=CheckKind.NUMBERS, words="story 1: sources disagree on a number", holds=True)
    proposal = Proposal(
        id=1,
        list_name="daily",
        slot_at=SLOT,
        state=ProposalState.PROPOSED,
        version=1,
        number=43,
        subject="Harbour reopens",
        stories=3,
        made_at=SLOT - HOUR,
        checks=(check,),
    )
    pending = PendingProposal(proposal=proposal, ruling=Ruling.WAITS, closes_at=SLOT + 6 * HOUR)
    [told] = wrong(now=SLOT - HOUR, held=[(pending, "UTC")])
    assert told.key == (K.HELD, "No. 43 of daily")
    assert "until Mon 23 Nov 12:00 UTC: story 1: sources disagree" in told.what


@pytest.mark.parametrize(
    ("minutes", "permanent", "expected"),
    [(4, False, []), (5, False, [K.NOT_SENDING]), (0, True, [K.NOT_SENDING])],
)
def test_a_short_trouble_of_the_server_is_not_told(
    minutes: int, permanent: bool, expected: list[AlertKind]
) -> None:
    breaker = Breaker(
        open_until=SLOT + HOUR, pause_seconds=900, reason="535 no", permanent=permanent, opened_at=SLOT
    )
    trouble = SendingTrouble(account="smtp.example.org:587", breaker=breaker)
    assert kinds(troubles=[trouble], now=SLOT + minutes * MINUTE) == expected


@pytest.mark.parametrize(
    ("deliveries", "bounces", "complaints", "expected"),
    [
        (99, 50, 50, []),
        (100, 2, 0, []),
        (100, 3, 0, [K.BOUNCES]),
        (1000, 20, 1, []),
        (1000, 21, 2, [K.BOUNCES, K.COMPLAINTS]),
    ],
)
def test_returns_are_told_beyond_the_limit_and_from_a_hundred_mails_on(
    deliveries: int, bounces: int, complaints: int, expected: list[AlertKind]
) -> None:
    returned = ReturnFacts(
        list_name="daily", number=43, deliveries=deliveries, bounces=bounces, complaints=complaints
    )
    assert kinds(returns=[returned]) == expected


@pytest.mark.parametrize(
    ("kind", "state", "since", "expected"),
    [
        (PlaceKind.FEED, PlaceState.FAILING, SLOT - 2 * DAY, []),
        (PlaceKind.FEED, PlaceState.FAILING, SLOT - 3 * DAY, [K.PLACE_FAILING]),
        (PlaceKind.FEED, PlaceState.ENDED, None, [K.PLACE_FAILING]),
        (PlaceKind.FEED, PlaceState.SILENT, None, [K.PLACE_SILENT]),
        (PlaceKind.FEED, PlaceState.GOOD, None, []),
        (PlaceKind.MAILBOX, PlaceState.FAILING, SLOT - 59 * MINUTE, []),
        (PlaceKind.MAILBOX, PlaceState.FAILING, SLOT - HOUR, [K.PLACE_FAILING]),
        (PlaceKind.FOLDER, PlaceState.FAILING, None, [K.PLACE_FAILING]),
    ],
)
def test_places_are_told_once_waiting_does_not_help(
    kind: PlaceKind, state: PlaceState, since: datetime | None, expected: list[AlertKind]
) -> None:
    place = PlaceHealth(
        kind=kind,
        state=state,
        name="https://gazette.example/feed",
        title="Gazette",
        failing_since=since,
        last_news=date(2026, 11, 1),
        usual_gap=2.5,
    )
    assert kinds(places=[place]) == expected


def test_two_places_of_one_title_are_told_apart() -> None:
    """Half of all feeds are called "News": the second to fail was never told."""
    places = [
        PlaceHealth(
            kind=PlaceKind.FEED, state=PlaceState.ENDED, name=f"https://{n}.example/feed", title="News"
        )
        for n in ("a", "b")
    ]
    found = wrong(now=SLOT, places=[*places, replace(places[0], name="https://c.example/feed", title="C")])
    subjects = ["News (https://a.example/feed)", "News (https://b.example/feed)", "C"]
    assert [one.subject for one in found] == subjects


def test_a_disk_is_told_below_the_limit() -> None:
    assert kinds(disks=[DiskFacts(path="/srv", free_bytes=500_000_000)]) == []
    assert kinds(disks=[DiskFacts(path="/srv", free_bytes=499_000_000)]) == [K.DISK_LOW]


def test_words_of_others_stay_on_one_line_and_an_index_can_hold_them() -> None:
    place = PlaceHealth(
        kind=PlaceKind.FEED, state=PlaceState.SILENT, name="x\r\nBcc: y", title="t" * 5000, usual_gap=1
    )
    [told] = wrong(now=SLOT, places=[place])
    assert "\n" not in told.repair
    assert "\r" not in told.repair
    assert len(told.subject) == 300
