"""New documents go on with stories that were told in the last two weeks."""

from __future__ import annotations

import logging
from bisect import bisect_left
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reports import SEEN, look_alikes, stored

from newsletter.model.documents import Document
from newsletter.model.stories import GroupingRules
from newsletter.stories.group import Group, KnownStory, group_documents

KINDS = look_alikes()


def dated(document: Document, id_: int, moment: datetime) -> Document:
    paragraphs = (span.of(document.text) for span in document.paragraphs)
    return stored(
        id_, document.headline, *paragraphs, language=document.language, seen=moment, published=moment
    )


def told(thread: int, *keys: str, kind: str, days_ago: float = 1) -> KnownStory:
    moment = SEEN - timedelta(days=days_ago)
    documents = tuple(
        dated(KINDS[kind][key], 1000 + 10 * thread + place, moment) for place, key in enumerate(keys)
    )
    return KnownStory(thread=thread, documents=documents, last_told_at=moment)


def new(kind: str, key: str, *, id_: int = 1) -> Document:
    return dated(KINDS[kind][key], id_, SEEN)


@pytest.mark.parametrize(
    "kind", ["earthquake", "rail-crash", "murder-verdict", "museum-theft", "streik", "пожар"]
)
def test_a_document_on_yesterdays_event_goes_on_with_it(kind: str) -> None:
    [group] = group_documents([new(kind, "a2")], known=[told(5, "a1", kind=kind)], now=SEEN)
    assert group.thread == 5
    assert [document.id for document in group.documents] == [1], "only new documents are handed out"


@pytest.mark.parametrize(
    "kind", ["earthquake", "rail-crash", "murder-verdict", "museum-theft", "streik", "пожар"]
)
def test_a_look_alike_opens_a_story_of_its_own(kind: str) -> None:
    [group] = group_documents([new(kind, "b1")], known=[told(5, "a1", "a2", kind=kind)], now=SEEN)
    assert group.thread is None


def test_of_several_stories_the_most_alike_is_gone_on_with() -> None:
    stories = [
        told(5, "a1", kind="earthquake"),
        told(6, "b1", kind="earthquake"),
        told(7, "a1", kind="streik"),
    ]
    documents = [
        new("earthquake", "a2", id_=1),
        new("earthquake", "b2", id_=2),
        new("oil-spill", "a1", id_=3),
    ]
    groups = group_documents(documents, known=stories, now=SEEN)
    assert [group.thread for group in groups] == [5, 6, None]
    assert group_documents(documents[::-1], known=stories[::-1], now=SEEN) == groups


def test_new_documents_that_go_on_with_one_story_are_one_group() -> None:
    documents = [new("rail-crash", "a1", id_=1), new("rail-crash", "a2", id_=2)]
    [group] = group_documents(documents, known=[told(5, "a1", "a2", kind="rail-crash")], now=SEEN)
    assert group.thread == 5
    assert sorted(document.id for document in group.documents) == [1, 2]


def test_two_told_stories_of_one_event_stay_two() -> None:
    stories = [told(5, "a1", kind="rail-crash"), told(6, "a2", kind="rail-crash")]
    groups = group_documents([new("rail-crash", "a2", id_=1)], known=stories, now=SEEN)
    assert [group.thread for group in groups] == [6]


def test_stories_are_open_for_two_weeks_after_they_were_last_told() -> None:
    def thread(days_ago: float, *, open_days: int = 14) -> int | None:
        rules = GroupingRules(open_days=open_days)
        story = told(5, "a1", kind="earthquake", days_ago=days_ago)
        return group_documents([new("earthquake", "a1")], rules=rules, known=[story], now=SEEN)[0].thread

    assert thread(14) == 5
    assert thread(14.01) is None
    assert thread(2, open_days=1) is None
    again = told(5, "a1", kind="earthquake", days_ago=30)
    retold = KnownStory(thread=5, documents=again.documents, last_told_at=SEEN - timedelta(days=2))
    assert group_documents([new("earthquake", "a1")], known=[retold], now=SEEN)[0].thread == 5


def test_the_more_days_lie_between_the_more_alike_must_a_document_be() -> None:
    def thread(days_ago: float, cutoff: float) -> int | None:
        rules = GroupingRules(story_cutoff=cutoff)
        story = told(5, "a1", kind="earthquake", days_ago=days_ago)
        return group_documents([new("earthquake", "a2")], rules=rules, known=[story], now=SEEN)[0].thread

    def highest(days_ago: float) -> int:
        return bisect_left(range(100), True, key=lambda cutoff: thread(days_ago, cutoff / 100) is None)

    fresh, week, fortnight = highest(0), highest(7), highest(14)
    assert fresh > week >= fortnight
    assert fortnight == pytest.approx(fresh / 2, abs=1.5)


def test_reports_published_weeks_apart_are_less_alike_within_a_batch() -> None:
    apart = [
        dated(KINDS["wildfire"][key], n, SEEN - timedelta(days=20 * n)) for n, key in enumerate(["a1", "a2"])
    ]
    strict = GroupingRules(story_cutoff=0.3)
    assert len(group_documents(apart, rules=strict)) == 2
    same_day = [dated(document, document.id, SEEN) for document in apart]
    assert len(group_documents(same_day, rules=strict)) == 1


def test_languages_never_mix_in_a_told_story() -> None:
    story = told(5, "a1", kind="streik")
    text = KINDS["streik"]["a2"]
    paragraphs = [span.of(text.text) for span in text.paragraphs]
    english = stored(1, text.headline, *paragraphs, language="en")
    unknown = stored(2, text.headline, *paragraphs, language=None)
    assert group_documents([english], known=[story], now=SEEN)[0].thread is None
    assert group_documents([unknown], known=[story], now=SEEN)[0].thread == 5


@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_every_new_document_is_in_one_group_whatever_the_order(data: st.DataObject) -> None:
    kinds = data.draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=4, unique=True))
    documents = [
        new(kind, key, id_=10 * n + m) for n, kind in enumerate(kinds) for m, key in enumerate(KINDS[kind])
    ]
    stories = [told(n, "a1", kind=kind) for n, kind in enumerate(kinds)]
    groups = group_documents(documents, known=stories, now=SEEN)
    assert sorted(d.id for group in groups for d in group.documents) == sorted(d.id for d in documents)
    threads = [group.thread for group in groups if group.thread is not None]
    assert len(threads) == len(set(threads))
    shuffled = data.draw(st.permutations(documents))
    assert group_documents(shuffled, known=stories[::-1], now=SEEN) == groups


def test_pairs_near_the_cutoff_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    documents = [new("earthquake", "a1", id_=1), new("earthquake", "a2", id_=2)]
    cutoff = max(
        cutoff / 100
        for cutoff in range(100)
        if len(group_documents(documents, rules=GroupingRules(story_cutoff=cutoff / 100))) == 1
    )
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="newsletter.stories.group"):
        group_documents(documents, rules=GroupingRules(story_cutoff=cutoff))
        group_documents(documents, rules=GroupingRules(story_cutoff=cutoff + 0.02))
        group_documents(documents, rules=GroupingRules(story_cutoff=cutoff - 0.1))
    joined, apart = (record.getMessage() for record in caplog.records)
    assert "so one story" in joined
    assert "so two stories" in apart
    for message in (joined, apart):
        assert documents[0].headline in message
        assert documents[1].headline in message


def test_what_is_logged_names_sources_and_how_many_more_there_are(caplog: pytest.LogCaptureFixture) -> None:
    quake = KINDS["earthquake"]
    text = [span.of(quake["a1"].text) for span in quake["a1"].paragraphs]
    documents = [
        stored(1, "Quake at Camana", *text, source="Gazette"),
        stored(2, "Quake near Camana", *text[:2], "Aid is on its way.", source="Courier"),
        stored(3, "Tremor", *(span.of(quake["a2"].text) for span in quake["a2"].paragraphs)),
    ]
    with caplog.at_level(logging.INFO, logger="newsletter.stories.group"):
        for cutoff in range(30, 100, 2):
            group_documents(documents, rules=GroupingRules(story_cutoff=cutoff / 100))
    messages = [record.getMessage() for record in caplog.records]
    assert any("“Quake at Camana” (Gazette) and 1 more | “Tremor”" in message for message in messages)


def test_at_most_twenty_pairs_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    documents = [
        stored(n, f"Report {n}", f"Ardo Tarn {n * 7} Belmora hall{n} mill{n} barn{n} lock{n} quay{n} pier{n}")
        for n in range(1, 40)
    ]
    counts = []
    with caplog.at_level(logging.INFO, logger="newsletter.stories.group"):
        for cutoff in range(10, 40, 6):
            caplog.clear()
            group_documents(documents, rules=GroupingRules(story_cutoff=cutoff / 100))
            counts.append(len(caplog.records))
    assert max(counts) == 20


def test_nothing_new_is_no_group() -> None:
    assert group_documents([], known=[told(5, "a1", kind="streik")], now=SEEN) == []
    assert group_documents(
        [new("streik", "a1")], known=[KnownStory(thread=1, documents=(), last_told_at=SEEN)]
    ) == [Group(documents=(new("streik", "a1"),))]
