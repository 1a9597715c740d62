"""What senders that share one outbox tell each other, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from newsletter.deliveries.breaker import trip
from newsletter.deliveries.rooms import share_rooms
from newsletter.model.sharing import Meeting, Standing
from newsletter.store.store import Store

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
DOMAIN = "a.example"


def meet(store: Store, sender: str, *, now: datetime = NOW, refused: int = 0) -> Meeting:
    """Three connections that all want the same domain, which may get four."""

    def stand(others: Sequence[Standing]) -> Standing:
        rooms = share_rooms(sender, {DOMAIN: 3}, {}, others, connections=3, limit=4)
        return Standing(sender=sender, connections=3, rooms=rooms, refused=refused)

    return store.sharing.meet(sender, stand, account="mail.example", now=now)


def held(meeting: Meeting) -> int:
    return meeting.own.rooms[DOMAIN].held if meeting.own.rooms else 3


def test_each_sees_how_the_others_stand_that_live(store: Store) -> None:
    for name in ("one", "two", "dead"):
        store.deliveries.lease(sender=name, now=NOW - timedelta(minutes=5 if name == "dead" else 0))
    meet(store, "dead", refused=9)
    assert meet(store, "one", refused=3).own.rooms is None, "alone"
    second = meet(store, "two")
    assert (held(second), second.refused_beside) == (1, 3), "the first knows nothing of it yet"
    assert (held(meet(store, "one")), held(meet(store, "two"))) == (2, 2)
    store.deliveries.release(sender="one", now=NOW)
    assert meet(store, "two").own.rooms is None, "the other is gone"


def test_those_who_meet_at_the_same_time_share_all_the_same(store: Store) -> None:
    names = [f"sender {number}" for number in range(5)]
    for name in names:
        store.deliveries.lease(sender=name, now=NOW)
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(lambda name: meet(store, name), names))
        rooms = list(pool.map(lambda name: held(meet(store, name)), names))
    assert sum(rooms) <= 4


def test_the_breaker_of_the_account_is_told(store: Store) -> None:
    store.deliveries.lease(sender="one", now=NOW)
    assert meet(store, "one").breaker is None
    breaker = trip(None, reason="it is down", permanent=False, now=NOW)
    store.accounts.open_breaker("mail.example", breaker)
    store.accounts.open_breaker("another", trip(breaker, reason="worse", permanent=True, now=NOW))
    assert meet(store, "one").breaker == breaker


def test_all_who_meet_the_same_trouble_at_once_can_tell(store: Store) -> None:
    breaker = trip(None, reason="it is down", permanent=False, now=NOW)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: store.accounts.open_breaker("mail.example", breaker), range(12)))
    assert store.accounts.breakers() == {"mail.example": breaker}
