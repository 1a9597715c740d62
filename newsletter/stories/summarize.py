"""Summaries: whole sentences of one document, chosen by rank and by what reads well alone."""

import re
from collections.abc import Sequence
from itertools import islice
from types import MappingProxyType
from typing import Protocol

from newsletter.errors import SummarizerError
from newsletter.model.documents import ParsedDocument, Span
from newsletter.model.stories import Summary, SummarySentence
from newsletter.stories.editor.choose import Draft, bearable_words
from newsletter.stories.extractive import EditorSummarizer, LeadSummarizer
from newsletter.stories.names import SUMMARIZER_NAMES
from newsletter.stories.sentences import count_words, split_sentences
from newsletter.stories.sumy import ALGORITHMS, SumySummarizer
from newsletter.stories.text.cleaning import CleanSentence, clean_sentences

#: Room for a word where one endless word fills a sentence.
_LETTERS_A_WORD = 12


class Summarizer(Protocol):
    """Ranks the sentences of a document; `summarize` chooses among them."""

    @property
    def name(self) -> str:
        """Name for settings and the command line."""
        ...

    def rank(self, sentences: Sequence[str], *, language: str | None, headline: str) -> list[int]:
        """Rank sentences by how well they stand for the document.

        Args:
            sentences: All sentences of a document in their order.
            language: ISO 639-1 code; None where unknown. Every language must give some ranking.
            headline: The document's headline; may be empty.

        Returns:
            Indices into `sentences`, best first; not necessarily all.
        """
        ...


_SUMMARIZERS: MappingProxyType[str, Summarizer] = MappingProxyType(
    {
        "editor": EditorSummarizer(),
        "lead": LeadSummarizer(),
        **{name: SumySummarizer(name=name) for name in ALGORITHMS},
    }
)


def get_summarizer(name: str) -> Summarizer:
    """Look up a summarizer.

    Args:
        name: One of `SUMMARIZER_NAMES`; case and surrounding spaces do not matter.

    Raises:
        SummarizerError: Nobody bears this name; the message lists all that are known.
    """
    try:
        return _SUMMARIZERS[name.strip().lower()]
    except KeyError:
        known = ", ".join(SUMMARIZER_NAMES)
        raise SummarizerError(f"unknown summarizer {name!r}; choose one of: {known}") from None


def summarize(
    document: ParsedDocument,
    *,
    summarizer: str = SUMMARIZER_NAMES[0],
    sentence_count: int = 3,
    word_limit: int = 110,
    language: str | None = None,
    document_id: int | None = None,
) -> Summary:
    """Summarize a document by whole sentences of its own.

    Sentences come verbatim, less agency tags and asides, in source order and none twice. One that adds no
    word to the headline comes only before one that leans on it, or for want of any other. Those that read
    badly alone (a quotation cut in half, "But he ...", captions, fragments, over 45 words) are passed over
    where others serve. A document that is short enough is given whole.

    Args:
        document: The document.
        summarizer: One of `SUMMARIZER_NAMES`.
        sentence_count: Most sentences, at least 1.
        word_limit: Most words of all sentences together; passed only where no sentence is short enough.
        language: ISO 639-1 code; None: the document's own.
        document_id: The document's id in the store, to be kept with each sentence.

    Returns:
        The summary; never empty. Without a usable sentence it is the headline.

    Raises:
        SummarizerError: The summarizer is unknown, or a number is below 1.
    """
    if sentence_count < 1 or word_limit < 1:
        raise SummarizerError("a summary needs at least 1 sentence and 1 word; raise the number")
    chosen = get_summarizer(summarizer)
    language = language or document.language
    found = clean_sentences(document)
    texts = [sentence.of(document.text) for sentence in found]
    draft = Draft.of(texts, headline=document.headline, language=language)
    indices = draft.whole(sentence_count=sentence_count, word_limit=word_limit)
    if texts and not indices:
        limits = {"sentence_count": sentence_count, "word_limit": word_limit}
        if isinstance(chosen, EditorSummarizer):
            indices = chosen.choose(draft, headline=document.headline, language=language, **limits)
        else:
            ranked = chosen.rank(texts, language=language, headline=document.headline)
            indices = draft.choose(ranked, **limits)
    told = [found[index] for index in indices] or [_last_resort(document, found, word_limit)]
    return Summary(
        sentences=tuple(
            SummarySentence(
                text=sentence.of(document.text),
                span=sentence.span,
                cuts=sentence.cuts,
                document_id=document_id,
            )
            for sentence in told
        ),
        method=chosen.name,
    )


def _last_resort(document: ParsedDocument, found: Sequence[CleanSentence], word_limit: int) -> CleanSentence:
    """Return the headline; where there is none to read, the beginning of the first sentence."""
    at = max(document.text.find(document.headline), 0)
    headline = Span(start=at, end=at + len(document.headline))
    unclean = [CleanSentence(span=span) for span in (headline, *split_sentences(document.text))]
    readable = [s for s in (unclean[0], *found, *unclean[1:]) if s.of(document.text).strip()]
    if not readable:
        raise SummarizerError("the document holds no text to summarize; leave it out")
    for sentence in readable:
        if count_words(sentence.of(document.text)) <= bearable_words(word_limit):
            return sentence
    return CleanSentence(span=_beginning(document.text, readable[0].span, word_limit))


def _beginning(text: str, span: Span, word_limit: int) -> Span:
    """Cut an endless sentence behind its first words: the only case where a sentence is not whole."""
    letters = _LETTERS_A_WORD * word_limit
    end = span.start
    for word in islice(re.finditer(r"\S+", text[span.start : span.end]), word_limit):
        if word.end() > letters:
            break
        end = span.start + word.end()
    if end == span.start:
        end = min(span.end, span.start + 2 * word_limit)
    return Span(start=span.start, end=end)
