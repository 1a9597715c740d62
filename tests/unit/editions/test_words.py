from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.editions.words import Wording, count_words, cut_at_word, cut_to_words


@pytest.mark.parametrize(
    ("text", "words"),
    [("one two three", 3), ("don’t stop", 2), ("港の九つが", 3), ("3.25% of 1,140", 5), ("", 0)],
)
def test_words_are_counted_in_any_script(text: str, words: int) -> None:
    assert count_words(text) == words


@given(st.text(max_size=300), st.integers(10, 120))
def test_cutting_never_exceeds_the_limit(text: str, limit: int) -> None:
    cut = cut_at_word(text, limit=limit)
    assert len(cut) <= limit
    assert "\n" not in cut


@given(st.lists(st.text("aé’-", min_size=1, max_size=9), max_size=40).map(" ".join), st.integers(40, 90))
def test_what_is_cut_ends_at_a_word(text: str, limit: int) -> None:
    cut = cut_at_word(text, limit=limit)
    whole = text.split()
    words = [word.rstrip("-") for word in cut.rstrip("…").split()]
    assert [one.rstrip("-") for one in whole][: len(words)] == words


def test_a_word_that_just_fits_stays() -> None:
    assert cut_at_word("Harbour opens again", limit=14) == "Harbour opens…"
    assert cut_at_word("Harbour opens again", limit=13) == "Harbour…"


@given(st.text(st.sampled_from("ab  港の,-"), max_size=200), st.integers(1, 30))
def test_cutting_to_words_keeps_to_them(text: str, limit: int) -> None:
    cut = cut_to_words(text, limit=limit)
    assert count_words(cut) <= limit
    assert (cut == " ".join(text.split())) == (count_words(text) <= limit)


@pytest.mark.parametrize(
    ("text", "phrase", "count"),
    [
        ("The bank’s rate, and the Bank", "bank", 2),
        ("Banks and bankers", "bank", 0),
        ("Interest rates: the interest-rate rise", "interest rate", 1),
        ("vote vote vote", "vote", 3),
        ("STRASSE", "straße", 1),
        ("Café", "cafe\u0301", 1),
        ("日本銀行が金利を決めた", "金利", 1),
        ("anything", "?!", 0),
    ],
)
def test_words_are_found_whole_and_in_any_case(text: str, phrase: str, count: int) -> None:
    assert Wording(text).count(phrase) == count
