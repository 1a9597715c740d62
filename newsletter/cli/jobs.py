"""`newsletter jobs`: how the queue stands that workers on many machines share."""

from datetime import datetime

import click

from newsletter.cli.listings import json_option, write_json
from newsletter.model.jobs import JobKind, QueueState


class Kinds(click.ParamType[tuple[JobKind, ...]]):
    """Kinds of jobs, parted by commas."""

    name = "kinds"

    def convert(
        self,
        value: str | tuple[JobKind, ...],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[JobKind, ...]:
        """Read them."""
        if not isinstance(value, str):
            return value
        names = [name.strip() for name in value.split(",")]
        if unknown := [name for name in names if name not in set(JobKind)]:
            known = ", ".join(JobKind)
            self.fail(f"{', '.join(unknown) or 'nothing'} is no kind of work; known: {known}", param, ctx)
        return tuple(map(JobKind, names))


@click.command(epilog="Example: newsletter jobs")
@json_option
def jobs(*, as_json: bool) -> None:
    """Show what waits in the queue that workers on many machines share, and who is at what.

    There is one where DATABASE_URL is PostgreSQL. A job is only a reason to look: what becomes of each reader
    is told by `newsletter deliveries`.
    """
    from newsletter.cli.common import opened, utc_now

    with opened() as app:
        state = app.queue_state()
        if state is None:
            if as_json:
                write_json(None)
            else:
                click.echo("There is no queue: on SQLite, one `newsletter run` does everything.")
            return
        if as_json:
            write_json(_as_json(state))
        else:
            _show(state, app.lists[0].time_zone, utc_now())


def _as_json(state: QueueState) -> dict[str, object]:
    return {
        "jobs": [
            {
                "kind": count.kind,
                "waiting": count.waiting,
                "later": count.later,
                "doing": count.doing,
                "stalled": count.stalled,
                "failed": count.failed,
                "most_attempts": count.most_attempts,
                "oldest_at": count.oldest_at,
            }
            for count in state.counts
        ],
        "workers": [
            {
                "host": worker.host,
                "pid": worker.pid,
                "release": worker.release,
                "started_at": worker.started_at,
                "seen_at": worker.seen_at,
                "alive": worker.is_alive,
                "doing": worker.doing,
            }
            for worker in state.workers
        ],
        "advice": state.advice or None,
    }


def _show(state: QueueState, time_zone: str, now: datetime) -> None:
    from newsletter.cli.columns import Clockface, terminal_width, write_columns
    from newsletter.cli.common import printable

    face = Clockface(time_zone=time_zone, now=now)
    if state.counts:
        titles = ("jobs", "waiting", "since", "later", "doing", "stalled", "failed", "tries")
        rows = [
            (
                printable(count.kind),
                *(str(count.waiting or ""), face.show(count.oldest_at) if count.oldest_at else ""),
                *(str(number or "") for number in (count.later, count.doing, count.stalled, count.failed)),
                str(count.most_attempts or ""),
            )
            for count in state.counts
        ]
        write_columns(titles, rows, width=terminal_width())
    else:
        click.echo("No job waits.")
    click.echo()
    if state.workers:
        workers = [
            (
                printable(f"{worker.host} {worker.pid}"),
                printable(worker.release),
                face.show(worker.started_at),
                "" if worker.is_alive else face.show(worker.seen_at),
                ", ".join(map(printable, worker.doing)),
            )
            for worker in state.workers
        ]
        write_columns(("worker", "release", "since", "gone since", "doing"), workers, width=terminal_width())
    else:
        click.echo("No worker takes jobs.")
    if state.advice:
        click.echo(f"\n{state.advice}")
