"""What `newsletter send` does; imported only when it runs."""

import asyncio
import signal
import sys
from collections.abc import Callable
from functools import partial

import click

from newsletter.app import App
from newsletter.cli import logs
from newsletter.cli.common import NOTHING_NEW, actor, local, on_terminal, opened, utc_now
from newsletter.cli.documents import show_ingest
from newsletter.cli.progress import progress
from newsletter.errors import SettingsError
from newsletter.model.deliveries import DeliverReport, DeliveryState, SendOutcome
from newsletter.model.editions import Approval, Draft, MailingList, RunOutcome
from newsletter.model.messages import Rendering
from newsletter.model.words import plural

#: Messages from which on a bar is worth while.
_MANY = 20

_GO_ON = "keep `newsletter run` going, or run `newsletter send --waiting` then"


def say_what_would_be_sent(*, list_name: str | None) -> None:
    """Print what `send` would do; the store is not written to."""
    with opened() as app:
        mailing_list = app.mailing_list(list_name)
        made = app.draft(mailing_list, now=utc_now())
        waiting = app.due_count(now=utc_now(), list_name=mailing_list.name)
        if made is None:
            click.echo(NOTHING_NEW)
        else:
            click.echo(f"Would send {_describe(made)} to {plural(made.audience, 'subscriber')}.")
            _say_whose_approval(app, mailing_list)
            for story in made.edition.stories:
                click.echo(f"  - {story.headline} ({', '.join(credit.name for credit in story.sources)})")
            for line in made.edition.also:
                click.echo(f"  also: {line.headline}")
        if waiting:
            click.echo(f"Would also send {plural(waiting, 'message')} left from earlier editions.")
        click.echo("Nothing was sent, nothing was written.")


def send_test_copy(*, list_name: str | None, address: str, ingest_first: bool) -> None:
    """Send one copy of the edition that is due, or else of the last one, to an address."""
    with opened() as app:
        mailing_list = app.mailing_list(list_name)
        _check_sending(app)
        if ingest_first:
            show_ingest(app.ingest(now=utc_now()))
        rendering = _rendering_to_test(app, mailing_list)
        message = app.copies.make(address, rendering, now=utc_now())
        result = asyncio.run(app.copies.send(message))
    if result.outcome is not SendOutcome.ACCEPTED:
        click.echo(f"newsletter: {address} was not accepted: {result.reply}", err=True)
        sys.exit(1)
    click.echo(f"A test copy went to {address} ({result.reply.text.strip()}). Nothing counts as published.")


def _rendering_to_test(app: App, mailing_list: MailingList) -> Rendering:
    made = app.draft(mailing_list, now=utc_now())
    if made is not None:
        click.echo(f"Test copy of {_describe(made)}.")
        return made.rendering
    latest = app.copies.latest(mailing_list)
    if latest is None:
        raise SettingsError("there is nothing to test with: no document is new, and no edition was published")
    edition, rendering = latest
    click.echo(f"Nothing is new: a test copy of No. {edition.number}, as it was published.")
    return rendering


def send_edition(*, list_name: str | None, yes: bool, ingest_first: bool, workers: int | None) -> None:
    """Publish what is new and send everything that is due."""
    with opened(workers=workers) as app:
        logs.configure(level="WARNING", form=app.settings.log_format, secrets=app.secrets())
        mailing_list = app.mailing_list(list_name)
        _check_sending(app)
        if ingest_first:
            show_ingest(app.ingest(now=utc_now()))
        made = app.draft(mailing_list, now=utc_now())
        waiting = app.due_count(now=utc_now(), list_name=mailing_list.name)
        if made is not None:
            _say_whose_approval(app, mailing_list)
        if (made is not None and made.readers) or waiting:
            _ask(made, waiting, yes=yes)
        report = app.publish(mailing_list, now=utc_now(), by=actor())
        if report.edition is not None:
            edition = report.edition
            click.echo(f"No. {edition.number} is published for {plural(edition.audience, 'subscriber')}.")
        elif report.run.outcome is RunOutcome.NOTHING_NEW:
            click.echo(NOTHING_NEW)
        else:
            click.echo(f"No edition: {report.run.reason}.")
        total = partial(app.due_count, now=utc_now(), list_name=mailing_list.name)
        with progress("sending", total=total, worth=_MANY) as on_result:
            delivered = app.in_loop(_deliver(app, mailing_list.name, on_result))
    _show_delivered(delivered)


def send_waiting(*, list_name: str | None, workers: int | None) -> None:
    """Send everything that is due of editions already published, and publish nothing."""
    with opened(workers=workers) as app:
        logs.configure(level="WARNING", form=app.settings.log_format, secrets=app.secrets())
        name = None if list_name is None else app.published_list(list_name)
        _check_sending(app)
        total = partial(app.due_count, now=utc_now(), list_name=name)
        with progress("sending", total=total, worth=_MANY) as on_result:
            delivered = app.in_loop(_deliver(app, name, on_result))
    if not (delivered.outcomes or delivered.due or delivered.next_due or delivered.in_doubt):
        click.echo("Nothing waits to be sent, paused editions aside.")
    _show_delivered(delivered)


def _check_sending(app: App) -> None:
    try:
        app.check_sending()
    except SettingsError as error:
        hint = "set it in .env or the environment; to see an edition without any: newsletter demo"
        raise SettingsError(*error.problems, hint) from error


def _describe(made: Draft) -> str:
    edition = made.edition
    stories = plural(len(edition.stories), "story", "stories")
    return f"No. {edition.number}, “{made.rendering.subject}”, with {stories}"


def _say_whose_approval(app: App, mailing_list: MailingList) -> None:
    """Say that sending by hand is the approval that an edition waits for."""
    proposal = app.proposals.going(mailing_list.name)
    if proposal is not None:
        slot = local(proposal.slot_at, mailing_list.time_zone)
        click.echo(f"It is what was proposed for {slot}, version {proposal.version}: what came later waits.")
    if mailing_list.approval is not Approval.AUTOMATIC:
        click.echo("Sending it by hand counts as your approval.")


def _ask(made: Draft | None, waiting: int, *, yes: bool) -> None:
    if yes:
        return
    if not on_terminal():
        raise SettingsError("nobody can be asked here: add --yes to send without a question")
    if made is not None:
        question = f"Send {_describe(made)} to {plural(made.audience, 'subscriber')}?"
    else:
        question = f"Send {plural(waiting, 'message')} left from earlier editions?"
    click.confirm(question, abort=True)


async def _deliver(app: App, list_name: str | None, on_result: Callable[[], None]) -> DeliverReport:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop(number: int) -> None:
        """Turn the first signal into a wish to stop; a second one interrupts."""
        click.echo("stopping: messages in flight are finished, the rest stays queued", err=True)
        loop.remove_signal_handler(number)
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    return await app.deliver(
        clock=app.agreed_clock(utc_now),
        stopping=stopping,
        list_name=list_name,
        on_result=on_result,
        force=True,
    )


def _show_delivered(report: DeliverReport) -> None:
    if report.recovered_uncertain:
        count = plural(report.recovered_uncertain, "message")
        click.echo(f"{count} of a run that died may or may not have arrived (UNCERTAIN_POLICY rules them).")
    counts = ", ".join(
        f"{report.outcomes[state]:,} {state.value}" for state in DeliveryState if report.outcomes.get(state)
    )
    if counts:
        click.echo(f"Delivered: {counts}.")
    if report.in_doubt:
        click.echo(
            f"{plural(report.in_doubt, 'message')} were in the hands of another sender: should it have died, "
            "they are free in half a minute; then run `newsletter send --waiting`."
        )
    if report.rate_until is not None:
        when = report.rate_until.astimezone()
        click.echo(f"SMTP_RATES lets the next message out at {when:%H:%M:%S}: {_GO_ON}.")
    if report.next_due is not None and not report.due:
        when = report.next_due.astimezone()
        click.echo(f"Deferred ones are tried again from {when:%H:%M}: {_GO_ON}.")
    if report.problem:
        click.echo(f"newsletter: {report.problem}", err=True)
    if report.due:
        count = plural(report.due, "message")
        click.echo(f"{count} still to send: run `newsletter send --waiting`.", err=True)
        sys.exit(1)
