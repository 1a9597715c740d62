"""Signing up: a visitor asks, a letter answers, and the button behind its link confirms."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from newsletter.errors import LinkError, SubscriberError
from newsletter.model.editions import MailingList
from newsletter.model.readers import (
    LINK_HOURS,
    AskedFor,
    Confirmation,
    ConfirmationState,
    LetterKind,
    SignUp,
    Standing,
)
from newsletter.model.subscribers import SubscriptionState
from newsletter.store.store import Store
from newsletter.subscribe.addresses import parse_address
from newsletter.subscribe.offers import check_families, check_offer

#: Sign-ups decided in one transaction, and transactions of one call.
_BATCH, _MOST_BATCHES = 500, 10

#: After how long a sign-up, and a subscription that nobody confirmed, are forgotten.
_KEPT = timedelta(days=7)


def ask(store: Store, lists: Sequence[MailingList], request: SignUp, *, now: datetime) -> None:
    """Write down what a visitor asks for; nothing is looked up, so that nothing tells who is subscribed.

    Args:
        store: Where it goes.
        lists: All lists of the install.
        request: Address, lists and cadence.
        now: UTC.

    Raises:
        AddressError: It is not an address.
        SubscriberError: No list is named, or one that is not open, that offers no weekly mail, or that is
            another one in a second language.
    """
    address = parse_address(request.address)
    if not request.list_names:
        raise SubscriberError("no newsletter is chosen: choose one at least")
    by_name = {mailing_list.name: mailing_list for mailing_list in lists}
    for name in request.list_names:
        check_offer(by_name.get(name), name, request.cadence)
    check_families(lists, request.list_names)
    store.signups.record(address, request, now=now)


def answer(store: Store, *, now: datetime) -> int:
    """Decide which letter answers each new sign-up, and return how many were looked at.

    A few thousand at a time; where more wait, the next call goes on with them.

    Args:
        store: Where sign-ups are.
        now: UTC.
    """
    count = 0
    for _ in range(_MOST_BATCHES):
        looked_at = store.signups.answer(decide_letter, limit=_BATCH, now=now)
        count += looked_at
        if looked_at < _BATCH:
            break
    return count


def decide_letter(list_names: Sequence[str], standing: Standing) -> LetterKind | None:
    """Decide which letter answers a sign-up: at most one a day, and none to who must not be mailed.

    Args:
        list_names: What is asked for.
        standing: How the address stands.
    """
    if standing.is_suppressed or standing.has_letter:
        return None
    if all(standing.states.get(name) is SubscriptionState.CONFIRMED for name in list_names):
        return LetterKind.KNOWN
    return LetterKind.CONFIRM


def decide_confirmation(asked_for: AskedFor, *, now: datetime) -> ConfirmationState:
    """Decide what a confirmation link is good for.

    It works once, for 48 hours from when its letter went out, and not if its reader has left one of the lists
    since he asked: an old link must not bring back who has said no.

    Args:
        asked_for: The sign-up, and how its lists stand.
        now: UTC.
    """
    standing = [asked_for.choices.get(name) for name in asked_for.list_names]
    if asked_for.confirmed_at is not None:
        stands = all(choice and choice.state is SubscriptionState.CONFIRMED for choice in standing)
        return ConfirmationState.CONFIRMED if stands else ConfirmationState.EXPIRED
    has_left = any(
        choice.state is SubscriptionState.UNSUBSCRIBED and (choice.since or now) > asked_for.asked_at
        for choice in standing
        if choice
    )
    is_old = now - (asked_for.sent_at or asked_for.asked_at) > timedelta(hours=LINK_HOURS)
    return ConfirmationState.EXPIRED if has_left or is_old else ConfirmationState.OPEN


def confirmation(store: Store, signup_id: int, *, now: datetime) -> Confirmation:
    """Return what the page behind a confirmation link shows; nothing is changed.

    Raises:
        LinkError: The sign-up is forgotten.
    """
    asked_for = store.signups.find(signup_id)
    if asked_for is None:
        raise LinkError(_FORGOTTEN)
    return _shown(asked_for, decide_confirmation(asked_for, now=now))


def confirm(store: Store, signup_id: int, *, origin: str, now: datetime) -> Confirmation:
    """Do what the button behind a confirmation link does; pressing it again changes nothing.

    A suppression stays: whoever complained is mailed again only once the operator has lifted it.

    Args:
        store: Where subscriptions are.
        signup_id: The sign-up that the link stands for.
        origin: IP address of whoever pressed it.
        now: UTC.

    Raises:
        LinkError: The sign-up is forgotten.
    """
    done = store.signups.confirm(signup_id, partial(decide_confirmation, now=now), origin=origin, now=now)
    if done is None:
        raise LinkError(_FORGOTTEN)
    return _shown(*done)


def forget_stale(store: Store, *, now: datetime) -> int:
    """Delete sign-ups, and subscriptions that nobody confirmed, of more than a week ago; return how many."""
    return store.letters.forget(before=now - _KEPT)


_FORGOTTEN = "this link is too old: sign up again"


def _shown(asked_for: AskedFor, state: ConfirmationState) -> Confirmation:
    return Confirmation(state=state, list_names=asked_for.list_names, cadence=asked_for.cadence)
