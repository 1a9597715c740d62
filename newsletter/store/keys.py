"""The key of the suppressions' hashes: an address that was erased is still never mailed again."""

import hashlib
import hmac
import secrets

from sqlalchemy import Connection, delete, func, insert, select, update

from newsletter.errors import StoreError
from newsletter.store import tables
from newsletter.store.database import Database, Lock

_install = tables.install
_KEY, _FINGERPRINT = "suppression_key", "suppression_key_fingerprint"

#: Subscribers whose hashes are rewritten at a time.
_PAGE = 1000


class AddressHasher:
    """Hashes addresses with a key, so that a list of hashes cannot be held against a list of addresses."""

    def __init__(self, key: str) -> None:
        self._key = key.encode("utf-8")

    def hash(self, address_key: str) -> str:
        """Return the HMAC-SHA256 of an address in its form for comparing, as 64 hexadecimal digits."""
        return hmac.digest(self._key, address_key.encode("utf-8"), "sha256").hex()


def new_key() -> str:
    """Return a fresh random key."""
    return secrets.token_hex(32)


def remember(connection: Connection, key: str, *, is_own: bool) -> None:
    """Keep what tells the key again: the key itself only if the operator holds none of his own."""
    connection.execute(delete(_install).where(_install.c.name.in_([_KEY, _FINGERPRINT])))
    rows = [{"name": _FINGERPRINT, "value": _fingerprint(key)}]
    if not is_own:
        rows.append({"name": _KEY, "value": key})
    connection.execute(insert(_install), rows)


def hasher_of(database: Database, own_key: str) -> AddressHasher:
    """Return the hasher of a store.

    A key of one's own may be set as long as nothing is suppressed; afterwards no hash could be found again
    under another one.

    Args:
        database: The store, its tables made.
        own_key: What the operator set; empty: the key kept in the store.

    Raises:
        StoreError: The key is another one than that of the hashes in the store, or is missing.
    """
    with database.reading() as connection:
        known = _known(connection)
    if not own_key:
        if _KEY not in known:
            raise StoreError(
                "SUPPRESSION_KEY is not set, and this store's suppressions were made with one: set it again"
            )
        return AddressHasher(known[_KEY])
    if known[_FINGERPRINT] != _fingerprint(own_key):
        _adopt(database, own_key)
    return AddressHasher(own_key)


def _adopt(database: Database, key: str) -> None:
    """Hash anew with a key of the operator's own, which only works while nothing is suppressed."""
    with database.transaction() as connection:
        database.serialise(connection, Lock.SUBSCRIBERS)
        suppressed = connection.scalar(select(func.count()).select_from(tables.suppressions))
        if suppressed:
            raise StoreError(
                f"SUPPRESSION_KEY is not the one that this store's {suppressed:,} suppressions were made "
                "with: set the former one again (or leave it empty if none was set)"
            )
        rehash(connection, AddressHasher(key))
        remember(connection, key, is_own=True)


def rehash(connection: Connection, hasher: AddressHasher) -> None:
    """Write the hash of every subscriber's address anew."""
    subscribers = tables.subscribers
    last_id = 0
    while True:
        page = (
            select(subscribers.c.id, subscribers.c.address_key)
            .where(subscribers.c.id > last_id)
            .order_by(subscribers.c.id)
            .limit(_PAGE)
        )
        rows = connection.execute(page).all()
        for row in rows:
            connection.execute(
                update(subscribers)
                .where(subscribers.c.id == row.id)
                .values(address_hash=hasher.hash(row.address_key))
            )
        if len(rows) < _PAGE:
            return
        last_id = rows[-1].id


def _known(connection: Connection) -> dict[str, str]:
    rows = connection.execute(select(_install.c.name, _install.c.value))
    return {row.name: row.value for row in rows}


def _fingerprint(key: str) -> str:
    return hashlib.sha256(b"newsletter suppression key " + key.encode("utf-8")).hexdigest()[:16]
