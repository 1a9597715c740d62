"""How many sources stand behind a story."""

from __future__ import annotations

import pytest
from reports import stored

from newsletter.model.documents import Document
from newsletter.stories.group import independent_sources

OWN = [
    "Talks resumed in Belmora after a break of two weeks, and both sides spoke of progress on the border.",
    "Negotiators met again on the shore of the lake, where a quarrel about customs had stopped them.",
    "A deal is near, diplomats from three countries said when they left the castle at midnight.",
    "The envoys shook hands for the cameras but gave nobody a date for the signing of a treaty.",
]
WIRE = (
    "Negotiators from Lorvia and Tarvan agreed late on Sunday to open two crossings of their border in the"
    " autumn, after nine rounds of talks about customs, fishing and the water of the river Tarn."
)


def by(id_: int, source: str | None, origin: str | None = None, *, text: str = "") -> Document:
    return stored(id_, "Talks resume", text or OWN[id_ % len(OWN)], source=source, origin=origin)


def test_nobody_and_one() -> None:
    assert independent_sources([]) == 0
    assert independent_sources([by(1, None), by(2, " ")]) == 1
    assert independent_sources([by(1, "Ardo Post")]) == 1


def test_papers_that_cite_one_agency_are_one_with_it() -> None:
    papers = [by(1, "Ardo Post", "RFE/RL"), by(2, "Tarn Times", "RFE/RL")]
    assert independent_sources(papers) == 1
    assert independent_sources([*papers, by(3, "RFE/RL")]) == 1
    assert independent_sources([*papers, by(3, "Belmora Echo")]) == 2


def test_one_paper_is_one_however_it_is_spelled() -> None:
    assert independent_sources([by(1, "Ardo Post"), by(2, "ardo  post"), by(3, "Tarn Times")]) == 2


def test_the_unnamed_count_only_where_nobody_is_named() -> None:
    assert independent_sources([by(1, None), by(2, "Ardo Post"), by(3, None, "RFE/RL")]) == 2


def test_whoever_cites_a_paper_that_cites_an_agency_rests_on_the_agency() -> None:
    chain = [by(1, "Belmora Echo", "Ardo Post"), by(2, "Ardo Post", "RFE/RL"), by(3, "RFE/RL")]
    assert independent_sources(chain) == 1


def test_papers_that_cite_one_another_are_one() -> None:
    circle = [by(1, "Ardo Post", "Tarn Times"), by(2, "Tarn Times", "Ardo Post")]
    assert independent_sources(circle) == 1


def test_a_paper_with_two_agencies_does_not_make_them_one() -> None:
    documents = [by(1, "Ardo Post", "AP"), by(2, "Ardo Post", "AFP"), by(3, "AP"), by(0, "AFP")]
    assert independent_sources(documents) == 2


def test_wire_copy_in_five_papers_is_one_source() -> None:
    papers = [by(number, f"Paper {number}", text=WIRE) for number in range(1, 6)]
    assert independent_sources(papers) == 1
    assert independent_sources([*papers, by(6, "Belmora Echo")]) == 2


def test_a_paper_that_prints_wire_copy_and_more_rests_on_it() -> None:
    more = [by(1, "Ardo Post", text=f"{WIRE} {OWN[0]} {OWN[1]}"), by(2, "Tarn Times", text=WIRE)]
    assert independent_sources(more) == 1


@pytest.mark.parametrize(
    "text",
    [
        "A deal is near, a diplomat told Reuters on Monday.",
        "BELMORA (Reuters) A deal is near, and both sides are glad of it.",
        "The treaty has been signed, Reuters reported.",
        "According to the Reuters agency a deal is near.",
        "Citing Reuters, the minister denied that a deal was near.",
    ],
)
def test_an_agency_named_in_the_text_is_the_origin(text: str) -> None:
    assert independent_sources([by(1, "Ardo Post", text=text), by(2, "Reuters")]) == 1
    assert independent_sources([by(1, "Ardo Post", text=text), by(2, "Tarn Times", "Reuters")]) == 1


@pytest.mark.parametrize(
    "text",
    ["Reuters moved into a new building.", "She told Reutersward, a friend.", "The AP course was long."],
)
def test_a_mere_mention_is_no_origin(text: str) -> None:
    assert independent_sources([by(1, "Ardo Post", text=text), by(2, "Reuters"), by(3, "AP")]) == 3


def test_sources_of_the_story_are_recognised_in_texts() -> None:
    text = "The treaty has been signed, the Belmora Echo reported on Monday."
    documents = [by(1, "Ardo Post", text=text), by(2, "Belmora Echo"), by(3, "Tarn Times")]
    assert independent_sources(documents) == 2


def test_the_order_does_not_matter() -> None:
    documents = [
        by(1, "Ardo Post", "AP"),
        by(2, "Tarn Times", text=WIRE),
        by(3, "Echo", text=WIRE),
        by(4, None),
    ]
    assert independent_sources(documents) == independent_sources(documents[::-1]) == 2
