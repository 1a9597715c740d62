"""On SQLite a claim vouches for its deliveries until anybody else has written."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from newsletter.model.deliveries import DeliveryMark, DeliveryState, UncertainPolicy
from newsletter.model.feedback import BounceKind, BouncePolicy
from newsletter.model.subscribers import SuppressionReason
from newsletter.store.advancing import Advance
from newsletter.store.store import Store
from newsletter.subscribe import parse_address

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
ADA = parse_address("ada@example.org")


class Sender:
    """A sender that writes at once, as senders mostly do; it has claimed all three."""

    def __init__(self, store: Store, edition_id: int) -> None:
        self.store = store
        self.edition_id = edition_id
        self.said: list[str] = []
        store._database._at_once._opened()[1].set_trace_callback(self.said.append)
        self.store.deliveries.lease(sender="me", now=NOW)
        claimed = self.store._database.do_at_once(
            lambda: store.deliveries.claim(sender="me", limit=10, now=NOW)
        )
        self.ids = {delivery.address.partition("@")[0]: delivery.id for delivery in claimed}

    def advance(
        self, *begin: str, accepted: tuple[str, ...] = (), marks: tuple[DeliveryMark, ...] = ()
    ) -> Advance:
        return self.store._database.do_at_once(
            lambda: self.store.deliveries.advance(
                begin=[self.ids[name] for name in begin],
                accepted=[(self.ids[name], "content: 250 taken") for name in accepted],
                marks=marks,
                sender="me",
                policy=UncertainPolicy.RESEND,
                bounces=BouncePolicy(limit=1.0),
                now=NOW + timedelta(seconds=5),
            )
        )

    def begun(self, *begin: str) -> set[str]:
        """Begin some; return who may be sent to."""
        done = self.advance(*begin)
        return {name for name, delivery_id in self.ids.items() if delivery_id in done.begun}

    @property
    def has_looked(self) -> bool:
        """Whether readers, or their subscriptions, were looked up since this was asked last."""
        looked = any("subscriptions" in statement for statement in self.said)
        self.said.clear()
        return looked


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    return sqlite_store


@pytest.fixture
def sender(store: Store, subscribe, publish) -> Sender:
    subscribe("ada@example.org", "bo@example.org", "chi@example.org")
    return Sender(store, publish("A story").id)


def test_as_long_as_nobody_writes_nobody_is_looked_up(sender: Sender) -> None:
    assert sender.has_looked, "for the claim"
    assert sender.begun("ada") == {"ada"}
    done = sender.advance("bo", accepted=("ada",))
    assert done == Advance(begun=frozenset([sender.ids["bo"]]))
    assert not sender.has_looked
    assert sender.store.deliveries.counts(sender.edition_id) == {
        DeliveryState.ACCEPTED: 1,
        DeliveryState.SENDING: 1,
        DeliveryState.CLAIMED: 1,
    }


CHANGES: dict[str, Callable[[Store, int], object]] = {
    "leaves": lambda store, _: store.subscribers.unsubscribe("daily", ADA, now=NOW),
    "is suppressed": lambda store, _: store.subscribers.suppress(ADA, SuppressionReason.OPERATOR, now=NOW),
    "is erased": lambda store, _: store.subscribers.erase(ADA),
    "pause": lambda store, edition_id: store.operations.pause(edition_id),
    "cancel": lambda store, edition_id: store.operations.cancel(edition_id, now=NOW),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whoever_must_not_be_mailed_any_more_is_not(sender: Sender, change: str) -> None:
    assert sender.begun("bo") == {"bo"}
    CHANGES[change](sender.store, sender.edition_id)
    assert sender.begun("ada", "chi") == (set() if change in ("pause", "cancel") else {"chi"})


def test_another_process_is_heard_of(sender: Sender) -> None:
    code = (
        "import sqlite3, sys\n"
        "c = sqlite3.connect(sys.argv[1])\n"
        "c.execute(\"UPDATE subscriptions SET state = 'unsubscribed' WHERE subscriber_id IN "
        "(SELECT id FROM subscribers WHERE address LIKE 'ada@%')\")\n"
        "c.commit()\n"
    )
    path = str(sender.store._database.file)
    subprocess.run([sys.executable, "-c", code, path], check=True)
    assert sender.begun("ada", "bo", "chi") == {"bo", "chi"}


def test_after_a_refusal_among_its_own_steps_nothing_is_vouched_for(sender: Sender) -> None:
    """It may suppress an address, over the very connection that vouches."""
    assert sender.begun("ada") == {"ada"}
    assert sender.has_looked, "for the claim"
    refused = DeliveryMark(
        delivery_id=sender.ids["ada"], state=DeliveryState.FAILED, reply="550", bounce=BounceKind.HARD
    )
    sender.advance(marks=(refused,))
    sender.said.clear()
    assert sender.begun("chi") == {"chi"}
    assert sender.has_looked


def test_what_was_taken_over_is_neither_begun_nor_overwritten(sender: Sender) -> None:
    assert sender.begun("ada") == {"ada"}
    sender.store.deliveries.recover(policy=UncertainPolicy.RESEND, now=NOW + timedelta(hours=1))
    done = sender.advance("bo", accepted=("ada",))
    assert done == Advance(begun=frozenset(), overtaken=frozenset([sender.ids["ada"]]))


def test_a_late_result_among_others_keeps_none_of_them_from_the_store(sender: Sender) -> None:
    assert sender.begun("ada", "bo") == {"ada", "bo"}
    late = DeliveryMark.accepted(sender.ids["ada"], "250")
    sender.advance(marks=(late,))
    done = sender.advance("chi", accepted=("ada", "bo"))
    assert done == Advance(begun=frozenset([sender.ids["chi"]]), overtaken=frozenset([sender.ids["ada"]]))
    assert sender.store.deliveries.counts(sender.edition_id) == {
        DeliveryState.ACCEPTED: 2,
        DeliveryState.SENDING: 1,
    }


def test_what_was_given_back_is_not_begun(sender: Sender) -> None:
    sender.store.deliveries.release(sender="me", now=NOW)
    assert sender.begun("ada") == set()


def test_a_claim_over_a_connection_that_was_closed_vouches_for_nothing(
    store: Store, subscribe, publish
) -> None:
    """The version of the data begins at the same number on each connection: alike means nothing."""
    subscribe("ada@example.org")
    edition_id = publish("A story").id
    store.close()
    (claimed,) = store._database.do_at_once(
        lambda: store.deliveries.claim(sender="me", limit=10, now=NOW),
    )
    store.close()
    store.subscribers.unsubscribe("daily", ADA, now=NOW)
    done = store._database.do_at_once(
        lambda: store.deliveries.advance(
            begin=[claimed.id], marks=(), sender="me", policy=UncertainPolicy.RESEND, now=NOW
        )
    )
    assert done == Advance(begun=frozenset())
    assert store.deliveries.counts(edition_id) == {DeliveryState.SUPPRESSED: 1}
