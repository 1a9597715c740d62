"""Near copies: one text that several outlets carry."""

import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from newsletter.model.documents import Document
from newsletter.stories.grouping.marks import fold
from newsletter.stories.grouping.profiles import COMPARED_CHARACTERS, opening
from newsletter.stories.sentences import words

#: Words of a phrase.
_PHRASE_WORDS = 5
#: Bands of least phrases by which copies are found. Of pairs with four phrases of five in common, one in
#: 100,000 has no band in common.
_BANDS, _BAND_WIDTH = 16, 3
#: Texts that share a band with a text and are held against it.
_MOST_COMPARED = 8
#: Phrases that a text must have before it counts as a part of another.
_PART_PHRASES = 12

Phrases = NDArray[np.uint64]
_MIX = np.uint64(0x9E3779B97F4A7C15)
_ORDERS = np.random.default_rng(20_311).integers(
    1, 2**63, size=(_BANDS * _BAND_WIDTH, 1), dtype=np.uint64
) | np.uint64(1)


def find_copies(documents: Sequence[Document], *, cutoff: float) -> list[tuple[Document, ...]]:
    """Put documents together that are one text, or nearly.

    Two texts are copies if the phrases that both have are at least `cutoff` of the phrases that either has.
    The work grows with the number of documents, also where all are alike.

    Args:
        documents: In any order; the result does not depend on it.
        cutoff: 0 to 1; above 1 nothing is a copy.

    Returns:
        Every document once, in classes of one or more; the original first: one that another rests on, else
        the earliest.
    """
    ordered = sorted(documents, key=lambda document: (document.dated_at, document.id))
    classes: dict[int, list[Document]] = {}
    texts: dict[int, tuple[str, Phrases]] = {}
    shelves: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    for number, document in enumerate(ordered):
        found = phrases(document)
        language = (document.language or "").partition("-")[0]
        bands = list(_bands(found))
        near = dict.fromkeys(first for band in bands for first in shelves.get(band, ()))
        for first in near:
            spoken, other = texts[first]
            alike = language == spoken and _share(found, other) >= cutoff
            if alike and _are_of_one_length(document, classes[first][0], cutoff):
                classes[first].append(document)
                break
        else:
            classes[number], texts[number] = [document], (language, found)
            for band in bands:
                if len(shelves[band]) < _MOST_COMPARED:
                    shelves[band].append(number)
    return sorted((_original_first(found) for found in classes.values()), key=lambda found: found[0].id)


def phrases(document: Document) -> Phrases:
    """Return the distinct phrases of a document's text as numbers, in ascending order.

    A text of fewer words than a phrase has is one phrase; that of a document without text is its headline.
    """
    text = opening(document, COMPARED_CHARACTERS) or document.headline
    numbers = np.array([zlib.crc32(fold(word).encode()) for word in words(text)], dtype=np.uint64)
    if len(numbers) == 0:
        return np.empty(0, dtype=np.uint64)
    count = max(1, len(numbers) - _PHRASE_WORDS + 1)
    mixed = np.zeros(count, dtype=np.uint64)
    for place in range(min(_PHRASE_WORDS, len(numbers))):
        mixed = (mixed ^ numbers[place : place + count]) * _MIX
        mixed ^= mixed >> np.uint64(29)
    return np.unique(mixed)


def is_part(one: Phrases, other: Phrases, *, cutoff: float) -> bool:
    """Tell whether the shorter of two texts is a part of the longer, or they are copies."""
    least = min(len(one), len(other))
    if least == 0:
        return False
    common = len(np.intersect1d(one, other, assume_unique=True))
    needed = least if least >= _PART_PHRASES else len(one) + len(other) - common
    return common >= cutoff * needed


def _share(one: Phrases, other: Phrases) -> float:
    """Return the share of the phrases of either text that both have, 0 to 1."""
    common = len(np.intersect1d(one, other, assume_unique=True))
    return common / (len(one) + len(other) - common)


def _are_of_one_length(one: Document, other: Document, cutoff: float) -> bool:
    """Tell texts apart that go on differently behind what is compared."""
    lengths = sorted(sum(span.end - span.start for span in each.paragraphs) for each in (one, other))
    return lengths[1] <= COMPARED_CHARACTERS or lengths[0] >= cutoff * lengths[1]


def _bands(found: Phrases) -> Iterator[tuple[int, bytes]]:
    if len(found):
        least = (found * _ORDERS).min(axis=1)
        for band in range(_BANDS):
            yield band, least[band * _BAND_WIDTH : (band + 1) * _BAND_WIDTH].tobytes()


def _original_first(found: Sequence[Document]) -> tuple[Document, ...]:
    cited = {document.origin.casefold() for document in found if document.origin}
    return tuple(
        sorted(
            found,
            key=lambda document: (
                (document.source or "").casefold() not in cited, document.dated_at, document.id,
            ),
        )
    )  # fmt: skip
