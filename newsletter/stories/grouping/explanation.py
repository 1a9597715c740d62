"""Why documents are one story: each beside the leading one, part by part."""

from collections.abc import Sequence

import numpy as np

from newsletter.model.documents import Document
from newsletter.model.explanations import GroupExplanation, Resemblance
from newsletter.model.stories import GroupingRules
from newsletter.stories.grouping.copies import find_copies
from newsletter.stories.grouping.likeness import Comparison
from newsletter.stories.grouping.profiles import Profile, Vocabulary
from newsletter.stories.grouping.weighing import normal

#: Terms that are named for each pair.
_TERMS_NAMED = 8
#: Documents outside that are looked at.
_MOST_OUTSIDE = 500


def explain_group(
    documents: Sequence[Document],
    *,
    outside: Sequence[Document] = (),
    rules: GroupingRules | None = None,
    goes_on: bool = False,
) -> GroupExplanation:
    """Set each document of a story beside its leading one.

    How telling a word is depends on the documents at hand, so that the figures come near those of the run
    that made the story and need not equal them.

    Args:
        documents: Of the story, the leading one first; at least one.
        outside: Documents of other stories, of which the most alike is named; of more, the first 500.
        rules: Which texts are copies.
        goes_on: All but the leading one were told before.

    Raises:
        ValueError: There is no document.
    """
    if not documents:
        raise ValueError("a story has at least one document")
    everybody = [*documents, *outside[:_MOST_OUTSIDE]]
    vocabulary = Vocabulary()
    profiles = [vocabulary.profile(document) for document in everybody]
    terms = vocabulary.terms()
    comparison = Comparison(profiles, terms, told=[goes_on and place > 0 for place in range(len(profiles))])
    others = np.arange(1, len(everybody))
    parts = comparison.parts(0, others)
    copies = _copies(documents, rules or GroupingRules())

    def resemblance(number: int) -> Resemblance:
        """Return how a document of the group resembles the leading one."""
        document, place = everybody[number], number - 1
        common = _common(profiles[0], profiles[number], comparison, terms)
        return Resemblance(
            document_id=document.id, headline=document.headline, likeness=float(parts.likeness[place]),
            parts=parts.named(place), common_terms=common, copy_of=copies.get(document.id),
        )  # fmt: skip

    strangers = range(len(documents), len(everybody))
    nearest = max(strangers, key=lambda number: (parts.likeness[number - 1], -number), default=None)
    return GroupExplanation(
        leading_id=documents[0].id,
        documents=tuple(resemblance(number) for number in range(1, len(documents))),
        nearest_outside=None if nearest is None else resemblance(nearest),
    )


def _copies(documents: Sequence[Document], rules: GroupingRules) -> dict[int, int]:
    """Return the original's id by the id of each copy."""
    return {
        copy.id: found[0].id
        for found in find_copies(documents, cutoff=rules.copy_cutoff)
        for copy in found[1:]
    }


def _common(one: Profile, other: Profile, comparison: Comparison, terms: Sequence[str]) -> tuple[str, ...]:
    ids, mine, theirs = np.intersect1d(one.body.ids, other.body.ids, assume_unique=True, return_indices=True)
    weights = comparison.weights
    strength = normal(one.body, weights)[mine] * normal(other.body, weights)[theirs]
    strongest = np.lexsort((ids, -strength.round(9)))[:_TERMS_NAMED]
    return tuple(terms[int(ids[place])] for place in strongest)
