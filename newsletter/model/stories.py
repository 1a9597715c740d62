"""Stories: the documents on one event, with a summary that can be traced."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from newsletter.model.documents import Span


@dataclass(frozen=True, kw_only=True)
class SummarySentence:
    """A sentence taken verbatim from a document: `span` of its text, less the `cuts`."""

    text: str
    #: Where it stands in that document's `text`.
    span: Span
    #: What is left out of it (an agency's tag, "(pictured)"): in order, inside `span`, disjoint.
    cuts: tuple[Span, ...] = ()
    #: None for a document that is not in the store (`newsletter summarize FILE`).
    document_id: int | None = None
    #: Who reported it, as readers know them; None where the whole summary is from one document.
    source: str | None = None


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Sentences in source order; never empty."""

    sentences: tuple[SummarySentence, ...]
    #: Name of the summarizer that chose them.
    method: str
    #: What a language model made of the sentences, if that passed every check; read instead of them.
    rewrite: str | None = None

    @property
    def text(self) -> str:
        """The sentences joined by spaces."""
        return " ".join(sentence.text for sentence in self.sentences)

    @property
    def word_count(self) -> int:
        """Words, counted by white space."""
        return len(self.text.split())


class StoryLabel(StrEnum):
    """What readers are told about a story; the value is what they read."""

    #: Not told to this list before.
    NEW = "New"
    #: More has become known of what this list was told.
    UPDATE = "Update"


class StoryForm(StrEnum):
    """How much room a story gets in an edition."""

    #: The first and longest.
    LEAD = "lead"
    #: A headline and a short summary.
    SECOND = "second"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A number as one source gives it."""

    #: As printed: "41 of 48", "twelve".
    figure: str
    #: Who gives it, as readers know them.
    source: str
    #: The sentence that it stands in.
    sentence: SummarySentence


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """A number that sources give differently."""

    #: What is counted, in words of the first claim's source: "killed", "passengers", "houses burned".
    subject: str
    #: At least two, no two figures alike; the leading document's first.
    claims: tuple[Claim, ...]


#: What readers are told of a document that names no source; its file's name would tell them nothing.
UNNAMED_SOURCE = "name not given"


@dataclass(frozen=True, kw_only=True)
class SourceCredit:
    """One line under a story: who reported it, under which title, and where."""

    #: Outlet, as readers know it; else the web site; else words that say that it is not known.
    name: str
    #: The document's own headline.
    title: str
    #: Absolute http(s) address, if the document gave one.
    url: str | None = None
    #: Whose report it rests on, when that is somebody else.
    origin: str | None = None


@dataclass(frozen=True, kw_only=True)
class Story:
    """One event: a headline, a summary, and everybody who reported it."""

    #: The leading document's own headline, verbatim, or what an operator wrote in its place.
    headline: str
    label: StoryLabel
    summary: Summary
    #: The leading document first; no two alike.
    sources: tuple[SourceCredit, ...]
    #: Every document of the story, the leading one first.
    document_ids: tuple[int, ...]
    #: ISO 639-1 code; None where it could not be told.
    language: str | None
    #: Newest `dated_at` of its documents, UTC.
    dated_at: datetime
    #: How many sources do not rest on one another: two papers that cite RFE/RL count once.
    independent_sources: int
    #: Names the story across editions of one list: the lowest id of the documents that opened it.
    thread: int | None = None
    form: StoryForm = StoryForm.SECOND
    #: Numbers on which its sources differ.
    disagreements: tuple[Disagreement, ...] = ()
    #: Of an update: one sentence that this list was told before.
    context: SummarySentence | None = None
    #: Of an update: when this list was first told of it, UTC.
    first_told_at: datetime | None = None
    #: Title of the section that it belongs to; empty without sections.
    section: str = ""
    #: Keywords of its documents, the leading one's first.
    tags: tuple[str, ...] = ()
    #: The headline before an operator wrote another one; None: nobody did.
    original_headline: str | None = None


@dataclass(frozen=True, kw_only=True)
class Telling:
    """One story as one edition told it."""

    #: As `Story.thread`.
    thread: int
    headline: str
    #: None of what was told by its headline alone.
    sentences: tuple[SummarySentence, ...]
    document_ids: tuple[int, ...]
    edition_id: int
    #: UTC.
    told_at: datetime
    #: When the list was first told of it, as the edition has it; UTC.
    first_told_at: datetime


@dataclass(frozen=True, kw_only=True)
class OpenStory:
    """A story that a list was told lately, as it stands in the list's editions."""

    #: As `Story.thread`.
    thread: int
    #: The latest headline.
    headline: str
    #: Sentences that were told, the oldest first.
    told: tuple[SummarySentence, ...]
    #: Headlines that were told, the oldest first.
    headlines: tuple[str, ...]
    #: Every document of it that the list was told, the oldest edition's first.
    document_ids: tuple[int, ...]
    #: UTC.
    first_told_at: datetime
    #: UTC.
    last_told_at: datetime
    #: Ids of the editions that told it.
    edition_ids: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class GroupingRules:
    """When documents are one story."""

    #: Average likeness from which groups of documents are one story, 0 (everything) to 1 (copies only).
    story_cutoff: float = 0.15
    #: Share of common phrases from which two texts are copies, 0 to 1.
    copy_cutoff: float = 0.8
    #: How long after it was last told a story goes on, days.
    open_days: int = 14
