"""Checks of an edition before it goes out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from newsroom import LIST, NOW, make_sentence, make_story, make_summary

from newsletter.editions.approval import ruling
from newsletter.editions.checks import Size, check_edition, usual_languages, usual_stories
from newsletter.editions.compose import compose
from newsletter.editions.plan import plan
from newsletter.model.checks import Check, CheckKind, QuietSource, UsualFacts
from newsletter.model.editions import HOLDING_CHECKS, Approval, Edition
from newsletter.model.proposals import DECISIONS, ProposalState, Ruling
from newsletter.model.stories import Claim, Disagreement, Story

UNKNOWN = UsualFacts()
SMALL = Size(html=30_000, limit=80_000)


def edition(*stories: Story) -> Edition:
    return compose(plan(stories), LIST, number=5, now=NOW, slot_at=None)


def confirmed(number: int, **changes: object) -> Story:
    return make_story(number, outlets=("The Gazette", "The Courier"), **changes)


def found(
    made: Edition, usual: UsualFacts = UNKNOWN, size: Size = SMALL
) -> list[tuple[CheckKind, int | None]]:
    checks = check_edition(made, size=size, usual=usual, hold_on=HOLDING_CHECKS)
    return [(check.kind, check.story) for check in checks]


def test_an_edition_that_needs_no_look_is_passed() -> None:
    assert found(edition(confirmed(1), confirmed(2))) == []


def test_a_story_that_rests_on_one_source_is_named() -> None:
    assert found(edition(confirmed(1), make_story(2))) == [(CheckKind.SOURCE, 2)]


def test_numbers_on_which_sources_differ_are_named_with_their_sources() -> None:
    sentence = make_sentence("Forty people were hurt.")
    claims = tuple(
        Claim(figure=figure, source=source, sentence=sentence)
        for figure, source in (("forty", "The Gazette"), ("41", "The Courier"))
    )
    made = edition(confirmed(1), confirmed(2, disagreements=(Disagreement(subject="hurt", claims=claims),)))
    [check] = check_edition(made, size=SMALL, usual=UsualFacts(), hold_on=HOLDING_CHECKS)
    assert (check.kind, check.story, check.holds) == (CheckKind.NUMBERS, 2, True)
    assert check.words == "sources differ on “hurt”: forty (The Gazette), 41 (The Courier)"


def test_a_lead_that_says_next_to_nothing_is_named() -> None:
    short = confirmed(1, summary=make_summary("The bridge is closed."))
    assert found(edition(short, confirmed(2))) == [(CheckKind.LEAD, 1)]


@pytest.mark.parametrize(("html", "is_near"), [(71_999, False), (72_000, True), (80_000, True)])
def test_a_mail_near_its_limit_is_named(html: int, *, is_near: bool) -> None:
    checks = found(edition(confirmed(1), confirmed(2)), size=Size(html=html, limit=80_000))
    assert checks == ([(CheckKind.SIZE, None)] if is_near else [])


def test_a_language_that_the_list_is_not_written_in_is_named() -> None:
    usual = UsualFacts(languages=("en",))
    assert found(edition(confirmed(1), confirmed(2, language="de")), usual) == [(CheckKind.LANGUAGE, 2)]
    german = replace(edition(confirmed(1)), language="de")
    assert found(german, usual) == [(CheckKind.LANGUAGE, None)]
    assert found(german) == [], "a list without editions has no usual language"


@pytest.mark.parametrize(("usual", "is_few"), [(3.0, False), (4.0, False), (5.0, True), (None, False)])
def test_far_fewer_stories_than_usual_are_named(usual: float | None, *, is_few: bool) -> None:
    checks = found(edition(confirmed(1), confirmed(2)), UsualFacts(stories=usual))
    assert checks == ([(CheckKind.STORIES, None)] if is_few else [])


def test_a_source_that_is_silent_is_named() -> None:
    quiet = QuietSource(name="The Gazette", last_day=date(2026, 11, 12), usual_days=1.0)
    made = edition(confirmed(1), confirmed(2))
    [check] = check_edition(made, size=SMALL, usual=UsualFacts(quiet=(quiet,)), hold_on=())
    assert (check.kind, check.holds) == (CheckKind.SILENCE, False)
    assert check.words == "The Gazette has brought nothing since 12 November 2026; usual are gaps of 1 day"


def test_what_is_usual_is_read_off_late_editions() -> None:
    few, many = edition(confirmed(1)), edition(*(confirmed(number) for number in range(1, 10)))
    assert usual_stories([few, few, many]) is None, "too few to tell"
    assert usual_stories([few, many, many, many]) == 9
    mixed = edition(*(confirmed(number, language="de" if number == 1 else "en") for number in range(1, 5)))
    assert usual_languages([mixed], None) == ("de", "en")
    rare = [mixed, *[edition(*(confirmed(number) for number in range(1, 5)))] * 5]
    assert usual_languages(rare, None) == ("en",), "one story of twenty-four does not make a language usual"
    assert usual_languages([], "fr") == ("fr",)


HOLDING = Check(kind=CheckKind.NUMBERS, words="", holds=True)
PASSING = Check(kind=CheckKind.SOURCE, words="")


@pytest.mark.parametrize(
    ("approval", "checks", "what"),
    [
        (Approval.AUTOMATIC, [HOLDING], Ruling.GOES_OUT),
        (Approval.REQUIRED, [], Ruling.WAITS),
        (Approval.CHECKED, [PASSING], Ruling.GOES_OUT),
        (Approval.CHECKED, [PASSING, HOLDING], Ruling.WAITS),
    ],
)
def test_what_nobody_has_decided_about_goes_by_the_list(
    approval: Approval, checks: list[Check], what: Ruling
) -> None:
    assert ruling(ProposalState.PROPOSED, approval, checks) is what


@pytest.mark.parametrize("approval", list(Approval))
def test_what_an_operator_decided_goes_before_the_list(approval: Approval) -> None:
    assert ruling(ProposalState.APPROVED, approval, [HOLDING]) is Ruling.GOES_OUT
    assert ruling(ProposalState.HELD, approval, []) is Ruling.WAITS
    assert ruling(ProposalState.SKIPPED, approval, []) is Ruling.LEFT_OUT


def test_decisions_lead_to_states_that_can_be_decided_about() -> None:
    assert {state for states in DECISIONS.values() for state in states} <= set(DECISIONS)
    assert not set(DECISIONS) & {ProposalState.PUBLISHED, ProposalState.EXPIRED}
