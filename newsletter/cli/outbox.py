"""What `newsletter deliveries` and its commands do; imported only when one of them runs."""

import sys
from collections.abc import Collection

import click

from newsletter.app import App
from newsletter.cli.columns import Clockface, terminal_width, write_columns
from newsletter.cli.common import confirm, local, note, opened, printable, reader_words, utc_now
from newsletter.cli.listings import write_rows
from newsletter.cli.standing import edition_as_json
from newsletter.model.deliveries import DeliveryRecord, DeliveryState, Resolution
from newsletter.model.editions import EditionState
from newsletter.model.status import EditionStatus, ReaderStatus
from newsletter.model.subscribers import Address
from newsletter.model.words import plural

#: Deliveries shown unless told otherwise.
_SHOWN = 50

#: What the log calls what became of uncertain deliveries.
_SETTLED = {
    Resolution.ARRIVED: "settle deliveries as arrived",
    Resolution.RESEND: "send deliveries once more",
    Resolution.ABANDON: "abandon deliveries",
}

_GOES_OUT = "they go out at once if `newsletter run` is running, else with `newsletter send --waiting`"


def show_deliveries(
    *,
    list_name: str | None,
    number: int | None,
    states: Collection[DeliveryState],
    reader: str | None,
    limit: int | None,
    as_json: bool,
) -> None:
    """Print how an edition stands and its deliveries, for people or for programs."""
    with opened() as app:
        name = app.published_list(list_name)
        state = app.operator.edition(name, number)
        address = _address(app, reader)
        most = limit if limit is not None or as_json else _SHOWN
        records = app.operator.deliveries(state.edition, states=states, address=address, limit=most)
        if as_json:
            write_rows(edition_as_json(state), "deliveries", map(_as_json, records))
            return
        _show_edition(state, app.time_zone(name))
        shown = list(records)
        if not shown:
            click.echo("Nobody is " + " or ".join(s.value for s in states or DeliveryState) + ".")
            return
        _show_records(shown, app.time_zone(name), is_whole=reader is not None)
        matching = len(shown) if address is not None else state.count(*states)
        if matching > len(shown):
            click.echo(f"+{matching - len(shown):,} more: --limit {matching}")


def show_reader(text: str, *, limit: int | None, as_json: bool) -> None:
    """Print how a reader stands with all lists."""
    with opened() as app:
        reader = app.operator.reader(app.subscribers.address(text), limit=limit or _SHOWN)
        if as_json:
            head: dict[str, object] = {
                "address": reader.address.display,
                "suppressed": reader.suppressed.value if reader.suppressed else None,
                "subscriptions": {name: state.value for name, state in reader.subscriptions.items()},
            }
            rows = [{"list": name} | _as_json(record) for name, record in reader.deliveries]
            write_rows(head, "deliveries", rows)
            return
        click.echo(click.style(reader.address.display, bold=True))
        _show_standing(reader)
        _show_deliveries_of(app, reader)


def retry(
    *,
    list_name: str | None,
    number: int,
    states: Collection[DeliveryState],
    reader: str | None,
    yes: bool,
) -> None:
    """Queue again what failed or is deferred, and say how many."""
    with opened() as app:
        state, name = _edition(app, list_name, number)
        address = _address(app, reader)
        count = state.count(*states)
        if address is not None:
            count = len(list(app.operator.deliveries(state.edition, states=states, address=address)))
        if not count:
            who = f"{address.display} is not" if address else f"nobody of {name} is"
            click.echo(f"There is nothing to retry: {who} {' or '.join(s.value for s in states)}.")
            return
        confirm(f"Send {name} again to {plural(count, 'reader')}?", yes=yes, to_do="retry")
        done = app.operator.retry(state.edition, states=states, address=address, now=utc_now())
        if done:
            _note(app, state, "retry deliveries", address, done)
        what = plural(done, "delivery", "deliveries")
        click.echo(f"{what} of {name} queued again: {_outlook(app, state)}.")
        if done < count:
            click.echo(
                f"{plural(count - done, 'suppressed address', 'suppressed addresses')} not tried again: "
                "`newsletter subscribers lift ADDRESS` ends that, then retry once more."
            )
        click.echo("Readers who left stay out when their turn comes.")


def show_uncertain(*, list_name: str | None, number: int, is_decided: bool) -> None:
    """Print who is uncertain, and what to do about it; fail if a decision names nobody."""
    with opened() as app:
        state, name = _edition(app, list_name, number)
        uncertain = app.operator.deliveries(state.edition, states=[DeliveryState.UNCERTAIN])
        shown = list(uncertain)
        if not shown:
            click.echo(f"Nobody of {name} is uncertain.")
            return
        click.echo(f"{name}: nobody knows whether it reached {plural(len(shown), 'reader')}:")
        _show_records(shown, app.time_zone(state.edition.list_name), is_whole=False)
        click.echo("Search the mail server's log for each address, then say what became of it:")
        command = _command(app, "resolve", state)
        click.echo(f"  {command} --arrived --reader ADDRESS   the reader has it")
        click.echo(f"  {command} --resend --reader ADDRESS    send it once more, same Message-ID")
        click.echo(f"  {command} --abandon --reader ADDRESS   the reader is not to get it")
        click.echo("--all instead of --reader ADDRESS settles all of them.")
    if is_decided:
        click.echo("newsletter: nothing is settled: add --reader ADDRESS or --all", err=True)
        sys.exit(1)


def resolve(*, list_name: str | None, number: int, resolution: Resolution, reader: str | None) -> None:
    """Settle uncertain deliveries, and say how many."""
    with opened() as app:
        state, name = _edition(app, list_name, number)
        address = _address(app, reader)
        done = app.operator.resolve(state.edition, resolution, address=address, now=utc_now())
        if not done:
            who = f"{address.display} is not" if address else f"nobody of {name} is"
            click.echo(f"There is nothing to settle: {who} uncertain.")
            return
        _note(app, state, _SETTLED[resolution], address, done)
        became = {
            Resolution.ARRIVED: "count as accepted",
            Resolution.RESEND: f"are queued once more, with the same Message-ID; {_outlook(app, state)}",
            Resolution.ABANDON: "count as failed",
        }[resolution]
        click.echo(f"Uncertain deliveries of {name}: {done:,} {became}.")


def pause(*, list_name: str | None, number: int) -> None:
    """Stop an edition for now."""
    with opened() as app:
        state, name = _edition(app, list_name, number)
        if not app.operator.pause(state.edition):
            click.echo(f"{name} is paused already: {_waiting(state)}.")
            return
        _note(app, state, "pause edition")
        state, _ = _edition(app, list_name, number)
        click.echo(f"{name} is paused: {_waiting(state)}. {_command(app, 'resume', state)} lets it go on.")


def resume(*, list_name: str | None, number: int) -> None:
    """Let a paused edition go on."""
    with opened() as app:
        state, name = _edition(app, list_name, number)
        if app.operator.resume(state.edition, now=utc_now()) is None:
            click.echo(f"{name} is not paused: {_waiting(state)}.")
            return
        _note(app, state, "resume edition")
        state, _ = _edition(app, list_name, number)
        outlook = f"; {_GOES_OUT}" if state.waiting else ""
        click.echo(f"{name} goes on: {_waiting(state)}{outlook}.")


def cancel(*, list_name: str | None, number: int, yes: bool) -> None:
    """End an edition for everybody who does not have it yet."""
    with opened() as app:
        state, name = _edition(app, list_name, number)
        was_cancelled = state.edition.state is EditionState.CANCELLED
        if was_cancelled and not state.waiting:
            click.echo(f"{name} is cancelled already.")
            return
        if _is_finished(state):
            click.echo(f"{name} is finished, there is nobody left to spare it: {_counts(state)}.")
            return
        if not was_cancelled:
            who = f"{state.waiting:,} of {plural(state.total, 'reader')}"
            confirm(f"Cancel {name}? {who} will never get it.", yes=yes, to_do="cancel")
        done = app.operator.cancel(state.edition, now=utc_now())
        _note(app, state, "cancel edition", None, done)
        state, _ = _edition(app, list_name, number)
        click.echo(f"{name} is cancelled: {plural(done, 'reader')} will not get it; {_counts(state)}.")
        if state.count(DeliveryState.SENDING):
            click.echo(f"{state.count(DeliveryState.SENDING):,} at the server just now: that is finished.")


def _note(
    app: App, state: EditionStatus, action: str, address: Address | None = None, readers: int | None = None
) -> None:
    """Write what was decided about an edition, or about one reader's part of it, into the log."""
    subject = f"{state.edition.list_name} No. {state.edition.number}"
    who = reader_words(app, address.display) if address else ""
    note(app, action, subject, who or (plural(readers, "reader") if readers is not None else ""))


def _edition(app: App, list_name: str | None, number: int) -> tuple[EditionStatus, str]:
    """Return an edition, and what to call it."""
    state = app.operator.edition(app.published_list(list_name), number)
    return state, f"No. {state.edition.number} of {state.edition.list_name}"


def _address(app: App, text: str | None) -> Address | None:
    return None if text is None else app.subscribers.address(text)


def _command(app: App, verb: str, state: EditionStatus) -> str:
    """Return a command line for an edition that can be typed as it is."""
    list_name = state.edition.list_name
    name = "" if [known.name for known in app.lists] == [list_name] else f" --list {list_name}"
    return f"newsletter deliveries {verb} --edition {state.edition.number}{name}"


def _outlook(app: App, state: EditionStatus) -> str:
    if state.edition.state is EditionState.PAUSED:
        return f"they wait until {_command(app, 'resume', state)}"
    return _GOES_OUT


def _waiting(state: EditionStatus) -> str:
    in_flight = state.count(DeliveryState.SENDING)
    waiting = f"{plural(state.waiting - in_flight, 'reader')} of {state.total:,} still to get it"
    return f"{waiting}, {in_flight:,} at the server just now" if in_flight else waiting


def _is_finished(state: EditionStatus) -> bool:
    """Return whether an edition goes out, and there is nobody left whom it may still reach."""
    is_open = state.edition.state is EditionState.OPEN
    return is_open and not state.waiting and not state.count(DeliveryState.UNCERTAIN)


def _counts(state: EditionStatus) -> str:
    """Return how many readers are in each state, and their sum."""
    counts = ", ".join(f"{state.counts[s]:,} {s.value}" for s in DeliveryState if state.counts.get(s))
    return f"{counts or 'no deliveries'} = {plural(state.total, 'reader')}"


def _show_edition(state: EditionStatus, time_zone: str) -> None:
    edition = state.edition
    when = local(edition.created_at, time_zone)
    name = click.style(f"No. {edition.number} of {edition.list_name}", bold=True)
    click.echo(f"{name}, {when}: {printable(edition.subject)}")
    click.echo(f"{'finished' if _is_finished(state) else edition.state.value}: {_counts(state)}")


def _show_records(records: list[DeliveryRecord], time_zone: str, *, is_whole: bool) -> None:
    clock = Clockface(time_zone=time_zone, now=utc_now())
    rows = [_row(record, clock) for record in records]
    write_columns(_TITLES, rows, width=None if is_whole else terminal_width())


_TITLES = ("READER", "STATE", "TRIES", "SINCE", "NEXT", "LAST REPLY")


def _row(record: DeliveryRecord, clock: Clockface) -> tuple[str, ...]:
    next_at = record.next_attempt_at if record.state is DeliveryState.DEFERRED else None
    return (
        printable(record.address),
        record.state.value,
        str(record.attempts),
        clock.show(record.changed_at),
        clock.show(next_at) if next_at else "",
        printable(record.reply),
    )


def _show_standing(reader: ReaderStatus) -> None:
    for name, state in reader.subscriptions.items():
        click.echo(f"  {name}: {state.value}")
    if not reader.subscriptions:
        click.echo("  on no list")
    if reader.suppressed is not None:
        lift = f"newsletter subscribers lift {reader.address.display}"
        click.echo(f"  suppressed ({reader.suppressed.value}), never mailed; {lift} ends that")


def _show_deliveries_of(app: App, reader: ReaderStatus) -> None:
    rows = []
    for name, record in reader.deliveries:
        _, *columns = _row(record, Clockface(time_zone=app.time_zone(name), now=utc_now()))
        rows.append((f"{name} No. {record.edition_number}", *columns))
    if rows:
        write_columns(("EDITION", *_TITLES[1:]), rows, width=None)
    else:
        click.echo("  no edition was ever queued for it")


def _as_json(record: DeliveryRecord) -> dict[str, object]:
    return {
        "edition": record.edition_number,
        "address": record.address,
        "state": record.state.value,
        "attempts": record.attempts,
        "uncertain_count": record.uncertain_count,
        "changed_at": record.changed_at,
        "next_attempt_at": record.next_attempt_at,
        "reply": record.reply,
    }
