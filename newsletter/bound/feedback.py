"""What comes back to an install."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from pathlib import Path

from newsletter import feedback, subscribe, wiring
from newsletter.deliveries.bounces import parse_feedback
from newsletter.errors import SettingsError
from newsletter.mailboxes.imap import ImapMailbox
from newsletter.mailboxes.local import Mailbox, readable
from newsletter.messages.verp import read_unsubscribe_token
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
        return intake(self._settings)

    @property
    def has_mailboxes(self) -> bool:
        """Whether there is a mailbox that bounces are looked for in.

        Raises:
            SettingsError: One is set by half.
        """
        return bool(mailboxes(self._settings))

    def take_in(
        self,
        *,
        now: datetime,
        paths: Sequence[Path] = (),
        stopping: Callable[[], bool] = lambda: False,
        on_outcome: Callable[[FeedbackOutcome], None] = lambda _: None,
    ) -> FeedbackReport:
        """Take in what came back: at some paths, or in the mailboxes set; see `newsletter.feedback`."""
        store = self._open_store()

        def note(place: Path | Mailbox, problem: str) -> None:
            """Remember how a mailbox that is set stands; alerts are made of it."""
            if not paths:
                _note(store, bounce_box_name(place), problem, now)

        return feedback.take_in(
            store,
            paths or mailboxes(self._settings),
            self._intake,
            now=now,
            stopping=stopping,
            on_outcome=on_outcome,
            on_box=note,
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


def intake(values: Settings) -> feedback.Intake:
    """Return how what comes back is read, and when it is believed."""
    keys = values.signing_keys
    path = wiring.return_path(values)
    return feedback.Intake(
        parse=parse_feedback,
        read_return_path=path.read if path else lambda _: None,
        read_letter=path.read_letter if path else lambda _: None,
        read_unsubscribe=lambda subject: read_unsubscribe_token(subject, keys) if keys else None,
        parse_address=subscribe.parse_address,
        policy=wiring.bounce_policy(values),
    )


def mailboxes(values: Settings) -> list[Path | Mailbox]:
    """Return where bounces are looked for.

    Raises:
        SettingsError: What the IMAP server needs is missing.
    """
    places: list[Path | Mailbox] = []
    if values.bounce_mailbox is not None:
        places.append(values.bounce_mailbox.expanduser())
    if values.bounce_imap_host:
        password = values.bounce_imap_password.get_secret_value()
        if not values.bounce_imap_username or not password:
            raise SettingsError(
                "BOUNCE_IMAP_USERNAME or BOUNCE_IMAP_PASSWORD is not set, and BOUNCE_IMAP_HOST is"
            )
        places.append(
            ImapMailbox(
                host=values.bounce_imap_host,
                port=values.bounce_imap_port,
                username=values.bounce_imap_username,
                password=password,
                folder=values.bounce_imap_folder,
            )
        )
    return places


def bounce_box_name(place: Path | Mailbox) -> str:
    """Return what names a mailbox of bounces in the store; news may come from the same one."""
    if isinstance(place, Path):
        return f"bounces: {readable(place)}"
    return f"bounces: {place.place if isinstance(place, ImapMailbox) else place}"


def _note(store: Store, name: str, problem: str, now: datetime) -> None:
    """Write down how a mailbox stands, if that has changed."""
    state = store.mailboxes.state(name, since=now, now=now)
    if problem == state.problem:
        return
    failing_since = (state.failing_since or now) if problem else None
    store.mailboxes.keep(replace(state, failing_since=failing_since, problem=problem))
