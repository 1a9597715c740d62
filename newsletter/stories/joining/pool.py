"""The sentences of several documents on one event, read within bounds and made comparable."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property

from newsletter.model.documents import Document, Span
from newsletter.stories.sentences import count_words
from newsletter.stories.sumy import stop_words
from newsletter.stories.text import readability
from newsletter.stories.text.cleaning import clean_sentences

#: Documents of a story that are read, the most central first.
READ_DOCUMENTS = 40
#: Sentences of a document that are read: news stands at the beginning.
READ_SENTENCES = 60
#: Characters of a document that are looked at for sentences.
_READ_CHARACTERS = 60_000
#: Characters of one sentence beyond which it is not worth reading.
_SENTENCE_CHARACTERS = 2_000


@dataclass(frozen=True, kw_only=True)
class PooledSentence:
    """A sentence of one of the documents."""

    text: str
    span: Span
    #: As `SummarySentence.cuts`.
    cuts: tuple[Span, ...]
    #: Which of the pool's documents it stands in, counted from 0, the leading one.
    document: int
    #: Its place among the sentences of that document, from 0.
    position: int
    word_count: int
    #: As `readability.content_words`.
    content: frozenset[str]
    #: Whether it leans on the sentence before it.
    dangling: bool
    #: Surnames that it gives together with a first name.
    full_names: frozenset[str]
    #: Capitalised words that could be surnames, without those.
    bare_names: frozenset[str]
    #: TF-IDF by content word, of length 1; empty where it holds none.
    vector: Mapping[str, float]
    #: What each content word brings to the sentence's centrality; in all, 0 to 1.
    shares: Mapping[str, float]

    @property
    def centrality(self) -> float:
        """Cosine with the sum of all sentences' vectors, 0 to 1."""
        return math.fsum(self.shares.values())

    def adds(self, told: Set[str]) -> float:
        """Return the part of the centrality that rests on words which are not among those told."""
        return math.fsum(share for word, share in self.shares.items() if word not in told)

    def likeness(self, other: "PooledSentence") -> float:
        """Return the cosine of two sentences, 0 to 1."""
        small, large = sorted((self.vector, other.vector), key=len)
        return math.fsum(weight * large[word] for word, weight in small.items() if word in large)


@dataclass(frozen=True, kw_only=True)
class Pool:
    """What was read of the documents."""

    #: The documents read, the leading one first; no two with one text.
    documents: tuple[Document, ...]
    #: By document, then in source order.
    sentences: tuple[PooledSentence, ...]

    def indices_of(self, document: int) -> list[int]:
        """Return where the sentences of one document stand in `sentences`."""
        return [index for index, sentence in enumerate(self.sentences) if sentence.document == document]

    @cached_property
    def nearness(self) -> tuple[float, ...]:
        """How much each document is like all others together: the cosine of their sums, 0 to 1."""
        sums = [
            _sum(self.sentences[index].vector for index in self.indices_of(number))
            for number in range(len(self.documents))
        ]
        whole = _sum(sentence.vector for sentence in self.sentences)
        found = []
        for own in sums:
            rest = {word: weight - own.get(word, 0.0) for word, weight in whole.items()}
            shared = math.fsum(weight * rest[word] for word, weight in own.items())
            found.append(round(shared / (_length(own) * _length(rest)), 9))
        return tuple(found)


@dataclass(frozen=True, kw_only=True)
class _Read:
    """A sentence before it is compared with the others."""

    text: str
    span: Span
    cuts: tuple[Span, ...]
    document: int
    position: int
    content: frozenset[str]


def pool_sentences(documents: Sequence[Document], *, language: str | None) -> Pool:
    """Read the sentences of the documents of one story.

    At most `READ_DOCUMENTS` documents and the first `READ_SENTENCES` sentences of each are read; of documents
    with one text only the first.

    Args:
        documents: The documents, the leading one first.
        language: ISO 639-1 code, for stop words; None: each document's own.
    """
    distinct: dict[str, Document] = {}
    for document in documents:
        if len(distinct) == READ_DOCUMENTS:
            break
        distinct.setdefault(" ".join(document.body[:_READ_CHARACTERS].casefold().split()), document)
    read = [
        sentence
        for index, document in enumerate(distinct.values())
        for sentence in _read(document, index, stop_words(language or document.language or "en"))
    ]
    return Pool(documents=tuple(distinct.values()), sentences=_compared(read))


def beginning(document: Document) -> Document:
    """Return a document whose paragraphs end where no more is read of it."""
    kept: list[Span] = []
    left = _READ_CHARACTERS
    for paragraph in document.paragraphs:
        if left <= 0:
            break
        kept.append(Span(start=paragraph.start, end=min(paragraph.end, paragraph.start + left)))
        left -= paragraph.end - paragraph.start
    return replace(document, paragraphs=tuple(kept))


def _read(document: Document, index: int, stopped: frozenset[str]) -> list[_Read]:
    cleaned = clean_sentences(beginning(document))[:READ_SENTENCES]
    return [
        _Read(
            text=text,
            span=sentence.span,
            cuts=sentence.cuts,
            document=index,
            position=position,
            content=readability.content_words(text[:_SENTENCE_CHARACTERS], stopped),
        )
        for position, sentence in enumerate(cleaned)
        for text in [sentence.of(document.text)]
    ]


def _compared(read: Sequence[_Read]) -> tuple[PooledSentence, ...]:
    """Weigh each content word by how few sentences hold it, and measure each sentence by their sum."""
    seen = Counter(word for sentence in read for word in sentence.content)
    vectors = [_vector(sentence.content, seen, len(read)) for sentence in read]
    total = _sum(vectors)
    length = _length(total)
    return tuple(
        PooledSentence(
            text=sentence.text,
            span=sentence.span,
            cuts=sentence.cuts,
            document=sentence.document,
            position=sentence.position,
            word_count=count_words(sentence.text),
            content=sentence.content,
            dangling=readability.opens_dangling(sentence.text),
            full_names=readability.full_names_in(sentence.text),
            bare_names=readability.surnames_in(sentence.text) - readability.full_names_in(sentence.text),
            vector=vector,
            shares={word: weight * total[word] / length for word, weight in vector.items()},
        )
        for sentence, vector in zip(read, vectors, strict=True)
    )


def _vector(content: frozenset[str], seen: Mapping[str, int], sentences: int) -> dict[str, float]:
    weights = {word: math.log((1 + sentences) / (1 + seen[word])) + 1 for word in sorted(content)}
    length = _length(weights)
    return {word: weight / length for word, weight in weights.items()}


def _sum(vectors: Iterable[Mapping[str, float]]) -> dict[str, float]:
    total: defaultdict[str, float] = defaultdict(float)
    for vector in vectors:
        for word, weight in vector.items():
            total[word] += weight
    return dict(total)


def _length(vector: Mapping[str, float]) -> float:
    """Return the length; 1 for nothing at all, lest anybody divide by it."""
    return math.sqrt(math.fsum(weight * weight for weight in vector.values())) or 1.0
