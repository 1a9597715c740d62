"""Ingest: what lies in the folders becomes documents in the store."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path

from newsletter.model.documents import FileReport, FoundFile, IngestReport, ParsedDocument
from newsletter.sources.folder import scan_folder
from newsletter.store.store import Store

#: Files recorded in one transaction: a commit costs more than a row.
_FILES_PER_TRANSACTION = 50

Parse = Callable[[bytes], ParsedDocument]


def ingest(
    store: Store,
    *,
    folders: Sequence[Path],
    parse: Parse,
    max_bytes: int,
    settle_seconds: float,
    wait: Callable[[float], None],
    now: datetime,
) -> IngestReport:
    """Take in every new or changed document of some folders.

    Doing it again without a change does nothing. A file that cannot be taken in is recorded with its reason
    and stops none of the others.

    Args:
        store: Where documents go.
        folders: Absolute paths.
        parse: Bytes to a document.
        max_bytes: Larger files are refused.
        settle_seconds: A file touched less than this ago is looked at again after that time.
        wait: Waits that many seconds.
        now: UTC.

    Raises:
        SettingsError: A folder does not exist.
        StoreError: The store cannot be written.
    """
    reports: list[FileReport] = []
    for folder in folders:
        name = str(folder)
        known = store.documents.known_files(name)
        if folder.is_dir():
            # Before any change is judged: a file that was renamed holds its old text no longer.
            gone = [path for path in known if not os.path.lexists(folder / path)]
            store.documents.mark_gone(name, gone, now=now)
        found = scan_folder(
            folder,
            known=known,
            max_bytes=max_bytes,
            now=now,
            settle_seconds=settle_seconds,
            wait=wait,
            parse=parse,
        )
        for batch in _batches(found):
            reports += store.documents.record(name, batch, now=now)
    return IngestReport(files=tuple(reports))


def _batches(found: Iterable[FoundFile]) -> Iterator[list[FoundFile]]:
    files = iter(found)
    while batch := list(islice(files, _FILES_PER_TRANSACTION)):
        yield batch
