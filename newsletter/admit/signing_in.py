"""Signing in: a password, then a code where there is a second factor, then a session."""

import hashlib
import math
import secrets
from datetime import datetime, timedelta

from newsletter.admit import codes
from newsletter.admit.accounts import plain_name
from newsletter.admit.delays import delay_after
from newsletter.admit.passwords import Passwords
from newsletter.errors import SignInError
from newsletter.model.audit import AuditEntry
from newsletter.model.operators import (
    Admitted,
    Attempt,
    Credentials,
    Place,
    PlaceKind,
    SessionRules,
    SignedIn,
    Visit,
)
from newsletter.store.store import Store

#: How long a code may be waited for.
_CODE_WITHIN = timedelta(minutes=10)

#: 256 random bits.
_TOKEN_BYTES = 32

#: Where tries are the operator's own: those before a right one count no longer.
_OWN = (PlaceKind.ACCOUNT, PlaceKind.BROWSER)

_WRONG = "The name or the password is wrong."
_WRONG_CODE = "That code is wrong, or was used before. Wait for the next one."
_AGAIN = "That took too long. Sign in again."


class SigningIn:
    """Lets operators in.

    Args:
        store: Where accounts and sessions are kept.
        passwords: Compares passwords.
        rules: How long sessions last.
    """

    def __init__(self, store: Store, passwords: Passwords, rules: SessionRules) -> None:
        self._store = store
        self._passwords = passwords
        self._rules = rules

    def with_password(self, name: str, password: str, visit: Visit, *, now: datetime) -> Admitted:
        """Begin a session for whoever knows the password; the work is the same for a name that nobody has.

        Args:
            name: As it was typed.
            password: As it was typed.
            visit: From where.
            now: UTC.

        Raises:
            SignInError: It is wrong, or nothing is tried from there for a while.
        """
        name = plain_name(name)
        credentials, is_known = self._store.operators.recognise(name, hash_of(visit.known))
        attempt = self._attempt(_place(name, credentials, visit, is_known=is_known), visit, now)
        is_right = self._passwords.verify(credentials.password_hash if credentials else None, password)
        if credentials is None or not is_right:
            raise SignInError(_WRONG)
        outdated = self._passwords.is_outdated(credentials.password_hash)
        new_hash = self._passwords.hash(password) if outdated else ""
        if not credentials.totp_secret:
            return self._let_in(credentials, attempt, visit, new_hash=new_hash, is_known=is_known, now=now)
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        self._store.operator_sessions.start(
            credentials, hash_of(token), visit, is_full=False, new_password_hash=new_hash, now=now
        )
        self._store.sign_ins.undo(attempt, forget=())
        return Admitted(token=token, needs_code=True, known="")

    def awaits_code(self, token: str, *, now: datetime) -> bool:
        """Tell whether a code is waited for in a session."""
        half = self._store.operator_sessions.find_half(hash_of(token))
        return half is not None and now - half.created_at < _CODE_WITHIN

    def with_code(self, token: str, code: str, visit: Visit, *, now: datetime) -> Admitted:
        """Let somebody in whose password was right, by a code of the second factor or a recovery code.

        Args:
            token: Of the session that the password began; another one takes its place.
            code: As it was typed.
            visit: From where.
            now: UTC.

        Raises:
            SignInError: It is wrong, came too late, or nothing is tried from there for a while.
        """
        half = self._store.operator_sessions.find_half(hash_of(token))
        if half is None or now - half.created_at >= _CODE_WITHIN:
            raise SignInError(_AGAIN)
        credentials = half.credentials
        _, is_known = self._store.operators.recognise(credentials.name, hash_of(visit.known))
        attempt = self._attempt(_place(credentials.name, credentials, visit, is_known=is_known), visit, now)
        if not self._takes(credentials, code, now):
            raise SignInError(_WRONG_CODE)
        how = "" if codes.is_timed(code) else ", by a recovery code"
        return self._let_in(credentials, attempt, visit, how=how, replaces=token, is_known=is_known, now=now)

    def _takes(self, credentials: Credentials, code: str, now: datetime) -> bool:
        operators = self._store.operators
        if not codes.is_timed(code):
            return operators.use_code(credentials.operator_id, codes.recovery_hash(code))
        step = codes.step_of(credentials.totp_secret, code, after=credentials.totp_step, now=now)
        return step is not None and operators.use_step(credentials.operator_id, step)

    def _attempt(self, place: Place, visit: Visit, now: datetime) -> Attempt:
        """Count a try.

        Raises:
            SignInError: It is too early for one.
        """
        # A browser that is known is not held off for what others try.
        network = Place(kind=PlaceKind.NETWORK, name=visit.network[:64])
        places = [place] if place.kind is PlaceKind.BROWSER else [place, network]
        on_lock = AuditEntry(
            at=now,
            actor="newsletter",
            action="lock operator",
            subject=place.name,
            detail=f"after wrong tries, the last from {visit.origin}",
        )
        attempt = self._store.sign_ins.attempt(places, delay_after, on_lock=on_lock, now=now)
        if attempt.locked_until is not None:
            seconds = math.ceil((attempt.locked_until - now).total_seconds())
            raise SignInError(
                f"Too many wrong tries. Try again in {_in_words(seconds)}.", wait_seconds=seconds
            )
        return attempt

    def _let_in(
        self,
        credentials: Credentials,
        attempt: Attempt,
        visit: Visit,
        *,
        is_known: bool,
        how: str = "",
        replaces: str = "",
        new_hash: str = "",
        now: datetime,
    ) -> Admitted:
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        known = visit.known if is_known else secrets.token_urlsafe(_TOKEN_BYTES)
        self._store.operator_sessions.forget_over(self._rules, now=now)
        self._store.operator_sessions.start(
            credentials,
            hash_of(token),
            visit,
            is_full=True,
            replaces=hash_of(replaces) if replaces else "",
            browser_hash=hash_of(known),
            new_password_hash=new_hash,
            entry=AuditEntry(
                at=now,
                actor=credentials.name,
                action="sign in",
                subject=credentials.name,
                detail=f"from {visit.origin}{how}",
            ),
            now=now,
        )
        self._store.sign_ins.undo(attempt, forget=_OWN)
        return Admitted(token=token, needs_code=False, known=known)

    def confirm(self, name: str, password: str, visit: Visit, *, now: datetime) -> None:
        """See that a signed-in operator still knows the password; wrong tries count as those to sign in.

        Raises:
            SignInError: It is wrong, or nothing is tried from there for a while.
        """
        credentials, is_known = self._store.operators.recognise(name, hash_of(visit.known))
        attempt = self._attempt(_place(name, credentials, visit, is_known=is_known), visit, now)
        if not self._passwords.verify(credentials.password_hash if credentials else None, password):
            raise SignInError("Your own password is wrong.")
        self._store.sign_ins.undo(attempt, forget=_OWN)

    def session_id(self, token: str) -> int | None:
        """Return the number of a session; None if there is none."""
        return self._store.operator_sessions.id_of(hash_of(token))

    def session(self, token: str, *, now: datetime) -> SignedIn | None:
        """Return who is signed in by a token; None if nobody is."""
        return self._store.operator_sessions.find(hash_of(token), self._rules, now=now)

    def sign_out(self, token: str, *, name: str, now: datetime) -> None:
        """End a session."""
        entry = AuditEntry(at=now, actor=name, action="sign out", subject=name)
        self._store.operator_sessions.end(hash_of(token), entry)


def hash_of(token: str) -> str:
    """Return what a token is kept as."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _place(name: str, credentials: Credentials | None, visit: Visit, *, is_known: bool) -> Place:
    """Return what a try is counted by, besides its network."""
    if credentials is None:
        # Hashed: people type passwords into this field.
        return Place(kind=PlaceKind.NAME, name=hash_of(name))
    if is_known:
        return Place(kind=PlaceKind.BROWSER, name=hash_of(visit.known))
    return Place(kind=PlaceKind.ACCOUNT, name=credentials.name)


def _in_words(seconds: int) -> str:
    minutes = math.ceil(seconds / 60)
    return f"{seconds} seconds" if seconds < 60 else "a minute" if minutes == 1 else f"{minutes} minutes"
