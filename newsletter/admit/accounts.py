"""Accounts of operators: added, changed, removed; each change with its entry in the audit log."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from newsletter.admit import codes, squares
from newsletter.admit.passwords import Passwords
from newsletter.admit.weak import weakness
from newsletter.errors import OperatorError, PasswordRefusedError
from newsletter.model.audit import AuditEntry
from newsletter.model.operators import Credentials, Operator, Role, SecondFactor, SessionRules
from newsletter.store.store import Store

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")

#: How long a second factor that was begun waits for its code.
_CONFIRM_WITHIN = timedelta(minutes=10)

#: What the log calls what runs by itself.
_PROGRAM = "newsletter"

#: Reads a mail address and returns its usual form.
ReadAddress = Callable[[str], str]

#: Returns a mail address as it may stand in the log, which outlives the account.
MaskAddress = Callable[[str], str]


class Accounts:
    """Changes accounts.

    Every change names who makes it (`by`), for the audit log.

    Args:
        store: Where they are kept.
        passwords: Hashes passwords.
        rules: How long sessions last.
        issuer: What authenticator apps show above the name.
        read_address: Raises AddressError for what is no mail address.
        mask_address: Makes an address fit for the log.
    """

    def __init__(
        self,
        store: Store,
        passwords: Passwords,
        rules: SessionRules,
        *,
        issuer: str,
        read_address: ReadAddress,
        mask_address: MaskAddress,
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._rules = rules
        self._issuer = issuer
        self._read_address = read_address
        self._mask_address = mask_address

    def find(self, name: str, *, now: datetime) -> Operator:
        """Return an account.

        Raises:
            OperatorError: There is none.
        """
        found = self._store.operators.find(plain_name(name), self._rules, now=now)
        if found is None:
            raise OperatorError(f"there is no operator {name}: newsletter operators list shows all")
        return found

    def add(
        self, name: str, password: str, *, role: Role | None, address: str, by: str, now: datetime
    ) -> Operator:
        """Add an operator.

        Args:
            name: 1 to 32 lower-case letters, digits, dots, hyphens, underscores.
            password: As it was typed.
            role: None: admin for the first operator, editor for all others.
            address: Mail address; empty: none.
            by: Who adds it.
            now: UTC.

        Raises:
            OperatorError: The name cannot be taken, or the first operator would be no admin.
            PasswordRefusedError: The password is too easily guessed.
            AddressError: It is not an address.
        """
        name = check_name(name)
        self.check_password(name, password)
        if role is None:
            role = Role.EDITOR if self._store.operators.any() else Role.ADMIN
        address = self._read_address(address) if address else ""
        entry = AuditEntry(at=now, actor=by, action="add operator", subject=name, detail=f"as {role.value}")
        self._store.operators.add(name, role, address, self._passwords.hash(password), entry)
        return self.find(name, now=now)

    @staticmethod
    def check_name(name: str) -> None:
        """Raise OperatorError, with the reason, for what cannot be a name."""
        check_name(name)

    @staticmethod
    def check_password(name: str, password: str) -> None:
        """Raise PasswordRefusedError, with the reason, for a password that is not taken."""
        if reason := weakness(password, name=name):
            raise PasswordRefusedError(reason)

    def remove(self, name: str, *, by: str, now: datetime) -> None:
        """Remove an operator; all sessions end.

        Raises:
            OperatorError: There is none, or it is the last admin among several.
        """
        name = plain_name(name)
        self._store.operators.remove(name, _entry("remove operator", name, by, now))

    def set_password(self, name: str, password: str, *, by: str, now: datetime) -> None:
        """Set a password; all sessions end.

        Raises:
            OperatorError: There is no such operator.
            PasswordRefusedError: The password is too easily guessed.
        """
        name = plain_name(name)
        self.check_password(name, password)
        entry = _entry("change password", name, by, now)
        self._store.operators.set_password(name, self._passwords.hash(password), entry)

    def set_role(self, name: str, role: Role, *, by: str, now: datetime) -> None:
        """Set a role; all sessions end.

        Raises:
            OperatorError: There is no such operator, or it is the last admin among several.
        """
        name = plain_name(name)
        entry = _entry("change role", name, by, now, detail=f"to {role.value}")
        self._store.operators.set_role(name, role, entry)

    def set_address(self, name: str, address: str, *, by: str, now: datetime) -> None:
        """Set a mail address, or none.

        Raises:
            OperatorError: There is no such operator.
            AddressError: It is not an address.
        """
        name = plain_name(name)
        address = self._read_address(address) if address else ""
        shown = self._mask_address(address) if address else "none"
        entry = _entry("change address", name, by, now, detail=f"to {shown}")
        self._store.operators.set_address(name, address, entry)

    def end_session(self, name: str, session_id: int, *, now: datetime) -> None:
        """Let an operator end one of the own sessions; nothing happens if it is none."""
        entry = _entry("end session", name, name, now)
        self._store.operator_sessions.end_one(name, session_id, entry)

    def end_sessions(self, name: str, *, by: str, now: datetime) -> None:
        """Sign an operator out everywhere.

        Raises:
            OperatorError: There is none.
        """
        name = plain_name(name)
        self._store.operators.end_sessions(name, _entry("end all sessions", name, by, now))

    def unlock(self, name: str, *, by: str, now: datetime) -> None:
        """Let an operator try again at once.

        Raises:
            OperatorError: There is none.
        """
        name = plain_name(name)
        self._store.operators.unlock(name, _entry("unlock operator", name, by, now))

    def begin_second_factor(self, name: str, *, now: datetime) -> SecondFactor:
        """Make a second factor; it counts once a code of it confirms it, within ten minutes.

        Raises:
            OperatorError: There is no such operator, or it has a second factor already.
        """
        name = plain_name(name)
        secret = codes.new_secret()
        self._store.operators.propose_secret(name, secret, step=codes.step_at(now))
        return self._second_factor(name, secret)

    def pending_second_factor(self, name: str, *, now: datetime) -> SecondFactor | None:
        """Return the second factor that was begun lately and is not confirmed; None if there is none."""
        name = plain_name(name)
        secret = self._pending_secret(name, now)
        return self._second_factor(name, secret) if secret else None

    def _pending_secret(self, name: str, now: datetime) -> str:
        """Return the secret that waits for its code; empty if none does.

        The password was asked for when it was made: it is not good for whoever finds the session later.
        """
        credentials = self._credentials(name)
        is_lately = abs(codes.step_at(now) - credentials.totp_step) <= codes.steps_in(_CONFIRM_WITHIN)
        return credentials.pending_secret if is_lately else ""

    def _second_factor(self, name: str, secret: str) -> SecondFactor:
        address = codes.address_of(secret, name=name, issuer=self._issuer)
        return SecondFactor(secret=secret, address=address, squares=squares.squares_of(address))

    def confirm_second_factor(self, name: str, code: str, *, by: str, now: datetime) -> list[str]:
        """Let a second factor count from now on.

        Returns:
            The recovery codes, which are shown this once.

        Raises:
            OperatorError: None was begun, or the code is wrong.
        """
        name = plain_name(name)
        secret = self._pending_secret(name, now)
        if not secret:
            raise OperatorError(f"no second factor was begun lately for {name}")
        step = codes.step_of(secret, code, after=0, now=now)
        if step is None:
            raise OperatorError("that is not the code of now: wait for the next one, and check the clock")
        fresh = codes.recovery_codes()
        entry = _entry("switch second factor on", name, by, now)
        self._store.operators.confirm_secret(name, secret, step, _hashes(fresh), entry)
        return fresh

    def drop_second_factor(self, name: str, *, by: str, now: datetime) -> None:
        """Switch a second factor off, with its recovery codes.

        Raises:
            OperatorError: There is no such operator.
        """
        name = plain_name(name)
        self._store.operators.drop_secret(name, _entry("switch second factor off", name, by, now))

    def renew_recovery_codes(self, name: str, *, by: str, now: datetime) -> list[str]:
        """Return new recovery codes, which are shown this once; the old ones end.

        Raises:
            OperatorError: There is no such operator, or no second factor.
        """
        name = plain_name(name)
        if not self._credentials(name).totp_secret:
            raise OperatorError(f"{name} has no second factor: recovery codes come with it")
        fresh = codes.recovery_codes()
        entry = _entry("renew recovery codes", name, by, now)
        self._store.operators.replace_codes(name, _hashes(fresh), entry)
        return fresh

    def _credentials(self, name: str) -> Credentials:
        found, _ = self._store.operators.recognise(name, "")
        if found is None:
            raise OperatorError(f"there is no operator {name}: newsletter operators list shows all")
        return found


def plain_name(name: str) -> str:
    """Return a name in the form that accounts have, however it was typed."""
    # PostgreSQL holds no NUL in a text, and no account has one in its name.
    return name.replace("\0", "\N{REPLACEMENT CHARACTER}").strip().lower()


def check_name(name: str) -> str:
    """Return a name in the form that accounts have.

    Raises:
        OperatorError: It cannot be one.
    """
    plain = plain_name(name)
    if not _NAME.fullmatch(plain):
        raise OperatorError(
            f"{name!r} cannot be an operator's name: it has 1 to 32 of a to z, digits, dots, hyphens, "
            "underscores, and begins with a letter or digit"
        )
    if plain == _PROGRAM:
        raise OperatorError(f"the log calls the program itself {_PROGRAM}: choose another name")
    return plain


def _entry(action: str, name: str, by: str, now: datetime, *, detail: str = "") -> AuditEntry:
    return AuditEntry(at=now, actor=by, action=action, subject=name, detail=detail)


def _hashes(fresh: list[str]) -> list[str]:
    return [codes.recovery_hash(code) for code in fresh]
