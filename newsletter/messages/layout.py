"""Layout: an edition becomes the page that its templates see."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from newsletter.messages.addresses import mailto, web_link
from newsletter.messages.dates import date_words, days_words
from newsletter.messages.marks import Marks
from newsletter.messages.page import AlsoLine, Heading, Links, Newsletter, Page, Part, StoryBlock
from newsletter.messages.setting import Setter, is_right_to_left, reworded
from newsletter.messages.text import clean
from newsletter.model.editions import Edition, MailingList
from newsletter.model.stories import UNNAMED_SOURCE
from newsletter.model.subscribers import Cadence


def lay_out(edition: Edition, mailing_list: MailingList, *, view_url: str | None, marks: Marks) -> Page:
    """Make the page of an edition.

    Raises:
        MessageRefusedError: A source's link is not a web link, or an address is no mail address.
    """
    title = clean(mailing_list.title)
    report_address = mailing_list.reply_to or mailing_list.sender_address
    # A list and its weekly digest are numbered apart, and one person reads what is reported of both.
    series = f"{title} (weekly)" if mailing_list.cadence is Cadence.WEEKLY else title
    zone = ZoneInfo(mailing_list.time_zone)
    setter = Setter(
        language=edition.language,
        rtl=is_right_to_left(edition.language),
        day=_local_date(edition, zone),
        zone=zone,
    )
    stories = tuple(setter.story(number, story) for number, story in enumerate(edition.stories, start=1))
    also = tuple(map(setter.also, edition.also))
    return Page(
        newsletter=Newsletter(
            title=title,
            tagline=clean(mailing_list.tagline),
            postal_address=tuple(filter(None, map(clean, mailing_list.postal_address))),
        ),
        edition=_heading(edition, zone),
        stories=stories,
        also=also,
        parts=tuple(_parts(edition, stories, also)),
        more_stories=edition.left_out_stories,
        more_articles=len(edition.left_out_ids),
        links=Links(
            view=web_link(view_url) if view_url is not None else None,
            report=mailto(report_address, subject=f"Mistake in {series} No. {edition.number}"),
            report_address=clean(report_address),
        ),
        reader=marks,
    )


def _heading(edition: Edition, zone: ZoneInfo) -> Heading:
    last = _local_date(edition, zone)
    # The day of the edition before this one has had its edition.
    told_until = edition.covers_from.astimezone(zone).date() if edition.covers_from else last
    covered_days = max(1, (last - told_until).days)
    told = [bool(reworded(story.summary)) for story in edition.stories]
    sentences = [sentence for story in edition.stories for sentence in story.summary.sentences]
    return Heading(
        number=edition.number,
        date=date_words(last, weekday=True),
        covers=days_words(told_until + timedelta(days=1), last) if covered_days > 1 else None,
        covered_days=covered_days,
        language=edition.language,
        direction="rtl" if is_right_to_left(edition.language) else "ltr",
        subject=clean(edition.subject),
        preheader=clean(edition.preheader),
        facts=tuple(facts(edition)),
        reworded="all" if all(told) else "some" if any(told) else "none",
        shortened=any(sentence.cuts for sentence in sentences),
    )


def _local_date(edition: Edition, zone: ZoneInfo) -> date:
    return (edition.slot_at or edition.created_at).astimezone(zone).date()


def facts(edition: Edition) -> Iterator[str]:
    """Yield what readers find in the edition; what is left out or was told before is not counted."""
    document_ids = [one.document_ids for one in edition.stories] + [one.document_ids for one in edition.also]
    named = [source for story in edition.stories for source in story.sources]
    named += [line.source for line in edition.also]
    outlets = {clean(source.name).casefold() for source in named if source.name != UNNAMED_SOURCE}
    yield counted(sum(map(len, document_ids)), "new article", "new articles")
    yield counted(len(document_ids), "story", "stories")
    if outlets:
        yield counted(len(outlets), "source", "sources")
    yield f"{edition.reading_minutes} min read"


def counted(count: int, one: str, many: str) -> str:
    """Return a count with its noun, "1 story" or "9 stories"."""
    return f"{count:,} {one if count == 1 else many}"


def _parts(edition: Edition, stories: Sequence[StoryBlock], also: Sequence[AlsoLine]) -> Iterator[Part]:
    """Yield the first story alone if there are sections, each section, and what belongs to none."""
    of_stories = [story.section for story in edition.stories]
    of_lines = [line.section for line in edition.also]
    titles = [title for title in dict.fromkeys((*of_stories[1:], *of_lines)) if title]
    if not titles:
        yield Part(title="", stories=tuple(stories), also=tuple(also))
        return
    yield Part(title="", stories=tuple(stories[:1]), also=())
    for title in (*titles, ""):
        part = Part(
            title=clean(title),
            stories=tuple(
                block for block, own in zip(stories[1:], of_stories[1:], strict=True) if own == title
            ),
            also=tuple(line for line, own in zip(also, of_lines, strict=True) if own == title),
        )
        if part.stories or part.also:
            yield part


def headlines(edition: Edition) -> Sequence[str]:
    """Return the headlines of an edition as its readers must find them."""
    told = [story.headline for story in edition.stories]
    return [clean(headline) for headline in (*told, *(line.headline for line in edition.also))]
