"""Status: how documents, lists, editions and deliveries stand."""

from collections.abc import Sequence
from datetime import datetime

from newsletter.editions.slots import next_slot
from newsletter.model.editions import MailingList
from newsletter.model.status import EditionStatus, ListStatus, Status
from newsletter.model.subscribers import SubscriptionState
from newsletter.store.store import Store

#: How many headlines, runs and failed readers are shown of each.
_SHOWN = 5


def status(store: Store, lists: Sequence[MailingList], *, now: datetime, editions: int) -> Status:
    """Return how everything stands.

    Args:
        store: Where everything is.
        lists: The lists of this install.
        now: UTC.
        editions: How many of a list's latest editions to show.
    """
    return Status(
        place=store.place,
        documents=store.documents.count(),
        refusals=tuple(store.documents.refusals()),
        lists=tuple(_list_status(store, mailing_list, now, editions) for mailing_list in lists),
    )


def _list_status(store: Store, mailing_list: MailingList, now: datetime, editions: int) -> ListStatus:
    fresh = store.documents.new_for(mailing_list.name, folders=mailing_list.folders)
    return ListStatus(
        mailing_list=mailing_list,
        audience=store.subscribers.count(mailing_list.name, SubscriptionState.CONFIRMED),
        new_documents=len(fresh),
        new_headlines=tuple(document.headline for document in fresh[:_SHOWN]),
        next_slot=next_slot(mailing_list.schedule, mailing_list.time_zone, now),
        editions=tuple(
            EditionStatus(
                edition=edition,
                counts=store.deliveries.counts(edition.id),
                problems=tuple(store.deliveries.problems(edition.id, limit=_SHOWN)),
            )
            for edition in store.editions.latest(mailing_list.name, limit=editions)
        ),
        runs=tuple(store.editions.runs(mailing_list.name, limit=_SHOWN)),
    )
