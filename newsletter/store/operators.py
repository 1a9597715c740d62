"""Operators' accounts: who there is, and every change of them with its entry in the audit log."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, insert, or_, select, update

from newsletter.errors import OperatorError
from newsletter.model.audit import AuditEntry
from newsletter.model.operators import Credentials, Operator, PlaceKind, Role, SessionRules
from newsletter.store import audit
from newsletter.store.database import Database, Lock
from newsletter.store.operator_tables import (
    operator_browsers,
    operator_sessions,
    operators,
    recovery_codes,
    sign_in_failures,
)


class Operators:
    """Who may sign in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def any(self) -> bool:
        """Return whether there is any."""
        with self._database.reading() as connection:
            return connection.scalar(select(operators.c.id).limit(1)) is not None

    def all(self, rules: SessionRules, *, now: datetime) -> list[Operator]:
        """Return all accounts by name."""
        with self._database.reading() as connection:
            return [_operator(row, now) for row in connection.execute(_accounts(rules, now))]

    def find(self, name: str, rules: SessionRules, *, now: datetime) -> Operator | None:
        """Return an account."""
        query = _accounts(rules, now).where(operators.c.name == name)
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return _operator(row, now) if row else None

    def recognise(self, name: str, browser_hash: str) -> tuple[Credentials | None, bool]:
        """Return what an operator proves himself by, and whether he has signed in with a browser before.

        It is one statement, whether or not there is such an operator.
        """
        browsers = operator_browsers
        is_known = and_(browsers.c.operator_id == operators.c.id, browsers.c.token_hash == browser_hash)
        query = (
            select(operators, browsers.c.token_hash)
            .join(browsers, is_known, isouter=True)
            .where(operators.c.name == name)
        )
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return (credentials_of(row), row.token_hash is not None) if row else (None, False)

    def add(self, name: str, role: Role, address: str, password_hash: str, entry: AuditEntry) -> None:
        """Add an account.

        Raises:
            OperatorError: The name is taken, or the first operator would be no admin.
        """
        with self._database.transaction() as connection:
            self._database.serialise(connection, Lock.OPERATORS)
            if connection.scalar(select(operators.c.id).where(operators.c.name == name)) is not None:
                raise OperatorError(f"there is an operator {name} already")
            values = {"name": name, "role": role.value, "address": address, "password_hash": password_hash}
            connection.execute(insert(operators).values(created_at=entry.at, totp_step=0, **values))
            if not _has_admin(connection):
                raise OperatorError("the first operator must be an admin")
            audit.note(connection, entry)

    def remove(self, name: str, entry: AuditEntry) -> None:
        """Remove an account with all that belongs to it; the audit log keeps its name.

        Raises:
            OperatorError: There is none, or it is the last admin among several.
        """
        with self._database.transaction() as connection:
            operator_id = self._changed(connection, name)
            _unlock(connection, operator_id, name)
            _end_sessions(connection, operator_id)
            connection.execute(delete(recovery_codes).where(recovery_codes.c.operator_id == operator_id))
            connection.execute(delete(operators).where(operators.c.id == operator_id))
            _check_admins(connection)
            audit.note(connection, entry)

    def set_password(self, name: str, password_hash: str, entry: AuditEntry) -> None:
        """Set a password; all sessions end.

        Raises:
            OperatorError: There is no such operator.
        """
        with self._database.transaction() as connection:
            operator_id = self._changed(connection, name, password_hash=password_hash)
            _end_sessions(connection, operator_id)
            audit.note(connection, entry)

    def set_role(self, name: str, role: Role, entry: AuditEntry) -> None:
        """Set a role; all sessions end.

        Raises:
            OperatorError: There is no such operator, or it is the last admin among several.
        """
        with self._database.transaction() as connection:
            operator_id = self._changed(connection, name, role=role.value)
            _check_admins(connection)
            _end_sessions(connection, operator_id)
            audit.note(connection, entry)

    def set_address(self, name: str, address: str, entry: AuditEntry) -> None:
        """Set a mail address, or none.

        Raises:
            OperatorError: There is no such operator.
        """
        with self._database.transaction() as connection:
            self._changed(connection, name, address=address)
            audit.note(connection, entry)

    def end_sessions(self, name: str, entry: AuditEntry) -> None:
        """End all sessions of an operator; no browser is known any more.

        Raises:
            OperatorError: There is no such operator.
        """
        with self._database.transaction() as connection:
            _end_sessions(connection, self._changed(connection, name))
            audit.note(connection, entry)

    def unlock(self, name: str, entry: AuditEntry) -> None:
        """Forget the wrong tries at an account, in its browsers, and from all networks: one may be its own.

        Raises:
            OperatorError: There is no such operator.
        """
        with self._database.transaction() as connection:
            _unlock(connection, self._changed(connection, name), name)
            audit.note(connection, entry)

    def _changed(self, connection: Connection, name: str, **values: object) -> int:
        """Let nobody else change accounts, change one, and return its id.

        Raises:
            OperatorError: There is none.
        """
        self._database.serialise(connection, Lock.OPERATORS)
        operator_id = connection.scalar(select(operators.c.id).where(operators.c.name == name))
        if operator_id is None:
            raise OperatorError(f"there is no operator {name}: newsletter operators list shows all")
        if values:
            connection.execute(update(operators).where(operators.c.id == operator_id).values(values))
        return int(operator_id)

    def propose_secret(self, name: str, secret: str, *, step: int) -> None:
        """Keep a secret, made at a time step, that counts once a code of it confirms it.

        Raises:
            OperatorError: There is no such operator, or it has a second factor already.
        """
        with self._database.transaction() as connection:
            operator_id = self._changed(connection, name)
            changed = connection.execute(
                update(operators)
                .where(operators.c.id == operator_id, operators.c.totp_confirmed_at.is_(None))
                .values(totp_secret=secret, totp_step=step)
            )
            if not changed.rowcount:
                raise OperatorError(f"{name} has a second factor already: switch it off first")

    def confirm_secret(
        self, name: str, secret: str, step: int, hashes: Sequence[str], entry: AuditEntry
    ) -> None:
        """Let a proposed secret count, with its recovery codes.

        Raises:
            OperatorError: Another one was proposed since.
        """
        with self._database.transaction() as connection:
            operator_id = self._changed(connection, name)
            changed = connection.execute(
                update(operators)
                .where(
                    operators.c.id == operator_id,
                    operators.c.totp_secret == secret,
                    operators.c.totp_confirmed_at.is_(None),
                )
                .values(totp_confirmed_at=entry.at, totp_step=step)
            )
            if not changed.rowcount:
                raise OperatorError("another second factor was begun meanwhile: begin again")
            _replace_codes(connection, operator_id, hashes)
            audit.note(connection, entry)

    def drop_secret(self, name: str, entry: AuditEntry) -> None:
        """Switch the second factor off.

        Raises:
            OperatorError: There is no such operator.
        """
        with self._database.transaction() as connection:
            operator_id = self._changed(connection, name, totp_secret=None, totp_confirmed_at=None)
            _replace_codes(connection, operator_id, ())
            audit.note(connection, entry)

    def replace_codes(self, name: str, hashes: Sequence[str], entry: AuditEntry) -> None:
        """Put new recovery codes in the place of the old ones.

        Raises:
            OperatorError: There is no such operator.
        """
        with self._database.transaction() as connection:
            _replace_codes(connection, self._changed(connection, name), hashes)
            audit.note(connection, entry)

    def use_step(self, operator_id: int, step: int) -> bool:
        """Take a code by its time step, once; return whether it was not taken before."""
        with self._database.transaction() as connection:
            taken = connection.execute(
                update(operators)
                .where(operators.c.id == operator_id, operators.c.totp_step < step)
                .values(totp_step=step)
            )
        return bool(taken.rowcount)

    def use_code(self, operator_id: int, code_hash: str) -> bool:
        """Take a recovery code, once; return whether it was there."""
        codes = recovery_codes
        with self._database.transaction() as connection:
            taken = connection.execute(
                delete(codes).where(codes.c.operator_id == operator_id, codes.c.code_hash == code_hash)
            )
        return bool(taken.rowcount)


def credentials_of(row: Row[Any]) -> Credentials:
    """Return what an operator proves himself by, from a row with the table's columns."""
    is_confirmed = row.totp_confirmed_at is not None
    return Credentials(
        operator_id=row.id,
        name=row.name,
        role=Role(row.role),
        password_hash=row.password_hash,
        totp_secret=(row.totp_secret or "") if is_confirmed else "",
        pending_secret="" if is_confirmed else row.totp_secret or "",
        totp_step=row.totp_step,
    )


def is_over(rules: SessionRules, now: datetime) -> ColumnElement[bool]:
    """Return the condition that a session has ended by its age, or because nobody used it."""
    sessions = operator_sessions
    return or_(
        sessions.c.seen_at <= now - timedelta(seconds=rules.idle_seconds),
        sessions.c.created_at <= now - timedelta(seconds=rules.most_seconds),
    )


def _accounts(rules: SessionRules, now: datetime) -> Any:  # noqa: ANN401 - SQLAlchemy's own type of such a query
    codes, sessions, failures = recovery_codes, operator_sessions, sign_in_failures
    own = and_(failures.c.kind == PlaceKind.ACCOUNT.value, failures.c.place == operators.c.name)
    code_count = select(func.count()).where(codes.c.operator_id == operators.c.id).scalar_subquery()
    session_count = (
        select(func.count())
        .where(sessions.c.operator_id == operators.c.id, sessions.c.is_full, ~is_over(rules, now))
        .scalar_subquery()
    )
    return (
        select(
            operators,
            code_count.label("codes"),
            session_count.label("sessions"),
            failures.c.count.label("failures"),
            failures.c.locked_until,
        )
        .join(failures, own, isouter=True)
        .order_by(operators.c.name)
    )


def _operator(row: Row[Any], now: datetime) -> Operator:
    return Operator(
        name=row.name,
        role=Role(row.role),
        address=row.address,
        has_second_factor=row.totp_confirmed_at is not None,
        recovery_codes=row.codes,
        sessions=row.sessions,
        created_at=row.created_at,
        signed_in_at=row.signed_in_at,
        failures=row.failures or 0,
        locked_until=row.locked_until if row.locked_until and row.locked_until > now else None,
    )


def _check_admins(connection: Connection) -> None:
    if connection.scalar(select(operators.c.id).limit(1)) is not None and not _has_admin(connection):
        raise OperatorError("that is the last admin: make another operator admin first")


def _has_admin(connection: Connection) -> bool:
    admins = select(operators.c.id).where(operators.c.role == Role.ADMIN.value)
    return connection.scalar(admins.limit(1)) is not None


def _end_sessions(connection: Connection, operator_id: int) -> None:
    for table in (operator_sessions, operator_browsers):
        connection.execute(delete(table).where(table.c.operator_id == operator_id))


def _unlock(connection: Connection, operator_id: int, name: str) -> None:
    kind, place = sign_in_failures.c.kind, sign_in_failures.c.place
    browsers = select(operator_browsers.c.token_hash).where(operator_browsers.c.operator_id == operator_id)
    is_own = or_(
        and_(kind == PlaceKind.ACCOUNT.value, place == name),
        and_(kind == PlaceKind.BROWSER.value, place.in_(browsers)),
        kind == PlaceKind.NETWORK.value,
    )
    connection.execute(delete(sign_in_failures).where(is_own))


def _replace_codes(connection: Connection, operator_id: int, hashes: Sequence[str]) -> None:
    connection.execute(delete(recovery_codes).where(recovery_codes.c.operator_id == operator_id))
    if hashes:
        rows = [{"operator_id": operator_id, "code_hash": code_hash} for code_hash in hashes]
        connection.execute(insert(recovery_codes), rows)
