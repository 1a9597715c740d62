"""Grouping many documents, and documents that were made to be hard to group."""

from __future__ import annotations

import random
from datetime import timedelta

import numpy as np
import pytest
from reports import SEEN, look_alikes, stored

from benchmarks.invented import news_day
from newsletter.model.documents import Document
from newsletter.stories.group import group_documents
from newsletter.stories.grouping import candidates
from newsletter.stories.grouping.candidates import find_candidates
from newsletter.stories.grouping.likeness import Comparison
from newsletter.stories.grouping.profiles import COMPARED_CHARACTERS, Vocabulary, opening
from newsletter.stories.grouping.rows import Rows


def compared(documents: list[Document], monkeypatch: pytest.MonkeyPatch) -> int:
    """Group the documents and return how many pairs were compared."""
    count = 0
    products = Rows.products

    def counted(self: Rows, number: int, others: np.ndarray) -> np.ndarray:
        nonlocal count
        count += len(others)
        return products(self, number, others)

    monkeypatch.setattr(Rows, "products", counted)
    group_documents(documents)
    monkeypatch.setattr(Rows, "products", products)
    return count


def test_no_pair_that_could_be_joined_is_left_out_of_the_candidates() -> None:
    documents = [report for reports in look_alikes().values() for report in reports.values()]
    vocabulary = Vocabulary()
    profiles = [vocabulary.profile(document) for document in documents]
    comparison = Comparison(profiles, vocabulary.terms())
    found = {
        (number, other)
        for number, others in find_candidates(profiles, comparison.weights)
        for other in others.tolist()
    }
    everybody = np.arange(len(documents))
    for number in range(len(documents)):
        likeness = comparison.parts(number, everybody).likeness
        for other in np.flatnonzero(likeness >= 0.1).tolist():
            if other > number and documents[number].language == documents[other].language:
                assert (number, other) in found


def test_few_of_all_pairs_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    count = compared([document for document, _ in news_day(120)], monkeypatch)
    assert 0 < count < 0.15 * (120 * 119 / 2)


def test_what_one_term_and_one_document_lead_to_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "_MOST_CANDIDATES", 5)
    documents = [
        stored(n, f"Ardo mill {n}", f"Tarn quay {n} Belmora pier {n} " + f"own{n} " * 9) for n in range(1, 61)
    ]
    assert compared(documents, monkeypatch) <= 5 * 60
    monkeypatch.setattr(candidates, "_LONGEST_POSTING", 20)
    assert compared(documents, monkeypatch) == 0


def test_of_documents_alike_in_the_words_of_their_kind_few_are_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dice = random.Random(2)
    kind = [f"kind{number}" for number in range(20)]
    documents = [
        stored(n, "Today", " ".join([*(f"own{n}x{m}" for m in range(20)), *dice.sample(kind, 8)]))
        for n in range(1, 201)
    ]
    monkeypatch.setattr(candidates, "_MOST_WEAK", 5)
    assert compared(documents, monkeypatch) <= 5 * 200
    monkeypatch.setattr(candidates, "_WEAK_COSINE", 0.0)
    assert compared(documents, monkeypatch) > 15 * 200


def test_a_day_is_grouped_by_its_events_in_any_order() -> None:
    made = news_day(100)
    event = {document.id: number for document, number in made}
    documents = [document for document, _ in made]
    groups = group_documents(documents)
    mixed = [group for group in groups if len({event[document.id] for document in group.documents}) > 1]
    assert not mixed
    split = len(groups) - len(set(event.values()))
    assert split <= 0.1 * len(set(event.values()))
    assert group_documents(random.Random(1).sample(documents, len(documents))) == groups


def test_an_event_is_whole_however_far_apart_its_reports_are_seen() -> None:
    reports = look_alikes()["earthquake"]
    ends = [
        stored(
            id_,
            "",
            *(span.of(report.text) for span in report.paragraphs),
            seen=SEEN + timedelta(hours=id_ / 50),
        )
        for id_, report in ((1, reports["a1"]), (900, reports["a2"]))
    ]
    between = [document for document, _ in news_day(60) if document.id not in {1, 900}]
    joined = next(group for group in group_documents([*ends, *between]) if group.documents[0].id in {1, 900})
    assert {document.id for document in joined.documents} == {1, 900}


def test_equal_documents_are_one_group(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = [stored(number, "Storm warning", "A storm nears Ardo.") for number in range(1, 201)]
    assert compared(documents, monkeypatch) == 0
    [group] = group_documents(documents)
    assert len(group.copies) == 1
    assert len(group.documents) == 200


def test_documents_without_words_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = [stored(number, "") for number in range(1, 201)]
    assert compared(documents, monkeypatch) == 0
    assert len(group_documents(documents)) == 200


def test_documents_of_common_words_alone_are_not_compared_all_with_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(candidates, "_LONGEST_POSTING", 100)
    dice = random.Random(3)
    common = ["home", "team", "water", "road", "court", "match", "price", "house", "market", "school"]
    documents = [stored(n, "Today", " ".join(dice.choices(common, k=60))) for n in range(1, 201)]
    assert compared(documents, monkeypatch) == 0
    assert sum(len(group.documents) for group in group_documents(documents)) == 200


def test_only_the_beginning_of_a_huge_document_is_read() -> None:
    huge = stored(1, "Huge", "Ardo and Tarn. " * 400_000, "More " * 10)
    assert len(opening(huge, COMPARED_CHARACTERS)) == COMPARED_CHARACTERS
    profile = Vocabulary().profile(huge)
    assert int(profile.body.counts.sum()) < COMPARED_CHARACTERS
    unbroken = stored(2, "Unbroken", "x" * 3_000_000)
    assert [group.documents[0].id for group in group_documents([huge, unbroken])] == [1, 2]
