"""What `newsletter status` prints."""

from datetime import datetime
from zoneinfo import ZoneInfo

import click

from newsletter.cli.common import clip, plural
from newsletter.model.deliveries import DeliveryState
from newsletter.model.editions import MailingList, RunOutcome
from newsletter.model.status import EditionStatus, ListStatus, Status

_REFUSALS_SHOWN = 20


def show_status(status: Status, *, now: datetime) -> None:
    """Print how everything stands."""
    click.echo(f"Store: {status.place}, {plural(status.documents, 'document')}")
    for state in status.lists:
        click.echo()
        _show_list(state, now)
    if status.refusals:
        click.echo(f"\nRefused: {plural(len(status.refusals), 'file')}")
        for file in status.refusals[:_REFUSALS_SHOWN]:
            reason = file.refusal.value if file.refusal else ""
            detail = f" ({file.detail})" if file.detail else ""
            click.echo(f"  {file.folder}/{file.path}: {reason}{detail}")
        if len(status.refusals) > _REFUSALS_SHOWN:
            click.echo(f"  … and {len(status.refusals) - _REFUSALS_SHOWN} more")


def _show_list(state: ListStatus, now: datetime) -> None:
    mailing_list = state.mailing_list
    title = click.style(mailing_list.title, bold=True)
    click.echo(f"{title} ({mailing_list.name}): {plural(state.audience, 'subscriber')}")
    wait = _in_words((state.next_slot - now).total_seconds())
    click.echo(f"  next slot: {_local(state.next_slot, mailing_list)} (in {wait})")
    click.echo(f"  new since the last edition: {plural(state.new_documents, 'document')}")
    for headline in state.new_headlines:
        click.echo(f"    - {clip(headline, 90)}")
    if state.new_documents > len(state.new_headlines):
        click.echo(f"    … and {state.new_documents - len(state.new_headlines)} more")
    for edition in state.editions:
        _show_edition(edition, mailing_list)
    for run in state.runs:
        if run.outcome is not RunOutcome.PUBLISHED:
            when = _local(run.slot_at or run.started_at, mailing_list)
            click.echo(f"  {run.outcome.value}: {when}: {run.reason}")


def _show_edition(state: EditionStatus, mailing_list: MailingList) -> None:
    edition = state.edition
    counts = ", ".join(f"{state.counts[s]:,} {s.value}" for s in DeliveryState if state.counts.get(s))
    click.echo(
        f"  No. {edition.number}, {_local(edition.created_at, mailing_list)}: {clip(edition.subject, 80)}"
    )
    click.echo(f"    {plural(edition.audience, 'reader')}: {counts or 'no deliveries'}")
    for address, delivery_state, reply in state.problems:
        click.echo(f"    - {address}: {delivery_state.value}: {clip(reply, 100)}")


def _local(moment: datetime, mailing_list: MailingList) -> str:
    zone = ZoneInfo(mailing_list.time_zone)
    return f"{moment.astimezone(zone):%a %d %b %Y %H:%M} {mailing_list.time_zone}"


def _in_words(seconds: float) -> str:
    minutes = max(0, round(seconds / 60))
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 48 else f"{hours // 24} days"
