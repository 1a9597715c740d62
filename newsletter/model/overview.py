"""What an operator is shown first: what comes next, and how it goes."""

from dataclasses import dataclass
from datetime import datetime

from newsletter.model.editions import MailingList, Run
from newsletter.model.lookups import EditionRow
from newsletter.model.subscribers import Readership


@dataclass(frozen=True, kw_only=True)
class Coming:
    """What comes next of one list."""

    #: The list, or its weekly digest.
    mailing_list: MailingList
    #: Confirmed subscribers of the list whose address is not suppressed.
    readership: Readership
    #: UTC.
    next_slot: datetime
    #: Documents that no edition of it has told; 0 of a weekly digest.
    new_documents: int
    #: Its latest turns that brought no edition, the newest first.
    missed: tuple[Run, ...]


@dataclass(frozen=True, kw_only=True)
class LatestEdition:
    """How the latest edition of a list was received."""

    row: EditionRow
    #: Readers whose mail came back after their server had taken it.
    bounced: int
    #: Readers who reported it as spam.
    complained: int


@dataclass(frozen=True, kw_only=True)
class Figures:
    """How one list goes."""

    #: Within the last week.
    joined: int
    left: int
    #: None before the first one.
    latest: LatestEdition | None


@dataclass(frozen=True, kw_only=True)
class Sending:
    """How mail goes out."""

    #: Deliveries that could be sent now.
    due: int
    #: Why nothing goes out for now, in one line each; empty: nothing keeps it back.
    troubles: tuple[str, ...]
