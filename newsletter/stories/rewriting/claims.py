"""What a sentence claims: its names, numbers, telling words, and the markers that govern them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from newsletter.stories.rewriting.lexicon import Lexicon, Marker
from newsletter.stories.rewriting.lexicon_eastern import EASTERN
from newsletter.stories.rewriting.lexicon_english import ENGLISH
from newsletter.stories.rewriting.lexicon_western import WESTERN
from newsletter.stories.rewriting.numerals import with_numbers
from newsletter.stories.rewriting.tokens import Kind, Token, plain_tokens, with_markers
from newsletter.stories.text.background import WEEKDAYS

_LEXICONS = {lexicon.language: lexicon for lexicon in (ENGLISH, *WESTERN, *EASTERN)}
#: Words that a marker governs, to one side.
_SCOPE = 5
#: And to the left, where others stand to the right.
_BEFORE = 4


@dataclass(frozen=True)
class Governed:
    """A marker with the words that it governs."""

    marker: Marker
    at: int
    #: Keys behind it and, where few follow, before it; nearest first.
    scope: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A sentence, or a part of one, as tokens."""

    text: str
    tokens: tuple[Token, ...]
    lexicon: Lexicon

    @cached_property
    def keys(self) -> frozenset[str]:
        """Keys of all tokens that tell something; those of names as other words too."""
        roots = {token.root for token in self.tokens if token.kind is Kind.NAME}
        return frozenset(roots | {token.key for token in self.tokens if token.tells})

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Keys of the names, in their order."""
        return tuple(token.key for token in self.tokens if token.kind is Kind.NAME)

    @cached_property
    def governed(self) -> tuple[Governed, ...]:
        """Every marker with its scope."""
        return tuple(
            Governed(token.marker, at, self._scope(at))
            for at, token in enumerate(self.tokens)
            if token.marker is not None
        )

    @cached_property
    def parts(self) -> tuple[int, ...]:
        """For each token the number of the part of the sentence that it stands in."""
        numbers: list[int] = []
        part = 0
        for token in self.tokens:
            joins = token.kind is Kind.BREAK or token.folded in self.lexicon.joints
            part += joins
            numbers.append(part)
        return tuple(numbers)

    def _scope(self, at: int) -> tuple[str, ...]:
        behind = self._telling(range(at + 1, len(self.tokens)))
        before = self._telling(range(at - 1, -1, -1))
        return (*behind, *before[: _SCOPE if not behind else _BEFORE])

    def _telling(self, order: range) -> list[str]:
        """Return up to `_SCOPE` telling keys in this order, to the next mark that parts the sentence."""
        found: list[str] = []
        for at in order:
            token = self.tokens[at]
            if len(found) == _SCOPE or (token.kind is Kind.BREAK and found):
                break
            if token.tells:
                found.append(token.key)
        return found

    def near(self, at: int, *, most: int, wide: bool = False) -> list[str]:
        """Return the telling words nearest to a number or name, nearest first.

        Args:
            at: Place of the token.
            most: Most words.
            wide: Whether to look past its part of the sentence; to the left, only numbers do.

        Returns:
            Keys. Another number ends the search from a number, another name the search from a name.
        """
        found = [
            (abs(place - at), -step, place) for step in (1, -1) for place in self._reach(at, step, wide=wide)
        ]
        places = [place for _, _, place in sorted(found)[:most]]
        if wide and self.tokens[at].kind is Kind.NAME:
            places += self._apposed(at)
        return [self.tokens[place].root for place in places]

    def unit(self, at: int) -> str | None:
        """Return the telling word that a number counts: the next in its part, or else the last before."""
        following = self.tokens[at + 1].folded if at + 1 < len(self.tokens) else ""
        elsewhere = following in self.lexicon.prepositions - {"of"}  # "40 on Monday night"
        for step in (-1, 1) if elsewhere else (1, -1):
            for place in self._reach(at, step, wide=False):
                return self.tokens[place].root
        return None

    def _reach(self, at: int, step: int, *, wide: bool) -> Iterator[int]:
        """Yield the places of telling words to one side of a number or name, up to the next of its kind."""
        kind = self.tokens[at].kind
        beyond = wide and (step == 1 or kind is Kind.NUMBER)
        together = True  # still in the name's own run, or in "from 4 to 6"
        place = at
        while 0 <= (place := place + step) < len(self.tokens):
            token = self.tokens[place]
            if not beyond and self.parts[place] != self.parts[at]:
                return
            if token.kind is kind and not together:
                return
            tells = token.tells and token.kind not in {kind, Kind.NUMBER} and token.folded not in WEEKDAYS
            if tells or (kind is Kind.NAME and token.kind is not kind):
                together = False
            if tells:
                yield place

    def _apposed(self, at: int) -> list[int]:
        """Return the place of the word before the comma in "the manager, Dario Venn"."""
        while at > 0 and self.tokens[at - 1].kind is Kind.NAME:
            at -= 1
        apposed = at > 1 and self.tokens[at - 1].folded == "," and self.tokens[at - 2].kind is Kind.CONTENT
        return [at - 2] if apposed else []

    def around(self, at: int) -> str:
        """Return a token with its neighbours, as written, for a report."""
        return " ".join(token.text for token in self.tokens[max(0, at - 1) : at + 3])

    def part_of(self, start: int, end: int) -> "Claim":
        """Return a stretch of the sentence as a claim of its own."""
        return Claim(text=self.text, tokens=self.tokens[start:end], lexicon=self.lexicon)


def lexicon_of(language: str | None) -> Lexicon | None:
    """Return what is known of a language; None where nothing is.

    Args:
        language: ISO 639-1 code, with or without a region.
    """
    return _LEXICONS.get((language or "").replace("_", "-").partition("-")[0].lower())


def lexicons() -> tuple[Lexicon, ...]:
    """Return every lexicon there is."""
    return tuple(_LEXICONS.values())


def read_claim(sentence: str, lexicon: Lexicon, *, common: Collection[str] = ()) -> Claim:
    """Read a sentence.

    Args:
        sentence: The sentence.
        lexicon: Its language.
        common: Words that are known without a capital: at the beginning, they are no names.
    """
    tokens = with_markers(plain_tokens(sentence, lexicon, common), lexicon)
    return Claim(text=sentence, tokens=tuple(with_numbers(tokens, lexicon)), lexicon=lexicon)


def adjoining(claim: Claim) -> set[tuple[str, str]]:
    """Return each two names that follow each other directly."""
    return {
        (one.key, other.key)
        for one, other in pairwise(claim.tokens)
        if one.kind is Kind.NAME and other.kind is Kind.NAME
    }
