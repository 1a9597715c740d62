"""Operators' sessions, and the browsers that they have signed in with; tokens are kept as their SHA-256."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from newsletter.errors import SignInError
from newsletter.model.audit import AuditEntry
from newsletter.model.operators import (
    Credentials,
    HalfSession,
    OperatorSession,
    Role,
    SessionRules,
    SignedIn,
    Visit,
)
from newsletter.store import audit
from newsletter.store.database import Database, Lock
from newsletter.store.operator_tables import operator_browsers, operator_sessions, operators
from newsletter.store.operators import credentials_of, is_over

_sessions = operator_sessions
_browsers = operator_browsers

#: How exactly it is known when a session was last used.
_EXACTNESS = timedelta(minutes=1)

#: How long a browser is known that nobody has signed in with.
_BROWSER_KNOWN = timedelta(days=180)


class OperatorSessions:
    """Browsers in which operators are signed in."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(
        self,
        credentials: Credentials,
        token_hash: str,
        visit: Visit,
        *,
        is_full: bool,
        replaces: str = "",
        browser_hash: str = "",
        new_password_hash: str = "",
        entry: AuditEntry | None = None,
        now: datetime,
    ) -> None:
        """Start a session, unless password or second factor were changed since they were looked at.

        Args:
            credentials: Whose, as they were when they were found right.
            token_hash: Of a new token: none that a browser brought is ever taken.
            visit: From where.
            is_full: False if a code is still to come.
            replaces: Hash of a session's token that ends by this.
            browser_hash: Hash by which the browser is known from now on; empty: it is not.
            new_password_hash: The same password by newer parameters; empty: as it is.
            entry: For the audit log.
            now: UTC.

        Raises:
            SignInError: The account has changed meanwhile, or is gone.
        """
        whose = operators.c.id == credentials.operator_id
        with self._database.transaction() as connection:
            self._database.serialise(connection, Lock.OPERATORS)
            row = connection.execute(select(operators).where(whose)).one_or_none()
            if row is None or _proof(credentials_of(row)) != _proof(credentials):
                raise SignInError("The account has changed. Sign in again.")
            if replaces:
                connection.execute(delete(_sessions).where(_sessions.c.token_hash == replaces))
            connection.execute(
                insert(_sessions).values(
                    operator_id=credentials.operator_id,
                    token_hash=token_hash,
                    is_full=is_full,
                    created_at=now,
                    seen_at=now,
                    origin=visit.origin,
                    browser=visit.browser,
                )
            )
            if is_full:
                connection.execute(update(operators).where(whose).values(signed_in_at=now))
            if new_password_hash:
                connection.execute(update(operators).where(whose).values(password_hash=new_password_hash))
            if browser_hash:
                _know_browser(connection, credentials.operator_id, browser_hash, now)
            if entry is not None:
                audit.note(connection, entry)

    def find(self, token_hash: str, rules: SessionRules, *, now: datetime) -> SignedIn | None:
        """Return who is signed in by a token, and note that the session is used; None if nobody is."""
        query = (
            select(
                operators.c.name, operators.c.role, operators.c.address, _sessions.c.id, _sessions.c.seen_at
            )
            .join(operators, operators.c.id == _sessions.c.operator_id)
            .where(_sessions.c.token_hash == token_hash, _sessions.c.is_full, ~is_over(rules, now))
        )
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        if now - row.seen_at >= _EXACTNESS:
            with self._database.transaction() as connection:
                connection.execute(update(_sessions).where(_sessions.c.id == row.id).values(seen_at=now))
        return SignedIn(name=row.name, role=Role(row.role), address=row.address)

    def find_half(self, token_hash: str) -> HalfSession | None:
        """Return the sign-in that waits for a code; None if there is none, or no second factor any more."""
        query = (
            select(operators, _sessions.c.created_at.label("begun_at"))
            .join(operators, operators.c.id == _sessions.c.operator_id)
            .where(
                _sessions.c.token_hash == token_hash,
                ~_sessions.c.is_full,
                operators.c.totp_confirmed_at.is_not(None),
            )
        )
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return HalfSession(credentials=credentials_of(row), created_at=row.begun_at) if row else None

    def of(self, name: str, rules: SessionRules, *, now: datetime) -> list[OperatorSession]:
        """Return an operator's open sessions, the one that was last used first."""
        query = (
            select(_sessions)
            .join(operators, operators.c.id == _sessions.c.operator_id)
            .where(operators.c.name == name, _sessions.c.is_full, ~is_over(rules, now))
            .order_by(_sessions.c.seen_at.desc(), _sessions.c.id.desc())
        )
        with self._database.reading() as connection:
            return [
                OperatorSession(
                    id=row.id,
                    created_at=row.created_at,
                    seen_at=row.seen_at,
                    origin=row.origin,
                    browser=row.browser,
                )
                for row in connection.execute(query)
            ]

    def id_of(self, token_hash: str) -> int | None:
        """Return the number of a session; None if there is none."""
        with self._database.reading() as connection:
            return connection.scalar(select(_sessions.c.id).where(_sessions.c.token_hash == token_hash))

    def end(self, token_hash: str, entry: AuditEntry | None = None) -> None:
        """End the session of a token, if there is one."""
        with self._database.transaction() as connection:
            ended = connection.execute(delete(_sessions).where(_sessions.c.token_hash == token_hash))
            if ended.rowcount and entry is not None:
                audit.note(connection, entry)

    def end_one(self, name: str, session_id: int, entry: AuditEntry) -> None:
        """End one of an operator's own sessions, if it is one."""
        whose = select(operators.c.id).where(operators.c.name == name).scalar_subquery()
        with self._database.transaction() as connection:
            ended = connection.execute(
                delete(_sessions).where(_sessions.c.id == session_id, _sessions.c.operator_id == whose)
            )
            if ended.rowcount:
                audit.note(connection, entry)

    def forget_over(self, rules: SessionRules, *, now: datetime) -> None:
        """Delete sessions that are over, and browsers that nobody has signed in with for long."""
        with self._database.transaction() as connection:
            connection.execute(delete(_sessions).where(is_over(rules, now)))
            connection.execute(delete(_browsers).where(_browsers.c.seen_at < now - _BROWSER_KNOWN))


def _proof(credentials: Credentials) -> tuple[str, str]:
    """Return what somebody has to know who signs in."""
    return credentials.password_hash, credentials.totp_secret


def _know_browser(connection: Connection, operator_id: int, browser_hash: str, now: datetime) -> None:
    own = (_browsers.c.token_hash == browser_hash, _browsers.c.operator_id == operator_id)
    if not connection.execute(update(_browsers).where(*own).values(seen_at=now)).rowcount:
        values = {"token_hash": browser_hash, "operator_id": operator_id, "seen_at": now}
        connection.execute(insert(_browsers).values(values))
