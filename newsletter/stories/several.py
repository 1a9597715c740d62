"""One summary out of several documents on one event, each sentence with its source."""

from collections.abc import Callable, Sequence, Set
from dataclasses import replace
from functools import partial

from newsletter.errors import SummarizerError
from newsletter.model.documents import Document
from newsletter.model.stories import Summary, SummarySentence
from newsletter.stories.joining.additions import Additions
from newsletter.stories.joining.crediting import outlet
from newsletter.stories.joining.pool import Pool, pool_sentences
from newsletter.stories.joining.relevance import relevant_sentences
from newsletter.stories.names import SUMMARIZER_NAMES
from newsletter.stories.summarize import get_summarizer, summarize

#: Sentences of the leading document that open the summary, where it has room for one more.
_OPENING = 2


def summarize_several(
    documents: Sequence[Document],
    *,
    summarizer: str = SUMMARIZER_NAMES[0],
    sentence_count: int | None = 3,
    word_limit: int = 110,
    language: str | None = None,
    leave_out: Callable[[str], bool] | None = None,
) -> Summary:
    """Summarize the documents of one story by whole sentences of theirs.

    The leading document opens, with the sentences that `summarize` chooses. After that a sentence of any
    document comes in for its place there and for what it adds to what is told (`Additions`). Where those of
    the others add less than the leading document's own, the summary is that document's alone. Into a summary
    of few sentences others come only with what bears on the event (`relevant_sentences`).

    Args:
        documents: The documents of one story, the most central first. Of those with one text the first is
            read, and so is a bounded part of the others (`pool_sentences`).
        summarizer: One of `SUMMARIZER_NAMES`.
        sentence_count: Most sentences, at least 1; None: as many as the words allow.
        word_limit: Most words of all sentences together; passed only where no sentence is short enough.
        language: ISO 639-1 code; None: each document's own.
        leave_out: Says of a sentence that it was told before; such are not told again.

    Returns:
        The summary; never empty. Its sentences come document by document, the leading one's first, and name
        their source where they are from more than one.

    Raises:
        SummarizerError: There is no document, or all was told before; the summarizer is unknown, or a number
            is below 1.
    """
    if not documents:
        raise SummarizerError("a summary needs at least 1 document")
    if (sentence_count is not None and sentence_count < 1) or word_limit < 1:
        raise SummarizerError("a summary needs at least 1 sentence and 1 word; raise the number")
    tell = partial(summarize, summarizer=summarizer, word_limit=word_limit, language=language)
    pool = pool_sentences(documents, language=language)
    told_before = _told_before(pool, leave_out)
    lead = _lead(pool, told_before)
    if len(pool.documents) == 1 and sentence_count is not None:
        return tell(lead, sentence_count=sentence_count, document_id=lead.id)
    opening_count = min(_OPENING, max(1, (sentence_count or _OPENING + 1) - 1))
    opening = tell(lead, sentence_count=opening_count, document_id=lead.id)
    opened = _places(pool, lead, opening)
    barred = told_before if sentence_count is None else told_before | _beside_the_point(pool, lead)
    additions = Additions(pool=pool, ranks=_ranks(pool, summarizer, language), barred=barred)
    chosen = additions.choose(list(opened), sentence_count=sentence_count, word_limit=word_limit)
    sentences = tuple(opened.get(index) or _sentence(pool, index) for index in chosen)
    if {sentence.document_id for sentence in sentences} - {lead.id}:
        return replace(opening, sentences=_with_sources(pool, sentences))
    if sentence_count is not None or not sentences:
        return tell(lead, sentence_count=sentence_count or _OPENING, document_id=lead.id)
    return replace(opening, sentences=sentences)


def _told_before(pool: Pool, leave_out: Callable[[str], bool] | None) -> frozenset[int]:
    """Return where the sentences stand in the pool that are not to be told again, or that lean on such."""
    if leave_out is None:
        return frozenset()
    barred: set[int] = set()
    for index, sentence in enumerate(pool.sentences):
        leans = sentence.dangling and sentence.position > 0 and index - 1 in barred
        if leans or leave_out(sentence.text):
            barred.add(index)
    return frozenset(barred)


def _beside_the_point(pool: Pool, lead: Document) -> frozenset[int]:
    """Return the sentences of the other documents that a summary of few sentences has no room for."""
    others = {
        index
        for index, sentence in enumerate(pool.sentences)
        if pool.documents[sentence.document].id != lead.id
    }
    return frozenset(others - relevant_sentences(pool))


def _lead(pool: Pool, told_before: Set[int]) -> Document:
    """Return the first document that has something to tell, without what was told before."""
    if not told_before:
        return pool.documents[0]
    for number, document in enumerate(pool.documents):
        left = [index for index in pool.indices_of(number) if index not in told_before]
        if left:
            return replace(document, paragraphs=tuple(pool.sentences[index].span for index in left))
    raise SummarizerError("all of it was told before; leave the story out")


def _places(pool: Pool, lead: Document, opening: Summary) -> dict[int, SummarySentence]:
    """Return the sentences of the opening by where they stand in the pool; a headline does not."""
    return {
        index: sentence
        for sentence in opening.sentences
        for index, pooled in enumerate(pool.sentences)
        if pool.documents[pooled.document].id == lead.id
        and pooled.span.start < sentence.span.end
        and sentence.span.start < pooled.span.end
    }


def _ranks(pool: Pool, summarizer: str, language: str | None) -> list[int]:
    """Return for each sentence how many of its document the summarizer ranks before it."""
    chosen = get_summarizer(summarizer)
    ranks: list[int] = []
    for number, document in enumerate(pool.documents):
        texts = [pool.sentences[index].text for index in pool.indices_of(number)]
        ranked = chosen.rank(texts, language=language or document.language, headline=document.headline)
        place = {position: rank for rank, position in enumerate(ranked)}
        ranks += [place.get(position, len(texts)) for position in range(len(texts))]
    return ranks


def _sentence(pool: Pool, index: int) -> SummarySentence:
    pooled = pool.sentences[index]
    return SummarySentence(text=pooled.text, span=pooled.span, document_id=pool.documents[pooled.document].id)


def _with_sources(pool: Pool, sentences: Sequence[SummarySentence]) -> tuple[SummarySentence, ...]:
    names = {document.id: outlet(document) for document in pool.documents}
    return tuple(
        replace(sentence, source=names[sentence.document_id])
        for sentence in sentences
        if sentence.document_id is not None
    )
