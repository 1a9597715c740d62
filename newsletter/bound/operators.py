"""Who may use the operator's pages of an install, and the log of what they decide."""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property

from newsletter import subscribe
from newsletter.admit import Accounts, Passwords, SigningIn
from newsletter.model.audit import AuditEntry, AuditFilter
from newsletter.model.operators import Operator, OperatorSession, SessionRules
from newsletter.settings import Settings
from newsletter.store.store import Store


class Operators:
    """Accounts of operators, and how they sign in.

    Args:
        settings: What is in force.
        open_store: Opens the store at first use.
        passwords: Hashes passwords; None: as a real install does.
    """

    def __init__(
        self, settings: Settings, open_store: Callable[[], Store], *, passwords: Passwords | None = None
    ) -> None:
        self._settings = settings
        self._open_store = open_store
        self._own_passwords = passwords

    @cached_property
    def _passwords(self) -> Passwords:
        return self._own_passwords or Passwords()

    @property
    def _rules(self) -> SessionRules:
        settings = self._settings
        return SessionRules(
            idle_seconds=round(3600 * settings.operator_idle_hours),
            most_seconds=round(86400 * settings.operator_session_days),
        )

    @cached_property
    def accounts(self) -> Accounts:
        """What changes accounts; see `newsletter.admit.accounts`."""
        return Accounts(
            self._open_store(),
            self._passwords,
            self._rules,
            issuer=self._settings.list_title,
            read_address=lambda text: subscribe.parse_address(text).display,
            mask_address=subscribe.masked,
        )

    @cached_property
    def signing_in(self) -> SigningIn:
        """What lets operators in; see `newsletter.admit.signing_in`."""
        return SigningIn(self._open_store(), self._passwords, self._rules)

    def any(self) -> bool:
        """Return whether there is any operator: without one, there are no operator's pages."""
        return self._open_store().operators.any()

    def all(self, *, now: datetime) -> list[Operator]:
        """Return all accounts by name."""
        return self._open_store().operators.all(self._rules, now=now)

    def sessions(self, name: str, *, now: datetime) -> list[OperatorSession]:
        """Return an operator's open sessions, the one that was last used first."""
        return self._open_store().operator_sessions.of(name, self._rules, now=now)


class Audit:
    """The log of what operators decide."""

    def __init__(self, open_store: Callable[[], Store]) -> None:
        """Bind the log; the store is opened at first use."""
        self._open_store = open_store

    def record(self, *, actor: str, action: str, subject: str, detail: str = "", now: datetime) -> None:
        """Write what was decided into the log.

        Where the decision is a transaction of the store, `newsletter.store.audit.note` writes it in there.

        Args:
            actor: Who: an operator's name, or "root (command line)".
            action: What, in plain words: "pause edition".
            subject: To what: "daily No. 43". A reader by number or masked address, so that erasing is whole.
            detail: What else is to be known.
            now: UTC.
        """
        entry = AuditEntry(at=now, actor=actor, action=action, subject=subject, detail=detail)
        self._open_store().audit.record(entry)

    def entries(
        self, wanted: AuditFilter | None = None, *, before: int | None = None, limit: int = 50
    ) -> list[AuditEntry]:
        """Return entries, the newest first.

        Args:
            wanted: Which; None: all.
            before: Only those older than the entry of this id.
            limit: How many at most.
        """
        return self._open_store().audit.entries(wanted or AuditFilter(), before=before, limit=limit)
