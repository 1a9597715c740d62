"""The sources of an install that are fetched."""

import asyncio
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from newsletter import fetch
from newsletter.errors import FetchError, SettingsError, SourceError
from newsletter.model.sources import FetchReport, Source, SourceReport
from newsletter.settings import Settings
from newsletter.sources.opml import read_opml, write_opml
from newsletter.sources.pace import Pace
from newsletter.sources.parse import SourceAliases, TextReader
from newsletter.sources.web import Fetcher
from newsletter.store.store import Store

Clock = Callable[[], datetime]


class Sources:
    """Feeds: added, listed, asked and removed."""

    def __init__(self, settings: Settings, open_store: Callable[[], Store]) -> None:
        """Bind the verb; the store is opened when it is needed."""
        self._settings = settings
        self._open_store = open_store

    @cached_property
    def _reader(self) -> TextReader:
        return TextReader(aliases=SourceAliases.with_extra(self._settings.source_aliases))

    def _web(self) -> Fetcher:
        """Return what fetches.

        Raises:
            SettingsError: FETCH_ALLOWED_HOSTS names what is no host.
        """
        from importlib.metadata import version

        url = self._settings.public_url
        site = f" (+{url})" if url and url.isascii() and url.isprintable() else ""
        try:
            return Fetcher(
                user_agent=f"newsletter/{version('newsletter')}{site}",
                max_bytes=int(self._settings.max_document_megabytes * 1_000_000),
                total_seconds=self._settings.fetch_timeout_seconds,
                allowed_hosts=self._settings.fetch_allowed_hosts,
            )
        except FetchError as error:
            problem = f"FETCH_ALLOWED_HOSTS: {error}; names and addresses alone are expected, as feeds.lan"
            raise SettingsError(problem) from error

    def _policy(self, clock: Clock) -> fetch.FetchPolicy:
        return fetch.FetchPolicy(
            pace=Pace(every=timedelta(minutes=self._settings.fetch_every_minutes)),
            first_days=self._settings.fetch_first_days,
            reader=self._reader,
            chance=random.random,
            clock=clock,
        )

    async def fetch(
        self,
        *,
        clock: Clock,
        stopping: asyncio.Event | None = None,
        urls: tuple[str, ...] | None = None,
        on_report: Callable[[SourceReport], None] = lambda _: None,
    ) -> FetchReport:
        """Ask the sources that are due; see `newsletter.fetch.fetch`.

        Args:
            clock: Returns the time, UTC.
            stopping: Once set, it ends.
            urls: Ask these instead, due or not; all if there is none among them.
            on_report: Told of each source when it was asked.

        Raises:
            SourceError: One of `urls` is no source.
        """
        store = self._open_store()
        only = None if urls is None else [fetch.source_at(store, url) for url in urls] or store.sources.all()
        if not (only or store.sources.any_due(now=clock())):
            return FetchReport()
        return await fetch.fetch(
            store,
            self._web(),
            self._policy(clock),
            stopping=stopping or asyncio.Event(),
            only=only,
            on_report=on_report,
        )

    async def add(self, url: str, *, is_fetching_pages: bool, clock: Clock) -> SourceReport:
        """Add a source; see `newsletter.fetch.add`."""
        return await fetch.add(
            self._open_store(),
            self._web(),
            self._policy(clock),
            url=url,
            is_fetching_pages=is_fetching_pages,
        )

    def all(self) -> list[Source]:
        """Return all sources in the order they were added."""
        return self._open_store().sources.all()

    def find(self, url: str) -> Source:
        """Return the source of an address; see `newsletter.fetch.source_at`."""
        return fetch.source_at(self._open_store(), url)

    def remove(self, url: str) -> Source:
        """Ask a source no more; its documents stay.

        Raises:
            SourceError: There is none.
        """
        source = self.find(url)
        self._open_store().sources.remove(source.id)
        return source

    def import_opml(self, path: Path, *, now: datetime) -> tuple[list[str], int, list[str]]:
        """Add the feeds of an OPML file; see `newsletter.fetch.import_outlines`.

        Raises:
            SourceError: It cannot be read.
        """
        try:
            outlines = read_opml(path.read_bytes())
        except OSError as error:
            raise SourceError(f"{path} cannot be read: {error.strerror}") from error
        except SourceError as error:
            raise SourceError(f"{path}: {error}") from error
        return fetch.import_outlines(self._open_store(), outlines, now=now)

    def export_opml(self) -> str:
        """Return all sources that have not ended as OPML."""
        return write_opml(source for source in self.all() if source.ended_at is None)
