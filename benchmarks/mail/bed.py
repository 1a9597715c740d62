"""A store with many made-up readers and an edition published for them: where a benchmark of sending starts."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from benchmarks.invented import news_day
from newsletter import wiring
from newsletter.app import App
from newsletter.model.clock import Clock
from newsletter.model.editions import Edition, PublishedEdition
from newsletter.model.subscribers import Cadence, SubscriptionState
from newsletter.publish.pressing import render
from newsletter.store import tables
from newsletter.store.lists import know_lists

#: Readers are spread over so many domains.
_DOMAINS = 50

#: Rows of one INSERT.
_PORTION = 10_000

#: Documents of the day that the edition tells.
_DOCUMENTS = 40

#: What a message comes to, in octets, within a sentence.
MESSAGE_OCTETS = 60_000

#: What every benchmark of sending has in common; the rest is up to it.
COMMON: dict[str, Any] = {
    "list_name": "daily",
    "sender_address": "digest@news.example.org",
    "bounce_address": "bounces@news.example.org",
    "public_url": "https://news.example.org",
    "secret_keys": "a key of this benchmark alone",
    "smtp_host": "127.0.0.1",
    "smtp_security": "none",
    "smtp_connections": 16,
    "smtp_messages_per_connection": 10_000,
    "settle_seconds": 0,
    "summarizer": "lead",
}


def address_of(number: int) -> str:
    """Return the address of a reader."""
    return f"reader{number}@mail{number % _DOMAINS}.example.org"


def now() -> datetime:
    """Return the time, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Bed:
    """A store that something can be sent from.

    Attributes:
        settings: All of the app, by field name.
    """

    settings: dict[str, Any]
    readers: int

    def app(self, **changes: object) -> App:
        """Open the app."""
        return App.isolated(**{**self.settings, **changes})


def make(folder: Path, *, readers: int, url: str = "", clock: Clock = now, **settings: object) -> Bed:
    """Fill an empty store: documents are ingested, readers confirmed, an edition is published for them.

    Args:
        folder: Where the SQLite store and the documents are put.
        readers: How many.
        url: Of the store; empty: SQLite in the folder.
        clock: Returns the time, UTC.
        settings: Beside those of all benchmarks.
    """
    bed = Bed(
        settings={
            **COMMON,
            "database_url": url or f"sqlite:///{folder / 'newsletter.db'}",
            "folders": str(write_documents(folder / "documents")),
            **settings,
        },
        readers=readers,
    )
    with contextlib.closing(bed.app()) as app:
        app.ingest(now=clock())
        add_readers(app, readers, at=clock())
        publish(app, at=clock())
    return bed


def publish(app: App, *, at: datetime) -> PublishedEdition:
    """Publish an edition whose messages have the benchmarks' size.

    An edition that the product would make by itself is kept to what somebody reads over breakfast, and is
    about a third of that: here its stories are told at greater length.
    """
    mailing_list = app.lists[0]
    draft = app.draft(mailing_list, now=at)
    assert draft is not None
    press = wiring.press(app.settings, mailing_list)
    for times in count(1):
        edition = _lengthened(draft.edition, times)
        rendering = render(edition, mailing_list, press)
        if len(app.copies.make(address_of(1), rendering, now=at).content) >= MESSAGE_OCTETS:
            return app.store.editions.publish(edition, rendering, uid=secrets.token_hex(16))
    raise AssertionError


def _lengthened(edition: Edition, times: int) -> Edition:
    """Return an edition whose stories say everything so many times."""
    return replace(
        edition,
        stories=tuple(
            replace(story, summary=replace(story.summary, sentences=story.summary.sentences * times))
            for story in edition.stories
        ),
    )


def write_documents(folder: Path) -> Path:
    """Write a day of made-up news; return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for document, _ in news_day(_DOCUMENTS):
        (folder / f"{document.id}.txt").write_text(document.text)
    return folder


def add_readers(app: App, count: int, *, at: datetime) -> None:
    """Put confirmed readers on the app's only list, by bulk inserts into the store's own tables."""
    list_name = app.lists[0].name
    database, hasher = app.store._database, app.store.subscribers._hasher  # noqa: SLF001 - faster than any verb
    with database.transaction() as connection:
        know_lists(connection, [list_name], now=at)
        for start in range(1, count + 1, _PORTION):
            numbers = range(start, min(start + _PORTION, count + 1))
            rows = [(number, address_of(number)) for number in numbers]
            connection.execute(
                insert(tables.subscribers),
                [
                    {
                        "id": number,
                        "address": address,
                        "address_key": address,
                        "address_hash": hasher.hash(address),
                        "name": f"Reader {number}",
                        "created_at": at,
                    }
                    for number, address in rows
                ],
            )
            connection.execute(
                insert(tables.subscriptions),
                [
                    {
                        "subscriber_id": number,
                        "list_name": list_name,
                        "state": SubscriptionState.CONFIRMED.value,
                        "since": at,
                        "source": "benchmark",
                        "cadence": Cadence.EACH.value,
                    }
                    for number, _ in rows
                ],
            )
