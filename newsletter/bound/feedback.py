"""What comes back to an install."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path

from newsletter import feedback, wiring
from newsletter.model.feedback import FeedbackOutcome, FeedbackRecord, FeedbackReport, Notice
from newsletter.settings import Settings
from newsletter.store.store import Store


class Feedback:
    """What comes back to an install: bounces, complaints, unsubscribe mails."""

    def __init__(self, settings: Settings, open_store: Callable[[], Store]) -> None:
        """Bind the verbs; the store is opened when something is taken in."""
        self._settings = settings
        self._open_store = open_store

    @cached_property
    def _intake(self) -> feedback.Intake:
        return wiring.intake(self._settings)

    @property
    def has_mailboxes(self) -> bool:
        """Whether there is a mailbox that bounces are looked for in.

        Raises:
            SettingsError: One is set by half.
        """
        return bool(wiring.mailboxes(self._settings))

    def take_in(
        self,
        *,
        now: datetime,
        paths: Sequence[Path] = (),
        stopping: Callable[[], bool] = lambda: False,
        on_outcome: Callable[[FeedbackOutcome], None] = lambda _: None,
    ) -> FeedbackReport:
        """Take in what came back: at some paths, or in the mailboxes set; see `newsletter.feedback`."""
        places = paths or wiring.mailboxes(self._settings)
        return feedback.take_in(
            self._open_store(), places, self._intake, now=now, stopping=stopping, on_outcome=on_outcome
        )

    def take_message(self, content: bytes, *, recipient: str = "", now: datetime) -> FeedbackOutcome:
        """Take in one message that came back; see `newsletter.feedback.take_message`."""
        return feedback.take_message(self._open_store(), content, self._intake, recipient=recipient, now=now)

    def take_notice(self, notice: Notice, *, now: datetime) -> FeedbackOutcome:
        """Take in what a mail service tells; see `newsletter.feedback.take_notice`."""
        return feedback.take_notice(self._open_store(), notice, self._intake, now=now)

    def log(self, *, limit: int) -> list[FeedbackRecord]:
        """Return what was taken in last, the newest first."""
        return self._open_store().feedback.latest(limit=limit)
