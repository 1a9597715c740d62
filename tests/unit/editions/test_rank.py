"""Ranking: what an editor would put first, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from newsroom import LIST, NOW, make_story, make_summary

from newsletter.editions.centrality import centralities
from newsletter.editions.rank import rank, weigh
from newsletter.model.editions import MailingList, weekly_of
from newsletter.model.ranking import Standing
from newsletter.model.stories import UNNAMED_SOURCE, Story, StoryLabel


def order(stories: Sequence[Story], mailing_list: MailingList = LIST) -> list[int]:
    return [one.story.document_ids[0] for one in rank(stories, mailing_list, now=NOW)]


def weighted(
    *, sources: dict[str, float] | None = None, words: dict[str, float] | None = None
) -> MailingList:
    sources, words = sources or {}, words or {}
    return replace(LIST, source_weights=tuple(sources.items()), word_weights=tuple(words.items()))


def test_more_sources_lead_then_fresher_ones_and_ties_keep_their_order() -> None:
    assert order([make_story(1), make_story(2, outlets=("A", "B", "C"))]) == [2, 1]
    assert order([make_story(3, age_hours=48), make_story(4, age_hours=0)]) == [4, 3]
    assert order([make_story(6), make_story(5)]) == [5, 6]


def test_in_a_weekly_digest_a_story_stays_fresh_for_a_week() -> None:
    stories = [make_story(1, outlets=("A", "B"), age_hours=120), make_story(2, age_hours=0)]
    weights = [weigh(story, LIST, now=NOW).own for story in stories]
    digest = weekly_of(replace(LIST, weekly_schedule="0 8 * * sat"))
    assert digest is not None
    assert weights[0] < weights[1]
    assert weigh(stories[0], digest, now=NOW).own > weigh(stories[1], digest, now=NOW).own


def test_a_story_dated_in_the_future_does_not_outweigh_all() -> None:
    assert order([make_story(1, age_hours=-100_000), make_story(2, outlets=("A", "B"))]) == [2, 1]


def test_the_weight_is_told_part_by_part() -> None:
    story = make_story(1, outlets=("BBC", "Wire"), age_hours=24, headline="A vote")
    weight = weigh(
        story, weighted(sources={"bbc": 1.5, "Wire": 0.5}, words={"vote": 2}), now=NOW, centrality=0.5
    )
    assert round(weight.sources, 3) == 2.197
    assert (weight.recency, weight.centrality, weight.substance, weight.already_told) == (0.5, 0.25, 1, 0)
    assert (weight.source_factor, weight.word_factor) == (1.5, 2)
    assert weight.total == round((weight.sources + 0.5 + 0.25 + 1) * 3, 6)


def test_what_was_told_weighs_less_and_small_news_of_it_less_still() -> None:
    new = make_story(1)
    update = make_story(2, label=StoryLabel.UPDATE)
    small = make_story(3, label=StoryLabel.UPDATE, summary=make_summary("One gate more closed."))
    brief = make_story(4, summary=make_summary("One gate more closed."))
    weights = [weigh(story, LIST, now=NOW).total for story in (new, update, brief, small)]
    assert weights == sorted(weights, reverse=True)
    assert len(set(weights)) == 4
    assert weights[-1] > 0


def test_a_lead_is_confirmed_where_any_story_is() -> None:
    fresh = make_story(1, headline="A vote")
    confirmed = make_story(2, outlets=("A", "B"), age_hours=90)
    ranked = rank([fresh, confirmed], weighted(words={"vote": 9}), now=NOW)
    assert [one.story for one in ranked] == [confirmed, fresh]
    assert [one.standing for one in ranked] == [Standing.CONFIRMED, Standing.WEIGHT]
    assert order([fresh, make_story(3)], weighted(words={"vote": 9})) == [1, 3]


def test_a_weight_of_nothing_sinks_a_story_and_drops_none() -> None:
    golf = make_story(1, outlets=("A", "B", "C"), headline="Golf: a birdie")
    blog = make_story(2, outlets=("Blog",))
    shared = make_story(3, outlets=("Blog", "Wire"))
    stories = [golf, blog, shared, make_story(4, age_hours=1000)]
    ranked = rank(stories, weighted(sources={"BLOG": 0}, words={"golf": 0}), now=NOW)
    assert [one.story.document_ids[0] for one in ranked] == [3, 4, 1, 2], "the best of its sources counts"
    assert [one.standing for one in ranked[2:]] == [Standing.SUNK] * 2


def test_words_weigh_whole_in_any_case_and_synonyms_do_not_add_up() -> None:
    words = {"vote": 2, "ballot": 3, "poll": 0.5, "votes": 9}
    story = make_story(1, headline="VOTE, ballot and poll")
    assert weigh(story, weighted(words=words), now=NOW).word_factor == 1.5
    said = make_story(2, summary=make_summary("A ballot was held."))
    assert weigh(said, weighted(words=words), now=NOW).word_factor == 3


def test_after_two_stories_of_a_source_others_have_their_turn() -> None:
    wire = [make_story(n, outlets=("Wire",), words=30 - n) for n in range(1, 6)]
    others = [make_story(10, outlets=("Post",), words=1), make_story(11, outlets=("wire ",), words=2)]
    ranked = rank([*wire, *others], LIST, now=NOW)
    assert [one.story.document_ids[0] for one in ranked] == [1, 2, 10, 3, 4, 5, 11]
    assert [one.standing for one in ranked[:3]] == [Standing.WEIGHT] * 3
    assert {one.standing for one in ranked[3:]} == {Standing.SOURCE_FULL}


def test_what_others_report_as_well_does_not_give_way() -> None:
    big = [make_story(n, outlets=("Wire", f"Paper {n}", f"Radio {n}")) for n in range(1, 5)]
    small = [make_story(n) for n in range(5, 9)]
    assert order([*small, *big]) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_the_nameless_are_not_taken_for_one() -> None:
    nameless = [make_story(n, outlets=(UNNAMED_SOURCE,)) for n in range(1, 6)]
    assert order([*nameless, make_story(6, words=2)]) == [1, 2, 3, 4, 5, 6]


def test_a_story_that_others_touch_is_more_central() -> None:
    flood = [
        make_story(n, headline=headline, summary=make_summary("Something else happened there."))
        for n, headline in enumerate(
            ("Tromby flood closes Aldis bridge", "Tromby flood ends", "Aldis bridge repaired", "Elms planted")
        )
    ]
    found = centralities(flood)
    assert found.index(max(found)) == 0
    assert found[3] == min(found)
    assert max(found) == 1
    assert centralities([flood[0]]) == [0]
    assert centralities([]) == []


STORIES = st.lists(
    st.builds(
        lambda outlets, words, age, update: (outlets, words, age, update),
        st.lists(st.sampled_from(("A", "B", "C", "D", UNNAMED_SOURCE)), min_size=1, max_size=3, unique=True),
        st.integers(1, 60),
        st.integers(0, 100),
        st.booleans(),
    ),
    max_size=25,
).map(
    lambda shapes: [
        make_story(
            n,
            outlets=tuple(outlets),
            words=words,
            age_hours=age,
            label=StoryLabel.UPDATE if update else StoryLabel.NEW,
        )
        for n, (outlets, words, age, update) in enumerate(shapes)
    ]
)


@given(STORIES, st.randoms(use_true_random=False))
def test_nothing_is_lost_and_the_order_of_arrival_is_nothing(stories: list[Story], chance: object) -> None:
    found = order(stories)
    assert sorted(found) == list(range(len(stories)))
    chance.shuffle(stories)  # type: ignore[attr-defined]
    assert order(stories) == found


@given(STORIES)
def test_no_source_has_a_third_story_while_another_waits(stories: list[Story]) -> None:
    single = [
        story for story in stories if len(story.sources) == 1 and story.sources[0].name != UNNAMED_SOURCE
    ]
    ranked = [one.story.sources[0].name for one in rank(single, LIST, now=NOW)]
    total = Counter(ranked)
    for cut in range(len(ranked)):
        seen = Counter(ranked[: cut + 1])
        if seen[ranked[cut]] > 2:
            assert all(seen[name] >= min(2, count) for name, count in total.items())


@given(STORIES)
def test_a_confirmed_story_leads_if_there_is_one(stories: list[Story]) -> None:
    ranked = rank(stories, LIST, now=NOW)
    if any(story.independent_sources > 1 for story in stories):
        assert ranked[0].story.independent_sources > 1
