"""What a rewrite asks of a model, and what it makes of the answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from newsletter.stories.rewrite import Rewrite, rewrite_story
from newsletter.stories.rewriting.claims import lexicon_of, read_claim
from newsletter.stories.rewriting.language_model import LanguageModelError, Message
from newsletter.stories.rewriting.outcomes import RewriteOutcome

SUMMARY = ("The port of Selmouth reopened on Friday.", "Eleven ships were waiting outside the harbour.")
TOLD = "Eleven ships were waiting outside the harbour. The port of Selmouth reopened on Friday."


@dataclass
class Answers:
    """A model that has its answer ready."""

    answer: str | LanguageModelError
    asked: list[Sequence[Message]] = field(default_factory=list)

    def complete(self, messages: Sequence[Message]) -> str:
        self.asked.append(messages)
        if isinstance(self.answer, LanguageModelError):
            raise self.answer
        return self.answer


def rewritten(
    model: Answers, *, language: str | None = "en", sources: Sequence[str] = (" ".join(SUMMARY),)
) -> Rewrite:
    return rewrite_story(
        model,
        headline="Port reopens",
        summary_sentences=SUMMARY,
        sources=sources,
        word_limit=60,
        language=language,
    )


def test_an_answer_that_the_sources_say_is_told_in_one_line() -> None:
    accepted = rewritten(Answers(TOLD.replace(" The", "\n\nThe")))
    assert accepted == Rewrite(outcome=RewriteOutcome.ACCEPTED, text=TOLD, detail="")


def test_a_refusal_names_the_first_problem() -> None:
    refused = rewritten(Answers(TOLD.replace("Eleven", "Twelve")))
    assert refused == Rewrite(outcome=RewriteOutcome.NEW_NUMBER, text="", detail="Twelve")


def test_a_failure_keeps_its_reason_and_says_it_once() -> None:
    failed = rewritten(Answers(LanguageModelError(RewriteOutcome.TIMED_OUT, "30 s")))
    assert failed == Rewrite(outcome=RewriteOutcome.TIMED_OUT, text="", detail="30 s")


@pytest.mark.parametrize("language", [None, "sv", "zh"])
def test_a_language_without_rules_is_not_even_asked_about(language: str | None) -> None:
    model = Answers(TOLD)
    assert rewritten(model, language=language).outcome is RewriteOutcome.UNCHECKED_LANGUAGE
    assert model.asked == []


def test_only_the_beginnings_of_a_few_sources_are_shown() -> None:
    model = Answers(TOLD)
    rewritten(model, sources=[" ".join(SUMMARY), *["x" * 10**6] * 9])
    shown = json.loads(model.asked[0][1].content)["reports"]
    assert [len(report) for report in shown] == [len(" ".join(SUMMARY)), 3000, 3000, 3000]


@pytest.mark.parametrize(
    ("written", "keys"),
    [
        ("Twelve people", {"#12"}),
        ("A dozen people", {"#12"}),
        ("Two dozen people", {"#24"}),
        ("Twenty-one of two hundred and five", {"#21", "#205"}),
        ("About 1,200 people", {"#1200"}),
        ("Three thousand four hundred", {"#3400"}),
        ("1.5 million kroner and 2bn", {"#1500000", "#2000000000"}),
        ("5 per cent, 5% and 5", {"#5%", "#5"}),
        ("from 4 to 6 percent", {"#4%", "#6%"}),
        ("the 3rd, the third", {"#o3"}),
        ("Hundreds came", {"#hundreds"}),
        ("3.50 and 3.5", {"#3.5"}),
    ],
)
def test_numbers_are_read_alike_however_they_are_written(written: str, keys: set[str]) -> None:
    english = lexicon_of("en-GB")
    assert english is not None
    assert {key for key in read_claim(written, english).keys if key.startswith("#")} == keys
