"""Backups of an install's store."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from newsletter import backup
from newsletter.model.audit import AuditEntry
from newsletter.model.backups import BackupReport, Held, RestoreReport
from newsletter.model.editions import MailingList, SlotDecision
from newsletter.model.moving import MoveReport
from newsletter.move import move
from newsletter.publish import slots_due
from newsletter.settings import Settings
from newsletter.settings.everything import TOML
from newsletter.store.store import Store


class Backups:
    """The store is copied, and a copy put back."""

    def __init__(
        self, settings: Settings, series: Sequence[MailingList], open_store: Callable[[], Store]
    ) -> None:
        """Bind the verbs.

        Args:
            settings: What is in force.
            series: The lists and their weekly digests.
            open_store: Opens the store at first use; a backup does not.
        """
        self._settings = settings
        self._series = tuple(series)
        self._open_store = open_store

    def make(self, target: Path, *, force: bool = False, now: datetime) -> BackupReport:
        """Copy the store into a file; see `newsletter.backup.backup`."""
        return backup.backup(self._settings.database_url, target, force=force, now=now)

    def kept_beside(self, *, folder: Path | None = None) -> list[tuple[str, str]]:
        """Return what a backup does not hold and a restored install needs: what, and what for.

        Args:
            folder: Where `.env` and `newsletter.toml` are; the working directory when None.
        """
        settings = self._settings
        found = [
            (str(path), what)
            for name, what in ((".env", "the settings"), (TOML, "the lists"))
            if (path := (folder or Path()).resolve() / name).exists()
        ]
        if settings.signing_keys:
            found.append(("SECRET_KEYS", "without it, the links in mails that went out lead nowhere"))
        if settings.suppression_key.get_secret_value():
            found.append(("SUPPRESSION_KEY", "without it, the store cannot be opened"))
        found += [(str(key.path), f"the DKIM key {key.selector}") for key in settings.dkim_keys]
        if settings.template_folder:
            found.append((str(settings.template_folder), "your templates"))
        return found

    def check_restoring(self, file: Path, *, force: bool = False) -> Path:
        """See that a backup may be put in the store's place; see `newsletter.backup.check_restoring`."""
        return backup.check_restoring(self._settings.database_url, file, force=force)

    def restore(
        self, file: Path, *, force: bool = False, goes_on: bool = False, by: str, now: datetime
    ) -> RestoreReport:
        """Put a backup in the store's place; the store that was there is kept beside it.

        What was on its way when the backup was made may have arrived since: it is paused, and slots that came
        since pass without an edition, unless `goes_on` is set.

        Args:
            file: The backup.
            force: Also in the place of a store that holds something.
            goes_on: Go on as the backup stood: some readers get an edition twice.
            by: Who wants it, as the audit log has it.
            now: UTC.

        Raises:
            BackupError: As `newsletter.backup`; the store is as it was.
            StoreError: The backup is of a newer release, or was made with another SUPPRESSION_KEY.
            SenderBusyError: Somebody is sending from the store.
        """
        store = self.check_restoring(file, force=force)
        key = self._settings.suppression_key.get_secret_value()
        with backup.prepared(file, store, suppression_key=key) as (copy, contents):
            due = self._due(copy, now)
            held = backup.in_flight(copy, due) if goes_on else backup.hold(copy, due, now=now)
            detail = "what was on its way goes on" if goes_on else "what was on its way is held"
            copy.audit.record(_entry("restore backup", str(file), detail, by, now))
        kept = backup.put_in_place(store, now=now)
        return RestoreReport(store=store, contents=contents, kept=kept, held=held, goes_on=goes_on)

    @staticmethod
    def move(source: str, target: str, *, on_rows: Callable[[int, int], None]) -> MoveReport:
        """Move a store from SQLite to PostgreSQL; see `newsletter.move.move`."""
        return move(source, target, on_rows=on_rows)

    def hold(self, *, by: str, now: datetime) -> Held:
        """Pause what was on its way in the store as it stands, after it was restored by other means.

        Args:
            by: Who wants it, as the audit log has it.
            now: UTC.

        Raises:
            SenderBusyError: Somebody is sending from it.
        """
        store = self._open_store()
        with store.sender_lock(alone=True):
            held = backup.hold(store, self._due(store, now), now=now)
            store.audit.record(_entry("hold what was on its way", store.place, "", by, now))
        return held

    def _due(self, store: Store, now: datetime) -> list[tuple[str, datetime]]:
        """Return the slots that would be answered now."""
        return [
            (mailing_list.name, slot.slot_at)
            for mailing_list in self._series
            for slot in slots_due(store, mailing_list, now=now)
            if slot.decision is SlotDecision.PUBLISH
        ]


def _entry(action: str, subject: str, detail: str, by: str, now: datetime) -> AuditEntry:
    return AuditEntry(at=now, actor=by, action=action, subject=subject, detail=detail)
