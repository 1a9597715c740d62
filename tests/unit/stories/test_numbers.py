"""Numbers in sentences: what they are worth, how exact they are, and what counts nothing."""

from __future__ import annotations

from math import inf

import pytest

from newsletter.stories.text.numbers import Kind, Number, find_numbers, tokens_of


def found(sentence: str, language: str | None = "en") -> list[tuple[str, Number]]:
    numbers = find_numbers(tokens_of(sentence), language=language)
    return [(number.span.of(sentence), number) for number in numbers]


@pytest.mark.parametrize(
    ("sentence", "printed", "value"),
    [
        ("41 of its 48 passengers died.", "41 of its 48", 41),
        ("Twelve people died.", "Twelve", 12),
        ("Forty-one people died.", "Forty-one", 41),
        ("Two hundred and six homes burned.", "Two hundred and six", 206),
        ("It cut 1,200 jobs.", "1,200", 1200),
        ("It lost 1.2 million users.", "1.2 million", 1_200_000),
        ("It lost a million users.", "a million", 1_000_000),
        ("A fine of $5bn was paid.", "$5bn", 5e9),
        ("US$2.5m was paid.", "US$2.5m", 2.5e6),
        ("It rose to 5.2 per cent.", "5.2 per cent", 5.2),
        ("Between 30 and 40 people came.", "Between 30 and 40", 30),
    ],
)
def test_numbers_are_read_as_printed(sentence: str, printed: str, value: float) -> None:
    ((text, number),) = found(sentence)
    assert (text, number.value) == (printed, value)


@pytest.mark.parametrize(
    ("sentence", "low", "high"),
    [
        ("At least 15 died.", 15, inf),
        ("More than 40 died.", 40, inf),
        ("No more than 12 died.", 0, 12),
        ("Nearly 50 died.", 45, 50),
        ("About 40 died.", 38, 42),
        ("13 died.", 13, 13),
        ("30 to 40 died.", 30, 40),
        ("A dozen died.", 9, 15),
        ("Mindestens 15 starben.", 15, inf),
    ],
)
def test_words_bound_a_number(sentence: str, low: float, high: float) -> None:
    ((_, number),) = found(sentence, "de" if "starben" in sentence else "en")
    assert (number.low, number.high) == (pytest.approx(low), pytest.approx(high))


@pytest.mark.parametrize(
    "sentence",
    [
        "Call 555 0142 at 10.30am or 10:30, before 12 May or May 12, 2026.",
        "Jon Varga, 34, and a 12-year-old girl won 3-1 on Flight 212, the 5th time.",
        "Dozens died on Feb. 13 in No. 2 of Route 66, one by one.",
        "Three in ten came at 9 a.m., and two thirds came 3 times.",
        "A hose of 40mm and 5m is 12.05.2026.",
        "Agent 007 was 0142.",
    ],
)
def test_what_counts_nothing_is_left_out(sentence: str) -> None:
    kept = [text for text, _ in found(sentence)]
    assert kept in ([], ["ten"])


def test_what_is_measured_is_told_apart() -> None:
    kinds = {
        text: (number.kind, number.unit) for text, number in found("It paid $5, 5 euros, 5 % and 5 jobs.")
    }
    assert kinds == {
        "$5": (Kind.MONEY, "USD"),
        "5 euros": (Kind.MONEY, "EUR"),
        "5 %": (Kind.PERCENT, ""),
        "5": (Kind.COUNT, ""),
    }


@pytest.mark.parametrize(("language", "value"), [("de", 1200), ("fr", 1200), ("en", 1.2)])
def test_separators_are_the_language_s_own(language: str, value: float) -> None:
    ((_, number),) = found("Es waren 1.200 da.", language)
    assert number.value == value


@pytest.mark.parametrize(
    ("one", "other", "agree"),
    [
        ("12 died", "12 died", True),
        ("12 died", "13 died", False),
        ("at least 12 died", "15 died", True),
        ("at least 15 died", "12 died", False),
        ("1.2 million left", "1,234,567 left", True),
        ("1.2 million left", "1.5 million left", False),
        ("5 percent", "5.4 percent", True),
        ("5.2 percent", "5.3 percent", False),
        ("10,000 marched", "9,800 marched", True),
        ("41 of 48 died", "41 of 50 died", False),
        ("41 of 48 died", "41 died", True),
        ("$972,814 was paid", "$972,815 was paid", True),
    ],
)
def test_two_numbers_may_be_right_at_once(one: str, other: str, agree: bool) -> None:
    ((_, first),), ((_, second),) = found(one), found(other)
    assert first.agrees(second) is second.agrees(first) is agree
