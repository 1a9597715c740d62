"""Snippets: what a search found of a story, with what was looked for marked."""

from collections.abc import Iterator, Sequence

from newsletter.model.archive import Piece, Term
from newsletter.model.documents import Span
from newsletter.store.words import Word, hits, words_of

#: Characters of a snippet, and of those at most before what is marked.
_LENGTH, _BEFORE = 240, 70


def marked(text: str, terms: Sequence[Term]) -> tuple[Piece, ...]:
    """Return a text with every term marked."""
    return tuple(_pieces(text, Span(start=0, end=len(text)), hits(list(words_of(text)), terms)))


def snippet(text: str, terms: Sequence[Term]) -> tuple[Piece, ...]:
    """Return some words of a text around the first term in it, with every term marked.

    Args:
        text: A cleaned text.
        terms: What was looked for; the beginning is shown where nothing of it is there.
    """
    words = list(words_of(text))
    found = hits(words, terms)
    shown = _window(text, words, found[0] if found else Span(start=0, end=0))
    pieces = list(_pieces(text, shown, found))
    if shown.start > 0:
        pieces.insert(0, Piece(text="… ", is_marked=False))
    if shown.end < len(text):
        pieces.append(Piece(text=" …", is_marked=False))
    return tuple(pieces)


def _window(text: str, words: Sequence[Word], hit: Span) -> Span:
    """Return what is shown around a hit, from the beginning of a word to the end of one."""
    if len(text) <= _LENGTH:
        return Span(start=0, end=len(text))
    first = max(0, min(hit.start - _BEFORE, len(text) - _LENGTH))
    start = next((w.span.start for w in words if w.span.start >= first), first) if first else 0
    start = min(start, hit.start)
    last = start + _LENGTH
    if last >= len(text):
        return Span(start=start, end=len(text))
    ends = [w.span.end for w in words if start < w.span.end <= last]
    return Span(start=start, end=max(ends[-1] if ends else last, min(hit.end, last)))


def _pieces(text: str, shown: Span, found: Sequence[Span]) -> Iterator[Piece]:
    place = shown.start
    for hit in found:
        start, end = max(hit.start, place), min(hit.end, shown.end)
        if start >= end:
            continue
        if place < start:
            yield Piece(text=text[place:start], is_marked=False)
        yield Piece(text=text[start:end], is_marked=True)
        place = end
    if place < shown.end:
        yield Piece(text=text[place : shown.end], is_marked=False)
