"""Stories to rank and to compose, and a list for them; all invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from newsletter.model.documents import Span
from newsletter.model.editions import MailingList
from newsletter.model.stories import SourceCredit, Story, StoryLabel, Summary, SummarySentence

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)

LIST = MailingList(
    name="daily",
    title="The Daily Brief",
    tagline="What happened",
    schedule="0 7 * * *",
    time_zone="Europe/Berlin",
    sender_address="digest@news.example.org",
)


def make_sentence(text: str) -> SummarySentence:
    return SummarySentence(text=text, span=Span(start=0, end=len(text)))


def make_summary(*sentences: str, rewrite: str | None = None) -> Summary:
    return Summary(sentences=tuple(map(make_sentence, sentences)), method="lead", rewrite=rewrite)


def make_story(
    number: int,
    *,
    words: int = 20,
    outlets: tuple[str, ...] = (),
    age_hours: float = 1.0,
    **changes: object,
) -> Story:
    """Make a story of three sentences of some words, by an outlet of its own unless outlets are named."""
    outlets = outlets or (f"Outlet {number}",)
    sentence = " ".join(["word"] * (words - 1)) + " end."
    story = Story(
        headline=f"Headline number {number}",
        label=StoryLabel.NEW,
        summary=make_summary(sentence, sentence, sentence),
        sources=tuple(SourceCredit(name=name, title=f"Title {number}") for name in outlets),
        document_ids=(number,),
        language="en",
        dated_at=NOW - timedelta(hours=age_hours),
        independent_sources=len(outlets),
    )
    return replace(story, **changes)  # type: ignore[arg-type]
