"""Whether a number stands at the same word in a rewrite as in a source."""

from collections.abc import Iterator
from itertools import pairwise

from newsletter.stories.rewriting.claims import Claim
from newsletter.stories.rewriting.evidence import stands_for
from newsletter.stories.rewriting.outcomes import Problem, RewriteOutcome, problem
from newsletter.stories.rewriting.tokens import Kind


def moved_numbers(part: Claim, source: Claim) -> Iterator[Problem]:
    """Yield numbers that a source gives, but of another thing, or more or less exactly."""
    for at, token in enumerate(part.tokens):
        if token.kind is not Kind.NUMBER:
            yield from _became_one(part, at, source)
            continue
        places = [place for place, other in enumerate(source.tokens) if other.key == token.key]
        if places and not any(_same_number(part, at, source, place) for place in places):
            yield problem(RewriteOutcome.NUMBER_MOVED, part.around(at))
    yield from _reordered_numbers(part, source)


def _same_number(part: Claim, at: int, source: Claim, place: int) -> bool:
    one, other = part.tokens[at], source.tokens[place]
    if one.qualifier != other.qualifier or one.preposition != other.preposition:
        return False
    near = part.near(at, most=3)
    there = source.near(place, most=8) or source.near(place, most=8, wide=True)
    lexicon = part.lexicon
    unit = part.unit(at)
    if unit and there and not stands_for(unit, frozenset(there), lexicon):
        return False
    own = sum(stands_for(key, frozenset(there), lexicon) for key in near)
    rivals = [
        frozenset(source.near(rival, most=3))
        for rival, token in enumerate(source.tokens)
        if token.kind is Kind.NUMBER and token.key != one.key
    ]
    return all(sum(stands_for(key, rival, lexicon) for key in near) <= own for rival in rivals)


def _became_one(part: Claim, at: int, source: Claim) -> Iterator[Problem]:
    """Yield a problem where "a man" stands for "two men"."""
    if part.tokens[at].folded not in part.lexicon.singular or at + 1 >= len(part.tokens):
        return
    key = part.tokens[at + 1].key
    places = [place for place, token in enumerate(source.tokens) if token.tells and token.key == key]
    if places and all(_is_counted(source, place) for place in places):
        yield problem(RewriteOutcome.NUMBER_MOVED, part.around(at))


def _is_counted(source: Claim, place: int) -> bool:
    """Return whether a number counts a word: "two men", but not "a 7 percent raise"."""
    if not place or source.tokens[place - 1].kind is not Kind.NUMBER:
        return False
    article = place > 1 and source.tokens[place - 2].folded in source.lexicon.singular
    return not article and not source.tokens[place - 1].key.endswith("%")


def _reordered_numbers(part: Claim, source: Claim) -> Iterator[Problem]:
    numbers = [at for at, token in enumerate(part.tokens) if token.kind is Kind.NUMBER]
    for one, other in pairwise(numbers):
        if (
            part.parts[one] != part.parts[other]
            or part.tokens[one].preposition
            or part.tokens[other].preposition
        ):
            continue
        first = [place for place, token in enumerate(source.tokens) if token.key == part.tokens[one].key]
        second = [place for place, token in enumerate(source.tokens) if token.key == part.tokens[other].key]
        if first and second and min(first) > max(second):
            yield problem(RewriteOutcome.NUMBER_MOVED, f"{part.tokens[one].text}, {part.tokens[other].text}")
