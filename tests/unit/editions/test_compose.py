"""Composing: a digest that can be finished, with nothing new left out of account."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.editions.compose import (
    LEAD_WORDS,
    MAX_ONE_LINERS,
    compose,
    compose_preheader,
    compose_subject,
    count_words,
    cut_at_word,
    shorten,
)
from newsletter.editions.rank import rank
from newsletter.model.documents import Span
from newsletter.model.editions import Edition, MailingList
from newsletter.model.stories import SourceCredit, Story, StoryLabel, Summary, SummarySentence

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def summary(*sentences: str) -> Summary:
    parts = tuple(SummarySentence(text=s, span=Span(start=0, end=len(s))) for s in sentences)
    return Summary(sentences=parts, method="lead")


def story(number: int, *, words: int = 20, sources: int = 1, age_hours: float = 1.0) -> Story:
    sentence = " ".join(["word"] * (words - 1)) + " end."
    return Story(
        headline=f"Headline number {number}",
        label=StoryLabel.NEW,
        summary=summary(sentence, sentence, sentence),
        sources=(SourceCredit(name="Gazette", title="t"),),
        document_ids=(number,),
        language="en",
        dated_at=NOW - timedelta(hours=age_hours),
        independent_sources=sources,
    )


def make(stories: list[Story], mailing_list: MailingList, budget: int = 750) -> Edition:
    return compose(stories, replace(mailing_list, word_budget=budget), number=3, now=NOW, slot_at=None)


def test_few_stories_are_all_told_at_full_length(mailing_list: MailingList) -> None:
    edition = make([story(n) for n in range(5)], mailing_list)
    assert [len(s.summary.sentences) for s in edition.stories] == [3] * 5
    assert edition.also == ()


def test_of_many_only_the_first_is_told_at_length(mailing_list: MailingList) -> None:
    edition = make([story(n) for n in range(6)], mailing_list)
    assert [len(s.summary.sentences) for s in edition.stories] == [3, 2, 2, 2, 2, 2]


def test_overflow_becomes_one_liners_and_the_rest_is_counted(mailing_list: MailingList) -> None:
    stories = [story(n) for n in range(60)]
    edition = make(stories, mailing_list, budget=300)
    assert len(edition.also) == MAX_ONE_LINERS
    assert edition.also[0].headline == f"Headline number {len(edition.stories)}"
    assert edition.document_ids == tuple(range(60)), "every document is answered for, once"
    assert len(edition.left_out_ids) == 60 - MAX_ONE_LINERS - len(edition.stories)


def test_the_budget_holds_for_what_is_told(mailing_list: MailingList) -> None:
    for budget in (100, 300, 900):
        edition = make([story(n, words=25) for n in range(40)], mailing_list, budget=budget)
        told = sum(count_words(s.headline) + count_words(s.summary.text) for s in edition.stories)
        assert told <= budget


def test_the_first_story_is_told_even_over_budget(mailing_list: MailingList) -> None:
    edition = make([story(1, words=400)], mailing_list, budget=100)
    assert len(edition.stories) == 1
    assert len(edition.stories[0].summary.sentences) == 1


def test_reading_time_and_words_are_those_of_the_edition(mailing_list: MailingList) -> None:
    edition = make([story(n) for n in range(3)], mailing_list)
    assert edition.word_count == 3 * (3 + 60)
    assert edition.reading_minutes == 1


def test_the_language_is_the_lists_or_else_most_stories(mailing_list: MailingList) -> None:
    stories = [replace(story(n), language=language) for n, language in enumerate(["de", "de", "en", None])]
    assert make(stories, mailing_list).language == "de"
    assert make(stories, replace(mailing_list, language="fr")).language == "fr"
    assert make([replace(story(1), language=None)], mailing_list).language == "en"


def test_the_subject_is_the_top_two_headlines_or_the_first_cut_at_a_word() -> None:
    assert compose_subject(["Harbour reopens", "Rates held", "More"]) == "Harbour reopens; Rates held"
    assert compose_subject(["Harbour reopens"]) == "Harbour reopens"
    long = "A very long headline about the harbour and its many gates that goes on and on for ever"
    subject = compose_subject([long, "Rates held"])
    assert len(subject) <= 78
    assert subject.endswith("…")
    assert long.startswith(subject[:-1])


def test_the_preheader_goes_on_where_the_subject_ends() -> None:
    lead = summary("The harbour opened on Monday.")
    assert compose_preheader(["A one", "B two", "C three", "D four"], lead) == "Also: C three; D four"
    assert compose_preheader(["A one", "B two"], lead) == "The harbour opened on Monday."
    assert compose_preheader(["A one"], lead) == "The harbour opened on Monday."


def test_a_lead_that_says_no_more_than_its_headline_is_not_repeated(mailing_list: MailingList) -> None:
    alone = replace(story(1), headline="Court lets mill stand", summary=summary("Court lets mill stand"))
    assert make([alone], mailing_list).preheader == mailing_list.tagline


def test_an_endless_headline_is_cut_in_a_one_liner(mailing_list: MailingList) -> None:
    stories = [story(1, words=120), replace(story(2), headline="word " * 60)]
    (line,) = make(stories, mailing_list, budget=100).also
    assert len(line.headline) <= 160
    assert line.headline.endswith("word…")


def test_a_semicolon_in_a_headline_does_not_hide_the_second() -> None:
    first = "A headline with a semicolon; it is so long that no second one will ever fit beside it"
    assert compose_preheader([first, "B two", "C three"], summary("X.")) == "Also: B two; C three"


@pytest.mark.parametrize(
    ("text", "words"),
    [("one two three", 3), ("don’t stop", 2), ("港の九つが", 3), ("3.25% of 1,140", 5), ("", 0)],
)
def test_words_are_counted_in_any_script(text: str, words: int) -> None:
    assert count_words(text) == words


@given(st.text(max_size=300), st.integers(10, 120))
def test_cutting_never_exceeds_the_limit(text: str, limit: int) -> None:
    cut = cut_at_word(text, limit=limit)
    assert len(cut) <= limit
    assert "\n" not in cut


def test_shortening_keeps_whole_sentences_within_both_limits() -> None:
    whole = summary("one two three.", "four five six.", "seven eight nine.")
    assert shorten(whole, sentences=2, words=LEAD_WORDS).text == "one two three. four five six."
    assert shorten(whole, sentences=3, words=7).text == "one two three. four five six."
    assert shorten(whole, sentences=3, words=1).text == "one two three."


def test_more_sources_lead_then_fresher_ones_and_ties_keep_their_order() -> None:
    alone, backed = story(1, sources=1), story(2, sources=3)
    old, fresh = story(3, age_hours=48), story(4, age_hours=0)
    assert [s.document_ids[0] for s in rank([alone, backed], now=NOW)] == [2, 1]
    assert [s.document_ids[0] for s in rank([old, fresh], now=NOW)] == [4, 3]
    assert [s.document_ids[0] for s in rank([story(6), story(5)], now=NOW)] == [5, 6]


def test_a_story_dated_in_the_future_does_not_outweigh_all() -> None:
    future = story(1, age_hours=-100_000)
    assert [s.document_ids[0] for s in rank([future, story(2, sources=2)], now=NOW)] == [2, 1]
