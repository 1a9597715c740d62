from __future__ import annotations

import re

import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.messages.text import (
    WIDTH,
    cells,
    clean,
    longest,
    nowidow,
    wrap,
)
from newsletter.model.voices import reads_right_to_left

ANY_TEXT = st.text(st.characters(), max_size=400)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("  two \t words\r\n", "two words"),
        ("a\u2028b\u2029c\x85d\x0be", "a b c d e"),
        ("nul\x00 esc\x1b[31m del\x7f csi\x9b", "nul esc[31m del csi"),
        ("pay \u202egpj.exe\u202c now \u2066x\u2069", "pay gpj.exe now x"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("\ufeffmark \ufffe\U0001ffff", "mark"),
        ("می\u200cخواهم 👩\u200d👧", "می\u200cخواهم 👩\u200d👧"),
        ("tail\x00 ", "tail"),
        ("\u200b\u200d \U000e0041", ""),
    ],
)
def test_clean_leaves_what_is_read(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=200))
def test_clean_makes_one_line_that_can_be_sent(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode("utf-8")
    assert clean(cleaned) == cleaned
    assert cleaned == cleaned.strip()
    assert len(cleaned.splitlines()) <= 1
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", cleaned)


@pytest.mark.parametrize(
    ("text", "width"),
    [("plain", 5), ("港", 2), ("e\u0301", 1), ("👩\u200d👧", 4), ("\ufe0f", 0), ("ｆｕｌｌ", 8), ("ﾊ", 1)],
)
def test_cells_counts_columns(text: str, width: int) -> None:
    assert cells(text) == width


@settings(deadline=None, max_examples=examples(300))
@given(ANY_TEXT, st.sampled_from(["", "> ", "12. ", "* "]))
def test_wrapped_lines_fit_and_nothing_is_lost(text: str, first: str) -> None:
    text = clean(text)
    wrapped = wrap(text, first=first, rest=" " * len(first))
    for line in wrapped.splitlines():
        assert cells(line) <= WIDTH or re.fullmatch(r"\s*https?://\S+", line, re.IGNORECASE)
        assert line == line.rstrip()
    squeezed = "".join(wrapped.split())
    assert squeezed == "".join((first + text).split())


def test_a_line_breaks_between_words() -> None:
    assert wrap("one two three", width=7) == "one two\nthree"
    assert wrap("one two three", width=9, first="- ", rest="  ") == "- one two\n  three"


def test_a_long_web_address_stands_alone_and_whole() -> None:
    url = "https://example.org/" + "a" * 100
    assert wrap(f"see {url} now", first="> ", rest="  ") == f"> see\n  {url}\n  now"
    assert wrap(url, first="> ", rest="  ") == f">\n  {url}"


def test_a_word_that_only_holds_a_web_address_may_break() -> None:
    assert all(len(line) <= WIDTH for line in wrap(f"(https://example.org/{'a' * 100})").splitlines())


def test_wide_text_breaks_anywhere_but_not_before_closing_marks() -> None:
    wrapped = wrap("港" * 35 + "です。また", width=72)
    first, second = wrapped.splitlines()
    assert first == "港" * 35 + "で"
    assert second == "す。また"
    assert wrap("港" * 36 + "。", width=72).splitlines() == ["港" * 35, "港。"]


def test_joined_characters_stay_together() -> None:
    family = "👩\u200d👩\u200d👧"
    assert all(set(line.split(family)) == {""} for line in wrap(family * 40).splitlines())


def test_latin_letters_beside_wide_ones_stay_together() -> None:
    assert wrap("港港Harbour港港", width=10) == "港港\nHarbour港\n港"


def test_longest_is_no_wider_than_a_line() -> None:
    assert longest("ab\n港港") == 4
    assert longest("x" * 100) == WIDTH
    assert longest("") == 0


def test_a_short_last_word_is_kept_with_its_neighbour() -> None:
    assert nowidow("The bank holds its rate") == "The bank holds its\u00a0rate"
    assert nowidow("Elms planted") == "Elms planted"
    assert nowidow("A town gets its batteries") == "A town gets its batteries"


@pytest.mark.parametrize(
    ("text", "rtl"), [("abc", False), ("12 שלום abc", True), ("جسر", True), ("123", False)]
)
def test_direction_is_that_of_the_first_letter(text: str, rtl: bool) -> None:
    assert reads_right_to_left(text) is rtl
