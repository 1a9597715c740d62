"""Jobs: what is to be done, by whichever process comes to it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

#: After how long without a word from its worker a job is given to others, in seconds.
STALLED_SECONDS = 25.0

#: From so many tries of one job on, something is surely wrong.
_MANY_ATTEMPTS = 5


class JobKind(StrEnum):
    """What a job does; on many machines each kind has a queue of its own name.

    A release that knows a new kind may run beside one that does not: nobody takes jobs from a queue that he
    does not know.
    """

    #: Folders are looked through.
    INGEST = "ingest"
    #: Feeds that are due are fetched.
    FETCH = "fetch"
    #: Mailboxes that news arrives in are looked through.
    RECEIVE = "receive"
    #: Slots that have come are answered.
    PUBLISH = "publish"
    #: Deliveries go out.
    DELIVER = "deliver"
    #: What came back is taken in.
    FEEDBACK = "feedback"
    #: The operator is told what is wrong.
    ALERT = "alert"


@dataclass(frozen=True, kw_only=True)
class Rest:
    """What becomes of what is left of a batch."""

    #: In how many seconds it is looked at again.
    seconds: float
    #: Whether it was tried and met trouble; what only waits its turn, such as for a rate, was not tried.
    was_in_vain: bool = False


@dataclass(frozen=True, kw_only=True)
class JobCount:
    """How the jobs of one kind stand."""

    #: What they do.
    kind: str
    #: They could be taken now.
    waiting: int
    #: They may be taken later: of a batch that met a server in trouble, or a rate that is used up.
    later: int
    #: Somebody is at them.
    doing: int
    #: Somebody was, and is gone; others take them within a minute.
    stalled: int
    #: They failed in the last days; whatever was not done is done by the next one.
    failed: int
    #: How often one of those that are not done was tried in vain; to wait for a turn is no try.
    most_attempts: int
    #: Since when the oldest of those that could be taken now is in the queue, UTC; None: there is none.
    oldest_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Worker:
    """A process that takes jobs."""

    host: str
    pid: int
    #: Of ours.
    release: str
    #: UTC.
    started_at: datetime
    #: When it was last heard of, UTC.
    seen_at: datetime
    #: Whether that is a moment ago.
    is_alive: bool
    #: What it is at.
    doing: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class QueueState:
    """How the queue stands that workers on many machines share."""

    counts: tuple[JobCount, ...]
    workers: tuple[Worker, ...]

    @property
    def advice(self) -> str:
        """One line that says what is wrong and what to do; empty if all is well."""
        alive = [worker for worker in self.workers if worker.is_alive]
        waiting = sum(count.waiting for count in self.counts)
        stalled = sum(count.stalled for count in self.counts)
        failed = [count.kind for count in self.counts if count.failed]
        tried = max((count.most_attempts for count in self.counts), default=0)
        if (waiting or stalled) and not alive:
            return "no worker is there to take jobs: start `newsletter run` on a host of this install"
        if stalled:
            return f"{stalled} jobs are of workers that are gone: others take them within a minute"
        if tried >= _MANY_ATTEMPTS:
            return f"a job was tried {tried} times: see what the log of the workers says"
        if failed:
            return f"jobs failed ({', '.join(failed)}): see what the log of the workers says"
        if len(releases := sorted({worker.release for worker in alive})) > 1:
            return f"workers run several releases ({', '.join(releases)}): finish the upgrade"
        return ""
