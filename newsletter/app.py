"""The composition root: settings become a store, a transport and verbs bound to them.

It alone chooses SQLite or PostgreSQL, SMTP or files. Faces talk to it and to nothing below it. What it is not
asked for it does not import: to send, no more is loaded than sending takes.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from newsletter import model, wiring
from newsletter import settings as settings_room
from newsletter.bound import checks
from newsletter.bound.crew import crew
from newsletter.bound.loops import run_in_loop
from newsletter.bound.nouns import Nouns
from newsletter.deliver import deliver
from newsletter.editions.slots import next_slot
from newsletter.engine.base import Engine, Works
from newsletter.engine.local import Local
from newsletter.errors import SettingsError, StoreError
from newsletter.model.clock import Clock
from newsletter.model.deliveries import DeliverReport, DeliveryRange
from newsletter.model.documents import FileReport, IngestReport, ParsedItem
from newsletter.model.editions import Draft, MailingList, PublishReport
from newsletter.model.jobs import JobKind, QueueState
from newsletter.model.stories import Summary
from newsletter.settings.values import mailbox_passwords
from newsletter.store.patience import apart
from newsletter.store.store import Store
from newsletter.stories.names import SUMMARIZER_NAMES

__all__ = ["App", "Works", "sample_documents", "summarizer_names", "unreadable"]

_Result = TypeVar("_Result")


class App(Nouns):
    """Everything that a face may ask for.

    Attributes:
        settings: What is in force.
        lists: The lists of this install, at least one.
        series: What editions are numbered by: each list, and behind it its weekly digest, if it offers one.
    """

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

    @staticmethod
    def in_loop(main: Coroutine[Any, Any, _Result]) -> _Result:
        """Run a coroutine in an event loop of its own: uvloop's, where that is installed."""
        return run_in_loop(main)

    @staticmethod
    async def apart(work: Callable[[], _Result]) -> _Result:
        """Do blocking work beside the event loop; a process that ends does not wait for it."""
        return await apart(work)

    def check_sending(self) -> None:
        """Check that everything is set that sending needs.

        Raises:
            SettingsError: With one line for each setting that is missing or wrong.
        """
        checks.check_sending(self.settings, self.lists)

    def check_pages(self) -> None:
        """Check that everything is set that the readers' pages need, if there are any.

        Raises:
            SettingsError: A key is missing.
            LinkError: PUBLIC_URL cannot be the base of readers' links.
        """
        wiring.link_signer(self.settings)

    @property
    def serves_web(self) -> bool:
        """Whether there is anything to serve over HTTP besides the probes."""
        settings = self.settings
        keys = settings.webhook_key.get_secret_value(), settings.metrics_key.get_secret_value()
        return bool(settings.public_url or any(keys))

    def check_store(self) -> None:
        """Ask the store something.

        Raises:
            StoreError: It does not answer.
        """
        self.store.check()

    def mailing_list(self, name: str | None) -> MailingList:
        """Return the list, or the weekly digest, of that name ("daily.weekly"); or the only list.

        Raises:
            SettingsError: There is no such list, or several and none was named.
        """
        if name is None:
            if len(self.lists) > 1:
                names = ", ".join(mailing_list.name for mailing_list in self.lists)
                raise SettingsError(f"there are several lists: name one with --list ({names})")
            return self.lists[0]
        for mailing_list in self.series:
            if mailing_list.name == name:
                return mailing_list
        names = ", ".join(mailing_list.name for mailing_list in self.series)
        raise SettingsError(f"there is no list {name!r}; known: {names}")

    def published_list(self, name: str | None) -> str:
        """Return the name of a list whose editions can be looked at: also of one that is no longer set.

        Raises:
            SettingsError: There is no such list, or several are set and none was named.
        """
        if name is not None and not self._is_set(name) and name in self.store.editions.published_lists():
            return name
        return self.mailing_list(name).name

    def time_zone(self, list_name: str) -> str:
        """Return the time zone that a list's times are shown in; UTC if it is no longer set."""
        return self.mailing_list(list_name).time_zone if self._is_set(list_name) else "UTC"

    def _is_set(self, list_name: str) -> bool:
        return any(mailing_list.name == list_name for mailing_list in self.series)

    def config(self) -> list[tuple[str, str, str]]:
        """Return key, value (secrets masked) and description of every setting."""
        return settings_room.in_force(self.settings)

    def secrets(self) -> list[str]:
        """Return what must never appear in a log."""
        return [*self.settings.secret_values(), *mailbox_passwords(self.settings.mailboxes)]

    @property
    def template_folders(self) -> tuple[Path, ...]:
        """Where templates lie: the operator's own folder, if there is one, before ours."""
        return wiring.template_folders(self.settings)

    def warnings(self, *, folder: Path | None = None) -> list[str]:
        """Return what is odd about the settings without being wrong."""
        return settings_room.unknown_environment(folder) + self.keys.oddities()

    def ingest(
        self,
        *,
        now: datetime,
        folders: Sequence[Path] = (),
        wait: Callable[[float], None] = time.sleep,
        on_file: Callable[[FileReport], None] = lambda _: None,
    ) -> IngestReport:
        """Take in what is new in some folders, or in all that the settings name; see `newsletter.ingest`."""
        return self.documents.ingest(now=now, folders=folders, wait=wait, on_file=on_file)

    async def watch(self, *, stopping: asyncio.Event, on_change: Callable[[], None]) -> None:
        """Call something whenever a file in a folder has changed, until `stopping` is set."""
        await self.documents.watch(stopping=stopping, on_change=on_change)

    def summarize(
        self,
        path: Path,
        *,
        summarizer: str | None = None,
        sentence_count: int = 3,
        language: str | None = None,
    ) -> list[tuple[ParsedItem, Summary | None]]:
        """Read one file and summarise each document in it; see `newsletter.bound.documents`."""
        return self.documents.summarize(
            path, summarizer=summarizer, sentence_count=sentence_count, language=language
        )

    def draft(self, mailing_list: MailingList, *, now: datetime) -> Draft | None:
        """Return the edition that is due, and write nothing; see `newsletter.bound.proposals`."""
        return self.proposals.due(mailing_list, now=now)

    def publish(self, mailing_list: MailingList, *, now: datetime, by: str = "newsletter") -> PublishReport:
        """Publish what is due, by hand; `by` goes into the audit log where approval is asked for."""
        return self.proposals.send(mailing_list, by=by, now=now)

    def publish_due(self, mailing_list: MailingList, *, now: datetime) -> list[PublishReport]:
        """Answer the slots that have come, and propose what is to be proposed."""
        return self.proposals.take_turn(mailing_list, now=now)

    def slots_due(self, mailing_list: MailingList, *, now: datetime) -> bool:
        """Return whether a slot of a list has come and is not answered."""
        return self.proposals.slots_due(mailing_list, now=now)

    def agreed_clock(self, clock: Clock) -> Clock:
        """Return the clock that all hosts agree on which share the store: for whoever sends."""
        return self.store.agreed_clock(clock)

    async def deliver(
        self,
        *,
        clock: Clock,
        stopping: asyncio.Event,
        list_name: str | None = None,
        on_result: Callable[[], None] | None = None,
        force: bool = False,
        only: DeliveryRange | None = None,
    ) -> DeliverReport:
        """Send what is due; see `newsletter.deliver`."""
        report = await deliver(
            self.store,
            wiring.postbag(self.settings, self.lists),
            clock=clock,
            stopping=stopping,
            list_name=list_name,
            on_result=on_result,
            force=force,
            only=only,
            crew=crew(self.settings, self.lists),
        )
        # What cannot be forgotten now is looked at in vain some day: that is no failure of what was sent.
        with suppress(StoreError):
            await self.store.in_time(self.store.batches.forget_done)
        return report

    def engine(self, kinds: Iterable[JobKind], *, clock: Clock) -> Engine:
        """Return who carries out the work: this process alone, or all that share the store's queue.

        Args:
            kinds: What is done here.
            clock: Returns the time, UTC.
        """
        if self.store.file is not None:
            return Local(kinds)
        # Procrastinate takes a third of a second to import.
        from importlib.metadata import version

        from newsletter.engine.cluster import Cluster

        return Cluster(
            kinds,
            address=self.store.driver_address,
            release=version("newsletter"),
            defer_left_over=lambda: self.batches.defer_left_over(clock=clock),
        )

    def queue_state(self) -> QueueState | None:
        """Return how the queue stands that workers share; None on SQLite, where there is none."""
        return self.store.jobs.state() if Store.is_server(self.settings.database_url) else None

    def due_count(self, *, now: datetime, list_name: str | None = None) -> int:
        """Return how many deliveries could be sent now."""
        if not Store.exists(self.settings.database_url):
            return 0
        return self.store.deliveries.due_count(now=now, list_name=list_name)

    def next_slot(self, mailing_list: MailingList, *, now: datetime) -> datetime:
        """Return when a list's next edition is due, UTC."""
        return next_slot(mailing_list.schedule, mailing_list.time_zone, now)

    def status(self, *, now: datetime, editions: int = 3) -> "model.status.Status":
        """Return how everything stands; see `newsletter.status`."""
        from newsletter.status import status

        return status(
            self.store,
            self.series,
            account=wiring.account(self.settings),
            mailboxes=self.mail.names,
            now=now,
            editions=editions,
            missing=self.missing_places(),
        )

    def missing_places(self) -> tuple[str, ...]:
        """Return one line for each place that a list names and nothing can come from."""
        from newsletter.bound.places import missing_places

        return missing_places(self.settings, self.lists, self.sources.all)

    def gauges(self, *, now: datetime) -> "model.gauges.Gauges":
        """Return how everything stands in numbers; see `newsletter.gauges`."""
        from newsletter.gauges import gauges

        return gauges(self.store, now=now)


def unreadable(error: SettingsError, *, now: datetime) -> "model.findings.Examination":
    """Return what an examination comes to where the settings cannot be read; `now` in UTC."""
    from newsletter.bound.doctor import Doctor

    return Doctor.unreadable(error, now=now)


def summarizer_names() -> tuple[str, ...]:
    """Return the names of all summarizers."""
    return SUMMARIZER_NAMES


def sample_documents() -> Path:
    """Return the folder of sample documents that comes with the package."""
    return settings_room.packaged("seeds")
