"""Phrases that tell of people who left their homes or were brought to safety, where no one word does."""

from collections.abc import Sequence

from newsletter.stories.joining.matters import STOPS
from newsletter.stories.text.abbreviations import word_set
from newsletter.stories.text.numbers import Token

#: What the phrases tell, as `FATES` names it.
EVACUATED = "evacuated"
#: Nouns that stand for anybody where people have to leave their homes.
RESIDENTS = word_set("residents inhabitants villagers locals householders")

_LEAVE = word_set("leave leaves left leaving flee flees fled fleeing abandon abandoned abandoning quit")
_DRIVE = word_set(
    "force forces forced forcing drive drives drove driven driving order ordered move moved moving"
)
#: Verbs that tell as much only with "out of": police take people from their homes as well.
_TAKE = word_set("take takes took taken taking bring brings brought bringing get got")
_SAFE = word_set("safety")
_HOMES = word_set("home homes house houses")
_RELATIVE = word_set("who whom which that whose")
#: Words before the number that hold the verb, and words behind it that hold the rest.
_BEFORE, _BEHIND = 4, 12


def leaving_phrase(tokens: Sequence[Token], *, first: int, last: int) -> str | None:
    """Return the phrase that tells that the counted left their homes or were brought to safety.

    Args:
        tokens: Of an English sentence.
        first: Where the number's tokens begin.
        last: One past them.

    Returns:
        The phrase without the number and what it counts: "taken out of their homes", "to safety"; None where
        there is none.
    """
    verb = next(
        (token for token in reversed(tokens[max(0, first - _BEFORE) : first]) if _is_verb(token)), None
    )
    behind = list(tokens[last : last + _BEHIND])
    started: int | None = None
    for place, token in enumerate(behind):
        if token.folded in STOPS | _RELATIVE:
            return None
        if _is_verb(token):
            verb, started = token, place
        start = _start(behind, place, verb)
        if start is not None:
            return " ".join(
                found.text for found in behind[started if started is not None else start : place + 1]
            )
    return None


def _is_verb(token: Token) -> bool:
    return token.folded in _LEAVE | _DRIVE | _TAKE


def _start(behind: Sequence[Token], place: int, verb: Token | None) -> int | None:
    """Return where the phrase that ends here begins, without its verb; None where none ends here."""
    before = [token.folded for token in behind[max(0, place - 3) : place]]
    if behind[place].folded in _SAFE and before[-1:] == ["to"]:
        return place - 1
    if verb is None or behind[place].folded not in _HOMES or before[-1:] != ["their"]:
        return None
    if before[-3:] == ["out", "of", "their"]:
        return place - 3
    if before[-2:-1] == ["from"] and verb.folded not in _TAKE:
        return place - 2
    return place - 1 if verb.folded in _LEAVE else None
