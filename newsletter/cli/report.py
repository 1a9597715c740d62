"""What `newsletter status` prints."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

import click

from newsletter.cli.columns import terminal_width
from newsletter.cli.common import clip, local, printable
from newsletter.cli.reviewing import write_pending
from newsletter.model.alerts import Alert
from newsletter.model.deliveries import DeliveryRecord, DeliveryState
from newsletter.model.editions import EditionState, RunOutcome
from newsletter.model.proposals import PendingProposal
from newsletter.model.status import EditionStatus, ListStatus, SendingTrouble, Status
from newsletter.model.subscribers import Cadence
from newsletter.model.words import plural

_REFUSALS_SHOWN = 20


def show_status(
    status: Status, *, waiting: Sequence[PendingProposal], alerts: Sequence[Alert], now: datetime
) -> None:
    """Print how everything stands; `waiting`: what is proposed, `alerts`: the open ones."""
    click.echo(f"Store: {status.place}, {plural(status.documents, 'document')}")
    for alert in alerts:
        line = f"Alert: {printable(alert.title)}: {printable(alert.condition.what)}"
        click.echo(click.style(line, fg="red"))
    zones = {state.mailing_list.name: state.mailing_list.time_zone for state in status.lists}
    for trouble in status.troubles:
        _show_trouble(trouble, zones, now)
    has_several = sum(not _is_digest(state) for state in status.lists) > 1
    for state in status.lists:
        click.echo()
        mine = [one for one in waiting if one.proposal.list_name == state.mailing_list.name]
        _show_list(state, mine, now, is_named=has_several or _is_digest(state))
    _show_left_over(status.left_over)
    if status.suppressions:
        reasons = ", ".join(f"{count:,} {reason.value}" for reason, count in status.suppressions.items())
        total = sum(status.suppressions.values())
        click.echo(f"\nSuppressed: {plural(total, 'address', 'addresses')} never mailed ({reasons})")
    for line in status.missing:
        click.echo(click.style(f"\nNothing comes: {printable(line)}", fg="red"))
    _show_mailboxes(status)
    _show_failing(status, next(iter(zones.values()), "UTC"))
    _show_refusals(status)


def _show_mailboxes(status: Status) -> None:
    for box in status.mailboxes:
        since = f" since {box.failing_since:%Y-%m-%d %H:%M} UTC" if box.failing_since else ""
        click.echo(click.style(f"\nNo mail is read{since}: {printable(box.problem)}", fg="red"))


def _show_failing(status: Status, time_zone: str) -> None:
    if not status.failing:
        return
    click.echo(f"\nFailing: {plural(len(status.failing), 'source')}")
    for source in status.failing[:_REFUSALS_SHOWN]:
        since = local(source.failing_since, time_zone) if source.failing_since else ""
        click.echo(f"  {printable(source.url)} since {since}: {printable(source.problem)}")


def _show_refusals(status: Status) -> None:
    if not status.refusals:
        return
    click.echo(f"\nRefused: {plural(len(status.refusals), 'file')}")
    for file in status.refusals[:_REFUSALS_SHOWN]:
        reason = file.refusal.value if file.refusal else ""
        detail = f" ({file.detail})" if file.detail else ""
        click.echo(f"  {printable(f'{file.folder}/{file.path}: {reason}{detail}')}")
    if len(status.refusals) > _REFUSALS_SHOWN:
        click.echo(f"  … and {len(status.refusals) - _REFUSALS_SHOWN} more")


def _show_trouble(trouble: SendingTrouble, zones: dict[str, str], now: datetime) -> None:
    """Say what keeps messages back, until when, and why."""
    breaker, edition = trouble.breaker, trouble.edition
    what = f"through {printable(trouble.account)}"
    # Any list's zone will do for an account: they are its operator's.
    zone = next(iter(zones.values()))
    if edition is not None:
        what = f"of No. {edition.number} of {edition.list_name}"
        zone = zones.get(edition.list_name, "UTC")
    until = f"paused until {local(breaker.open_until, zone)}"
    if breaker.open_until <= now:
        until = "paused; the next turn tries again"
    click.echo(click.style(f"Sending {what} is {until}: {printable(breaker.reason)}", fg="red"))
    if breaker.permanent:
        click.echo("  Waiting will not help; once it is mended, `newsletter send --waiting` tries at once.")


def _show_list(
    state: ListStatus, waiting: Sequence[PendingProposal], now: datetime, *, is_named: bool
) -> None:
    """Print how a list, or a weekly digest, stands; `is_named`: commands need its name."""
    mailing_list = state.mailing_list
    title = click.style(mailing_list.title, bold=True)
    what = f"{title}, weekly digest" if _is_digest(state) else title
    click.echo(f"{what} ({mailing_list.name}): {_readers(state)}")
    if state.stranded:
        words = f"{plural(state.stranded, 'reader')} who chose the weekly digest, which is switched off"
        click.echo(click.style(f"  Nothing is sent to {words}: set WEEKLY_SCHEDULE again", fg="red"))
    wait = _in_words((state.next_slot - now).total_seconds())
    click.echo(f"  next slot: {local(state.next_slot, mailing_list.time_zone)} (in {wait})")
    for pending in waiting:
        write_pending(pending, mailing_list, now=now, indent="  ")
    if not _is_digest(state):
        click.echo(f"  new since the last edition: {plural(state.new_documents, 'document')}")
    for headline in state.new_headlines:
        click.echo(f"    - {clip(printable(headline), 90)}")
    if state.new_documents > len(state.new_headlines):
        click.echo(f"    … and {state.new_documents - len(state.new_headlines)} more")
    option = f" --list {mailing_list.name}" if is_named else ""
    for edition in state.editions:
        _show_edition(edition, mailing_list.time_zone, f"--edition {edition.edition.number}{option}")
    for run in state.runs:
        if run.outcome is not RunOutcome.PUBLISHED:
            when = local(run.slot_at or run.started_at, mailing_list.time_zone)
            click.echo(f"  {run.outcome.value}: {when}: {printable(run.reason)}")


def _is_digest(state: ListStatus) -> bool:
    return state.mailing_list.cadence is Cadence.WEEKLY


def _readers(state: ListStatus) -> str:
    """Say how many readers there are and, where they differ, how often they are mailed."""
    readership = state.readership
    paused = sum(readership.paused.values())
    if _is_digest(state):
        count, paused = readership.of(Cadence.WEEKLY), readership.paused[Cadence.WEEKLY]
        return plural(count, "subscriber") + (f" ({paused:,} paused)" if paused else "")
    total = plural(readership.total, "subscriber")
    if not (paused or readership.awake[Cadence.WEEKLY]):
        return total
    awake = readership.awake
    return (
        f"{total} ({awake[Cadence.EACH]:,} each edition, {awake[Cadence.WEEKLY]:,} weekly, {paused:,} paused)"
    )


def _show_left_over(editions: Sequence[EditionStatus]) -> None:
    """Show what lists that are no longer set have not sent yet: it goes out all the same."""
    for name, group in groupby(editions, key=lambda state: state.edition.list_name):
        command = f"newsletter deliveries pause|cancel --list {name} --edition N"
        click.echo(f"\n{click.style(name, bold=True)} is no longer set; what waits still goes out: {command}")
        for state in group:
            _show_edition(state, "UTC", f"--edition {state.edition.number} --list {name}")


def _show_edition(state: EditionStatus, time_zone: str, options: str) -> None:
    """Print an edition, every reader of which is counted in one state.

    Args:
        state: The edition and its counts.
        time_zone: Its list's.
        options: What names it on the command line.
    """
    edition = state.edition
    when = local(edition.created_at, time_zone)
    click.echo(f"  No. {edition.number}, {when}: {clip(printable(edition.subject), 80)}")
    counts = ", ".join(f"{state.counts[s]:,} {s.value}" for s in DeliveryState if state.counts.get(s))
    click.echo(f"    {plural(state.total, 'reader')}: {counts or 'no deliveries'}")
    if state.total != edition.audience:
        click.echo(f"    it was queued for {edition.audience:,}: the store has lost or gained deliveries")
    if edition.state is EditionState.PAUSED:
        click.echo(f"    paused: newsletter deliveries resume {options}")
    elif edition.state is EditionState.CANCELLED:
        click.echo("    cancelled: nobody else gets it")
        if state.waiting:
            click.echo(f"    {state.waiting:,} left over: newsletter deliveries cancel {options}")
    for problem in state.problems:
        _show_problem(problem)
    refused = state.count(DeliveryState.FAILED, DeliveryState.DEFERRED)
    if refused > len(state.problems):
        command = f"newsletter deliveries {options} --state failed --state deferred"
        click.echo(f"    … and {refused - len(state.problems):,} more: {command}")
    _show_uncertain(state, options)


def _show_uncertain(state: EditionStatus, options: str) -> None:
    """Name those of whom nobody knows whether they have it: they are held until the operator decides."""
    if not state.uncertain:
        return
    for reader in state.uncertain:
        _show_problem(reader)
    left = state.count(DeliveryState.UNCERTAIN) - len(state.uncertain)
    more = f"… and {left:,} more uncertain; " if left > 0 else ""
    click.echo(f"    {more}uncertain ones are held: newsletter deliveries resolve {options}")


def _show_problem(record: DeliveryRecord) -> None:
    reply = f": {printable(record.reply)}" if record.reply else ""
    click.echo(clip(f"    - {printable(record.address)}: {record.state.value}{reply}", terminal_width()))


def _in_words(seconds: float) -> str:
    minutes = max(0, round(seconds / 60))
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} days"
