"""Answering: each slot of a list gets its edition, or a record of why it gets none."""

from datetime import datetime

from newsletter.editions.approval import ruling
from newsletter.editions.slots import due_slots, next_slot
from newsletter.errors import ProposalChangedError, PublishConflictError
from newsletter.model.editions import (
    Approval,
    DueSlot,
    MailingList,
    PublishReport,
    Run,
    RunOutcome,
    SlotDecision,
    Turn,
)
from newsletter.model.proposals import Proposal, Ruling
from newsletter.publish.pressing import Press
from newsletter.publish.proposing import is_outdated, propose
from newsletter.publish.turns import CONFLICT_TRIES, publish, publish_proposed, record, turn_of
from newsletter.store.store import Store

#: Why a proposal is made anew; its list has had another edition since.
OUTDATED = "made anew, and to be approved anew: its list has had another edition since it was proposed"


def slots_due(store: Store, mailing_list: MailingList, *, now: datetime) -> tuple[DueSlot, ...]:
    """Return the slots of a list that have come and are neither answered nor recorded as skipped.

    A list that the store has not met yet is made known: its slots count from now. What was proposed for a
    slot that the schedule has no longer is due all the same.
    """
    known_since = store.editions.know_list(mailing_list.name, now=now)
    return due_slots(
        mailing_list.schedule,
        mailing_list.time_zone,
        answered_until=store.editions.answered_until(mailing_list.name, now=now) or min(known_since, now),
        now=now,
        grace=mailing_list.grace,
        proposed=[proposal.slot_at for proposal in store.proposals.open(mailing_list.name)],
    )


def turn(store: Store, mailing_list: MailingList, *, now: datetime) -> Turn:
    """Return whether there is anything to do for a list: what waits for an operator is not."""
    for slot in slots_due(store, mailing_list, now=now):
        proposal = store.proposals.of_slot(mailing_list.name, slot.slot_at)
        if slot.decision is SlotDecision.SKIP or proposal is None:
            return Turn.ANSWER
        if _ruling(proposal, mailing_list) is not Ruling.WAITS or is_outdated(store, proposal):
            return Turn.ANSWER
    is_outdated_one = any(
        _is_to_be_made_anew(store, mailing_list, proposal, now)
        for proposal in store.proposals.open(mailing_list.name)
    )
    return Turn.PROPOSE if is_outdated_one or slot_to_propose(store, mailing_list, now=now) else Turn.NONE


def publish_due(
    store: Store, mailing_list: MailingList, press: Press, *, now: datetime
) -> list[PublishReport]:
    """Answer every slot of a list that has come, and record the ones that were missed.

    Where an operator has to approve, the edition is proposed, and published once it is.

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
                report = _answer(store, mailing_list, press, slot.slot_at, now)
            else:
                report = _skip(store, mailing_list, slot, now)
        except (PublishConflictError, ProposalChangedError):
            # Another service answered it first: that is what the store's constraint is for.
            continue
        if report is not None:
            reports.append(report)
    return reports


def slot_to_propose(store: Store, mailing_list: MailingList, *, now: datetime) -> datetime | None:
    """Return the coming slot whose edition is to be proposed by now, UTC; None: not yet, or it is already.

    One waits at a time: while an earlier one of the list is open, nothing is proposed.
    """
    if mailing_list.approval is Approval.AUTOMATIC:
        return None
    slot_at = next_slot(mailing_list.schedule, mailing_list.time_zone, now)
    if slot_at - now > mailing_list.review or store.proposals.open(mailing_list.name):
        return None
    return None if store.proposals.is_answered(mailing_list.name, slot_at) else slot_at


def propose_due(
    store: Store, mailing_list: MailingList, press: Press, *, now: datetime
) -> PublishReport | None:
    """Propose the edition of the coming slot if it is time to, and make anew what waits and is outdated.

    Returns:
        None if there was nothing to do.

    Raises:
        NewsletterError: As `publish`.
    """
    slot_at, outdated = slot_to_propose(store, mailing_list, now=now), None
    for proposal in store.proposals.open(mailing_list.name):
        if _is_to_be_made_anew(store, mailing_list, proposal, now):
            slot_at, outdated = proposal.slot_at, proposal
    if slot_at is None:
        return None
    note = OUTDATED if outdated is not None else ""
    try:
        report = propose(store, mailing_list, press, slot_at=slot_at, now=now, instead_of=outdated, note=note)
    except (ProposalChangedError, PublishConflictError):
        # Another service was first.
        return None
    return report if report.run.outcome is RunOutcome.PROPOSED else None


def _is_to_be_made_anew(store: Store, mailing_list: MailingList, proposal: Proposal, now: datetime) -> bool:
    """Tell whether what is proposed for a coming slot was sent in another edition, and is still wanted."""
    is_wanted = proposal.slot_at > now and _ruling(proposal, mailing_list) is not Ruling.LEFT_OUT
    return is_wanted and is_outdated(store, proposal)


def _answer(
    store: Store, mailing_list: MailingList, press: Press, slot_at: datetime, now: datetime
) -> PublishReport | None:
    """Publish, propose or leave out the edition of a slot; return None while it waits."""
    said = None
    for _ in range(CONFLICT_TRIES):
        proposal = store.proposals.of_slot(mailing_list.name, slot_at)
        if proposal is None and mailing_list.approval is Approval.AUTOMATIC:
            return publish(store, mailing_list, press, now=now, slot_at=slot_at)
        if proposal is not None:
            if proposal.settled_at is not None:
                return said
            try:
                return _carry_out(store, mailing_list, proposal, now) or said
            except PublishConflictError:
                if store.proposals.of_slot(mailing_list.name, slot_at) != proposal:
                    continue
        note = OUTDATED if proposal is not None else ""
        said = propose(store, mailing_list, press, slot_at=slot_at, now=now, instead_of=proposal, note=note)
        if said.run.outcome is not RunOutcome.PROPOSED:
            return said
    return said


def _carry_out(
    store: Store, mailing_list: MailingList, proposal: Proposal, now: datetime
) -> PublishReport | None:
    """Do what was decided about an open proposal whose slot has come; return None while it waits.

    Raises:
        PublishConflictError: What it holds was sent in another edition, or it was changed meanwhile.
    """
    what = _ruling(proposal, mailing_list)
    if what is Ruling.LEFT_OUT:
        reason = f"left out by {proposal.decided_by}; its documents wait for the next edition"
        return record(store, turn_of(proposal, now=now), RunOutcome.SKIPPED, reason)
    if is_outdated(store, proposal):
        raise PublishConflictError(f"{proposal.list_name} has had another edition since")
    return publish_proposed(store, mailing_list, proposal, now=now) if what is Ruling.GOES_OUT else None


def _skip(store: Store, mailing_list: MailingList, slot: DueSlot, now: datetime) -> PublishReport:
    proposal = store.proposals.of_slot(mailing_list.name, slot.slot_at)
    reason = slot.reason
    if proposal is not None and _ruling(proposal, mailing_list) is Ruling.WAITS:
        grace = mailing_list.grace
        within = (
            f"within {grace.total_seconds() / 3600:g} h" if now - slot.slot_at > grace else "before the next"
        )
        reason = f"nobody approved it {within}; its documents come in the next edition"
    run = Run(list_name=mailing_list.name, slot_at=slot.slot_at, started_at=now, outcome=RunOutcome.SKIPPED)
    return record(store, run, RunOutcome.SKIPPED, reason)


def _ruling(proposal: Proposal, mailing_list: MailingList) -> Ruling:
    return ruling(proposal.state, mailing_list.approval, proposal.checks)
