"""Why an edition is as it is: what an operator is told of each story."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from newsletter.model.documents import Document
from newsletter.model.editions import Edition
from newsletter.model.ranking import Placement
from newsletter.model.stories import Story, StoryLabel


class StoryRole(StrEnum):
    """How an edition tells a story; the value is what the operator reads."""

    #: First and longest.
    LEAD = "lead"
    #: A headline and a short summary.
    SECOND = "summary"
    #: A line under "Also today".
    LINE = "line"
    #: It is among those behind "+N more".
    LEFT_OUT = "left out"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A story as an edition has it."""

    #: Its number: as readers see it, then the lines', then those left out; from 1.
    number: int
    role: StoryRole
    headline: str
    label: StoryLabel
    #: The leading document first.
    document_ids: tuple[int, ...]
    #: The story as it is told; None of a line and of what was left out.
    story: Story | None = None
    #: Why it stands there; None where that was not kept.
    placement: Placement | None = None
    #: Its place in the ranking, from 1; None where that was not kept.
    rank: int | None = None


@dataclass(frozen=True, kw_only=True)
class EditionExplanation:
    """All that an edition answers for."""

    edition: Edition
    entries: tuple[Entry, ...]
    #: Stories behind "+N more" that the entries do not hold: of those with least weight nothing is kept.
    unlisted: int
    #: Documents that said nothing new.
    repeats: tuple[Document, ...]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of the likeness of two documents."""

    #: As an operator reads it.
    name: str
    #: 0 to 1.
    value: float
    #: Its share of the sum; None for what the sum is multiplied by.
    weight: float | None = None


@dataclass(frozen=True, kw_only=True)
class Resemblance:
    """One document beside the leading one of its story."""

    document_id: int
    headline: str
    #: 0 to 1; held against the cut-off as an average over all documents of both sides.
    likeness: float
    #: What it is made of: first what is added up, then what the sum is multiplied by.
    parts: tuple[Part, ...]
    #: The strongest terms that both have, folded, the strongest first.
    common_terms: tuple[str, ...]
    #: The document that this one is a copy of.
    copy_of: int | None = None


@dataclass(frozen=True, kw_only=True)
class GroupExplanation:
    """Why documents are one story."""

    leading_id: int
    #: The other documents in the order given.
    documents: tuple[Resemblance, ...]
    #: The document outside that is most like the leading one; None if none was given.
    nearest_outside: Resemblance | None = None


class SentenceFate(StrEnum):
    """What became of a sentence; the value is what the operator reads."""

    #: It is in the summary.
    TOLD = "told"
    #: The list was told it before.
    TOLD_BEFORE = "told before"
    #: It reads badly alone.
    FAULTY = "reads badly alone"
    #: Others serve better.
    PASSED_OVER = "others serve better"


@dataclass(frozen=True, kw_only=True)
class SentenceExplanation:
    """A sentence that could be told."""

    document_id: int
    text: str
    fate: SentenceFate
    #: How well it stands for its document; higher is better.
    score: float
    #: What each feature brings to the score: they add up to it, with `base`.
    parts: Mapping[str, float] = field(default_factory=dict)
    #: The score of a sentence of which nothing is known.
    base: float = 0.0
    #: Why it reads badly alone, in words.
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StoryExplanation:
    """Why a story is as it is."""

    entry: Entry
    #: Stories ranked in its edition.
    ranked: int
    #: The leading one first.
    documents: tuple[Document, ...]
    group: GroupExplanation
    #: The average likeness from which documents are one story.
    story_cutoff: float
    #: Of each document the first sentences, by document in source order.
    sentences: tuple[SentenceExplanation, ...]
