"""Ingest: what lies in the folders becomes documents in the store."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path

from newsletter.errors import SettingsError
from newsletter.model.documents import FileReport, FoundFile, IngestReport, Parse
from newsletter.sources.folder import scan_folder
from newsletter.sources.reading import named
from newsletter.store.store import Store

#: Files recorded in one transaction: a commit costs more than a row.
_FILES_PER_TRANSACTION = 50


def ingest(
    store: Store,
    *,
    folders: Sequence[Path],
    passed_over: Sequence[Path] = (),
    parse: Parse,
    max_bytes: int,
    settle_seconds: float,
    wait: Callable[[float], None],
    now: datetime,
    on_file: Callable[[FileReport], None] = lambda _: None,
) -> IngestReport:
    """Take in every new or changed document of some folders.

    Doing it again without a change does nothing. A file that cannot be taken in is recorded with its reason
    and stops none of the others; a folder that cannot be looked into is reported and stops none either.

    Args:
        store: Where documents go.
        folders: Absolute paths.
        passed_over: Folders that editions are written to; they are not looked into.
        parse: Bytes and a file's name to documents.
        max_bytes: Larger files are refused.
        settle_seconds: A file touched less than this ago is looked at again after that time.
        wait: Waits that many seconds.
        now: UTC.
        on_file: Told of each file once it is recorded.

    Raises:
        StoreError: The store cannot be written.
    """
    scan = partial(
        scan_folder,
        max_bytes=max_bytes,
        now=now,
        settle_seconds=settle_seconds,
        wait=wait,
        parse=parse,
        passed_over=passed_over,
    )
    reports: list[FileReport] = []
    problems: list[str] = []
    for folder in folders:
        try:
            for report in _look_into(store, folder, scan, now):
                reports.append(report)
                on_file(report)
        except SettingsError as error:
            problems += error.problems
    return IngestReport(files=tuple(reports), problems=tuple(problems))


def forget(store: Store, *, text_days: int, seen_days: int, now: datetime) -> int:
    """Forget what is older than it is kept; what is forgotten never becomes new again.

    Args:
        store: Where it is.
        text_days: How long texts are kept after they were first seen, or last told; 0: for ever.
        seen_days: How long it is remembered where a file was that is gone; 0: for ever.
        now: UTC.

    Returns:
        How many texts were forgotten.

    Raises:
        StoreError: The store cannot be written.
    """
    if seen_days:
        store.forgetting.places(gone_before=now - timedelta(days=seen_days))
    return store.forgetting.texts(before=now - timedelta(days=text_days), now=now) if text_days else 0


def _look_into(
    store: Store, folder: Path, scan: Callable[..., Iterator[FoundFile]], now: datetime
) -> Iterator[FileReport]:
    """Record what lies in one folder.

    Raises:
        SettingsError: The folder cannot be looked into.
    """
    name = str(folder)
    known = store.documents.known_files(name)
    found = scan(folder, known=known)
    # Before any change is judged: a file that was renamed holds its old text no longer.
    gone = [path for path, file in known.items() if not _is_there(folder, file.container or path)]
    store.documents.mark_gone(name, gone, now=now)
    for batch in _batches(found):
        yield from store.documents.record(name, batch, now=now)


def _is_there(folder: Path, path: str) -> bool:
    """Return whether a file is, or may be, where it was: where we may not look, it may."""
    try:
        os.lstat(os.fsencode(folder) + b"/" + named(path))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        pass
    return True


def _batches(found: Iterable[FoundFile]) -> Iterator[list[FoundFile]]:
    files = iter(found)
    while batch := list(islice(files, _FILES_PER_TRANSACTION)):
        yield batch
