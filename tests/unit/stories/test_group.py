"""Which documents are one event, and how many sources stand behind it."""

from __future__ import annotations

import random
from itertools import combinations
from pathlib import Path

import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from reports import stored

from newsletter.model.documents import Document
from newsletter.model.stories import GroupingRules
from newsletter.stories.group import Group, group_documents


def groups_of(documents: list[Document], *, cutoff: float = 0.15) -> list[tuple[Document, ...]]:
    rules = GroupingRules(story_cutoff=cutoff)
    return [group.documents for group in group_documents(documents, rules=rules)]


def ids(documents: list[Document], *, cutoff: float = 0.15) -> list[set[int]]:
    return [{document.id for document in each} for each in groups_of(documents, cutoff=cutoff)]


FLOOD = [
    stored(
        1,
        "Flood cuts off hill village",
        "A flood cut off the hill village of Ardo on Tuesday after two days of rain, the county said.",
        "Rescue teams carried 40 residents over a footbridge before it gave way. The Tarn rose two metres.",
    ),
    stored(
        2,
        "Village of Ardo isolated as river Tarn bursts its banks",
        "The river Tarn burst its banks and left Ardo without a road, officials said on Tuesday.",
        "Forty residents were led to safety by rescue teams. The army may send a bridge to the village.",
    ),
    stored(
        3,
        "Army asked for bridge after Tarn flood",
        "The county has asked the army for a bridge after the flood in Ardo, where the Tarn took the road.",
        "Rescue teams brought 40 residents out. More rain is forecast for the hills.",
    ),
]
BANK = [
    stored(
        4,
        "Central bank raises rate by half a point",
        "The central bank of Lorvia raised its key rate to 4.5 percent on Thursday to slow inflation.",
        "Governor Mila Stanek said prices had risen faster than expected. The crown gained against the euro.",
    ),
    stored(
        5,
        "Lorvian crown jumps after rate rise",
        "The Lorvian crown jumped on Thursday after the central bank lifted its key rate to 4.5 percent.",
        "Inflation had been faster than expected, Governor Mila Stanek told reporters.",
    ),
]
STRIKE = stored(
    6,
    "Port workers end strike",
    "Port workers in Harlow ended a nine-day strike on Friday after the owner offered six percent more.",
    "The union said its members would vote in June. Cranes moved again at dawn.",
)


def test_reports_of_one_event_are_grouped() -> None:
    assert ids([*FLOOD, *BANK, STRIKE]) == [{1, 2, 3}, {4, 5}, {6}]


@pytest.mark.parametrize("pair", [*combinations(FLOOD, 2), tuple(BANK)])
def test_two_reports_of_one_event_join_even_alone(pair: tuple[Document, Document]) -> None:
    assert len(group_documents(list(pair))) == 1


@pytest.mark.parametrize("one", FLOOD)
@pytest.mark.parametrize("other", [*BANK, STRIKE])
def test_two_unrelated_documents_never_join_even_alone(one: Document, other: Document) -> None:
    assert len(group_documents([one, other])) == 2


def test_look_alikes_stay_apart() -> None:
    quakes = [
        stored(
            10 + n,
            f"Earthquake shakes {town}",
            f"An earthquake of magnitude {size} shook {town} in {country} on {day}, damaging {what}.",
            f"{name}, who leads the rescue in {town}, said {count} people had been hurt. {rest}",
        )
        for n, (town, country, size, day, what, name, count, rest) in enumerate(
            [
                (
                    "Belmora",
                    "Lorvia",
                    "5.8",
                    "Monday",
                    "the old cathedral",
                    "Ana Ruiz",
                    31,
                    "Schools are closed.",
                ),
                (
                    "Kessin",
                    "Tarvan",
                    "6.4",
                    "Friday",
                    "two dams",
                    "Olaf Brandt",
                    212,
                    "Power failed at night.",
                ),
            ]
        )
    ]
    assert ids(quakes) == [{10}, {11}]


def test_near_copies_join() -> None:
    copy = stored(
        7, STRIKE.headline, *(span.of(STRIKE.text) for span in STRIKE.paragraphs), "Updated at noon."
    )
    assert ids([STRIKE, copy, *BANK]) == [{4, 5}, {6, 7}]


def test_a_headline_alone_does_not_join() -> None:
    briefings = [
        stored(20, "Morning briefing", "The harbour of Ardo opens to cruise ships in spring."),
        stored(21, "Morning briefing", "A court in Belmora freed the editor of a weekly paper."),
        stored(
            22, "Morning briefing", "Scientists found a frog thought extinct since 1980 in a Tarvan forest."
        ),
    ]
    assert ids(briefings) == [{20}, {21}, {22}]


def test_documents_of_a_headline_alone_can_be_compared() -> None:
    bare = [
        stored(30, "Tarn flood: Ardo cut off"),
        stored(31, "Ardo cut off by Tarn flood"),
        stored(32, "Rate rises"),
    ]
    assert ids(bare) == [{30, 31}, {32}]


def test_documents_without_words_stay_alone() -> None:
    assert ids([stored(1, "!!!"), stored(2, "???"), stored(3, "the of and")]) == [{1}, {2}, {3}]


def test_languages_never_mix() -> None:
    text = "Ardo Tarn Mila Stanek 4.5 Lorvia"
    documents = [
        stored(n, text, text, language=code) for n, code in enumerate(["en", "de", None, "en", "de-AT"], 1)
    ]
    for each in groups_of(documents):
        assert len({(document.language or "")[:2] for document in each} - {""}) == 1
    assert ids([documents[0], documents[2]]) == [{1, 3}]


def test_other_scripts_are_grouped() -> None:
    documents = [
        stored(
            1, "河水上涨", "塔恩河周一上涨两米，阿尔多村道路中断，救援人员转移四十名居民。", language="zh"
        ),
        stored(2, "阿尔多村被困", "塔恩河上涨，阿尔多村道路中断，四十名居民被救援人员转移。", language="zh"),
        stored(3, "央行加息", "中央银行周四将利率提高至百分之四点五，以抑制通货膨胀。", language="zh"),
    ]
    assert ids(documents) == [{1, 2}, {3}]


def test_the_most_central_document_leads() -> None:
    longest = stored(
        9, "Rain", "Rain fell on Ardo and the Tarn rose, rescue teams said. " + "Cows were seen. " * 40
    )
    leading = groups_of([*FLOOD, longest], cutoff=0.05)[0]
    assert leading[0].id in {1, 2, 3}
    assert {document.id for document in leading} == {1, 2, 3, 9}


def test_of_two_the_longer_leads_then_the_older() -> None:
    assert len(BANK[0].text) > len(BANK[1].text)
    assert [document.id for document in groups_of(BANK)[0]] == [4, 5]
    twin = stored(40, BANK[0].headline, *(span.of(BANK[0].text) for span in BANK[0].paragraphs))
    assert [d.id for d in groups_of([twin, BANK[0]])[0]] == [4, 40]


def test_few_documents() -> None:
    assert group_documents([]) == []
    assert group_documents([STRIKE]) == [Group(documents=(STRIKE,))]


def test_the_cutoff_reaches_from_everything_to_copies() -> None:
    everything = [*FLOOD, *BANK, STRIKE]
    assert len(groups_of(everything, cutoff=0.0)) == 1
    assert len(groups_of(everything, cutoff=1.1)) == 6


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_input_does_not_matter(seed: int) -> None:
    documents = [*FLOOD, *BANK, STRIKE]
    shuffled = random.Random(seed).sample(documents, len(documents))
    assert group_documents(shuffled) == group_documents(documents)


TOPICS = st.lists(
    st.sampled_from(["flood", "bridge", "Ardo", "Tarn", "bank", "rate", "Lorvia", "40"]), max_size=9
)


@settings(max_examples=examples(60), deadline=None)
@given(texts=st.lists(TOPICS, max_size=12), cutoff=st.floats(0.01, 1.0))
def test_every_document_is_in_exactly_one_group(texts: list[list[str]], cutoff: float) -> None:
    documents = [stored(n, "News", " ".join(text)) for n, text in enumerate(texts, 1)]
    groups = groups_of(documents, cutoff=cutoff)
    assert sorted(d.id for each in groups for d in each) == [d.id for d in documents]
    assert [each[0].id for each in groups] == sorted(each[0].id for each in groups)


@pytest.mark.sweep
def test_a_thousand_and_a_half_unrelated_documents_stay_apart() -> None:
    dice = random.Random(1)
    vocabulary = [f"word{n}" for n in range(30_000)]
    documents = [
        stored(n, " ".join(dice.choices(vocabulary, k=8)), " ".join(dice.choices(vocabulary, k=400)))
        for n in range(1, 1501)
    ]
    assert len(group_documents(documents)) == 1500


def test_a_place_and_a_unit_in_common_make_no_story() -> None:
    seeds = Path(__file__).parents[3] / "seeds"
    names = (
        "tide-power-northline",
        "harbour-forecast-gazette",
        "bridge-closed-gazette",
        "bridge-closed-courier",
    )
    texts = [(seeds / f"{name}.txt").read_text("utf-8").split("\n\n") for name in names]
    documents = [
        stored(number, headline, *paragraphs) for number, (headline, *paragraphs) in enumerate(texts, 1)
    ]
    assert ids(documents) == [{1}, {2}, {3, 4}]
