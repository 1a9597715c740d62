"""Places that documents come from, and how each stands."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class PlaceKind(StrEnum):
    """What a place is."""

    FEED = "feed"
    FOLDER = "folder"
    MAILBOX = "mailbox"


class PlaceState(StrEnum):
    """How a place stands; the value is what the operator reads."""

    #: It cannot be read.
    FAILING = "failing"
    #: It said that it is gone for good, and is not asked again.
    ENDED = "gone for good"
    #: It has brought nothing for three times its usual gap.
    SILENT = "silent"
    #: It has not been asked yet.
    NEW = "not asked yet"
    GOOD = "in order"


@dataclass(frozen=True, kw_only=True)
class PlaceHealth:
    """How one place stands; times in UTC."""

    kind: PlaceKind
    state: PlaceState
    #: Path, address or name, as its documents are filed under.
    name: str
    #: What people call it; its name if nothing better is known.
    title: str
    #: Number of a feed; None for other places.
    source_id: int | None = None
    #: When it was last read without trouble; None if never, and of folders, which are read at every turn.
    succeeded_at: datetime | None = None
    failing_since: datetime | None = None
    #: Why it cannot be read, in one line.
    problem: str = ""
    #: When it is tried next; None: never, or at every turn.
    next_at: datetime | None = None
    #: The last day (UTC) on which a document came; None if none has come lately.
    last_news: date | None = None
    #: Days from one day with news to the next, as a rule; None where too little came to tell.
    usual_gap: float | None = None
