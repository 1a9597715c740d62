"""Alerts in the store: raised once whoever looks, told once whoever tells."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from newsletter.model.alerts import Alert, AlertDecision, AlertKind, Channel, Condition
from newsletter.model.deliveries import DeliveryMark, DeliveryState, UncertainPolicy
from newsletter.model.editions import PublishedEdition
from newsletter.model.feedback import BouncePolicy
from newsletter.model.feedback import FeedbackKind as K
from newsletter.store.feedback import Verdict
from newsletter.store.store import Store

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BOTH = (Channel.MAIL, Channel.WEBHOOK)


def condition(subject: str = "daily") -> Condition:
    return Condition(kind=AlertKind.NO_EDITION, subject=subject, what="late", repair="look")


def record(store: Store, decision: AlertDecision, *, now: datetime = NOW) -> list[Alert]:
    return store.alerts.record(decision, addresses=("ops@example.org",), has_webhook=True, now=now)


def test_two_that_find_the_same_at_once_raise_one_alert_and_queue_one_message_each_way(store: Store) -> None:
    decision = AlertDecision(raised=(condition(), condition("weekly")))
    with ThreadPoolExecutor(2) as pool:
        raised = [one for found in pool.map(lambda _: record(store, decision), range(2)) for one in found]
    assert sorted(one.condition.subject for one in raised) == ["daily", "weekly"]
    assert len(store.alerts.open()) == 2
    with ThreadPoolExecutor(2) as pool:
        both = [*pool.map(lambda _: store.alerts.take(BOTH, limit=9, now=NOW), range(2))]
    taken = [notice for some in both for notice in some]
    assert len({notice.uid for notice in taken}) == len(taken), "each is taken by one of them"
    told = sorted((notice.channel, len(notice.alerts)) for notice in taken)
    assert sum(count for channel, count in told if channel is Channel.MAIL) == 2
    assert [channel for channel, _ in told].count(Channel.WEBHOOK) == 2


def test_two_that_see_it_over_at_once_give_one_all_clear_and_it_can_be_raised_again(store: Store) -> None:
    [raised] = record(store, AlertDecision(raised=(condition(),)))
    over = AlertDecision(cleared=(replace(raised, fine_since=NOW, cleared_at=NOW + MINUTE),))
    assert len(record(store, over)) == 1
    assert record(store, over) == []
    assert store.alerts.open() == []
    [again] = record(store, AlertDecision(raised=(condition(),)))
    assert again.id != raised.id
    assert [one.cleared_at is None for one in store.alerts.latest(limit=9)] == [True, False]


def test_a_message_is_taken_by_one_and_by_another_once_that_one_is_gone(store: Store) -> None:
    record(store, AlertDecision(raised=(condition(),)))
    first = store.alerts.take(BOTH, limit=9, now=NOW)
    assert len(first) == 2
    assert store.alerts.take(BOTH, limit=9, now=NOW + 4 * MINUTE) == []
    second = store.alerts.take(BOTH, limit=9, now=NOW + 5 * MINUTE)
    assert [one.uid for one in second] == [one.uid for one in first]
    assert [one.attempts for one in second] == [2, 2]
    # The first one was not gone after all: what it says comes too late.
    store.alerts.put_off(first[0], NOW + 90 * MINUTE, reply="451")
    store.alerts.told(second[0], reply="250", now=NOW + 5 * MINUTE)
    store.alerts.put_off(second[1], None, reply="given up: 410")
    assert store.alerts.take(BOTH, limit=9, now=NOW + 99 * MINUTE) == []
    assert store.alerts.waiting() == 0


def test_mail_can_wait_while_the_webhook_is_told(store: Store) -> None:
    record(store, AlertDecision(raised=(condition(),)))
    taken = store.alerts.take((Channel.WEBHOOK,), limit=9, now=NOW)
    assert [one.channel for one in taken] == [Channel.WEBHOOK]
    assert store.alerts.waiting() == 2


def test_what_is_over_is_forgotten_after_three_months_and_what_is_open_never(store: Store) -> None:
    old, lasting = record(store, AlertDecision(raised=(condition("old"), condition("lasting"))))
    for notice in store.alerts.take(BOTH, limit=9, now=NOW):
        store.alerts.told(notice, reply="250", now=NOW)
    record(store, AlertDecision(cleared=(replace(old, cleared_at=NOW),)))
    record(store, AlertDecision(raised=(condition("new"),)), now=NOW + timedelta(days=91))
    assert [one.condition.subject for one in store.alerts.latest(limit=9)] == ["new", "lasting"]
    assert store.alerts.open()[0].id == lasting.id


def test_what_came_back_of_an_edition_is_counted_by_readers(
    store: Store, subscribe: Callable[..., None], publish: Callable[..., PublishedEdition]
) -> None:
    subscribe(*(f"r{number}@example.org" for number in range(6)))
    first, second = publish("Harbour reopens"), publish("Ferry runs again")
    sent = store.deliveries.claim(sender="s", limit=20, now=NOW)
    policy, ids = UncertainPolicy.HOLD, [delivery.id for delivery in sent]
    store.deliveries.advance(begin=ids, marks=[], sender="s", policy=policy, now=NOW)
    marks = [DeliveryMark(delivery_id=i, state=DeliveryState.ACCEPTED) for i in ids]
    store.deliveries.advance(begin=[], marks=marks, sender="s", policy=policy, now=NOW)
    of_first = [delivery for delivery in sent if delivery.edition_id == first.id]
    kinds = (K.HARD_BOUNCE, K.SOFT_BOUNCE, K.COMPLAINT, K.UNSUBSCRIBE)
    pairs = [*zip(of_first, kinds, strict=False), (of_first[1], K.SOFT_BOUNCE), (of_first[2], K.COMPLAINT)]
    for number, (delivery, kind) in enumerate(pairs):
        verdict = Verdict(
            kind=kind,
            subscriber_id=delivery.subscriber_id,
            delivery_id=delivery.id,
            list_name="daily",
            reason="",
        )
        store.feedback.record(f"{number:064}", verdict, BouncePolicy(), now=NOW + MINUTE)
    assert store.alerts.returned(first.id, since=NOW) == (2, 1)
    assert store.alerts.returned(second.id, since=NOW) == (0, 0)
    assert store.alerts.returned(first.id, since=NOW + 2 * MINUTE) == (0, 0)
