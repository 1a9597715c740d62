"""Which documents have a chance to be alike, found without a look at all pairs."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from newsletter.stories.grouping.profiles import Ids, Profile
from newsletter.stories.grouping.weighing import Floats, normal

#: Terms of a document by which others like it are looked for, and documents that a term may lead to.
_SEARCH_TERMS, _LONGEST_POSTING = 64, 500
#: Least cosine over the common search terms, and the most candidates, of one document.
_LEAST_COSINE, _MOST_CANDIDATES = 0.015, 300
#: Below this cosine hardly any two reports are of one event: they share the words of its kind, and the larger
#: the day, the more do. Of such candidates a document has this many at most.
_WEAK_COSINE, _MOST_WEAK = 0.12, 40

Numbers = NDArray[np.intp]
#: The documents that have a term, and its value in each.
_Posting = tuple[Numbers, Floats]


def find_candidates(profiles: Sequence[Profile], weights: Floats) -> Iterator[tuple[int, Numbers]]:
    """Yield each document with the later ones that it may be like, in ascending order.

    Documents are found by their most telling terms, each of which leads to a bounded number of documents, so
    that the work grows with the number of documents and not with its square. Documents in two known languages
    never meet.

    Args:
        profiles: Of all documents.
        weights: How telling each term is, by its number.
    """
    searches = [_most_telling(profile, weights) for profile in profiles]
    postings = _postings(searches)
    languages = np.array([profile.language for profile in profiles])
    found: list[set[int]] = [set() for _ in profiles]
    for number, search in enumerate(searches):
        for other in _nearest(number, search, postings, languages).tolist():
            found[min(number, other)].add(max(number, other))
    for number, others in enumerate(found):
        yield number, np.array(sorted(others), dtype=np.intp)


def _most_telling(profile: Profile, weights: Floats) -> tuple[Ids, Floats]:
    values = normal(profile.body, weights)
    kept = np.lexsort((profile.body.ids, -values.round(9)))[:_SEARCH_TERMS]
    return profile.body.ids[kept], values[kept]


def _postings(searches: Sequence[tuple[Ids, Floats]]) -> dict[int, _Posting]:
    """Return the posting of each term that leads from one document to another."""
    if not searches:
        return {}
    terms = np.concatenate([ids for ids, _ in searches])
    values = np.concatenate([values for _, values in searches])
    rows = np.repeat(np.arange(len(searches)), [len(ids) for ids, _ in searches])
    order = np.argsort(terms, kind="stable")
    terms, values, rows = terms[order], values[order], rows[order]
    changes = (np.flatnonzero(terms[1:] != terms[:-1]) + 1).tolist()
    return {
        int(terms[first]): (rows[first:end], values[first:end])
        for first, end in zip([0, *changes], [*changes, len(terms)], strict=True)
        if 1 < end - first <= _LONGEST_POSTING
    }


def _nearest(
    number: int,
    search: tuple[Ids, Floats],
    postings: Mapping[int, _Posting],
    languages: NDArray[np.str_],
) -> Numbers:
    hits = [
        (posting[0], posting[1] * value)
        for term, value in zip(search[0].tolist(), search[1].tolist(), strict=True)
        if (posting := postings.get(term))
    ]
    if not hits:
        return np.empty(0, dtype=np.intp)
    cosines = np.bincount(
        np.concatenate([rows for rows, _ in hits]), np.concatenate([part for _, part in hits])
    )
    found: Numbers = np.flatnonzero(cosines >= _LEAST_COSINE)
    mine, theirs = languages[number], languages[found]
    found = found[(found != number) & ((mine == "") | (theirs == "") | (theirs == mine))]
    if len(found) > _MOST_WEAK:
        found = found[np.lexsort((found, -cosines[found].round(9)))[:_MOST_CANDIDATES]]
        strong = int((cosines[found] >= _WEAK_COSINE).sum())
        found = found[: strong + _MOST_WEAK]
    return found
