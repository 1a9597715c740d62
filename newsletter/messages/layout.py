"""Layout: an edition becomes the page that its templates see."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import TypeVar

from newsletter.messages.addresses import mailto, web_link
from newsletter.messages.marks import Marks
from newsletter.messages.page import Heading, Links, Newsletter, Page, Part
from newsletter.messages.setting import Setter, reworded
from newsletter.messages.text import clean
from newsletter.model.dates import date_words, days_words, local_day
from newsletter.model.editions import Edition, MailingList
from newsletter.model.stories import UNNAMED_SOURCE
from newsletter.model.subscribers import Cadence
from newsletter.model.voices import direction_of
from newsletter.model.words import plural

_Story = TypeVar("_Story")
_Line = TypeVar("_Line")


def lay_out(edition: Edition, mailing_list: MailingList, *, view_url: str | None, marks: Marks) -> Page:
    """Make the page of an edition.

    Raises:
        MessageRefusedError: A source's link is not a web link, or an address is no mail address.
    """
    title = clean(mailing_list.title)
    time_zone = mailing_list.time_zone
    day = local_day(edition.dated_at, time_zone)
    setter = Setter(language=edition.language, day=day, time_zone=time_zone)
    stories = tuple(setter.story(number, story) for number, story in enumerate(edition.stories, start=1))
    also = tuple(map(setter.also, edition.also))
    return Page(
        newsletter=Newsletter(
            title=title,
            tagline=clean(mailing_list.tagline),
            postal_address=tuple(filter(None, map(clean, mailing_list.postal_address))),
        ),
        edition=_heading(edition, time_zone),
        stories=stories,
        also=also,
        parts=tuple(
            Part(title=title, stories=told, also=lines)
            for title, told, lines in in_parts(edition, stories, also)
        ),
        more_stories=edition.left_out_stories,
        more_articles=len(edition.left_out_ids),
        links=Links(
            view=web_link(view_url) if view_url is not None else None,
            report=report_url(mailing_list, edition.number, is_weekly=mailing_list.cadence is Cadence.WEEKLY),
            report_address=clean(mailing_list.contact_address),
        ),
        reader=marks,
    )


def report_url(mailing_list: MailingList, number: int, *, is_weekly: bool) -> str:
    """Return the mailto address by which readers report a mistake.

    Args:
        mailing_list: The list, or its weekly digest.
        number: Of the edition that the mistake is in.
        is_weekly: Whether that is a weekly digest.

    Raises:
        MessageRefusedError: The list's address is no mail address.
    """
    # A list and its weekly digest are numbered apart, and one person reads what is reported of both.
    weekly = " (weekly)" if is_weekly else ""
    title = clean(mailing_list.title)
    return mailto(mailing_list.contact_address, subject=f"Mistake in {title}{weekly} No. {number}")


def _heading(edition: Edition, time_zone: str) -> Heading:
    first, last = days_covered(edition, time_zone)
    return Heading(
        number=edition.number,
        date=date_words(last, weekday=True),
        covers=days_words(first, last) if first < last else None,
        covered_days=(last - first).days + 1,
        language=edition.language,
        direction=direction_of(edition.language),
        subject=clean(edition.subject),
        preheader=clean(edition.preheader),
        facts=tuple(facts(edition)),
        reworded=rewording(edition),
        shortened=edition.is_shortened,
    )


def days_covered(edition: Edition, time_zone: str) -> tuple[date, date]:
    """Return the first and the last of the days that an edition stands in for; the last is its own."""
    last = local_day(edition.dated_at, time_zone)
    if edition.covers_from is None:
        return last, last
    # The day of the edition before this one has had its edition.
    return min(last, local_day(edition.covers_from, time_zone) + timedelta(days=1)), last


def rewording(edition: Edition) -> str:
    """Return how many of an edition's summaries a language model reworded: "none", "some" or "all"."""
    told = [bool(reworded(story.summary)) for story in edition.stories]
    return "all" if told and all(told) else "some" if any(told) else "none"


def facts(edition: Edition) -> Iterator[str]:
    """Yield what readers find in the edition; what is left out or was told before is not counted."""
    document_ids = [one.document_ids for one in edition.stories] + [one.document_ids for one in edition.also]
    named = [source for story in edition.stories for source in story.sources]
    named += [line.source for line in edition.also]
    outlets = {clean(source.name).casefold() for source in named if source.name != UNNAMED_SOURCE}
    yield plural(sum(map(len, document_ids)), "new article")
    yield plural(len(document_ids), "story", "stories")
    if outlets:
        yield plural(len(outlets), "source")
    yield f"{edition.reading_minutes} min read"


def in_parts(
    edition: Edition, stories: Sequence[_Story], also: Sequence[_Line]
) -> Iterator[tuple[str, tuple[_Story, ...], tuple[_Line, ...]]]:
    """Yield the first story alone if there are sections, each section, and what belongs to none.

    Args:
        edition: Tells to which section each belongs.
        stories: Its stories as they are set, all of them in their order.
        also: Its lines of "Also today", likewise.

    Yields:
        The section's title, cleaned and empty where it has none, with its stories and its lines.
    """
    of_stories = [story.section for story in edition.stories]
    of_lines = [line.section for line in edition.also]
    titles = [title for title in dict.fromkeys((*of_stories[1:], *of_lines)) if title]
    if not titles:
        yield "", tuple(stories), tuple(also)
        return
    yield "", tuple(stories[:1]), ()
    for title in (*titles, ""):
        told = tuple(story for story, own in zip(stories[1:], of_stories[1:], strict=True) if own == title)
        lines = tuple(line for line, own in zip(also, of_lines, strict=True) if own == title)
        if told or lines:
            yield clean(title), told, lines


def headlines(edition: Edition) -> Sequence[str]:
    """Return the headlines of an edition as its readers must find them."""
    told = [story.headline for story in edition.stories]
    return [clean(headline) for headline in (*told, *(line.headline for line in edition.also))]
