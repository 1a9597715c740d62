"""The mailboxes that news arrives in, bound to one install."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from newsletter.errors import SettingsError
from newsletter.mailboxes.imap import ImapMailbox
from newsletter.mailboxes.local import Maildir
from newsletter.model.documents import IngestReport
from newsletter.receive import MailRules, NewsBox, ParseMail, receive
from newsletter.settings import Settings
from newsletter.settings.values import mailbox_folder, mailbox_name
from newsletter.store.store import Store


class Mail:
    """What arrives in the mailboxes of MAILBOXES."""

    def __init__(
        self, settings: Settings, store: Callable[[], Store], parse: Callable[[], ParseMail]
    ) -> None:
        """Bind the verb; the store is opened, and `parse` called, when there is something to take in."""
        self._settings = settings
        self._store = store
        self._parse = parse

    @property
    def has_boxes(self) -> bool:
        """Whether there are any.

        Raises:
            SettingsError: One is set by half.
        """
        return bool(news_boxes(self._settings))

    @property
    def names(self) -> frozenset[str]:
        """What names them in the store."""
        return frozenset(map(mailbox_name, self._settings.mailboxes))

    def receive(self, *, now: datetime, force: bool = False) -> IngestReport:
        """Take in the mails that have arrived; see `newsletter.receive`."""
        boxes = news_boxes(self._settings)
        if not boxes:
            return IngestReport()
        return receive(
            self._store(), boxes, _rules(self._settings), parse=self._parse(), force=force, now=now
        )


def news_boxes(values: Settings) -> list[NewsBox]:
    """Return the mailboxes that news arrives in.

    Raises:
        SettingsError: An account has no password.
    """
    boxes: dict[str, NewsBox] = {}
    for value in values.mailboxes:
        name = mailbox_name(value)
        if "://" not in value:
            boxes[name] = NewsBox(name=name, box=Maildir(Path(name)))
            continue
        parts = urlsplit(value)
        if not parts.password:
            raise SettingsError(f"MAILBOXES: {name} has no password: imaps://name:password@host/folder")
        box = ImapMailbox(
            host=parts.hostname or "",
            port=parts.port or 993,
            username=unquote(parts.username or ""),
            password=unquote(parts.password),
            folder=mailbox_folder(value),
            sign_in_setting="name and password in MAILBOXES",
            folder_setting="the end of its address in MAILBOXES",
        )
        boxes[name] = NewsBox(name=name, box=box)
    return list(boxes.values())


def _rules(values: Settings) -> MailRules:
    """Return which mails are taken, and how often they are looked for."""
    return MailRules(
        max_bytes=int(values.max_document_megabytes * 1_000_000),
        senders=values.mail_senders,
        first_days=values.mail_first_days,
        every=timedelta(seconds=values.mail_every_seconds),
    )
