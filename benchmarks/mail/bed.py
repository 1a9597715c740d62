"""A store with many made-up readers and an edition published for them: where benchmarks start."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Text, bindparam, text

from benchmarks.invented import news_day
from newsletter.app import App
from newsletter.bound.press import press
from newsletter.model.clock import Clock
from newsletter.model.editions import Edition, PublishedEdition
from newsletter.model.messages import Rendering
from newsletter.model.subscribers import Cadence, SubscriptionState
from newsletter.publish.pressing import render
from newsletter.store import tables
from newsletter.store.lists import know_lists

#: Readers are spread over so many domains.
_DOMAINS = 50

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
    """Fill an empty store, and publish an edition for all of its readers; arguments as of `fill`."""
    bed = fill(folder, readers=readers, url=url, clock=clock, **settings)
    with contextlib.closing(bed.app()) as app:
        publish(app, at=clock())
    return bed


def fill(folder: Path, *, readers: int, url: str = "", clock: Clock = now, **settings: object) -> Bed:
    """Fill an empty store: documents are ingested, readers confirmed.

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
    return bed


def publish(app: App, *, at: datetime) -> PublishedEdition:
    """Publish an edition whose messages have the benchmarks' size."""
    edition, rendering = compose(app, at=at)
    return app.store.editions.publish(edition, rendering, uid=secrets.token_hex(16))


def compose(app: App, *, at: datetime) -> tuple[Edition, Rendering]:
    """Return the next edition, rendered, whose messages have the benchmarks' size.

    An edition that the product would make by itself is kept to what somebody reads over breakfast, and is
    about a third of that: here its stories are told at greater length.
    """
    mailing_list = app.lists[0]
    draft = app.draft(mailing_list, now=at)
    assert draft is not None
    own_press = press(app.settings, mailing_list)
    for times in count(1):
        edition = _lengthened(draft.edition, times)
        rendering = render(edition, mailing_list, own_press)
        if len(app.copies.make(address_of(1), rendering, now=at).content) >= MESSAGE_OCTETS:
            return edition, rendering
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
    """Put confirmed readers on the app's only list: the store's own tables, filled by one statement each."""
    list_name = app.lists[0].name
    with app.store._database.transaction() as connection:  # noqa: SLF001 - no verb makes a million in seconds
        know_lists(connection, [list_name], now=at)
        values = {"count": count, "at": at, "domains": _DOMAINS, "list_name": list_name, "zeros": "0" * 64}
        for statement in (_SUBSCRIBERS, _SUBSCRIPTIONS):
            connection.execute(statement, {name: values[name] for name in statement.compile().params})


_NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count) "
_ADDRESS = "'reader' || n || '@mail' || (n % :domains) || '.example.org'"
# Nobody is suppressed here: a number as long as a hash does for one.
_SUBSCRIBERS = text(
    "INSERT INTO subscribers (id, address, address_key, address_hash, name, created_at) "
    f"{_NUMBERS} SELECT n, {_ADDRESS}, {_ADDRESS}, substr(:zeros || n, length('' || n) + 1), "
    "'Reader ' || n, :at FROM numbers"
).bindparams(bindparam("at", type_=tables.UtcDateTime), bindparam("zeros", type_=Text))
_SUBSCRIPTIONS = text(
    "INSERT INTO subscriptions (subscriber_id, list_name, state, since, source, cadence) "
    f"{_NUMBERS} SELECT n, :list_name, '{SubscriptionState.CONFIRMED}', :at, 'benchmark', '{Cadence.EACH}' "
    "FROM numbers"
).bindparams(bindparam("at", type_=tables.UtcDateTime))
