"""Mailboxes on this machine: Maildir, mbox, single files. Nothing is ever deleted from them."""

import errno
import fcntl
import os
import stat
import tempfile
from collections.abc import Callable, Container, Generator, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO, Protocol

from newsletter.errors import MailboxError

#: What is read of a message, in bytes: reports stand before the mail that they cite.
MAX_MESSAGE_BYTES = 5_000_000

_CHUNK_BYTES = 65536

#: Begins each message of an mbox (RFC 4155).
_FROM_LINE = b"From "


def _nothing() -> None:
    """Mark nothing: the store knows a message again by its digest."""


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """One message in a mailbox."""

    #: The message, cut after `MAX_MESSAGE_BYTES`.
    content: bytes
    #: Marks it as read in its mailbox, for when it has been recorded; raises MailboxError if it cannot.
    mark_read: Callable[[], None] = _nothing


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """One message that could not be read; those after it can."""

    problem: str


#: What a mailbox yields; to be closed by whoever does not read to its end.
Messages = Generator[Arrival | Unreadable, None, None]


@dataclass(frozen=True, kw_only=True)
class NewsMail:
    """One mail in a mailbox that news arrives in."""

    #: What names it in the mailbox for good.
    key: str
    #: None if it was not read: it is larger than asked for, or there is a problem.
    content: bytes | None = None
    #: In bytes.
    size: int = 0
    #: Why it cannot be read, in words for the operator; "" if it can.
    problem: str = ""


#: What a mailbox that news arrives in yields; to be closed by whoever does not read to its end.
News = Generator[NewsMail, None, None]


class Mailbox(Protocol):
    """Somewhere that messages come back to."""

    @property
    def place(self) -> str:
        """Where it is, for a person."""
        ...

    def unread(self) -> Messages:
        """Yield what was not marked as read, one message in memory at a time.

        Raises:
            MailboxError: It cannot be read, or not any further.
        """
        ...


@dataclass(frozen=True)
class Maildir:
    """A Maildir: what is in `new`, and in `cur` without the flag S (seen); subfolders are not looked into."""

    folder: Path

    @property
    def place(self) -> str:
        """The folder."""
        return readable(self.folder)

    def unread(self) -> Messages:
        """Yield the unread messages by their file names, which begin with the time."""
        for name in ("new", "cur"):
            for path in self._paths(name, without="ST"):
                try:
                    content = _read_regular(path)
                except FileNotFoundError:
                    # Another reader was faster.
                    continue
                except OSError as error:
                    yield Unreadable(problem=f"{readable(path)} cannot be read: {error.strerror}")
                    continue
                yield Arrival(content=content, mark_read=partial(self._mark, path))

    def news(self, known: Container[str], *, after: datetime, max_bytes: int) -> News:
        """Yield mails that were not taken, by their file names; nothing in the folder is changed.

        Keys are file names without the flags, which stay when a mail program moves a mail or marks it.

        Args:
            known: Keys of the mails that were taken.
            after: What arrived before is left alone.
            max_bytes: Larger ones are not read.

        Raises:
            MailboxError: The folder cannot be read.
        """
        for name in ("new", "cur"):
            for path in self._paths(name, without="TD"):
                key = _key_of(path)
                if key in known:
                    continue
                try:
                    status = path.stat()
                    if status.st_mtime < after.timestamp():
                        continue
                    content = _read_regular(path, limit=max_bytes + 1)
                except FileNotFoundError:
                    # Moved by a mail program: it is in the other folder, or is looked for again next time.
                    continue
                except OSError as error:
                    yield NewsMail(key=key, problem=error.strerror or str(error))
                    continue
                is_cut = len(content) > max_bytes
                yield NewsMail(key=key, content=None if is_cut else content, size=status.st_size)

    def keys(self) -> set[str]:
        """Return the keys of all mails that are there.

        Raises:
            MailboxError: The folder cannot be read.
        """
        # One that is moved in between goes from new to cur.
        return {_key_of(path) for name in ("new", "cur") for path in self._paths(name, without="")}

    def _paths(self, name: str, *, without: str) -> list[Path]:
        try:
            with os.scandir(self.folder / name) as entries:
                names = [entry.name for entry in entries if not entry.name.startswith(".")]
        except (FileNotFoundError, NotADirectoryError) as error:
            raise MailboxError(f"{readable(self.folder)} is no Maildir: it has no folder {name}") from error
        except OSError as error:
            raise MailboxError(f"{readable(self.folder / name)} cannot be read: {error.strerror}") from error
        return [self.folder / name / n for n in sorted(names) if not set(without) & set(_flags(n))]

    def _mark(self, path: Path) -> None:
        """Move a message to `cur` with the flag S, as mail programs do."""
        base, _, _ = path.name.partition(":2,")
        flags = "".join(sorted({*_flags(path.name), "S"}))
        target = self.folder / "cur" / f"{base}:2,{flags}"
        try:
            if target.exists() and path.exists():
                raise FileExistsError(errno.EEXIST, "another message has its name")
            path.rename(target)
        except FileNotFoundError:
            return
        except OSError as error:
            raise MailboxError(
                f"{readable(path)} is recorded, but cannot be moved to cur: {error.strerror}"
            ) from error


@dataclass(frozen=True)
class Mbox:
    """An mbox file (RFC 4155): read under its lock and never written to; digests keep from doubles."""

    path: Path

    @property
    def place(self) -> str:
        """The file."""
        return readable(self.path)

    def unread(self) -> Messages:
        """Yield every message of the file; which of them are new, only the store knows."""
        with tempfile.TemporaryFile() as copy:
            # The mail server waits for the lock: it is held only while the file is copied.
            self._copy_to(copy)
            copy.seek(0)
            for content in split_mbox(copy):
                yield Arrival(content=content)

    def _copy_to(self, copy: IO[bytes]) -> None:
        try:
            with self.path.open("rb") as file:
                fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                while chunk := file.read(_CHUNK_BYTES):
                    copy.write(chunk)
        except BlockingIOError as error:
            raise MailboxError(
                f"{self.place} is not read now: another program holds its lock; it is tried again next time"
            ) from error
        except OSError as error:
            raise MailboxError(f"{self.place} cannot be read: {error.strerror}") from error


@dataclass(frozen=True)
class MessageFile:
    """One message in a file of its own, such as an `.eml`."""

    path: Path

    @property
    def place(self) -> str:
        """The file."""
        return readable(self.path)

    def unread(self) -> Messages:
        """Yield the message."""
        try:
            content = _read_regular(self.path)
        except OSError as error:
            raise MailboxError(f"{self.place} cannot be read: {error.strerror}") from error
        yield Arrival(content=content)


def open_mailbox(path: Path) -> Mailbox:
    """Return the mailbox at a path: a Maildir, an mbox, or a file with one message.

    Raises:
        MailboxError: There is none.
    """
    try:
        if path.is_dir():
            if (path / "new").is_dir() and (path / "cur").is_dir():
                return Maildir(path)
            raise MailboxError(f"{readable(path)} is no Maildir: it has no folders new and cur")
        start = _read_regular(path, limit=len(_FROM_LINE))
    except OSError as error:
        raise MailboxError(f"{readable(path)} cannot be read: {error.strerror}") from error
    return Mbox(path) if not start or start == _FROM_LINE else MessageFile(path)


def split_mbox(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the messages of an mbox, each cut after `MAX_MESSAGE_BYTES`.

    One begins at a line "From " after an empty line; what stands before the first one is no message.
    """
    content: bytearray | None = None
    after_empty, at_line_start = True, True
    # A line without end must not fill the memory.
    while line := file.readline(_CHUNK_BYTES):
        if at_line_start and after_empty and line.startswith(_FROM_LINE):
            if content is not None:
                yield _without_last_line(content)
            content = bytearray()
        elif content is not None:
            content += line[: MAX_MESSAGE_BYTES - len(content)]
        after_empty = at_line_start and line in {b"\n", b"\r\n"}
        at_line_start = line.endswith(b"\n")
    if content is not None:
        yield _without_last_line(content)


def _without_last_line(content: bytearray) -> bytes:
    """Return a message without the empty line that parts it from the next one."""
    for end in (b"\r\n", b"\n"):
        if content.endswith(2 * end):
            return bytes(content[: -len(end)])
    return bytes(content)


def readable(path: Path) -> str:
    """Return a path in characters that any terminal can show."""
    return os.fsencode(path).decode("utf-8", "replace")


def _key_of(path: Path) -> str:
    return path.name.partition(":2,")[0].encode("utf-8", "backslashreplace").decode()


def _flags(name: str) -> str:
    return name.partition(":2,")[2]


def _read_regular(path: Path, *, limit: int = MAX_MESSAGE_BYTES) -> bytes:
    """Read the beginning of a file that is one: a pipe would be waited for without end."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        return file.read(limit)
