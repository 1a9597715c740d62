"""What the operator looks up and decides about the deliveries of an edition."""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    update,
)

from newsletter.model.deliveries import WAITING_STATES, DeliveryRecord, DeliveryState, Resolution
from newsletter.model.editions import EditionState
from newsletter.store import tables
from newsletter.store.database import Database
from newsletter.store.past import copies_of
from newsletter.store.steps import CANCELLED, of_states, write_step

_deliveries = tables.deliveries
_editions = tables.editions
_subscribers = tables.subscribers
_suppressions = tables.suppressions

#: Rows fetched, or changed in one transaction: sending goes on in between.
_PAGE = 2000

#: Changes the deliveries that match, and returns how many it did.
_Change = Callable[[Connection, ColumnElement[bool]], int]

_WAITING = (DeliveryState.QUEUED.value, DeliveryState.DEFERRED.value)

#: What the operator may queue again; what is uncertain is resolved instead.
_RETRIABLE = frozenset({DeliveryState.FAILED, DeliveryState.DEFERRED})

#: Where a reader waits, or nobody knows whether he has it.
_UNSETTLED = WAITING_STATES | {DeliveryState.UNCERTAIN}


class Operations:
    """Looking at deliveries, and deciding about them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def listed(
        self,
        edition_id: int,
        *,
        states: Collection[DeliveryState] = (),
        address_key: str | None = None,
        limit: int | None = None,
    ) -> Iterator[DeliveryRecord]:
        """Yield an edition's deliveries in the order in which its readers came, in flat memory.

        Args:
            edition_id: The edition.
            states: Only in these states; empty: in any.
            address_key: Only this reader's; see `Address.key`.
            limit: How many at most.
        """
        last_id, left = 0, limit
        is_short = limit is not None and limit <= _PAGE
        while left is None or left > 0:
            page = _PAGE if left is None else min(_PAGE, left)
            query = _records(edition_id, states, address_key, after=last_id, is_short=is_short).limit(page)
            with self._database.reading() as connection:
                rows = connection.execute(query).all()
            for row in rows:
                yield _to_record(row)
            if len(rows) < page:
                return
            last_id = rows[-1].subscriber_id
            left = None if left is None else left - len(rows)

    def of_reader(self, address_key: str, *, limit: int) -> list[tuple[str, DeliveryRecord]]:
        """Return a reader's latest deliveries with their lists' names, the newest first."""
        reader = select(_subscribers.c.id).where(_subscribers.c.address_key == address_key).scalar_subquery()
        latest = copies_of(reader)
        latest = latest.order_by(latest.selected_columns.id.desc()).limit(limit)
        query = (
            _any_records()
            .add_columns(_editions.c.list_name)
            .where(_deliveries.c.id.in_(latest))
            .order_by(_deliveries.c.id.desc())
        )
        with self._database.reading() as connection:
            return [(row.list_name, _to_record(row)) for row in connection.execute(query)]

    def unsettled(self, list_name: str) -> list[int]:
        """Return the ids of a list's editions that are not through, the newest first.

        They are paused, or hold readers who still wait, or of whom nobody knows whether they have it.
        """
        unsettled = exists().where(_deliveries.c.edition_id == _editions.c.id, of_states(_UNSETTLED))
        on_their_way = select(_deliveries.c.edition_id).where(_deliveries.c.claimed_by.is_not(None))
        query = (
            select(_editions.c.id)
            .where(
                _editions.c.list_name == list_name,
                or_(
                    _editions.c.state == EditionState.PAUSED.value,
                    unsettled,
                    _editions.c.id.in_(on_their_way),
                ),
            )
            .order_by(_editions.c.number.desc())
        )
        with self._database.reading() as connection:
            return list(connection.scalars(query))

    def retry(
        self,
        edition_id: int,
        *,
        states: Collection[DeliveryState],
        address_key: str | None = None,
        now: datetime,
    ) -> int:
        """Queue failed or deferred deliveries again, with all their time before them; return how many.

        Those of suppressed addresses, and other states, stay as they are: once an address is lifted, it can
        still be tried again. Readers who left are found out when their turn comes.
        """
        chosen = [state.value for state in _RETRIABLE.intersection(states)]
        where = [*_of(edition_id, address_key), _deliveries.c.state.in_(chosen), ~_suppressed()]
        return self._in_pages(
            where,
            lambda connection, these: write_step(
                connection,
                these,
                _deliveries.c.state.in_(chosen),
                target=DeliveryState.QUEUED,
                now=now,
                due_at=now,
                queued_at=now,
                attempts=0,
            ),
        )

    def resolve(
        self, edition_id: int, resolution: Resolution, *, address_key: str | None = None, now: datetime
    ) -> int:
        """Settle what is known of uncertain deliveries; return how many."""
        is_uncertain = _deliveries.c.state == DeliveryState.UNCERTAIN.value
        where = [*_of(edition_id, address_key), is_uncertain]

        def settle(connection: Connection, these: ColumnElement[bool]) -> int:
            """Move some of the uncertain deliveries on, and return how many."""
            if resolution is Resolution.RESEND:
                # With all their time before them: what was held for days would be given up at the first 4xx.
                return write_step(
                    connection,
                    these,
                    is_uncertain,
                    target=DeliveryState.QUEUED,
                    now=now,
                    due_at=now,
                    queued_at=now,
                )
            arrived = resolution is Resolution.ARRIVED
            target = DeliveryState.ACCEPTED if arrived else DeliveryState.FAILED
            reply = f"settled by the operator: {resolution.value}"
            return write_step(connection, these, is_uncertain, target=target, now=now, reply=reply)

        return self._in_pages(where, settle)

    def pause(self, edition_id: int) -> bool:
        """Stop an edition's deliveries for now; return False if they are not going out.

        What a server is being handed at this moment is finished.
        """
        if not self._enter(edition_id, EditionState.PAUSED, before=(EditionState.OPEN,)):
            return False
        # Out of the index of what is due: a claim must not step over all of them each time.
        waiting = [*_of(edition_id, None), _deliveries.c.due_at.is_not(None)]
        self._in_pages(waiting, _set_aside)
        return True

    def resume(self, edition_id: int, *, now: datetime) -> int | None:
        """Let a paused edition go on, with all its time before it; return how many wait, None if not paused.

        The edition opens last: killed in between, it is still paused, and resuming again completes it.
        """
        if not self._is_in(edition_id, EditionState.PAUSED):
            return None
        waiting = [
            *_of(edition_id, None),
            _deliveries.c.state.in_(_WAITING),
            # What was given back after the pause had begun is due already.
            or_(_deliveries.c.due_at.is_(None), _deliveries.c.queued_at < now),
        ]
        count = self._in_pages(waiting, _let_go_on(now))
        forgotten = self._database.repeated(lambda: self._open(edition_id, now))
        return None if forgotten is None else count + forgotten

    def _open(self, edition_id: int, now: datetime) -> int | None:
        """Open a paused edition together with what a pause, still at work, has set aside meanwhile."""
        with self._database.transaction() as connection:
            if not _enter(connection, edition_id, EditionState.OPEN, before=(EditionState.PAUSED,)):
                return None
            forgotten = (_deliveries.c.edition_id == edition_id) & _deliveries.c.due_at.is_(None)
            return _let_go_on(now)(connection, forgotten)

    def cancel(self, edition_id: int, *, now: datetime) -> int | None:
        """End an edition's deliveries; return how many readers will not get it, or None if there is no such.

        What a server is being handed at this moment is finished; should that end in a refusal for now,
        cancelling again settles it.
        """
        before = (EditionState.OPEN, EditionState.PAUSED, EditionState.CANCELLED)
        if not self._enter(edition_id, EditionState.CANCELLED, before=before):
            return None
        open_states = (*_WAITING, DeliveryState.CLAIMED.value)
        where = [*_of(edition_id, None), _deliveries.c.state.in_(open_states)]
        return self._in_pages(
            where,
            lambda connection, these: write_step(
                connection,
                these,
                _deliveries.c.state.in_(open_states),
                target=DeliveryState.SUPPRESSED,
                now=now,
                reply=CANCELLED,
            ),
        )

    def _is_in(self, edition_id: int, state: EditionState) -> bool:
        with self._database.reading() as connection:
            found = connection.scalar(select(_editions.c.state).where(_editions.c.id == edition_id))
        return found == state.value

    def _enter(self, edition_id: int, state: EditionState, *, before: Collection[EditionState]) -> bool:
        with self._database.transaction() as connection:
            return _enter(connection, edition_id, state, before=before)

    def _in_pages(self, where: list[ColumnElement[bool]], change: _Change) -> int:
        """Change all deliveries that match, some in each transaction; return how many were changed.

        Rows that a sender is writing at that moment come last, one by one: whoever holds some rows and waits
        for others can then not be waiting for one that we hold.
        """
        return self._walk(where, change, page=_PAGE) + self._walk(where, change, page=1)

    def _walk(self, where: list[ColumnElement[bool]], change: _Change, *, page: int) -> int:
        total, last_id = 0, 0
        while True:
            query = (
                select(_deliveries.c.id, _deliveries.c.subscriber_id)
                .where(*where, _deliveries.c.subscriber_id > last_id)
                .order_by(_deliveries.c.subscriber_id)
                .limit(page)
                .with_for_update(of=_deliveries, skip_locked=page > 1)
            )
            with self._database.transaction() as connection:
                rows = connection.execute(query).all()
                if not rows:
                    return total
                total += change(connection, _deliveries.c.id.in_([row.id for row in rows]))
            last_id = rows[-1].subscriber_id


def _enter(
    connection: Connection, edition_id: int, state: EditionState, *, before: Collection[EditionState]
) -> bool:
    entered = connection.execute(
        update(_editions)
        .where(_editions.c.id == edition_id, _editions.c.state.in_([s.value for s in before]))
        .values(state=state.value)
    )
    return entered.rowcount == 1


def _of(edition_id: int, address_key: str | None) -> list[ColumnElement[bool]]:
    where = [_deliveries.c.edition_id == edition_id]
    if address_key is not None:
        reader = select(_subscribers.c.id).where(_subscribers.c.address_key == address_key)
        where.append(_deliveries.c.subscriber_id.in_(reader))
    return where


def _suppressed() -> ColumnElement[bool]:
    return (
        exists()
        .where(
            _subscribers.c.id == _deliveries.c.subscriber_id,
            _suppressions.c.address_hash == _subscribers.c.address_hash,
        )
        .correlate(_deliveries)
    )


def _records(
    edition_id: int,
    states: Collection[DeliveryState],
    address_key: str | None,
    *,
    after: int,
    is_short: bool,
) -> Select[tuple[object, ...]]:
    # In the order of an index: by the deliveries' own ids, each page would sort the whole edition.
    order: ColumnElement[int] = _deliveries.c.subscriber_id
    query = _any_records().where(*_of(edition_id, address_key))
    if states:
        query = query.where(of_states(states))
        # A few in some state are found by it: an expression keeps SQLite from the index of the order.
        order = order + 0 if is_short else order
    return query.where(order > after).order_by(order)


def _any_records() -> Select[tuple[object, ...]]:
    return (
        select(
            _deliveries.c.subscriber_id,
            _editions.c.number.label("edition_number"),
            _subscribers.c.address,
            _deliveries.c.state,
            _deliveries.c.attempts,
            _deliveries.c.uncertain_count,
            _deliveries.c.reply,
            _deliveries.c.due_at,
            _deliveries.c.changed_at,
        )
        .join(_subscribers, _subscribers.c.id == _deliveries.c.subscriber_id)
        .join(_editions, _editions.c.id == _deliveries.c.edition_id)
    )


def _to_record(row: Row[tuple[object, ...]]) -> DeliveryRecord:
    return DeliveryRecord(
        edition_number=row.edition_number,
        address=row.address,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        uncertain_count=row.uncertain_count,
        reply=row.reply,
        next_attempt_at=row.due_at,
        changed_at=row.changed_at,
    )


def _set_aside(connection: Connection, these: ColumnElement[bool]) -> int:
    """Take what waits out of the index of what is due, unless its edition was resumed meanwhile."""
    # Locked: until these are written nobody can resume it, and then overlook them.
    paused = connection.scalars(
        select(_editions.c.id)
        .where(
            _editions.c.id.in_(select(_deliveries.c.edition_id).where(these)),
            _editions.c.state == EditionState.PAUSED.value,
        )
        .with_for_update(read=True)
    ).all()
    # An expression: by an index of its edition SQLite would read all of that.
    these = these & (_deliveries.c.edition_id + literal_column("0")).in_(paused)
    return connection.execute(
        update(_deliveries).where(these, _deliveries.c.state.in_(_WAITING)).values(due_at=None)
    ).rowcount


def _let_go_on(now: datetime) -> _Change:
    """Make what waits due, with all its time before it: a pause must not count as days of trying."""
    due_at = func.coalesce(_deliveries.c.due_at, literal(now, tables.UtcDateTime))

    def change(connection: Connection, these: ColumnElement[bool]) -> int:
        """Make some of the waiting deliveries due, and return how many."""
        return connection.execute(
            update(_deliveries).where(these, of_states(WAITING_STATES)).values(due_at=due_at, queued_at=now)
        ).rowcount

    return change
