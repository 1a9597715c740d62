"""Alerts: what is wrong is told to the operator at once, once, and again when it is over."""

from datetime import datetime

from newsletter.alert.conditions import conditions_of
from newsletter.alert.deciding import decide_alerts
from newsletter.alert.disks import disks_of
from newsletter.alert.telling import AlertDesk, hand_over, tell
from newsletter.model.alerts import Alert, AlertFacts, AlertLimits
from newsletter.store.store import Store

__all__ = ["AlertDesk", "disks_of", "hand_over", "look", "tell"]


def look(
    store: Store,
    facts: AlertFacts,
    limits: AlertLimits,
    *,
    addresses: tuple[str, ...],
    has_webhook: bool,
    now: datetime,
) -> list[Alert]:
    """Raise what is wrong, give the all-clear for what is over, and queue the messages about both.

    Args:
        store: Where alerts are kept.
        facts: How everything stands.
        limits: From where on something is wrong.
        addresses: Who is told by mail.
        has_webhook: Whether a webhook is told.
        now: UTC.

    Returns:
        What was raised and what is over, by this look.

    Raises:
        StoreError: The database refused, or is gone.
    """
    conditions = conditions_of(facts, limits, now=now)
    decision = decide_alerts(conditions, store.alerts.open(), now=now)
    if not (decision.raised or decision.changed or decision.cleared):
        return []
    return store.alerts.record(decision, addresses=addresses, has_webhook=has_webhook, now=now)
