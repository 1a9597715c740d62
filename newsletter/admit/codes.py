"""Codes of the second factor: by time (RFC 6238), or from the list for emergencies; the one door of pyotp."""

import base64
import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta

#: Seconds that a code stands for (RFC 6238, section 5.2).
_STEP_SECONDS = 30

#: How far the clock of a telephone may be off, in steps.
_DRIFT = 1

#: Recovery codes that are made at once.
_CODES = 10

#: 80 random bits each: nobody finds one by its hash.
_GROUPS, _GROUP_LENGTH = 4, 4

#: Letters and digits (RFC 4648, section 6); none of them looks like another one.
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"

_TIMED = re.compile("[0-9]{6}")


def new_secret() -> str:
    """Return a fresh secret of 160 bits in base32 (RFC 4226, section 4, R6)."""
    return base64.b32encode(secrets.token_bytes(20)).decode("ascii")


def address_of(secret: str, *, name: str, issuer: str) -> str:
    """Return the otpauth:// address of a secret, as authenticator apps read it.

    Args:
        secret: In base32.
        name: The operator's name.
        issuer: What the app shows above it.
    """
    from pyotp import TOTP

    # A colon parts the two.
    return TOTP(secret).provisioning_uri(name=name, issuer_name=issuer.replace(":", " ").strip())


def is_timed(code: str) -> bool:
    """Tell whether a code looks like one that an authenticator app shows."""
    return bool(_TIMED.fullmatch(_bare(code)))


def step_at(moment: datetime) -> int:
    """Return the time step that a moment, UTC, lies in (RFC 6238, section 4.2)."""
    return int(moment.timestamp()) // _STEP_SECONDS


def steps_in(period: timedelta) -> int:
    """Return how many time steps a period has."""
    return period // timedelta(seconds=_STEP_SECONDS)


def step_of(secret: str, code: str, *, after: int, now: datetime) -> int | None:
    """Return the time step that a code stands for.

    Args:
        secret: In base32.
        code: As it was typed.
        after: The step of the last code that was taken: neither it nor one before is taken again.
        now: UTC.

    Returns:
        None if it is none of the steps around now.
    """
    from pyotp import TOTP

    typed = _bare(code).encode("utf-8", "replace")
    current = step_at(now)
    made = TOTP(secret)
    found = None
    for step in range(current - _DRIFT, current + _DRIFT + 1):
        # All are compared: how long it takes says nothing about the code.
        if hmac.compare_digest(made.generate_otp(step).encode(), typed) and step > after:
            found = step
    return found


def recovery_codes() -> list[str]:
    """Return fresh codes for whoever has lost the second factor, "abcd-efgh-2345-mnop"."""
    return ["-".join(_group() for _ in range(_GROUPS)) for _ in range(_CODES)]


def recovery_hash(code: str) -> str:
    """Return the hash that a recovery code is kept as, however it was typed."""
    return hashlib.sha256(f"recovery code {_bare(code)}".encode("utf-8", "replace")).hexdigest()


def _group() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_GROUP_LENGTH))


def _bare(code: str) -> str:
    return re.sub(r"[\s-]+", "", code).lower()
