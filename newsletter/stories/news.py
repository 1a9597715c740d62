"""What is new in documents that come after a story was told: an update, or nothing but repeats."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import islice

from newsletter.model.documents import Document, Span
from newsletter.model.stories import OpenStory, SummarySentence
from newsletter.stories.joining.crediting import outlet
from newsletter.stories.joining.pool import READ_DOCUMENTS, READ_SENTENCES, beginning
from newsletter.stories.repeats.facts import Facts, facts_of
from newsletter.stories.repeats.told import Told
from newsletter.stories.sentences import count_words, document_sentences
from newsletter.stories.text import readability

#: Share of the headline's terms, or of all that was told, that a document has which names nobody that was
#: named: with less it is on another event.
_COMMON_SHARE = 0.38
#: Sentences of a document that say what it is about.
_FIRST_SENTENCES = 3
#: What a sentence counts for that gives another number for what was told, wherever it stands.
_CHANGED_FIGURE = 2.0
#: Words of the line that reminds readers of what they were told.
_CONTEXT_WORDS = 30


class News(StrEnum):
    """What documents are to a list; the value is for the operator."""

    #: On an event that the list was not told of.
    NEW = "new"
    #: They say more than the list was told of the event.
    UPDATE = "update"
    #: They say nothing that the list was not told.
    REPEAT = "repeat"


@dataclass(frozen=True, kw_only=True)
class RepeatRules:
    """When a sentence, and when a document, says nothing new."""

    #: Likeness from which a sentence was told already, 0 to 1; see `Told.says`.
    repeat_cutoff: float = 0.5
    #: Likeness to one sentence of an earlier document from which it is old, told or not, 0 to 1.
    known_cutoff: float = 0.6
    #: News that a document must hold: a sentence of which nothing was told counts 1, and twice that among
    #: the first ones of the document.
    least_news: float = 1.7
    #: The same as a share of what there would be if all of it were new, 0 to 1.
    least_share: float = 0.15


def _nothing_is_old(text: str) -> bool:  # noqa: ARG001
    return False


@dataclass(frozen=True, kw_only=True)
class NewsDecision:
    """What documents are to a list, and what is to be told of them."""

    news: News
    #: Of an update: the sentences that are new, by document in the order given; else empty.
    sentences: tuple[SummarySentence, ...] = ()
    #: Of an update: a sentence or headline that was told, to remind readers; None where none can be found.
    context: SummarySentence | None = None
    #: Of an update: when the list was first told of the event, UTC.
    first_told_at: datetime | None = None
    #: Whether a sentence says nothing new, for whoever summarises the documents.
    is_old: Callable[[str], bool] = field(default=_nothing_is_old, compare=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class IsOld:
    """Says of a sentence whether it was told, or stood in an earlier document; survives pickling."""

    told: Told
    before: Told
    rules: RepeatRules

    def __call__(self, text: str) -> bool:
        """Return whether a sentence says nothing new."""
        return self.told.is_repeat(text, self.rules.repeat_cutoff) or self.before.is_repeat(
            text, self.rules.known_cutoff
        )


def decide_news(
    documents: Sequence[Document],
    known: Sequence[Document],
    story: OpenStory | None,
    *,
    elsewhere: Told | None = None,
    rules: RepeatRules | None = None,
) -> NewsDecision:
    """Decide what new documents on an event are to a list.

    A sentence is old if the story's sentences and headlines told it, or if a sentence of an earlier document
    says nearly the same: what was left out when the event was new is no news later.

    Args:
        documents: New documents on one event, the most central first.
        known: Earlier documents of the story.
        story: What the list was told of it; None if nothing.
        elsewhere: `Told.of_all` the list's stories, so that what they all repeat is not told again.
        rules: The thresholds.

    Returns:
        NEW also where the documents have next to nothing in common with what was told: they are on another
        event, whatever put them here.
    """
    rules = rules or RepeatRules()
    if story is None or not (story.headlines or story.told):
        return NewsDecision(news=News.NEW)
    language = next((d.language for d in [*documents, *known] if d.language), None)
    told = Told.of(story, language=language, elsewhere=elsewhere)
    if not any(_is_about(document, story, language) for document in documents):
        return NewsDecision(news=News.NEW)
    is_old = IsOld(told=told, before=Told(_texts(known), language=language, reach=1), rules=rules)
    read = documents[:READ_DOCUMENTS]
    found = [_news_of(document, told, is_old, rules) for document in read]
    sentences = tuple(sentence for news in found if news.is_enough for sentence in news.sentences)
    if not sentences:
        return NewsDecision(news=News.REPEAT, is_old=is_old)
    return NewsDecision(
        news=News.UPDATE,
        sentences=sentences,
        context=_context(story, known, language),
        first_told_at=story.first_told_at,
        is_old=is_old,
    )


def continued_threads(versions: Mapping[int, Sequence[int]], stories: Sequence[OpenStory]) -> dict[int, int]:
    """Return the threads that new documents go on because they are newer versions of what was told.

    Args:
        versions: Document to its earlier versions, the latest first.
        stories: The list's open stories.

    Returns:
        Document to thread; documents without a told version are not among them.
    """
    threads = {i: story.thread for story in stories for i in story.document_ids}
    return {
        document_id: next(threads[i] for i in earlier if i in threads)
        for document_id, earlier in versions.items()
        if any(i in threads for i in earlier)
    }


@dataclass(frozen=True, kw_only=True)
class _DocumentNews:
    """What one document adds."""

    sentences: tuple[SummarySentence, ...]
    #: Whether it is worth an update.
    is_enough: bool


def _news_of(
    document: Document, told: Told, is_old: Callable[[str], bool], rules: RepeatRules
) -> _DocumentNews:
    """Find what is new in a document, and whether it is enough to tell."""
    new: list[SummarySentence] = []
    amount = most = 0.0
    for place, span in enumerate(_readable_spans(document)):
        text = span.of(document.text)
        weight = 2.0 if place < _FIRST_SENTENCES else 1.0
        most += weight
        if not is_old(text):
            amount += _CHANGED_FIGURE if told.changes_figure(text) else weight * (1 - told.says(text))
            new.append(
                SummarySentence(text=text, span=span, document_id=document.id, source=outlet(document))
            )
    is_enough = amount >= max(rules.least_news, rules.least_share * most)
    tellable = any(_reads_alone(sentence.text) for sentence in new)
    return _DocumentNews(sentences=tuple(new), is_enough=is_enough and tellable)


def _readable_spans(document: Document) -> list[Span]:
    """Return the first sentences of a document, without what serves the page."""
    spans = islice(document_sentences(beginning(document)), READ_SENTENCES)
    return [span for span in spans if not readability.is_boilerplate(span.of(document.text))]


def _told_texts(story: OpenStory) -> list[str]:
    """Return the latest headlines and sentences that were told, the first headline before all others."""
    headlines = list(story.headlines or (story.headline,))
    latest = [*headlines[1:], *(sentence.text for sentence in story.told)]
    return [headlines[0], *latest[-READ_SENTENCES:]]


def _texts(documents: Sequence[Document]) -> list[str]:
    """Return headlines and sentences of documents."""
    texts: list[str] = []
    for document in documents[-READ_DOCUMENTS:]:
        texts += [document.headline, *(span.of(document.text) for span in _readable_spans(document))]
    return texts


def _reads_alone(text: str) -> bool:
    """Return whether a sentence can be told without the ones around it."""
    return not (
        readability.is_fragment(text)
        or readability.is_question(text)
        or readability.has_half_quotation(text)
        or readability.opens_dangling(text)
    )


def _is_about(document: Document, story: OpenStory, language: str | None) -> bool:
    """Return whether a document can be on the story's event: a told name recurs in it, or enough words do."""
    found = {term for text in _texts([document]) for term in facts_of(text, language=language).weights}
    told = [facts_of(text, language=language) for text in _told_texts(story)]
    if any(facts.names & found for facts in told):
        return True
    weights = {term: weight for facts in told for term, weight in facts.weights.items()}
    shares = [
        sum(weight for term, weight in terms.items() if term in found) / max(sum(terms.values()), 1e-9)
        for terms in (told[0].weights, weights)
    ]
    return max(shares) >= _COMMON_SHARE


def _context(story: OpenStory, known: Sequence[Document], language: str | None) -> SummarySentence | None:
    """Choose the told sentence that best says, alone and in few words, what the story is about."""
    headline = facts_of(story.headlines[0] if story.headlines else story.headline, language=language)
    tellable = [s for s in story.told if _reads_alone(s.text) and count_words(s.text) <= _CONTEXT_WORDS]
    if not tellable:
        return _headline_of(story, known)
    # The first of equals: it was told first.
    return max(tellable, key=lambda s: round(_share(headline, s.text, language), 3))


def _share(facts: Facts, text: str, language: str | None) -> float:
    """Return the share of some facts that a sentence has."""
    terms = facts_of(text, language=language).weights
    return sum(weight for term, weight in facts.weights.items() if term in terms) / max(facts.total, 1e-9)


def _headline_of(story: OpenStory, known: Sequence[Document]) -> SummarySentence | None:
    """Return the headline that was told as it stands in its document, if that is at hand."""
    for document in known:
        at = document.text.find(document.headline)
        if document.headline in story.headlines and at >= 0:
            span = Span(start=at, end=at + len(document.headline))
            return SummarySentence(text=document.headline, span=span, document_id=document.id)
    return None
