"""Centrality: how much of the other news a story has in common with."""

import math
import re
from collections import Counter
from collections.abc import Sequence

from newsletter.model.stories import Story

#: Words long enough to mean something, and numbers.
_TERM = re.compile(r"\d+|\w{4,}")

#: Characters of a summary that are looked at.
_MOST_CHARACTERS = 2_000


def centralities(stories: Sequence[Story]) -> list[float]:
    """Return for each story how like it is to the others on average, 1 for the most central one.

    The likeness is the cosine of its terms to the sum of all others', so that the time grows with the number
    of stories, not with that of their pairs.
    """
    terms = [_terms(story) for story in stories]
    named = Counter(term for found in terms for term in found)
    vectors = [_unit(found, named, len(stories)) for found in terms]
    whole: dict[str, float] = {}
    for vector in vectors:
        for term, size in vector.items():
            whole[term] = whole.get(term, 0.0) + size
    likeness = [sum(size * (whole[term] - size) for term, size in vector.items()) for vector in vectors]
    highest = max(likeness, default=0.0)
    return [round(one / highest, 6) if highest > 0 else 0.0 for one in likeness]


def _terms(story: Story) -> list[str]:
    text = f"{story.headline[:_MOST_CHARACTERS]} {story.summary.text[:_MOST_CHARACTERS]}"
    return list(dict.fromkeys(_TERM.findall(text.casefold())))


def _unit(terms: Sequence[str], named: Counter[str], count: int) -> dict[str, float]:
    """Weigh each term by its rarity; what every story names says nothing."""
    sizes = {term: math.log(count / named[term]) for term in terms}
    length = math.sqrt(sum(size * size for size in sizes.values()))
    return {term: size / length for term, size in sizes.items()} if length > 0 else {}
