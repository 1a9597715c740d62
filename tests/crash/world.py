"""One edition for some readers, in the test's own process, with a store that the test can hurt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crash.sink import Sink
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

from newsletter.app import App
from newsletter.errors import NewsletterError
from newsletter.model.deliveries import DeliverReport, DeliveryState

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
READERS = tuple(f"reader{n:02}@example.org" for n in range(24))
CONNECTIONS = 2

#: Results after which a fault strikes: some readers have got it, most have not.
SOME = 5


class Clock:
    """Shows the time that a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class World:
    """One edition for some readers, a store that a test can hurt, and the mail server's book."""

    def __init__(self, store_url: str, folder: Path, sink: Sink, opened: ExitStack) -> None:
        self.url, self.folder, self.sink, self.clock = store_url, folder, sink, Clock()
        self._opened = opened
        (folder / "in").mkdir()
        self.drop("harbour.txt", "Harbour reopens\n\nThe harbour of Port Aldis opened again on Monday.\n")

    @property
    def is_sqlite(self) -> bool:
        return self.url.startswith("sqlite")

    @property
    def file(self) -> Path:
        return Path(self.url.removeprefix("sqlite:///"))

    def drop(self, name: str, words: str) -> None:
        (self.folder / "in" / name).write_text(words)

    def app(self, **overrides: object) -> App:
        values: dict[str, object] = {
            "database_url": self.url,
            "folders": (self.folder / "in",),
            "settle_seconds": 0,
            "list_name": "daily",
            "sender_address": "digest@news.example.org",
            "smtp_host": "127.0.0.1",
            "smtp_port": self.sink.port,
            "smtp_security": "none",
            "smtp_connections": CONNECTIONS,
            "smtp_timeout_seconds": 10.0,
        }
        app = App.isolated(**(values | overrides))
        self._opened.callback(app.close)
        return app

    def publish(self, app: App) -> None:
        mailing_list = app.mailing_list(None)
        app.ingest(now=NOW)
        list(
            app.subscribers.import_csv(
                mailing_list, ["address", *READERS], source="readers.csv", now=NOW, dry_run=False
            )
        )
        assert app.publish(mailing_list, now=NOW).edition is not None

    async def send(self, app: App, fault: Callable[[], None] = lambda: None) -> DeliverReport:
        """Send what is due; a fault strikes once some readers have got it."""
        results = 0

        def count() -> None:
            nonlocal results
            results += 1
            if results == SOME:
                fault()

        return await app.deliver(clock=self.clock, stopping=asyncio.Event(), on_result=count)

    async def finish(self, *, duplicates: int) -> None:
        """Send the rest an hour later, as the next process would, and hold everybody against the book."""
        self.clock.now = max(self.clock.now, NOW) + timedelta(hours=1)
        app = self.app()
        while (report := await self.send(app)).next_due is not None:
            assert report.problem is None
            self.clock.now = max(self.clock.now, report.next_due)
        await asyncio.to_thread(self.sink.wait_until_quiet)
        copies = self.sink.copies()
        [edition] = app.store.editions.latest("daily", limit=5)
        assert app.store.deliveries.counts(edition.id) == {DeliveryState.ACCEPTED: len(READERS)}
        assert set(copies) == set(READERS), "somebody is lost"
        assert copies.total() - len(READERS) <= duplicates
        assert len({(copy.recipient, copy.message_id) for copy in self.sink.book}) == len(READERS)

    def sql(self, *statements: str) -> None:
        """Do something to the PostgreSQL database from another connection."""
        engine = engine_of(self.url)
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))


def engine_of(url: str) -> Engine:
    """Return an engine for looking at a PostgreSQL database from outside."""
    address = url.replace("postgresql://", "postgresql+psycopg://", 1)
    return create_engine(address, poolclass=NullPool, isolation_level="AUTOCOMMIT")


def is_one_clear_line(error: NewsletterError, *words: str) -> None:
    """Assert that an error reads as one short line that holds the words."""
    line = str(error)
    assert "\n" not in line
    assert "Traceback" not in line
    assert len(line) < 600
    for word in words:
        assert word in line
