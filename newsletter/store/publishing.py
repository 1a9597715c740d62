"""What is written when an edition is published, and of turns that made none."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, delete, func, insert, select, update

from newsletter.errors import PublishConflictError
from newsletter.model.audit import AuditEntry
from newsletter.model.editions import Edition, EditionState, Run, RunOutcome, Variant, WeekBehind
from newsletter.model.messages import Rendering
from newsletter.model.proposals import Proposal
from newsletter.model.subscribers import Cadence
from newsletter.store import audit, tables
from newsletter.store.archive import keep_stories
from newsletter.store.audience import queue_deliveries
from newsletter.store.batches import defer_batches
from newsletter.store.codec import to_json
from newsletter.store.proposals import check_unproposed, publish_proposal, settle_proposal
from newsletter.store.statements import in_portions, inserted_id
from newsletter.store.variants import assign_variants

_lists = tables.lists
_editions = tables.editions
_told = tables.edition_documents
_runs = tables.runs
_deliveries = tables.deliveries


def publish(
    connection: Connection,
    edition: Edition,
    rendering: Rendering,
    *,
    uid: str,
    cadence: Cadence,
    missable: Sequence[Sequence[int]],
    variants: Sequence[Variant],
    week: WeekBehind | None,
    proposal: Proposal | None,
    entry: AuditEntry | None,
) -> int:
    """Write all that `Editions.publish` says, and return the edition's id.

    Raises:
        PublishConflictError: As for `Editions.publish`; the transaction is to be rolled back.
    """
    _take_number(connection, edition)
    if proposal is not None:
        publish_proposal(connection, proposal, now=edition.created_at)
    _check_untold(connection, edition)
    _check_slot(connection, edition.list_name, edition.slot_at)
    if edition.slot_at is not None:
        check_unproposed(connection, edition.list_name, edition.slot_at)
    edition_id = _insert_edition(connection, edition, rendering, uid)
    _note_told(connection, edition, edition_id)
    keep_stories(connection, edition, edition_id)
    list_name, now = rendering.headers.list_name, edition.created_at
    queue_deliveries(connection, edition_id, list_name=list_name, cadence=cadence, now=now)
    if variants or week:
        assign_variants(connection, edition_id, missable, variants, week)
    _note_audience(connection, edition_id)
    _record_run(connection, _run_of(edition))
    if entry is not None:
        audit.note(connection, entry)
    return edition_id


def record_run(connection: Connection, run: Run) -> None:
    """Record a turn that made no edition, and settle what was proposed for its slot.

    Raises:
        PublishConflictError: As for `Editions.record_run`.
    """
    _record_run(connection, run)
    settle_proposal(connection, run)


def _take_number(connection: Connection, edition: Edition) -> None:
    """Advance the list's counter; it also makes a second publisher wait here until we are through."""
    result = connection.execute(
        update(_lists)
        .where(_lists.c.name == edition.list_name, _lists.c.last_number == edition.number - 1)
        .values(last_number=edition.number)
    )
    if result.rowcount != 1:
        raise PublishConflictError(
            f"edition No. {edition.number} of {edition.list_name} was published by another process"
        )


def _check_untold(connection: Connection, edition: Edition) -> None:
    for some in in_portions(edition.document_ids):
        told = connection.scalar(
            select(func.count())
            .select_from(_told)
            .where(
                _told.c.list_name == edition.list_name,
                _told.c.document_id.in_(some),
            )
        )
        if told:
            raise PublishConflictError(f"{told} of these documents were published by another process")


def _insert_edition(connection: Connection, edition: Edition, rendering: Rendering, uid: str) -> int:
    result = connection.execute(
        insert(_editions).values(
            uid=uid,
            list_name=edition.list_name,
            number=edition.number,
            slot_at=edition.slot_at,
            created_at=edition.created_at,
            subject=rendering.subject,
            preheader=rendering.preheader,
            html=rendering.html,
            body_text=rendering.text,
            token=rendering.token,
            headers=to_json(rendering.headers),
            content=to_json(edition),
            audience=0,
            state=EditionState.OPEN.value,
            audience_list=rendering.headers.list_name,
        )
    )
    return inserted_id(result)


def _note_told(connection: Connection, edition: Edition, edition_id: int) -> None:
    """Note which documents an edition answers for: its list is not told them again."""
    connection.execute(
        insert(_told),
        [
            {"edition_id": edition_id, "document_id": document_id, "list_name": edition.list_name}
            for document_id in edition.document_ids
        ],
    )


def _note_audience(connection: Connection, edition_id: int) -> None:
    """Note with an edition for how many readers it is queued, and tell workers of them, if there are any."""
    # Not every driver counts the rows of an INSERT ... SELECT.
    ids = _deliveries.c.id
    queued = select(func.count(), func.min(ids), func.max(ids)).where(_deliveries.c.edition_id == edition_id)
    audience, first_id, last_id = connection.execute(queued).one()
    connection.execute(update(_editions).where(_editions.c.id == edition_id).values(audience=audience))
    defer_batches(connection, edition_id, first_id, last_id)


def _run_of(edition: Edition) -> Run:
    return Run(
        list_name=edition.list_name,
        slot_at=edition.slot_at,
        started_at=edition.created_at,
        outcome=RunOutcome.PUBLISHED,
        edition_number=edition.number,
    )


def _check_slot(connection: Connection, list_name: str, slot_at: datetime | None) -> None:
    """See that a slot is unanswered; a failed run does not count and makes room."""
    if slot_at is None:
        return
    # Whoever answers the same slot at the same time waits here.
    connection.execute(select(_lists.c.name).where(_lists.c.name == list_name).with_for_update())
    same_slot = and_(_runs.c.list_name == list_name, _runs.c.slot_at == slot_at)
    connection.execute(delete(_runs).where(same_slot, _runs.c.outcome == RunOutcome.FAILED.value))
    if connection.scalar(select(_runs.c.id).where(same_slot)) is not None:
        raise PublishConflictError(f"the slot {slot_at:%Y-%m-%d %H:%M} UTC was answered already")


def _record_run(connection: Connection, run: Run) -> None:
    _check_slot(connection, run.list_name, run.slot_at)
    connection.execute(
        insert(_runs).values(
            list_name=run.list_name,
            slot_at=run.slot_at,
            started_at=run.started_at,
            outcome=run.outcome.value,
            reason=run.reason,
            edition_number=run.edition_number,
        )
    )
