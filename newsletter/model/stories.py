"""Stories: the documents on one event, with a summary that can be traced."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from newsletter.model.documents import Span


@dataclass(frozen=True, kw_only=True)
class SummarySentence:
    """A sentence taken verbatim from a document."""

    text: str
    #: Where it stands in that document's `text`; `span.of(document.text)` equals `text`.
    span: Span
    #: None for a document that is not in the store (`newsletter summarize FILE`).
    document_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Sentences in source order; never empty."""

    sentences: tuple[SummarySentence, ...]
    #: Name of the summarizer that chose them.
    method: str

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
    #: A document that this list has had has changed.
    UPDATE = "Update"


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

    #: The leading document's own headline, verbatim.
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
