"""Words of a text: counted, cut at, and looked for."""

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence

#: Scripts that do not part their words; two of their characters count as one word.
_WIDE = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_WIDE_CHARACTER = re.compile(f"[{_WIDE}]")
_PIECE = re.compile(rf"[{_WIDE}]|(?:(?![{_WIDE}])[\w'’-])+")
_BARE_WORD = re.compile(r"\w+")

#: What no text that was cut should end in.
_LOOSE_END = " ,;:–—-(“\"'"


def count_words(text: str) -> int:
    """Return the words of a text; of scripts that do not part them, two characters count as one."""
    return math.ceil(sum(size for _, size in _pieces(text)))


def _pieces(text: str) -> Iterator[tuple[int, float]]:
    """Yield where each word or wide character starts, and how much of a word it is."""
    for match in _PIECE.finditer(text):
        yield match.start(), 0.5 if _WIDE_CHARACTER.match(match[0]) else 1


def cut_at_word(text: str, *, limit: int) -> str:
    """Return a text of at most `limit` characters; what is cut ends at a word, with an ellipsis."""
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    space = head.rfind(" ")
    if text[limit - 1] != " " and space > limit // 2:
        head = head[:space]
    return head.rstrip(_LOOSE_END) + "…"


def cut_to_words(text: str, *, limit: int) -> str:
    """Return a text of at most `limit` words; what is cut ends with an ellipsis."""
    text = " ".join(text.split())
    used = 0.0
    for start, size in _pieces(text):
        used += size
        if used > limit:
            return text[:start].rstrip(_LOOSE_END) + "…"
    return text


class Wording:
    """A text in which words are looked for: whole words, in any case."""

    def __init__(self, text: str) -> None:
        folded = fold(text)
        self._words = f" {' '.join(_BARE_WORD.findall(folded))} "
        self._text = folded

    def count(self, phrase: str) -> int:
        """Return how often a word, or several in a row, is named.

        Scripts that do not part their words are looked through for the characters as they stand.
        """
        folded = fold(phrase)
        if _WIDE_CHARACTER.search(folded):
            return self._text.count(folded)
        words = " ".join(_BARE_WORD.findall(folded))
        # Neighbours share a space: "vote vote" names it twice.
        return self._words.replace(" ", "  ").count(f" {words.replace(' ', '  ')} ") if words else 0

    def count_all(self, phrases: Sequence[str]) -> int:
        """Return how often any of the phrases is named."""
        return sum(map(self.count, phrases))


def fold(text: str) -> str:
    """Return a text as it is compared: in composed characters, without case."""
    return unicodedata.normalize("NFC", text).casefold()
