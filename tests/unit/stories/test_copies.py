"""Near copies are one text, and are found without a look at all pairs."""

from __future__ import annotations

import random
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reports import SEEN, stored

from newsletter.model.documents import Document
from newsletter.stories.group import group_documents
from newsletter.stories.grouping import copies
from newsletter.stories.grouping.copies import find_copies, is_part, phrases

WIRE = (
    "The parliament of Lorvia voted on Tuesday to close its last coal mine by the end of the decade.",
    "Energy minister Petr Vaclav said that the 1,400 miners of Karvin would be trained for other work.",
    "Unions called the plan a sham and announced a march on the capital for the coming weekend.",
)
OTHER = (
    "A heat wave has emptied the vineyards of southern Tarvan, growers told a hearing in Belmora.",
    "Losses may come to a third of the harvest, and cellars ask for loans without interest.",
)


def ids(classes: list[tuple[Document, ...]]) -> list[tuple[int, ...]]:
    return [tuple(document.id for document in found) for found in classes]


def test_a_text_under_another_headline_is_a_copy() -> None:
    documents = [
        stored(1, "Lorvia to close last coal mine", *WIRE),
        stored(2, "End of coal in Lorvia", *WIRE),
        stored(3, "Vineyards dry up", *OTHER),
    ]
    assert ids(find_copies(documents, cutoff=0.8)) == [(1, 2), (3,)]


def test_a_few_changed_words_leave_a_copy() -> None:
    changed = (WIRE[0].replace("Tuesday", "March 4"), *WIRE[1:])
    documents = [stored(1, "Lorvia to close last coal mine", *WIRE), stored(2, "End of coal", *changed)]
    assert ids(find_copies(documents, cutoff=0.8)) == [(1, 2)]


def test_a_report_with_as_much_of_its_own_is_no_copy() -> None:
    documents = [stored(1, "Lorvia to close coal mine", *WIRE), stored(2, "Coal ends", *WIRE, *OTHER)]
    assert ids(find_copies(documents, cutoff=0.8)) == [(1,), (2,)]
    assert ids(find_copies(documents, cutoff=0.4)) == [(1, 2)]


def test_the_cited_one_is_the_original_else_the_earliest() -> None:
    later = SEEN + timedelta(hours=3)
    paper = stored(1, "Coal", *WIRE, source="Ardo Post", origin="RFE/RL", published=SEEN)
    agency = stored(2, "Coal", *WIRE, source="RFE/RL", published=later)
    third = stored(3, "Coal", *WIRE, source="Tarn Times", published=SEEN - timedelta(hours=1))
    assert ids(find_copies([paper, agency, third], cutoff=0.8)) == [(2, 3, 1)]
    assert ids(find_copies([paper, third], cutoff=0.8)) == [(3, 1)]


def test_languages_never_mix_in_copies() -> None:
    documents = [
        stored(1, "Ardo", "Ardo Tarn 4.5", language="en"),
        stored(2, "Ardo", "Ardo Tarn 4.5", language="de"),
    ]
    assert ids(find_copies(documents, cutoff=0.8)) == [(1,), (2,)]


def test_documents_without_words_are_no_copies() -> None:
    assert ids(find_copies([stored(1, "!!!"), stored(2, "???")], cutoff=0.8)) == [(1,), (2,)]
    assert not is_part(phrases(stored(1, "!!!")), phrases(stored(2, "Ardo")), cutoff=0.8)


def test_texts_that_part_behind_what_is_compared_are_no_copies() -> None:
    beginning = " ".join(f"word{number}" for number in range(4_000))
    short, long = stored(1, "Long", beginning), stored(2, "Long", beginning + " and more" * 10_000)
    assert ids(find_copies([short, long], cutoff=0.8)) == [(1,), (2,)]


WORDS = [f"w{number}" for number in range(400)]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), changes=st.integers(0, 12))
def test_what_bands_find_is_what_phrases_say(seed: int, changes: int) -> None:
    dice = random.Random(seed)
    text = dice.choices(WORDS, k=120)
    other = list(text)
    for _ in range(changes):
        other[dice.randrange(len(other))] = "changed"
    one, two = stored(1, "One", " ".join(text)), stored(2, "Two", " ".join(other))
    mine, theirs = phrases(one), phrases(two)
    share = len(np.intersect1d(mine, theirs)) / len(np.union1d(mine, theirs))
    assert (len(find_copies([one, two], cutoff=0.8)) == 1) == (share >= 0.8)


@settings(max_examples=20, deadline=None)
@given(order=st.permutations(range(8)))
def test_the_order_of_input_does_not_matter(order: list[int]) -> None:
    documents = [
        stored(number + 1, f"Paper {number}", *(WIRE if number % 3 else OTHER), f"Seen at {number % 2}.")
        for number in range(8)
    ]
    assert find_copies([documents[place] for place in order], cutoff=0.8) == find_copies(
        documents, cutoff=0.8
    )


def test_many_equal_texts_are_each_compared_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0
    share = copies._share

    def counted(one: copies.Phrases, other: copies.Phrases) -> float:
        nonlocal compared
        compared += 1
        return share(one, other)

    monkeypatch.setattr(copies, "_share", counted)
    documents = [stored(number, f"Copy {number}", *WIRE) for number in range(1, 301)]
    assert len(find_copies(documents, cutoff=0.8)) == 1
    assert compared == 299


def test_copies_stand_together_in_their_group() -> None:
    told = stored(
        4,
        "Coal miners to march",
        "Unions in Lorvia will march on the capital against the end of the coal mine of Karvin.",
        "Petr Vaclav, the energy minister, wants to train its 1,400 miners.",
    )
    copied = [stored(number, f"Lorvia votes {number}", *WIRE) for number in (1, 2, 5)]
    [group] = group_documents([told, *copied])
    assert group.copies == ((1, 2, 5),)
    numbers = [document.id for document in group.documents]
    first = numbers.index(1)
    assert numbers[first : first + 3] == [1, 2, 5]
    assert sorted(numbers) == [1, 2, 4, 5]
