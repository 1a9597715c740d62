"""Overview: what comes next, and how the latest editions were received."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from newsletter.editions.slots import next_slot
from newsletter.model.editions import MailingList, RunOutcome
from newsletter.model.lookups import EditionRow
from newsletter.model.overview import Coming, Figures, LatestEdition, Sending
from newsletter.model.subscribers import Cadence, Readership
from newsletter.store.store import Store

_WEEK = timedelta(days=7)

#: Turns that are looked through for those without an edition.
_TURNS = 10


def coming(store: Store, lists: Sequence[MailingList], *, now: datetime) -> tuple[Coming, ...]:
    """Return what comes next of each list; a weekly digest without readers and editions is left out.

    Args:
        store: Where everything is.
        lists: The lists, and their weekly digests.
        now: UTC.
    """
    readerships: dict[str, Readership] = {}
    found = []
    for mailing_list in lists:
        audience = mailing_list.audience_name
        if audience not in readerships:
            readerships[audience] = store.audiences.readership(audience, now=now)
        if _is_wanted(store, mailing_list, readerships[audience]):
            found.append(_coming(store, mailing_list, readerships[audience], now))
    return tuple(found)


def _is_wanted(store: Store, mailing_list: MailingList, readership: Readership) -> bool:
    is_digest = mailing_list.cadence is Cadence.WEEKLY
    return (
        not is_digest or readership.of(Cadence.WEEKLY) > 0 or bool(store.editions.latest(mailing_list.name))
    )


def _coming(store: Store, mailing_list: MailingList, readership: Readership, now: datetime) -> Coming:
    turns = store.editions.runs(mailing_list.name, limit=_TURNS)
    return Coming(
        mailing_list=mailing_list,
        readership=readership,
        next_slot=next_slot(mailing_list.schedule, mailing_list.time_zone, now),
        new_documents=_new_documents(store, mailing_list),
        missed=tuple(run for run in turns if run.outcome is not RunOutcome.PUBLISHED),
    )


def _new_documents(store: Store, mailing_list: MailingList) -> int:
    # A weekly digest is made of what its list's editions told.
    if mailing_list.cadence is Cadence.WEEKLY:
        return 0
    return store.documents.new_count_for(
        mailing_list.name, folders=mailing_list.folders, sources=mailing_list.sources
    )


def figures(store: Store, mailing_list: MailingList, *, now: datetime) -> Figures:
    """Return how a list goes.

    Args:
        store: Where everything is.
        mailing_list: The list, or a weekly digest, whose readers are those of its list.
        now: UTC.
    """
    days = store.lookups.history.audience(mailing_list.audience_name, since=now - _WEEK)
    latest = store.lookups.editions.page(list_name=mailing_list.name, limit=1).rows
    return Figures(
        joined=sum(day.counts.get("joined", 0) for day in days),
        left=sum(day.counts.get("left", 0) for day in days),
        latest=_received(store, latest[0]) if latest else None,
    )


def _received(store: Store, row: EditionRow) -> LatestEdition:
    bounced, complained = store.alerts.returned(row.edition.id, since=row.edition.created_at)
    return LatestEdition(row=row, bounced=bounced, complained=complained)


def sending(store: Store, *, account: str, now: datetime) -> Sending:
    """Return how mail goes out.

    Args:
        store: Where everything is.
        account: The account that mail goes through.
        now: UTC.
    """
    breaker = store.accounts.breakers().get(account)
    keeps_back = breaker is not None and (breaker.permanent or breaker.open_until > now)
    return Sending(
        due=store.deliveries.due_count(now=now),
        troubles=(breaker.reason,) if breaker is not None and keeps_back else (),
    )
