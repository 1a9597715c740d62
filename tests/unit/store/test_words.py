"""How texts are cut into words, and how a search is read."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model.archive import Term
from newsletter.store.words import folded_text, hits, terms_of, words_of


def term(*words: str, prefix: bool = False) -> Term:
    return Term(words=words, is_prefix=prefix)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("The OLD bridge, isn't it?", "the old bridge isn t it"),
        ("3.25% of 1,140", "3 25 of 1 140"),
        ("Sámara Ærø Straße", "samara ærø strasse"),
        ("e\u0301tage é", "etage e"),
        ("İstanbul ﬁne ½ ⑴", "istanbul fine 12 1"),
        ("ИЙ ёлка", "ии елка"),
        ("עִבְרִית عَرَبِيّ", "עברית عربي"),
        ("高潮 Abc予報x", "高 潮 abc 予 報 x"),
        ("x" * 100, "x" * 64),
        ("_ — …", ""),
    ],
)
def test_case_accents_and_vowel_points_do_not_count(text: str, folded: str) -> None:
    assert folded_text(text) == folded


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("old bridge", (term("old"), term("bridge", prefix=True))),
        ('"old bridge"', (term("old", "bridge"),)),
        ("“old bridge” shut", (term("old", "bridge"), term("shut", prefix=True))),
        ('shut "old bridge', (term("shut"), term("old"), term("bridge", prefix=True))),
        ("rate 3.25", (term("rate"), term("3", "25", prefix=True))),
        ("plan b", (term("plan"), term("b"))),
        ("a AND b* NOT", (term("a"), term("and"), term("b"), term("not", prefix=True))),
        ("高潮", (term("高", "潮"),)),
        ('"" !!! \\', ()),
        ("", ()),
    ],
)
def test_a_search_is_words_and_phrases(query: str, terms: tuple[Term, ...]) -> None:
    assert terms_of(query) == terms


@given(st.text())
def test_whatever_is_typed_is_read(query: str) -> None:
    terms = terms_of(query)
    assert len(terms) <= 10
    assert all(term.words and all(term.words) for term in terms)
    assert all(unicodedata.category(ch)[0] in "LMN" for one in terms for word in one.words for ch in word)
    assert sum(one.is_prefix for one in terms) <= 1


@given(st.text())
def test_words_stand_in_the_text_in_order(text: str) -> None:
    place = 0
    for word in words_of(text):
        assert place <= word.span.start < word.span.end <= len(text)
        assert word.folded
        place = word.span.end


def test_terms_are_found_where_they_stand() -> None:
    text = "An old bridge; the older bridges, an OLD  Bridge."
    words = list(words_of(text))
    found = [span.of(text) for span in hits(words, [term("old", "bridge"), term("older", prefix=True)])]
    assert found == ["old bridge", "older", "OLD  Bridge"]
    assert hits(words, [term("old"), term("old", "bridge")])[0].of(text) == "old bridge"
    assert hits(words, []) == []
