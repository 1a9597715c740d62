"""Choosing: what a reader sees and decides on the page of preferences."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from newsletter.errors import LinkError, SubscriberError
from newsletter.model.editions import MailingList
from newsletter.model.readers import Choice, Preferences
from newsletter.model.subscribers import SubscriptionState
from newsletter.store.readers import Reader
from newsletter.store.store import Store
from newsletter.subscribe.addresses import masked
from newsletter.subscribe.offers import check_families, check_offer

#: A year, and a day for whose calendar is ahead of UTC.
_LONGEST_PAUSE = timedelta(days=366)

_ON, _OFF = SubscriptionState.CONFIRMED, SubscriptionState.UNSUBSCRIBED


def preferences(
    store: Store, lists: Sequence[MailingList], subscriber_id: int, list_name: str, *, now: datetime
) -> Preferences:
    """Return what a reader may choose from, and has chosen; a pause that is over is none.

    Args:
        store: Where subscriptions are.
        lists: All lists of the install; others are not shown.
        subscriber_id: The reader.
        list_name: The list whose mail the link came from.
        now: UTC.

    Raises:
        LinkError: There is no such reader, or no longer.
    """
    reader = _reader(store, subscriber_id)
    entered = [choice.since for choice in reader.choices.values() if choice.since]
    return Preferences(
        masked_address=masked(reader.address.display),
        since=min(entered, default=reader.created_at),
        choices={
            one.name: _as_of(reader.choices[one.name], now) for one in lists if one.name in reader.choices
        },
        list_name=list_name,
    )


def choose(
    store: Store,
    lists: Sequence[MailingList],
    subscriber_id: int,
    choices: Mapping[str, Choice],
    *,
    origin: str,
    now: datetime,
) -> None:
    """Save lists, cadence and pause as a reader chooses them; all of it, or nothing where a part is wrong.

    Args:
        store: Where subscriptions are.
        lists: All lists of the install.
        subscriber_id: The reader.
        choices: By name of list; lists that are not in it stay as they are, and so does what the reader has
            asked for and not confirmed yet, unless it is chosen.
        origin: IP address of the reader.
        now: UTC.

    Raises:
        LinkError: There is no such reader, or no longer.
        SubscriberError: A list is not open, offers no weekly mail, or is another one in a second language; or
            a pause does not end within a year.
    """
    reader = _reader(store, subscriber_id)
    by_name = {mailing_list.name: mailing_list for mailing_list in lists}
    before = frozenset(name for name, choice in reader.choices.items() if choice.state is _ON)
    wanted = {}
    for name, choice in choices.items():
        if choice.state is _ON:
            wanted[name] = _checked(by_name.get(name), name, choice, reader.choices.get(name), now)
        elif choice.state is _OFF and name in before:
            wanted[name] = choice
    off = {name for name, choice in wanted.items() if choice.state is _OFF}
    on = [name for name in by_name if name in (before | wanted.keys()) - off]
    check_families(lists, on, before=before)
    for name in on:
        store.editions.know_list(name, now=now)
    if not store.readers.choose(subscriber_id, wanted, origin=f"{origin}, page of preferences", now=now):
        raise LinkError(_NOBODY)


def own_record(store: Store, subscriber_id: int) -> dict[str, object]:
    """Return everything that is stored about a reader, ready to be written as JSON.

    Raises:
        LinkError: There is no such reader, or no longer.
    """
    return store.readers.record(_reader(store, subscriber_id).id)


def erase_reader(store: Store, subscriber_id: int) -> None:
    """Forget a reader who asks for it, as `newsletter.subscribe.erase` does; a suppression stays as a hash.

    Raises:
        LinkError: There is no such reader, or no longer.
    """
    if not store.subscribers.erase(_reader(store, subscriber_id).address):
        raise LinkError(_NOBODY)


_NOBODY = "this link is no longer valid: nothing is stored about its reader"


def _reader(store: Store, subscriber_id: int) -> Reader:
    reader = store.readers.find(subscriber_id)
    if reader is None:
        raise LinkError(_NOBODY)
    return reader


def _as_of(choice: Choice, now: datetime) -> Choice:
    is_over = choice.paused_until is not None and choice.paused_until <= now
    return replace(choice, paused_until=None) if is_over else choice


def _checked(
    mailing_list: MailingList | None, name: str, choice: Choice, before: Choice | None, now: datetime
) -> Choice:
    """Return a choice to be on a list, if it may be made."""
    is_on = before is not None and before.state is _ON
    check_offer(mailing_list, name, choice.cadence, is_on=is_on)
    until = choice.paused_until
    if until is not None and not now < until <= now + _LONGEST_PAUSE:
        raise SubscriberError("a pause ends on a day to come, within a year at most")
    return choice
