"""Gauges: how everything stands in numbers."""

from datetime import datetime

from newsletter.model.gauges import Gauges
from newsletter.store.store import Store


def gauges(store: Store, *, now: datetime) -> Gauges:
    """Return how everything stands, by queries that an index answers.

    Args:
        store: Where everything is.
        now: UTC.

    Raises:
        StoreError: The database refused, or is gone.
    """
    latest = {
        edition.list_name: edition
        for list_name in store.editions.published_lists()
        for edition in store.editions.latest(list_name)
    }
    return Gauges(
        subscriptions=store.counts.subscriptions(),
        deliveries={
            (list_name, state): count
            for list_name, edition in latest.items()
            for state, count in store.deliveries.counts(edition.id).items()
        },
        latest_editions={list_name: edition.created_at for list_name, edition in latest.items()},
        due_deliveries=store.deliveries.due_count(now=now),
        due_letters=store.counts.due_letters(now=now),
        documents=store.documents.count(),
    )
