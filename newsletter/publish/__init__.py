"""Publish: documents that are new to a list become an edition with its deliveries, in one transaction."""

import secrets
from dataclasses import replace
from datetime import datetime

from newsletter.editions.slots import due_slots
from newsletter.errors import NewsletterError, PublishConflictError
from newsletter.model.editions import DueSlot, MailingList, PublishReport, Run, RunOutcome, SlotDecision
from newsletter.model.subscribers import Cadence
from newsletter.publish.drafting import draft, draft_of, look_through, readers_of
from newsletter.publish.explaining import explain_edition, explain_story, find_entry
from newsletter.publish.pressing import Press
from newsletter.publish.telling import Newsroom
from newsletter.store.store import Store

__all__ = [
    "Newsroom",
    "Press",
    "draft",
    "explain_edition",
    "explain_story",
    "find_entry",
    "publish",
    "publish_due",
    "slots_due",
]

#: How often a publisher that came second looks again at what is left.
_CONFLICT_TRIES = 3


def publish(
    store: Store, mailing_list: MailingList, press: Press, *, now: datetime, slot_at: datetime | None = None
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

    Raises:
        PublishConflictError: The slot was answered by another process.
        NewsletterError: As `draft`; recorded as a failed run.
    """
    store.editions.know_list(mailing_list.name, now=now)
    turn = Run(list_name=mailing_list.name, slot_at=slot_at, started_at=now, outcome=RunOutcome.NOTHING_NEW)
    try:
        return _publish(store, mailing_list, press, turn)
    except PublishConflictError:
        raise
    except NewsletterError as error:
        _record(store, turn, RunOutcome.FAILED, str(error))
        raise


def _publish(store: Store, mailing_list: MailingList, press: Press, turn: Run) -> PublishReport:
    now, slot_at = turn.started_at, turn.slot_at
    readership = store.audiences.readership(mailing_list.audience_name, now=now)
    if not readers_of(mailing_list, readership):
        return _record(store, turn, RunOutcome.NO_SUBSCRIBERS, _why_nobody(mailing_list))
    for attempt in range(1, _CONFLICT_TRIES + 1):
        findings = look_through(store, mailing_list, press, now=now)
        made = draft_of(findings, store, mailing_list, press, now=now, slot_at=slot_at)
        if made is None:
            store.editions.count_as_told(mailing_list.name, findings.repeats)
            return _record(store, turn, RunOutcome.NOTHING_NEW, _why_nothing(len(findings.repeats)))
        try:
            edition = store.editions.publish(
                made.edition,
                made.rendering,
                uid=secrets.token_hex(16),
                cadence=mailing_list.cadence,
                missable=made.missable,
                variants=made.variants,
                week=made.week,
            )
        except PublishConflictError:
            if attempt == _CONFLICT_TRIES:
                raise
            continue
        run = replace(turn, outcome=RunOutcome.PUBLISHED, edition_number=edition.number)
        return PublishReport(run=run, edition=edition)
    raise AssertionError("unreachable: the last attempt returns or raises")


def slots_due(store: Store, mailing_list: MailingList, *, now: datetime) -> tuple[DueSlot, ...]:
    """Return the slots of a list that have come and are neither answered nor recorded as skipped.

    A list that the store has not met yet is made known: its slots count from now.
    """
    known_since = store.editions.know_list(mailing_list.name, now=now)
    return due_slots(
        mailing_list.schedule,
        mailing_list.time_zone,
        answered_until=store.editions.answered_until(mailing_list.name, now=now) or min(known_since, now),
        now=now,
        grace=mailing_list.grace,
    )


def publish_due(
    store: Store, mailing_list: MailingList, press: Press, *, now: datetime
) -> list[PublishReport]:
    """Answer every slot of a list that has come, and record the ones that were missed.

    Args:
        store: Where everything is.
        mailing_list: The list.
        press: Templates and links.
        now: UTC.

    Raises:
        NewsletterError: As `publish`; the slot is tried again at the next wake-up within its grace period.
    """
    reports = []
    for slot in slots_due(store, mailing_list, now=now):
        try:
            if slot.decision is SlotDecision.PUBLISH:
                reports.append(publish(store, mailing_list, press, now=now, slot_at=slot.slot_at))
            else:
                turn = Run(
                    list_name=mailing_list.name,
                    slot_at=slot.slot_at,
                    started_at=now,
                    outcome=RunOutcome.SKIPPED,
                )
                reports.append(_record(store, turn, RunOutcome.SKIPPED, slot.reason))
        except PublishConflictError:
            # Another service answered it first: that is what the store's constraint is for.
            continue
    return reports


def _record(store: Store, turn: Run, outcome: RunOutcome, reason: str) -> PublishReport:
    run = replace(turn, outcome=outcome, reason=reason)
    store.editions.record_run(run)
    return PublishReport(run=run)


def _why_nobody(mailing_list: MailingList) -> str:
    if mailing_list.cadence is Cadence.WEEKLY:
        return f"nobody reads {mailing_list.audience_name} weekly"
    return f"{mailing_list.name} has no confirmed subscriber; the documents wait"


def _why_nothing(repeats: int) -> str:
    if not repeats:
        return "no document is new since the last edition"
    documents = "1 new document says" if repeats == 1 else f"{repeats} new documents say"
    return f"{documents} nothing that this list was not told"
