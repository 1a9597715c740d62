"""Backups of the store: what is in one, and what came of restoring it."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class StoreContents:
    """What a store, or a backup of it, holds."""

    #: Which migration it has come to.
    revision: str
    editions: int
    subscribers: int
    documents: int
    #: Deliveries that go on by themselves.
    waiting: int
    #: When the backup was made, UTC; None of a store, or of a copy that somebody made by hand.
    made_at: datetime | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nobody would miss it."""
        return not (self.editions or self.subscribers or self.documents)


@dataclass(frozen=True, kw_only=True)
class BackupReport:
    """A backup that was made."""

    file: Path
    size_bytes: int
    contents: StoreContents


@dataclass(frozen=True, kw_only=True)
class HeldEdition:
    """An edition that was on its way when the backup was made."""

    list_name: str
    number: int
    #: Readers who still waited for it then; who of them has it since, the backup cannot know.
    waiting: int


@dataclass(frozen=True, kw_only=True)
class Held:
    """What may have gone out since a backup was made."""

    editions: tuple[HeldEdition, ...] = ()
    #: Names of lists and slots (UTC) that may have had their edition.
    slots: tuple[tuple[str, datetime], ...] = ()


@dataclass(frozen=True, kw_only=True)
class RestoreReport:
    """A backup that was put in the store's place."""

    store: Path
    #: What was in the backup.
    contents: StoreContents
    #: Where the store that was there before is kept; None if there was none.
    kept: Path | None
    held: Held
    #: Whether what was on its way goes on as the backup stood; else it is paused, and the slots are skipped.
    goes_on: bool
