"""Whether a sentence of a source says what a part of a rewrite says: words, numbers, doubts and roles."""

from collections import Counter
from collections.abc import Iterator, Sequence

from newsletter.stories.rewriting.claims import Claim, Governed
from newsletter.stories.rewriting.evidence import Evidence, Witness, stands_for
from newsletter.stories.rewriting.figures import moved_numbers
from newsletter.stories.rewriting.lexicon import Force
from newsletter.stories.rewriting.outcomes import Problem, RewriteOutcome, problem
from newsletter.stories.rewriting.roles import (
    exchanged_roles,
    exchanged_speakers,
    moved_days,
    moved_names,
    other_predicate,
)
from newsletter.stories.rewriting.tokens import Kind, Token

#: Share of a part's words in the reach of a source's marker from which the marker must be kept.
_GOVERNED_SHARE = 0.5
#: Nearest words of "rejected" and its like that must be governed alike.
_DENIED = 4
#: Words nearest to a marker of a source of which a part must tell that repeats the marker.
_FIRST = 2
#: Words that the sentence before a witness may lend.
_LENT = 2
#: How near a problem comes to acceptance; the witness that came nearest gives the reason.
_NEARNESS = (
    RewriteOutcome.UNSUPPORTED,
    RewriteOutcome.ROLES_SWAPPED,
    RewriteOutcome.NUMBER_MOVED,
    RewriteOutcome.RELATION_ADDED,
    RewriteOutcome.ATTRIBUTION_CHANGED,
    RewriteOutcome.HEDGE_CHANGED,
    RewriteOutcome.NEGATION_CHANGED,
)
#: Markers that bear on all of their sentence.
_OF_THE_WHOLE = frozenset({"condition", "unless"})
_BY_FORCE = {
    Force.NEGATION: RewriteOutcome.NEGATION_CHANGED,
    Force.ATTRIBUTION: RewriteOutcome.ATTRIBUTION_CHANGED,
    Force.HEDGE: RewriteOutcome.HEDGE_CHANGED,
    Force.RELATION: RewriteOutcome.RELATION_ADDED,
}


def best_objection(part: Claim, whole: Claim, carried: Sequence[Token], evidence: Evidence) -> Problem | None:
    """Return what the kindest witness holds against a part of a rewrite; None where one says the same.

    Args:
        part: What must be witnessed.
        whole: The sentence that it is a part of.
        carried: Its subject, where that stands in an earlier part.
        evidence: The sources.
    """
    best = problem(RewriteOutcome.UNSUPPORTED, _words(part))
    for witness in evidence.witnesses:
        if not _covers(part, carried, witness, evidence):
            continue
        found = next(_objections(part, whole, witness.claim), None)
        if found is None:
            return None
        if _NEARNESS.index(found.outcome) > _NEARNESS.index(best.outcome):
            best = found
    return best


def _words(part: Claim) -> str:
    return " ".join(token.text for token in part.tokens if token.kind is not Kind.BREAK)


def _covers(part: Claim, carried: Sequence[Token], witness: Witness, evidence: Evidence) -> bool:
    """Return whether a witness holds every telling word, or what it takes up from before."""
    lent = 0
    names = frozenset(witness.claim.names)
    for at, token in enumerate(part.tokens):
        if not token.tells or _said(part, at, names, witness.claim, evidence):
            continue
        before = part.tokens[max(0, at - 2) : at]
        definite = any(other.folded in part.lexicon.determiners for other in before)
        lent += 1
        told = _taken_up(token, witness, definite=definite) or _belongs(part, at, evidence)
        if not told or lent > _LENT:
            return False
    return all(
        stands_for(token.key, witness.claim.keys, part.lexicon) or _taken_up(token, witness, definite=True)
        for token in carried
    )


def _belongs(part: Claim, at: int, evidence: Evidence) -> bool:
    """Return whether a source puts a name beside the same word: "pier of Eide", "Eide pier", "Ida Brandt"."""
    token = part.tokens[at]
    if token.kind is not Kind.NAME:
        return False
    if at + 1 < len(part.tokens) and part.tokens[at + 1].kind in {Kind.NAME, Kind.CONTENT}:
        return (token.key, part.tokens[at + 1].key) in evidence.pairs
    if not at or part.tokens[at - 1].folded not in part.lexicon.prepositions:
        return False
    before = next((other.key for other in reversed(part.tokens[:at]) if other.tells), None)
    return before is not None and (before, token.key) in evidence.pairs


def _said(part: Claim, at: int, names: frozenset[str], claim: Claim, evidence: Evidence) -> bool:
    token = part.tokens[at]
    if token.kind is Kind.NAME:
        if token.key in names:
            return True
        as_word = part.lexicon.stem(token.folded)
        return token.folded in evidence.common and as_word in claim.keys and _titles(part, at, as_word, claim)
    if token.key == "#1" and not token.text.isdigit():
        return token.key in claim.keys or _a_single(part, at, claim)
    return stands_for(token.key, claim.keys, part.lexicon)


def _a_single(part: Claim, at: int, claim: Claim) -> bool:
    """Return whether a source has "a man" where the part has "one man"."""
    following = next((token.key for token in part.tokens[at + 1 :] if token.tells), None)
    return any(
        token.folded in claim.lexicon.singular and claim.tokens[place + 1].key == following
        for place, token in enumerate(claim.tokens[:-1])
    )


def _titles(part: Claim, at: int, title: str, claim: Claim) -> bool:
    """Return whether a source gives a title, written small, to the name that follows in the part."""
    run = {token.key for token in part.tokens[at + 1 : at + 4] if token.kind is Kind.NAME}
    for place, token in enumerate(claim.tokens):
        if token.key != title:
            continue
        for step in (1, -1):
            for other in claim.tokens[place + step : place + 6 * step : step]:
                if other.folded in claim.lexicon.joints:
                    break
                if other.kind is Kind.NAME:
                    if other.key in run:
                        return True
                    break
    return not run


def _taken_up(token: Token, witness: Witness, *, definite: bool) -> bool:
    if token.kind is Kind.NAME:
        return witness.opens_with_pronoun and token.key in witness.antecedent
    return token.kind is Kind.CONTENT and definite and token.key in witness.subject


def _objections(part: Claim, whole: Claim, source: Claim) -> Iterator[Problem]:
    yield from _added_markers(part, source)
    yield from _doubled_markers(part, source)
    yield from _dropped_markers(part, whole, source)
    yield from moved_numbers(part, source)
    yield from exchanged_speakers(part, source)
    yield from exchanged_roles(part, source)
    yield from moved_names(part, source)
    yield from moved_days(part, source)
    yield from other_predicate(part, whole, source)


def _object(governed: Governed, words: str) -> Problem:
    return problem(_BY_FORCE[governed.marker.force], words)


def _agree(told: Governed, meant: Governed, part: Claim, source: Claim) -> bool:
    """Return whether a marker of a part governs what the same marker governs in the source.

    Of "not" the nearest word decides; of "rejected", whose object may stand on either side, all words that
    the part repeats, names aside.
    """
    if told.marker.name != meant.marker.name:
        return False
    if not told.scope or not meant.scope:
        return True
    if meant.marker.tells and meant.marker.force is Force.NEGATION:
        names = frozenset([*part.names, *source.names])
        return frozenset(meant.scope[:_DENIED]).intersection(part.keys) - names <= frozenset(told.scope)
    nearest = stands_for(told.scope[0], frozenset(meant.scope), part.lexicon)
    return nearest or stands_for(meant.scope[0], frozenset(told.scope[:2]), part.lexicon)


def _added_markers(part: Claim, source: Claim) -> Iterator[Problem]:
    for governed in part.governed:
        marker = governed.marker
        if marker.force in {Force.ATTRIBUTION, Force.RELATION}:
            known = any(other.marker.name == marker.name for other in source.governed)
        else:
            known = _is_infinitive(governed, source) or any(
                _agree(governed, meant, part, source) and _tells_of(meant, part) for meant in source.governed
            )
        if not known:
            yield _object(governed, f"added: {part.tokens[governed.at].text}")


def _tells_of(governed: Governed, part: Claim) -> bool:
    """Return whether a part tells of what a marker of the source governs first, so that it may repeat it."""
    if governed.marker.tells or not governed.scope:
        return True
    return any(stands_for(key, part.keys, part.lexicon) for key in governed.scope[:_FIRST])


def _doubled_markers(part: Claim, source: Claim) -> Iterator[Problem]:
    """Yield what a part denies or doubts more often than the source: "not yet no safer" is no "not yet"."""
    meant = Counter(governed.marker.name for governed in source.governed)
    for governed in part.governed:
        marker = governed.marker
        meant[marker.name] -= 1
        if marker.force in {Force.NEGATION, Force.HEDGE} and meant[marker.name] < 0:
            yield _object(governed, f"added: {part.tokens[governed.at].text}")


def _is_infinitive(governed: Governed, source: Claim) -> bool:
    """Return whether "will run" has "to run" in the source."""
    if governed.marker.name != "future" or not governed.scope:
        return False
    return any(
        token.folded == "to" and source.tokens[at + 1].key == governed.scope[0]
        for at, token in enumerate(source.tokens[:-1])
    )


def _dropped_markers(part: Claim, whole: Claim, source: Claim) -> Iterator[Problem]:
    for governed in source.governed:
        force = governed.marker.force
        if force is Force.RELATION:
            continue
        if force is Force.ATTRIBUTION:
            attributed = any(other.marker.force is Force.ATTRIBUTION for other in whole.governed)
            dropped = not attributed and not _stands_apart(part, governed, source)
        elif governed.marker.name in _OF_THE_WHOLE:
            dropped = not any(other.marker.name == governed.marker.name for other in whole.governed)
        else:
            dropped = _governs(governed, part, source) and not any(
                _agree(told, governed, part, source) for told in part.governed
            )
        if dropped:
            yield _object(governed, f"dropped: {source.tokens[governed.at].text}")


def _governs(governed: Governed, part: Claim, source: Claim) -> bool:
    """Return whether a part repeats what a marker of the source governs."""
    used = {key for key in governed.scope if _repeats(key, part)}
    if not used:
        return False
    loose = (
        governed.marker.tells and governed.marker.force is Force.HEDGE and governed.marker.name != "alleged"
    )
    if governed.scope[0] in used and not (loose and len(used - frozenset(source.names)) == 1):
        return True
    region = {token.key for token in _region(governed, source) if token.tells}
    shared = [key for key in sorted(source.keys) if _repeats(key, part)]
    return sum(key in region for key in shared) >= _GOVERNED_SHARE * len(shared)


def _repeats(key: str, part: Claim) -> bool:
    return key in part.keys or any(key in part.lexicon.aliases.get(own, ()) for own in part.keys)


def _region(governed: Governed, source: Claim) -> list[Token]:
    number = source.parts[governed.at]
    return [token for token, other in zip(source.tokens, source.parts, strict=True) if other == number]


def _stands_apart(part: Claim, governed: Governed, source: Claim) -> bool:
    """Return whether a part repeats nothing of what somebody vouches for in "X said that Y", so not of Y."""
    at = governed.at
    following = source.tokens[at + 1] if at + 1 < len(source.tokens) else None
    inverted = at > 0 and source.tokens[at - 1].kind is Kind.BREAK
    if following is None or following.kind is Kind.BREAK:
        return False
    if inverted and following.folded not in source.lexicon.pronouns:
        return False
    behind_words = {token.folded for token in source.tokens[at + 1 :]}
    if following.folded in source.lexicon.prepositions and "that" not in behind_words:
        return False
    before = {token.key for token in source.tokens[:at] if token.tells}
    behind = {token.key for token in source.tokens[at + 1 :] if token.tells} - before
    return len(behind) > 1 and not any(_repeats(key, part) for key in behind)
