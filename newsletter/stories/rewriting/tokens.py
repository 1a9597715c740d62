"""Words, numbers and marks of a sentence, and which of its words are names or markers."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum

from newsletter.stories.rewriting.lexicon import Lexicon, Marker
from newsletter.stories.rewriting.lexicon_english import CONTRACTIONS, ENGLISH

#: Tokens of the longest marker or qualifier.
_LONGEST_PHRASE = 4

_TOKEN = re.compile(
    r"(?P<number>\d+(?:[.,:/\u00a0\u202f-]\d+)*)"
    r"|(?P<word>(?:[^\W\d_]\.){2,}|[^\W_][\w\u0300-\u036f]*(?:['’ʼ][^\W_]+)*)"
    r"|(?P<sign>[%$€£])"
    r"|(?P<stop>[,;:()—–…]|[.!?](?=\s|$)|\s-\s)"
)
#: Signs before or behind a number, and the words that they stand for.
SIGNS = {"$": "dollar", "€": "euro", "£": "pound"}


class Kind(StrEnum):
    """What a token is to a claim."""

    #: A word with a capital that is not there for its place alone.
    NAME = "name"
    #: Tells something: must stand in the source.
    CONTENT = "content"
    NUMBER = "number"
    #: Denies, doubts, attributes, relates.
    MARKER = "marker"
    #: Tells nothing by itself.
    FUNCTION = "function"
    #: Punctuation, or a word at which a sentence may be parted.
    BREAK = "break"


@dataclass(frozen=True, kw_only=True)
class Token:
    """One word, number or mark of a sentence."""

    #: As written, with straight apostrophes.
    text: str
    #: In lower case.
    folded: str
    #: What its forms share; for numbers `#` and the value.
    key: str
    kind: Kind
    #: The key that it has as an ordinary word.
    root: str = ""
    marker: Marker | None = None
    #: For numbers: "at least" and the like, and the preposition in front.
    qualifier: str = ""
    preposition: str = ""

    @property
    def tells(self) -> bool:
        """Whether a source must hold it."""
        telling = {Kind.NAME, Kind.CONTENT, Kind.NUMBER}
        return self.kind in telling or (self.marker is not None and self.marker.tells)


def straight(text: str) -> str:
    """Return a text with straight apostrophes and plain spaces."""
    return (
        text.replace("’", "'")
        .replace("ʼ", "'")
        .replace("‘", "'")
        .replace("\u00a0", " ")
        .replace("\u202f", " ")
    )


def plain_tokens(sentence: str, lexicon: Lexicon, common: Collection[str]) -> list[Token]:
    """Return the words, numbers and marks of a sentence, each by itself."""
    found: list[Token] = []
    opening = True
    for match in _TOKEN.finditer(sentence):
        if match["stop"]:
            found.append(Token(text=match[0], folded=match[0], key="", kind=Kind.BREAK))
            opening = opening or match[0] in ".!?…:"
            continue
        if match["word"]:
            found += _words(straight(match[0]), lexicon, common, opening=opening)
        else:
            key = SIGNS.get(match[0], match[0])
            kind = Kind.NUMBER if match["number"] else Kind.CONTENT
            found.append(Token(text=match[0], folded=match[0], key=key, root=key, kind=kind))
        opening = False
    return found


def _words(written: str, lexicon: Lexicon, common: Collection[str], *, opening: bool) -> list[Token]:
    folded = written.casefold()
    if lexicon is ENGLISH:
        if folded in CONTRACTIONS:
            return [_word(part, lexicon) for part in CONTRACTIONS[folded]]
        for ending in ("n't", "'s", "'ll", "'re", "'ve", "'d", "'m", "'"):
            if folded.endswith(ending) and len(folded) > len(ending):
                base = _words(written[: -len(ending)], lexicon, common, opening=opening)
                return [*base, *([_word(ending, lexicon)] if ending in {"n't", "'ll", "'d"} else [])]
    elif "'" in written:
        pieces = written.split("'")
        return [
            token for piece in pieces if piece for token in [_cased(piece, lexicon, common, opening=opening)]
        ]
    return [_cased(written, lexicon, common, opening=opening)]


def _cased(written: str, lexicon: Lexicon, common: Collection[str], *, opening: bool) -> Token:
    token = _word(written, lexicon)
    if not written[:1].isupper():
        return token
    known = token.kind is not Kind.CONTENT or token.folded in common or token.folded in lexicon.markers
    shouted = len(written) > 1 and written.isupper()
    if (opening or lexicon.capital_nouns) and known and not shouted:
        return token
    if not shouted and (token.kind is Kind.FUNCTION or token.folded in lexicon.numbers):
        return token
    key = token.key if lexicon.inflected_names else token.folded
    return replace(token, kind=Kind.NAME, key=key)


def _word(written: str, lexicon: Lexicon) -> Token:
    folded = written.casefold()
    plain = folded in lexicon.function_words or folded in {"'ll", "'d"}
    return Token(
        text=written,
        folded=folded,
        key=lexicon.stem(folded),
        root=lexicon.stem(folded),
        kind=Kind.FUNCTION if plain else Kind.CONTENT,
    )


def _phrase_at(tokens: list[Token], at: int, phrases: Collection[str]) -> tuple[str, int]:
    """Return the longest of `phrases` that begins at a token, and how many tokens it takes."""
    for length in range(min(_LONGEST_PHRASE, len(tokens) - at), 0, -1):
        phrase = " ".join(token.folded for token in tokens[at : at + length])
        if phrase in phrases:
            return phrase, length
    return "", 0


def with_markers(tokens: list[Token], lexicon: Lexicon) -> list[Token]:
    """Return the tokens with those joined that deny, doubt, attribute, relate, or qualify a number."""
    found: list[Token] = []
    at = 0
    while at < len(tokens):
        qualifier, length = _phrase_at(tokens, at, lexicon.qualifiers)
        if length and _is_number(tokens, at + length, lexicon):
            meaning = lexicon.qualifiers[qualifier]
            found.append(replace(tokens[at], kind=Kind.FUNCTION, qualifier=meaning, marker=None))
            at += length
            continue
        phrase, length = _phrase_at(tokens, at, lexicon.markers)
        if length and not (length == 1 and tokens[at].kind is Kind.NAME):
            marker = lexicon.markers[phrase]
            found.append(replace(tokens[at], kind=Kind.MARKER, marker=marker))
            at += length
            continue
        found.append(tokens[at])
        at += 1
    return found


def _is_number(tokens: list[Token], at: int, lexicon: Lexicon) -> bool:
    if at >= len(tokens):
        return False
    token = tokens[at]
    article = token.folded in lexicon.singular or token.folded in SIGNS
    if article and at + 1 < len(tokens):
        token = tokens[at + 1]
    return token.kind is Kind.NUMBER or token.folded in lexicon.numbers or token.folded in lexicon.multipliers
