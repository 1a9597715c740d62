"""How everything stands: what `newsletter status` shows."""

from dataclasses import dataclass
from datetime import datetime

from newsletter.model.deliveries import DeliveryState
from newsletter.model.documents import FileReport
from newsletter.model.editions import MailingList, PublishedEdition, Run


@dataclass(frozen=True, kw_only=True)
class EditionStatus:
    """An edition and how its deliveries stand."""

    edition: PublishedEdition
    counts: dict[DeliveryState, int]
    #: Address, state and last reply of readers who did not get it for good, some of them.
    problems: tuple[tuple[str, DeliveryState, str], ...]


@dataclass(frozen=True, kw_only=True)
class ListStatus:
    """How one list stands."""

    mailing_list: MailingList
    #: Confirmed subscribers whose address is not suppressed.
    audience: int
    new_documents: int
    #: Headlines of some new documents.
    new_headlines: tuple[str, ...]
    #: UTC.
    next_slot: datetime
    editions: tuple[EditionStatus, ...]
    runs: tuple[Run, ...]


@dataclass(frozen=True, kw_only=True)
class Status:
    """How everything stands."""

    place: str
    documents: int
    refusals: tuple[FileReport, ...]
    lists: tuple[ListStatus, ...]
