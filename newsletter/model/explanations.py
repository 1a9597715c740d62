"""Why an edition is as it is: what an operator is told of each story."""

from collections.abc import Mapping
from dataclasses import dataclass
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
    #: An operator took it out.
    DROPPED = "dropped"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A story as an edition has it."""

    #: Its number: as readers see it, then the lines', those left out, those dropped; from 1.
    number: int
    role: StoryRole
    headline: str
    label: StoryLabel
    #: The leading document first.
    document_ids: tuple[int, ...]
    #: As `Story.thread`.
    thread: int | None = None
    #: The story as it is told; None of a line and of what was left out.
    story: Story | None = None
    #: The headline before an operator wrote another one; None: nobody did.
    original_headline: str | None = None
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
    #: 0 to 1; of what the sum is multiplied by, up to 2.
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
    #: The story has no summary in this edition.
    HEADLINE_ONLY = "the story is told by its headline"
    #: It has a flaw, or others served better.
    PASSED_OVER = "passed over"


@dataclass(frozen=True, kw_only=True)
class CandidateSentence:
    """A sentence that could be told."""

    document_id: int
    #: Its place among the sentences of its document, from 1.
    number: int
    text: str
    fate: SentenceFate
    #: How well it stands for its document: the sum of its parts.
    score: float
    #: What each feature brings to the score, the strongest first.
    parts: Mapping[str, float]
    #: What is wrong with it, in words.
    flaws: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CandidateSummary:
    """A whole summary of the leading document that could be told."""

    #: As `CandidateSentence.number`.
    numbers: tuple[int, ...]
    #: How well it stands for the document, beside others of the same document: the sum of its parts.
    score: float
    #: What each of its traits brings to the score, the strongest first.
    parts: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class StoryExplanation:
    """Why a story is as it is."""

    entry: Entry
    #: Stories ranked in its edition.
    ranked: int
    #: The leading one first.
    documents: tuple[Document, ...]
    group: GroupExplanation
    #: Of an update: the documents told before, beside the leading one; else empty.
    goes_on: tuple[Resemblance, ...]
    #: The average likeness from which documents are one story.
    story_cutoff: float
    #: Name of the summarizer that made its summary; None where it has none.
    summarizer: str | None
    #: By document, in source order.
    sentences: tuple[CandidateSentence, ...]
    #: Of the leading document, the best first; none of an update, and where sentences were taken one by one.
    summaries: tuple[CandidateSummary, ...]
