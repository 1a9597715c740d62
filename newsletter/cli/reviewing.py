"""What the commands of `newsletter editions` do; imported only when one of them runs."""

from collections.abc import Callable, Sequence
from datetime import datetime

import click

from newsletter.app import App
from newsletter.cli.columns import Clockface, terminal_width, write_columns
from newsletter.cli.common import actor, local, opened, printable, utc_now
from newsletter.cli.listings import write_json
from newsletter.cli.standing import pending_as_json, published_as_json
from newsletter.errors import ProposalError
from newsletter.model.checks import Check
from newsletter.model.editions import Edition, MailingList, PublishedEdition
from newsletter.model.proposals import PendingProposal, Proposal, ProposalState, Ruling
from newsletter.model.stories import Story
from newsletter.model.words import plural

_AT_ONCE = "within a minute if `newsletter run` is running, else with `newsletter send`"


def show_all(*, list_name: str | None, limit: int, as_json: bool) -> None:
    """Print what is proposed and what was published, list by list."""
    with opened() as app:
        lists = [app.mailing_list(list_name)] if list_name is not None else list(app.series)
        waiting = [one for one in app.proposals.waiting(now=utc_now()) if _is_of(one, lists)]
        past = {one.name: app.proposals.latest(one, limit=limit) for one in lists}
        if as_json:
            published = [published_as_json(edition) for found in past.values() for edition in found]
            write_json({"waiting": [pending_as_json(one) for one in waiting], "published": published})
            return
        for mailing_list in lists:
            mine = [one for one in waiting if one.proposal.list_name == mailing_list.name]
            if mine or past[mailing_list.name]:
                _write_list(mailing_list, mine, past[mailing_list.name], is_named=len(lists) > 1)
        if not waiting:
            click.echo("Nothing is proposed. `newsletter preview` shows what would be sent now.")


def show_one(*, list_name: str | None, as_json: bool) -> None:
    """Print a list's proposed edition."""
    with opened() as app:
        mailing_list, proposal = _proposal(app, list_name)
        pending, edition = app.proposals.pending(proposal), app.proposals.content(proposal).edition
        if as_json:
            told = [
                {"number": number, "headline": item.headline, "original_headline": item.original_headline}
                for number, item in enumerate(edition.told, start=1)
            ]
            write_json(pending_as_json(pending) | {"told": told})
            return
        write_pending(pending, mailing_list, now=utc_now())
        _write_details(app, pending, edition, mailing_list)


def write_pending(
    pending: PendingProposal, mailing_list: MailingList, *, now: datetime, indent: str = ""
) -> None:
    """Print in a line or two what is proposed and what becomes of it."""
    proposal = pending.proposal
    head = f"{proposal.name}, for {local(proposal.slot_at, mailing_list.time_zone)}"
    colour = "red" if pending.ruling is Ruling.WAITS else None
    click.echo(f"{indent}{head}: {click.style(_outlook(pending, mailing_list, now), fg=colour)}")
    if proposal.note:
        click.echo(f"{indent}  {printable(proposal.note)}")


def propose(*, list_name: str | None) -> None:
    """Propose the next edition now."""
    with opened() as app:
        app.check_sending()
        mailing_list = app.mailing_list(list_name)
        proposal = app.proposals.propose(mailing_list, by=actor(), now=utc_now())
        _write_result(app, mailing_list, proposal, "is proposed")


def approve(*, list_name: str | None, version: int | None) -> None:
    """Approve a list's proposed edition."""
    _decide(lambda app: app.proposals.approve, list_name, version, "is approved")


def hold(*, list_name: str | None, version: int | None) -> None:
    """Hold a list's proposed edition."""
    _decide(lambda app: app.proposals.hold, list_name, version, "is held")


def skip(*, list_name: str | None, version: int | None) -> None:
    """Let a slot pass without its edition."""
    _decide(lambda app: app.proposals.skip, list_name, version, "is skipped")


def drop(story: int, *, list_name: str | None, version: int | None) -> None:
    """Take a story out."""
    _change(lambda app: app.proposals.drop_story, list_name, version, story)


def move(story: int, *, to: int, list_name: str | None, version: int | None) -> None:
    """Give a story another place."""
    _change(lambda app: app.proposals.move_story, list_name, version, story, to=to)


def retitle(story: int, headline: str, *, list_name: str | None, version: int | None) -> None:
    """Put a headline over a story."""
    _change(lambda app: app.proposals.replace_headline, list_name, version, story, headline)


def renew(*, with_dropped: bool, list_name: str | None, version: int | None) -> None:
    """Make a proposed edition anew."""
    with opened() as app:
        mailing_list, proposal = _proposal(app, list_name)
        renewed = app.proposals.renew(
            proposal.id, with_dropped=with_dropped, version=version, by=actor(), now=utc_now()
        )
        if renewed is None:
            click.echo(f"Nothing is left to tell: {proposal.name} is withdrawn.")
        else:
            _write_result(app, mailing_list, renewed, "is made anew")


def _decide(
    verb: Callable[[App], Callable[..., Proposal]], list_name: str | None, version: int | None, became: str
) -> None:
    with opened() as app:
        mailing_list, proposal = _proposal(app, list_name)
        decided = verb(app)(proposal.id, version=version, by=actor(), now=utc_now())
        _write_result(app, mailing_list, decided, became)


def _change(
    verb: Callable[[App], Callable[..., Proposal]],
    list_name: str | None,
    version: int | None,
    *what: object,
    **options: object,
) -> None:
    with opened() as app:
        mailing_list, proposal = _proposal(app, list_name)
        changed = verb(app)(proposal.id, *what, version=version, by=actor(), now=utc_now(), **options)
        _write_stories(app.proposals.content(changed).edition)
        _write_result(app, mailing_list, changed, "is changed")


def _proposal(app: App, list_name: str | None) -> tuple[MailingList, Proposal]:
    mailing_list = app.mailing_list(list_name)
    proposal = app.proposals.of(mailing_list.name)
    if proposal is None:
        command = f"newsletter editions propose{_option(app, mailing_list)}"
        raise ProposalError(f"nothing is proposed for {mailing_list.name}: `{command}` does so now")
    return mailing_list, proposal


def _option(app: App, mailing_list: MailingList) -> str:
    """Return what names a list on the command line, where it has to be named."""
    return f" --list {mailing_list.name}" if [mailing_list] != list(app.lists) else ""


def _is_of(pending: PendingProposal, lists: Sequence[MailingList]) -> bool:
    return any(pending.proposal.list_name == one.name for one in lists)


def _write_result(app: App, mailing_list: MailingList, proposal: Proposal, became: str) -> None:
    outlook = _outlook(app.proposals.pending(proposal), mailing_list, utc_now())
    click.echo(f"{proposal.name} {became}; it {outlook} (version {proposal.version}).")


def _outlook(pending: PendingProposal, mailing_list: MailingList, now: datetime) -> str:
    """Say what becomes of a proposal if nobody acts."""
    slot_at, clock = pending.proposal.slot_at, Clockface(time_zone=mailing_list.time_zone, now=now)
    if pending.ruling is Ruling.WAITS:
        return f"{pending.ruling.value}, until {clock.show(pending.closes_at)}"
    if pending.ruling is Ruling.GOES_OUT:
        return (
            f"{pending.ruling.value} {f'at its slot, {clock.show(slot_at)}' if slot_at > now else _AT_ONCE}"
        )
    return f"{pending.ruling.value}, and its documents wait for the next edition"


def _write_list(
    mailing_list: MailingList,
    waiting: Sequence[PendingProposal],
    past: Sequence[PublishedEdition],
    *,
    is_named: bool,
) -> None:
    now = utc_now()
    clock = Clockface(time_zone=mailing_list.time_zone, now=now)
    if is_named:
        click.echo(click.style(f"{mailing_list.title} ({mailing_list.name})", bold=True))
    rows = [
        (
            str(one.proposal.number),
            clock.show(one.proposal.slot_at),
            _outlook(one, mailing_list, now),
            str(len(one.proposal.checks) or ""),
            printable(one.proposal.subject),
        )
        for one in waiting
    ]
    rows += [
        (
            str(edition.number),
            clock.show(edition.created_at),
            f"to {plural(edition.audience, 'reader')}",
            "",
            printable(edition.subject),
        )
        for edition in past
    ]
    write_columns(("no.", "when", "what", "to look at", "subject"), rows, width=terminal_width())
    click.echo()


def _write_details(app: App, pending: PendingProposal, edition: Edition, mailing_list: MailingList) -> None:
    proposal = pending.proposal
    click.echo(f"Subject: {printable(proposal.subject)}")
    who = f", {proposal.state.value} by {proposal.decided_by}" if proposal.decided_by else ""
    click.echo(f"version {proposal.version}, made {local(proposal.made_at, mailing_list.time_zone)}{who}")
    option = _option(app, mailing_list)
    if pending.newer_documents:
        count = plural(pending.newer_documents, "document")
        click.echo(f"{count} came later: `newsletter editions renew{option}` takes them in")
    click.echo()
    _write_stories(edition)
    if proposal.checks:
        click.echo("\nTo look at:")
        for check in proposal.checks:
            click.echo(f"  {_words(check)}")
    if proposal.state is not ProposalState.APPROVED:
        click.echo(f"\nTo let it go out: newsletter editions approve{option} --seen {proposal.version}")
    click.echo(f"The whole of it: newsletter preview{option}")


def _write_stories(edition: Edition) -> None:
    rows = [
        (
            str(number),
            item.form.value if isinstance(item, Story) else "line",
            str(len(item.sources)) if isinstance(item, Story) else "1",
            printable(item.headline) + (" (yours)" if item.original_headline is not None else ""),
        )
        for number, item in enumerate(edition.told, start=1)
    ]
    write_columns(("no.", "told as", "sources", "headline"), rows, width=terminal_width())
    for dropped in edition.dropped:
        click.echo(f"dropped: {printable(dropped.headline)}")


def _words(check: Check) -> str:
    place = f"story {check.story} " if check.story is not None else ""
    return f"{place}{printable(check.words)}" + (" (holds it back)" if check.holds else "")
