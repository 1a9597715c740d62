"""Workers: a turn of sending that several processes do side by side, as their parent sees it."""

import asyncio
import logging
import secrets
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from newsletter.deliver.crew import Crew, Ended, Logged, Order, Results, Terms, framed, heard, said
from newsletter.deliver.findings import Findings
from newsletter.deliver.postbag import Postbag
from newsletter.deliver.recovery import Recoverer
from newsletter.errors import StoreError, TransportError, WorkerError
from newsletter.model.clock import Clock
from newsletter.model.deliveries import Breaker, DeliveryState

log = logging.getLogger(__name__)

#: Deliveries that a process more is worth starting for: its start takes as long as some thousands of them.
_WORTH_A_PROCESS = 5_000

#: How often a worker that died is started anew within a turn.
_MOST_LIVES = 5


def worth_starting(crew: Crew | None, *, due: int, connections: int) -> int:
    """Return how many processes a turn is worth; 1: this one does it by itself.

    Args:
        crew: Those that there may be.
        due: How many deliveries could be sent now.
        connections: How many may be open at once: each process needs one of its own.
    """
    return max(1, min(crew.count, connections, due // _WORTH_A_PROCESS)) if crew is not None else 1


def most_worth(crew: Crew | None) -> int:
    """Return how many deliveries are worth all processes that there may be: more need not be counted."""
    return _WORTH_A_PROCESS * crew.count if crew is not None else 1


class Workers:
    """One turn of sending, by several processes.

    Attributes:
        outcomes: How many attempts ended in each state.
        findings: What they learned from servers' answers.
        rate_until: When the rate lets the next one out, if that ended the turn; UTC.
        halted: Why another sender has stopped, and they with it; None if that was not so.
    """

    def __init__(
        self,
        crew: Crew,
        count: int,
        bag: Postbag,
        terms: Terms,
        *,
        files: tuple[int, ...],
        recoverer: Recoverer,
        clock: Clock,
        stopping: asyncio.Event,
        on_result: Callable[[], None],
    ) -> None:
        """Prepare; nothing is started yet.

        Args:
            crew: How they are started.
            count: How many.
            bag: How deliveries go out.
            terms: What each of them begins with.
            files: Open files that hold the right to send: each keeps it for as long as it lives.
            recoverer: Takes back what one held that died.
            clock: Returns the time, UTC.
            stopping: Once set, nothing more is begun.
            on_result: Called after each attempt.
        """
        self._crew = crew
        self._count = count
        self._files = files
        self._recoverer = recoverer
        self._clock = clock
        self._stopping = stopping
        self._terms = terms
        self._on_result = on_result
        self._ending = asyncio.Event()
        self.outcomes: Counter[DeliveryState] = Counter()
        self.findings = Findings(
            bag,
            clock,
            troubles=terms.troubles,
            set_aside=dict(terms.set_aside),
            is_trial=terms.is_trial,
        )
        self.rate_until: datetime | None = None
        self.halted: Breaker | None = None

    async def run(self) -> None:
        """Send until nothing is due, the server is in trouble, or it is to stop.

        Raises:
            StoreError: State cannot be written any more; all have stopped.
            WorkerError: One cannot be started; all have stopped.
        """
        told = asyncio.create_task(self._stop_when_told())
        try:
            ends = await asyncio.gather(
                *(self._keep_one(place) for place in range(self._count)), return_exceptions=True
            )
        finally:
            told.cancel()
        for end in ends:
            if isinstance(end, BaseException):
                raise end

    async def _stop_when_told(self) -> None:
        await self._stopping.wait()
        self._ending.set()

    async def _keep_one(self, place: int) -> None:
        """Let a worker do its part; where it dies, take back what it held, and start another one."""
        try:
            for _ in range(_MOST_LIVES):
                sender = secrets.token_hex(16)
                end = await self._live(place, sender)
                if end is not None:
                    self._add(end)
                    return
                await self._recoverer.look(dead=[sender])
                if self._ending.is_set():
                    return
            log.error("a worker process died %d times: what it left goes out later", _MOST_LIVES)
        except BaseException:
            self._ending.set()
            raise

    async def _live(self, place: int, sender: str) -> Ended | None:
        """Start a worker and listen to it; return how its turn ended, None if it died before that."""
        worker = await self._start()
        stop = asyncio.create_task(self._stop(worker))
        try:
            self._tell(worker, place, sender)
            return await self._listen(worker)
        finally:
            stop.cancel()
            _hang_up(worker)
            await worker.wait()

    async def _start(self) -> Process:
        try:
            # In a session of its own, Ctrl-C does not reach it: what that means it is told by us.
            return await asyncio.create_subprocess_exec(
                *self._crew.command, stdin=PIPE, stdout=PIPE, pass_fds=self._files, start_new_session=True
            )
        except OSError as error:
            raise WorkerError(
                f"a process to send beside this one cannot be started ({error.strerror}): "
                "set SEND_WORKERS=1, or see what this machine lacks"
            ) from error

    def _tell(self, worker: Process, place: int, sender: str) -> None:
        order = Order(
            sender=sender,
            now=self._clock(),
            terms=self._terms,
            log_level=log.getEffectiveLevel(),
        )
        assert worker.stdin is not None  # noqa: S101 - it is a pipe
        worker.stdin.write(framed(self._crew.luggage(place, self._count)) + said(order))

    async def _stop(self, worker: Process) -> None:
        await self._ending.wait()
        _hang_up(worker)

    async def _listen(self, worker: Process) -> Ended | None:
        assert worker.stdout is not None  # noqa: S101 - it is a pipe
        end: Ended | None = None
        while (word := await heard(worker.stdout)) is not None:
            match word:
                case Results(outcomes=outcomes):
                    self.outcomes.update(outcomes)
                    for _ in range(sum(outcomes.values())):
                        self._on_result()
                case Logged(logger=name, level=level, line=line):
                    logging.getLogger(name).log(level, "%s", line)
                case Ended():
                    end = word
        return end

    def _add(self, end: Ended) -> None:
        """Add how one's turn ended; a server in trouble is so for all of them."""
        found = self.findings
        found.troubles |= end.troubles
        found.accepted_editions |= end.accepted_editions
        self.rate_until = self.rate_until or end.rate_until
        self.halted = self.halted or end.halted
        if end.problem:
            found.problem = found.problem or TransportError(end.problem, permanent=end.permanent)
            self._ending.set()
        if end.store_failure:
            raise StoreError(end.store_failure)


def _hang_up(worker: Process) -> None:
    """Let a worker see that it is to stop."""
    if worker.stdin is not None and not worker.stdin.is_closing():
        worker.stdin.close()
