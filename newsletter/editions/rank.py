"""Which story weighs more, and why."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from newsletter.editions.centrality import centralities
from newsletter.editions.words import Wording, count_words
from newsletter.model.editions import MailingList
from newsletter.model.ranking import Placement, Standing, Weight
from newsletter.model.stories import UNNAMED_SOURCE, Story, StoryLabel
from newsletter.model.subscribers import Cadence

#: Stories of one source in a row before others have their turn.
STORIES_PER_SOURCE = 2

#: Independent sources that a lead needs, where any story has them.
_LEAD_SOURCES = 2

_SOURCES_SHARE = 2.0
_CENTRALITY_SHARE = 0.5

#: Age at which a story's freshness has halved, in hours: what was news on Monday can be news of the week.
_HALF_LIFE_HOURS = {Cadence.EACH: 24.0, Cadence.WEEKLY: 168.0}

#: Words of summary from which a story counts as told in full.
_FULL_WORDS = 40

#: What an update loses for having been told; as much again if next to nothing is new. Together less than
#: the one source that every story has: no weight but the operator's is zero.
_TOLD_SHARE = 0.5


@dataclass(frozen=True, kw_only=True)
class RankedStory:
    """A story in its place."""

    story: Story
    weight: Weight
    standing: Standing

    @property
    def placement(self) -> Placement:
        """What is kept of it with the edition."""
        return Placement(
            headline=self.story.headline,
            document_ids=self.story.document_ids,
            label=self.story.label,
            thread=self.story.thread,
            weight=self.weight,
            standing=self.standing,
        )


def weigh(story: Story, mailing_list: MailingList, *, now: datetime, centrality: float = 0.0) -> Weight:
    """Return what a story weighs for a list.

    Args:
        story: The story.
        mailing_list: Its operator's weights count.
        now: UTC.
        centrality: How central it is to the other news, 0 to 1.
    """
    age_hours = max(0.0, (now - story.dated_at).total_seconds() / 3600)
    substance = min(1.0, count_words(story.summary.text) / _FULL_WORDS)
    is_update = story.label is StoryLabel.UPDATE
    return Weight(
        sources=_SOURCES_SHARE * math.log1p(max(1, story.independent_sources)),
        recency=0.5 ** (age_hours / _HALF_LIFE_HOURS[mailing_list.cadence]),
        centrality=_CENTRALITY_SHARE * centrality,
        substance=substance,
        already_told=-_TOLD_SHARE * (2 - substance) if is_update else 0.0,
        source_factor=_source_factor(story, mailing_list.source_weights),
        word_factor=_word_factor(story, mailing_list.word_weights),
    )


def _source_factor(story: Story, weights: Sequence[tuple[str, float]]) -> float:
    known = {_folded(name): factor for name, factor in weights}
    return max((known.get(name, 1.0) for name in _outlets(story)), default=1.0)


def _word_factor(story: Story, weights: Sequence[tuple[str, float]]) -> float:
    """Return the strongest factor that lifts, times the strongest that sinks: synonyms do not add up."""
    if not weights:
        return 1.0
    wording = Wording(f"{story.headline}\n{story.summary.text}")
    factors = [factor for word, factor in weights if wording.count(word)]
    return max((1.0, *factors)) * min((1.0, *factors))


def rank(stories: Sequence[Story], mailing_list: MailingList, *, now: datetime) -> list[RankedStory]:
    """Return the stories in the order in which they deserve room; none is dropped.

    The weightiest comes first, but one that two independent sources confirm leads if there is any; after two
    stories of a source, other sources have their turn; what the operator weighs 0 is last. Equal ones stand
    in the order that their documents came.

    Args:
        stories: With a summary each, a provisional one will do.
        mailing_list: Its operator's weights count.
        now: UTC.
    """
    weighed = [
        RankedStory(
            story=story,
            weight=weigh(story, mailing_list, now=now, centrality=centrality),
            standing=Standing.WEIGHT,
        )
        for story, centrality in zip(stories, centralities(stories), strict=True)
    ]
    weighed.sort(key=lambda one: (-one.weight.total, -round(one.weight.own, 6), one.story.document_ids))
    wanted = [one for one in weighed if not one.weight.is_sunk]
    sunk = [replace(one, standing=Standing.SUNK) for one in weighed if one.weight.is_sunk]
    return [*_take_turns(_confirmed_first(wanted)), *sunk]


def _confirmed_first(ranked: Sequence[RankedStory]) -> list[RankedStory]:
    confirmed = next((one for one in ranked if one.story.independent_sources >= _LEAD_SOURCES), None)
    if confirmed is None or confirmed is ranked[0]:
        return list(ranked)
    others = [one for one in ranked if one is not confirmed]
    return [replace(confirmed, standing=Standing.CONFIRMED), *others]


def _take_turns(ranked: Sequence[RankedStory]) -> list[RankedStory]:
    """Let each source have two stories before any has its third.

    A story counts for the first of its sources that has not had its turn: what five outlets report does not
    give way because one of them is named first.
    """
    taken: Counter[str] = Counter()
    turns = []
    for one in ranked:
        outlets = _outlets(one.story)
        turn, place = min(
            ((taken[name] // STORIES_PER_SOURCE, place) for place, name in enumerate(outlets)),
            default=(0, -1),
        )
        if place >= 0:
            taken[outlets[place]] += 1
        turns.append(turn)
    order = sorted(range(len(ranked)), key=lambda index: (turns[index], index))
    overtaken = _overtaken(order)
    return [
        replace(ranked[index], standing=Standing.SOURCE_FULL) if index in overtaken else ranked[index]
        for index in order
    ]


def _overtaken(order: Sequence[int]) -> frozenset[int]:
    """Return the indices that stand behind a higher one."""
    found, highest = set(), -1
    for index in order:
        if index < highest:
            found.add(index)
        highest = max(highest, index)
    return frozenset(found)


def _outlets(story: Story) -> list[str]:
    """Return who reported a story, the leading document's first.

    Reports without a name are left out: they may be anybody's.
    """
    names = dict.fromkeys(_folded(source.name) for source in story.sources if source.name != UNNAMED_SOURCE)
    return list(names)


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()
