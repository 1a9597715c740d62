"""Failures: why deliveries were refused, and whose, counted by the database."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select

from newsletter.model.deliveries import DeliveryState
from newsletter.model.lookups import DomainRow, FailureClass, Failures, ReasonRow
from newsletter.store import tables
from newsletter.store.database import Database
from newsletter.store.steps import of_states

_deliveries = tables.deliveries
_subscribers = tables.subscribers

_REFUSED = (DeliveryState.FAILED, DeliveryState.DEFERRED, DeliveryState.UNCERTAIN)

#: Characters of a reply that hold its phase, its code and its enhanced code; what follows names readers.
_HEAD = 26

#: Kinds of replies that are read, the most frequent first.
_MOST_HEADS = 400

_MOST_REASONS, _MOST_DOMAINS = 30, 30

#: Reply code, enhanced code and its class.
_Kind = tuple[int, str, FailureClass]

#: A reply as `Reply` is written, "RCPT: 550 5.1.1 ...".
_REPLY = re.compile(r"[A-Za-z]+: ([2-5]\d\d) (?:([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]))?")

_CLASSES = {
    1: FailureClass.ADDRESS,
    2: FailureClass.MAILBOX,
    3: FailureClass.SYSTEM,
    4: FailureClass.NETWORK,
    5: FailureClass.PROTOCOL,
    6: FailureClass.CONTENT,
    7: FailureClass.POLICY,
}


class FailureLookups:
    """Why deliveries were refused, and whose."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, edition_ids: Sequence[int]) -> Failures:
        """Return why deliveries of some editions were refused, for good, for now, or nobody knows.

        Args:
            edition_ids: A few.
        """
        refused = _deliveries.c.edition_id.in_(edition_ids) & of_states(_REFUSED)
        with self._database.reading() as connection:
            reasons, total = _reasons(connection, refused)
            domains, domain_count = _domains(connection, refused)
        return Failures(
            total=total,
            reasons=tuple(reasons[:_MOST_REASONS]),
            domains=tuple(domains),
            more_domains=domain_count - len(domains),
        )


def code_of(reply: str) -> _Kind:
    """Return reply code, enhanced code and its class; 0, nothing and OTHER where no server answered."""
    found = _REPLY.match(reply)
    if found is None:
        return 0, "", FailureClass.OTHER
    code, status, subject, detail = found.groups()
    if status is None:
        return int(code), "", FailureClass.OTHER
    return int(code), f"{status}.{subject}.{detail}", _CLASSES.get(int(subject), FailureClass.OTHER)


def _reasons(connection: Connection, refused: ColumnElement[bool]) -> tuple[list[ReasonRow], int]:
    """Return the reasons, and how many deliveries were refused in all."""
    head = func.substr(_deliveries.c.reply, 1, _HEAD)
    query = (
        select(
            _deliveries.c.state,
            func.count().label("readers"),
            func.min(_deliveries.c.reply).label("example"),
            func.sum(func.count()).over().label("total"),
        )
        .where(refused)
        .group_by(head, _deliveries.c.state)
        .order_by(func.count().desc(), func.min(_deliveries.c.reply))
        .limit(_MOST_HEADS)
    )
    found: dict[_Kind, tuple[str, Counter[DeliveryState]]] = {}
    total = 0
    for row in connection.execute(query):
        total = int(row.total)
        _, states = found.setdefault(code_of(row.example), (row.example, Counter()))
        states[DeliveryState(row.state)] += row.readers
    rows = [
        ReasonRow(code=code, enhanced=enhanced, failure_class=of, states=states, example=example)
        for (code, enhanced, of), (example, states) in found.items()
    ]
    return sorted(rows, key=lambda row: -row.count), total


def _domains(connection: Connection, refused: ColumnElement[bool]) -> tuple[list[DomainRow], int]:
    """Return the domains with the most refusals, and how many domains there are."""
    domain = _domain(connection)
    of_state = {
        state: func.sum(case((_deliveries.c.state == state.value, 1), else_=0)).label(state.value)
        for state in _REFUSED
    }
    query = (
        select(domain.label("domain"), *of_state.values(), func.count().over().label("total"))
        .join(_subscribers, _subscribers.c.id == _deliveries.c.subscriber_id)
        # Of readers who were erased no domain is known.
        .where(refused, _subscribers.c.address_key.contains("@"))
        .group_by(domain)
        .order_by(func.count().desc(), domain)
        .limit(_MOST_DOMAINS)
    )
    rows = connection.execute(query).all()
    shown = [
        DomainRow(
            domain=row.domain,
            states={state: n for state in _REFUSED if (n := int(getattr(row, state.value)))},
        )
        for row in rows
    ]
    return shown, rows[0].total if rows else 0


def _domain(connection: Connection) -> ColumnElement[Any]:
    """Return the expression for the part of an address after its at sign; no address has two."""
    key = _subscribers.c.address_key
    if connection.dialect.name == "sqlite":
        return func.substr(key, func.instr(key, "@") + 1)
    return func.split_part(key, "@", 2)
