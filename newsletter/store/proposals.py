"""Proposals: editions that are frozen before they go out, and what was decided about each.

A slot has one proposal at most. Every change counts its version up, and is written only about the version
that it was meant for: of two decisions at once, one is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from newsletter.errors import ProposalChangedError, ProposalError, PublishConflictError
from newsletter.model.audit import AuditEntry
from newsletter.model.checks import Check, UsualFacts
from newsletter.model.editions import Draft, DroppedStory, Run, RunOutcome, WeekBehind
from newsletter.model.proposals import Proposal, ProposalState, ProposedEdition
from newsletter.store import audit, tables
from newsletter.store.codec import from_json, to_json
from newsletter.store.database import Database
from newsletter.store.proposal_tables import proposals as _proposals
from newsletter.store.statements import inserted_id

_lists = tables.lists
_runs = tables.runs

_HEADINGS = tuple(column for column in _proposals.c if column.name != "content")
_OPEN = _proposals.c.settled_at.is_(None)


class Proposals:
    """What is to go out, and who said so."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        proposed: ProposedEdition,
        checks: Sequence[Check],
        *,
        note: str = "",
        entry: AuditEntry | None = None,
    ) -> Proposal | None:
        """Keep an edition for its slot until that is answered; its list must be known.

        Args:
            proposed: The edition.
            checks: Of that.
            note: Why it is made, for the operator.
            entry: Goes into the audit log.

        Returns:
            None if the slot has a proposal, or is answered.
        """
        edition = proposed.draft.edition
        with self._database.transaction() as connection:
            # Whoever answers the slot at the same time waits here, or we do.
            mine = _lists.c.name == edition.list_name
            connection.execute(select(_lists.c.name).where(mine).with_for_update())
            if _is_taken(connection, edition.list_name, edition.slot_at):
                return None
            _forget_settled(connection, edition.list_name)
            values = _content(proposed, checks) | {
                "list_name": edition.list_name,
                "slot_at": edition.slot_at,
                "state": ProposalState.PROPOSED.value,
                "version": 1,
                "note": note,
                "decided_by": "",
            }
            added = inserted_id(connection.execute(insert(_proposals).values(**values)))
            if entry is not None:
                audit.note(connection, entry)
            return _one(connection, _proposals.c.id == added)

    def replace(
        self,
        proposal: Proposal,
        proposed: ProposedEdition,
        checks: Sequence[Check],
        *,
        state: ProposalState,
        note: str = "",
        by: str = "",
        now: datetime,
        entry: AuditEntry | None = None,
    ) -> Proposal:
        """Put another edition in the place of a proposal's, for the same slot.

        Args:
            proposal: As it was seen.
            proposed: What it is to hold.
            checks: Of that.
            state: How it stands then.
            note: Why, for the operator.
            by: Who did it; empty: nobody decided.
            now: UTC.
            entry: Goes into the audit log.

        Raises:
            ProposalChangedError: It is no longer as it was seen.
        """
        decided = {"decided_by": by, "decided_at": now if by else None}
        values = _content(proposed, checks) | {"state": state.value, "note": note} | decided
        return self._change(proposal, values, entry)

    def decide(
        self, proposal: Proposal, state: ProposalState, *, by: str, now: datetime, entry: AuditEntry
    ) -> Proposal:
        """Note what an operator decided about a proposal.

        Raises:
            ProposalChangedError: It is no longer as it was seen.
        """
        values = {"state": state.value, "decided_by": by, "decided_at": now, "note": ""}
        return self._change(proposal, values, entry)

    def withdraw(self, proposal: Proposal, entry: AuditEntry | None = None) -> None:
        """Forget an open proposal of which nothing is left to tell.

        Args:
            proposal: As it was seen.
            entry: Goes into the audit log, where an operator wanted it anew.

        Raises:
            ProposalChangedError: It is no longer as it was seen.
        """
        with self._database.transaction() as connection:
            if connection.execute(delete(_proposals).where(_as_seen(proposal))).rowcount != 1:
                raise _changed(proposal)
            if entry is not None:
                audit.note(connection, entry)

    def _change(self, proposal: Proposal, values: dict[str, Any], entry: AuditEntry | None) -> Proposal:
        changed = update(_proposals).where(_as_seen(proposal)).values(version=proposal.version + 1, **values)
        with self._database.transaction() as connection:
            if connection.execute(changed).rowcount != 1:
                raise _changed(proposal)
            if entry is not None:
                audit.note(connection, entry)
            return _one(connection, _proposals.c.id == proposal.id)

    def get(self, proposal_id: int) -> Proposal:
        """Return a proposal, open or not.

        Raises:
            ProposalError: There is none.
        """
        with self._database.reading() as connection:
            row = connection.execute(select(*_HEADINGS).where(_proposals.c.id == proposal_id)).one_or_none()
        if row is None:
            raise ProposalError("there is no such proposal any more: look at what waits now")
        return _to_proposal(row)

    def open(self, list_name: str) -> list[Proposal]:
        """Return a list's proposals whose slots are not answered, the earliest first."""
        query = select(*_HEADINGS).where(_OPEN, _proposals.c.list_name == list_name)
        with self._database.reading() as connection:
            return [_to_proposal(row) for row in connection.execute(query.order_by(_proposals.c.slot_at))]

    def of_slot(self, list_name: str, slot_at: datetime) -> Proposal | None:
        """Return the proposal for a slot, open or not; None if there is none."""
        query = select(*_HEADINGS).where(_at_slot(list_name, slot_at))
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return _to_proposal(row) if row is not None else None

    def dropped(self, list_name: str) -> tuple[DroppedStory, ...]:
        """Return what operators took out of the list's editions and no edition has taken note of yet."""
        query = (
            select(*_HEADINGS)
            .where(
                _proposals.c.list_name == list_name,
                _proposals.c.state != ProposalState.PUBLISHED.value,
            )
            .order_by(_proposals.c.slot_at.desc())
            .limit(1)
        )
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        # Each proposal carries on what those before it dropped.
        return _to_proposal(row).dropped if row is not None else ()

    def is_answered(self, list_name: str, slot_at: datetime) -> bool:
        """Return whether a slot has had its edition, or was recorded as one that gets none."""
        with self._database.reading() as connection:
            return _has_run(connection, list_name, slot_at)

    def content(self, proposal: Proposal) -> ProposedEdition:
        """Return what a proposal holds: an open one, or the latest of a list.

        Raises:
            ProposalChangedError: It is no longer as it was seen.
            ProposalError: It is over, and what it held is no longer kept.
        """
        seen = _proposals.c.id == proposal.id, _proposals.c.version == proposal.version
        with self._database.reading() as connection:
            content = connection.scalar(select(_proposals.c.content).where(*seen))
        if content is None:
            raise _changed(proposal)
        if not content:
            raise ProposalError(f"{proposal.name} is {proposal.state.value}; what it held is no longer kept")
        return _thawed(content)


def publish_proposal(connection: Connection, proposal: Proposal, *, now: datetime) -> None:
    """Note that a proposal goes out, in the transaction that publishes its edition.

    Raises:
        PublishConflictError: It is no longer as it was seen.
    """
    values = {"state": ProposalState.PUBLISHED.value, "version": proposal.version + 1, "settled_at": now}
    if connection.execute(update(_proposals).where(_as_seen(proposal)).values(**values)).rowcount != 1:
        raise PublishConflictError(f"{proposal.name} was changed, or published, meanwhile")


def check_unproposed(connection: Connection, list_name: str, slot_at: datetime) -> None:
    """See that no edition was proposed for a slot, in the transaction that answers it with another one.

    Raises:
        PublishConflictError: One was.
    """
    if connection.scalar(select(_proposals.c.id).where(_OPEN, _at_slot(list_name, slot_at))) is not None:
        raise PublishConflictError(f"an edition is proposed for the slot {slot_at:%Y-%m-%d %H:%M} UTC")


def settle_proposal(connection: Connection, run: Run) -> None:
    """Note that the slot of a proposal was answered without it, in the transaction that records the run."""
    if run.slot_at is None or run.outcome is RunOutcome.FAILED:
        return
    open_one = _OPEN, _at_slot(run.list_name, run.slot_at)
    values = {"settled_at": run.started_at, "note": run.reason}
    skipped = _proposals.c.state == ProposalState.SKIPPED.value
    connection.execute(update(_proposals).where(*open_one, skipped).values(**values))
    connection.execute(
        update(_proposals).where(*open_one).values(state=ProposalState.EXPIRED.value, **values)
    )


def _forget_settled(connection: Connection, list_name: str) -> None:
    """Keep no content of a list's earlier proposals: what went out is in its edition."""
    earlier = _proposals.c.list_name == list_name, ~_OPEN, _proposals.c.content != ""
    connection.execute(update(_proposals).where(*earlier).values(content=""))


def _is_taken(connection: Connection, list_name: str, slot_at: datetime | None) -> bool:
    assert slot_at is not None  # noqa: S101 - a proposal is for a slot
    taken = connection.scalar(select(_proposals.c.id).where(_at_slot(list_name, slot_at)))
    return taken is not None or _has_run(connection, list_name, slot_at)


def _has_run(connection: Connection, list_name: str, slot_at: datetime) -> bool:
    query = select(_runs.c.id).where(
        _runs.c.list_name == list_name,
        _runs.c.slot_at == slot_at,
        _runs.c.outcome != RunOutcome.FAILED.value,
    )
    return connection.scalar(query) is not None


def _at_slot(list_name: str, slot_at: datetime) -> ColumnElement[bool]:
    return (_proposals.c.list_name == list_name) & (_proposals.c.slot_at == slot_at)


def _as_seen(proposal: Proposal) -> ColumnElement[bool]:
    return (_proposals.c.id == proposal.id) & (_proposals.c.version == proposal.version) & _OPEN


def _changed(proposal: Proposal) -> ProposalChangedError:
    return ProposalChangedError(
        f"{proposal.name} was changed, decided about or sent by somebody else meanwhile: look at it again"
    )


def _one(connection: Connection, where: ColumnElement[bool]) -> Proposal:
    return _to_proposal(connection.execute(select(*_HEADINGS).where(where)).one())


def _to_proposal(row: Row[Any]) -> Proposal:
    columns = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row's columns
    columns["state"] = ProposalState(columns["state"])
    columns["checks"] = from_json(_Checks, columns["checks"]).checks
    columns["dropped"] = from_json(_Dropped, columns["dropped"]).dropped
    return Proposal(**columns)


@dataclass(frozen=True, kw_only=True)
class _Checks:
    checks: tuple[Check, ...]


@dataclass(frozen=True, kw_only=True)
class _Dropped:
    dropped: tuple[DroppedStory, ...]


@dataclass(frozen=True, kw_only=True)
class _Frozen:
    """A proposed edition in a form that JSON can hold."""

    #: Without its `week`.
    draft: Draft
    usual: UsualFacts
    #: Of a weekly digest: the editions that it is made of, and for each set of them that readers have had
    #: their variant.
    edition_ids: tuple[int, ...] | None = None
    variants: tuple[tuple[tuple[int, ...], int | None], ...] = ()


def _content(proposed: ProposedEdition, checks: Sequence[Check]) -> dict[str, Any]:
    edition, week = proposed.draft.edition, proposed.draft.week
    frozen = _Frozen(draft=replace(proposed.draft, week=None), usual=proposed.usual)
    if week is not None:
        pairs = tuple((tuple(sorted(had)), number) for had, number in week.variants.items())
        frozen = replace(frozen, edition_ids=week.edition_ids, variants=pairs)
    return {
        "number": edition.number,
        "subject": edition.subject,
        "stories": len(edition.stories),
        "made_at": edition.created_at,
        "checks": to_json(_Checks(checks=tuple(checks))),
        "dropped": to_json(_Dropped(dropped=edition.dropped)),
        "content": to_json(frozen),
    }


def _thawed(content: str) -> ProposedEdition:
    frozen = from_json(_Frozen, content)
    draft = frozen.draft
    if frozen.edition_ids is not None:
        variants = {frozenset(had): number for had, number in frozen.variants}
        draft = replace(draft, week=WeekBehind(edition_ids=frozen.edition_ids, variants=variants))
    return ProposedEdition(draft=draft, usual=frozen.usual)
