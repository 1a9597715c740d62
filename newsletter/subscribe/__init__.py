"""Subscribe: who is put on a list, signs up, chooses, leaves, is imported, exported and erased."""

from datetime import datetime

from newsletter.errors import SubscriberError
from newsletter.model.subscribers import AddReport, SubscriptionState, SuppressionReason
from newsletter.store.store import Store
from newsletter.subscribe.addresses import masked, parse_address
from newsletter.subscribe.choosing import choose, erase_reader, own_record, preferences
from newsletter.subscribe.exporting import csv_lines, export_csv
from newsletter.subscribe.importing import Batches, Row, import_csv
from newsletter.subscribe.leaving import come_back, leave, leaving
from newsletter.subscribe.signing_up import answer, ask, confirm, confirmation, forget_stale

__all__ = [
    "add",
    "answer",
    "ask",
    "choose",
    "come_back",
    "confirm",
    "confirmation",
    "csv_lines",
    "erase",
    "erase_reader",
    "export_csv",
    "forget_stale",
    "import_csv",
    "leave",
    "leaving",
    "lift",
    "masked",
    "own_record",
    "parse_address",
    "preferences",
    "remove",
    "suppress",
]


def add(store: Store, list_name: str, text: str, *, name: str = "", source: str, now: datetime) -> AddReport:
    """Put one address on a list, confirmed.

    Args:
        store: Where subscribers are.
        list_name: The list.
        text: The address as typed.
        name: The reader's name, or empty.
        source: Where the consent comes from.
        now: UTC.
    """
    store.editions.know_list(list_name, now=now)
    return Batches(store, list_name, source=source, now=now).add([Row(line=0, text=text, name=name)])[0]


def remove(store: Store, list_name: str, text: str, *, suppress: bool = False, now: datetime) -> str:
    """Take an address off a list, and return what was done as one line.

    Args:
        store: Where subscribers are.
        list_name: The list.
        text: The address.
        suppress: Never mail it again on any list.
        now: UTC.

    Raises:
        AddressError: It is not an address.
        SubscriberError: Nobody on the list has it, and it is not to be suppressed.
    """
    address = parse_address(text)
    before = store.subscribers.unsubscribe(list_name, address, now=now)
    if suppress:
        store.subscribers.suppress(address, SuppressionReason.OPERATOR, now=now)
        return f"{address.display} will never be mailed again, on any list"
    if before is None:
        raise SubscriberError(f"{address.display} is not on the list {list_name}")
    if before is SubscriptionState.UNSUBSCRIBED:
        return f"{address.display} had left {list_name} already"
    return f"{address.display} has left {list_name}"


def suppress(store: Store, text: str, *, now: datetime) -> str:
    """Never mail an address again, on any list, whoever has it; return what was done as one line.

    Its subscriptions stay as they are, for the day that the suppression is lifted.

    Args:
        store: Where subscribers are.
        text: The address.
        now: UTC.

    Raises:
        AddressError: It is not an address.
    """
    address = parse_address(text)
    if store.subscribers.suppress(address, SuppressionReason.OPERATOR, now=now):
        return f"{address.display} will never be mailed again, on any list"
    return f"{address.display} was suppressed already"


def lift(store: Store, text: str) -> str:
    """Let a suppressed address be mailed again, and return what that means as one line.

    Args:
        store: Where subscribers are.
        text: The address.

    Raises:
        AddressError: It is not an address.
        SubscriberError: It is not suppressed.
    """
    address = parse_address(text)
    reason = store.subscribers.suppression(address)
    if reason is None or not store.subscribers.lift_suppression(address):
        raise SubscriberError(f"{address.display} is not suppressed")
    lists = store.subscribers.subscriptions(address)
    confirmed = [name for name, state in lists.items() if state is SubscriptionState.CONFIRMED]
    if confirmed:
        outlook = f"it gets the next edition of {' and '.join(confirmed)}"
    else:
        left = "it has left its lists, and only the reader may sign up again" if lists else "it is on no list"
        outlook = f"but {left}: nothing is sent to it"
    return f"{address.display} is no longer suppressed (it was: {reason.value}); {outlook}"


def erase(store: Store, text: str) -> str:
    """Forget an address on all lists, and return what stays of it as one line.

    Args:
        store: Where subscribers are.
        text: The address.

    Raises:
        AddressError: It is not an address.
        SubscriberError: Nobody has it.
    """
    address = parse_address(text)
    reason = store.subscribers.suppression(address)
    if not store.subscribers.erase(address):
        hashed = f"; its suppression ({reason.value}) is a hash only" if reason else ""
        raise SubscriberError(f"nobody has the address {address.display}: there is nothing to erase{hashed}")
    done = f"{address.display} is erased from all lists; its deliveries still count, under no name"
    if reason is None:
        return f"{done}. To keep it from being imported again: newsletter subscribers remove --suppress"
    return f"{done}; its suppression ({reason.value}) stays as a hash, and it cannot be imported again"
