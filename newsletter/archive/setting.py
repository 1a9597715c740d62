"""Setting: an edition becomes the page that its templates see."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from newsletter.archive.links import safe_link
from newsletter.archive.listing import week_title
from newsletter.archive.tracing import traced
from newsletter.editions.contents import entries
from newsletter.errors import MessageRefusedError
from newsletter.messages.layout import days_covered, facts, in_parts, report_url, rewording
from newsletter.messages.setting import credit, first_sent, own_title, reworded, told_label
from newsletter.messages.text import clean
from newsletter.model.archive import (
    ArchivedHeading,
    DifferenceView,
    EditionView,
    FigureView,
    LineView,
    PartView,
    SentenceView,
    SourceView,
    StoryView,
)
from newsletter.model.dates import date_words, days_words, local_day
from newsletter.model.editions import Edition, MailingList, OneLiner, is_weekly_name
from newsletter.model.explanations import StoryRole
from newsletter.model.stories import Disagreement, SourceCredit, Story, SummarySentence
from newsletter.model.voices import Voice, direction_of, voice_of

#: Sources named under a story, and headlines named of what found no place; the rest are counted.
_MOST_SOURCES, _MOST_LEFT_OUT = 12, 25


def set_edition(heading: ArchivedHeading, edition: Edition, mailing_list: MailingList) -> EditionView:
    """Make the page of an edition.

    Args:
        heading: The edition as the archive has it.
        edition: What it told.
        mailing_list: The list that it belongs to, or whose weekly digest it is.
    """
    day = local_day(heading.dated_at, mailing_list.time_zone)
    first, last = days_covered(edition, mailing_list.time_zone)
    is_week = is_weekly_name(heading.list_name)
    setter = _Setter(edition=edition, mailing_list=mailing_list, day=last)
    stories = tuple(setter.story(number, story) for number, story in enumerate(edition.stories, start=1))
    also = tuple(setter.line(len(stories) + place, line) for place, line in enumerate(edition.also, start=1))
    left_out = list(_left_out(edition))
    return EditionView(
        list_name=heading.list_name,
        number=heading.number,
        is_week=is_week,
        title=week_title(day) if is_week else clean(edition.subject),
        list_title=clean(mailing_list.title),
        day=day,
        date_words=date_words(day, weekday=True),
        created_at=edition.created_at,
        covers=days_words(first, last) if first < last and not is_week else None,
        facts=tuple(facts(edition)),
        preheader=clean(edition.preheader),
        language=edition.language,
        direction=direction_of(edition.language),
        stories=stories,
        parts=tuple(
            PartView(title=title, stories=told, also=lines)
            for title, told, lines in in_parts(edition, stories, also)
        ),
        left_out=tuple(left_out[:_MOST_LEFT_OUT]),
        more_stories=max(0, edition.left_out_stories - len(left_out[:_MOST_LEFT_OUT])),
        reworded=rewording(edition),
        is_shortened=edition.is_shortened,
        report_url=_report_url(mailing_list, heading),
    )


def _left_out(edition: Edition) -> Iterator[tuple[str, Voice]]:
    for entry in entries(edition):
        headline = clean(entry.headline)
        if entry.role is StoryRole.LEFT_OUT and headline:
            yield headline, voice_of(headline, None, beside=edition.language)


def _report_url(mailing_list: MailingList, heading: ArchivedHeading) -> str:
    try:
        return report_url(mailing_list, heading.number, is_weekly=is_weekly_name(heading.list_name))
    except MessageRefusedError:
        return ""


@dataclass(frozen=True, kw_only=True)
class _Setter:
    """Sets the stories and lines of one edition."""

    edition: Edition
    mailing_list: MailingList
    #: The edition's, in the list's time zone.
    day: date

    def story(self, number: int, story: Story) -> StoryView:
        """Set a story."""
        headline, rewrite = clean(story.headline), reworded(story.summary)
        numbers = {id(sentence): place for place, sentence in enumerate(traced(story), start=1)}
        several = len({sentence.source for sentence in story.summary.sentences}) > 1
        sentences = [
            self._sentence(sentence, numbers[id(sentence)], names_source=several)
            for sentence in story.summary.sentences
        ]
        told = rewrite or " ".join(sentence.text for sentence in sentences)
        return StoryView(
            number=number,
            headline=headline,
            label=told_label(story.label),
            first_sent=first_sent(story, self.day, self.mailing_list.time_zone),
            independent_sources=story.independent_sources,
            sentences=tuple(sentences),
            rewrite=rewrite,
            context=self._sentence(story.context, numbers[id(story.context)]) if story.context else None,
            differences=tuple(self._difference(one, numbers) for one in story.disagreements),
            sources=tuple(self._source(source, headline) for source in story.sources[:_MOST_SOURCES]),
            more_sources=max(0, len(story.sources) - _MOST_SOURCES),
            voice=voice_of(f"{headline} {told}", story.language, beside=self.edition.language),
        )

    def line(self, position: int, line: OneLiner) -> LineView:
        """Set a line of "Also today"."""
        headline = clean(line.headline)
        return LineView(
            position=position,
            headline=headline,
            label=told_label(line.label),
            name=credit(line.source),
            url=safe_link(line.source.url),
            voice=voice_of(headline, None, beside=self.edition.language),
        )

    def _sentence(
        self, sentence: SummarySentence, number: int, *, names_source: bool = False
    ) -> SentenceView:
        return SentenceView(
            text=clean(sentence.text),
            number=number,
            source=clean(sentence.source or "") if names_source else "",
            is_shown=self._is_shown(sentence),
        )

    def _is_shown(self, sentence: SummarySentence) -> bool:
        return self.mailing_list.shows_documents and sentence.document_id is not None

    def _difference(self, disagreement: Disagreement, numbers: dict[int, int]) -> DifferenceView:
        return DifferenceView(
            subject=clean(disagreement.subject),
            figures=tuple(
                FigureView(
                    figure=clean(claim.figure),
                    source=clean(claim.source),
                    number=numbers[id(claim.sentence)],
                    is_shown=self._is_shown(claim.sentence),
                )
                for claim in disagreement.claims
            ),
        )

    def _source(self, source: SourceCredit, headline: str) -> SourceView:
        return SourceView(
            name=credit(source),
            title=own_title(source, headline),
            url=safe_link(source.url),
            voice=voice_of(clean(source.title), None, beside=self.edition.language),
        )
