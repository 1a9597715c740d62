"""Sources that are fetched: what is remembered of each, and what came of asking it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from newsletter.model.documents import FileOutcome, FileReport, ParsedDocument, RefusalReason

#: No source is left alone for longer: one that would be was put off by a clock that was wrong.
LONGEST_WAIT = timedelta(days=9)


@dataclass(frozen=True, kw_only=True)
class Source:
    """A feed in the store. All times are in UTC."""

    id: int
    #: As it is asked for; another one after a permanent redirect.
    url: str
    #: As it was added, which names it for good.
    added_url: str
    title: str = ""
    #: Whether the pages of items are fetched of which the feed has but a summary.
    is_fetching_pages: bool = False
    #: Validators of the last answer, verbatim.
    etag: str | None = None
    last_modified: str | None = None
    #: How long the feed asks to be left alone.
    interval_seconds: int | None = None
    next_at: datetime
    checked_at: datetime | None = None
    succeeded_at: datetime | None = None
    #: Since when every try has failed.
    failing_since: datetime | None = None
    failures: int = 0
    problem: str = ""
    #: When it said that it is gone for good.
    ended_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class SeenItem:
    """An item of a feed as its identity goes; a document is made of it only if that is new."""

    key: str
    #: Stays equal as long as it says the same.
    fingerprint: str
    #: Stays equal though its key changes; "" for none. Half of it stands for the link, half for the title.
    alias: str

    def is_another(self, alias: str) -> bool:
        """Return whether an item of this key that had that alias is another one: both halves have changed.

        Some feeds of one item give all of them, in turn, one GUID.
        """
        half = len(self.alias) // 2
        both = bool(alias and self.alias)
        return both and alias[:half] != self.alias[:half] and alias[half:] != self.alias[half:]


@dataclass(frozen=True, kw_only=True)
class FetchedItem:
    """An item that is new or has changed: read, refused, or, if all else is None, only remembered as seen."""

    seen: SeenItem
    document: ParsedDocument | None = None
    refusal: RefusalReason | None = None
    detail: str = ""


class PollOutcome(StrEnum):
    """What came of asking a source."""

    FETCHED = "fetched"
    #: It said that nothing has changed since the last time.
    UNCHANGED = "unchanged"
    FAILED = "failed"
    #: It said that it is gone for good; it is not asked again.
    ENDED = "gone for good"


@dataclass(frozen=True, kw_only=True)
class Poll:
    """What is to be remembered of asking a source once."""

    outcome: PollOutcome
    #: UTC.
    next_at: datetime
    #: Address to ask from now on.
    url: str = ""
    title: str = ""
    etag: str | None = None
    last_modified: str | None = None
    interval: timedelta | None = None
    problem: str = ""
    #: Items that are new or have changed.
    items: tuple[FetchedItem, ...] = ()
    #: All items that are in it now.
    seen: tuple[SeenItem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SourceReport:
    """What came of asking one source."""

    #: As it was before.
    source: Source
    outcome: PollOutcome
    problem: str = ""
    #: One line for each item that is new or has changed.
    items: tuple[FileReport, ...] = ()
    #: UTC.
    next_at: datetime
    #: Whether it is to be said that it has failed for long: once each time that it begins to.
    fails_for_long: bool = False

    def count(self, outcome: FileOutcome) -> int:
        """Return how many of its items had this outcome."""
        return sum(1 for item in self.items if item.outcome is outcome)


@dataclass(frozen=True, kw_only=True)
class FetchReport:
    """What one run did with every source that it asked."""

    sources: tuple[SourceReport, ...] = field(default=())

    @property
    def items(self) -> tuple[FileReport, ...]:
        """The items of all sources that are new or have changed."""
        return tuple(item for report in self.sources for item in report.items)
