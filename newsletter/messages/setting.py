"""Setting: stories and lines of an edition, cleaned, credited and named for readers."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from newsletter.messages.addresses import web_link
from newsletter.messages.page import (
    AlsoLine,
    Difference,
    Figure,
    Passage,
    SourceLine,
    StoryBlock,
)
from newsletter.messages.text import clean
from newsletter.model.dates import local_day, near_date_words
from newsletter.model.editions import OneLiner
from newsletter.model.stories import Disagreement, SourceCredit, Story, StoryLabel, Summary
from newsletter.model.voices import Voice, voice_of

#: Sources named under a story; with more, the rest are counted. Keeps a story of 200 reports readable,
#: and the mail below the size at which Gmail cuts it off.
MAX_SOURCES = 6

#: Numbers that sources give differently, under one story, and sources quoted for each.
MAX_DIFFERENCES, MAX_FIGURES = 2, 4

#: What says nothing about where a link leads.
EMPTY_PHRASES = frozenset({"here", "click here", "read more", "more", "link", "this"})

#: What the template calls its own links: no article of that name may stand in for them.
_OWN_LINKS = (
    "Unsubscribe",
    "View in browser",
    "Change how often you hear from us",
    "Report a mistake in No.",
    "+",
)


@dataclass(kw_only=True)
class Setter:
    """Sets stories and lines, and sees to it that no two links of an edition sound alike."""

    language: str
    #: The edition's day, in `time_zone`.
    day: date
    #: IANA name.
    time_zone: str
    #: Where each link name leads.
    _targets: dict[str, str] = field(default_factory=dict)

    def story(self, number: int, story: Story) -> StoryBlock:
        """Set a story; its number is its place in the edition, from 1."""
        headline, passages = clean(story.headline), tuple(_passages(story.summary))
        summary = " ".join(passage.text for passage in passages)
        shown = story.sources if len(story.sources) <= MAX_SOURCES + 1 else story.sources[:MAX_SOURCES]
        return StoryBlock(
            number=number,
            form=story.form.value,
            headline=headline,
            label=told_label(story.label),
            first_sent=first_sent(story, self.day, self.time_zone),
            independent_sources=story.independent_sources,
            summary=summary,
            passages=passages,
            reworded=bool(reworded(story.summary)),
            context=clean(story.context.text) or None if story.context else None,
            differences=tuple(map(_difference, story.disagreements[:MAX_DIFFERENCES])),
            voice=self._voice(f"{headline} {summary}", story.language),
            sources=tuple(self._source(source, headline, number) for source in shown),
            more_sources=len(story.sources) - len(shown),
        )

    def also(self, line: OneLiner) -> AlsoLine:
        """Set a line of "Also today"."""
        headline, name = clean(line.headline), credit(line.source)
        url = web_link(line.source.url) if line.source.url else None
        return AlsoLine(
            headline=headline,
            label=told_label(line.label),
            name=name,
            url=url,
            link_name=self._link_name(url, headline, f"{headline} – {name}", "also today"),
            voice=self._voice(headline, None),
        )

    def _source(self, source: SourceCredit, headline: str, number: int) -> SourceLine:
        name, title = credit(source), own_title(source, headline)
        url = web_link(source.url) if source.url else None
        spoken = f"{name}: {title or headline}"
        return SourceLine(
            name=name,
            title=title,
            url=url,
            link_name=self._link_name(url, title or "", spoken, f"story {number}"),
            voice=self._voice(clean(source.title), None),
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
        return voice_of(text, language, beside=self.language)


def reworded(summary: Summary) -> str:
    """Return what a language model made of a summary, cleaned; empty if readers get its sentences."""
    return clean(summary.rewrite or "")


def _passages(summary: Summary) -> Iterator[Passage]:
    """Yield the summary in runs of one source; unnamed where it has but one."""
    if words := reworded(summary):
        yield Passage(text=words, source=None)
        return
    named = [(clean(sentence.text), clean(sentence.source or "")) for sentence in summary.sentences]
    several = len({source for text, source in named if text}) > 1
    for source, run in itertools.groupby(named, key=lambda one: one[1] if several else ""):
        if text := " ".join(text for text, _ in run if text):
            yield Passage(text=text, source=source or None)


def _difference(disagreement: Disagreement) -> Difference:
    claims: Sequence[tuple[str, str]] = [
        (clean(claim.figure), clean(claim.source)) for claim in disagreement.claims[:MAX_FIGURES]
    ]
    return Difference(
        subject=clean(disagreement.subject),
        figures=tuple(Figure(figure=figure, source=source) for figure, source in claims),
    )


def told_label(label: StoryLabel) -> str | None:
    """Return what readers are told; that a story is new goes without saying."""
    return label.value if label is not StoryLabel.NEW else None


def first_sent(story: Story, day: date, time_zone: str) -> str | None:
    """Return when an update was told first, "Tuesday 24 November"; None on that day itself, or if not known.

    Args:
        story: The story.
        day: The edition's, in the time zone.
        time_zone: The list's, IANA name.
    """
    if story.label is not StoryLabel.UPDATE or story.first_told_at is None:
        return None
    first = local_day(story.first_told_at, time_zone)
    return near_date_words(first, seen_on=day) if first != day else None


def own_title(source: SourceCredit, headline: str) -> str | None:
    """Return the title of a source, cleaned; None where it is the story's headline, or there is none."""
    title = clean(source.title)
    return title if title and title.casefold() != headline.casefold() else None


def credit(source: SourceCredit) -> str:
    """Name an outlet, and whose report it rests on."""
    name, origin = clean(source.name), clean(source.origin or "")
    return f"{name}, citing {origin}" if origin else name
