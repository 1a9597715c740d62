"""What of a story the page of a search shows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from newsletter.archive.snippets import marked, snippet
from newsletter.model.archive import Piece
from newsletter.store.words import terms_of


def joined(pieces: tuple[Piece, ...]) -> str:
    return "".join(piece.text for piece in pieces)


def test_a_short_text_is_shown_whole_with_every_hit_marked() -> None:
    pieces = snippet("The ferry sank. Ferries sink.", terms_of("ferr"))
    assert joined(pieces) == "The ferry sank. Ferries sink."
    assert [piece.text for piece in pieces if piece.is_marked] == ["ferry", "Ferries"]


def test_a_long_text_is_shown_around_its_first_hit() -> None:
    text = "Nothing here. " * 40 + "Then the ferry sank. " + "Nothing there. " * 40
    pieces = snippet(text.strip(), terms_of("ferry"))
    words = joined(pieces)
    assert words.startswith("… ")
    assert words.endswith(" …")
    assert "Then the ferry sank." in words
    assert len(words) <= 250
    assert words.strip("… ").split()[0] in text.split()


def test_without_a_hit_the_beginning_is_shown() -> None:
    pieces = snippet("Word " * 100, terms_of("ferry"))
    assert joined(pieces).startswith("Word Word")
    assert joined(pieces).endswith(" …")
    assert snippet("", terms_of("ferry")) == ()


@given(text=st.text(max_size=900), query=st.text(max_size=20))
def test_a_snippet_is_a_part_of_its_text(text: str, query: str) -> None:
    terms = terms_of(query)
    pieces = list(snippet(text, terms))
    if pieces and pieces[0].text == "… " and not text.startswith("… "):
        pieces.pop(0)
    if pieces and pieces[-1].text == " …" and not text.endswith(" …"):
        pieces.pop()
    assert joined(tuple(pieces)) in text
    assert joined(marked(text, terms)) == text


@given(before=st.integers(0, 600), after=st.integers(0, 600))
def test_the_hit_is_always_shown(before: int, after: int) -> None:
    text = "a " * before + "ferry" + " b" * after
    shown = snippet(text, terms_of("ferry"))
    assert [piece.text for piece in shown if piece.is_marked] == ["ferry"]
    assert len(joined(shown)) <= 250
