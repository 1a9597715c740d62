"""Status: how documents, lists, editions and deliveries stand."""

from collections.abc import Container, Sequence
from datetime import datetime

from newsletter.editions.slots import next_slot
from newsletter.model.deliveries import EDITION_ACCOUNT, DeliveryState
from newsletter.model.editions import EditionState, MailingList, PublishedEdition
from newsletter.model.status import EditionStatus, ListStatus, SendingTrouble, Status
from newsletter.model.subscribers import Cadence
from newsletter.sources.pace import fails_for_long
from newsletter.store.store import Store

#: How many headlines, runs and refused readers are shown of each.
_SHOWN = 5

#: How many readers of whom nobody knows are named for each edition.
_UNCERTAIN_SHOWN = 20

#: How many older editions that are not through are shown of each list.
_OLDER_SHOWN = 10


def status(
    store: Store,
    lists: Sequence[MailingList],
    *,
    account: str,
    mailboxes: Container[str] = (),
    now: datetime,
    editions: int,
    missing: Sequence[str] = (),
) -> Status:
    """Return how everything stands.

    Args:
        store: Where everything is.
        lists: The lists of this install, and their weekly digests.
        account: The account that mail goes through; the trouble of one that was given up is over.
        mailboxes: What names the mailboxes that are set; what was wrong with others is over.
        now: UTC.
        editions: How many of a list's latest editions to show.
        missing: One line for each place that a list names and nothing can come from.
    """
    return Status(
        place=store.place,
        documents=store.documents.count(),
        refusals=tuple(store.documents.refusals()),
        troubles=troubles(store, account),
        lists=tuple(
            state
            for mailing_list in lists
            if _is_shown(state := _list_status(store, mailing_list, now, editions))
        ),
        left_over=_left_over(store, lists),
        missing=tuple(missing),
        mailboxes=tuple(box for box in store.mailboxes.failing() if box.name in mailboxes),
        failing=tuple(
            source
            for source in store.sources.all()
            if source.ended_at is None and fails_for_long(failing_since=source.failing_since, now=now)
        ),
        suppressions=store.subscribers.suppression_counts(),
    )


def troubles(store: Store, account: str) -> tuple[SendingTrouble, ...]:
    """Return what keeps messages back; where nothing is left to send, there is no trouble."""
    found = []
    for name, breaker in sorted(store.accounts.breakers().items()):
        if name.startswith(EDITION_ACCOUNT):
            edition_id = int(name.removeprefix(EDITION_ACCOUNT))
            if _waits(store, edition_id):
                found.append(SendingTrouble(edition=store.editions.get(edition_id), breaker=breaker))
        elif name == account and _anything_waits(store):
            found.append(SendingTrouble(account=name, breaker=breaker))
    return tuple(found)


def _anything_waits(store: Store) -> bool:
    """Return whether any edition waits, those of lists that are no longer set included."""
    return any(
        _waits(store, edition_id)
        for list_name in store.editions.published_lists()
        for edition_id in store.operations.unsettled(list_name)
    )


def _waits(store: Store, edition_id: int) -> bool:
    """Return whether somebody is still to get an edition."""
    edition = store.editions.get(edition_id)
    state = EditionStatus(edition=edition, counts=store.deliveries.counts(edition_id))
    return state.waiting > 0 and edition.state is not EditionState.CANCELLED


def _list_status(store: Store, mailing_list: MailingList, now: datetime, editions: int) -> ListStatus:
    is_digest = mailing_list.cadence is Cadence.WEEKLY
    # A digest is made of what its list's editions told.
    fresh = (
        ()
        if is_digest
        else store.documents.new_for(
            mailing_list.name, folders=mailing_list.folders, sources=mailing_list.sources
        )
    )
    return ListStatus(
        mailing_list=mailing_list,
        readership=store.audiences.readership(mailing_list.audience_name, now=now),
        new_documents=len(fresh),
        new_headlines=tuple(document.headline for document in fresh[:_SHOWN]),
        next_slot=next_slot(mailing_list.schedule, mailing_list.time_zone, now),
        editions=tuple(
            _edition_status(store, edition) for edition in _editions(store, mailing_list.name, editions)
        ),
        runs=tuple(store.editions.runs(mailing_list.name, limit=_SHOWN)),
    )


def _is_shown(state: ListStatus) -> bool:
    """Return whether there is anything to say of a list: of a digest that nobody asked for there is not."""
    is_digest = state.mailing_list.cadence is Cadence.WEEKLY
    return not is_digest or state.readership.of(Cadence.WEEKLY) > 0 or bool(state.editions)


def _editions(store: Store, list_name: str, count: int) -> list[PublishedEdition]:
    """Return a list's latest editions, and after them older ones that are not through."""
    latest = store.editions.latest(list_name, limit=count)
    shown = {edition.id for edition in latest}
    older = [i for i in store.operations.unsettled(list_name) if i not in shown]
    return latest + [store.editions.get(i) for i in older[:_OLDER_SHOWN]]


def _left_over(store: Store, lists: Sequence[MailingList]) -> tuple[EditionStatus, ...]:
    """Return the editions of lists that are no longer set which somebody waits for, or is uncertain of."""
    left_over: list[EditionStatus] = []
    for list_name in store.editions.published_lists():
        if list_name not in {mailing_list.name for mailing_list in lists}:
            editions = map(store.editions.get, store.operations.unsettled(list_name)[:_OLDER_SHOWN])
            left_over += [_edition_status(store, edition) for edition in editions]
    return tuple(state for state in left_over if state.waiting or state.uncertain)


def _edition_status(store: Store, edition: PublishedEdition) -> EditionStatus:
    refused = (DeliveryState.FAILED, DeliveryState.DEFERRED)
    uncertain = (DeliveryState.UNCERTAIN,)
    return EditionStatus(
        edition=edition,
        counts=store.deliveries.counts(edition.id),
        problems=tuple(store.operations.listed(edition.id, states=refused, limit=_SHOWN)),
        uncertain=tuple(store.operations.listed(edition.id, states=uncertain, limit=_UNCERTAIN_SHOWN)),
    )
