"""This machine: the store, the folders, and the room on its disks."""

import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from newsletter.model.findings import Finding, fail, ok, warn
from newsletter.store.condition import Condition

#: Less room on a disk is told of; with less than the first, nothing may be left to write an edition.
_LEAST_BYTES, _FEW_BYTES = 100_000_000, 1_000_000_000
#: A recorded time this far ahead of the clock means that the clock went back.
_AHEAD = timedelta(minutes=5)


def judge_store(condition: Condition) -> list[Finding]:
    """Return what is to be said of a store that was only looked at."""
    place = condition.place
    if condition.problem:
        repair = "see that the database runs and that DATABASE_URL is right; a damaged file: restore a backup"
        return [fail("store.opens", f"the store at {place} cannot be read: {condition.problem}", repair)]
    found = [_judge_tables(condition), *_judge_rights(condition)]
    if condition.exists and condition.journal not in {"", "wal"}:
        what = f"the store at {place} has no write-ahead log (journal_mode={condition.journal})"
        repair = "move it to a disk of this machine: network drives do not carry SQLite safely"
        found.append(warn("store.log", what, repair))
    if condition.is_open_to_all:
        what = f"everybody on this machine can read {condition.file}, and readers' addresses in it"
        found.append(warn("store.privacy", what, f"chmod 600 {condition.file}"))
    return found


def _is_there(path: Path) -> bool:
    """Return whether something is at a path; pathlib would raise where we may not look."""
    return os.access(path, os.F_OK)


def _judge_tables(condition: Condition) -> Finding:
    place, revision = condition.place, condition.revision
    if revision is None:
        return ok("store.opens", f"{condition.engine}: {place} gets its tables at first use")
    if revision > condition.newest_revision:
        what = f"the store at {place} was made by a newer release (revision {revision})"
        return fail("store.tables", what, "install that release, or restore the backup made before it")
    if revision < condition.newest_revision:
        what = f"the tables of {place} are of an earlier release ({revision}): the next command upgrades them"
        return warn("store.tables", what, "make a backup first")
    return ok("store.opens", f"{condition.engine}: {place} opens, its tables are up to date")


def _judge_rights(condition: Condition) -> Iterator[Finding]:
    file = condition.file
    if condition.is_writable:
        yield ok("store.rights", "it can be written")
    elif file is None:
        what = f"we may not make tables in {condition.place}"
        yield fail("store.rights", what, "GRANT CREATE ON SCHEMA public TO the user in DATABASE_URL")
    elif not _is_there(file.parent):
        yield fail(
            "store.rights", f"{file.parent}, where the store is to be, is not there", f"mkdir {file.parent}"
        )
    else:
        what = f"{file} cannot be written, or nothing can be beside it"
        owner = f"chown the user that runs newsletter {file.parent} {file}"
        yield fail("store.rights", what, owner)


def judge_times(newest: datetime | None, *, now: datetime) -> list[Finding]:
    """Return whether the store knows of something that is still to come.

    Args:
        newest: When the newest edition was made, UTC; None if there is none.
        now: UTC.
    """
    if newest is None or newest <= now + _AHEAD:
        return []
    what = f"an edition was made on {newest:%Y-%m-%d %H:%M} UTC, and our clock says {now:%Y-%m-%d %H:%M}"
    return [fail("store.clock", what, "set this machine's clock: it has gone back, and slots hang on it")]


def judge_disks(places: Sequence[Path]) -> list[Finding]:
    """Return how much room there is where we write, each disk once."""
    found: dict[int, Finding] = {}
    for place in places:
        folder = next((one for one in (place, *place.resolve().parents) if _is_there(one)), Path("/"))
        try:
            device, free = folder.stat().st_dev, shutil.disk_usage(folder).free
        except OSError:
            continue
        if device not in found:
            found[device] = _judge_room(folder, free)
    return list(found.values())


def _judge_room(folder: Path, free: int) -> Finding:
    what = f"{free / 1e9:,.1f} GB are free at {folder}"
    repair = "free some room, or move the store: an edition that cannot be written is not sent"
    if free < _LEAST_BYTES:
        return fail("store.disk", what, repair)
    return warn("store.disk", what, repair) if free < _FEW_BYTES else ok("store.disk", what)


def judge_folders(folders: Sequence[Path], *, setting: str, is_set: bool = True) -> list[Finding]:
    """Return whether folders that documents or mails arrive in can be read.

    Args:
        folders: Where they are.
        setting: What names them.
        is_set: Whether it does, or the default does.
    """
    if not is_set and not any(map(_is_there, folders)):
        what = f"{setting} is not set, and {folders[0]} is not there"
        return [warn("folders.read", what, f"set {setting} to where documents arrive, or add feeds instead")]
    return [_judge_folder(folder, setting) for folder in folders]


def judge_mailbox(place: Path) -> Finding:
    """Return whether bounces can be read from a Maildir folder or an mbox file."""
    try:
        place.stat()
    except (FileNotFoundError, NotADirectoryError):
        what = f"BOUNCE_MAILBOX: {place} is not there"
        return warn("folders.bounces", what, "correct it, or let the mail server make it by a first bounce")
    except OSError:
        may_read = False
    else:
        may_read = os.access(place, os.R_OK)
    if not may_read:
        repair = f"let the user that runs newsletter read it: chmod -R u+rX {place}"
        return fail("folders.bounces", f"BOUNCE_MAILBOX: {place} cannot be read", repair)
    return ok("folders.bounces", f"BOUNCE_MAILBOX: {place} can be read")


def _judge_folder(folder: Path, setting: str) -> Finding:
    check = "folders.read"
    try:
        beyond = next((path for path in folder.iterdir() if not os.access(path, os.R_OK)), None)
    except (FileNotFoundError, NotADirectoryError):
        return fail(check, f"{setting}: {folder} is not there", f"make the folder, or correct {setting}")
    except OSError as error:
        what = f"{setting}: {folder} cannot be read: {error.strerror}"
        repair = f"let the user that runs newsletter read it, and pass through what is above it: {folder}"
        return fail(check, what, repair)
    if beyond is not None:
        what = f"{setting}: {beyond} cannot be read, and perhaps others"
        return warn(check, what, f"let the user that runs newsletter read them: chmod -R u+rX {folder}")
    return ok(check, f"{setting}: {folder} can be read")


def judge_outbox(folder: Path) -> Finding:
    """Return whether messages can be written where TRANSPORT=file puts them."""
    place = next(one for one in (folder, *folder.resolve().parents) if _is_there(one))
    if place.is_dir() and os.access(place, os.W_OK | os.X_OK):
        return warn(
            "folders.outbox",
            f"messages are written to {folder} and sent to nobody (TRANSPORT=file)",
            "set TRANSPORT=smtp when readers are to get them",
        )
    what = f"OUTBOX_FOLDER: {folder} cannot be written"
    return fail("folders.outbox", what, f"let the user that runs newsletter write there: {place}")
