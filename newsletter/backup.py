"""Backup: the store is copied while everything goes on, and put back when it is lost."""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from newsletter.errors import BackupError
from newsletter.model.backups import BackupReport, Held, HeldEdition, StoreContents
from newsletter.model.deliveries import OPEN_STATES
from newsletter.model.editions import EditionState, Run, RunOutcome
from newsletter.store.copying import check_alone, contents_of, copy_store, replace_store
from newsletter.store.database import Database
from newsletter.store.store import Store

#: Why a slot that came before a backup was restored gets no edition by itself.
_MAY_BE_OUT = "a backup was restored: its edition may have gone out after that was made"


def backup(url: str, target: Path, *, force: bool = False, now: datetime) -> BackupReport:
    """Copy the store into a file while everything goes on; a half-made copy is never seen under its name.

    Args:
        url: Address of the store; it is not brought to a newer form.
        target: The file.
        force: Replace a file of this name.
        now: Kept in the backup, UTC.

    Raises:
        BackupError: There is no store, it is on PostgreSQL, or the file cannot be written.
        StoreError: The address is of another kind.
    """
    database = Database(url)
    source = database.file
    if source is None:
        address = shlex.quote(database.shell_address)
        raise BackupError(
            "PostgreSQL is backed up by its own tools, while everything goes on: "
            f"pg_dump --format=custom --file={shlex.quote(str(target))} --dbname={address}"
        )
    if not source.exists():
        raise BackupError(f"there is no store at {source}: nothing to back up")
    if target.is_dir():
        raise BackupError(f"{target} is a folder: name a file in it")
    half_made = target.with_name(f".{target.name}.half-made")
    if source in {target.resolve(), half_made.resolve()}:
        raise BackupError(f"{target} is the store itself: name another file")
    if target.exists() and not force:
        raise BackupError(f"{target} is there already: add --force to replace it")
    contents = copy_store(source, half_made, made_at=now)
    half_made.replace(target)
    return BackupReport(file=target, size_bytes=target.stat().st_size, contents=contents)


def check_restoring(url: str, file: Path, *, force: bool = False) -> Path:
    """See that a backup may be put in the store's place, as far as can be seen beforehand.

    Returns:
        The store's file.

    Raises:
        BackupError: The store is on PostgreSQL, is the backup itself, is in use, or holds something and
            `force` is not set.
        SenderBusyError: Somebody is sending from it.
    """
    database = Database(url)
    store = database.file
    if store is None:
        address, name = shlex.quote(database.shell_address), shlex.quote(str(file))
        raise BackupError(
            "PostgreSQL is restored by its own tools. Stop `newsletter run` and `newsletter web`, then: "
            f"pg_restore --clean --if-exists --no-owner --single-transaction --dbname={address} {name}; "
            "and before anything is started again: newsletter restore --hold"
        )
    if file.resolve() == store:
        raise BackupError(f"{file} is the store itself: name a backup of it")
    if store.exists() and not force and not _is_empty(store):
        raise BackupError(
            f"the store at {store} is not empty: add --force to put the backup in its place; "
            "what is there now is kept beside it"
        )
    if store.exists():
        with database.sender_lock():
            check_alone(store)
    return store


def _is_empty(store: Path) -> bool:
    """Return whether a store's file holds nothing; of one that cannot be read nobody knows."""
    if store.stat().st_size == 0:
        return True
    try:
        return contents_of(store).is_empty
    except BackupError:
        return False


@contextmanager
def prepared(file: Path, store: Path, *, suppression_key: str = "") -> Iterator[tuple[Store, StoreContents]]:
    """Copy a backup beside the store and open it, brought to the newest form; put it in place at the end.

    Args:
        file: The backup; it is only read.
        store: The store's file.
        suppression_key: As in `Store.open`.

    Yields:
        The copy, to be made fit for its place, and what was in the backup.

    Raises:
        BackupError: The file is no backup, or damaged.
        StoreError: It is of a newer release, or was made with another SUPPRESSION_KEY.
    """
    copy = store.with_name(f"{store.name}.restoring")
    contents = copy_store(file, copy)
    try:
        opened = Store.open(f"sqlite:///{copy}", suppression_key=suppression_key)
        try:
            yield opened, contents
        finally:
            opened.close()
    except BaseException:
        discard(copy)
        raise


def discard(copy: Path) -> None:
    """Remove a copy that is not needed any more, with what SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm", "-journal", ".sender"):
        Path(f"{copy}{suffix}").unlink(missing_ok=True)


def put_in_place(store: Path, *, now: datetime) -> Path | None:
    """Put the copy that was prepared in the store's place.

    Args:
        store: The store's file.
        now: Names the file that the earlier store is kept in, UTC.

    Returns:
        Where the earlier store is kept; None if there was none.

    Raises:
        BackupError: Somebody has the store open, or the disk is full; nothing has changed.
        SenderBusyError: Somebody is sending from it.
    """
    copy = store.with_name(f"{store.name}.restoring")
    kept = _free_name(store, now)
    try:
        with Database(f"sqlite:///{store}").sender_lock():
            was_there = replace_store(copy, store, kept=kept)
    finally:
        discard(copy)
    return kept if was_there else None


def _free_name(store: Path, now: datetime) -> Path:
    stem = f"{store.name}.before-restore-{now:%Y%m%dT%H%M%SZ}"
    names = [stem, *(f"{stem}-{number}" for number in range(2, 100))]
    return next(path for name in names if not (path := store.with_name(name)).exists())


def in_flight(store: Store, due: Sequence[tuple[str, datetime]]) -> Held:
    """Return what may have gone out since a backup was made.

    Args:
        store: The restored store.
        due: Lists and slots that are to be answered now, UTC.
    """
    return Held(editions=tuple(edition for _, edition in _on_their_way(store)), slots=tuple(due))


def hold(store: Store, due: Sequence[tuple[str, datetime]], *, now: datetime) -> Held:
    """Pause what was on its way when a backup was made, and let the slots since then pass.

    Nobody gets anything twice by it; what goes on is for the operator to decide.

    Args:
        store: The restored store, before anything sends from it.
        due: Lists and slots that would be answered now, UTC.
        now: UTC.
    """
    held = in_flight(store, due)
    for edition_id, _ in _on_their_way(store):
        store.operations.pause(edition_id)
    for list_name, slot_at in due:
        skipped = RunOutcome.SKIPPED
        run = Run(list_name=list_name, slot_at=slot_at, started_at=now, outcome=skipped, reason=_MAY_BE_OUT)
        store.editions.record_run(run)
    return held


def _on_their_way(store: Store) -> list[tuple[int, HeldEdition]]:
    """Return the editions, by id, that would go on going out, the newest of each list first."""
    found = []
    for list_name in store.editions.published_lists():
        for edition_id in store.operations.unsettled(list_name):
            edition, counts = store.editions.get(edition_id), store.deliveries.counts(edition_id)
            waiting = sum(counts.get(state, 0) for state in OPEN_STATES)
            if edition.state is EditionState.OPEN and waiting:
                one = HeldEdition(list_name=list_name, number=edition.number, waiting=waiting)
                found.append((edition_id, one))
    return found
