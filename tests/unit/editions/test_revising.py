"""Editions with a story taken out, moved, or under another headline."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from newsroom import LIST, NOW, make_story

from newsletter.editions.compose import compose
from newsletter.editions.differences import differences
from newsletter.editions.plan import plan
from newsletter.editions.revising import Revise, dropping, moving, retitling
from newsletter.errors import ProposalError
from newsletter.model.editions import Edition, MailingList, Section
from newsletter.model.stories import StoryForm

SECTIONED = replace(
    LIST,
    sections=(
        Section(title="Money", words=("bank",)),
        Section(title="Sport", words=("cup",)),
    ),
)


def edition(count: int, mailing_list: MailingList = LIST, **headlines: str) -> Edition:
    stories = [
        make_story(number, thread=number, headline=headlines.get(f"s{number}", f"Headline number {number}"))
        for number in range(1, count + 1)
    ]
    return compose(plan(stories), mailing_list, number=5, now=NOW, slot_at=None)


def threads(made: Edition) -> list[int | None]:
    return [item.thread for item in made.told]


def test_what_is_dropped_counts_as_told() -> None:
    before = edition(9)
    after = dropping(before, 3, LIST)(before)
    assert after is not None
    assert threads(after) == [1, 2, 4, 5, 6, 7, 8, 9]
    assert [story.document_ids for story in after.dropped] == [(3,)]
    assert sorted(after.document_ids) == sorted(before.document_ids)
    assert after.word_count < before.word_count


def test_the_next_story_leads_where_the_lead_is_dropped() -> None:
    before = edition(9)
    after = dropping(before, 1, LIST)(before)
    assert after is not None
    assert [story.form for story in after.stories[:2]] == [StoryForm.LEAD, StoryForm.SECOND]
    assert after.subject == "Headline number 2; Headline number 3"


def test_a_line_is_dropped_too() -> None:
    before = edition(9)
    after = dropping(before, 9, LIST)(before)
    assert after is not None
    assert [line.thread for line in after.also] == [6, 7, 8]


def test_the_only_story_is_not_dropped_and_a_variant_of_it_alone_is_nothing() -> None:
    one = edition(1)
    with pytest.raises(ProposalError, match="skip the edition"):
        dropping(one, 1, LIST)
    two = edition(2)
    assert dropping(two, 1, LIST)(one) is None, "a reader who has had the other gets nothing"


def test_a_story_moves_and_summaries_stay() -> None:
    before = edition(9)
    after = moving(before, 3, 1, LIST)(before)
    assert after is not None
    assert threads(after) == [3, 1, 2, 4, 5, 6, 7, 8, 9]
    assert {story.thread: story.summary for story in after.stories} == {
        story.thread: story.summary for story in before.stories
    }
    assert after.stories[0].form is StoryForm.LEAD
    assert after.subject.startswith("Headline number 3")


def test_lines_move_among_lines() -> None:
    before = edition(9)
    after = moving(before, 9, 6, LIST)(before)
    assert after is not None
    assert threads(after) == [1, 2, 3, 4, 5, 9, 6, 7, 8]
    with pytest.raises(ProposalError, match="among its own kind"):
        moving(before, 6, 1, LIST)


def test_a_story_keeps_its_section_and_only_the_first_stands_above_all() -> None:
    names = {f"s{n}": f"The bank says {n}" for n in (2, 4, 6)} | {
        f"s{n}": f"The cup, day {n}" for n in (3, 5, 7)
    }
    before = edition(7, SECTIONED, **names)
    assert [story.section for story in before.stories] == ["", "Money", "Money", "Sport", "Sport"]
    with pytest.raises(ProposalError, match="keeps its section"):
        moving(before, 3, 4, SECTIONED)
    after = moving(before, 4, 1, SECTIONED)(before)
    assert after is not None
    assert [(story.thread, story.section) for story in after.stories] == [
        (3, ""),
        (2, "Money"),
        (4, "Money"),
        (5, "Sport"),
        (1, ""),
    ]


def test_a_headline_is_the_operators_until_it_is_the_old_one_again() -> None:
    before = edition(9)
    after = retitling(before, 1, " What  I say ", LIST)(before)
    assert after is not None
    assert (after.stories[0].headline, after.stories[0].original_headline) == (
        "What I say",
        "Headline number 1",
    )
    assert after.subject.startswith("What I say")
    again = retitling(after, 1, "Something else", LIST)(after)
    assert again is not None
    assert again.stories[0].original_headline == "Headline number 1"
    back = retitling(again, 1, "Headline number 1", LIST)(again)
    assert back == before


@pytest.mark.parametrize(
    ("number", "headline"),
    [(1, "  "), (1, "x" * 201), (9, "x" * 161), (1, "a\x00b"), (1, "Headline number 1")],
)
def test_a_headline_that_cannot_stand_is_refused(number: int, headline: str) -> None:
    with pytest.raises(ProposalError):
        retitling(edition(9), number, headline, LIST)


@pytest.mark.parametrize("number", [0, 10])
def test_a_number_that_no_story_has_is_refused(number: int) -> None:
    for change in (dropping, lambda *a: moving(a[0], a[1], 1, a[2]), lambda *a: retitling(*a[:2], "x", a[2])):
        with pytest.raises(ProposalError, match="1 to 9"):
            change(edition(9), number, LIST)


def change(made: Edition, verb: str, number: int, other: int) -> Revise:
    if verb == "drop":
        return dropping(made, number, LIST)
    if verb == "move":
        return moving(made, number, other, LIST)
    return retitling(made, number, f"Words {other}", LIST)


STEPS = st.tuples(st.sampled_from(["drop", "move", "head"]), st.integers(1, 14), st.integers(1, 14))


@given(st.lists(STEPS, max_size=8))
def test_whatever_is_decided_no_document_is_lost_or_doubled(steps: list[tuple[str, int, int]]) -> None:
    """Of the edition, and of a variant of it that lacks stories and has another order."""
    before = made = edition(14)
    variant = replace(made, stories=made.stories[2:0:-1], also=made.also[::2])
    for verb, number, other in steps:
        try:
            revise = change(made, verb, number, other)
        except ProposalError:
            continue
        changed, varied = revise(made), revise(variant)
        assert changed is not None
        if varied is None:
            break
        for one, was in ((changed, made), (varied, variant)):
            assert sorted(one.document_ids) == sorted(was.document_ids)
            assert len(one.told) + len(one.dropped) == len(was.told) + len(was.dropped)
            assert one.word_count > 0
            assert one.subject
        made, variant = changed, varied
    found = differences(before, made)
    assert len(found.gone) == len(made.dropped)
    assert not found.added


def test_editions_are_compared_by_their_stories() -> None:
    before = edition(5)
    after = moving(before, 5, 1, LIST)(before)
    assert after is not None
    after = dropping(after, 2, LIST)(after)
    assert after is not None
    after = retitling(after, 2, "Another headline", LIST)(after)
    assert after is not None
    found = differences(before, after)
    assert [entry.thread for entry in found.gone] == [1]
    assert [(change.after.thread, change.what, change.is_moved) for change in found.changed] == [
        (5, (), True),
        (2, ("headline",), False),
    ]
    assert found.same == 2
    assert [entry.thread for entry in differences(after, before).added] == [1]
