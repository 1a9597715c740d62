"""A folder of files as a source: every file in it is read, refused with a reason, or left alone."""

import errno
import logging
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from newsletter.errors import DocumentRefusedError, SettingsError
from newsletter.model.documents import (
    LASTING_REFUSALS,
    FoundFile,
    KnownFile,
    Parse,
    ParsedItems,
    RefusalReason,
)
from newsletter.sources.formats.gate import check_name, check_start
from newsletter.sources.formats.telling import START_BYTES
from newsletter.sources.reading import (
    StillWrittenError,
    explain,
    explain_failure,
    fingerprint_of,
    kind_of,
    open_directory,
    printable_path,
    read_beneath,
    read_start,
)

_LOG = logging.getLogger(__name__)
#: What editors, browsers, desktops and databases leave behind; nobody means these to be read.
_LEFTOVER_ENDINGS = (
    "~",
    ".swp",
    ".swo",
    ".part",
    ".partial",
    ".crdownload",
    ".tmp",
    "-wal",
    "-shm",
    "-journal",
)
_LEFTOVER_NAMES = frozenset({"thumbs.db", "desktop.ini"})
#: Folders in folders beyond which something is wrong with the tree.
_DEEPEST = 100


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    """A file to be read."""

    #: Printable, for the report.
    path: str
    #: Where it truly lies below the folder, links resolved.
    parts: tuple[str, ...]
    status: os.stat_result


@dataclass(frozen=True, kw_only=True)
class _Scan:
    """One look at a folder: what it is asked with, and what it has come across."""

    #: The open folder; everything is opened relative to it.
    root: int
    #: The folder's path with all links resolved.
    real: str
    known: Mapping[str, KnownFile]
    max_bytes: int
    #: Files touched after this are looked at again; nanoseconds since 1970.
    settled_before_ns: int
    parse: Parse
    fresh: list[_Candidate] = field(default_factory=list)
    #: Device and inode of each directory, since a bind mount can make a tree contain itself.
    visited: set[tuple[int, int]] = field(default_factory=set)


def scan_folder(
    folder: Path,
    *,
    known: Mapping[str, KnownFile],
    max_bytes: int,
    now: datetime,
    settle_seconds: float,
    wait: Callable[[float], None],
    parse: Parse,
    passed_over: Sequence[Path] = (),
) -> Iterator[FoundFile]:
    """Look at every file below a folder, in the order of their names.

    Hidden files and editors' leftovers are passed over. Files touched less than `settle_seconds` ago come
    last: after one common wait, those that have changed meanwhile are reported as waiting.

    Args:
        folder: Its files and those in folders below it are documents.
        known: What the store remembers, by path; a file that was read, or refused for what lasts, and has an
            equal fingerprint is not opened.
        max_bytes: Largest file that is read.
        now: UTC; only compared with the files' own times.
        settle_seconds: How long a file must have been left alone to count as complete.
        wait: Called at most once, with seconds.
        parse: Makes documents of a file's bytes and name, or raises DocumentRefusedError.
        passed_over: Folders that editions are written to; in it they are not looked into.

    Returns:
        One item for each file.

    Raises:
        SettingsError: The folder is missing, not a directory, may not be read, or is to be passed over.
    """
    _check_root(folder, passed_over)
    begin = partial(
        _Scan,
        real=os.path.realpath(folder),
        known=known,
        max_bytes=max_bytes,
        settled_before_ns=int((now.timestamp() - settle_seconds) * 1e9),
        parse=parse,
        visited=set(_identities(passed_over)),
    )
    return _found(folder, begin, partial(wait, settle_seconds))


def _found(folder: Path, begin: Callable[..., _Scan], settle: Callable[[], None]) -> Iterator[FoundFile]:
    """Yield the files; the folder is open for as long as somebody asks for the next one."""
    root = _open_root(folder)
    scan = begin(root=root)
    try:
        yield from _enter(scan, ())
        if scan.fresh:
            settle()
        for candidate in scan.fresh:
            yield _look_again(scan, candidate)
    finally:
        os.close(root)


def problem_of(folder: Path) -> str:
    """Return why a folder cannot be looked into, as one line; empty if it can."""
    try:
        with os.scandir(folder):
            return ""
    except FileNotFoundError:
        return "it does not exist: create it, or correct FOLDERS"
    except OSError as error:
        return f"it cannot be read: {explain(error)}"


def _check_root(folder: Path, passed_over: Sequence[Path]) -> None:
    try:
        status = folder.stat()
    except FileNotFoundError:
        raise SettingsError(f"FOLDERS: {folder} does not exist: create it or correct the setting") from None
    except OSError as error:
        # A folder above it may be what we may not pass through.
        raise _unreadable(folder, error) from error
    if not stat.S_ISDIR(status.st_mode):
        raise SettingsError(f"FOLDERS: {folder} is not a directory: create it or correct the setting")
    if (status.st_dev, status.st_ino) in _identities(passed_over):
        raise SettingsError(f"FOLDERS: {folder} is where editions are written (OUTBOX_FOLDER): name another")


def _unreadable(folder: Path, error: OSError) -> SettingsError:
    return SettingsError(f"FOLDERS: {folder} cannot be read ({explain(error)}): allow it or correct it")


def _open_root(folder: Path) -> int:
    try:
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _unreadable(folder, error) from error


def _identities(folders: Sequence[Path]) -> Iterator[tuple[int, int]]:
    for folder in folders:
        with suppress(OSError):
            status = folder.stat()
            yield status.st_dev, status.st_ino


def _enter(scan: _Scan, parts: tuple[str, ...]) -> Iterator[FoundFile]:
    """Look at everything in a directory, unless it has been looked at."""
    if len(parts) > _DEEPEST:
        detail = f"more than {_DEEPEST} folders deep"
        yield _refused(printable_path(parts), RefusalReason.UNREADABLE, detail)
        return
    try:
        directory = open_directory(scan.root, parts)
    except OSError as error:
        yield _refused(printable_path(parts), RefusalReason.UNREADABLE, explain(error))
        return
    try:
        status = os.fstat(directory)
        if (status.st_dev, status.st_ino) in scan.visited:
            return
        scan.visited.add((status.st_dev, status.st_ino))
        names = sorted(os.listdir(directory), key=os.fsencode)  # noqa: PTH208 - a descriptor has no Path
        for name in names:
            if not _is_passed_over(name):
                yield from _look(scan, (*parts, name), directory)
    except OSError as error:
        yield _refused(printable_path(parts), RefusalReason.UNREADABLE, explain(error))
    finally:
        os.close(directory)


def _is_passed_over(name: str) -> bool:
    folded = name.lower()
    return name.startswith((".", "~$")) or folded.endswith(_LEFTOVER_ENDINGS) or folded in _LEFTOVER_NAMES


def _look(scan: _Scan, parts: tuple[str, ...], directory: int) -> Iterator[FoundFile]:
    path = printable_path(parts)
    if not _is_utf8(parts[-1]):
        yield _refused(path, RefusalReason.NAME, "rename it")
        return
    try:
        status = os.stat(parts[-1], dir_fd=directory, follow_symlinks=False)
        if stat.S_ISLNK(status.st_mode):
            target = _resolve(scan, parts)
            if isinstance(target, FoundFile):
                yield target
                return
            parts, status = target
            if stat.S_ISDIR(status.st_mode):
                # It lies in this folder and is walked where it lies.
                return
    except OSError as error:
        yield _refused(path, RefusalReason.UNREADABLE, explain(error))
        return
    if stat.S_ISDIR(status.st_mode):
        yield from _enter(scan, parts)
    else:
        yield from _judge(scan, _Candidate(path=path, parts=parts, status=status))


def _resolve(scan: _Scan, parts: tuple[str, ...]) -> tuple[tuple[str, ...], os.stat_result] | FoundFile:
    """Follow a link to where it leads inside the folder, or refuse it."""
    path = printable_path(parts)
    try:
        # The strict form tells loops and dead ends from files; Path.resolve raises RuntimeError for loops.
        real = os.path.realpath(os.path.join(scan.real, *parts), strict=True)  # noqa: PTH118
    except OSError as error:
        looping = error.errno == errno.ELOOP
        detail = "a link that leads to itself" if looping else f"a link that leads nowhere: {explain(error)}"
        return _refused(path, RefusalReason.UNREADABLE, detail)
    if os.path.commonpath([real, scan.real]) != scan.real:
        return _refused(path, RefusalReason.OUTSIDE, f"to {printable_path((real,))}")
    inside = Path(real).relative_to(scan.real).parts
    return inside, os.stat(real, follow_symlinks=False)  # noqa: PTH116 - lstat of what a link leads to


def _judge(scan: _Scan, candidate: _Candidate) -> Iterator[FoundFile]:
    mode, fingerprint = candidate.status.st_mode, fingerprint_of(candidate.status)
    known = scan.known.get(candidate.path)
    if not stat.S_ISREG(mode):
        yield _refused(candidate.path, RefusalReason.NOT_A_FILE, kind_of(mode), fingerprint)
    elif refusal := _refusal_by_name(candidate):
        yield _refused(candidate.path, refusal.reason, refusal.detail, fingerprint)
    elif known and known.is_read and known.fingerprint == fingerprint:
        yield FoundFile(path=candidate.path, fingerprint=fingerprint)
    elif known and known.refusal in LASTING_REFUSALS and known.fingerprint == fingerprint:
        yield _refused(candidate.path, known.refusal, known.detail, fingerprint)
    elif candidate.status.st_mtime_ns > scan.settled_before_ns:
        scan.fresh.append(candidate)
    else:
        yield _read(scan, candidate)


def _refusal_by_name(candidate: _Candidate) -> DocumentRefusedError | None:
    try:
        check_name(candidate.path)
    except DocumentRefusedError as refusal:
        return refusal
    return None


def _look_again(scan: _Scan, candidate: _Candidate) -> FoundFile:
    """Read a file that was touched a moment ago, unless it has changed since."""
    try:
        directory = open_directory(scan.root, candidate.parts[:-1])
        try:
            status = os.stat(candidate.parts[-1], dir_fd=directory, follow_symlinks=False)
        finally:
            os.close(directory)
    except OSError as error:
        return _refused(candidate.path, RefusalReason.UNREADABLE, explain(error))
    before = candidate.status
    if (status.st_size, status.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        return FoundFile(path=candidate.path, fingerprint=fingerprint_of(status), waiting=True)
    return _read(scan, candidate)


def _read(scan: _Scan, candidate: _Candidate) -> FoundFile:
    fingerprint = fingerprint_of(candidate.status)
    try:
        if not check_name(candidate.path):
            check_start(read_start(scan.root, candidate.parts, most_bytes=START_BYTES), candidate.path)
        file = read_beneath(scan.root, candidate.parts, max_bytes=scan.max_bytes)
        parsed = scan.parse(file.content, candidate.path.rpartition("/")[2])
    except StillWrittenError:
        return FoundFile(path=candidate.path, fingerprint=fingerprint, waiting=True)
    except DocumentRefusedError as refusal:
        return _refused(candidate.path, refusal.reason, refusal.detail, fingerprint)
    except Exception as error:  # noqa: BLE001 - one poisonous file must not stop the others
        _LOG.debug("the parser failed on %s", candidate.path, exc_info=True)
        return _refused(candidate.path, RefusalReason.UNSUPPORTED, explain_failure(error), fingerprint)
    if isinstance(parsed, ParsedItems):
        return FoundFile(path=candidate.path, fingerprint=file.fingerprint, items=parsed.items)
    return FoundFile(path=candidate.path, fingerprint=file.fingerprint, document=parsed)


def _refused(path: str, reason: RefusalReason, detail: str, fingerprint: str = "") -> FoundFile:
    return FoundFile(path=path, fingerprint=fingerprint, refusal=reason, detail=detail)


def _is_utf8(name: str) -> bool:
    try:
        os.fsencode(name).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
