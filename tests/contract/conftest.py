"""Editions and deliveries for the store's tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from newsletter.model.documents import FoundFile, ParsedDocument, Span
from newsletter.model.editions import Edition, PublishedEdition, Variant, WeekBehind
from newsletter.model.messages import ListHeaders, Rendering
from newsletter.model.stories import SourceCredit, Story, StoryLabel, Summary, SummarySentence
from newsletter.model.subscribers import Cadence
from newsletter.store.store import Store
from newsletter.store.subscribers import Candidate
from newsletter.subscribe import parse_address

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)

Publish = Callable[..., PublishedEdition]


@pytest.fixture
def subscribe(store: Store) -> Callable[..., None]:
    def add(*addresses: str, list_name: str = "daily") -> None:
        store.editions.know_list(list_name, now=NOW)
        candidates = [Candidate(address=parse_address(address)) for address in addresses]
        store.subscribers.add(list_name, candidates, source="test", now=NOW)

    return add


@pytest.fixture
def publish(store: Store, parsed: Callable[..., ParsedDocument]) -> Publish:
    def make(
        *headlines: str,
        list_name: str = "daily",
        slot_at: datetime | None = None,
        number: int | None = None,
        missable: Sequence[Sequence[int]] = (),
        variants: Sequence[int] = (),
        audience_list: str = "",
        cadence: Cadence = Cadence.EACH,
        week: WeekBehind | None = None,
    ) -> PublishedEdition:
        store.editions.know_list(list_name, now=NOW)
        for headline in headlines:
            file = FoundFile(path=f"{headline}.txt", fingerprint="1", document=parsed(headline))
            store.documents.record("/in", [file], now=NOW)
        edition = make_edition(
            [(d.id, d.headline) for d in store.documents.new_for(list_name)],
            list_name=list_name,
            number=number or store.editions.next_number(list_name),
            slot_at=slot_at,
        )
        rendering = make_rendering(audience_list or list_name)
        return store.editions.publish(
            edition,
            rendering,
            uid=f"{list_name}-{edition.number}",
            cadence=cadence,
            missable=missable,
            variants=[
                Variant(number=n, edition=edition, rendering=replace(rendering, text=f"Variant {n}"))
                for n in variants
            ],
            week=week,
        )

    return make


def make_edition(
    documents: list[tuple[int, str]],
    *,
    list_name: str = "daily",
    number: int = 1,
    slot_at: datetime | None = None,
) -> Edition:
    stories = tuple(
        Story(
            headline=headline,
            label=StoryLabel.NEW,
            summary=Summary(
                sentences=(
                    SummarySentence(text="It opened.", span=Span(start=0, end=10), document_id=document_id),
                ),
                method="lead",
            ),
            sources=(SourceCredit(name="Harbour Gazette", title=headline),),
            document_ids=(document_id,),
            language="en",
            dated_at=NOW,
            independent_sources=1,
        )
        for document_id, headline in documents
    )
    return Edition(
        list_name=list_name,
        number=number,
        created_at=NOW,
        slot_at=slot_at,
        subject="A subject",
        preheader="More",
        language="en",
        stories=stories,
        also=(),
        word_count=10,
        reading_minutes=1,
    )


def make_rendering(list_name: str = "daily") -> Rendering:
    return Rendering(
        subject="A subject",
        preheader="More",
        html="<p>Hello</p>",
        text="Hello",
        token="t0k3n",
        headers=ListHeaders(
            list_name=list_name,
            list_title="The Daily Brief",
            sender_address="digest@news.example.org",
            sender_name="",
            reply_to="",
            unsubscribe_address="digest@news.example.org",
            date=NOW,
        ),
    )
