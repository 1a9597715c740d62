"""Documents of one event: near copies first, then likeness, then average link; new ones join open stories."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp

import numpy as np

from newsletter.model.documents import Document
from newsletter.model.stories import GroupingRules
from newsletter.stories.grouping.candidates import find_candidates
from newsletter.stories.grouping.copies import find_copies
from newsletter.stories.grouping.independence import independent_sources
from newsletter.stories.grouping.leading import leading_report
from newsletter.stories.grouping.likeness import Comparison
from newsletter.stories.grouping.linkage import Linked, Near, Start, link
from newsletter.stories.grouping.profiles import Ids, Vocabulary

__all__ = ["Group", "KnownStory", "group_documents", "independent_sources"]

#: Groups whose likeness is this near the cut-off are logged, and of those so many in one run.
_NEAR_MARGIN, _MOST_LOGGED = 0.03, 20
#: How fast two reports grow apart as time passes between them, in days, and what is left of their likeness
#: after any time.
_FADE_DAYS, _FADED = 3.0, 0.5
#: Documents of a told story that new ones are compared with: the newest.
_KNOWN_DOCUMENTS = 30
#: Pairs less alike than this count as not alike.
_LEAST_LIKENESS = 0.01

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class KnownStory:
    """A story that was told, which new documents may go on with."""

    #: Names it; as `Story.thread`.
    thread: int
    #: Those that it was told from.
    documents: tuple[Document, ...]
    #: UTC.
    last_told_at: datetime


@dataclass(frozen=True, kw_only=True)
class Group:
    """New documents on one event."""

    #: The leading one first, then the most like all others; a copy stands right behind its original.
    documents: tuple[Document, ...]
    #: Ids of documents that are one text, two or more each, the original's first.
    copies: tuple[tuple[int, ...], ...] = ()
    #: The told story that it goes on; None: a new one.
    thread: int | None = None


def group_documents(
    documents: Sequence[Document],
    *,
    rules: GroupingRules | None = None,
    known: Sequence[KnownStory] = (),
    now: datetime | None = None,
) -> list[Group]:
    """Group the documents that report one event, and find the told stories that they go on.

    Near copies count as one text. What the likeness of two documents is made of, `Comparison.parts` says;
    reports from different days are the less alike the more time lies between them. Groups are joined while
    the average likeness of their documents reaches the cut-off. Documents in two known languages never meet,
    nor do two told stories.

    Args:
        documents: The new documents, in any order; the result does not depend on it.
        rules: Cut-offs.
        known: Told stories, in any order. Those that were told too long ago are left out.
        now: UTC; None: when the newest document is dated.

    Returns:
        Groups in order of their leading document's id. In each, one of the documents most like the others
        leads, of these the one that reports the event itself, as `leading_report` says.
    """
    rules = rules or GroupingRules()
    if not documents:
        return []
    now = now or max(document.dated_at for document in documents)
    oldest = now - timedelta(days=rules.open_days)
    open_stories = [story for story in known if story.last_told_at >= oldest and story.documents]
    classes = find_copies(documents, cutoff=rules.copy_cutoff)
    batch = _Batch(classes, sorted(open_stories, key=lambda story: story.thread), now)
    linked = link(batch.starts(), batch.likeness(rules), cutoff=rules.story_cutoff, margin=_NEAR_MARGIN)
    _log_near(linked, batch, rules.story_cutoff)
    groups = [batch.group(cluster) for cluster in linked.clusters if cluster.members[0] < len(classes)]
    return sorted(groups, key=lambda group: group.documents[0].id)


class _Batch:
    """Texts by number: the new ones first, then those of told stories."""

    def __init__(
        self, classes: Sequence[tuple[Document, ...]], stories: Sequence[KnownStory], now: datetime
    ) -> None:
        self._classes, self._stories, self._now = classes, stories, now
        self.texts = [found[0] for found in classes]
        self._story_of: list[KnownStory | None] = [None] * len(classes)
        for story in stories:
            newest = sorted(story.documents, key=lambda document: (document.dated_at, document.id))
            for document in newest[-_KNOWN_DOCUMENTS:]:
                self.texts.append(document)
                self._story_of.append(story)
        self._likeness: Mapping[tuple[int, int], float] = {}
        self._running: list[Ids] = []
        self._weights = np.empty(0)

    def starts(self) -> list[Start]:
        """Return what grouping starts from: each document alone, then each known story."""
        languages = [(text.language or "").partition("-")[0] for text in self.texts]
        starts = [
            Start(members=(number,), language=languages[number]) for number in range(len(self._classes))
        ]
        for story in self._stories:
            members = tuple(number for number, of in enumerate(self._story_of) if of is story)
            spoken = next((languages[number] for number in members if languages[number]), "")
            starts.append(Start(members=members, language=spoken, thread=story.thread))
        return starts

    def likeness(self, rules: GroupingRules) -> Mapping[tuple[int, int], float]:
        """Return the likeness of the pairs that may come together."""
        vocabulary = Vocabulary()
        profiles = [vocabulary.profile(text) for text in self.texts]
        told = [story is not None for story in self._story_of]
        comparison = Comparison(profiles, vocabulary.terms(), told=told)
        self._running, self._weights = [profile.running for profile in profiles], comparison.weights
        found: dict[tuple[int, int], float] = {}
        for number, others in find_candidates(profiles, comparison.weights):
            if len(others):
                alike = comparison.parts(number, others).likeness
                for place in np.flatnonzero(alike >= _LEAST_LIKENESS).tolist():
                    other = int(others[place])
                    faded = float(alike[place]) * self._fade(number, other)
                    if faded > 0:
                        found[number, other] = faded
        self._likeness = _within_reach(found, self.starts(), rules.story_cutoff)
        return self._likeness

    def _fade(self, number: int, other: int) -> float:
        """Return what the time between two texts leaves of their likeness; 0 for two told stories."""
        mine, theirs = self._story_of[number], self._story_of[other]
        if mine is None and theirs is None:
            return _fade_between(self.texts[number], self.texts[other])
        if mine is not None and theirs is not None:
            return _fade_of(_until(self._now, mine)) if mine is theirs else 0.0
        new, story = (number, theirs) if theirs else (other, mine)
        return _fade_of(_until(self.texts[new].dated_at, story)) if story else 0.0

    def group(self, cluster: Start) -> Group:
        """Return a cluster as a group of its new documents, the leading one first."""
        members = [number for number in cluster.members if number < len(self._classes)]
        ordered = self._leading_first(members)
        classes = [self._classes[number] for number in ordered]
        return Group(
            documents=tuple(document for found in classes for document in found),
            copies=tuple(tuple(document.id for document in found) for found in classes if len(found) > 1),
            thread=cluster.thread,
        )

    def _leading_first(self, members: Sequence[int]) -> list[int]:
        if len(members) == 1:
            return list(members)
        texts = [self.texts[number] for number in members]
        central = [self._centrality(number, members) for number in members]
        running = [self._running[number] for number in members]
        leading = leading_report(texts, running, self._weights, central)
        places = sorted(
            range(len(members)),
            key=lambda place: (
                place != leading, -round(central[place], 6), -len(texts[place].text), texts[place].id,
            ),
        )  # fmt: skip
        return [members[place] for place in places]

    def _centrality(self, number: int, members: Sequence[int]) -> float:
        return sum(self._likeness.get((min(number, other), max(number, other)), 0.0) for other in members)


def _within_reach(
    likeness: Mapping[tuple[int, int], float], starts: Sequence[Start], cutoff: float
) -> dict[tuple[int, int], float]:
    """Leave out the pairs that no chain of pairs above the cut-off connects: they never come together."""
    roots = {member: start.members[0] for start in starts for member in start.members}

    def root(number: int) -> int:
        """Return the representative of whatever a member is connected with; shortens the way there."""
        while roots[number] != number:
            roots[number] = number = roots[roots[number]]
        return number

    for (one, other), value in likeness.items():
        if value >= cutoff - _NEAR_MARGIN:
            low, high = sorted((root(one), root(other)))
            roots[high] = low
    return {pair: value for pair, value in likeness.items() if root(pair[0]) == root(pair[1])}


def _fade_between(one: Document, other: Document) -> float:
    if one.published_at is None or other.published_at is None:
        return 1.0
    return _fade_of(abs(one.published_at - other.published_at))


def _until(moment: datetime, story: KnownStory) -> timedelta:
    """Return the time between a moment and the days in which a story was reported and told."""
    first = min(document.dated_at for document in story.documents)
    last = max(story.last_told_at, *(document.dated_at for document in story.documents))
    return max(moment - last, first - moment, timedelta(0))


def _fade_of(gap: timedelta) -> float:
    days = gap / timedelta(days=1)
    return _FADED + (1 - _FADED) * exp(-(days**2) / (2 * _FADE_DAYS**2))


def _log_near(linked: Linked, batch: _Batch, cutoff: float) -> None:
    if not _log.isEnabledFor(logging.INFO):
        return
    for near in linked.near[:_MOST_LOGGED]:
        _log_one(near, batch, cutoff)


def _log_one(near: Near, batch: _Batch, cutoff: float) -> None:
    left, right = (_named(members, batch) for members in (near.left, near.right))
    verdict = "one story" if near.joined else "two stories"
    _log.info(
        "near the cut-off: likeness %.3f, cut-off %.3f, so %s: %s | %s",
        near.likeness, cutoff, verdict, left, right,
    )  # fmt: skip


def _named(members: Sequence[int], batch: _Batch) -> str:
    """Return the headline of the first of some texts, and how many more there are."""
    text = batch.texts[members[0]]
    more = f" and {len(members) - 1} more" if len(members) > 1 else ""
    return f"“{text.headline}” ({text.source}){more}" if text.source else f"“{text.headline}”{more}"
