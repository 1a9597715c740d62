"""How telling a term is: a name tells more than a word that all news is full of."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from newsletter.stories.grouping.profiles import Profile, Terms
from newsletter.stories.text.background import RARE_SHARE, commonness, rarity

Floats = NDArray[np.float64]

#: Reports that the table of common words stands for, and how many of those a document at hand counts for.
_BACKGROUND_REPORTS, _DOCUMENT_WEIGHT = 1500.0, 8.0
#: Common words weigh at least this much as evidence.
_LEAST_PIECE = 0.1


def term_weights(profiles: Sequence[Profile], terms: Sequence[str]) -> tuple[Floats, Floats]:
    """Return how telling each term is, and how much of a piece of evidence it is, 0 to 1; shape (terms,).

    Both rest on how many news reports have the term; how telling it is also on how many of the documents at
    hand have it, which matters the more the more there are.
    """
    shares = commonness()
    background = np.array([shares.get(term, RARE_SHARE) for term in terms])
    here = np.zeros(len(terms))
    for profile in profiles:
        here[profile.body.ids] += 1
    documents = len(profiles) * _DOCUMENT_WEIGHT
    seen = background * _BACKGROUND_REPORTS + np.maximum(1.0, here) * _DOCUMENT_WEIGHT
    telling = np.maximum(np.log((_BACKGROUND_REPORTS + documents) / seen), 0.0)
    evidence = np.clip([rarity(term) for term in terms], _LEAST_PIECE, 1.0)
    return telling, evidence


def normal(terms: Terms, weights: Floats) -> Floats:
    """Return the terms' values, (1 + ln(count)) x weight, scaled to length 1; shape (terms,)."""
    values: Floats = (1 + np.log(terms.counts)) * weights[terms.ids]
    norm = float(np.sqrt((values**2).sum()))
    return values / norm if norm > 0 else values
