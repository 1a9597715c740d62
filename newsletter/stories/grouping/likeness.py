"""How alike documents are: named parts of each pair, and what they add up to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from newsletter.model.explanations import Part
from newsletter.stories.grouping.contrast import Contrast, Contrasts
from newsletter.stories.grouping.profiles import Profile
from newsletter.stories.grouping.rows import Numbers, Rows, View
from newsletter.stories.grouping.weighing import Floats

#: What each part of the likeness weighs.
_WORDS, _LEAD, _NAMES, _LEAST_NAMES, _MEAN_NAMES = 0.1, 0.1, 0.4, 0.2, 0.2
#: What is left of the likeness of reports that name other days of the week, or other years.
_OTHER_DAYS, _OTHER_YEARS = 0.75, 0.8
#: What the likeness is multiplied by where the one thing that is compared differs altogether, and where it is
#: the same altogether; 1 where there is nothing to compare. Tolls change legitimately, so that numbers never
#: decide alone.
_FIGURES, _FOREMOST, _PLACES = (0.6, 1.15), (0.75, 1.1), (0.5, 1.1)
#: What is left where only one report says where something happened, and the other does not name that place.
_UNNAMED_PLACE = 0.8
#: Common numbers that are enough: long reports give many, and each chooses its own.
_FIGURES_ENOUGH = 2
#: Reports of one event share more of their names than of their words, by this ratio; who share less are only
#: of one kind. What is left of their likeness at least, and what keeps small shares from deciding.
_NAMES_TO_WORDS, _OF_ONE_KIND, _LITTLE = 1.1, 0.3, 0.03
#: Pieces of common evidence from which two reports are taken to be as like as their words are.
_PIECES_TO_JOIN = 2.8
#: Pieces that two reports share without being on one event: a place, a name, an office.
_PIECES_BY_CHANCE = 1.0


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The parts of the likeness of one document to some others; shape (others,) each."""

    #: Cosine of the words, 0 to 1; of the openings; of names and numbers.
    words: Floats
    lead: Floats
    names: Floats
    #: Share of the names in one opening that the other report has: the lesser of both ways, and the mean.
    least_names: Floats
    mean_names: Floats
    #: What other days and years, fewer common names than words, and want of evidence leave of it, 0 to 1.
    days: Floats
    years: Floats
    kind: Floats
    evidence: Floats
    #: What the sum is multiplied by for other or the same places, numbers, and names in the foreground.
    places: Floats
    figures: Floats
    foremost: Floats
    #: What it is multiplied by for marks of one event among others of its kind.
    marks: Contrast
    #: The same for numbers of the opening, in favour no more than evidence allows.
    numbers: Floats
    #: Whether names could be compared; else words and lead are all there is.
    named_both: NDArray[np.bool_]
    #: All of it together, 0 to 1.
    likeness: Floats

    def named(self, place: int) -> tuple[Part, ...]:
        """Return the parts of one pair by name: what is added up, then what the sum is multiplied by."""
        spoken = [("words", self.words, _WORDS), ("lead", self.lead, _LEAD)]
        if self.named_both[place]:
            spoken += [
                ("names and numbers", self.names, _NAMES),
                ("names of the lead, least", self.least_names, _LEAST_NAMES),
                ("names of the lead, mean", self.mean_names, _MEAN_NAMES),
            ]
        whole = sum(weight for _, _, weight in spoken)
        factors = (
            ("days", self.days), ("years", self.years), ("places", self.places), ("numbers", self.figures),
            ("name in the foreground", self.foremost), ("names beside words", self.kind),
            ("evidence", self.evidence), ("numbers of the opening", self.numbers),
            ("names of the headline", self.marks.headline), ("names of two words", self.marks.pairs),
            ("first day", self.marks.first_day),
        )  # fmt: skip
        return (
            *(
                Part(name=name, value=float(part[place]), weight=weight / whole)
                for name, part, weight in spoken
            ),
            *(Part(name=name, value=float(part[place])) for name, part in factors),
        )


class Comparison:
    """Documents ready to be compared. Numbers of documents are places in the sequence given."""

    def __init__(
        self, profiles: Sequence[Profile], terms: Sequence[str], *, told: Sequence[bool] = ()
    ) -> None:
        """Weigh the terms and lay the documents out.

        Args:
            profiles: Of all documents.
            terms: Of the vocabulary that made the profiles, by number.
            told: Which of them are of told stories, one for each; empty: none. What goes on has other
                numbers, another headline and another day, so that marks say nothing between told and new.
        """
        self._told = np.array(told, dtype=bool) if told else np.zeros(len(profiles), dtype=bool)
        self._rows = Rows(profiles, terms)
        #: How telling each term is.
        self.weights = self._rows.weights
        self._days = np.array([profile.days for profile in profiles], dtype=np.int64)
        self._place_counts = np.array([len(profile.places) for profile in profiles])
        self._figure_counts = np.array([len(profile.figures) for profile in profiles])
        self._foremost = np.array([profile.foremost for profile in profiles], dtype=np.int64)
        self._year_counts = np.array([len(profile.years) for profile in profiles])
        self._contrasts = Contrasts(profiles, self._rows)
        self._named = np.array([len(p.names.ids) > 0 and len(p.lead_names.ids) > 0 for p in profiles], bool)

    def parts(self, number: int, others: Numbers) -> Parts:
        """Compare one document with some others.

        Args:
            number: The document.
            others: Numbers of documents, shape (n,).
        """
        products = self._rows.products(number, others)
        words, lead, names = (products[:, view] for view in (View.BODY, View.LEAD, View.NAMES))
        one_way, other_way = products[:, View.COVERED], products[:, View.COVERING]
        least, mean = np.minimum(one_way, other_way), (one_way + other_way) / 2
        plain = _WORDS * words + _LEAD * lead
        full = plain + _NAMES * names + _LEAST_NAMES * least + _MEAN_NAMES * mean
        # A script without capitals names nobody: what its words say is all there is.
        named: NDArray[np.bool_] = self._named[others] & bool(self._named[number])
        total = np.where(named, full, plain / (_WORDS + _LEAD))
        days, years = self._days_factor(number, others), self._years_factor(number, others, products)
        places, figures = (
            self._places_factor(number, others, products),
            self._figures_factor(number, others, products),
        )
        foremost, kind = self._foremost_factor(number, others), _kind_factor(words, names, named)
        total = total * days * years * places * figures * foremost * kind
        # Words side by side in both are one piece: a first name and a surname, or "the bridge at Ardo".
        pieces = products[:, View.PIECES] - products[:, View.LINKS] - (days < 1.0)
        share = (pieces - _PIECES_BY_CHANCE) / (_PIECES_TO_JOIN - _PIECES_BY_CHANCE)
        # Copies need no evidence, however short they are.
        evidence = np.clip(np.maximum(share, words**3), 0.0, 1.0)
        total = np.clip(total * evidence, 0.0, 1.0)
        at_once = self._told[others] == self._told[number]
        marks = self._contrasts.contrast(number, others).only(at_once)
        # Numbers in common make up for no want of evidence, and make nobody more alike than copies are.
        opened = np.where(marks.numbers > 1, marks.numbers ** (evidence * (1 - total)), marks.numbers)
        total = total * opened * marks.headline * marks.pairs * marks.first_day
        return Parts(
            words=words, lead=lead, names=names, least_names=least, mean_names=mean,
            named_both=named, days=days, years=years, kind=kind, evidence=evidence,
            places=places, figures=figures, foremost=foremost, marks=marks,
            numbers=opened, likeness=np.clip(total, 0.0, 1.0).round(9),
        )  # fmt: skip

    def _days_factor(self, number: int, others: Numbers) -> Floats:
        mine, theirs = int(self._days[number]), self._days[others]
        apart = (theirs != 0) & (mine != 0) & ((theirs & mine) == 0)
        return np.where(apart, _OTHER_DAYS, 1.0)

    def _years_factor(self, number: int, others: Numbers, products: Floats) -> Floats:
        dated = (self._year_counts[others] > 0) & bool(self._year_counts[number])
        return np.where(dated & (products[:, View.YEARS] < 0.5), _OTHER_YEARS, 1.0)

    def _places_factor(self, number: int, others: Numbers, products: Floats) -> Floats:
        mine, theirs = bool(self._place_counts[number]), self._place_counts[others] > 0
        share = np.maximum(products[:, View.PLACED], products[:, View.PLACING])
        unnamed = np.where((theirs | mine) & (share == 0), _UNNAMED_PLACE, 1.0)
        return np.where(theirs & mine, _between(_PLACES, share), unnamed)

    def _figures_factor(self, number: int, others: Numbers, products: Floats) -> Floats:
        least = np.minimum(self._figure_counts[others], self._figure_counts[number])
        share = products[:, View.FIGURES] / np.clip(least, 1, _FIGURES_ENOUGH)
        return np.where(least > 0, _between(_FIGURES, share), 1.0)

    def _foremost_factor(self, number: int, others: Numbers) -> Floats:
        mine, theirs = int(self._foremost[number]), self._foremost[others]
        held = self._rows.holds(others, np.full(len(others), mine)).astype(float)
        held += self._rows.holds(np.full(len(others), number), theirs)
        return np.where((theirs >= 0) & (mine >= 0), _between(_FOREMOST, held / 2), 1.0)


def _between(ends: tuple[float, float], share: Floats) -> Floats:
    """Return the factor for a share of 0 to 1, on a straight line from the one end to the other."""
    least, most = ends
    return least + (most - least) * np.clip(share, 0.0, 1.0)


def _kind_factor(words: Floats, names: Floats, named: NDArray[np.bool_]) -> Floats:
    ratio = (names + _LITTLE) / (words + _LITTLE) / _NAMES_TO_WORDS
    return np.where(named, np.clip(ratio, _OF_ONE_KIND, 1.0), 1.0)
