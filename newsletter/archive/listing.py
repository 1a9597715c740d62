"""Listing: a list's past editions by month, its weekly digests among them."""

from collections.abc import Iterable
from datetime import date, timedelta
from itertools import groupby

from newsletter.messages.text import clean
from newsletter.model.archive import ArchivedHeading, ArchivePage, EditionLine, Month
from newsletter.model.dates import date_words, days_words, local_day
from newsletter.model.editions import MailingList, is_weekly_name, weekly_name
from newsletter.model.voices import voice_of
from newsletter.store.store import Store


def page(
    store: Store, mailing_list: MailingList, *, before: int | None = None, limit: int = 30
) -> ArchivePage:
    """Return a page of a list's editions, the newest first.

    Args:
        store: Where they are.
        mailing_list: The list.
        before: `ArchivePage.before` of the page before it; None: the first page.
        limit: Editions on a page.
    """
    names = (mailing_list.name, weekly_name(mailing_list.name))
    headings = store.archive.latest(names, limit=limit + 1, before=before)
    shown = headings[:limit]
    lines = [line_of(heading, mailing_list) for heading in shown]
    return ArchivePage(months=tuple(_months(lines)), before=shown[-1].id if len(headings) > limit else None)


def latest(store: Store, mailing_list: MailingList) -> EditionLine | None:
    """Return a list's latest edition, weekly digests apart, or None if it has none."""
    headings = store.archive.latest([mailing_list.name], limit=1)
    return line_of(headings[0], mailing_list) if headings else None


def line_of(heading: ArchivedHeading, mailing_list: MailingList) -> EditionLine:
    """Return an edition as lists of editions show it."""
    day = local_day(heading.dated_at, mailing_list.time_zone)
    subject, is_week = clean(heading.subject), is_weekly_name(heading.list_name)
    return EditionLine(
        list_name=heading.list_name,
        number=heading.number,
        is_week=is_week,
        title=week_title(day) if is_week else subject,
        more=subject if is_week else clean(heading.preheader),
        day=day,
        date_words=date_words(day, weekday=True),
        story_count=heading.story_count,
        voice=voice_of(subject, heading.language),
    )


def week_title(day: date) -> str:
    """Return what a weekly digest is called by its day: "The week of 16–22 November"."""
    return f"The week of {days_words(day - timedelta(days=6), day)}"


def _months(lines: Iterable[EditionLine]) -> Iterable[Month]:
    for name, editions in groupby(lines, key=lambda line: date_words(line.day).partition(" ")[2]):
        yield Month(name=name, editions=tuple(editions))
