"""Why sentences were told: the numbers add up, and the sentences are those of the summary."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from newsletter.errors import SummarizerError
from newsletter.model.documents import ParsedDocument, Span
from newsletter.stories.editor.choose import Draft, Flaw
from newsletter.stories.editor.explanation import explain_summary
from newsletter.stories.editor.features import FEATURES, SENTENCE_CAP
from newsletter.stories.editor.proposals import PROPOSAL_PARTS
from newsletter.stories.editor.ranking import Desk
from newsletter.stories.editor.reasons import Choice
from newsletter.stories.editor.weights import shipped_weights
from newsletter.stories.summarize import summarize


def parsed(headline: str, *paragraphs: str) -> ParsedDocument:
    text = headline
    spans = []
    for paragraph in paragraphs:
        text += "\n\n"
        spans.append(Span(start=len(text), end=len(text) + len(paragraph)))
        text += paragraph
    return ParsedDocument(
        headline=headline, text=text, paragraphs=tuple(spans), content_hash="0", language="en"
    )


FERRY = parsed(
    "Ferry Runs Aground Off Lorn",
    "A ferry with 212 people aboard ran onto a sandbank off the island of Lorn in fog late on Thursday.",
    "Lifeboats brought everybody ashore by midnight, and nobody was hurt, the coast guard said.",
    "It blamed a broken radar.",
    "Captain Ewa Stolz had asked the owner for a new one in March. Stolz showed reporters her letter.",
    "“We were told to wait,” she said. “So we waited.",
    "The owner, Lorn Lines, said it would answer questions once the inquiry had ended.",
    "Will the island be cut off for the holidays?",
    "A tug is to pull the ferry free at high water on Saturday, and buses will run by the bridge until then",
    "The county wants to put two smaller ferries on the route from Monday.",
)
OPTIONS: list[dict[str, Any]] = [
    {}, {"sentence_count": 1}, {"sentence_count": 2, "word_limit": 20}, {"sentence_count": 7},
    {"sentence_count": 4, "word_limit": 1}, {"sentence_count": 30, "word_limit": 900},
]  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS)
def test_the_sentences_are_those_of_the_summary(options: dict[str, Any]) -> None:
    told = explain_summary(FERRY, **options)
    assert [sentence.text for sentence in told.chosen] == [
        sentence.text for sentence in summarize(FERRY, summarizer="editor", **options).sentences
    ]
    assert explain_summary(FERRY, **options) == told


@pytest.mark.parametrize(
    ("options", "choice"),
    [
        ({}, Choice.WEIGHED),
        ({"sentence_count": 7}, Choice.ONE_BY_ONE),
        ({"sentence_count": 30, "word_limit": 900}, Choice.WHOLE),
    ],
)
def test_how_the_summary_came_about(options: dict[str, Any], choice: Choice) -> None:
    assert explain_summary(FERRY, **options).choice is choice


def test_contributions_add_up_to_the_score_that_was_ranked_by() -> None:
    told = explain_summary(FERRY)
    texts = [sentence.text for sentence in told.sentences]
    draft = Draft.of(texts, headline=FERRY.headline, language="en")
    desk = Desk.of(draft, headline=FERRY.headline, language="en", weights=shipped_weights())
    for sentence, ranked_by in zip(told.sentences, desk.scores, strict=True):
        assert math.fsum(part.value for part in sentence.contributions) == sentence.score
        assert sentence.score == pytest.approx(ranked_by, abs=1e-6)
        assert {part.name for part in sentence.contributions} <= {"average", *FEATURES}
        assert len(sentence.contributions) > 5
        strengths = [abs(part.value) for part in sentence.contributions]
        assert strengths == sorted(strengths, reverse=True)


def test_the_best_proposal_is_told() -> None:
    told = explain_summary(FERRY)
    assert told.proposals[0].places == tuple(sentence.place for sentence in told.chosen)
    scores = [proposal.score for proposal in told.proposals]
    assert scores == sorted(scores, reverse=True)
    for proposal in told.proposals:
        assert math.fsum(part.value for part in proposal.contributions) == proposal.score
        assert {part.name for part in proposal.contributions} <= set(PROPOSAL_PARTS)


def test_two_sentences_are_shown_beside_three() -> None:
    told = explain_summary(FERRY)
    assert {len(proposal.places) for proposal in told.proposals} == {2, 3}
    for proposal in told.proposals:
        brought = {part.name: part.value for part in proposal.contributions}
        full = shipped_weights().preference(3).all_sentences if len(proposal.places) == 3 else None
        assert brought.get("all_sentences") == full


def test_a_sentence_of_a_few_words_does_not_make_a_summary_full() -> None:
    texts = [
        "The Bank of Aldmere lowered its main interest rate to 3.25 percent on Thursday.",
        "Consumer prices in October were 2.3 percent higher than a year earlier.",
        "The bank aims for 2 percent.",
        "The bank now expects the economy to grow by 1.4 percent this year.",
    ]
    told = explain_summary(parsed("Rate falls", *texts))
    draft = Draft.of(texts, headline="Rate falls", language="en")
    desk = Desk.of(draft, headline="Rate falls", language="en", weights=shipped_weights())
    full = {
        proposal.indices
        for proposal in desk.propose(shipped_weights(), sentence_count=3, word_limit=110)
        if proposal.parts[PROPOSAL_PARTS.index("all_sentences")]
    }
    assert told.choice is Choice.WEIGHED
    assert full == {(0, 1, 3)}


def test_one_number_says_how_much_the_last_sentence_has_to_be_worth() -> None:
    texts = [sentence.text for sentence in explain_summary(FERRY).sentences]
    lengths = []
    for worth in (-1000.0, 1000.0):
        *shorter, panel = shipped_weights().preferences
        weights = replace(shipped_weights(), preferences=(*shorter, replace(panel, all_sentences=worth)))
        draft = Draft.of(texts, headline=FERRY.headline, language="en")
        desk = Desk.of(draft, headline=FERRY.headline, language="en", weights=weights)
        best, *_ = desk.propose(weights, sentence_count=3, word_limit=110)
        lengths.append(len(best.indices))
    assert lengths == [2, 3]


def test_flaws_are_named() -> None:
    flaws = {sentence.text[:9]: sentence.flaws for sentence in explain_summary(FERRY).sentences}
    assert flaws["A ferry w"] == ()
    assert Flaw.QUESTION in flaws["Will the "]
    assert Flaw.NO_END_MARK in flaws["A tug is "]
    assert Flaw.HALF_QUOTATION in flaws["“So we wa"]


def test_a_flaw_may_hang_on_what_is_chosen() -> None:
    texts = ["Captain Ewa Stolz asked for a radar.", "Stolz has a letter.", "It is dated 3 March."]
    draft = Draft.of(texts, headline="", language="en")
    assert draft.flaws_of(1, [1]) == (Flaw.FRAGMENT, Flaw.BARE_SURNAME)
    assert draft.flaws_of(1, [0, 1]) == (Flaw.FRAGMENT,)
    assert draft.flaws_of(2, [0]) == (Flaw.DANGLING,)
    assert draft.flaws_of(2, [1, 2]) == ()
    twice = Draft.of([texts[0], "A radar was asked for by Captain Ewa Stolz."], headline="", language="en")
    assert twice.flaws_of(1, [0]) == (Flaw.SAID_TWICE,)
    assert twice.flaws_of(1, [1]) == ()


def test_what_stands_too_far_behind_is_not_read() -> None:
    lines = [f"Village {n} has {n % 7} wells, its mayor said on Monday." for n in range(SENTENCE_CAP + 2)]
    told = explain_summary(parsed("Wells", *lines))
    assert [part.name for part in told.sentences[-1].contributions] == ["not read"]
    assert told.sentences[-1].score < told.sentences[-2].score < told.sentences[SENTENCE_CAP - 1].score


def test_a_document_without_sentences() -> None:
    told = explain_summary(parsed("Photo: a ferry", "Photo: a ferry off Lorn"))
    assert told.choice is Choice.NOTHING
    assert told.sentences == told.proposals == told.chosen == ()


@pytest.mark.parametrize("options", [{"sentence_count": 0}, {"word_limit": 0}])
def test_a_number_below_one(options: dict[str, Any]) -> None:
    with pytest.raises(SummarizerError):
        explain_summary(FERRY, **options)
