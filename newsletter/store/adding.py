"""Putting addresses on a list: decided from how each one stands, written together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, insert, select, update

from newsletter.model.readers import ConsentAction
from newsletter.model.subscribers import (
    AddOutcome,
    Address,
    Cadence,
    SubscriptionState,
    SuppressionReason,
)
from newsletter.store import tables
from newsletter.store.keys import AddressHasher

_consents = tables.consents
_subscribers = tables.subscribers
_subscriptions = tables.subscriptions
_suppressions = tables.suppressions


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An address that is to be put on a list."""

    address: Address
    name: str = ""
    cadence: Cadence = Cadence.EACH
    #: Gets nothing until then, UTC; None: not paused.
    paused_until: datetime | None = None
    #: When the consent was given, UTC; None: now.
    consent_at: datetime | None = None
    #: Where it comes from; empty: from where all of those added together do.
    origin: str = ""


@dataclass(frozen=True, kw_only=True)
class _Standing:
    """What the store knows of an address that is to be added."""

    subscriber_id: int | None
    state: SubscriptionState | None
    suppressed: SuppressionReason | None


class Addition:
    """Candidates for one list, held against the store."""

    def __init__(
        self, connection: Connection, hasher: AddressHasher, list_name: str, candidates: Sequence[Candidate]
    ) -> None:
        """Look up how each address stands."""
        self._connection = connection
        self._list_name = list_name
        self._candidates = candidates
        self._hashes = {c.address.key: hasher.hash(c.address.key) for c in candidates}
        self._known = _standing(connection, list_name, self._hashes)

    def decide(self) -> list[tuple[AddOutcome, str]]:
        """Return for each candidate what becomes of it, and why it is refused."""
        return [_decide_add(self._known.get(candidate.address.key)) for candidate in self._candidates]

    def write(self, *, source: str, now: datetime) -> None:
        """Confirm those that may be added, with an entry in the record of consent for each."""
        wanted = [c for c in self._candidates if _decide_add(self._of(c))[0] is AddOutcome.ADDED]
        if not wanted:
            return
        ids = known_or_made(
            self._connection,
            [(c.address, c.name, self._hashes[c.address.key]) for c in wanted],
            known={k: s.subscriber_id for k, s in self._known.items() if s.subscriber_id is not None},
            now=now,
        )
        self._subscribe(wanted, ids, source, now)
        self._connection.execute(
            insert(_consents),
            [
                {
                    "subscriber_id": ids[candidate.address.key],
                    "list_name": self._list_name,
                    "action": ConsentAction.ADDED.value,
                    "at": candidate.consent_at or now,
                    "origin": candidate.origin or source,
                    "wording": "",
                }
                for candidate in wanted
            ],
        )

    def _subscribe(
        self, wanted: Sequence[Candidate], ids: Mapping[str, int], source: str, now: datetime
    ) -> None:
        """Confirm subscriptions: those that waited for it, and those that there were none of."""
        fresh = []
        for candidate in wanted:
            values = {
                "state": SubscriptionState.CONFIRMED.value,
                "since": now,
                "source": candidate.origin or source,
                "cadence": candidate.cadence.value,
                "paused_until": candidate.paused_until,
            }
            subscriber_id, standing = ids[candidate.address.key], self._of(candidate)
            if standing is not None and standing.state is SubscriptionState.UNCONFIRMED:
                self._confirm(subscriber_id, values)
            else:
                fresh.append({"subscriber_id": subscriber_id, "list_name": self._list_name} | values)
        if fresh:
            self._connection.execute(insert(_subscriptions), fresh)

    def _of(self, candidate: Candidate) -> _Standing | None:
        return self._known.get(candidate.address.key)

    def _confirm(self, subscriber_id: int, values: Mapping[str, object]) -> None:
        self._connection.execute(
            update(_subscriptions)
            .where(
                _subscriptions.c.subscriber_id == subscriber_id,
                _subscriptions.c.list_name == self._list_name,
            )
            .values(values)
        )


def known_or_made(
    connection: Connection,
    wanted: Sequence[tuple[Address, str, str]],
    *,
    known: Mapping[str, int],
    now: datetime,
) -> dict[str, int]:
    """Return the ids of subscribers by their address for comparing; those who are not known are made.

    Args:
        connection: A transaction that writes, and holds the lock of subscribers.
        wanted: Address, name and keyed hash of each.
        known: Ids that are known already.
        now: UTC.
    """
    unknown = [one for one in wanted if one[0].key not in known]
    if not unknown:
        return dict(known)
    connection.execute(
        insert(_subscribers),
        [
            {
                "address": address.display,
                "address_key": address.key,
                "address_hash": address_hash,
                "name": name,
                "created_at": now,
            }
            for address, name, address_hash in unknown
        ],
    )
    made = select(_subscribers.c.address_key, _subscribers.c.id).where(
        _subscribers.c.address_key.in_([address.key for address, _, _ in unknown])
    )
    return dict(known) | {row.address_key: row.id for row in connection.execute(made)}


def suppressed_among(connection: Connection, hashes: Mapping[str, str]) -> dict[str, SuppressionReason]:
    """Return which addresses are never mailed, and why, by address for comparing.

    Args:
        connection: Any transaction.
        hashes: Keyed hash of each address, by the address for comparing.
    """
    reasons = {
        row.address_hash: SuppressionReason(row.reason)
        for row in connection.execute(
            select(_suppressions).where(_suppressions.c.address_hash.in_(list(hashes.values())))
        )
    }
    return {key: reasons[address_hash] for key, address_hash in hashes.items() if address_hash in reasons}


def _standing(connection: Connection, list_name: str, hashes: Mapping[str, str]) -> dict[str, _Standing]:
    query = (
        select(_subscribers.c.address_key, _subscribers.c.id, _subscriptions.c.state)
        .outerjoin_from(
            _subscribers,
            _subscriptions,
            and_(
                _subscriptions.c.subscriber_id == _subscribers.c.id,
                _subscriptions.c.list_name == list_name,
            ),
        )
        .where(_subscribers.c.address_key.in_(list(hashes)))
    )
    known = {row.address_key: row for row in connection.execute(query)}
    suppressed = suppressed_among(connection, hashes)
    return {
        key: _Standing(
            subscriber_id=known[key].id if key in known else None,
            state=SubscriptionState(known[key].state) if key in known and known[key].state else None,
            suppressed=suppressed.get(key),
        )
        for key in hashes
        if key in known or key in suppressed
    }


def _decide_add(standing: _Standing | None) -> tuple[AddOutcome, str]:
    if standing is None:
        return AddOutcome.ADDED, ""
    if standing.suppressed is not None:
        return AddOutcome.REFUSED, f"suppressed ({standing.suppressed.value})"
    if standing.state is SubscriptionState.UNSUBSCRIBED:
        return AddOutcome.REFUSED, "unsubscribed; only the reader may sign up again"
    if standing.state is SubscriptionState.CONFIRMED:
        return AddOutcome.ALREADY_THERE, ""
    return AddOutcome.ADDED, ""
