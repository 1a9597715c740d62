"""Passwords, hashed by Argon2id (RFC 9106); the one door of argon2."""

import secrets
import unicodedata
from functools import cached_property


class Passwords:
    """Hashes passwords, and compares them with hashes.

    Args:
        time_cost: Passes over the memory.
        memory_kib: Memory of one hash, in KiB.
    """

    def __init__(self, *, time_cost: int = 1, memory_kib: int = 47_104) -> None:
        from argon2 import PasswordHasher

        # One lane: no more than one core is busy with a password, and readers' pages go on.
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)

    @cached_property
    def _decoy(self) -> str:
        return self._hasher.hash(secrets.token_hex())

    def hash(self, password: str) -> str:
        """Return a fresh hash of a password, with its salt and parameters."""
        return self._hasher.hash(_normal(password))

    def verify(self, password_hash: str | None, password: str) -> bool:
        """Tell whether a password is that of a hash; without a hash, do the same work, and say no."""
        from argon2.exceptions import VerificationError

        decoy = self._decoy
        try:
            self._hasher.verify(decoy if password_hash is None else password_hash, _normal(password))
        except VerificationError:
            return False
        return password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Tell whether a hash was made with other parameters than are in force."""
        return self._hasher.check_needs_rehash(password_hash)


def _normal(password: str) -> str:
    """Return a password in one form, however its letters were typed (NIST SP 800-63B, section 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)
