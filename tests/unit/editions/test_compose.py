"""Composing: a digest that can be finished, with nothing new left out of account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from newsroom import LIST, NOW, make_sentence, make_story, make_summary

from newsletter.editions.compose import compose, shorten
from newsletter.editions.plan import LEAD_WORDS, ONE_LINERS, SECONDS, Placing, plan
from newsletter.editions.sections import section_of
from newsletter.editions.words import count_words
from newsletter.model.editions import Edition, MailingList, Section
from newsletter.model.stories import Claim, Disagreement, Story, StoryForm, StoryLabel

ECONOMY = Section(title="Economy", words=("bank", "interest rate"))
SPORT = Section(title="Sport", words=("cup", "stage"))


def make(stories: Sequence[Story], *, budget: int = 900, mailing_list: MailingList = LIST) -> Edition:
    mailing_list = replace(mailing_list, word_budget=budget)
    return compose(plan(stories), mailing_list, number=3, now=NOW, slot_at=None)


def told(edition: Edition) -> list[tuple[int, StoryForm, int]]:
    return [(s.document_ids[0], s.form, len(s.summary.sentences)) for s in edition.stories]


def test_of_many_one_leads_four_follow_and_seven_get_a_line() -> None:
    edition = make([make_story(n) for n in range(40)])
    assert told(edition) == [(0, StoryForm.LEAD, 3), *((n, StoryForm.SECOND, 2) for n in range(1, 5))]
    assert [line.headline for line in edition.also] == [f"Headline number {n}" for n in range(5, 12)]
    assert edition.left_out_ids == tuple(range(12, 40))
    assert edition.left_out_stories == 28


def test_few_stories_are_all_seconds() -> None:
    edition = make([make_story(n) for n in range(5)])
    assert told(edition) == [(n, StoryForm.SECOND, 2) for n in range(5)]
    assert edition.also == ()


def test_one_story_alone_has_room_for_a_leads_length() -> None:
    assert told(make([make_story(0)])) == [(0, StoryForm.LEAD, 3)]


def test_stories_are_told_again_for_the_room_that_they_get() -> None:
    def tell(placing: Placing) -> Story:
        words = f"{placing.form.value} of {placing.sentence_count} in {placing.word_limit}."
        return replace(placing.story, summary=make_summary(words))

    planned = plan([make_story(n) for n in range(6)]).retold(tell)
    edition = compose(planned, LIST, number=1, now=NOW, slot_at=None)
    assert [s.summary.text for s in edition.stories] == ["lead of 3 in 110.", *["second of 2 in 60."] * 4]


def test_what_exceeds_the_budget_gets_a_line_instead() -> None:
    edition = make([make_story(n) for n in range(20)], budget=120)
    assert [len(s.summary.sentences) for s in edition.stories] == [3, 2]
    assert [line.document_ids for line in edition.also] == [(n,) for n in range(2, 6)]
    assert edition.word_count == 63 + 43 + 4 * 3
    assert edition.document_ids == tuple(range(20))


def test_the_last_story_within_the_budget_may_be_told_in_one_sentence() -> None:
    edition = make([make_story(n) for n in range(20)], budget=90)
    assert [len(s.summary.sentences) for s in edition.stories] == [3, 1]


def test_the_first_story_is_told_even_over_budget_and_then_nothing_else() -> None:
    edition = make([make_story(1, words=400), make_story(2)], budget=100)
    assert [len(s.summary.sentences) for s in edition.stories] == [1]
    assert edition.also == ()
    assert edition.left_out_ids == (2,)


def test_reading_time_and_words_are_those_of_the_edition() -> None:
    claims = tuple(
        Claim(figure=figure, source="Wire", sentence=make_sentence("X.")) for figure in ("41 of 48", "40")
    )
    differing = make_story(
        1,
        context=make_sentence("Told before."),
        disagreements=(Disagreement(subject="gates", claims=claims),),
    )
    edition = make([differing, make_story(2)])
    assert edition.word_count == (3 + 40) * 2 + 2 + 4 + 2
    assert edition.reading_minutes == 1


def test_a_long_line_of_context_gives_way_to_news() -> None:
    long = make_story(1, context=make_sentence("word " * 46))
    assert make([long]).stories[0].context is None


def test_the_language_is_the_lists_or_else_most_stories() -> None:
    stories = [make_story(n, language=language) for n, language in enumerate(["de", "de", "en", None])]
    assert make(stories).language == "de"
    assert make(stories, mailing_list=replace(LIST, language="fr")).language == "fr"
    assert make([make_story(1, language=None)]).language == "en"


def test_a_lead_that_says_no_more_than_its_headline_is_not_repeated() -> None:
    alone = make_story(1, headline="Court lets mill stand", summary=make_summary("Court lets mill stand"))
    assert make([alone]).preheader == LIST.tagline


def test_a_line_is_cut_at_a_word() -> None:
    stories = [make_story(n, headline="word " * 60 if n == 6 else f"Headline {n}") for n in range(8)]
    lines = {line.document_ids[0]: line.headline for line in make(stories).also}
    assert lines[6] == " ".join(["word"] * 25) + "…"
    endless = make([*stories[:6], make_story(6, headline="x" * 400)]).also
    assert len(endless[1].headline) <= 160


def test_an_update_says_so_in_subject_and_line() -> None:
    update = {"label": StoryLabel.UPDATE, "thread": 7}
    edition = make([make_story(n, **(update if n in (0, 5) else {})) for n in range(7)])
    assert edition.subject.startswith("Update: Headline number 0; ")
    assert [(line.label, line.thread) for line in edition.also] == [
        (StoryLabel.UPDATE, 7),
        (StoryLabel.NEW, None),
    ]


def test_what_is_no_story_is_passed_on() -> None:
    since = NOW - timedelta(days=3)
    edition = compose(
        plan([make_story(1)]),
        LIST,
        number=1,
        now=NOW,
        slot_at=NOW,
        covers_from=since,
        repeated_ids=[8, 9],
    )
    assert edition.covers_from == since
    assert edition.slot_at == NOW
    assert edition.document_ids == (1, 8, 9)


def test_shortening_keeps_whole_sentences_within_both_limits() -> None:
    whole = make_summary("one two three.", "four five six.", "seven eight nine.")
    assert shorten(whole, sentences=2, words=LEAD_WORDS).text == "one two three. four five six."
    assert shorten(whole, sentences=3, words=7).text == "one two three. four five six."
    assert shorten(whole, sentences=3, words=1).text == "one two three."


def test_a_rewrite_stays_while_it_tells_what_is_told() -> None:
    whole = make_summary("one two three.", "four five six.", rewrite="a b c d.")
    assert shorten(whole, sentences=2, words=10).rewrite == "a b c d."
    assert shorten(whole, sentences=1, words=10).rewrite is None
    assert shorten(replace(whole, rewrite="a " * 11), sentences=2, words=10).rewrite is None


def test_a_story_belongs_where_it_names_most_and_headlines_count_twice() -> None:
    def where(headline: str, sentence: str) -> str:
        story = make_story(1, headline=headline, summary=make_summary(sentence))
        return section_of(story, (ECONOMY, SPORT))

    assert where("Rain", "Nothing else.") == ""
    assert where("Cup final", "The BANK paid.") == "Sport"
    assert where("Cup final", "A bank, a bank, and an interest rate.") == "Economy"
    assert where("Cup final", "A bank and a bank.") == "Economy", "of equals the first"
    assert where("Banks", "Cups and stages.") == ""


def test_a_keyword_puts_a_story_into_the_section_that_it_names() -> None:
    def where(*tags: str, headline: str = "Rain") -> str:
        return section_of(replace(make_story(1, headline=headline), tags=tags), (ECONOMY, SPORT))

    assert where("Weather") == ""
    assert where("SPORT") == "Sport", "its title"
    assert where("Interest Rate") == "Economy", "one of its words"
    assert where("Cup", headline="Bank of banks") == "Sport"
    assert where("bank", "cup", "sport") == "Sport", "by more keywords"
    assert where("bank", "cup", headline="Cup final") == "Sport", "of equals the one that it names"
    assert where("banks and cups") == "", "only the whole keyword"


def test_sections_stand_in_their_order_below_the_first_story() -> None:
    names = ["bank", "cup", "rain", "bank", "cup", "bank", "cup", "bank"]
    stories = [make_story(n, headline=f"A {name} {n}") for n, name in enumerate(names)]
    edition = make(stories, mailing_list=replace(LIST, sections=(SPORT, ECONOMY)))
    assert [(s.document_ids[0], s.section) for s in edition.stories] == [
        (0, ""),
        (1, "Sport"),
        (4, "Sport"),
        (3, "Economy"),
        (2, ""),
    ]
    assert [(line.document_ids[0], line.section) for line in edition.also] == [
        (6, "Sport"),
        (5, "Economy"),
        (7, "Economy"),
    ]
    assert edition.subject == "A bank 0; A cup 1", "the weightiest, wherever they stand"


def test_a_section_of_two_is_none() -> None:
    names = ["rain", "bank", "bank", "cup", "cup", "cup"]
    stories = [make_story(n, headline=f"A {name} {n}") for n, name in enumerate(names)]
    edition = make(stories, mailing_list=replace(LIST, sections=(ECONOMY, SPORT)))
    assert {s.section for s in edition.stories} == {"", "Sport"}


def test_a_section_of_lines_alone_is_none() -> None:
    names = ["rain"] * 5 + ["cup"] * 4
    stories = [make_story(n, headline=f"A {name} {n}") for n, name in enumerate(names)]
    edition = make(stories, mailing_list=replace(LIST, sections=(SPORT,)))
    assert {line.section for line in edition.also} == {""}


STORIES = st.lists(
    st.tuples(
        st.integers(1, 90),
        st.integers(1, 40),
        st.sampled_from(("bank", "cup", "rain")),
        st.integers(1, 3),
    ),
    min_size=1,
    max_size=30,
).map(
    lambda shapes: [
        make_story(
            n,
            words=words,
            headline=" ".join([topic, *["of"] * length]),
            document_ids=tuple(100 * n + i for i in range(documents)),
        )
        for n, (words, length, topic, documents) in enumerate(shapes)
    ]
)


@given(STORIES, st.integers(0, 1000), st.sampled_from([(), (ECONOMY, SPORT), (SPORT, ECONOMY)]))
def test_every_edition_has_the_shape_of_a_digest(
    stories: list[Story], budget: int, sections: tuple[Section, ...]
) -> None:
    edition = make(stories, budget=budget, mailing_list=replace(LIST, sections=sections))
    forms = [story.form for story in edition.stories]
    assert forms.count(StoryForm.LEAD) == (len(stories) == 1 or len(stories) > 5)
    assert len(forms) <= 1 + SECONDS
    assert len(edition.also) <= ONE_LINERS
    assert sorted(edition.document_ids) == sorted(i for story in stories for i in story.document_ids)
    assert edition.left_out_stories == len(stories) - len(forms) - len(edition.also)
    for story in edition.stories:
        sentences, words = (3, 110) if story.form is StoryForm.LEAD else (2, 60)
        assert len(story.summary.sentences) <= sentences
        assert count_words(story.summary.text) <= words or len(story.summary.sentences) == 1
    assert all(count_words(line.headline) <= 25 for line in edition.also)
    shown = [count_words(f"{s.headline} {s.summary.text}") for s in edition.stories]
    shown += [count_words(line.headline) for line in edition.also]
    assert edition.word_count == sum(shown)
    assert edition.word_count <= budget or len(shown) == 1
    assert len(edition.subject) <= 78


@given(STORIES, st.sampled_from([(ECONOMY, SPORT), (SPORT, ECONOMY)]))
def test_sections_keep_their_order_and_their_size(
    stories: list[Story], sections: tuple[Section, ...]
) -> None:
    edition = make(stories, mailing_list=replace(LIST, sections=sections))
    places = {title: place for place, title in enumerate((sections[0].title, sections[1].title, ""))}
    assert edition.stories[0].section == ""
    titles = [story.section for story in edition.stories[1:]]
    lines = [line.section for line in edition.also]
    for row in (titles, lines):
        assert row == sorted(row, key=places.__getitem__)
    assert all((titles + lines).count(title) >= 3 for title in {*titles, *lines} - {""})
    assert set(lines) <= {*titles, ""}
