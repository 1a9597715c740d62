"""Which report leads its story: that of the event, not comment, background or a bare notice."""

from __future__ import annotations

from pathlib import Path

import pytest
from reports import led_groups, stored

from newsletter.model.documents import Document
from newsletter.model.stories import GroupingRules
from newsletter.stories.group import group_documents

ALL = GroupingRules(story_cutoff=0.0)


def leading(*documents: Document) -> int:
    [group] = group_documents(documents, rules=ALL)
    return group.documents[0].id


@pytest.mark.parametrize(("name", "least"), [("leads", 22), ("leads_second", 10), ("leads_third", 8)])
def test_the_report_of_the_event_leads(name: str, least: int) -> None:
    groups = led_groups(name)
    wrong = [title for title, (documents, may) in groups.items() if leading(*documents) not in may]
    assert len(groups) - len(wrong) >= least, wrong


def test_a_follow_up_does_not_lead_the_report_of_the_closure() -> None:
    seeds = Path(__file__).parents[3] / "seeds"
    texts = [
        (seeds / f"bridge-closed-{source}.txt").read_text("utf-8").split("\n\n")
        for source in ("courier", "gazette", "northline")
    ]
    documents = [stored(number, headline, *rest) for number, (headline, *rest) in enumerate(texts, 1)]
    assert leading(*documents) == 3


QUAKE = "An earthquake of magnitude 6.4 shook Marasu on Friday and killed nine people in the town of Belin."


def test_a_bare_notice_does_not_lead() -> None:
    notice = stored(1, "Earthquake in Marasu", "An earthquake shook Marasu on Friday.")
    full = stored(
        2,
        "Earthquake of 6.4 kills nine in Marasu",
        QUAKE,
        "Dozens of houses collapsed and the road to the harbour was blocked by rocks and fallen poles.",
        "Rescue teams from both neighbours were on their way with dogs, tents and blankets, officials said.",
        "The seismology institute expects further tremors, and schools will stay shut until the weekend.",
        "Surgeons at the district clinic operated through the night by the light of torches and lorries.",
        "The last tremor of this strength was in 1988, when the old lighthouse fell into the bay at noon.",
        "Fishermen whose boats were thrown on the quay asked the prefect for timber, pitch and engine oil.",
    )
    assert leading(notice, full) == 2


def test_the_least_central_report_does_not_lead_however_it_begins() -> None:
    first = stored(1, "Quake kills nine in Belin", QUAKE, "Dozens of houses in Belin collapsed.")
    second = stored(2, "Nine die in Marasu quake", QUAKE, "Rescue teams dig in the ruins of Belin.")
    other = stored(3, "Belin festival is off", "On Friday a festival in Belin was called off.", "No songs.")
    assert leading(first, second, other) in {1, 2}


def test_of_equal_reports_the_first_leads_then_the_longer() -> None:
    def report(number: int, hour: int, *more: str) -> Document:
        text = QUAKE.replace("shook", ("rocked", "shook", "hit")[number % 3])
        moment = stored(0, "").first_seen_at.replace(hour=hour)
        return stored(number, "Quake kills nine in Belin", text, *more, seen=moment, published=moment)

    assert leading(report(1, 9), report(2, 7)) == 2
    assert leading(report(1, 9), report(2, 9, "Nothing else is known.")) == 2
    assert leading(report(1, 9), report(2, 9)) == 1


@pytest.mark.parametrize(
    "headline",
    [
        "Why did so many die in Belin?",
        "Analysis: nine deaths in Belin",
        "“We ran”: nine die in Belin",
        "Five things about the quake in Belin",
        "Kommentar: Neun Tote in Belin",
    ],
)
def test_a_headline_of_comment_speaks_against_a_report(headline: str) -> None:
    comment = stored(1, headline, QUAKE.replace("shook", "hit"))
    assert leading(comment, stored(2, "Quake kills nine in Belin", QUAKE)) == 2


def test_the_world_health_organization_asks_no_question() -> None:
    who = stored(1, "WHO sends tents to Belin", QUAKE.replace("shook", "hit"))
    assert leading(who, stored(2, "Health body sends tents to Belin", QUAKE)) == 1
