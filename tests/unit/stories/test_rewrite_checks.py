"""Rewrites that may be told and that may not: the cases of rewrite_cases.toml, and changes at random."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from examples import examples, spread_out
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.stories.rewriting.checks import check_rewrite
from newsletter.stories.rewriting.outcomes import Problem, RewriteOutcome, problem

STORIES: dict[str, Any] = tomllib.loads(Path(__file__).with_name("rewrite_cases.toml").read_text("utf-8"))
GOOD = [(name, text) for name, story in STORIES.items() for text in story["good"]]
STRICT = [(name, text) for name, story in STORIES.items() for text in story["good_but_refused"]]
BAD = [(name, *case) for name, story in STORIES.items() for case in story["bad"]]
ENGLISH = [(name, text) for name, text in GOOD if STORIES[name]["language"] == "en"]


def check(name: str, text: str, *, word_limit: int = 75) -> tuple[Problem, ...]:
    story = STORIES[name]
    return check_rewrite(
        text,
        summary=story["summary"],
        sources=story["sources"],
        word_limit=word_limit,
        language=story["language"],
    )


@pytest.mark.parametrize(("name", "text"), GOOD)
def test_a_good_rewrite_is_accepted(name: str, text: str) -> None:
    assert check(name, text) == ()


@pytest.mark.parametrize(("name", "outcome", "text"), BAD)
def test_a_bad_rewrite_is_refused_for_what_is_bad_about_it(name: str, outcome: str, text: str) -> None:
    assert [found.outcome.value for found in check(name, text)][:1] == [outcome]


@pytest.mark.parametrize("name", sorted(STORIES.keys() - {"swedish"}))
def test_a_summary_passes_its_own_checks(name: str) -> None:
    assert check(name, STORIES[name]["summary"]) == ()


def test_there_are_cases_enough_and_few_good_ones_are_lost() -> None:
    assert (len(GOOD) + len(STRICT) >= 60, len(BAD) >= 190) == (True, True)
    assert all(check(name, text) for name, text in STRICT)
    assert len(GOOD) >= 0.8 * (len(GOOD) + len(STRICT))


def inserted(text: str, at: int, piece: str) -> str:
    """Put a piece between two words of a text, never before the first or behind the last."""
    words = text.split(" ")
    place = 1 + at % (len(words) - 1)
    return " ".join([*words[:place], piece, *words[place:]])


NAMES = st.from_regex(r"[A-Z][bcdfgklmnprstvz]{2}[aeiou]q[a-z]{1,4}", fullmatch=True)
NUMBERS = st.integers(5001, 9_999_999).map(str) | st.sampled_from(
    ["ninety-nine", "17%", "a thousand", "the 27th"]
)
PIECES = st.one_of(
    NAMES,
    NUMBERS,
    st.sampled_from(["never", "not", "without", "no", "hardly"]),
    st.sampled_from(["allegedly", "reportedly", "perhaps", "probably", "maybe"]),
    st.sampled_from(['"so be it"', "“a disgrace”", "«enough»"]),
    st.sampled_from(
        ["disgraceful", "crucially", "corrupt", "murdered", "https://news.example/", "😀", "<b>"]
    ),
)


@settings(max_examples=examples(50))
@given(case=st.sampled_from(ENGLISH), at=st.integers(0, 99), piece=PIECES)
def test_anything_put_into_a_good_rewrite_is_refused(case: tuple[str, str], at: int, piece: str) -> None:
    name, text = case
    changed = inserted(text, at, piece)
    assert check(name, changed), changed


@pytest.mark.parametrize(("name", "text"), ENGLISH)
def test_one_more_denial_or_doubt_is_refused_wherever_it_stands(name: str, text: str) -> None:
    """Also where the sentence denies something: "The not ferry won't run" once passed."""
    places = len(text.split(" ")) - 1
    step = spread_out(3)
    for at in range(len(text) % step, places, step):
        piece = ("not", "without", "perhaps")[at // step % 3]
        assert check(name, inserted(text, at, piece)), inserted(text, at, piece)


@settings(max_examples=15)
@given(case=st.sampled_from(ENGLISH), wrong=st.integers(60, 4999).map(lambda n: str(n * 7 + 1)))
def test_another_number_in_a_good_rewrite_is_refused(case: tuple[str, str], wrong: str) -> None:
    name, text = case
    figures = [word for word in text.replace(",", " ").replace(".", " ").split() if word.isdigit()]
    for figure in figures:
        assert check(name, text.replace(figure, wrong, 1))


@settings(max_examples=40)
@given(text=st.text(max_size=400))
def test_no_text_raises_and_none_is_accepted_that_says_nothing_of_the_story(text: str) -> None:
    assert check("ferry", text)


@settings(max_examples=20)
@given(source=st.text(max_size=600))
def test_no_source_raises(source: str) -> None:
    check_rewrite(
        "The port reopened on Friday.", summary=source, sources=[source], word_limit=60, language="en"
    )


@pytest.mark.parametrize(
    "source",
    [
        "a" * 1_000_000,
        "A. " * 300_000,
        '"' * 300_000,
        "1,1" * 300_000,
        "not " * 250_000,
        "Ab " * 300_000,
        "'" * 10**6,
    ],
    ids=["letters", "initials", "quotes", "numbers", "negations", "names", "apostrophes"],
)
def test_a_monstrous_source_is_read_in_part(source: str) -> None:
    name, text = ENGLISH[0]
    story = STORIES[name]
    sources = [*story["sources"], source]
    assert not check_rewrite(text, summary=story["summary"], sources=sources, word_limit=75, language="en")


def test_without_a_language_nothing_is_accepted() -> None:
    found = check_rewrite("A b c.", summary="A b c.", sources=[], word_limit=9, language=None)
    assert [one.outcome for one in found] == [RewriteOutcome.UNCHECKED_LANGUAGE]


def test_a_detail_is_one_short_line() -> None:
    assert problem(RewriteOutcome.MARKUP, "a\nb\x1b[2J" + "c" * 500).detail == "a b [2J" + "c" * 112 + "…"
