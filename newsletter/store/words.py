"""Words: how texts of the archive are cut into words, and what a visitor types becomes a question to it.

Words are folded here and not by the databases, so that both find the same: case, accents and vowel points do
not count. Scripts that put no spaces between words are cut into single characters, and found as phrases.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from newsletter.model.archive import Term
from newsletter.model.documents import Span

#: Longest word that is told from others, in characters; PostgreSQL refuses words above 2 kB.
_LONGEST_WORD = 64

#: Words of one text that can be found.
_MOST_WORDS = 5_000

#: What is read of a search, in characters and in terms.
_LONGEST_QUERY, _MOST_TERMS = 200, 10

#: Shortest beginning that finds longer words, in characters.
_SHORTEST_PREFIX = 2

#: Accents of Latin, Greek and Cyrillic letters, and the vowel points of Hebrew and Arabic.
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670]")

#: Thai, Lao, Myanmar, Khmer, kana and Chinese characters.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)

#: What may hold words: between two of these, no word goes on.
_STRETCH = re.compile("[0-9A-Za-z\x80-\U0010ffff]+")

_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))

#: A quoted phrase, or what stands between spaces.
_TERM = re.compile(r'"([^"]*)"|([^\s"]+)')


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word of a text."""

    #: What it is found by.
    folded: str
    span: Span


def words_of(text: str) -> Iterator[Word]:
    """Yield the words of a text, in order."""
    for start, end in _ranges(text):
        if folded := _folded(text[start:end]):
            yield Word(folded=folded, span=Span(start=start, end=end))


def folded_text(text: str) -> str:
    """Return the words of a text as the databases index them, parted by spaces."""
    found = []
    for word in words_of(text):
        found.append(word.folded)
        if len(found) == _MOST_WORDS:
            break
    return " ".join(found)


def _ranges(text: str) -> Iterator[tuple[int, int]]:
    """Yield where words begin and end: letters and digits in a row, with the marks that belong to them."""
    for stretch in _STRETCH.finditer(text):
        # Most are plain words, which need no look at each character.
        if stretch[0].isascii():
            yield stretch.span()
        else:
            yield from _ranges_in(stretch[0], stretch.start())


def _ranges_in(stretch: str, offset: int) -> Iterator[tuple[int, int]]:
    start, is_single = -1, False
    for place, char in enumerate(stretch, start=offset):
        kind = unicodedata.category(char)[0]
        if kind == "M" and start >= 0:
            continue
        is_unspaced = kind in "LN" and bool(_UNSPACED.match(char))
        if start >= 0 and (kind not in "LN" or is_single or is_unspaced):
            yield start, place
            start = -1
        if kind in "LN":
            start = place if start < 0 else start
            is_single = is_unspaced
    if start >= 0:
        yield start, offset + len(stretch)


def _folded(word: str) -> str:
    if word.isascii():
        return word.lower()[:_LONGEST_WORD]
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", word).casefold())
    # A second time: folding the case of some letters brings accents of its own.
    bare = unicodedata.normalize("NFKC", _ACCENTS.sub("", unicodedata.normalize("NFKD", bare)))
    # Of "½" or "⑴" come characters that belong to no word.
    return "".join(ch for ch in bare if unicodedata.category(ch)[0] in "LNM")[:_LONGEST_WORD]


def terms_of(query: str) -> tuple[Term, ...]:
    """Read what a visitor typed: each word, and each "phrase in quotes", must be found.

    The last word may be the beginning of a longer one, unless it is quoted or a single letter. What holds
    neither letter nor digit is passed over, so that nothing that can be typed is wrong.
    """
    found: list[Term] = []
    for match in _TERM.finditer(query[:_LONGEST_QUERY].translate(_QUOTES)):
        words = tuple(word.folded for word in words_of(match[0]))
        if words and len(found) < _MOST_TERMS:
            is_last = match[1] is None and not query[match.end() : _LONGEST_QUERY].strip(' "')
            is_prefix = is_last and len(words[-1]) >= _SHORTEST_PREFIX
            found.append(Term(words=words, is_prefix=is_prefix))
    return tuple(found)


def hits(words: Sequence[Word], terms: Sequence[Term]) -> list[Span]:
    """Return where terms stand among the words of a text, in order; of those that overlap, the first."""
    found: list[Span] = []
    for first, word in enumerate(words):
        if found and word.span.start < found[-1].end:
            continue
        lengths = [len(term.words) for term in terms if _stands_at(words, first, term)]
        if lengths:
            found.append(Span(start=word.span.start, end=words[first + max(lengths) - 1].span.end))
    return found


def _stands_at(words: Sequence[Word], first: int, term: Term) -> bool:
    last = first + len(term.words) - 1
    if last >= len(words):
        return False
    for place, wanted in enumerate(term.words, start=first):
        found = words[place].folded
        if found != wanted and not (term.is_prefix and place == last and found.startswith(wanted)):
            return False
    return True
