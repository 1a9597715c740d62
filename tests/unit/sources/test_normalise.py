from __future__ import annotations

import textwrap
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sources.normalise import gather, normalise, split_lines

PROSE = (
    "The council voted late on Monday to keep the swimming baths open through the winter, after a petition "
    "had gathered eleven thousand names in nine days. The baths cost the town four hundred crowns an hour. "
    "A second vote is due in April, when the long-delayed report on heating will be on the table."
)
OTHER = (
    "Nobody on the council disputed that the boilers were worn out. What they could not agree upon was who "
    "should pay for new ones, and whether a heat pump would do."
)


def paragraphs(text: str) -> list[str]:
    lines, rest = split_lines(normalise(text), limit=1_000)
    assert rest == ""
    return list(gather(lines))


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("a\r\nb\rc\x85d\u2028e\x0bf\x0cg", "a\nb\nc\nd\ne\nf\ng"),
        ("a\u2029b", "a\n\nb"),
        ("a\u00a0b\u202fc\u3000d\u2003e", "a b c d e"),
        ("\ta", "    a"),
        ("re\u00adcord", "record"),
        ("zero\u200bwidth\ufeff\u2060", "zerowidth"),
        ("\u202eevil\u202c \u2066x\u2069 \u200e\u200f", "evil x "),
        ("bell\x07 esc\x1b del\x7f c1\x9b", "bell esc del c1"),
        ("e\u0301", "é"),
        ("e\u200d\u0301", "é"),
        ("“quoted” ‘too’ — …", "“quoted” ‘too’ — …"),
        ("private\ue000 none\ufffe\U0001ffff", "private none"),
        ("plain\u200cword", "plainword"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("blank\u2800\u3164x", "blank  x"),
    ],
)
def test_characters_are_made_plain(given_text: str, expected: str) -> None:
    assert normalise(given_text) == expected


def test_a_run_of_accents_is_cut() -> None:
    assert len(normalise("a" + "\u0316\u0301" * 5_000)) <= 32


@given(st.text(max_size=200))
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert unicodedata.is_normalized("NFC", once)


def test_blank_lines_part_paragraphs() -> None:
    assert paragraphs(f"{PROSE}\n \n\n\t\n{OTHER}\n") == [PROSE, OTHER]


def test_without_blank_lines_each_line_is_a_paragraph() -> None:
    assert paragraphs(f"{PROSE}\n{OTHER}\nIt rained.") == [PROSE, OTHER, "It rained."]


def test_short_lines_that_end_as_sentences_do_are_paragraphs() -> None:
    assert paragraphs("It rained.\nIt snowed all day long.\nNobody came.") == [
        "It rained.",
        "It snowed all day long.",
        "Nobody came.",
    ]


@pytest.mark.parametrize("width", [60, 66, 72, 80, 100])
def test_wrapped_lines_are_joined(width: int) -> None:
    wrapped = "\n\n".join(textwrap.fill(part, width, break_on_hyphens=False) for part in (PROSE, OTHER))
    assert paragraphs(wrapped) == [PROSE, OTHER]


@pytest.mark.parametrize("indent", ["    ", "\t", "  "])
def test_an_indent_begins_a_paragraph_of_wrapped_text(indent: str) -> None:
    wrapped = "\n".join(textwrap.fill(part, 70, initial_indent=indent) for part in (PROSE, OTHER, PROSE))
    assert paragraphs(wrapped) == [PROSE, OTHER, PROSE]


def test_a_short_last_line_ends_a_wrapped_paragraph() -> None:
    first = textwrap.fill("Word after word after word went on until the end of it. " * 4 + "So.", 64)
    assert len(first.splitlines()[-1]) < 50
    joined = " ".join(first.split())
    assert paragraphs(f"{first}\n{textwrap.fill(OTHER, 64)}") == [joined, OTHER]


def test_a_word_broken_by_wrapping_is_mended_if_the_text_has_it_whole() -> None:
    text = (
        "The ministry of transport said on Monday that the govern-\n"
        "ment would not pay for it, and that a long-\n"
        "term plan was wanted before any government money came."
    )
    (paragraph,) = paragraphs(text)
    assert "that the government would not pay" in paragraph
    assert "that a long-term plan was wanted" in paragraph


def test_wrapped_chinese_is_joined_without_spaces() -> None:
    line = "市长表示大桥将于春季通车居民们很高兴尽管费用增加了一半"
    assert paragraphs(f"{line}\n{line}\n结束。") == [f"{line}{line}结束。"]


def test_items_of_a_list_stay_apart() -> None:
    items = ["- bread and a great deal of butter for the whole table", "- milk", "2. eggs"]
    assert paragraphs("\n".join(items)) == items


def test_what_lies_beyond_the_limit_is_returned_whole() -> None:
    lines, rest = split_lines("a\n\n\n\nb\nc\n\n d  e", limit=4)
    assert [line.text for line in lines] == ["a", "b", "c"]
    assert rest == "d e"


@given(st.lists(st.text("ab. \n-", max_size=40), max_size=30))
def test_gathering_loses_no_letter(pieces: list[str]) -> None:
    text = normalise("\n".join(pieces))
    lines, _ = split_lines(text, limit=10_000)
    gathered = "".join(gather(lines))
    assert [char for char in gathered if char in "ab."] == [char for char in text if char in "ab."]
