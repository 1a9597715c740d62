"""Page: what the templates of an edition see, word by word cleaned and ready to be set."""

from dataclasses import dataclass

from newsletter.messages.marks import Marks
from newsletter.model.voices import Voice


@dataclass(frozen=True, kw_only=True)
class SourceLine:
    """One line under a story."""

    #: The outlet, and whose report it cites.
    name: str
    #: None where it is the story's headline, which need not be read twice.
    title: str | None
    url: str | None
    #: What the link is called where its visible words would not tell it from another.
    link_name: str | None
    voice: Voice


@dataclass(frozen=True, kw_only=True)
class Passage:
    """Sentences of a summary in a row that one source gave."""

    text: str
    #: Its name; None where the whole summary is from one source.
    source: str | None


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number as one source gives it."""

    figure: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A number that sources give differently."""

    #: What is counted, in the words of a source; empty where that could not be told.
    subject: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, kw_only=True)
class StoryBlock:
    """One story."""

    #: Counted from 1.
    number: int
    #: "lead" or "second".
    form: str
    headline: str
    #: "Update", or None.
    label: str | None
    #: Of an update: "Tuesday 24 November"; None where that is the edition's own day, or not known.
    first_sent: str | None
    independent_sources: int
    #: The passages in a row, or what a language model made of them.
    summary: str
    #: The summary in pieces, each with its source.
    passages: tuple[Passage, ...]
    #: Whether a language model reworded it.
    reworded: bool
    #: Of an update: a sentence that was told before, or None.
    context: str | None
    differences: tuple[Difference, ...]
    voice: Voice
    sources: tuple[SourceLine, ...]
    #: Sources that are not named.
    more_sources: int


@dataclass(frozen=True, kw_only=True)
class AlsoLine:
    """One line of "Also today"."""

    headline: str
    #: "Update", or None.
    label: str | None
    name: str
    url: str | None
    link_name: str | None
    voice: Voice


@dataclass(frozen=True, kw_only=True)
class Part:
    """A section of the edition, or what belongs to none."""

    #: The section's; empty where it has none.
    title: str
    stories: tuple[StoryBlock, ...]
    also: tuple[AlsoLine, ...]


@dataclass(frozen=True, kw_only=True)
class Newsletter:
    """The list, as its readers know it."""

    title: str
    tagline: str
    postal_address: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Heading:
    """The edition itself."""

    number: int
    #: "Monday 23 November 2026", in the list's time zone.
    date: str
    #: The days whose editions it stands in for, its own among them, where they are several:
    #: "21–23 November"; else None.
    covers: str | None
    #: How many they are.
    covered_days: int
    language: str
    #: "ltr" or "rtl".
    direction: str
    subject: str
    preheader: str
    #: "14 new articles", "9 stories", "5 sources", "3 min read".
    facts: tuple[str, ...]
    #: Of its summaries, those that a language model reworded: "none", "some" or "all".
    reworded: str
    #: Whether words were left out of a sentence.
    shortened: bool


@dataclass(frozen=True, kw_only=True)
class Links:
    """Addresses that are the same for every reader."""

    #: The edition as a web page; None where no web pages are served.
    view: str | None
    #: mailto.
    report: str
    #: Where `report` goes.
    report_address: str


@dataclass(frozen=True, kw_only=True)
class Page:
    """All that a template sees, by the names that it sees it under."""

    newsletter: Newsletter
    edition: Heading
    #: All stories told with a summary, and all lines of "Also today".
    stories: tuple[StoryBlock, ...]
    also: tuple[AlsoLine, ...]
    #: The same, section by section: first what stands above all sections, last what belongs to none.
    parts: tuple[Part, ...]
    #: Stories that are neither told nor under "Also today", and their articles.
    more_stories: int
    more_articles: int
    links: Links
    reader: Marks
