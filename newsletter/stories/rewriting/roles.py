"""Whether names and words play the same part in a rewrite as in a source: who says, who does, who suffers."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from newsletter.stories.rewriting.claims import Claim
from newsletter.stories.rewriting.evidence import stands_for
from newsletter.stories.rewriting.lexicon import Force
from newsletter.stories.rewriting.lexicon_english import ENGLISH, is_verb_form
from newsletter.stories.rewriting.outcomes import Problem, RewriteOutcome, problem
from newsletter.stories.rewriting.tokens import Kind, Token
from newsletter.stories.text.background import WEEKDAYS

#: Tokens between a name and its verb, at most.
_REACH = 5


def _speakers(claim: Claim) -> list[frozenset[str]]:
    """Return for each attribution the words that may be its speaker."""
    found: list[frozenset[str]] = []
    for governed in claim.governed:
        if governed.marker.force is not Force.ATTRIBUTION:
            continue
        word = claim.tokens[governed.at].folded
        if governed.at and claim.tokens[governed.at - 1].folded in claim.lexicon.joints:
            found.append(frozenset(token.key for token in claim.tokens[: governed.at] if token.tells))
        found.append(frozenset(_before_apposition(claim, governed.at)))
        left = _run(claim, governed.at - 1, -1) if word not in {"according", "laut", "selon", "según"} else []
        right = _run(claim, governed.at + 1, 1) if word not in {"told", "tell", "tells"} else []
        found.append(frozenset(left or right) | (frozenset(right) if len(left) == 0 else frozenset()))
        if left and right:
            found.append(frozenset(right))
    return [speaker for speaker in found if speaker]


def _before_apposition(claim: Claim, at: int) -> list[str]:
    """Return the name before the commas of "Amara Quist, who led the study, said"."""
    if not at or claim.tokens[at - 1].folded != ",":
        return []
    commas = [place for place in range(at - 1) if claim.tokens[place].folded == ","]
    return _run(claim, commas[-1] - 1, -1) if commas else []


def _run(claim: Claim, at: int, step: int) -> list[str]:
    """Return the nearest name with all its words, or else the nearest telling word, within reach."""
    run: list[str] = []
    for distance in range(_REACH):
        place = at + step * distance
        if not 0 <= place < len(claim.tokens):
            break
        token = claim.tokens[place]
        if token.kind is Kind.BREAK and (run or distance):
            break
        if token.folded in WEEKDAYS:
            continue
        if token.tells and (not run or token.kind is Kind.NAME):
            run.append(token.key)
        elif run:
            break
    return run


def exchanged_speakers(part: Claim, source: Claim) -> Iterator[Problem]:
    """Yield speakers who say in the source nothing, though somebody else does."""
    heard = frozenset().union(*_speakers(source))
    for governed in part.governed:
        if governed.marker.force is not Force.ATTRIBUTION:
            continue
        word = part.tokens[governed.at].folded
        side = 1 if word in {"according", "laut", "selon", "según"} else -1
        speaker = _run(part, governed.at + side, side)
        names = [key for key in speaker if key in source.names]
        if names and not heard.intersection(names):
            yield problem(RewriteOutcome.ATTRIBUTION_CHANGED, " ".join(reversed(names)))


def exchanged_roles(part: Claim, source: Claim) -> Iterator[Problem]:
    """Yield verbs whose subject or object is another one in the source."""
    if part.lexicon is ENGLISH:
        for at, token in enumerate(part.tokens):
            if _is_verb(part, at):
                verbs = [verb for verb, other in enumerate(source.tokens) if other.key == token.key]
                if verbs and not any(_same_roles(part, at, source, verb) for verb in verbs):
                    yield problem(RewriteOutcome.ROLES_SWAPPED, part.around(at))
    yield from _exchanged_subjects(part, source)


def _is_verb(claim: Claim, at: int) -> bool:
    token = claim.tokens[at]
    return token.tells and token.kind in {Kind.CONTENT, Kind.MARKER} and is_verb_form(token.folded)


def _same_roles(part: Claim, at: int, source: Claim, verb: int) -> bool:
    """Return whether nobody does in the part what somebody else does in the source, nor suffers it."""
    pairs = zip(_roles(part, at), _roles(source, verb), strict=True)
    return not any(one and other and not _any_same(one, other, part) for one, other in pairs)


def _any_same(one: frozenset[str], other: frozenset[str], part: Claim) -> bool:
    return any(stands_for(key, other, part.lexicon) for key in one)


def _roles(claim: Claim, verb: int) -> tuple[frozenset[str], frozenset[str]]:
    """Return who does what a verb says and who suffers it; empty where it cannot be told."""
    left, right, agent = _subject(claim, verb), _object(claim, verb), _agent(claim, verb)
    if _is_passive(claim, verb):
        return agent, left
    return left, right


def _is_passive(claim: Claim, verb: int) -> bool:
    before = claim.tokens[max(0, verb - 2) : verb]
    return not claim.tokens[verb].folded.endswith("ing") and any(
        token.folded in claim.lexicon.passives for token in before
    )


def _subject(claim: Claim, verb: int) -> frozenset[str]:
    """Return the telling words of the noun before a verb that stands behind no preposition."""
    phrase: list[str] = []
    lexicon = claim.lexicon
    for at in range(verb - 1, -1, -1):
        token = claim.tokens[at]
        if token.kind is Kind.BREAK or token.folded in lexicon.pronouns | lexicon.joints:
            break
        if token.folded in lexicon.prepositions | lexicon.agents:
            phrase = []
            continue
        if token.folded in lexicon.determiners | lexicon.singular:
            before = claim.tokens[at - 1].folded if at else ""
            if phrase and before not in lexicon.prepositions | lexicon.agents:
                return frozenset(phrase)
            continue
        if _is_verb(claim, at) and phrase:
            break
        if token.tells and token.kind is not Kind.NUMBER and token.folded not in WEEKDAYS:
            phrase.append(token.root)
    else:
        return frozenset(phrase)
    opens = at == 0 or claim.tokens[at].folded in lexicon.joints - lexicon.pronouns
    return frozenset(phrase) if opens else frozenset()


def _object(claim: Claim, verb: int) -> frozenset[str]:
    """Return the telling words of the noun right behind a verb, with a second noun beside it."""
    phrase: list[str] = []
    lexicon = claim.lexicon
    stops = lexicon.prepositions | lexicon.agents | lexicon.joints | lexicon.pronouns
    for at in range(verb + 1, min(len(claim.tokens), verb + 9)):
        token = claim.tokens[at]
        if (
            token.folded in stops
            or (token.kind is Kind.MARKER and not token.tells)
            or (phrase and _is_verb(claim, at))
        ):
            break
        if token.kind is Kind.BREAK and not (token.folded == "," and _names_next(claim, at)):
            break
        if token.tells and token.kind is not Kind.NUMBER and token.folded not in WEEKDAYS:
            phrase.append(token.root)
    return frozenset(phrase)


def _names_next(claim: Claim, at: int) -> bool:
    following: Sequence[Token] = claim.tokens[at + 1 : at + 2]
    return any(token.kind is Kind.NAME or token.folded in claim.lexicon.determiners for token in following)


def _agent(claim: Claim, verb: int) -> frozenset[str]:
    for at in range(verb + 1, min(len(claim.tokens), verb + 1 + _REACH)):
        if claim.tokens[at].folded in claim.lexicon.agents:
            return _object(claim, at)
    return frozenset()


def _exchanged_subjects(part: Claim, source: Claim) -> Iterator[Problem]:
    """Yield names that do in the part what is done to them in the source, or the other way round."""
    for at, token in enumerate(part.tokens):
        if token.kind is not Kind.NAME:
            continue
        for verb in range(max(0, at - _REACH), min(len(part.tokens), at + _REACH + 1)):
            if part.tokens[verb].kind is not Kind.CONTENT:
                continue
            own = _acts(part, at, verb)
            others = [
                _acts(source, name, place)
                for name, one in enumerate(source.tokens)
                if one.key == token.key
                for place, other in enumerate(source.tokens)
                if other.key == part.tokens[verb].key and abs(place - name) <= _REACH
            ]
            if own is not None and others and all(other is not None and other != own for other in others):
                yield problem(RewriteOutcome.ROLES_SWAPPED, f"{token.text} {part.tokens[verb].text}")


def _acts(claim: Claim, name: int, verb: int) -> bool | None:
    """Return whether a name does what a verb says, or suffers it; None where it cannot be told."""
    between = claim.tokens[min(name, verb) + 1 : max(name, verb)]
    if any(
        token.kind in {Kind.BREAK, Kind.CONTENT} or token.folded in claim.lexicon.joints for token in between
    ):
        return None
    folded = claim.tokens[verb].folded
    passive = not folded.endswith("ing") and any(
        token.folded in claim.lexicon.passives for token in claim.tokens[max(0, verb - 2) : verb]
    )
    if name < verb:
        return not passive
    if any(token.folded in claim.lexicon.agents for token in between):
        return True
    return None if any(token.folded in claim.lexicon.prepositions for token in between) else False


def moved_names(part: Claim, source: Claim) -> Iterator[Problem]:
    """Yield names that stand at words which the source puts at another name."""
    for at, token in enumerate(part.tokens):
        if token.kind is not Kind.NAME or token.folded in WEEKDAYS or is_oblique(part, at):
            continue
        near = part.near(at, most=3)
        places = [place for place, other in enumerate(source.tokens) if other.key == token.key]
        own = max(
            (_shared(near, source.near(place, most=8, wide=True), part) for place in places), default=None
        )
        rivals = [
            _shared(near, source.near(rival, most=3), part)
            for rival, other in enumerate(source.tokens)
            if other.kind is Kind.NAME
            and other.folded not in WEEKDAYS
            and not is_oblique(source, rival)
            and _is_far(source, rival, places)
        ]
        if own is not None and max(rivals, default=0) > own:
            yield problem(RewriteOutcome.ROLES_SWAPPED, part.around(at))


def moved_days(part: Claim, source: Claim) -> Iterator[Problem]:
    """Yield days of the week at which the source has something else happen."""
    days = [place for place, token in enumerate(source.tokens) if token.folded in WEEKDAYS]
    for at, token in enumerate(part.tokens):
        if token.folded not in WEEKDAYS:
            continue
        near = part.near(at, most=3)
        shared = {place: _shared(near, source.near(place, most=3), part) for place in days}
        own = [count for place, count in shared.items() if source.tokens[place].key == token.key]
        if own and max(shared.values()) > max(own):
            yield problem(RewriteOutcome.UNSUPPORTED, part.around(at))


def other_predicate(part: Claim, whole: Claim, source: Claim) -> Iterator[Problem]:
    """Yield words put together that stand in different parts of the source, each with its own sequel.

    "The port reopened after a storm had kept it shut" does not say that the port shut.
    """
    told = [at for at, token in enumerate(part.tokens) if token.tells]
    for one, other in pairwise(told):
        if part.parts[one] != part.parts[other] or not _is_verb(part, other):
            continue
        first = _places(part.tokens[one], source)
        second = _places(part.tokens[other], source)
        if (
            not first
            or not second
            or {source.parts[at] for at in first} & {source.parts[at] for at in second}
        ):
            continue
        if all(_goes_on(source, at, whole) for at in first):
            yield problem(RewriteOutcome.UNSUPPORTED, part.around(one))


def _places(token: Token, source: Claim) -> list[int]:
    return [
        at
        for at, other in enumerate(source.tokens)
        if stands_for(token.key, frozenset({other.key}), source.lexicon)
    ]


def _goes_on(source: Claim, at: int, whole: Claim) -> bool:
    """Return whether a verb that the rewrite leaves out follows a word of the source in its part."""
    for place in range(at + 1, len(source.tokens)):
        if source.parts[place] != source.parts[at]:
            return False
        if _is_verb(source, place):
            return source.tokens[place].key not in whole.keys
    return False


def is_oblique(claim: Claim, at: int) -> bool:
    """Return whether a preposition stands before a name."""
    for token in reversed(claim.tokens[max(0, at - 3) : at]):
        if token.folded in claim.lexicon.prepositions | claim.lexicon.agents:
            return True
        if token.kind is not Kind.NAME and token.folded not in claim.lexicon.determiners:
            return False
    return False


def _is_far(source: Claim, rival: int, places: Sequence[int]) -> bool:
    """Return whether a name of the source belongs to another run than all these places."""
    for place in places:
        between = source.tokens[min(rival, place) : max(rival, place) + 1]
        if all(token.kind is Kind.NAME for token in between):
            return False
    return True


def _shared(near: Sequence[str], there: Sequence[str], part: Claim) -> int:
    return sum(stands_for(key, frozenset(there), part.lexicon) for key in near)
