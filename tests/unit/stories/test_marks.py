"""Numbers, names of the headline, names of two words and the first day tell events of one kind apart."""

from __future__ import annotations

import numpy as np
import pytest
from examples import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st
from reports import stored

from newsletter.model.documents import Document
from newsletter.stories.grouping.likeness import Comparison, Parts
from newsletter.stories.grouping.marks import numbers_of
from newsletter.stories.grouping.profiles import Vocabulary


def parts(one: Document, other: Document) -> Parts:
    vocabulary = Vocabulary()
    profiles = [vocabulary.profile(one), vocabulary.profile(other)]
    return Comparison(profiles, vocabulary.terms()).parts(0, np.array([1]))


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("1,204 votes", "about 1,200 votes"),
        ("2.9 billion dollars", "2.9 billion"),
        ("2,3 Prozent", "2.3 percent"),
        ("twenty-two miners", "22 miners"),
        ("two million bars", "2,000,000 bars"),
        ("elf Tore", "11 goals"),
        ("a 24–21 win", "won 24-21"),
        ("gewann 2:0-Partie", "2-0 up"),
    ],
)
def test_one_number_written_in_two_ways_is_one(text: str, again: str) -> None:
    assert set(numbers_of(text)) == set(numbers_of(again)) != set()


def test_years_versions_and_one_are_no_numbers() -> None:
    assert numbers_of("In 2029 one of us read 1.2.3 of it.") == {}


def test_small_counts_tell_little_and_scores_much() -> None:
    weights = [max(numbers_of(text).values()) for text in ("two", "nine", "3.75 percent", "41", "118-114")]
    assert weights == sorted(weights)
    assert weights[0] < weights[1] < weights[2] == weights[3] < weights[4]


@settings(max_examples=examples(80), deadline=None)
@example("¹ 2² " + "9" * 400 + " billion ١٢")
@given(st.text(max_size=60))
def test_any_text_has_numbers_or_none(text: str) -> None:
    assert all(0 < weight <= 1.5 for weight in numbers_of(text).values())


def test_numbers_at_odds_count_only_where_none_of_weight_is_common() -> None:
    one = stored(1, "Quay report", "The quay saw 37 boats and 1,450 crates.")
    same = stored(2, "Quay report", "At the quay lay 37 boats and 23 vans.")
    other = stored(3, "Quay report", "At the quay lay 29 boats and 23 vans.")
    none = stored(4, "Quay report", "At the quay lay boats and vans.")
    found = [float(parts(one, each).marks.numbers[0]) for each in (same, none, other)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 1.9
    assert found[2] < 0.5


def test_a_number_further_down_is_not_at_odds() -> None:
    long = [f"Belmora slept on the quay as the tide of Tarn rose on day {word}." for word in ("a", "b", "c")]
    one = stored(1, "Quay report", "The quay saw 37 boats.", *long)
    later = stored(2, "Quay report", "The quay saw 64 carts.", *long, "There were 37 boats and 64 carts.")
    nowhere = stored(3, "Quay report", "The quay saw 64 carts.", *long, "There were 29 boats and 64 carts.")
    assert parts(one, later).marks.numbers[0] > parts(one, nowhere).marks.numbers[0]


def test_names_of_the_headline_that_the_other_report_lacks_count_against() -> None:
    one = stored(1, "Okonkwo wins Carrow prize", "The writer Okonkwo has won the Carrow prize.")
    other = stored(2, "Fenwick takes Carrow prize", "The writer Fenwick has won the Carrow prize.")
    short = stored(3, "Nurse takes Carrow prize", "A nurse has won the Carrow prize.")
    assert parts(one, other).marks.headline[0] == pytest.approx(0.4)
    assert parts(one, short).marks.headline[0] == 1


def test_german_nouns_in_a_headline_are_no_names() -> None:
    texts = ("Der Ort Ardo trauert.", "In Ardo trauert man.")
    one = stored(1, "Lawine am Pass verschüttet Wanderer", texts[0], language="de")
    other = stored(2, "Suche nach Skifahrern beendet", texts[1], language="de")
    assert parts(one, other).marks.headline[0] == 1


def test_names_of_two_words_that_the_other_lacks_count_where_both_have_some() -> None:
    one = stored(1, "Trial", "Judge Philip Arundel jailed Tracey Mould.")
    other = stored(2, "Trial", "Judge Philip Arundel jailed Jonathan Trewin.")
    surname = stored(3, "Trial", "Judge Philip Arundel jailed Mould, Ada Quill said.")
    assert parts(one, other).marks.pairs[0] < 1
    assert parts(one, surname).marks.pairs[0] == 1


def test_the_first_day_counts_against_unless_the_other_names_it_too() -> None:
    one = stored(1, "Gale", "A gale blew on Tuesday.")
    assert parts(one, stored(2, "Gale", "A gale blew on Friday.")).marks.first_day[0] < 1
    assert (
        parts(one, stored(2, "Gale", "On Friday they spoke of Tuesday's gale, of Tuesday.")).marks.first_day[
            0
        ]
        == 1
    )
    assert parts(one, stored(2, "Gale", "A gale blew.")).marks.first_day[0] == 1


def test_numbers_in_favour_make_up_for_no_want_of_evidence() -> None:
    one = stored(1, "A note", "It saw 37 boats and 1,450 crates.")
    other = stored(2, "A bill", "He had 1,450 crates and 37 boats.")
    found = parts(one, other)
    assert found.evidence[0] < 1
    assert 1 < found.numbers[0] < found.marks.numbers[0]


def test_marks_say_nothing_between_a_told_report_and_one_that_goes_on() -> None:
    vocabulary = Vocabulary()
    told = stored(1, "River Senn floods Marl", "The Senn rose to 640 centimetres in Marl on Thursday.")
    later = stored(2, "Families return to Marl", "In Marl the Senn fell to 380 centimetres on Saturday.")
    profiles = [vocabulary.profile(document) for document in (later, told)]
    terms = vocabulary.terms()
    of_one_day = Comparison(profiles, terms).parts(0, np.array([1]))
    going_on = Comparison(profiles, terms, told=(False, True)).parts(0, np.array([1]))
    assert (of_one_day.numbers[0], of_one_day.marks.first_day[0]) < (1, 1)
    assert (going_on.numbers[0], going_on.marks.first_day[0]) == (1, 1)
    assert (going_on.marks.headline[0], going_on.marks.pairs[0]) == (1, 1)
    assert going_on.likeness[0] > of_one_day.likeness[0]
