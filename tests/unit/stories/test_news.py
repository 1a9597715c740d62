"""What was told is told from news: sentence by sentence on the labelled set, and in the cases that decide."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.model.documents import Document, Span
from newsletter.model.stories import OpenStory, SummarySentence
from newsletter.stories.news import News, RepeatRules, continued_threads, decide_news
from newsletter.stories.repeats.facts import facts_of
from newsletter.stories.repeats.told import Told

BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "repeats.py"
SEEN = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
#: The parts that the method was chosen on.
PARTS = ("first", "second", "third")


def load_benchmark() -> ModuleType:
    spec = importlib.util.spec_from_file_location("repeats", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["repeats"] = module
    spec.loader.exec_module(module)
    return module


REPEATS = load_benchmark()

HEADLINE = "Footbridge collapse in Harlow kills four"
LEAD = "A footbridge over the Tarn collapsed in Harlow on Monday, killing four people."
MORE = "Eleven people were taken to hospital, the county said."


def document(number: int, headline: str, *sentences: str, language: str = "en", **more: object) -> Document:
    return replace(REPEATS.make_document(number, headline, sentences, language), **more)


def open_story(source: Document, *, told: int = 2, thread: int = 1) -> OpenStory:
    spans = source.paragraphs[:told]
    return OpenStory(
        thread=thread,
        headline=source.headline,
        told=tuple(SummarySentence(text=s.of(source.text), span=s, document_id=source.id) for s in spans),
        headlines=(source.headline,),
        document_ids=(source.id,),
        first_told_at=SEEN,
        last_told_at=SEEN + timedelta(days=1),
        edition_ids=(7,),
    )


FIRST = document(
    1, HEADLINE, LEAD, MORE, "The bridge was built in 1968 by the Dorn brothers.", source="Gazette"
)
STORY = open_story(FIRST)


# The labelled set


@pytest.mark.parametrize("part", PARTS)
def test_told_sentences_are_caught_and_news_is_kept(part: str) -> None:
    scored = list(REPEATS.likenesses(REPEATS.parts()[part]))
    cutoff = RepeatRules().repeat_cutoff
    assert REPEATS.caught(scored, "-", cutoff) >= 0.9
    assert REPEATS.caught(scored, "+", cutoff) <= 0.02


def test_so_it_is_on_a_part_that_nothing_was_chosen_on() -> None:
    scored = list(REPEATS.likenesses(REPEATS.parts()["fourth"]))
    cutoff = RepeatRules().repeat_cutoff
    assert REPEATS.caught(scored, "-", cutoff) >= 0.85
    assert REPEATS.caught(scored, "+", cutoff) <= 0.02


def test_documents_are_judged_as_labelled() -> None:
    counts = REPEATS.confusion([case for part in REPEATS.parts().values() for case in part])
    assert REPEATS.right(counts) >= 0.95
    assert counts["update", "repeat"] == 0


def test_the_set_is_as_large_as_it_says() -> None:
    parts = REPEATS.parts()
    cases = [case for part in parts.values() for case in part]
    marks = [mark for case in cases for report in case.later for mark, _ in report.sentences]
    assert len(cases) >= 50
    assert marks.count("-") + marks.count("+") >= 400
    assert sum(case.language != "en" for case in cases) >= 10


# Sentences


@pytest.mark.parametrize(
    ("told", "again"),
    [
        ("Twelve people died in the fire.", "The blaze killed 12."),
        ("He was sentenced to twenty-two years.", "The judge jailed him for 22 years."),
        ("The bank will cut 1,200 jobs.", "1200 jobs are to be cut at the bank."),
        ("Der Brand zerstörte 1.500 Wohnungen.", "1500 Wohnungen zerstörte der Brand."),
        ("Nobody was seriously hurt.", "No one was seriously injured."),
        ("习近平在北京会见外国领导人。", "习近平在北京会见外国领导人"),
    ],
)
def test_the_same_in_other_words_was_told(told: str, again: str) -> None:
    assert Told([told], language="en").is_repeat(again)


@pytest.mark.parametrize(
    ("told", "news"),
    [
        ("At least 12 people died in the fire in Ardo.", "At least 19 people died in the fire in Ardo."),
        ("The camp in Ardo was warned of the flood.", "The camp in Ardo was not warned of the flood."),
        ("The court in Ardo freed the mayor.", "The court in Ardo freed the mayor, Petra Lund said in Osk."),
        ("Das Feuer in Ardo zerstörte 12 Häuser.", "Das Feuer in Ardo zerstörte 19 Häuser."),
        (
            "Two ministers opened the long bridge over the Tarn in Ardo.",
            "Two ministers opened the long bridge over the Tarn in Osk.",
        ),
    ],
)
def test_a_new_number_name_or_denial_is_news(told: str, news: str) -> None:
    assert not Told([told], language="en").is_repeat(news)


def test_a_sentence_may_put_two_together_but_not_many() -> None:
    told = Told(
        [
            "Vera Lund opened the harbour.",
            "Some 300 guests drank lemonade.",
            "Seven boats raced northward.",
            "Fireworks ended the feast.",
        ],
        language="en",
    )
    assert told.is_repeat("Vera Lund opened the harbour, and some 300 guests drank lemonade.")
    assert not told.is_repeat("Lund drank lemonade while seven boats ended the fireworks for 300.")


def test_nothing_told_is_like_nothing() -> None:
    assert Told([], language="en").says("A bridge fell in Ardo.") == 0.0


def test_a_sentence_without_telling_words_is_no_news() -> None:
    assert Told(["A bridge fell."], language="en").says("And so it is.") == 1.0


def test_of_other_stories_only_the_same_sentence_counts() -> None:
    boilerplate = "The ministry in Ardo has been led by Vera Lund since the coalition broke apart."
    other = replace(STORY, thread=2, headlines=("Other",), told=(replace(STORY.told[0], text=boilerplate),))
    elsewhere = Told.of_all([other], language="en")
    told = Told.of(STORY, language="en", elsewhere=elsewhere)
    assert told.is_repeat("Since the coalition broke apart, the ministry in Ardo has been led by Vera Lund.")
    assert not told.is_repeat("Vera Lund has led the ministry in Ardo through three strikes.")
    assert not Told.of(STORY, language="en").is_repeat(boilerplate)
    long = (
        "The {} peasants whose vineyards, orchards, mills and chapels vanished under the reservoir near Ardo "
        "sued engineers, bankers, archbishops, surveyors, notaries, smugglers and the Osk syndicate."
    )
    figure = replace(other, told=(replace(STORY.told[0], text=long.format(1200)),))
    told = Told.of(STORY, language="en", elsewhere=Told.of_all([figure], language="en"))
    assert told.is_repeat(long.format(1200))
    assert not told.is_repeat(long.format(1300))


SENTENCES = st.text("abcdeéßЖ中文 ABC 0123.,'’-%\n", min_size=1, max_size=60)


@given(st.lists(SENTENCES, min_size=1, max_size=4), SENTENCES)
@settings(max_examples=examples(50))
def test_likeness_is_a_share_and_what_was_told_is_all_told(told: list[str], other: str) -> None:
    memory = Told(told, language=None)
    assert 0.0 <= memory.says(other) <= 1.0
    for text in told:
        assert memory.says(text) == 1.0 or not text.strip()


def test_an_endless_sentence_is_read_at_its_beginning_only() -> None:
    assert facts_of("Ardo " * 2_000_000, language="en") == facts_of("Ardo " * 400, language="en")
    assert max(len(term) for term in facts_of("x" * 2_000_000, language="de").weights) < 50


# Documents


def test_without_an_open_story_all_is_new() -> None:
    assert decide_news([FIRST], [], None).news is News.NEW


def test_an_update_names_what_is_new_where_it_stands_and_reminds() -> None:
    toll = "The death toll rose to six on Wednesday after two patients died in hospital."
    later = document(
        2,
        "Toll in Harlow rises",
        toll,
        "Four people were killed when the footbridge collapsed.",
        source="Courier",
    )
    decision = decide_news([later], [FIRST], STORY)
    assert decision.news is News.UPDATE
    assert [sentence.text for sentence in decision.sentences] == [toll]
    (sentence,) = decision.sentences
    assert sentence.span.of(later.text) == toll
    assert (sentence.document_id, sentence.source) == (2, "Courier")
    assert decision.context == STORY.told[0]
    assert decision.first_told_at == SEEN
    assert decision.is_old(LEAD)
    assert not decision.is_old(toll)


def test_what_stood_in_an_earlier_report_is_no_news() -> None:
    later = document(
        2,
        "Of the bridge",
        LEAD,
        "Built in 1968, the bridge was the work of the Dorn brothers.",
        "The Dorn brothers built the bridge in 1968.",
    )
    assert decide_news([later], [FIRST], STORY).news is News.REPEAT
    assert decide_news([later], [], STORY).news is News.UPDATE


def test_one_new_detail_far_down_is_no_update() -> None:
    later = document(2, "Four dead in Harlow", LEAD, MORE, LEAD, "A dog was found unhurt.")
    assert decide_news([later], [FIRST], STORY).news is News.REPEAT


def test_two_details_at_the_end_of_a_long_repeat_are_no_update() -> None:
    details = ("A dog was found unhurt in Osk.", "Its owner, Jan Brandt, wept.")
    short = document(2, "Four dead in Harlow", LEAD, MORE, LEAD, *details)
    long = document(2, "Four dead in Harlow", *[LEAD, MORE] * 10, *details)
    assert decide_news([short], [FIRST], STORY).news is News.UPDATE
    assert decide_news([long], [FIRST], STORY).news is News.REPEAT


def test_news_that_cannot_be_told_alone_is_no_update() -> None:
    later = document(2, "Harlow", "But he denied it all in May.", "They want money from Osk by Friday.")
    assert decide_news([later], [FIRST], STORY).news is News.REPEAT


def test_a_look_alike_elsewhere_is_new() -> None:
    later = document(
        2,
        "Crane topples in Osk",
        "A crane toppled in Osk on Friday, and three workers died.",
        "Prosecutors seized its papers.",
    )
    assert decide_news([later], [FIRST], STORY).news is News.NEW


def test_a_corrected_figure_is_an_update_and_a_mended_typo_is_not() -> None:
    corrected = document(2, HEADLINE, LEAD.replace("four", "five"), MORE)
    typo = document(3, HEADLINE, LEAD.replace("collapsed", "colapsed"), MORE)
    assert decide_news([corrected], [FIRST], STORY).news is News.UPDATE
    assert decide_news([typo], [FIRST], STORY).news is News.REPEAT


def test_where_no_sentence_told_reads_alone_the_headline_reminds() -> None:
    story = replace(open_story(FIRST), told=())
    later = document(
        2,
        "Mayor quits",
        "The mayor of Harlow, Ilse Marten, resigned over it on Friday.",
        "Her deputy takes over in March.",
    )
    decision = decide_news([later], [FIRST], story)
    assert decision.news is News.UPDATE
    assert decision.context is not None
    assert decision.context.text == HEADLINE
    assert decision.context.span.of(FIRST.text) == HEADLINE
    assert decide_news([later], [], story).context is None
    leaning = replace(STORY.told[0], text="It collapsed on Monday, and four people died.")
    decision = decide_news([later], [FIRST], replace(story, told=(leaning,)))
    assert decision.context is not None
    assert decision.context.text == HEADLINE


def test_the_reminder_reads_alone_and_is_short() -> None:
    source = document(
        1,
        HEADLINE,
        "It was the footbridge collapse in Harlow that killed four.",
        "The footbridge collapse in Harlow killed four " + "and left the town in shock " * 6 + "on Monday.",
        LEAD,
    )
    later = document(
        2,
        "Arrest",
        "Police arrested Jan Osk over the Harlow collapse on Friday.",
        "Prosecutor Marten wants him held until May.",
    )
    decision = decide_news([later], [source], open_story(source, told=3))
    assert decision.context is not None
    assert decision.context.text == LEAD


def test_a_changed_figure_is_told_from_another_matter() -> None:
    told = Told(["At least 12 people died in the fire in Ardo.", "It began at 6 a.m."], language="en")
    assert told.changes_figure("At least 19 people died in the fire in Ardo.")
    assert not told.changes_figure("At least 12 people died in the fire in Ardo.")
    assert not told.changes_figure("Some 19 engines fought the fire in Ardo all night.")
    assert not told.changes_figure("People died in the fire in Ardo.")
    assert not Told(["People died in the fire in Ardo."], language="en").changes_figure(
        "At least 19 people died in the fire in Ardo."
    )


def test_a_newer_version_goes_on_the_thread_of_the_one_told() -> None:
    stories = [STORY, replace(STORY, thread=5, document_ids=(5, 6))]
    versions = {9: (8, 6, 1), 10: (7,)}
    assert continued_threads(versions, stories) == {9: 5}


@given(st.permutations(range(4)))
@settings(max_examples=10)
def test_the_same_documents_are_never_news(order: list[int]) -> None:
    pieces = [
        LEAD,
        MORE,
        "Divers searched the Tarn until dark.",
        "The mayor spoke of the darkest day in years.",
    ]
    known = document(1, HEADLINE, *pieces)
    again = document(2, "Again: " + HEADLINE, *[pieces[i] for i in order])
    assert decide_news([again], [known], open_story(known)).news is News.REPEAT


def test_hostile_documents_are_read_within_bounds() -> None:
    text = "Harlow " + "collapse 12 " * 900_000
    monster = document(2, "Harlow", text)
    many = [
        document(n, "Harlow", f"Harlow counted {n} votes.", f"Osk sent {n} boats.") for n in range(3, 200)
    ]
    decision = decide_news([monster, *many], [monster], STORY)
    assert len(decision.sentences) <= 40 * 60
    assert all(len(sentence.text) <= 60_000 for sentence in decision.sentences)
    empty = replace(monster, headline="", text="", paragraphs=(Span(start=0, end=0),))
    assert decide_news([empty], [empty], STORY).news is not News.UPDATE
