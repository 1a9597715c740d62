"""Opening and reading one file without trusting it: it may be a link, a pipe, huge, or still growing."""

import errno
import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import Parse, ParsedDocument, ParsedItems, RefusalReason

#: Never waits for a pipe's writer, never follows a link, never becomes a terminal's process.
_SAFELY = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_CHUNK_BYTES = 1 << 20
#: Bytes that are no UTF-8 stand as \\x80 to \\xff, and so nothing else must.
_ESCAPE = re.compile(r"\\(?:x(?P<byte>[89a-f][0-9a-f])|x[0-7][0-9a-f]|u[0-9a-f]{4}|U[0-9a-f]{8}|[\\ntr])")


class StillWrittenError(Exception):
    """The file changed while it was read."""


@dataclass(frozen=True, kw_only=True)
class FileContent:
    """What a file held at one moment."""

    content: bytes
    fingerprint: str


def fingerprint_of(status: os.stat_result) -> str:
    """Return what stays equal as long as a file is not touched."""
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ctime_ns}-{status.st_ino}"


def open_directory(root: int, parts: Sequence[str]) -> int:
    """Open a directory below an open one, following no link on the way; the caller closes it."""
    current = os.dup(root)
    for part in parts:
        try:
            deeper = os.open(part, _DIRECTORY | os.O_NOFOLLOW, dir_fd=current)
        finally:
            os.close(current)
        current = deeper
    return current


def read_beneath(root: int, parts: Sequence[str], *, max_bytes: int) -> FileContent:
    """Read a regular file below an open directory, following no link on the way.

    Raises:
        DocumentRefusedError: NOT_A_FILE, OVERSIZED, EMPTY or UNREADABLE.
        StillWrittenError: It changed while it was read.
    """
    return _read_and_close(_open_beneath(root, parts), max_bytes=max_bytes)


def read_start(root: int, parts: Sequence[str], *, most_bytes: int) -> bytes:
    """Read the first bytes of a file below an open directory, following no link on the way.

    Raises:
        DocumentRefusedError: NOT_A_FILE or UNREADABLE.
    """
    descriptor = _open_beneath(root, parts)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise DocumentRefusedError(RefusalReason.NOT_A_FILE, kind_of(mode))
        return _read_at_most(descriptor, most_bytes)
    except OSError as error:
        raise _refusal(error) from error
    finally:
        os.close(descriptor)


def _open_beneath(root: int, parts: Sequence[str]) -> int:
    try:
        directory = open_directory(root, parts[:-1])
        try:
            return os.open(parts[-1], _SAFELY | os.O_NOFOLLOW, dir_fd=directory)
        finally:
            os.close(directory)
    except OSError as error:
        raise _refusal(error) from error


def explain_failure(error: Exception) -> str:
    """Return what is told of a document that a parser failed on, in characters that can be shown and kept."""
    return printable(f"the parser failed: {type(error).__name__}: {error}")


def printable(text: str) -> str:
    """Return a text with whatever cannot be shown, or decoded, as its number; `named` leads back."""
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    if "\udc80" <= char <= "\udcff":
        return f"\\x{ord(char) - 0xDC00:02x}"
    if "\x80" <= char <= "\xff":
        return f"\\u{ord(char):04x}"
    return char.encode("unicode_escape").decode("ascii")


def printable_path(parts: Sequence[str]) -> str:
    """Return a path that can be shown and stored; no two paths come out alike."""
    path = os.fsencode("/".join(parts)).decode("utf-8", "surrogateescape")
    return printable(path.replace("\\", r"\\")) or "."


def named(path: str) -> bytes:
    """Return a file's own name, given its printable path."""
    return _ESCAPE.sub(_unescaped, path).encode("utf-8", "surrogateescape")


def _unescaped(match: re.Match[str]) -> str:
    if match["byte"]:
        return chr(0xDC00 + int(match["byte"], 16))
    return match[0].encode("ascii").decode("unicode_escape")


def read_documents(path: Path, *, max_bytes: int, parse: Parse) -> ParsedDocument | ParsedItems:
    """Read one file that the user named; links are followed.

    Raises:
        DocumentRefusedError: It cannot be read or parsed; carries the reason.
    """
    try:
        descriptor = os.open(path, _SAFELY)
    except (OSError, ValueError) as error:
        raise _refusal(error) from error
    try:
        file = _read_and_close(descriptor, max_bytes=max_bytes)
    except StillWrittenError as error:
        detail = "it changed while it was read; try again when it is complete"
        raise DocumentRefusedError(RefusalReason.UNREADABLE, detail) from error
    return parse(file.content, path.name)


def _read_and_close(descriptor: int, *, max_bytes: int) -> FileContent:
    try:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise DocumentRefusedError(RefusalReason.NOT_A_FILE, kind_of(before.st_mode))
        _check_size(before.st_size, max_bytes)
        content = _read_at_most(descriptor, max_bytes + 1)
        after = os.fstat(descriptor)
    except OSError as error:
        raise _refusal(error) from error
    finally:
        os.close(descriptor)
    _check_size(len(content), max_bytes)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or len(
        content
    ) != after.st_size:
        raise StillWrittenError
    if not content:
        raise DocumentRefusedError(RefusalReason.EMPTY, "no bytes")
    return FileContent(content=content, fingerprint=fingerprint_of(after))


def _read_at_most(descriptor: int, limit: int) -> bytes:
    chunks: list[bytes] = []
    while limit > 0 and (chunk := os.read(descriptor, min(limit, _CHUNK_BYTES))):
        chunks.append(chunk)
        limit -= len(chunk)
    return b"".join(chunks)


def _check_size(size: int, max_bytes: int) -> None:
    if size > max_bytes:
        detail = f"{_in_print(size)}, more than the {_in_print(max_bytes)} allowed"
        raise DocumentRefusedError(RefusalReason.OVERSIZED, detail)


def _in_print(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.1f} kB"


def _refusal(error: OSError | ValueError) -> DocumentRefusedError:
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.ENXIO:
        return DocumentRefusedError(RefusalReason.NOT_A_FILE, "a socket or a device")
    if number == errno.ELOOP:
        return DocumentRefusedError(
            RefusalReason.UNREADABLE, "it became a link while it was looked at, or a loop"
        )
    return DocumentRefusedError(RefusalReason.UNREADABLE, explain(error))


def explain(error: OSError | ValueError) -> str:
    """Return an error of the operating system in words for the operator, without the path."""
    if isinstance(error, FileNotFoundError):
        return "no such file; it may have been moved away"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def kind_of(mode: int) -> str:
    """Return what a mode of `os.stat` says that something is, in words for the operator."""
    kinds = (
        (stat.S_ISDIR, "a directory"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISBLK, "a device"),
    )
    return next((name for is_kind, name in kinds if is_kind(mode)), "something else")
