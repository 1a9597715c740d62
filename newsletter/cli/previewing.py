"""What `newsletter preview` does; imported only when it runs."""

import tempfile
import webbrowser
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from newsletter.app import App
from newsletter.cli.common import NOTHING_NEW, local, opened, printable, utc_now
from newsletter.errors import SettingsError
from newsletter.model.differences import Change, Differences
from newsletter.model.editions import Draft, MailingList
from newsletter.model.words import plural

#: Years that a preview can be of.
_YEARS = range(1970, 3000)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which edition is to be shown."""

    list_name: str | None
    #: As it was typed; None: now.
    moment: str | None


def show(wanted: Wanted, *, html_file: Path | None, open_browser: bool, only_text: bool) -> None:
    """Print the edition as text, and write or show its HTML if asked."""
    with opened() as app:
        mailing_list = app.mailing_list(wanted.list_name)
        made = _made(app, mailing_list, wanted)
        if made is None:
            click.echo(NOTHING_NEW, err=only_text)
            return
        html, text = app.copies.bodies(made.rendering, now=utc_now())
    if not only_text:
        click.echo(f"Subject: {made.rendering.subject}")
        click.echo(f"Preheader: {made.rendering.preheader}\n")
    click.echo(text)
    click.echo(f"This would go to {plural(made.audience, 'subscriber')} of {mailing_list.name}.", err=True)
    if html_file is None and open_browser:
        html_file = Path(tempfile.mkdtemp(prefix="newsletter-")) / "preview.html"
    if html_file is not None:
        html_file.write_text(html, encoding="utf-8")
        click.echo(f"HTML: {html_file}", err=True)
    if html_file is not None and open_browser:
        webbrowser.open(html_file.resolve().as_uri())


def show_differences(wanted: Wanted, *, number: int) -> None:
    """Print how the edition differs from an earlier one."""
    with opened() as app:
        mailing_list = app.mailing_list(wanted.list_name)
        made = _made(app, mailing_list, wanted)
        if made is None:
            click.echo(NOTHING_NEW)
            return
        found = app.explanations.differences(mailing_list, made.edition, number=number)
    click.echo(click.style(f"No. {made.edition.number} beside No. {number}", bold=True))
    _write(found)


def _made(app: App, mailing_list: MailingList, wanted: Wanted) -> Draft | None:
    """Return what is proposed, or would be published at the moment that is asked for."""
    if wanted.moment is not None:
        return app.proposals.at(mailing_list, moment=_moment(wanted.moment, mailing_list.time_zone))
    proposal = app.proposals.going(mailing_list.name)
    if proposal is not None:
        slot = local(proposal.slot_at, mailing_list.time_zone)
        click.echo(f"Proposed for {slot}, version {proposal.version}: {proposal.state.value}.", err=True)
    return app.draft(mailing_list, now=utc_now())


def _moment(typed: str, time_zone: str) -> datetime:
    """Read a moment, in the list's time zone unless it names one; returned in UTC."""
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError as error:
        raise SettingsError(
            f"--at: {typed!r} is not a time; expected such as '2026-11-24 07:00' or 2026-11-24T06:00Z"
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(time_zone))
    # Slots, zones and periods of grace are counted from it, both ways.
    if moment.year not in _YEARS:
        raise SettingsError(f"--at: {typed!r} is too far away")
    return moment.astimezone(UTC)


def _write(found: Differences) -> None:
    for entry in found.added:
        click.echo(f"+ {entry.number}. {printable(entry.headline)}")
    for entry in found.gone:
        click.echo(f"- {entry.number}. {printable(entry.headline)}")
    for change in found.changed:
        click.echo(f"~ {change.after.number}. {printable(change.after.headline)}: {_words(change)}")
    if found.same:
        click.echo(f"= {plural(found.same, 'story', 'stories')} told alike")
    elif not (found.added or found.gone or found.changed):
        click.echo("Nothing differs.")


def _words(change: Change) -> str:
    words = [f"another {what}" if what in {"headline", "summary"} else what for what in change.what]
    before, after = change.before, change.after
    if change.is_moved:
        as_what = f" as {before.role.value}, now as {after.role.value}" if before.role != after.role else ""
        words.append(f"was number {before.number}{as_what}")
    return ", ".join(words)
