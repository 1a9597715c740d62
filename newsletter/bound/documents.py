"""The documents of an install: taken in from its folders, and read one by one."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property, partial
from pathlib import Path

from newsletter.ingest import forget, ingest
from newsletter.model.documents import FileReport, IngestReport, Parse, ParsedItem, ParsedItems
from newsletter.model.stories import Summary
from newsletter.receive import ParseMail
from newsletter.settings import Settings
from newsletter.sources.formats.mail import parse_mail
from newsletter.sources.opening import Opener
from newsletter.sources.parse import SourceAliases, TextReader
from newsletter.sources.reading import read_documents
from newsletter.store.store import Store
from newsletter.stories.summarize import get_summarizer, summarize


class Documents:
    """What arrives in the folders."""

    def __init__(self, settings: Settings, open_store: Callable[[], Store]) -> None:
        """Bind the verbs; the store is opened when something is taken in."""
        self._settings = settings
        self._open_store = open_store
        self._forgot_at: datetime | None = None

    @cached_property
    def _reader(self) -> TextReader:
        return TextReader(aliases=SourceAliases.with_extra(self._settings.source_aliases))

    @cached_property
    def _parse(self) -> Parse:
        return Opener(reader=self._reader).open

    @property
    def parse_mail(self) -> ParseMail:
        """What makes a document of a mail."""
        return partial(parse_mail, reader=self._reader)

    @property
    def _max_bytes(self) -> int:
        return int(self._settings.max_document_megabytes * 1_000_000)

    def ingest(
        self,
        *,
        now: datetime,
        folders: Sequence[Path] = (),
        wait: Callable[[float], None] = time.sleep,
        on_file: Callable[[FileReport], None] = lambda _: None,
    ) -> IngestReport:
        """Take in what is new in some folders, or in all that the settings name; see `newsletter.ingest`."""
        named = [folder.expanduser().resolve() for folder in folders] or list(self._settings.all_folders())
        report = ingest(
            self._open_store(),
            folders=named,
            # Editions that were written to files are no news.
            passed_over=[self._settings.outbox_folder.expanduser()],
            parse=self._parse,
            max_bytes=self._max_bytes,
            settle_seconds=self._settings.settle_seconds,
            wait=wait,
            now=now,
            on_file=on_file,
        )
        return replace(report, forgotten=self._forget(now))

    def _forget(self, now: datetime) -> int:
        """Forget what is no longer kept, once an hour: all files are looked through for it."""
        if self._forgot_at is not None and abs(now - self._forgot_at) < timedelta(hours=1):
            return 0
        settings = self._settings
        count = forget(
            self._open_store(), text_days=settings.keep_text_days, seen_days=settings.keep_seen_days, now=now
        )
        self._forgot_at = now
        return count

    async def watch(self, *, stopping: asyncio.Event, on_change: Callable[[], None]) -> None:
        """Call something whenever a file in a folder has changed, until `stopping` is set."""
        from newsletter.sources.watch import watch

        if self._settings.watch_folders:
            await watch(self._settings.all_folders(), stopping=stopping, on_change=on_change)

    def summarize(
        self, path: Path, *, summarizer: str | None, sentence_count: int, language: str | None
    ) -> list[tuple[ParsedItem, Summary | None]]:
        """Read one file and summarise each document in it; the store is not touched.

        Args:
            path: The file.
            summarizer: Its name; None: the one that is set.
            sentence_count: Of each summary.
            language: ISO 639-1 code; None: the one that is set, or each document's own.

        Returns:
            The documents of the file with their summaries; a refused item has none.

        Raises:
            DocumentRefusedError: The file is no document.
            SummarizerError: There is no such summarizer.
        """
        name = summarizer or self._settings.summarizer
        get_summarizer(name)
        read = read_documents(path, max_bytes=self._max_bytes, parse=self._parse)
        items = read.items if isinstance(read, ParsedItems) else (ParsedItem(key="", document=read),)
        # Whoever asks for a number of sentences gets them, however long they are.
        make = partial(
            summarize,
            summarizer=name,
            sentence_count=sentence_count,
            word_limit=60 * sentence_count,
            language=language or self._settings.language or None,
        )
        return [(item, make(item.document) if item.document else None) for item in items]
