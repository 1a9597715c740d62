"""Turns: a list's turn to publish, recorded whatever comes of it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from newsletter.errors import NewsletterError, PublishConflictError
from newsletter.model.audit import AuditEntry
from newsletter.model.editions import Draft, Edition, MailingList, PublishReport, Run, RunOutcome
from newsletter.model.proposals import Proposal
from newsletter.model.subscribers import Cadence
from newsletter.publish.drafting import draft_of, look_through, readers_of
from newsletter.publish.pressing import Press
from newsletter.store.store import Store

#: How often a publisher that came second looks again at what is left.
CONFLICT_TRIES = 3


def publish(
    store: Store,
    mailing_list: MailingList,
    press: Press,
    *,
    now: datetime,
    slot_at: datetime | None = None,
    entry: AuditEntry | None = None,
) -> PublishReport:
    """Publish what is new to a list, and record the turn whatever comes of it.

    Everything is rendered before anything is queued. Two publishers at once make one edition: the second
    finds the documents told.

    Args:
        store: Where everything is.
        mailing_list: The list.
        press: Templates and links.
        now: UTC.
        slot_at: The slot that is answered, UTC; None if triggered by hand.
        entry: Goes into the audit log with the edition, if there is one.

    Raises:
        PublishConflictError: The slot was answered by another process, or an edition is proposed for it.
        NewsletterError: As `draft`; recorded as a failed run.
    """
    store.editions.know_list(mailing_list.name, now=now)
    turn = Run(list_name=mailing_list.name, slot_at=slot_at, started_at=now, outcome=RunOutcome.NOTHING_NEW)
    with failures_recorded(store, turn):
        return _publish(store, mailing_list, press, turn, entry)


def publish_proposed(
    store: Store,
    mailing_list: MailingList,
    proposal: Proposal,
    *,
    now: datetime,
    entry: AuditEntry | None = None,
) -> PublishReport:
    """Publish a proposal as it stands, and answer its slot.

    Args:
        store: Where everything is.
        mailing_list: The list.
        proposal: As it was seen; open.
        now: UTC: when the edition goes out.
        entry: Goes into the audit log, where an operator decided.

    Raises:
        PublishConflictError: It was changed, its documents were told, or its slot was answered meanwhile.
    """
    turn = turn_of(proposal, now=now)
    readership = store.audiences.readership(mailing_list.audience_name, now=now)
    if not readers_of(mailing_list, readership):
        return nothing_made(store, turn, RunOutcome.NO_SUBSCRIBERS, why_nobody(mailing_list))
    made = _dated(store.proposals.content(proposal).draft, now)
    return _stored(store, mailing_list, made, turn, proposal=proposal, entry=entry)


def turn_of(proposal: Proposal, *, now: datetime) -> Run:
    """Return the turn of a proposal's slot, before anything has come of it."""
    return Run(
        list_name=proposal.list_name,
        slot_at=proposal.slot_at,
        started_at=now,
        outcome=RunOutcome.PROPOSED,
    )


@contextmanager
def failures_recorded(store: Store, turn: Run) -> Iterator[None]:
    """Record a turn as failed if it raises.

    Raises:
        NewsletterError: What it raises.
    """
    try:
        yield
    except PublishConflictError:
        raise
    except NewsletterError as error:
        record(store, turn, RunOutcome.FAILED, str(error))
        raise


def record(store: Store, turn: Run, outcome: RunOutcome, reason: str) -> PublishReport:
    """Record a turn that made no edition.

    Raises:
        PublishConflictError: The slot was answered by another process meanwhile.
    """
    run = replace(turn, outcome=outcome, reason=reason)
    store.editions.record_run(run)
    return PublishReport(run=run)


def nothing_made(store: Store, turn: Run, outcome: RunOutcome, reason: str) -> PublishReport:
    """Say why there is no edition for a slot; one that has come is answered by that, and recorded."""
    assert turn.slot_at is not None  # noqa: S101 - the turn is for a slot
    if turn.slot_at <= turn.started_at:
        return record(store, turn, outcome, reason)
    return PublishReport(run=replace(turn, outcome=outcome, reason=reason))


def why_nobody(mailing_list: MailingList) -> str:
    """Say why a list without readers has no edition."""
    if mailing_list.cadence is Cadence.WEEKLY:
        return f"nobody reads {mailing_list.audience_name} weekly"
    return f"{mailing_list.name} has no confirmed subscriber; the documents wait"


def why_nothing(repeats: int) -> str:
    """Say why there is nothing to tell; `repeats` documents are new and say nothing new."""
    if not repeats:
        return "no document is new since the last edition"
    documents = "1 new document says" if repeats == 1 else f"{repeats} new documents say"
    return f"{documents} nothing that this list was not told"


def _publish(
    store: Store, mailing_list: MailingList, press: Press, turn: Run, entry: AuditEntry | None
) -> PublishReport:
    now, slot_at = turn.started_at, turn.slot_at
    readership = store.audiences.readership(mailing_list.audience_name, now=now)
    if not readers_of(mailing_list, readership):
        return record(store, turn, RunOutcome.NO_SUBSCRIBERS, why_nobody(mailing_list))
    for attempt in range(1, CONFLICT_TRIES + 1):
        findings = look_through(store, mailing_list, press, now=now)
        made = draft_of(findings, store, mailing_list, press, now=now, slot_at=slot_at)
        if made is None:
            store.editions.count_as_told(mailing_list.name, findings.repeats)
            return record(store, turn, RunOutcome.NOTHING_NEW, why_nothing(len(findings.repeats)))
        try:
            return _stored(store, mailing_list, made, turn, entry=entry)
        except PublishConflictError:
            if attempt == CONFLICT_TRIES:
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")


def _stored(
    store: Store,
    mailing_list: MailingList,
    made: Draft,
    turn: Run,
    *,
    proposal: Proposal | None = None,
    entry: AuditEntry | None = None,
) -> PublishReport:
    edition = store.editions.publish(
        made.edition,
        made.rendering,
        uid=secrets.token_hex(16),
        cadence=mailing_list.cadence,
        missable=made.missable,
        variants=made.variants,
        week=made.week,
        proposal=proposal,
        entry=entry,
    )
    run = replace(turn, outcome=RunOutcome.PUBLISHED, edition_number=edition.number)
    return PublishReport(run=run, edition=edition)


def _dated(made: Draft, now: datetime) -> Draft:
    """Return what was proposed as an edition of now; what its readers see of it stays as it is."""
    rendering = made.rendering
    return replace(
        made,
        edition=_made_at(made.edition, now),
        rendering=replace(rendering, headers=replace(rendering.headers, date=now)),
        variants=tuple(replace(one, edition=_made_at(one.edition, now)) for one in made.variants),
    )


def _made_at(edition: Edition, now: datetime) -> Edition:
    return replace(edition, created_at=now, gathered_at=edition.created_at)
