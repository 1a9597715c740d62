"""Documents as sparse rows, and the products of one with many others in all views at once."""

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from newsletter.stories.grouping.profiles import Profile
from newsletter.stories.grouping.weighing import Floats, normal, term_weights

#: Numbers of documents.
Numbers = NDArray[np.intp]
_Row = tuple[NDArray[np.int32], NDArray[np.float32]]


class View(IntEnum):
    """What is multiplied: the columns of `Rows.products`."""

    #: Cosine of all words.
    BODY = 0
    #: Cosine of the opening's words.
    LEAD = 1
    #: Cosine of names and numbers.
    NAMES = 2
    #: Share of the names in the one's opening that the other has.
    COVERED = 3
    #: Share of the names in the other's opening that the one has.
    COVERING = 4
    #: Share of the places that the one's opening names, which the other has.
    PLACED = 5
    #: Share of the places that the other's opening names, which the one has.
    PLACING = 6
    #: Common numbers.
    FIGURES = 7
    #: Common years.
    YEARS = 8
    #: Pieces of evidence that the common words are.
    PIECES = 9
    #: Pieces too many: words that stand side by side in both.
    LINKS = 10


#: Views of which one is what the other is seen from the other document.
_TURNED = {
    View.COVERED: View.COVERING,
    View.COVERING: View.COVERED,
    View.PLACED: View.PLACING,
    View.PLACING: View.PLACED,
}


class Rows:
    """Documents laid out to be multiplied. Numbers of documents are places in the sequence given."""

    def __init__(self, profiles: Sequence[Profile], terms: Sequence[str]) -> None:
        """Weigh the terms and lay the documents out.

        Args:
            profiles: Of all documents.
            terms: Of the vocabulary that made the profiles, by number.
        """
        #: How telling each term is.
        self.weights, self._evidence = term_weights(profiles, terms)
        links = _links(profiles, len(terms))
        # With one code behind all others, so that looking a code up never ends outside.
        repeated = np.append(_repeated(links), np.iinfo(np.int64).max)
        self._width = max(1, len(terms), len(repeated))
        rows = [
            self._row(profile, codes, repeated, len(terms))
            for profile, codes in zip(profiles, links, strict=True)
        ]
        lengths = [len(cells) for cells, _ in rows]
        self._starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        self._cells = np.concatenate([np.empty(0, np.int32), *(cells for cells, _ in rows)])
        self._values = np.concatenate([np.empty(0, np.float32), *(values for _, values in rows)])
        self._dense = np.zeros(len(View) * self._width, dtype=np.float32)
        #: Every term of every body as one ascending code each, and one that nothing equals.
        self._held = np.concatenate([
            np.empty(0, np.int64),
            *(number * self._width + p.body.ids.astype(np.int64) for number, p in enumerate(profiles)),
            np.full(1, np.iinfo(np.int64).max),
        ])  # fmt: skip

    def _row(
        self, profile: Profile, codes: NDArray[np.int64], repeated: NDArray[np.int64], term_count: int
    ) -> _Row:
        body, opening, places = profile.body.ids, profile.lead_names.ids, profile.places
        links = np.searchsorted(repeated, codes)
        known = repeated[links] == codes
        links, codes = links[known], codes[known]
        least = np.minimum(self._evidence[codes // term_count], self._evidence[codes % term_count])
        views: list[tuple[View, NDArray[np.int32], Floats]] = [
            (View.BODY, body, normal(profile.body, self.weights)),
            (View.LEAD, profile.lead.ids, normal(profile.lead, self.weights)),
            (View.NAMES, profile.names.ids, normal(profile.names, self.weights)),
            (View.COVERED, body, np.ones(len(body))),
            (View.COVERING, opening, _shares(self.weights[opening])),
            (View.PLACED, body, np.ones(len(body))),
            (View.PLACING, places, _shares(self._evidence[places])),
            (View.FIGURES, profile.figures, np.ones(len(profile.figures))),
            (View.YEARS, profile.years, np.ones(len(profile.years))),
            (View.PIECES, body, np.sqrt(self._evidence[body])),
            (View.LINKS, links.astype(np.int32), np.sqrt(least)),
        ]
        cells = np.concatenate([ids.astype(np.int64) + view * self._width for view, ids, _ in views])
        values = np.concatenate([values for _, _, values in views])
        return cells.astype(np.int32), values.astype(np.float32)

    def products(self, number: int, others: Numbers) -> Floats:
        """Multiply one document with some others.

        Args:
            number: The document.
            others: Numbers of documents, shape (n,).

        Returns:
            Shape (n, views).
        """
        mine = slice(self._starts[number], self._starts[number + 1])
        cells = self._turned(self._cells[mine])
        self._dense[cells] = self._values[mine]
        starts = self._starts[others]
        lengths = self._starts[others + 1] - starts
        firsts = np.cumsum(lengths) - lengths
        picked = np.repeat(starts - firsts, lengths) + np.arange(int(lengths.sum()))
        theirs = self._cells[picked]
        sums = np.repeat(np.arange(len(others)) * len(View), lengths) + theirs // self._width
        parts = self._dense[theirs] * self._values[picked]
        self._dense[cells] = 0.0
        products = np.bincount(sums, parts, len(others) * len(View)).astype(np.float64)
        return products.reshape(len(others), len(View))

    def holds(self, numbers: Numbers, terms: Numbers) -> NDArray[np.bool_]:
        """Tell of each document whether its words include the term beside it, shape (n,) each."""
        codes = numbers * self._width + terms
        places = np.searchsorted(self._held, codes)
        held: NDArray[np.bool_] = self._held[places] == codes
        return held

    def _turned(self, cells: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the cells of what a row is multiplied by: what one covers, the other is covered in."""
        turns = np.array([_TURNED.get(view, view) for view in View])
        views = cells // self._width
        turned: NDArray[np.int32] = (cells + (turns[views] - views) * self._width).astype(np.int32)
        return turned


def _shares(values: Floats) -> Floats:
    shares: Floats = values / max(float(values.sum()), 1e-9)
    return shares


def _links(profiles: Sequence[Profile], term_count: int) -> list[NDArray[np.int64]]:
    """Return for each document the pairs of words of which one first stands behind the other, as codes.

    No chain of such links closes, so that what two reports share of them never outweighs the words.
    """
    links = []
    for profile in profiles:
        running = profile.running.astype(np.int64)
        _, firsts = np.unique(running, return_index=True)
        firsts = firsts[firsts > 0]
        before, word = running[firsts - 1], running[firsts]
        links.append(np.minimum(before, word) * term_count + np.maximum(before, word))
    return links


def _repeated(links: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return the codes that more than one document has, in ascending order."""
    codes, counts = np.unique(np.concatenate([np.empty(0, dtype=np.int64), *links]), return_counts=True)
    repeated: NDArray[np.int64] = codes[counts > 1]
    return repeated
