"""Gauges: how everything stands in numbers, for a monitoring system."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from newsletter.model.deliveries import DeliveryState
from newsletter.model.subscribers import SubscriptionState


@dataclass(frozen=True, kw_only=True)
class Gauges:
    """Counts of what the store holds at one moment; what is none may be left out."""

    #: By list and state.
    subscriptions: Mapping[tuple[str, SubscriptionState], int]
    #: Of each list's latest edition, by list and state.
    deliveries: Mapping[tuple[str, DeliveryState], int]
    #: When each list's latest edition was published, UTC.
    latest_editions: Mapping[str, datetime]
    #: Deliveries that may be claimed now.
    due_deliveries: int
    #: Sign-ups whose letter is to be written or sent now.
    due_letters: int
    #: Older versions included.
    documents: int
