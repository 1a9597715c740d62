"""One summary from several documents: who leads, what the others add, and what is not told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import SummarizerError
from newsletter.model.documents import Document, Span
from newsletter.model.stories import UNNAMED_SOURCE, Summary
from newsletter.stories.joining.crediting import outlet
from newsletter.stories.joining.pool import READ_DOCUMENTS, READ_SENTENCES, pool_sentences
from newsletter.stories.several import summarize_several
from newsletter.stories.summarize import SUMMARIZER_NAMES, summarize
from newsletter.stories.sumy import stop_words
from newsletter.stories.text import readability

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def document(number: int, source: str | None, headline: str, *paragraphs: str, **fields: object) -> Document:
    text, spans = headline, []
    for paragraph in paragraphs:
        text += "\n\n"
        spans.append(Span(start=len(text), end=len(text) + len(paragraph)))
        text += paragraph
    made = Document(
        id=number,
        headline=headline,
        text=text,
        paragraphs=tuple(spans),
        content_hash=str(number),
        source=source,
        language="en",
        first_seen_at=NOON + timedelta(minutes=number),
    )
    return replace(made, **fields)  # type: ignore[arg-type]


FERRY = document(
    1,
    "Harbour Post",
    "Ferry Runs Aground Off Lorn Head",
    "A ferry with 212 people on board ran aground off Lorn Head early on Monday, the coastguard said.",
    "Two lifeboats took all passengers to the port of Sella before noon.",
    "Captain Mirela Osk had reported a steering fault twenty minutes before the ship hit the rocks.",
    "Sella's harbour stayed closed to other ships for most of the day.",
)
SECOND = document(
    2,
    "The Islander",
    "Passengers Brought Ashore After Ferry Hits Rocks",
    "The ferry ran aground off Lorn Head early on Monday with 212 people on board.",
    "Osk was praised by several passengers.",
    "Divers found a gash of nine metres in the hull, and thirty tonnes of fuel have leaked into the bay.",
    "But the company would not comment.",
)
THIRD = document(
    3,
    None,
    "Oil From Stranded Ferry Reaches Beach",
    "Fuel from the stranded ferry reached the beach of Dunmarrow, where volunteers collected oiled birds.",
    "It smelled terrible.",
    "The transport ministry has opened an inquiry into the ship's upkeep, which was last checked in 2019.",
    url="https://www.bay-news.example/ferry",
)
STORY = (FERRY, SECOND, THIRD)


def check(documents: tuple[Document, ...], summary: Summary) -> None:
    """Each sentence is found where it says, and told in the order of documents and text."""
    texts = {each.id: each for each in documents}
    order = [each.id for each in documents]
    places = []
    for sentence in summary.sentences:
        assert sentence.document_id is not None
        assert sentence.cuts or sentence.span.of(texts[sentence.document_id].text) == sentence.text
        places.append((order.index(sentence.document_id), sentence.span))
    assert places == sorted(set(places))


def test_the_leading_document_opens_and_others_add() -> None:
    summary = summarize_several(STORY, sentence_count=None, word_limit=110)
    check(STORY, summary)
    assert summary.sentences[0].source == "Harbour Post"
    assert {sentence.source for sentence in summary.sentences} == {
        "Harbour Post",
        "The Islander",
        "bay-news.example",
    }
    assert "Divers found a gash" in summary.text
    assert summary.word_count <= 110


def test_a_sentence_that_repeats_or_leans_on_another_is_not_told() -> None:
    leaning = document(
        4,
        "Coast Radio",
        "Passengers Given Blankets And Soup",
        "They were given blankets and soup by the fire brigade in the market hall.",
        "The ferry ran aground off Lorn Head early on Monday.",
        "But nobody could say when the next boat to the mainland would leave.",
    )
    text = summarize_several((*STORY, leaning), sentence_count=None, word_limit=500).text
    assert text.count("aground") == 1
    assert "They were given" not in text
    assert "But nobody" not in text
    assert "leaked into the bay. But the company would not comment." in text


def test_a_surname_is_told_behind_the_full_name_only() -> None:
    told = summarize_several(
        (
            replace(FERRY, paragraphs=FERRY.paragraphs[:2]),
            document(
                2,
                "The Islander",
                "Captain Praised After Ferry Hits Rocks",
                "Captain Mirela Osk and the crew of the stranded ferry, who had slept little since "
                "leaving the mainland on the evening before, were met on the quay by their families, by two "
                "reporters, by the mayor and by a brass band of schoolchildren in yellow coats on Monday.",
                "Osk turned the ship so that its undamaged side faced the waves.",
            ),
        ),
        sentence_count=None,
        word_limit=300,
    )
    assert "Osk turned" not in told.text


def test_three_sentences_keep_to_the_budget() -> None:
    summary = summarize_several(STORY)
    check(STORY, summary)
    assert len(summary.sentences) == 3
    assert summary.word_count <= 110
    assert summary.sentences[0].document_id == FERRY.id
    assert any(sentence.document_id != FERRY.id for sentence in summary.sentences)


def test_what_the_others_repeat_leaves_the_summary_to_the_leading_document() -> None:
    echo = document(2, "The Islander", "Ferry Aground", FERRY.paragraphs[0].of(FERRY.text) + " Again.")
    summary = summarize_several((FERRY, echo))
    assert summary == summarize(FERRY, document_id=FERRY.id)
    assert all(sentence.source is None for sentence in summary.sentences)


def test_one_document_is_summarised_as_ever() -> None:
    assert summarize_several([FERRY]) == summarize(FERRY, document_id=FERRY.id)


def test_copies_are_read_once() -> None:
    copy = replace(FERRY, id=7, source="Copy Times", headline="Other Headline")
    assert summarize_several((FERRY, copy)) == summarize(FERRY, document_id=FERRY.id)


def test_what_was_told_before_is_left_out() -> None:
    told = {sentence.text for sentence in summarize(FERRY).sentences}
    summary = summarize_several(STORY, leave_out=lambda text: text in told)
    check(STORY, summary)
    assert not told & {sentence.text for sentence in summary.sentences}


def test_a_sentence_that_leans_on_what_was_told_before_is_left_out_too() -> None:
    leaning = document(
        1,
        "Harbour Post",
        "Ferry Aground",
        "The master of the stranded ferry was questioned for three hours. He was released in the evening.",
        "Fishermen from Sella lost nets worth thousands when the wreck drifted across their grounds.",
    )
    summary = summarize_several([leaning], leave_out=lambda text: text.startswith("The master"))
    assert summary.text.startswith("Fishermen")
    assert "He was" not in summary.text


def test_when_all_was_told_before_nothing_is_summarised() -> None:
    with pytest.raises(SummarizerError, match="told before"):
        summarize_several(STORY, leave_out=lambda _: True)


@pytest.mark.parametrize("options", [{"sentence_count": 0}, {"word_limit": 0}, {"summarizer": "nobody"}])
def test_impossible_wishes_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(SummarizerError):
        summarize_several(STORY, **options)  # type: ignore[arg-type]
    with pytest.raises(SummarizerError):
        summarize_several([])


@pytest.mark.parametrize("name", SUMMARIZER_NAMES)
def test_every_summarizer_serves(name: str) -> None:
    summary = summarize_several(STORY, summarizer=name, sentence_count=None, word_limit=90)
    check(STORY, summary)
    assert summary.method == name
    assert summary.word_count <= 90


def test_documents_without_a_readable_sentence_give_a_headline() -> None:
    empty = [document(number, None, f"Bridge {number} Closed") for number in (1, 2)]
    assert summarize_several(empty).text == "Bridge 1 Closed"


def test_no_more_is_read_than_the_bounds_allow() -> None:
    long = [
        document(
            number, "Post", "Long", " ".join(f"Line {number} of part {line} is new." for line in range(200))
        )
        for number in range(60)
    ]
    pool = pool_sentences(long, language=None)
    assert len(pool.documents) == READ_DOCUMENTS
    assert len(pool.sentences) == READ_DOCUMENTS * READ_SENTENCES


def test_a_monstrous_document_is_read_in_part() -> None:
    monster = document(2, "Post", "Monster", "word " * 400_000, "A short sentence stands behind it all.")
    pool = pool_sentences([FERRY, monster], language=None)
    assert sum(len(sentence.text) for sentence in pool.sentences) < 100_000


def test_a_document_beside_the_point_is_less_near_and_tells_less() -> None:
    fair = document(
        4,
        "Market Letter",
        "Autumn Fair Opens",
        "The autumn fair of Dunmarrow opens with music, cider and forty stalls of honey and cheese.",
        "Children may ride on ponies, and a brass band from the hills plays on both evenings.",
    )
    pool = pool_sentences((*STORY, fair), language=None)
    assert min(pool.nearness) == pool.nearness[3] < 0.5 * max(pool.nearness)
    told = summarize_several((*STORY, fair), sentence_count=None, word_limit=110)
    assert [sentence.document_id for sentence in told.sentences].count(fair.id) <= 1
    short = summarize_several((*STORY, fair), sentence_count=4)
    assert fair.id not in {sentence.document_id for sentence in short.sentences}


def test_an_outlet_is_named_as_readers_know_it() -> None:
    assert outlet(FERRY) == "Harbour Post"
    assert outlet(THIRD) == "bay-news.example"
    assert outlet(replace(THIRD, origin="RFE/RL")) == "RFE/RL"
    assert outlet(replace(THIRD, url="http://[half")) == UNNAMED_SOURCE
    assert outlet(replace(THIRD, url=None)) == UNNAMED_SOURCE


SENTENCES = st.sampled_from(
    [paragraph.of(each.text) for each in STORY for paragraph in each.paragraphs]
    + ["He left.", "Photo: a ship.", "“Half a quote.", "Why?", "水位很高。", "x" * 3000, "Ø", "But no."]
)
BODIES = st.lists(st.lists(SENTENCES, max_size=5), min_size=1, max_size=4)


@settings(max_examples=examples(60), deadline=None)
@given(BODIES, st.one_of(st.none(), st.integers(1, 5)), st.integers(1, 120))
def test_any_documents_give_a_traceable_summary(
    bodies: list[list[str]], sentence_count: int | None, word_limit: int
) -> None:
    documents = tuple(document(number, f"S{number}", "Ship", *body) for number, body in enumerate(bodies))
    summary = summarize_several(documents, sentence_count=sentence_count, word_limit=word_limit)
    check(documents, summary)
    assert sentence_count is None or len(summary.sentences) <= sentence_count
    contents = [readability.content_words(each.text, stop_words("en")) for each in summary.sentences]
    if len({sentence.document_id for sentence in summary.sentences}) > 1:
        assert all(sentence.source for sentence in summary.sentences)
        assert not any(readability.nearly_same(one, other) for one, other in combinations(contents, 2))
