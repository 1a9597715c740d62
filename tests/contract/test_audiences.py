"""Who gets an edition, by cadence and pauses, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from choosing import choose

from newsletter.model.deliveries import DeliveryState, UncertainPolicy
from newsletter.model.editions import PublishedEdition
from newsletter.model.subscribers import Cadence, SuppressionReason
from newsletter.store.store import Store
from newsletter.subscribe import parse_address

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
DAY = timedelta(days=1)

ADA, BO, CHI, DEE = (f"{name}@example.org" for name in ("ada", "bo", "chi", "dee"))


def readers(store: Store, edition: PublishedEdition) -> dict[str, str]:
    """Return the state of each reader's delivery, by the first part of the address."""
    return {r.address.partition("@")[0]: r.state.value for r in store.operations.listed(edition.id)}


def test_an_edition_goes_to_those_on_each_who_have_not_paused(store: Store, subscribe, publish) -> None:
    subscribe(ADA, BO, CHI, DEE)
    choose(store, BO, cadence=Cadence.WEEKLY)
    choose(store, CHI, paused_until=NOW + timedelta(seconds=1))
    choose(store, DEE, paused_until=NOW)
    edition = publish("A story")
    assert readers(store, edition) == {"ada": "queued", "dee": "queued"}
    assert edition.audience == store.editions.get(edition.id).audience == 2


def test_a_weekly_digest_goes_to_those_on_weekly_of_its_list(store: Store, subscribe, publish) -> None:
    subscribe(ADA, BO, CHI)
    subscribe(DEE, list_name="other")
    choose(store, BO, cadence=Cadence.WEEKLY)
    choose(store, CHI, cadence=Cadence.WEEKLY, paused_until=NOW + DAY)
    choose(store, DEE, list_name="other", cadence=Cadence.WEEKLY)
    publish("A story")
    digest = publish(list_name="daily.weekly", audience_list="daily", cadence=Cadence.WEEKLY)
    assert readers(store, digest) == {"bo": "queued"}
    assert (digest.list_name, digest.number, digest.audience) == ("daily.weekly", 1, 1)


def test_readers_are_counted_by_what_they_chose(store: Store, subscribe) -> None:
    subscribe(ADA, BO, CHI, DEE, "eve@example.org", "fay@example.org")
    choose(store, BO, cadence=Cadence.WEEKLY)
    choose(store, CHI, cadence=Cadence.WEEKLY, paused_until=NOW + DAY)
    choose(store, DEE, paused_until=NOW + DAY)
    store.subscribers.suppress(parse_address("eve@example.org"), SuppressionReason.OPERATOR, now=NOW)
    store.subscribers.unsubscribe("daily", parse_address("fay@example.org"), now=NOW)
    found = store.audiences.readership("daily", now=NOW)
    assert dict(found.awake) == {Cadence.EACH: 1, Cadence.WEEKLY: 1}
    assert dict(found.paused) == {Cadence.EACH: 1, Cadence.WEEKLY: 1}
    assert (found.total, found.of(Cadence.WEEKLY)) == (4, 2)
    later = store.audiences.readership("daily", now=NOW + DAY)
    assert dict(later.awake) == {Cadence.EACH: 2, Cadence.WEEKLY: 2}
    assert store.audiences.readership("unheard-of", now=NOW).total == 0


@pytest.mark.parametrize("when", ["before the claim", "between claim and DATA"])
def test_who_pauses_while_an_edition_goes_out_gets_nothing_more(
    store: Store, subscribe, publish, when: str
) -> None:
    subscribe(ADA, BO)
    edition = publish("A story")
    if when == "before the claim":
        choose(store, BO, paused_until=NOW + DAY)
    claimed = store.deliveries.claim(sender="me", limit=10, now=NOW)
    choose(store, BO, paused_until=NOW + DAY)
    ids = [delivery.id for delivery in claimed]
    store.deliveries.advance(begin=ids, marks=[], sender="me", policy=UncertainPolicy.HOLD, now=NOW)
    assert readers(store, edition) == {"ada": "sending", "bo": "suppressed"}
    (withheld,) = store.operations.listed(edition.id, states=[DeliveryState.SUPPRESSED])
    assert withheld.reply == "the reader has paused"


def test_a_pause_that_has_ended_keeps_nothing_back(store: Store, subscribe, publish) -> None:
    subscribe(ADA)
    publish("A story")
    choose(store, ADA, paused_until=NOW + DAY)
    assert len(store.deliveries.claim(sender="me", limit=10, now=NOW + DAY)) == 1


def test_leaving_is_told_from_pausing(store: Store, subscribe, publish) -> None:
    subscribe(ADA, BO)
    edition = publish("A story")
    choose(store, ADA, paused_until=NOW + DAY)
    choose(store, BO, paused_until=NOW + DAY)
    store.subscribers.unsubscribe("daily", parse_address(BO), now=NOW)
    assert store.deliveries.claim(sender="me", limit=10, now=NOW) == []
    replies = {record.address: record.reply for record in store.operations.listed(edition.id)}
    assert replies == {
        ADA: "the reader has paused",
        BO: "the reader left, or the address is suppressed",
    }
