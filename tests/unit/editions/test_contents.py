"""What an edition holds, story by story."""

from __future__ import annotations

from dataclasses import replace

from newsroom import LIST, NOW, make_story

from newsletter.editions.compose import compose
from newsletter.editions.contents import entries
from newsletter.editions.plan import plan
from newsletter.editions.rank import rank
from newsletter.model.editions import Edition
from newsletter.model.explanations import StoryRole


def edition_of(count: int) -> Edition:
    ranked = rank([make_story(number, age_hours=number) for number in range(1, count + 1)], LIST, now=NOW)
    return compose(
        plan([one.story for one in ranked]),
        LIST,
        number=7,
        now=NOW,
        slot_at=None,
        ranking=[one.placement for one in ranked],
    )


def test_every_story_has_a_number_a_role_and_its_place_in_the_ranking() -> None:
    found = entries(edition_of(14))
    assert [entry.number for entry in found] == list(range(1, 15))
    assert [entry.role for entry in found] == [
        StoryRole.LEAD, *[StoryRole.SECOND] * 4, *[StoryRole.LINE] * 7, *[StoryRole.LEFT_OUT] * 2,
    ]  # fmt: skip
    assert [entry.rank for entry in found] == list(range(1, 15))
    assert all(entry.placement and entry.placement.headline == entry.headline for entry in found)
    assert [entry.story is not None for entry in found] == [True] * 5 + [False] * 9


def test_an_edition_of_an_earlier_release_says_what_it_can() -> None:
    found = entries(replace(edition_of(14), ranking=()))
    assert len(found) == 12
    assert all(entry.rank is None and entry.placement is None for entry in found)
