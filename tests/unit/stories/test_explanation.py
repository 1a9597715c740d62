"""Why documents are one story, part by part."""

from __future__ import annotations

import pytest
from reports import look_alikes, stored

from newsletter.model.explanations import Resemblance
from newsletter.stories.group import group_documents
from newsletter.stories.grouping.explanation import explain_group

QUAKE = look_alikes()["earthquake"]


def product_of(found: Resemblance) -> float:
    total = sum(part.value * part.weight for part in found.parts if part.weight is not None)
    for part in found.parts:
        if part.weight is None:
            total *= part.value
    return total


def test_each_document_is_set_beside_the_leading_one() -> None:
    told = explain_group([QUAKE["a1"], QUAKE["a2"]], outside=[QUAKE["b2"], QUAKE["b1"]])
    assert told.leading_id == QUAKE["a1"].id
    [other] = told.documents
    assert other.document_id == QUAKE["a2"].id
    assert other.headline == QUAKE["a2"].headline
    assert {"camana", "quispe"} <= set(other.common_terms)
    assert other.copy_of is None
    assert told.nearest_outside is not None
    assert told.nearest_outside.document_id == QUAKE["b1"].id
    assert told.nearest_outside.likeness < 0.15 < other.likeness


def test_the_parts_make_up_the_likeness() -> None:
    told = explain_group([QUAKE["a1"], QUAKE["a2"]], outside=[QUAKE["b1"]])
    for found in (*told.documents, told.nearest_outside):
        assert found is not None
        assert product_of(found) == pytest.approx(found.likeness, abs=1e-6)
        assert sum(part.weight for part in found.parts if part.weight is not None) == pytest.approx(1)
    places = (
        next(part for part in told.nearest_outside.parts if part.name == "days")
        if told.nearest_outside
        else None
    )
    assert places is not None
    assert places.value < 1, "Tuesday and Friday"


def test_scripts_without_capitals_have_words_alone() -> None:
    documents = [
        stored(1, "河水上涨", "塔恩河周一上涨两米", language="zh"),
        stored(2, "河水", "塔恩河上涨两米", language="zh"),
    ]
    [other] = explain_group(documents).documents
    assert [part.name for part in other.parts if part.weight is not None] == ["words", "lead"]
    assert product_of(other) == pytest.approx(other.likeness, abs=1e-6)


def test_copies_are_named() -> None:
    text = [span.of(QUAKE["a1"].text) for span in QUAKE["a1"].paragraphs]
    copy = stored(999, "The same under another headline", *text)
    told = explain_group([QUAKE["a1"], QUAKE["a2"], copy])
    assert [(each.document_id, each.copy_of) for each in told.documents] == [
        (QUAKE["a2"].id, None),
        (999, QUAKE["a1"].id),
    ]


def test_one_document_has_nothing_beside_it() -> None:
    told = explain_group([QUAKE["a1"]])
    assert told.documents == ()
    assert told.nearest_outside is None


def test_no_document_is_no_story() -> None:
    with pytest.raises(ValueError, match="at least one"):
        explain_group([])


def test_every_part_has_a_name_and_stays_within_its_bounds() -> None:
    [group] = group_documents([QUAKE["a1"], QUAKE["a2"]])
    for found in explain_group(group.documents).documents:
        assert len({part.name for part in found.parts}) == len(found.parts) == 16
        assert all(0 <= part.value <= 1 + 1e-6 for part in found.parts if part.weight is not None)
        assert all(0 <= part.value <= 2 for part in found.parts if part.weight is None)
