"""How lists, editions and proposals stand, for programs: the same keys in every listing."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from newsletter.model.alerts import Alert
from newsletter.model.deliveries import DeliveryState
from newsletter.model.documents import FileReport
from newsletter.model.editions import PublishedEdition, Run
from newsletter.model.mailboxes import MailboxState
from newsletter.model.proposals import PendingProposal
from newsletter.model.sources import Source
from newsletter.model.status import EditionStatus, ListStatus, SendingTrouble, Status
from newsletter.model.subscribers import Cadence, Readership

Row = dict[str, object]


def status_as_json(status: Status, waiting: Sequence[PendingProposal], alerts: Sequence[Alert]) -> Row:
    """Return how everything stands; `waiting`: what is proposed; `alerts`: those that are open."""
    return {
        "store": status.place,
        "documents": status.documents,
        "lists": [_list(state, waiting) for state in status.lists],
        "left_over": [edition_as_json(state) for state in status.left_over],
        "troubles": [_trouble(trouble) for trouble in status.troubles],
        "missing_places": list(status.missing),
        "mailboxes": [_mailbox(box) for box in status.mailboxes],
        "failing_sources": [_source(source) for source in status.failing],
        "refusals": [_refusal(file) for file in status.refusals],
        "suppressed": {reason.value: count for reason, count in status.suppressions.items()},
        "alerts": [alert_as_json(alert) for alert in alerts],
    }


def alert_as_json(alert: Alert) -> Row:
    """Return an alert, open or over."""
    return {
        "id": alert.id,
        "kind": alert.condition.kind.value,
        "subject": alert.condition.subject,
        "what": alert.condition.what,
        "repair": alert.condition.repair,
        "raised_at": alert.raised_at,
        "fine_since": alert.fine_since,
        "cleared_at": alert.cleared_at,
    }


def edition_as_json(state: EditionStatus) -> Row:
    """Return a published edition and how many readers are in each state; every state is there."""
    return published_as_json(state.edition) | {"counts": _counts(state.counts)}


def published_as_json(edition: PublishedEdition) -> Row:
    """Return a published edition."""
    return {
        "list": edition.list_name,
        "edition": edition.number,
        "subject": edition.subject,
        "created_at": edition.created_at,
        "state": edition.state.value,
        "audience": edition.audience,
    }


def pending_as_json(pending: PendingProposal) -> Row:
    """Return a proposal, what becomes of it if nobody acts (`outlook`), and until when it can be approved."""
    proposal = asdict(pending.proposal)
    named = {"list": proposal.pop("list_name"), "edition": proposal.pop("number")}
    return {
        **named,
        **proposal,
        "outlook": pending.ruling.value,
        "closes_at": pending.closes_at,
        "newer_documents": pending.newer_documents,
    }


def _counts(counts: Mapping[DeliveryState, int]) -> dict[str, int]:
    return {state.value: counts.get(state, 0) for state in DeliveryState}


def _list(state: ListStatus, waiting: Sequence[PendingProposal]) -> Row:
    mailing_list = state.mailing_list
    return {
        "list": mailing_list.name,
        "title": mailing_list.title,
        "is_weekly_digest": mailing_list.cadence is Cadence.WEEKLY,
        "time_zone": mailing_list.time_zone,
        "next_slot_at": state.next_slot,
        "subscribers": _readers(state.readership),
        "stranded": state.stranded,
        "new_documents": state.new_documents,
        "new_headlines": state.new_headlines,
        "waiting": [pending_as_json(one) for one in waiting if one.proposal.list_name == mailing_list.name],
        "editions": [edition_as_json(edition) for edition in state.editions],
        "runs": [_run(run) for run in state.runs],
    }


def _readers(readership: Readership) -> Row:
    return {
        cadence.value: {"awake": readership.awake[cadence], "paused": readership.paused[cadence]}
        for cadence in Cadence
    }


def _run(run: Run) -> Row:
    return {
        "slot_at": run.slot_at,
        "started_at": run.started_at,
        "outcome": run.outcome.value,
        "reason": run.reason,
        "edition": run.edition_number,
    }


def _trouble(trouble: SendingTrouble) -> Row:
    edition = trouble.edition
    return {
        "account": trouble.account,
        "list": edition.list_name if edition else None,
        "edition": edition.number if edition else None,
        "until": trouble.breaker.open_until,
        "is_permanent": trouble.breaker.permanent,
        "reason": trouble.breaker.reason,
    }


def _mailbox(box: MailboxState) -> Row:
    return {"mailbox": box.name, "failing_since": box.failing_since, "problem": box.problem}


def _source(source: Source) -> Row:
    return {"url": source.url, "failing_since": source.failing_since, "problem": source.problem}


def _refusal(file: FileReport) -> Row:
    return {
        "folder": file.folder,
        "path": file.path,
        "reason": file.refusal.value if file.refusal else None,
        "detail": file.detail,
    }
