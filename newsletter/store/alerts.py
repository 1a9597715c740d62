"""Alerts: what is open, what was told, and the messages that are still to be handed over.

What a look found is written, and its messages queued, in one transaction: of two services that find the same,
one tells of it. A message is taken before it is handed over; whoever dies in between leaves it to be taken
again, so that it may be told twice, and is never lost.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from newsletter.model.alerts import Alert, AlertDecision, AlertKind, AlertNotice, Channel, Condition
from newsletter.model.feedback import FeedbackKind
from newsletter.store import tables
from newsletter.store.alert_tables import alert_notices as _notices
from newsletter.store.alert_tables import alerts as _alerts
from newsletter.store.codec import from_json, to_json
from newsletter.store.database import Database
from newsletter.store.statements import insert_new

_deliveries = tables.deliveries
_feedback = tables.feedback

#: How long what is over is kept, with the messages about it.
_KEPT = timedelta(days=90)

#: How long a message that was taken is nobody else's.
_TAKEN_FOR = timedelta(minutes=5)

_OPEN = _alerts.c.cleared_at.is_(None)

_BOUNCES = (FeedbackKind.HARD_BOUNCE.value, FeedbackKind.SOFT_BOUNCE.value)


class Alerts:
    """What is wrong, and who was told."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self) -> list[Alert]:
        """Return the alerts that are not over, the oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(_alerts).where(_OPEN).order_by(_alerts.c.id))
            return [_to_alert(row) for row in rows]

    def latest(self, *, limit: int) -> list[Alert]:
        """Return alerts, open or over, the newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(_alerts).order_by(_alerts.c.id.desc()).limit(limit))
            return [_to_alert(row) for row in rows]

    def record(
        self, decision: AlertDecision, *, addresses: Sequence[str], has_webhook: bool, now: datetime
    ) -> list[Alert]:
        """Write down what was decided, and queue the messages about it.

        Args:
            decision: What is raised, changed, and over.
            addresses: Who is told by mail: of all of it in one message.
            has_webhook: Whether a webhook is told: of each by itself.
            now: UTC.

        Returns:
            The alerts that were raised and those that are over; what another process wrote first is not
            among them.
        """
        with self._database.transaction() as connection:
            events = [
                alert
                for condition in decision.raised
                if (alert := _raise(connection, condition, now)) is not None
            ]
            events += [alert for alert in decision.cleared if _change(connection, alert)]
            for alert in decision.changed:
                _change(connection, alert)
            for address in addresses if events else ():
                _queue(connection, Channel.MAIL, address, events, now)
            for alert in events if has_webhook else ():
                _queue(connection, Channel.WEBHOOK, "", [alert], now)
            if events:
                _forget(connection, now - _KEPT)
        return events

    def take(self, channels: Collection[Channel], *, limit: int, now: datetime) -> list[AlertNotice]:
        """Take messages that are due, the oldest first; nobody else takes them for five minutes."""
        query = (
            select(_notices)
            .where(_notices.c.due_at <= now, _notices.c.channel.in_([one.value for one in channels]))
            .order_by(_notices.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        with self._database.transaction() as connection:
            taken = [_to_notice(row) for row in connection.execute(query)]
            for notice in taken:
                values = {"attempts": notice.attempts, "due_at": now + _TAKEN_FOR}
                connection.execute(update(_notices).where(_notices.c.id == notice.id).values(**values))
        return taken

    def told(self, notice: AlertNotice, *, reply: str, now: datetime) -> None:
        """Note that a message was handed over."""
        self._note(notice, due_at=None, told_at=now, reply=reply)

    def put_off(self, notice: AlertNotice, until: datetime | None, *, reply: str) -> None:
        """Let a message be tried again from a moment on, UTC; None: it is given up."""
        self._note(notice, due_at=until, told_at=None, reply=reply)

    def waiting(self) -> int:
        """Return how many messages are still to be handed over."""
        query = select(func.count()).select_from(_notices).where(_notices.c.due_at.is_not(None))
        with self._database.reading() as connection:
            return connection.scalar(query) or 0

    def returned(self, edition_id: int, *, since: datetime) -> tuple[int, int]:
        """Return how many readers' mails of an edition came back, and how many were complained about.

        Args:
            edition_id: The edition.
            since: When it was made, UTC: what came in before is not looked through.
        """
        query = (
            select(_feedback.c.kind, _feedback.c.delivery_id)
            .join(_deliveries, _deliveries.c.id == _feedback.c.delivery_id)
            .where(
                _feedback.c.received_at >= since,
                _feedback.c.kind.in_([*_BOUNCES, FeedbackKind.COMPLAINT.value]),
                _deliveries.c.edition_id == edition_id,
                # What its server refused at once is counted there.
                _deliveries.c.state == "accepted",
            )
        )
        with self._database.reading() as connection:
            found = connection.execute(query).all()
        bounced = {row.delivery_id for row in found if row.kind in _BOUNCES}
        complained = {row.delivery_id for row in found if row.kind not in _BOUNCES}
        return len(bounced), len(complained)

    def _note(self, notice: AlertNotice, **values: object) -> None:
        with self._database.transaction() as connection:
            connection.execute(update(_notices).where(_as_taken(notice)).values(**values))


def _as_taken(notice: AlertNotice) -> Any:  # noqa: ANN401 - a condition
    """Return what holds as long as nobody else has taken a message meanwhile."""
    return (_notices.c.id == notice.id) & (_notices.c.attempts == notice.attempts)


def _raise(connection: Connection, condition: Condition, now: datetime) -> Alert | None:
    """Raise an alert; None if it is open already."""
    values = {"kind": condition.kind.value, "subject": condition.subject}
    texts = {"what": condition.what, "repair": condition.repair}
    added = insert_new(connection, _alerts).values(**values, **texts, raised_at=now).returning(_alerts)
    row = connection.execute(added).one_or_none()
    return _to_alert(row) if row is not None else None


def _change(connection: Connection, alert: Alert) -> bool:
    """Write an open alert as it is to stand; False if it is over already."""
    values = {
        "what": alert.condition.what,
        "repair": alert.condition.repair,
        "fine_since": alert.fine_since,
        "cleared_at": alert.cleared_at,
    }
    changed = update(_alerts).where(_alerts.c.id == alert.id, _OPEN).values(**values)
    return connection.execute(changed).rowcount == 1


def _queue(
    connection: Connection, channel: Channel, target: str, alerts: Sequence[Alert], now: datetime
) -> None:
    values = {"channel": channel.value, "target": target, "content": to_json(_Told(alerts=tuple(alerts)))}
    connection.execute(
        insert(_notices).values(
            **values, uid=secrets.token_hex(16), created_at=now, attempts=0, due_at=now, reply=""
        )
    )


def _forget(connection: Connection, before: datetime) -> None:
    over = or_(_notices.c.told_at.is_not(None), _notices.c.due_at.is_(None))
    connection.execute(delete(_notices).where(_notices.c.created_at < before, over))
    connection.execute(delete(_alerts).where(_alerts.c.cleared_at < before))


@dataclass(frozen=True, kw_only=True)
class _Told:
    alerts: tuple[Alert, ...]


def _to_alert(row: Row[Any]) -> Alert:
    return Alert(
        id=row.id,
        condition=Condition(kind=AlertKind(row.kind), subject=row.subject, what=row.what, repair=row.repair),
        raised_at=row.raised_at,
        fine_since=row.fine_since,
        cleared_at=row.cleared_at,
    )


def _to_notice(row: Row[Any]) -> AlertNotice:
    return AlertNotice(
        id=row.id,
        uid=row.uid,
        channel=Channel(row.channel),
        target=row.target,
        alerts=from_json(_Told, row.content).alerts,
        attempts=row.attempts + 1,
        created_at=row.created_at,
    )
