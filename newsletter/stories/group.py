"""Documents of one event: likeness by words, and groups by average-link clustering."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from newsletter.model.documents import Document
from newsletter.stories.background import EVERYDAY_WORDS, NEWS_WORDS, WEEKDAYS
from newsletter.stories.sentences import document_sentences, words
from newsletter.stories.sumy import stop_words

#: More documents than this are grouped in blocks of neighbours in time, to keep memory flat.
BLOCK_DOCUMENTS = 2000
#: Characters of a document that are compared: enough for any report, a bound for everything else.
_COMPARED_CHARACTERS = 20_000
#: Terms multiplied at once.
_TERM_BLOCK = 2048
#: Names and numbers that a document must have before it is held against it that another shares none.
_NAMES_TO_COMPARE = 4
#: Cosine of names and numbers that one common first name or figure gives.
_SHARED_BY_CHANCE = 0.05
#: Less than any sum of likenesses can make up for.
_NEVER = -1.0e6
#: Pieces of common evidence from which two reports are taken to be as like as their words are.
_PIECES_TO_JOIN = 3.5
#: Pieces that two reports share without being on one event: a place, a name, an office.
_PIECES_BY_CHANCE = 1.0
#: What a word that is in the news every day counts for as evidence.
_EVERYDAY_WEIGHT = 0.33


def group_documents(documents: Sequence[Document], *, cutoff: float = 0.18) -> list[tuple[Document, ...]]:
    """Group the documents that report one event.

    Likeness of two documents is the cosine of their TF-IDF vectors over the whole text (weight .4), the
    headline and first three sentences (.3), and names and numbers (.3); frequencies are those of the batch.
    Reports that share no name and no number are told apart by that, and so are those that share a name or a
    place and little else, as short ones easily do. Groups are joined while their average
    likeness reaches `cutoff`. Documents in two known languages never meet. Above `BLOCK_DOCUMENTS` documents,
    only neighbours in time are compared.

    Args:
        documents: The documents, in any order; the result does not depend on it.
        cutoff: Average likeness from which two groups are one event; from 0 (everything) to 1 (copies only).

    Returns:
        Groups in order of their leading document's id. In each, the document most like the others leads; then
        the longer and then the one with the lower id.
    """
    ordered = sorted(documents, key=lambda document: document.id)
    if len(ordered) > BLOCK_DOCUMENTS:
        ordered.sort(key=lambda document: (document.dated_at, document.id))
    count = -(-len(ordered) // BLOCK_DOCUMENTS)
    groups: list[tuple[Document, ...]] = []
    for block in range(count):
        start, end = block * len(ordered) // count, (block + 1) * len(ordered) // count
        groups += _group_block(sorted(ordered[start:end], key=lambda document: document.id), cutoff)
    return sorted(groups, key=lambda group: group[0].id)


def independent_sources(documents: Sequence[Document]) -> int:
    """Count the sources that do not rest on one another.

    A document counts as whose report it rests on, else as its source: three papers that cite one agency are
    one source. Nothing shows that a document which names neither stands on its own: all such count as one,
    and only where nobody is named.

    Args:
        documents: The documents of one story.
    """
    named = {
        " ".join((document.origin or document.source or "").split()).casefold() for document in documents
    } - {""}
    return len(named) or min(1, len(documents))


def _group_block(documents: Sequence[Document], cutoff: float) -> list[tuple[Document, ...]]:
    likeness = _likeness(documents)
    return [
        tuple(documents[index] for index in _by_centrality(documents, members, likeness))
        for members in _average_link(likeness, cutoff)
    ]


def _by_centrality(
    documents: Sequence[Document], members: Sequence[int], likeness: NDArray[np.float64]
) -> list[int]:
    """Return the members with the one most like all others first."""

    def key(index: int) -> tuple[float, int, int]:
        document = documents[index]
        return (-round(float(likeness[index, members].sum()), 6), -len(document.text), document.id)

    return sorted(members, key=key)


def _likeness(documents: Sequence[Document]) -> NDArray[np.float64]:
    """Return the likeness of each pair; a view that either lacks is left out of their average."""
    total = np.zeros((len(documents), len(documents)))
    weights = np.zeros_like(total)
    for weight, view in _VIEWS:
        cosines, filled = _cosines([Counter(view(document)) for document in documents])
        both = np.outer(filled, filled)
        total += weight * cosines * both
        weights += weight * both
    likeness = np.divide(total, weights, out=np.zeros_like(total), where=weights > 0)
    likeness *= np.where(_strangers(documents), 0.5, 1.0)
    evidence = (_common_pieces(documents) - _PIECES_BY_CHANCE) / (_PIECES_TO_JOIN - _PIECES_BY_CHANCE)
    likeness *= np.minimum(1.0, np.maximum(evidence, likeness**3))
    languages = np.array([(document.language or "").partition("-")[0] for document in documents])
    known = languages != ""
    apart = (languages[:, None] != languages[None, :]) & known[:, None] & known[None, :]
    likeness[apart] = _NEVER
    return likeness


def _strangers(documents: Sequence[Document]) -> NDArray[np.bool_]:
    """Return which pairs name persons, places and numbers, but none in common.

    Reports on two earthquakes may agree in all other words.
    """
    counts = [Counter(_names_and_numbers(document)) for document in documents]
    naming = np.array([len(count) >= _NAMES_TO_COMPARE for count in counts], dtype=np.bool_)
    cosines, _ = _cosines(counts)
    return (cosines < _SHARED_BY_CHANCE) & np.outer(naming, naming)


def _common_pieces(documents: Sequence[Document]) -> NDArray[np.float64]:
    """Return how many pieces of evidence each pair has in common.

    Words that stand side by side in both reports are one piece: a first name and a surname, or "the bridge at
    Ardo". Everyday words weigh less, and to name other weekdays takes a piece away.
    """
    told = [list(_body_words(document)) for document in documents]
    pieces = [{word: _weight(word) for word in found} for found in told]
    links = [dict(_links(found)) for found in told]
    return _shared_weight(pieces) - _shared_weight(links) - _on_other_days(documents)


def _links(found: Sequence[str]) -> Iterator[tuple[str, float]]:
    """Yield each word's link to the one that it first stands behind, and the lesser weight of the two.

    No chain of such links closes, so that what two reports share of them never outweighs the words.
    """
    known = set(found[:1])
    for before, word in pairwise(found):
        if word not in known:
            known.add(word)
            yield " ".join(sorted((before, word))), min(_weight(before), _weight(word))


def _on_other_days(documents: Sequence[Document]) -> NDArray[np.bool_]:
    """Return which pairs name weekdays, but none in common."""
    found = [words(document.text[:_COMPARED_CHARACTERS]) for document in documents]
    days = [dict.fromkeys({word.casefold() for word in each} & WEEKDAYS, 1.0) for each in found]
    naming = np.array([bool(each) for each in days], dtype=np.bool_)
    apart: NDArray[np.bool_] = np.outer(naming, naming) & (_shared_weight(days) == 0)
    return apart


def _weight(word: str) -> float:
    return _EVERYDAY_WEIGHT if word in EVERYDAY_WORDS else 1.0


def _shared_weight(found: Sequence[dict[str, float]]) -> NDArray[np.float64]:
    """Return for each pair the sum of what their common terms weigh."""
    seen = Counter(term for terms in found for term in terms)
    column = {term: index for index, term in enumerate(term for term in seen if seen[term] > 1)}
    cells = [
        (row, column[term], weight)
        for row, terms in enumerate(found)
        for term, weight in terms.items()
        if term in column
    ]
    return _products(
        np.array([row for row, _, _ in cells], dtype=np.intp),
        np.array([at for _, at, _ in cells], dtype=np.intp),
        np.sqrt([weight for _, _, weight in cells]),
        len(found),
    )


def _body_words(document: Document) -> Iterator[str]:
    text = document.body or document.headline
    return _telling(words(f"{document.headline} {text}"[:_COMPARED_CHARACTERS]), document.language)


def _lead_words(document: Document) -> Iterator[str]:
    lead = [span.of(document.text)[:2000] for span in document_sentences(document)[:3]]
    return _telling(words(" ".join([document.headline, *lead])), document.language)


def _names_and_numbers(document: Document) -> Iterator[str]:
    text = document.body[:_COMPARED_CHARACTERS] or document.headline
    spoken = stop_words(document.language or "en") | NEWS_WORDS
    for word in words(text):
        if (word[0].isupper() or word[0].isdigit()) and word.casefold() not in spoken:
            yield word.removesuffix("'s").removesuffix("’s")


def _telling(found: Sequence[str], language: str | None) -> Iterator[str]:
    """Yield the words that tell one report from another, folded."""
    spoken = stop_words(language or "en") | NEWS_WORDS
    for word in found:
        folded = word.casefold().removesuffix("'s").removesuffix("’s")
        if len(folded) > 1 and folded not in spoken:
            yield folded


_VIEWS: tuple[tuple[float, Callable[[Document], Iterator[str]]], ...] = (
    (0.4, _body_words),
    (0.3, _lead_words),
    (0.3, _names_and_numbers),
)


def _cosines(counts: Sequence[Counter[str]]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return TF-IDF cosines of all pairs, and which documents have any term at all.

    Term frequency is 1 + ln(tf), inverse document frequency ln((1 + n) / (1 + df)) + 1.
    """
    size = len(counts)
    frequency = Counter(term for count in counts for term in count)
    shared = sorted(term for term, seen in frequency.items() if seen > 1)
    column = {term: index for index, term in enumerate(shared)}
    norms = np.zeros(size)
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    for row, count in enumerate(counts):
        for term in sorted(count):
            idf = np.log((1 + size) / (1 + frequency[term])) + 1
            value = (1 + np.log(count[term])) * idf
            norms[row] += value * value
            if term in column:
                rows.append(row)
                columns.append(column[term])
                values.append(value)
    filled = norms > 0
    cosines = _products(
        np.array(rows, dtype=np.intp), np.array(columns, dtype=np.intp), np.array(values), size
    )
    scale = np.sqrt(np.where(filled, norms, 1.0))
    cosines /= np.outer(scale, scale)
    np.fill_diagonal(cosines, 1.0)
    return cosines, filled


def _products(
    rows: NDArray[np.intp], columns: NDArray[np.intp], values: NDArray[np.float64], size: int
) -> NDArray[np.float64]:
    """Multiply a sparse matrix by its transpose, some terms at a time so that memory stays flat."""
    total = np.zeros((size, size))
    order = np.argsort(columns, kind="stable")
    rows, columns, values = rows[order], columns[order], values[order]
    last = int(columns[-1]) + 1 if len(columns) else 0
    for first in range(0, last, _TERM_BLOCK):
        start, end = np.searchsorted(columns, [first, first + _TERM_BLOCK])
        dense = np.zeros((size, _TERM_BLOCK), dtype=np.float32)
        dense[rows[start:end], columns[start:end] - first] = values[start:end]
        total += dense @ dense.T
    return (total + total.T) / 2


def _average_link(likeness: NDArray[np.float64], cutoff: float) -> list[list[int]]:
    """Cluster by average link, following chains of nearest neighbours.

    Average link never brings a third cluster nearer than the nearer of two that join, so a cluster whose
    nearest neighbour is beyond the cut-off stays as it is, and the order of the joins does not matter.
    """
    near = likeness.copy()
    np.fill_diagonal(near, -np.inf)
    members: dict[int, list[int]] = {index: [index] for index in range(len(near))}
    finished: list[list[int]] = []
    chain: list[int] = []
    while members:
        if not chain:
            chain.append(min(members))
        tip = chain[-1]
        nearest = int(np.argmax(near[tip]))
        before = chain[-2] if len(chain) > 1 else None
        if before is not None and near[tip, before] >= near[tip, nearest]:
            del chain[-2:]
            _join(near, members, min(tip, before), max(tip, before))
        elif near[tip, nearest] >= cutoff:
            chain.append(nearest)
        else:
            chain.pop()
            finished.append(sorted(members.pop(tip)))
            near[tip, :] = near[:, tip] = -np.inf
    return finished


def _join(near: NDArray[np.float64], members: dict[int, list[int]], kept: int, gone: int) -> None:
    """Join cluster `gone` into `kept`; likeness to others is the average over all pairs."""
    kept_size, gone_size = len(members[kept]), len(members[gone])
    average = (kept_size * near[kept] + gone_size * near[gone]) / (kept_size + gone_size)
    near[kept, :] = near[:, kept] = average
    near[gone, :] = near[:, gone] = -np.inf
    near[kept, kept] = -np.inf
    members[kept] += members.pop(gone)
