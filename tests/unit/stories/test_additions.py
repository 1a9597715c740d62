"""What others add to the leading report: labelled stories, and each way to be beside the point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.model.documents import Document, Span
from newsletter.stories.joining.pool import pool_sentences
from newsletter.stories.joining.relevance import relevant_sentences
from newsletter.stories.several import summarize_several

MORNING = datetime(2026, 3, 2, 6, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Story:
    name: str
    documents: tuple[Document, ...]
    #: "+", "-" or "=" of each sentence of the other reports.
    labels: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a way of telling made of the stories that have something worth adding."""

    stories: int
    #: Stories to which something worth it was added.
    helped: int
    good: tuple[str, ...]
    #: Additions that are beside the point or told already.
    bad: tuple[str, ...]

    @property
    def precision(self) -> float:
        return len(self.good) / max(1, len(self.good) + len(self.bad))

    @property
    def recall(self) -> float:
        return self.helped / self.stories


def read_stories(name: str) -> list[Story]:
    stories = []
    for block in (Path(__file__).parent / name).read_text("utf-8").split("\n== ")[1:]:
        title, *lines = block.strip().splitlines()
        reports: list[tuple[str, list[str]]] = []
        labels = {}
        for line in lines:
            if line.startswith("@ "):
                reports.append((line[2:], []))
                continue
            label, sentence = (line[0], line[2:]) if line[0] in "+-=" else ("", line)
            reports[-1][1].append(sentence)
            labels |= {sentence: label} if label else {}
        documents = tuple(_report(number, *report) for number, report in enumerate(reports, start=1))
        stories.append(Story(name=title, documents=documents, labels=labels))
    return stories


def _report(number: int, title: str, sentences: Sequence[str]) -> Document:
    source, _, headline = title.partition(": ")
    text = f"{headline}\n\n{' '.join(sentences)}"
    return Document(
        id=number,
        headline=headline,
        text=text,
        paragraphs=(Span(start=len(headline) + 2, end=len(text)),),
        content_hash=str(number),
        source=source,
        language="en",
        first_seen_at=MORNING,
    )


def judge(stories: Sequence[Story], *, sentence_count: int, word_limit: int) -> Verdict:
    """Summarise stories and look up what was added to the leading reports."""
    good: list[str] = []
    bad: list[str] = []
    helped = 0
    for story in stories:
        summary = summarize_several(story.documents, sentence_count=sentence_count, word_limit=word_limit)
        added = [each.text for each in summary.sentences if each.document_id not in {None, 1}]
        found = [text for text in added if story.labels[text] == "+"]
        good += found
        bad += [f"{story.name}: {text}" for text in added if text not in found]
        helped += bool(found)
    wanting = sum("+" in story.labels.values() for story in stories)
    return Verdict(stories=wanting, helped=helped, good=tuple(good), bad=tuple(bad))


@pytest.mark.parametrize(("sentence_count", "word_limit"), [(3, 110), (2, 60)])
@pytest.mark.parametrize("name", ["additions_first.txt", "additions_second.txt"])
def test_what_is_added_in_a_digest_is_worth_it(name: str, sentence_count: int, word_limit: int) -> None:
    stories = read_stories(name)
    assert len(stories) >= 15
    verdict = judge(stories, sentence_count=sentence_count, word_limit=word_limit)
    assert verdict.precision >= 0.93, verdict.bad
    assert verdict.recall >= 0.8


@pytest.mark.parametrize("name", ["additions_first.txt", "additions_second.txt"])
def test_sentences_that_bear_on_the_event_are_told_from_others(name: str) -> None:
    kept, lost, let_in = [], [], []
    for story in read_stories(name):
        pool = pool_sentences(story.documents, language=None)
        relevant = relevant_sentences(pool)
        for index, sentence in enumerate(pool.sentences):
            label = story.labels.get(sentence.text)
            if label == "+":
                (kept if index in relevant else lost).append(sentence.text)
            elif label == "-" and index in relevant:
                let_in.append(sentence.text)
    assert len(kept) >= 0.8 * (len(kept) + len(lost)), lost
    assert len(kept) >= 0.9 * (len(kept) + len(let_in)), let_in


LEADING = (
    "The road bridge at Kettle was shut on Monday after cracks were found.",
    "It carries 9,000 cars a day.",
)


def added(*sentences: str, headline: str = "Kettle bridge shut after cracks are found") -> list[str]:
    """Return what a report with these sentences adds to the leading one."""
    other = _report(2, f"Mail: {headline}", sentences)
    leading = _report(1, "Post: Cracks shut Kettle bridge", LEADING)
    told = summarize_several((leading, other), sentence_count=3).sentences
    return [sentence.text for sentence in told if sentence.document_id == 2]


def test_what_is_new_of_the_event_is_added() -> None:
    news = "Engineers said that the bridge will stay shut for six weeks while steel is fitted to the cracks."
    assert added(news) == [news]


def test_what_it_cost_is_added_wherever_it_stands() -> None:
    asides = "Herons nest by the river.", "Fish is sold on its banks.", "Autumn has come early."
    news = "Repairs of the bridge cost 4 million crowns."
    assert added(*asides, news) == [news]
    assert added(*asides, "Painters like the old bridge.") == []


def test_nouns_with_capitals_are_no_names_in_german() -> None:
    leading = _report(
        1,
        "Post: Risse legen die Brücke in Kettel lahm",
        [
            "Die Brücke in Kettel ist am Montag gesperrt worden, nachdem Prüfer Risse gefunden hatten.",
            "Täglich fahren 9000 Wagen über das Bauwerk.",
        ],
    )
    news = "Wegen der Risse bleibt die Brücke nach Angaben der Stadt anderthalb Monate zu."
    other = _report(2, "Bote: Stadt ohne Brücke", [news])
    documents = [replace(document, language="de") for document in (leading, other)]
    assert news in summarize_several(documents, sentence_count=3).text


@pytest.mark.parametrize(
    "aside",
    [
        "A shuttle runs from the market to the shut bridge every ten minutes.",
        "The neighbouring bridge at Sorrel was shut for a week as cracks were found in spring.",
        "The bridge with the cracks was opened in 1968 by the king.",
        "The engineer who found the cracks in the bridge grew up on a farm.",
        "“Nobody told us that the bridge would be shut,” said a man who sells fish.",
        "Kettle is proud of its apples, and on Monday the mayor of Kettle picked the first.",
        "Apples will be dearer this autumn because of a late frost in the valley.",
    ],
)
def test_what_is_beside_the_point_is_not_added(aside: str) -> None:
    assert added(aside) == []


def test_a_report_s_own_headline_makes_nothing_relevant() -> None:
    assert (
        added("Apples of the valley win a prize in Rome.", headline="Valley apples win prize in Rome") == []
    )
    shuttle = "A shuttle runs from the market to the shut bridge every ten minutes."
    assert added(shuttle, headline="Shuttle to shut bridge runs every ten minutes") == []


def test_what_serves_travellers_is_no_aside_in_a_story_on_trains() -> None:
    leading = _report(
        1,
        "Post: Drivers to strike for three days",
        [
            "Train drivers will strike for three days from Wednesday, their union said.",
            "They have asked for shorter hours since autumn, and talks broke down on Sunday.",
        ],
    )
    news = "The railway wants to run every fifth train during the strike, and none at all to the coast."
    other = _report(2, "Mail: Few trains in three days of strike", [news])
    assert news in summarize_several((leading, other), sentence_count=2, word_limit=60).text
