"""The long-running clock: APScheduler wakes the verbs; a signal stops them cleanly.

APScheduler only wakes. What is due is told by the store and the lists' schedules each time, so that a wake-up
missed, doubled or late does no harm, and two services at once publish once.
"""

import asyncio
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from typing import ParamSpec, TypeVar

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from newsletter.app import App, Works
from newsletter.errors import NewsletterError, SettingsError
from newsletter.model.clock import Clock
from newsletter.model.editions import MailingList, RunOutcome, Turn
from newsletter.model.jobs import JobKind
from newsletter.service.beside import heed_parent, send_beside
from newsletter.service.sending import Sending
from newsletter.service.telling import local, log_feedback, log_ingest, log_source
from newsletter.web.parts import parts_of, run_together

log = logging.getLogger(__name__)

#: How often the service looks whether a slot has come, besides waking at the next one, in seconds.
_PUBLISH_SECONDS = 60

#: How often sources that are due are looked for, and how long a slot waits for them and the mail, in seconds.
_FETCH_SECONDS = 30
_GATHER_BEFORE_SLOT_SECONDS = 60

#: How often queued and deferred deliveries are looked for, in seconds.
_DELIVER_SECONDS = 30

#: How often it is looked whether anything is wrong that the operator is to hear of, in seconds.
_ALERT_SECONDS = 60

#: How long the service, once it is to stop, waits for what it does besides sending, in seconds.
_STOP_SECONDS = 60

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


def run(
    app: App,
    *,
    clock: Clock,
    with_web: bool = True,
    kinds: Collection[JobKind] = tuple(JobKind),
    until_closed: bool = False,
) -> None:
    """Run the service until SIGTERM or SIGINT; messages and requests in flight are finished first.

    Args:
        app: What to run.
        clock: Returns the time, UTC.
        with_web: Serve the web, too, if there is anything to serve.
        kinds: What of the work is done here; the rest is left to others that share the store.
        until_closed: Stop when standard input ends, too.

    Raises:
        SettingsError: Something that sending or serving needs is missing, or the port cannot be had.
        StoreError: The store cannot be opened.
    """
    app.check_sending()
    app.alerts.check_settings()
    with ExitStack() as stack:
        listener = stack.enter_context(_listening(app)) if with_web and app.serves_web else None
        # Before anything uses it: opened by two threads at once, it would be opened twice.
        agreed = app.agreed_clock(clock)
        app.in_loop(_run_until_signal(app, agreed, listener, kinds, until_closed=until_closed))
    log.info("stopped")


def _listening(app: App) -> socket.socket:
    from newsletter.web.server import listen

    try:
        return listen(app.settings.web_host, app.settings.port)
    except SettingsError as error:
        raise SettingsError(f"{error}; set another one, or run with --no-web") from error


async def _run_until_signal(
    app: App,
    clock: Clock,
    listener: socket.socket | None,
    kinds: Collection[JobKind],
    *,
    until_closed: bool,
) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop(number: int) -> None:
        """Let what is in flight be finished, and begin nothing more."""
        log.info("%s: finishing what is in flight", signal.Signals(number).name)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    service = Service(app, clock=clock, stopping=stopping, kinds=kinds)
    parts = parts_of(app, listener=listener, clock=clock, stopping=stopping)
    if app.store.is_shared and JobKind.DELIVER in kinds and app.settings.send_workers > 1:
        parts.append(partial(send_beside, app.settings.send_workers - 1, stopping=stopping))
    if until_closed:
        parts.append(partial(heed_parent, stopping))
    await run_together(service.serve, *parts, stopping=stopping)


class Service:
    """The verbs, each waiting to be woken."""

    def __init__(
        self,
        app: App,
        *,
        clock: Clock,
        stopping: asyncio.Event,
        kinds: Collection[JobKind] = tuple(JobKind),
    ) -> None:
        """Prepare; nothing runs before `serve`.

        Args:
            app: What to run.
            clock: Returns the time, UTC.
            stopping: Once set, the service ends.
            kinds: What is done here.
        """
        self._app = app
        self._clock = clock
        self._stopping = stopping
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._engine = app.engine(kinds, clock=clock)
        self._sending = Sending(app, clock=clock, stopping=stopping)
        self._started_at = clock()
        self._fetching = asyncio.Lock()
        self._receiving = asyncio.Lock()
        self._gathering: set[asyncio.Task[None]] = set()
        self._ingesting = asyncio.Lock()
        self._missing: frozenset[str] = frozenset()
        self._coming_slot: datetime | None = None
        self._looked_forward: dict[str, datetime] = {}

    async def serve(self) -> None:
        """Run until `stopping` is set."""
        # From here on slots count. Where nothing is published, what publishes is not even loaded.
        for mailing_list in self._app.series if JobKind.PUBLISH in self._engine.kinds else ():
            await self._apart(self._app.slots_due, mailing_list, now=self._clock())
        for state in (await self._apart(self._app.status, now=self._clock())).lists:
            if state.stranded:
                name, count = state.mailing_list.name, state.stranded
                log.warning("%s: no digest for %d on weekly: set WEEKLY_SCHEDULE again", name, count)
        for kind, seconds in self._times().items():
            self._every(seconds, kind)
        self._scheduler.start()
        log.info("running; the store is %s", self._app.store.place)
        self._wake_at_next_slot()
        for kind in self._times():
            self._engine.wake(kind)
        works = Works(
            verbs={
                JobKind.INGEST: self._ingest,
                JobKind.FETCH: self._fetch,
                JobKind.RECEIVE: self._receive,
                JobKind.PUBLISH: self._publish,
                JobKind.DELIVER: self._sending.deliver,
                JobKind.FEEDBACK: self._take_in,
                JobKind.ALERT: self._raise_alerts,
            },
            send_batch=self._sending.send_batch,
        )
        try:
            await asyncio.gather(self._engine.run(works, stopping=self._stopping), self._watch())
        finally:
            self._scheduler.shutdown(wait=False)
            await self._app.batches.close()

    def _times(self) -> dict[JobKind, int]:
        """Return how often each kind of work is looked for, in seconds."""
        settings = self._app.settings
        times = {
            JobKind.INGEST: settings.ingest_every_seconds,
            JobKind.FETCH: _FETCH_SECONDS,
            JobKind.PUBLISH: _PUBLISH_SECONDS,
            JobKind.DELIVER: _DELIVER_SECONDS,
            JobKind.ALERT: _ALERT_SECONDS,
        }
        if self._app.feedback.has_mailboxes:
            times[JobKind.FEEDBACK] = settings.bounce_every_seconds
        if self._app.mail.has_boxes:
            # More often than they are due: each knows when it is.
            times[JobKind.RECEIVE] = min(60, settings.mail_every_seconds)
        return times

    async def _watch(self) -> None:
        if JobKind.INGEST in self._engine.kinds:
            await self._app.watch(
                stopping=self._stopping, on_change=partial(self._engine.wake, JobKind.INGEST)
            )

    def _every(self, seconds: int, kind: JobKind) -> None:
        self._scheduler.add_job(
            self._tick,
            "interval",
            seconds=seconds,
            args=[seconds, kind],
            misfire_grace_time=None,
            coalesce=True,
        )

    async def _tick(self, seconds: int, kind: JobKind) -> None:
        """Wake a kind of work; on many machines, once in that many seconds."""
        self._engine.wake(kind, tick=int(self._clock().timestamp()) // seconds)

    def _wake_at_next_slot(self) -> None:
        """Let the publisher be woken at the very moment of the next slot of any list, or weekly digest."""
        slots = [
            (self._app.next_slot(mailing_list, now=self._clock()), mailing_list)
            for mailing_list in self._app.series
        ]
        slot, mailing_list = min(slots, key=lambda pair: pair[0])
        self._wake_at(slot)
        if slot != self._coming_slot:
            log.info("next edition: %s at %s", mailing_list.name, local(slot, mailing_list))
        self._coming_slot = slot

    def _wake_at(self, slot: datetime) -> None:
        """Let the publisher be woken at a slot: of our clock, while APScheduler goes by the machine's."""
        self._scheduler.add_job(
            self._meet_slot,
            "date",
            run_date=datetime.now(UTC) + (slot - self._clock()),
            args=[slot],
            id="next slot",
            replace_existing=True,
            misfire_grace_time=None,
        )

    async def _meet_slot(self, slot: datetime) -> None:
        """Wake the publisher, wherever that is, and look forward to the slot after this one."""
        if self._clock() < slot:
            # One of the clocks was put right meanwhile: whoever looked now would find nothing due.
            self._wake_at(slot)
            return
        self._engine.wake(JobKind.PUBLISH, tick=int(slot.timestamp()))
        self._wake_at_next_slot()

    async def _apart(
        self, work: Callable[_Given, _Result], *args: _Given.args, **options: _Given.kwargs
    ) -> _Result:
        """Do blocking work; once the service is to stop, leave work that does not end to its own fate.

        Raises:
            NewsletterError: It was left: a store or a folder does not answer. Each is written to be killed.
        """
        working = asyncio.ensure_future(self._app.apart(partial(work, *args, **options)))
        told = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait((working, told), return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                await asyncio.wait((working,), timeout=_STOP_SECONDS)
            if working.done():
                return working.result()
        finally:
            told.cancel()
            working.cancel()
        raise NewsletterError(
            f"something does not answer; stopping after {_STOP_SECONDS:g} seconds all the same"
        )

    async def _ingest(self) -> None:
        async with self._ingesting:
            report = await self._apart(self._app.ingest, now=self._clock())
            await self._look_for_places()
        log_ingest(report)

    async def _look_for_places(self) -> None:
        """Tell of each place that a list names and nothing can come from, when that begins."""
        missing = frozenset(await self._apart(self._app.missing_places))
        for line in sorted(missing - self._missing):
            log.warning("%s", line)
        self._missing = missing

    async def _receive(self, *, force: bool = False) -> None:
        # Apart from the folders: a server that does not answer must not keep them waiting.
        async with self._receiving:
            report = await self._apart(self._app.mail.receive, now=self._clock(), force=force)
        log_ingest(report)

    async def _fetch(self) -> None:
        async with self._fetching:
            await self._app.sources.fetch(clock=self._clock, stopping=self._stopping, on_report=log_source)

    async def _gather_for_a_while(self) -> None:
        """Fetch what is due and look into mailboxes; what takes longer goes on, and keeps no slot waiting."""
        works = {asyncio.create_task(self._guarded("fetch", self._fetch))}
        if self._app.mail.has_boxes:
            works.add(asyncio.create_task(self._guarded("mail", partial(self._receive, force=True))))
        self._gathering |= works
        for work in works:
            work.add_done_callback(self._gathering.discard)
        await asyncio.wait(works, timeout=_GATHER_BEFORE_SLOT_SECONDS)

    async def _publish(self) -> None:
        now = self._clock()
        turns = {
            mailing_list: await self._apart(self._app.proposals.turn, mailing_list, now=now)
            for mailing_list in self._app.series
        }
        due = [mailing_list for mailing_list, turn in turns.items() if turn is not Turn.NONE]
        if not due:
            return
        # What came a moment before the slot belongs into the edition; what comes to a proposal that found
        # nothing yet does so by itself.
        if Turn.ANSWER in turns.values() or self._begin_to_propose(due, now):
            await self._guarded("fetch", self._gather_for_a_while)
            await self._guarded("ingest", self._ingest)
        for mailing_list in due:
            await self._guarded(mailing_list.name, partial(self._publish_list, mailing_list))
        self._wake_at_next_slot()
        self._engine.wake(JobKind.DELIVER)

    def _begin_to_propose(self, lists: Sequence[MailingList], now: datetime) -> bool:
        """Return whether the coming slot of any of these lists is looked forward to for the first time."""
        slots = {one.name: self._app.next_slot(one, now=now) for one in lists}
        fresh = {name: slot for name, slot in slots.items() if self._looked_forward.get(name) != slot}
        self._looked_forward |= fresh
        return bool(fresh)

    async def _guarded(self, what: str, verb: Callable[[], Awaitable[None]]) -> None:
        """Run a verb whose failure must not keep the next one from its turn."""
        try:
            await verb()
        except NewsletterError as error:
            log.error("%s: %s", what, error)  # noqa: TRY400 - an expected error needs no traceback
        except Exception:
            log.exception("%s: unexpected error; the next wake-up tries again", what)

    async def _publish_list(self, mailing_list: MailingList) -> None:
        for report in await self._apart(self._app.publish_due, mailing_list, now=self._clock()):
            run = report.run
            if report.edition is not None:
                count = report.edition.audience
                log.info("%s: No. %d is published for %d", run.list_name, report.edition.number, count)
            else:
                level = logging.WARNING if run.outcome is RunOutcome.SKIPPED else logging.INFO
                slot = local(run.slot_at or run.started_at, mailing_list)
                log.log(level, "%s, slot %s: %s: %s", run.list_name, slot, run.outcome.value, run.reason)

    async def _take_in(self) -> None:
        report = await self._apart(
            self._app.feedback.take_in,
            now=self._clock(),
            stopping=self._stopping.is_set,
            on_outcome=log_feedback,
        )
        for problem in report.problems:
            log.error("%s", problem)

    async def _raise_alerts(self) -> None:
        alerts = self._app.alerts
        for alert in await self._apart(alerts.look, since=self._started_at, now=self._clock()):
            if alert.cleared_at is None:
                log.warning("alert: %s: %s", alert.title, alert.condition.what)
            else:
                log.info("all clear: %s", alert.title)
        for result in await alerts.tell(clock=self._clock, stopping=self._stopping):
            if not result.is_told:
                log.warning("nobody is told of alerts by %s: %s", result.channel.value, result.reply)
