"""How alike documents are: named parts of each pair, and what they add up to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from newsletter.stories.profiles import Profile
from newsletter.stories.weighing import normal, term_weights

Floats = NDArray[np.float64]

#: What each part of the likeness weighs.
WEIGHTS = {"words": 0.2, "lead": 0.1, "names": 0.3, "least names": 0.2, "mean names": 0.2}
#: What is left of the likeness of reports that name other days of the week, other numbers, other years.
_OTHER_DAYS, _OTHER_FIGURES, _OTHER_YEARS = 0.7, 0.7, 0.8
#: Numbers that both must give before it counts that none is the same.
_FIGURES_TO_COMPARE = 2
#: Pieces of common evidence from which two reports are taken to be as like as their words are.
_PIECES_TO_JOIN = 2.0
#: Pieces that two reports share without being on one event: a place, a name, an office.
_PIECES_BY_CHANCE = 1.0
#: Words worth that many pieces decide without a look at which of them stand side by side.
_PIECES_IN_PLENTY = 12.0
#: The products that are taken of each pair, in this order.
_BODY, _LEAD, _NAMES, _COVERED, _COVERING, _FIGURES, _YEARS, _PIECES = range(8)
_VIEWS = 8


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The parts of the likeness of one document to some others, an entry for each of them."""

    #: Cosine of the words; of the opening; of names and numbers.
    words: Floats
    lead: Floats
    names: Floats
    #: Share of the names in one opening that the other report has: the lesser of both ways, and the mean.
    least_names: Floats
    mean_names: Floats
    #: What is left of the sum for other days, numbers and years, and for want of evidence: 0 to 1.
    days: Floats
    figures: Floats
    years: Floats
    evidence: Floats
    #: All of it together, 0 to 1.
    likeness: Floats


class Comparison:
    """Documents ready to be compared. Numbers of documents are places in the sequence given."""

    def __init__(self, profiles: Sequence[Profile], terms: Sequence[str]) -> None:
        """Weigh the terms and lay them out.

        Args:
            profiles: Of all documents.
            terms: Of the vocabulary that made the profiles, by number.
        """
        self._profiles = profiles
        self._term_count = max(1, len(terms))
        #: How telling each term is.
        self.weights, self._evidence = term_weights(profiles, terms)
        self._days = np.array([profile.days for profile in profiles], dtype=np.int64)
        self._figure_counts = np.array([len(profile.figures) for profile in profiles])
        self._year_counts = np.array([len(profile.years) for profile in profiles])
        self._named = np.array([len(p.names.ids) > 0 and len(p.lead_names.ids) > 0 for p in profiles], bool)
        self._dense = np.zeros(_VIEWS * self._term_count, dtype=np.float32)
        self._lay_out()

    def _lay_out(self) -> None:
        """Put what each document has to be multiplied by into one row a document."""
        rows = [self._right(profile) for profile in self._profiles]
        self._starts = np.concatenate([[0], np.cumsum([len(places) for places, _ in rows])]).astype(np.int64)
        self._places = _joined([places for places, _ in rows], np.int32)
        self._values = _joined([values for _, values in rows], np.float32)

    def _left(self, profile: Profile) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        presence, cover = np.ones(len(profile.body.ids)), self._cover(profile)
        return self._stacked(profile, presence_of_body=presence, covered=cover, swap=False)

    def _right(self, profile: Profile) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        presence, cover = np.ones(len(profile.body.ids)), self._cover(profile)
        return self._stacked(profile, presence_of_body=presence, covered=cover, swap=True)

    def _cover(self, profile: Profile) -> Floats:
        weights = self.weights[profile.lead_names.ids]
        total = weights.sum()
        return weights / total if total > 0 else weights

    def _stacked(
        self, profile: Profile, *, presence_of_body: Floats, covered: Floats, swap: bool
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        body, opening = profile.body.ids, profile.lead_names.ids
        first, second = ((body, presence_of_body), (opening, covered))[:: 1 if swap else -1]
        views = [
            (_BODY, body, normal(profile.body, self.weights)),
            (_LEAD, profile.lead.ids, normal(profile.lead, self.weights)),
            (_NAMES, profile.names.ids, normal(profile.names, self.weights)),
            (_COVERED, *first),
            (_COVERING, *second),
            (_FIGURES, profile.figures, np.ones(len(profile.figures))),
            (_YEARS, profile.years, np.ones(len(profile.years))),
            (_PIECES, body, np.sqrt(self._evidence[body])),
        ]
        places = np.concatenate([ids + view * self._term_count for view, ids, _ in views])
        values = np.concatenate([values for _, _, values in views])
        return places.astype(np.int32), values.astype(np.float32)

    def parts(self, number: int, others: NDArray[np.intp]) -> Parts:
        """Compare one document with some others.

        Args:
            number: The document.
            others: Numbers of documents, shape (n,).

        Returns:
            Each part in shape (n,).
        """
        products = self._products(number, others)
        named = self._named[others] & bool(self._named[number])
        least = np.minimum(products[:, _COVERED], products[:, _COVERING])
        mean = (products[:, _COVERED] + products[:, _COVERING]) / 2
        plain = WEIGHTS["words"] * products[:, _BODY] + WEIGHTS["lead"] * products[:, _LEAD]
        full = plain + (
            WEIGHTS["names"] * products[:, _NAMES]
            + WEIGHTS["least names"] * least
            + WEIGHTS["mean names"] * mean
        )
        # A script without capitals names nobody: what its words say is all there is.
        total = np.where(named, full, plain / (WEIGHTS["words"] + WEIGHTS["lead"]))
        days = np.where(self._apart_in_days(number, others), _OTHER_DAYS, 1.0)
        figures = np.where(
            (products[:, _FIGURES] < 0.5)
            & (self._figure_counts[others] >= _FIGURES_TO_COMPARE)
            & (self._figure_counts[number] >= _FIGURES_TO_COMPARE),
            _OTHER_FIGURES,
            1.0,
        )
        years = np.where(
            (products[:, _YEARS] < 0.5) & (self._year_counts[others] > 0) & (self._year_counts[number] > 0),
            _OTHER_YEARS,
            1.0,
        )
        total = total * days * figures * years
        pieces = products[:, _PIECES] - (days < 1.0)
        evidence = self._evidence_of(number, others, pieces, products[:, _BODY])
        return Parts(
            words=products[:, _BODY], lead=products[:, _LEAD], names=products[:, _NAMES],
            least_names=least, mean_names=mean, days=days, figures=figures, years=years,
            evidence=evidence, likeness=np.clip(total * evidence, 0.0, 1.0).round(9),
        )  # fmt: skip

    def _products(self, number: int, others: NDArray[np.intp]) -> Floats:
        """Return the products of all views, shape (n, views)."""
        places, values = self._left(self._profiles[number])
        self._dense[places] = values
        starts, ends = self._starts[others], self._starts[others + 1]
        lengths = ends - starts
        firsts = np.cumsum(lengths) - lengths
        picked = np.repeat(starts - firsts, lengths) + np.arange(int(lengths.sum()))
        theirs = self._places[picked]
        owner = np.repeat(np.arange(len(others)) * _VIEWS, lengths) + theirs // self._term_count
        parts = self._dense[theirs] * self._values[picked]
        products = np.bincount(owner, parts, len(others) * _VIEWS).astype(np.float64)
        self._dense[places] = 0.0
        return products.reshape(len(others), _VIEWS)

    def _apart_in_days(self, number: int, others: NDArray[np.intp]) -> NDArray[np.bool_]:
        mine, theirs = int(self._days[number]), self._days[others]
        apart: NDArray[np.bool_] = (theirs != 0) & (mine != 0) & ((theirs & mine) == 0)
        return apart

    def _evidence_of(self, number: int, others: NDArray[np.intp], pieces: Floats, cosines: Floats) -> Floats:
        """Return what the want of common evidence leaves of the likeness.

        Words that stand side by side in both reports are one piece: a first name and a surname, or "the
        bridge at Ardo". Copies need no evidence.
        """
        doubtful = np.flatnonzero((pieces < _PIECES_IN_PLENTY) & (cosines > 0))
        if len(doubtful):
            mine = dict(self._links(number))
            for place in doubtful.tolist():
                pieces[place] -= sum(
                    min(weight, mine[link])
                    for link, weight in self._links(int(others[place]))
                    if link in mine
                )
        share = (pieces - _PIECES_BY_CHANCE) / (_PIECES_TO_JOIN - _PIECES_BY_CHANCE)
        enough: Floats = np.minimum(1.0, np.maximum(share, cosines**3))
        return enough

    def _links(self, number: int) -> Iterator[tuple[tuple[int, int], float]]:
        """Yield each word's link to the one that it first stands behind, and the lesser weight of the two.

        No chain of such links closes, so that what two reports share of them never outweighs the words.
        """
        running = self._profiles[number].running.tolist()
        known = set(running[:1])
        for before, word in pairwise(running):
            if word not in known:
                known.add(word)
                yield (
                    (min(before, word), max(before, word)),
                    float(min(self._evidence[before], self._evidence[word])),
                )


def _joined(arrays: Sequence[NDArray], kind: type) -> NDArray:  # type: ignore[type-arg]
    return np.concatenate(arrays).astype(kind) if arrays else np.empty(0, dtype=kind)
