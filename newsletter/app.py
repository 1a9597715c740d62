"""The composition root: settings become a store, a transport and verbs bound to them.

It alone chooses SQLite or PostgreSQL, SMTP or files. Faces talk to it and to nothing below it.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TextIO

from newsletter import settings as settings_room
from newsletter import subscribe
from newsletter.deliver import (
    Postbag,
    deliver,
    reader_urls,
    send_copy,
    write_message,
)
from newsletter.deliveries.smtp import SmtpSecurity, SmtpServer, SmtpTransport
from newsletter.deliveries.transport import FileTransport, Transport
from newsletter.editions.slots import check_schedule, next_slot
from newsletter.errors import AddressError, SettingsError
from newsletter.ingest import ingest
from newsletter.messages.links import LinkSigner
from newsletter.messages.render import Renderer, personalise
from newsletter.model.deliveries import DeliverReport, RetryPolicy, SendResult
from newsletter.model.documents import IngestReport, ParsedDocument
from newsletter.model.editions import Draft, MailingList, PublishedEdition, PublishReport
from newsletter.model.messages import Message, Reader, Rendering
from newsletter.model.status import Status
from newsletter.model.stories import Summary
from newsletter.model.subscribers import AddReport, Subscriber, SubscriptionState
from newsletter.publish import Press, draft, publish, publish_due, slots_due
from newsletter.settings import Settings
from newsletter.sources.folder import read_document
from newsletter.sources.parse import SourceAliases, parse_text
from newsletter.status import status
from newsletter.store.store import Store
from newsletter.stories.summarize import SUMMARIZER_NAMES, get_summarizer, summarize

Clock = Callable[[], datetime]

#: Stands for the sender of a preview where none is set.
_STAND_IN_SENDER = "sender@example.org"

#: Stands for the reader of a preview, whose own links nobody may use.
_PREVIEW_READER = 0


class App:
    """Everything that a face may ask for.

    Attributes:
        settings: What is in force.
        lists: The lists of this install, at least one.
    """

    def __init__(self, settings: Settings) -> None:
        """Check what can be checked without opening anything.

        Raises:
            SettingsError: A schedule, a time zone, a summarizer or a list's name is wrong.
        """
        self.settings = settings
        self.lists = tuple(_with_ascii_domains(mailing_list) for mailing_list in settings.mailing_lists())
        _check_lists(self.lists)

    @classmethod
    def load(cls, *, folder: Path | None = None, **overrides: object) -> "App":
        """Read the settings and make an app of them.

        Args:
            folder: Where `.env` and `newsletter.toml` are; the working directory when None.
            overrides: Settings that win over every source, by field name.

        Raises:
            SettingsError: A setting is wrong.
        """
        return cls(settings_room.load(folder=folder, **overrides))

    @classmethod
    def isolated(cls, **overrides: object) -> "App":
        """Make an app of defaults and overrides alone: no environment, no `.env`, no newsletter.toml."""
        return cls(settings_room.isolated(**overrides))

    @cached_property
    def store(self) -> Store:
        """The store, opened at first use."""
        return Store.open(self.settings.database_url, synchronous=self.settings.sqlite_synchronous)

    def close(self) -> None:
        """Close what was opened."""
        if "store" in self.__dict__:
            self.store.close()

    @cached_property
    def _parse(self) -> Callable[[bytes], ParsedDocument]:
        aliases = SourceAliases.with_extra(self.settings.source_aliases)
        return partial(parse_text, aliases=aliases)

    @cached_property
    def _links(self) -> LinkSigner | None:
        if not self.settings.public_url:
            return None
        keys = [key.get_secret_value() for key in self.settings.secret_keys]
        if not keys:
            raise SettingsError(
                "SECRET_KEYS is not set, and PUBLIC_URL needs it to sign readers' links: "
                f"SECRET_KEYS={secrets.token_urlsafe(32)} is a fresh one"
            )
        return LinkSigner(public_url=self.settings.public_url, keys=keys)

    def _press(self, mailing_list: MailingList) -> Press:
        own = [self.settings.template_folder] if self.settings.template_folder else []
        for folder in own:
            _check_template_folder(folder)
        links = self._links

        def view_url(list_name: str, number: int) -> str | None:
            return links.view_url(list_name, number) if links else None

        return Press(
            renderer=Renderer(folders=[*own, settings_room.packaged("templates")]),
            story_cutoff=self.settings.story_cutoff,
            view_url=view_url,
            has_preferences=links is not None,
            unsubscribe_address=_ascii_domain(self.settings.unsubscribe_address)
            or mailing_list.reply_to
            or mailing_list.sender_address,
        )

    def _transport(self) -> Transport:
        values = self.settings
        if values.transport == "file":
            return FileTransport(values.outbox_folder)
        return SmtpTransport(
            SmtpServer(
                host=values.smtp_host,
                port=values.smtp_port,
                security=SmtpSecurity(values.smtp_security),
                username=values.smtp_username,
                password=values.smtp_password.get_secret_value(),
                connections=values.smtp_connections,
                messages_per_connection=values.smtp_messages_per_connection,
                command_timeout_seconds=values.smtp_timeout_seconds,
                content_timeout_seconds=2 * values.smtp_timeout_seconds,
            )
        )

    def check_sending(self) -> None:
        """Check that everything is set that sending needs.

        Raises:
            SettingsError: With one line for each setting that is missing or wrong.
        """
        problems = []
        if self.settings.transport == "smtp" and not self.settings.smtp_host:
            problems.append("SMTP_HOST is not set: the server that takes your mail, such as smtp.example.org")
        if self.settings.smtp_username and not self.settings.smtp_password.get_secret_value():
            problems.append("SMTP_PASSWORD is not set, and SMTP_USERNAME is")
        for mailing_list in self.lists:
            problems += _check_addresses(mailing_list, self.settings.unsubscribe_address)
        if problems:
            raise SettingsError(*dict.fromkeys(problems))
        self._transport()
        _ = self._links

    def mailing_list(self, name: str | None) -> MailingList:
        """Return the list of that name, or the only one.

        Raises:
            SettingsError: There is no such list, or several and none was named.
        """
        names = ", ".join(mailing_list.name for mailing_list in self.lists)
        if name is None:
            if len(self.lists) > 1:
                raise SettingsError(f"there are several lists: name one with --list ({names})")
            return self.lists[0]
        for mailing_list in self.lists:
            if mailing_list.name == name:
                return mailing_list
        raise SettingsError(f"there is no list {name!r}; known: {names}")

    def config(self) -> list[tuple[str, str, str]]:
        """Return key, value (secrets masked) and description of every setting."""
        return settings_room.in_force(self.settings)

    def secrets(self) -> list[str]:
        """Return what must never appear in a log."""
        values = [self.settings.smtp_password, *self.settings.secret_keys]
        known = [value.get_secret_value() for value in values] + [self.settings.database_password]
        return [secret for secret in known if secret]

    def warnings(self, *, folder: Path | None = None) -> list[str]:
        """Return what is odd about the settings without being wrong."""
        return [f"{key} in .env is not a setting" for key in settings_room.unknown_environment(folder)]

    def ingest(
        self, *, now: datetime, folders: Sequence[Path] = (), wait: Callable[[float], None] = time.sleep
    ) -> IngestReport:
        """Take in what is new in some folders, or in all that the settings name; see `newsletter.ingest`."""
        named = [folder.expanduser().resolve() for folder in folders] or list(self.settings.all_folders())
        return ingest(
            self.store,
            folders=named,
            parse=self._parse,
            max_bytes=self._max_bytes,
            settle_seconds=self.settings.settle_seconds,
            wait=wait,
            now=now,
        )

    @property
    def _max_bytes(self) -> int:
        return int(self.settings.max_document_megabytes * 1_000_000)

    def summarize(
        self,
        path: Path,
        *,
        summarizer: str | None = None,
        sentence_count: int = 3,
        language: str | None = None,
    ) -> tuple[ParsedDocument, Summary]:
        """Read one file and summarise it; the store is not touched.

        Raises:
            DocumentRefusedError: The file is no document.
            SummarizerError: There is no such summarizer.
        """
        name = summarizer or self.settings.summarizer
        get_summarizer(name)
        document = read_document(path, max_bytes=self._max_bytes, parse=self._parse)
        # Whoever asks for a number of sentences gets them, however long they are.
        summary = summarize(
            document,
            summarizer=name,
            sentence_count=sentence_count,
            word_limit=60 * sentence_count,
            language=language or self.settings.language or None,
        )
        return document, summary

    def draft(self, mailing_list: MailingList, *, now: datetime) -> Draft | None:
        """Make the edition that is due, and write nothing; see `newsletter.publish.draft`.

        A sender that is not set yet is stood in for: a look at the edition needs none.
        """
        if not mailing_list.sender_address:
            mailing_list = replace(mailing_list, sender_address=_STAND_IN_SENDER)
        press = self._press(mailing_list)
        if not Store.exists(self.settings.database_url):
            return None
        return draft(self.store, mailing_list, press, now=now)

    def publish(self, mailing_list: MailingList, *, now: datetime) -> PublishReport:
        """Publish what is new; see `newsletter.publish.publish`."""
        return publish(self.store, mailing_list, self._press(mailing_list), now=now)

    def publish_due(self, mailing_list: MailingList, *, now: datetime) -> list[PublishReport]:
        """Answer the slots that have come; see `newsletter.publish.publish_due`."""
        return publish_due(self.store, mailing_list, self._press(mailing_list), now=now)

    def slots_due(self, mailing_list: MailingList, *, now: datetime) -> bool:
        """Return whether a slot of a list has come and is not answered."""
        return bool(slots_due(self.store, mailing_list, now=now))

    async def deliver(
        self,
        *,
        clock: Clock,
        stopping: asyncio.Event,
        list_name: str | None = None,
        on_result: Callable[[], None] | None = None,
    ) -> DeliverReport:
        """Send what is due; see `newsletter.deliver`."""
        bag = Postbag(
            transport=self._transport(),
            retry=RetryPolicy(give_up_after_seconds=int(self.settings.give_up_hours * 3600)),
            uncertain=self.settings.uncertain_policy,
            links=self._links,
        )
        return await deliver(
            self.store, bag, clock=clock, stopping=stopping, list_name=list_name, on_result=on_result
        )

    def due_count(self, *, now: datetime, list_name: str | None = None) -> int:
        """Return how many deliveries could be sent now."""
        if not Store.exists(self.settings.database_url):
            return 0
        return self.store.deliveries.due_count(now=now, list_name=list_name)

    def copy_for(self, address: str, rendering: Rendering, *, now: datetime) -> Message:
        """Make a copy of an edition for somebody who need not be a subscriber.

        Its links name nobody: pressing them unsubscribes no reader.

        Raises:
            AddressError: It is not an address.
        """
        reader = self._preview_reader(subscribe.parse_address(address).display, rendering, now)
        return write_message(rendering, reader, uid=secrets.token_hex(16))

    def personal_bodies(self, rendering: Rendering, *, now: datetime) -> tuple[str, str]:
        """Return an edition's HTML and text as a sample reader would get them."""
        bodies = personalise(rendering, self._preview_reader("reader@example.org", rendering, now))
        return bodies.html, bodies.text

    def _preview_reader(self, address: str, rendering: Rendering, now: datetime) -> Reader:
        urls = reader_urls(rendering, self._links, _PREVIEW_READER)
        return Reader(subscriber_id=_PREVIEW_READER, address=address, name="", since=now, **urls)

    async def send_copy(self, message: Message) -> SendResult:
        """Hand over a test copy; nothing is recorded.

        Raises:
            TransportError: The server cannot be reached, or refuses the sender.
        """
        return await send_copy(self._transport(), message)

    def latest_rendering(self, mailing_list: MailingList) -> tuple[PublishedEdition, Rendering] | None:
        """Return a list's latest edition as it was rendered, or None if there is none."""
        for edition in self.store.editions.latest(mailing_list.name):
            return edition, self.store.editions.rendering(edition.id)
        return None

    def add_subscriber(
        self, mailing_list: MailingList, address: str, *, name: str = "", now: datetime
    ) -> AddReport:
        """Put one address on a list; see `newsletter.subscribe.add`."""
        return subscribe.add(
            self.store, mailing_list.name, address, name=name, source="added by the operator", now=now
        )

    def import_subscribers(
        self,
        mailing_list: MailingList,
        lines: Iterable[str],
        *,
        source: str,
        now: datetime,
        dry_run: bool = False,
    ) -> Iterator[AddReport]:
        """Put the addresses of a CSV file on a list; see `newsletter.subscribe.import_csv`."""
        return subscribe.import_csv(
            self.store, mailing_list.name, lines, source=source, now=now, dry_run=dry_run
        )

    def remove_subscriber(
        self, mailing_list: MailingList, address: str, *, suppress: bool, now: datetime
    ) -> str:
        """Take an address off a list; see `newsletter.subscribe.remove`."""
        return subscribe.remove(self.store, mailing_list.name, address, suppress=suppress, now=now)

    def export_subscribers(self, mailing_list: MailingList, file: TextIO) -> int:
        """Write a list's subscribers as CSV; see `newsletter.subscribe.export_csv`."""
        return subscribe.export_csv(self.store, mailing_list.name, file)

    def subscribers(
        self, mailing_list: MailingList, state: SubscriptionState | None = None
    ) -> Iterator[Subscriber]:
        """Yield a list's subscribers in the order they came."""
        return self.store.subscribers.listed(mailing_list.name, state)

    def next_slot(self, mailing_list: MailingList, *, now: datetime) -> datetime:
        """Return when a list's next edition is due, UTC."""
        return next_slot(mailing_list.schedule, mailing_list.time_zone, now)

    def status(self, *, now: datetime, editions: int = 3) -> Status:
        """Return how everything stands; see `newsletter.status`."""
        return status(self.store, self.lists, now=now, editions=editions)


def summarizer_names() -> tuple[str, ...]:
    """Return the names of all summarizers."""
    return SUMMARIZER_NAMES


def sample_documents() -> Path:
    """Return the folder of sample documents that comes with the package."""
    return settings_room.packaged("seeds")


def _check_template_folder(folder: Path) -> None:
    """See that a folder holds at least one template: a misspelt name would be passed over in silence."""
    if not folder.is_dir():
        raise SettingsError(f"TEMPLATE_FOLDER: {str(folder)!r} is not a folder")
    own = settings_room.packaged("templates")
    names = sorted(str(path.relative_to(own)) for path in own.rglob("*") if path.is_file())
    if not any((folder / name).is_file() for name in names):
        raise SettingsError(f"TEMPLATE_FOLDER: {str(folder)!r} holds none of {', '.join(names)}")


def _check_lists(lists: Sequence[MailingList]) -> None:
    names = [mailing_list.name for mailing_list in lists]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise SettingsError(f"LISTS: {', '.join(repeated)} is there more than once; names must differ")
    for mailing_list in lists:
        check_schedule(mailing_list.schedule, mailing_list.time_zone)
        if mailing_list.summarizer not in SUMMARIZER_NAMES:
            raise SettingsError(
                f"SUMMARIZER: {mailing_list.summarizer!r} is not one of {', '.join(SUMMARIZER_NAMES)}"
            )


def _with_ascii_domains(mailing_list: MailingList) -> MailingList:
    return replace(
        mailing_list,
        sender_address=_ascii_domain(mailing_list.sender_address),
        reply_to=_ascii_domain(mailing_list.reply_to),
    )


def _ascii_domain(address: str) -> str:
    """Return an address with its domain as A-labels, the form that every header can hold."""
    try:
        return f"{address.rpartition('@')[0]}@{subscribe.parse_address(address).domain}" if address else ""
    except AddressError:
        return address


def _check_addresses(mailing_list: MailingList, unsubscribe_address: str) -> list[str]:
    """Return one line for each address of a list that is missing or wrong."""
    if not mailing_list.sender_address:
        return ["SENDER_ADDRESS is not set: the address that your mail comes from"]
    problems = []
    for key, value in (
        ("SENDER_ADDRESS", mailing_list.sender_address),
        ("REPLY_TO", mailing_list.reply_to),
        ("UNSUBSCRIBE_ADDRESS", unsubscribe_address),
    ):
        try:
            if value and not subscribe.parse_address(value).key.isascii():
                problems.append(f"{key}: {value!r}: the part before the @ must be of ASCII letters")
        except ValueError as error:
            problems.append(f"{key}: {error}")
    return problems
