"""What the templates of an edition see: the edition's words, cleaned, counted and ready to be set."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from newsletter.messages.addresses import mailto, web_link
from newsletter.messages.marks import Marks
from newsletter.messages.text import clean, date_words, reads_right_to_left
from newsletter.model.editions import Edition, MailingList, OneLiner
from newsletter.model.stories import SourceCredit, Story, StoryLabel

#: Sources named under a story; with more, the rest are counted. Keeps a story of 200 reports readable,
#: and the mail below the size at which Gmail cuts it off.
MAX_SOURCES = 6

#: What says nothing about where a link leads.
EMPTY_PHRASES = frozenset({"here", "click here", "read more", "more", "link", "this"})

#: What the template calls its own links: no article of that name may stand in for them.
_OWN_LINKS = (
    "Unsubscribe",
    "View in browser",
    "Change how often you hear from us",
    "Report a mistake in No.",
)

#: Languages written from right to left (ISO 639-1 and 639-2 codes).
_RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "iw", "ps", "sd", "ug", "ur", "yi"})


@dataclass(frozen=True, kw_only=True)
class Voice:
    """The language and direction of a text, where they differ from the edition's."""

    #: ISO 639-1 code; None if it is the edition's, or not known.
    language: str | None = None
    #: "ltr" or "rtl"; None if it is the edition's.
    direction: str | None = None


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
class StoryBlock:
    """One story."""

    #: Counted from 1.
    number: int
    headline: str
    #: "Update", or None.
    label: str | None
    independent_sources: int
    summary: str
    voice: Voice
    sources: tuple[SourceLine, ...]
    #: Sources that are not named.
    more_sources: int


@dataclass(frozen=True, kw_only=True)
class AlsoLine:
    """One line of "Also today"."""

    headline: str
    name: str
    url: str | None
    link_name: str | None
    voice: Voice


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
    language: str
    #: "ltr" or "rtl".
    direction: str
    subject: str
    preheader: str
    #: "14 articles", "9 stories", "5 sources", "3 min read".
    facts: tuple[str, ...]


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
    stories: tuple[StoryBlock, ...]
    also: tuple[AlsoLine, ...]
    #: Articles that are neither told nor under "Also today".
    more_articles: int
    links: Links
    reader: Marks


def lay_out(edition: Edition, mailing_list: MailingList, *, view_url: str | None, marks: Marks) -> Page:
    """Make the page of an edition.

    Raises:
        MessageRefusedError: A source's link is not a web link, or an address is no mail address.
    """
    number, title = edition.number, clean(mailing_list.title)
    report_address = mailing_list.reply_to or mailing_list.sender_address
    rtl = _is_right_to_left(edition.language)
    setter = _Setter(language=edition.language, rtl=rtl)
    return Page(
        newsletter=Newsletter(
            title=title,
            tagline=clean(mailing_list.tagline),
            postal_address=tuple(filter(None, map(clean, mailing_list.postal_address))),
        ),
        edition=Heading(
            number=number,
            date=_local_date(edition, mailing_list.time_zone),
            language=edition.language,
            direction="rtl" if rtl else "ltr",
            subject=clean(edition.subject),
            preheader=clean(edition.preheader),
            facts=tuple(_facts(edition)),
        ),
        stories=tuple(setter.story(number, story) for number, story in enumerate(edition.stories, start=1)),
        also=tuple(setter.also(line) for line in edition.also),
        more_articles=len(edition.left_out_ids),
        links=Links(
            view=web_link(view_url) if view_url is not None else None,
            report=mailto(report_address, subject=f"Mistake in {title} No. {number}"),
            report_address=clean(report_address),
        ),
        reader=marks,
    )


def _local_date(edition: Edition, time_zone: str) -> str:
    instant = edition.slot_at or edition.created_at
    return date_words(instant.astimezone(ZoneInfo(time_zone)).date(), weekday=True)


def _facts(edition: Edition) -> Iterator[str]:
    named = [source for story in edition.stories for source in story.sources]
    named += [line.source for line in edition.also]
    outlets = {clean(source.name).casefold() for source in named}
    yield counted(len(edition.document_ids), "article", "articles")
    yield counted(len(edition.stories) + len(edition.also), "story", "stories")
    yield counted(len(outlets), "source", "sources")
    yield f"{edition.reading_minutes} min read"


def counted(count: int, one: str, many: str) -> str:
    """Return a count with its noun, "1 story" or "9 stories"."""
    return f"{count:,} {one if count == 1 else many}"


def _is_right_to_left(language: str) -> bool:
    return language.partition("-")[0].lower() in _RIGHT_TO_LEFT


@dataclass(kw_only=True)
class _Setter:
    """Sets stories and lines, and sees to it that no two links of an edition sound alike."""

    language: str
    rtl: bool
    #: Where each link name leads.
    _targets: dict[str, str] = field(default_factory=dict)

    def story(self, number: int, story: Story) -> StoryBlock:
        headline = clean(story.headline)
        shown = story.sources if len(story.sources) <= MAX_SOURCES + 1 else story.sources[:MAX_SOURCES]
        return StoryBlock(
            number=number,
            headline=headline,
            label=story.label.value if story.label is not StoryLabel.NEW else None,
            independent_sources=story.independent_sources,
            summary=clean(story.summary.text),
            voice=self._voice(f"{headline} {clean(story.summary.text)}", story.language),
            sources=tuple(self._source(source, headline, number) for source in shown),
            more_sources=len(story.sources) - len(shown),
        )

    def also(self, line: OneLiner) -> AlsoLine:
        headline, name = clean(line.headline), _credit(line.source)
        url = web_link(line.source.url) if line.source.url else None
        return AlsoLine(
            headline=headline,
            name=name,
            url=url,
            link_name=self._link_name(url, headline, f"{headline} – {name}", "also today"),
            voice=self._voice(headline, None),
        )

    def _source(self, source: SourceCredit, headline: str, number: int) -> SourceLine:
        name, title = _credit(source), clean(source.title)
        told = not title or title.casefold() == headline.casefold()
        url = web_link(source.url) if source.url else None
        spoken = f"{name}: {headline if told else title}"
        return SourceLine(
            name=name,
            title=None if told else title,
            url=url,
            link_name=self._link_name(url, "" if told else title, spoken, f"story {number}"),
            voice=self._voice(title, None),
        )

    def _link_name(self, url: str | None, visible: str, spoken: str, place: str) -> str | None:
        """Return the first name that leads nowhere else yet; None if the visible words will do.

        Links of one name must lead to one place (WCAG 2.4.4 and 2.4.9).
        """
        if url is None:
            return None
        numbered = (f"{spoken} ({place}, {count})" for count in itertools.count(2))
        for name in itertools.chain((visible, spoken, f"{spoken} ({place})"), numbered):
            vague = not name or name.lower() in EMPTY_PHRASES or name.startswith(_OWN_LINKS)
            if not vague and self._targets.setdefault(name, url) == url:
                return None if name == visible else name
        raise AssertionError("unreachable: the numbered names do not end")

    def _voice(self, text: str, language: str | None) -> Voice:
        rtl = _is_right_to_left(language) if language else reads_right_to_left(text)
        return Voice(
            language=language if language and language != self.language else None,
            direction=("rtl" if rtl else "ltr") if rtl != self.rtl else None,
        )


def _credit(source: SourceCredit) -> str:
    """Name an outlet, and whose report it rests on."""
    name, origin = clean(source.name), clean(source.origin or "")
    return f"{name}, citing {origin}" if origin else name


def headlines(edition: Edition) -> Sequence[str]:
    """Return the headlines of an edition as its readers must find them."""
    told = [story.headline for story in edition.stories]
    return [clean(headline) for headline in (*told, *(line.headline for line in edition.also))]
