"""How the marks of two reports speak for one event, or against it: same numbers, other names, another day."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from newsletter.stories.grouping.profiles import Profile
from newsletter.stories.grouping.rows import Numbers, Rows
from newsletter.stories.grouping.weighing import Floats

#: What the likeness is multiplied by where the openings have no number in common and none at odds; what it is
#: multiplied by besides for each 1 of weight in common, and for each 1 at odds; and what weight is enough.
_NO_NUMBERS, _SAME_NUMBERS, _OTHER_NUMBERS, _SAME_ENOUGH, _OTHER_ENOUGH = 1.2, 1.65, 0.6, 1.0, 2.0
#: Weight in common from which numbers at odds do not count: each report chooses its own.
_NUMBERS_AGREE = 0.5
#: What is left where each headline has a telling name that the other report lacks; where each opening names
#: by two words whom the other report lacks; where each report begins with a day that the other lacks.
_OTHER_HEADLINE, _OTHER_PAIRS, _OTHER_FIRST_DAY = 0.4, 0.6, 0.78

Kind = TypeVar("Kind", np.int32, np.float64)


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """What marks leave of the likeness of one document to some others; shape (others,) each."""

    #: Of the openings: from 0.43, where numbers are at odds, to 1.98, where they are the same.
    numbers: Floats
    headline: Floats
    pairs: Floats
    first_day: Floats

    def only(self, where: NDArray[np.bool_]) -> "Contrast":
        """Return it with nothing said elsewhere."""
        numbers, headline, pairs, first_day = (
            np.where(where, factor, 1.0)
            for factor in (self.numbers, self.headline, self.pairs, self.first_day)
        )
        return Contrast(numbers=numbers, headline=headline, pairs=pairs, first_day=first_day)


class Contrasts:
    """Documents whose marks can be compared. Numbers of documents are places in the sequence given."""

    def __init__(self, profiles: Sequence[Profile], rows: Rows) -> None:
        """Lay the marks out.

        Args:
            profiles: Of all documents.
            rows: The same documents.
        """
        marks = [profile.marks for profile in profiles]
        self._holds = rows.holds
        self._numbers = _Ragged([each.numbers for each in marks])
        self._number_weights = _Ragged([each.number_weights for each in marks])
        self._all_numbers = _Ragged([each.all_numbers for each in marks])
        #: Zero for every term between two comparisons.
        self._scratch = np.zeros(len(rows.weights))
        self._sums = np.array([each.number_weights.sum() for each in marks], dtype=np.float64)
        self._headline = _Ragged([each.headline for each in marks])
        self._headline_weights = _Ragged([each.headline_weights for each in marks])
        self._first = _Ragged([each.pairs[:, 0] for each in marks])
        self._second = _Ragged([each.pairs[:, 1] for each in marks])
        self._first_days = np.array([each.day for each in marks], dtype=np.int64)
        self._days = np.array([profile.days for profile in profiles], dtype=np.int64)

    def contrast(self, number: int, others: Numbers) -> Contrast:
        """Compare the marks of one document with those of others.

        Args:
            number: The document.
            others: Numbers of documents, shape (n,).
        """
        return Contrast(
            numbers=self._numbers_factor(number, others),
            headline=_OTHER_HEADLINE ** self._other_headline(number, others),
            pairs=np.where(self._other_pairs(number, others), _OTHER_PAIRS, 1.0),
            first_day=np.where(self._other_first_day(number, others), _OTHER_FIRST_DAY, 1.0),
        )

    def _numbers_factor(self, number: int, others: Numbers) -> Floats:
        mine, scratch = self._numbers.of(number), self._scratch
        owners, theirs = self._numbers.take(others)
        weights = self._number_weights.take(others)[1]
        all_owners, all_theirs = self._all_numbers.take(others)
        scratch[mine] = self._number_weights.of(number)
        same = np.bincount(owners, weights * (scratch[theirs] > 0), len(others))
        there = np.bincount(all_owners, scratch[all_theirs], len(others))
        scratch[self._all_numbers.of(number)] = 1.0
        here = np.bincount(owners, weights * (scratch[theirs] > 0), len(others))
        scratch[mine] = scratch[self._all_numbers.of(number)] = 0.0
        # Each report has numbers of which the other could have had one.
        odds = np.minimum(self._sums[others] - here, self._sums[number] - there).clip(0.0, _OTHER_ENOUGH)
        odds = odds * np.clip(1 - same / _NUMBERS_AGREE, 0.0, 1.0)
        factor: Floats = _NO_NUMBERS * _SAME_NUMBERS ** np.minimum(same, _SAME_ENOUGH) * _OTHER_NUMBERS**odds
        return factor

    def _other_headline(self, number: int, others: Numbers) -> Floats:
        """Return how telling the names are that each headline has and the other report lacks, up to 1."""
        owners, theirs = self._headline.take(others)
        lacked = ~self._holds(np.full(len(theirs), number), theirs.astype(np.intp))
        of_theirs = np.bincount(owners, self._headline_weights.take(others)[1] * lacked, len(others))
        mine = self._headline.of(number).astype(np.intp)
        lacked = ~self._holds(np.repeat(others, len(mine)), np.tile(mine, len(others)))
        of_mine = lacked.reshape(len(others), len(mine)) @ self._headline_weights.of(number)
        lesser: Floats = np.minimum(np.minimum(of_theirs, of_mine), 1.0)
        return lesser

    def _other_pairs(self, number: int, others: Numbers) -> NDArray[np.bool_]:
        """Tell where each opening has a name of two words of which the other report holds neither."""
        owners, first = self._first.take(others)
        second = self._second.take(others)[1]
        here = np.full(len(first), number)
        lacked = ~self._holds(here, first.astype(np.intp)) & ~self._holds(here, second.astype(np.intp))
        of_theirs = np.bincount(owners, lacked, len(others)) > 0
        mine = (self._first.of(number).astype(np.intp), self._second.of(number).astype(np.intp))
        there = np.repeat(others, len(mine[0]))
        one, two = (self._holds(there, np.tile(names, len(others))) for names in mine)
        of_mine = (~one & ~two).reshape(len(others), len(mine[0])).any(axis=1)
        both: NDArray[np.bool_] = of_theirs & of_mine
        return both

    def _other_first_day(self, number: int, others: Numbers) -> NDArray[np.bool_]:
        theirs, mine = self._first_days[others], int(self._first_days[number])
        if mine < 0:
            return np.zeros(len(others), dtype=bool)
        lacked_here = (self._days[number] >> np.maximum(theirs, 0)) & 1 == 0
        lacked_there = (self._days[others] >> mine) & 1 == 0
        other: NDArray[np.bool_] = (theirs >= 0) & lacked_here & lacked_there
        return other


class _Ragged(Generic[Kind]):
    """Arrays of different lengths, one for each document."""

    def __init__(self, arrays: Sequence[NDArray[Kind]]) -> None:
        self._starts = np.cumsum([0, *(len(array) for array in arrays)])
        self._values: NDArray[Kind] = np.concatenate([np.empty(0, arrays[0].dtype), *arrays])

    def of(self, number: int) -> NDArray[Kind]:
        """Return the array of one document."""
        return self._values[self._starts[number] : self._starts[number + 1]]

    def take(self, numbers: Numbers) -> tuple[Numbers, NDArray[Kind]]:
        """Return the values of some documents, and beside each the place of its document in `numbers`."""
        starts = self._starts[numbers]
        lengths = self._starts[numbers + 1] - starts
        firsts = np.cumsum(lengths) - lengths
        picked = np.repeat(starts - firsts, lengths) + np.arange(int(lengths.sum()))
        owners: Numbers = np.repeat(np.arange(len(numbers)), lengths)
        return owners, self._values[picked]
