"""Tracing: where a sentence that an edition told stands in its document."""

from collections.abc import Iterator, Sequence
from datetime import date, time

from newsletter.archive.links import safe_link
from newsletter.errors import ArchiveNotFoundError
from newsletter.messages.text import clean
from newsletter.model.archive import Paragraph, Piece, SourcePage
from newsletter.model.dates import date_words, local_day
from newsletter.model.documents import Document, Span
from newsletter.model.editions import Edition, MailingList
from newsletter.model.stories import Story, SummarySentence
from newsletter.model.voices import voice_of
from newsletter.store.store import Store

#: Characters of a document that are shown before the sentence, and after it.
_SHOWN_AROUND = 8_000


def traced(story: Story) -> tuple[SummarySentence, ...]:
    """Return the sentences of a story that have a source page, in the order of their numbers, from 1.

    Those of the summary come first, then what was told before, then those that differing numbers stand in.
    """
    context = (story.context,) if story.context else ()
    claims = (claim.sentence for disagreement in story.disagreements for claim in disagreement.claims)
    return (*story.summary.sentences, *context, *claims)


def source_page(
    store: Store, edition: Edition, mailing_list: MailingList, *, story: int, sentence: int
) -> SourcePage:
    """Return the document of a sentence, with the sentence marked.

    Args:
        store: Where the document is.
        edition: What told it.
        mailing_list: Its list.
        story: The story's number, from 1.
        sentence: The sentence's number in `traced`, from 1.

    Raises:
        ArchiveNotFoundError: There is no such sentence, or its document is not shown.
    """
    told, wanted = _look_up(edition, story, sentence)
    documents = (
        store.documents.get_many([wanted.document_id], with_forgotten=True)
        if wanted.document_id is not None
        else []
    )
    if not mailing_list.shows_documents or not documents:
        raise ArchiveNotFoundError("the document of this sentence is not shown")
    (document,) = documents
    day = _day(document, mailing_list)
    return SourcePage(
        list_name=edition.list_name,
        number=edition.number,
        story=story,
        sentence=sentence,
        story_headline=clean(told.headline),
        headline=clean(document.headline),
        byline=clean(document.byline or ""),
        source=clean(document.credit or ""),
        date_words=date_words(day),
        day=day,
        url=safe_link(document.url),
        is_kept=document.forgotten_at is None,
        paragraphs=tuple(paragraphs(document.text, wanted, headline=document.headline)),
        voice=voice_of(document.text, document.language),
        story_voice=voice_of(told.headline, told.language),
    )


def _look_up(edition: Edition, story: int, sentence: int) -> tuple[Story, SummarySentence]:
    if not 1 <= story <= len(edition.stories):
        raise ArchiveNotFoundError(f"No. {edition.number} has no story {story}")
    told = edition.stories[story - 1]
    sentences = traced(told)
    if not 1 <= sentence <= len(sentences):
        raise ArchiveNotFoundError(f"story {story} of No. {edition.number} has no sentence {sentence}")
    return told, sentences[sentence - 1]


def _day(document: Document, mailing_list: MailingList) -> date:
    """Return the day of a document; a date without a time is the same in every zone."""
    published = document.published_at
    if published is not None and published.timetz().replace(tzinfo=None) == time():
        return published.date()
    return local_day(document.dated_at, mailing_list.time_zone)


def paragraphs(text: str, sentence: SummarySentence, *, headline: str = "") -> Iterator[Paragraph]:
    """Yield the paragraphs of a document with a sentence marked, less what was cut from it.

    Args:
        text: The document's.
        sentence: Where the sentence stands in it.
        headline: Left out where it stands alone as the first paragraph.
    """
    shown = Span(
        start=max(0, sentence.span.start - _SHOWN_AROUND),
        end=min(len(text), sentence.span.end + _SHOWN_AROUND),
    )
    marks, is_found = _marks(sentence), False
    for whole in _paragraph_spans(text):
        span = Span(start=max(whole.start, shown.start), end=min(whole.end, shown.end))
        if span.start >= span.end:
            continue
        pieces = tuple(_pieces(text, span, marks))
        is_marked = any(piece.is_marked for piece in pieces)
        if not pieces or (whole.start == 0 and whole.of(text) == headline and not is_marked):
            continue
        if span != whole:
            pieces = _with_dots(pieces, before=span.start > whole.start, after=span.end < whole.end)
        yield Paragraph(pieces=pieces, is_first=is_marked and not is_found)
        is_found = is_found or is_marked


def _paragraph_spans(text: str) -> Iterator[Span]:
    start = 0
    for part in text.split("\n\n"):
        yield Span(start=start, end=start + len(part))
        start += len(part) + 2


def _marks(sentence: SummarySentence) -> list[Span]:
    """Return what is marked: the sentence between its cuts."""
    marks, start = [], sentence.span.start
    for cut in sentence.cuts:
        marks.append(Span(start=start, end=cut.start))
        start = cut.end
    marks.append(Span(start=start, end=sentence.span.end))
    return marks


def _pieces(text: str, span: Span, marks: Sequence[Span]) -> Iterator[Piece]:
    place = span.start
    for mark in marks:
        start, end = max(mark.start, place), min(mark.end, span.end)
        if start >= end:
            continue
        yield from _piece(text[place:start], is_marked=False)
        yield from _piece(text[start:end], is_marked=True)
        place = end
    yield from _piece(text[place : span.end], is_marked=False)


def _piece(text: str, *, is_marked: bool) -> Iterator[Piece]:
    """Yield a text cleaned, with the spaces at its ends, if anything is left of it."""
    words = clean(text)
    if not words:
        if text.isspace():
            yield Piece(text=" ", is_marked=False)
        return
    before, after = (" " if text[end].isspace() else "" for end in (0, -1))
    yield Piece(text=f"{before}{words}{after}", is_marked=is_marked)


def _with_dots(pieces: Sequence[Piece], *, before: bool, after: bool) -> tuple[Piece, ...]:
    dots = Piece(text="…", is_marked=False)
    return (*([dots] if before else []), *pieces, *([dots] if after else []))
