"""What makes two reports more or less alike: names, places, numbers, and words beside names."""

from __future__ import annotations

import numpy as np
import pytest
from reports import stored

from newsletter.model.documents import Document
from newsletter.stories.grouping.likeness import Comparison, Parts
from newsletter.stories.grouping.profiles import Vocabulary


def parts(one: Document, other: Document) -> Parts:
    vocabulary = Vocabulary()
    profiles = [vocabulary.profile(one), vocabulary.profile(other)]
    return Comparison(profiles, vocabulary.terms()).parts(0, np.array([1]))


def report(number: int, text: str) -> Document:
    return stored(number, "", text)


@pytest.mark.parametrize(
    ("one", "other", "factor"),
    [
        ("The count stands at 37 boats and 1,450 crates.", "He saw 1,450 crates and 37 boats.", 1.15),
        ("It saw 37 boats, 11 carts, 23 vans and 1,450 crates.", "37 boats, 1,450 crates, 63 hens.", 1.15),
        ("It saw 37 boats, 11 carts, 23 vans and 1,450 crates.", "37 boats, 1,900 crates, 63 hens.", 0.875),
        ("The count stands at 37 boats and 1,450 crates.", "He saw 29 boats and 1,220 crates.", 0.6),
        ("The count stands at 37 boats.", "He saw some boats and crates.", 1.0),
        ("The count stood at 37 boats in 2029.", "He saw 37 boats in 2031.", 1.15),
    ],
)
def test_numbers_count_for_and_against(one: str, other: str, factor: float) -> None:
    assert parts(report(1, one), report(2, other)).figures[0] == pytest.approx(factor)


def test_years_are_no_numbers_and_count_against_where_none_is_common() -> None:
    assert parts(report(1, "A gale in 2029."), report(2, "A gale in 2031.")).years[0] < 1
    assert parts(report(1, "A gale in 2029."), report(2, "A gale in 2029 and 2031.")).years[0] == 1
    assert parts(report(1, "A gale in 2029."), report(2, "A gale in 2031.")).figures[0] == 1


def test_a_place_of_several_words_is_compared_as_a_whole() -> None:
    kerata, vitsa = (
        "A fire burns on the slopes near Mount Kerata.",
        "A fire burns on the slopes near Mount Vitsa.",
    )
    same = parts(report(1, kerata), report(2, kerata.replace("burns", "rages"))).places[0]
    other = parts(report(1, kerata), report(2, vitsa)).places[0]
    assert same == pytest.approx(1.1)
    assert 0.5 < other < 0.9
    elsewhere = parts(report(1, kerata), report(2, "A fire burns in Ardo.")).places[0]
    assert elsewhere == pytest.approx(0.5)
    nowhere = parts(report(1, kerata), report(2, "A fire burns, Dara said.")).places[0]
    assert nowhere == pytest.approx(0.8)
    named = parts(report(1, kerata), report(2, "Mount Kerata burns, Dara said.")).places[0]
    assert named == 1


def test_the_name_in_the_foreground_is_looked_for_in_the_other_report() -> None:
    petrie = "Angus Petrie has won the seat. Petrie thanked his wife. Thornby voted as well, Petrie said."
    both = parts(report(1, petrie), report(2, "The seat goes to Petrie. Petrie was a vet.")).foremost[0]
    neither = parts(report(1, petrie), report(2, "The seat goes to Ellery. Ellery was a vet.")).foremost[0]
    one = parts(
        report(1, petrie), report(2, "Ellery lost to Petrie. Ellery was a vet, Ellery said.")
    ).foremost[0]
    assert (both, one, neither) == (pytest.approx(1.1), pytest.approx(0.925), pytest.approx(0.75))
    assert parts(report(1, petrie), report(2, "the seat is lost.")).foremost[0] == 1


def test_reports_that_share_words_and_no_names_are_of_one_kind() -> None:
    template = "{} was jailed for murdering a neighbour with an overdose of insulin in a bungalow near {}."
    one = report(1, template.format("Collette Amberley", "Ardo"))
    other = report(2, template.format("Gregor Tennant", "Belmora"))
    again = report(3, "Collette Amberley killed a neighbour near Ardo, and a nurse is not what she was.")
    assert parts(one, other).kind[0] == pytest.approx(0.3)
    assert parts(one, again).kind[0] == 1


def test_a_script_without_capitals_is_not_compared_by_names() -> None:
    found = parts(
        stored(1, "", "塔恩河周一上涨两米，阿尔多村道路中断。", language="zh"),
        stored(2, "", "塔恩河上涨，阿尔多村道路中断。", language="zh"),
    )
    assert found.kind[0] == found.foremost[0] == 1
