"""HMAC-SHA256 (RFC 2104) with a key that is taken in once: each message carries five of them."""

from collections.abc import Callable
from hashlib import sha256

#: Octets that SHA-256 takes in at a time.
_BLOCK = 64


def keyed(key: bytes) -> Callable[[bytes], bytes]:
    """Return what makes the whole HMAC of a message under a key.

    The class of the standard library takes twice as long, and `hmac.digest` begins anew each time.
    """
    if len(key) > _BLOCK:
        key = sha256(key).digest()
    padded = key.ljust(_BLOCK, b"\0")
    copy_inner = sha256(bytes(octet ^ 0x36 for octet in padded)).copy
    copy_outer = sha256(bytes(octet ^ 0x5C for octet in padded)).copy

    def mac(message: bytes) -> bytes:
        """Return the HMAC of a message."""
        inner, outer = copy_inner(), copy_outer()
        inner.update(message)
        outer.update(inner.digest())
        return outer.digest()

    return mac
