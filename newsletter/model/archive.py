"""The archive: what is kept of past editions, what is found in them, and what its pages show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from newsletter.model.voices import Voice


@dataclass(frozen=True, kw_only=True)
class Term:
    """A word or a phrase of a search."""

    #: Folded words that stand in a row, at least one.
    words: tuple[str, ...]
    #: Whether the last one may be the beginning of a longer word.
    is_prefix: bool


@dataclass(frozen=True, kw_only=True)
class ArchivedHeading:
    """An edition as lists of editions show it."""

    #: The store's id; ids rise with time.
    id: int
    #: The list's name; of a weekly digest with its suffix.
    list_name: str
    number: int
    subject: str
    preheader: str
    #: UTC.
    created_at: datetime
    #: UTC; None if triggered by hand.
    slot_at: datetime | None
    #: Stories and one-liners.
    story_count: int = 0
    #: ISO 639-1 code of its first story; None where it could not be told.
    language: str | None = None

    @property
    def dated_at(self) -> datetime:
        """The instant whose local day is the edition's, UTC."""
        return self.slot_at or self.created_at


@dataclass(frozen=True, kw_only=True)
class ArchivedStory:
    """A story that a search found."""

    list_name: str
    #: The edition's.
    number: int
    #: Counted from 1, stories first, then one-liners.
    position: int
    headline: str
    #: Its summary; empty for a one-liner.
    body: str
    #: ISO 639-1 code; None where it could not be told.
    language: str | None
    #: When its edition was made, UTC.
    told_at: datetime


@dataclass(frozen=True, kw_only=True)
class ArchivedAddress:
    """Where an edition stands in the archive, for the sitemap."""

    list_name: str
    number: int
    #: UTC.
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """Numbers of the editions before and after one; None at the ends."""

    previous: int | None
    next: int | None


# What pages show: cleaned texts, dates in words, links that are safe to press.


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A run of characters; pieces join without anything between them."""

    text: str
    #: Whether it is what was looked for.
    is_marked: bool


@dataclass(frozen=True, kw_only=True)
class EditionLine:
    """An edition in a list of editions."""

    list_name: str
    number: int
    is_week: bool
    #: Its subject; of a weekly digest "The week of 16–22 November".
    title: str
    #: What else is in it; of a weekly digest its subject.
    more: str
    #: In the list's time zone.
    day: date
    #: "Monday 23 November 2026".
    date_words: str
    story_count: int
    #: Of title and words, or of the words alone if it is a week's.
    voice: Voice


@dataclass(frozen=True, kw_only=True)
class Month:
    """The editions of a month on one page, the newest first."""

    #: "November 2026".
    name: str
    editions: tuple[EditionLine, ...]


@dataclass(frozen=True, kw_only=True)
class ArchivePage:
    """A page of a list's editions."""

    months: tuple[Month, ...]
    #: What the next page goes on before; None on the last one.
    before: int | None

    @property
    def editions(self) -> Sequence[EditionLine]:
        """All of them, the newest first."""
        return [edition for month in self.months for edition in month.editions]


@dataclass(frozen=True, kw_only=True)
class SentenceView:
    """A sentence of a summary."""

    text: str
    #: Counted from 1 within its story; the last part of the address of its source page.
    number: int
    #: Who reported it; empty where the whole summary is from one document.
    source: str
    #: Whether there is a page that shows where it stands.
    is_shown: bool


@dataclass(frozen=True, kw_only=True)
class FigureView:
    """A number as one source gives it."""

    figure: str
    source: str
    #: The sentence that it stands in, as `SentenceView.number`.
    number: int
    is_shown: bool


@dataclass(frozen=True, kw_only=True)
class DifferenceView:
    """A number that sources give differently."""

    #: What is counted; empty where that could not be told.
    subject: str
    figures: tuple[FigureView, ...]


@dataclass(frozen=True, kw_only=True)
class SourceView:
    """One line under a story."""

    #: The outlet, and whose report it cites.
    name: str
    #: None where it is the story's headline.
    title: str | None
    #: Absolute http or https address; None where there is none, or none that is safe to press.
    url: str | None
    voice: Voice


@dataclass(frozen=True, kw_only=True)
class StoryView:
    """A story of an edition."""

    #: Counted from 1.
    number: int
    headline: str
    #: "Update", or None.
    label: str | None
    #: Of an update: "Tuesday 17 November"; None where that is the edition's own day, or not known.
    first_sent: str | None
    independent_sources: int
    sentences: tuple[SentenceView, ...]
    #: What a language model made of the sentences; empty if they are told as they are.
    rewrite: str
    #: Of an update: a sentence that was told before.
    context: SentenceView | None
    differences: tuple[DifferenceView, ...]
    sources: tuple[SourceView, ...]
    #: Sources that are not named.
    more_sources: int
    #: Beside the edition's.
    voice: Voice


@dataclass(frozen=True, kw_only=True)
class LineView:
    """A line of "Also today"."""

    #: As `ArchivedStory.position`.
    position: int
    headline: str
    label: str | None
    name: str
    url: str | None
    voice: Voice


@dataclass(frozen=True, kw_only=True)
class PartView:
    """A section of an edition, or what belongs to none."""

    #: The section's; empty where it has none.
    title: str
    stories: tuple[StoryView, ...]
    also: tuple[LineView, ...]


@dataclass(frozen=True, kw_only=True)
class EditionView:
    """An edition as a web page; nothing in it differs from reader to reader."""

    list_name: str
    number: int
    is_week: bool
    title: str
    #: The list's.
    list_title: str
    #: In the list's time zone.
    day: date
    date_words: str
    #: When it was made, UTC.
    created_at: datetime
    #: The days that it covers, "21–23 November", where they are several; else None.
    covers: str | None
    #: "14 articles", "9 stories", "3 min read".
    facts: tuple[str, ...]
    preheader: str
    language: str
    #: "ltr" or "rtl".
    direction: str
    stories: tuple[StoryView, ...]
    #: The same with the lines of "Also today", section by section: first what stands above all sections.
    parts: tuple[PartView, ...]
    #: Headlines of stories that found no place, each with its voice, as far as the edition keeps them.
    left_out: tuple[tuple[str, Voice], ...]
    #: Stories that found no place and whose headlines are not kept.
    more_stories: int
    #: Of its summaries, those that a language model reworded: "none", "some" or "all".
    reworded: str
    #: Whether words were left out of a sentence.
    is_shortened: bool
    #: Mailto address for mistakes; empty where the list has no address.
    report_url: str


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    """A paragraph of a document."""

    pieces: tuple[Piece, ...]
    #: Whether the sentence that is looked for begins in it.
    is_first: bool


@dataclass(frozen=True, kw_only=True)
class SourcePage:
    """A document, with the sentence marked that an edition told."""

    list_name: str
    number: int
    story: int
    sentence: int
    #: The story's headline.
    story_headline: str
    #: The document's.
    headline: str
    byline: str
    #: The outlet; empty where it is not known.
    source: str
    #: "23 November 2026".
    date_words: str
    day: date
    #: Absolute http or https address of the original, or None.
    url: str | None
    #: Whether the text is still kept; without it there are no paragraphs.
    is_kept: bool
    paragraphs: tuple[Paragraph, ...]
    #: The document's.
    voice: Voice
    #: The story headline's.
    story_voice: Voice


@dataclass(frozen=True, kw_only=True)
class FoundStory:
    """A story on the page of a search."""

    list_name: str
    list_title: str
    number: int
    #: Of its anchor on the edition's page, as `ArchivedStory.position`.
    position: int
    headline: tuple[Piece, ...]
    snippet: tuple[Piece, ...]
    day: date
    date_words: str
    voice: Voice


@dataclass(frozen=True, kw_only=True)
class SearchPage:
    """A page of what a search found, the best and newest first."""

    #: What was looked for, as it is shown again.
    query: str
    #: Whether there was anything to look for in it.
    has_terms: bool
    total: int
    #: Counted from 1.
    page: int
    page_count: int
    stories: tuple[FoundStory, ...]


@dataclass(frozen=True, kw_only=True)
class FeedEntry:
    """An edition in a feed."""

    #: A tag URI (RFC 4151), made of what never changes.
    id: str
    edition: EditionView
