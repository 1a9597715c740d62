"""Differences: what one edition tells that an earlier one does not, story by story."""

from dataclasses import dataclass

from newsletter.model.explanations import Entry


@dataclass(frozen=True, kw_only=True)
class Change:
    """A story that both editions tell, and what is different about it."""

    before: Entry
    after: Entry
    #: In words: "headline", "summary", "other sources"; empty: it only moved.
    what: tuple[str, ...]

    @property
    def is_moved(self) -> bool:
        """Whether it has another number or is told in another form."""
        return (self.before.number, self.before.role) != (self.after.number, self.after.role)


@dataclass(frozen=True, kw_only=True)
class Differences:
    """How an edition differs from an earlier one."""

    #: Stories that only the later one tells, in its order.
    added: tuple[Entry, ...]
    #: Stories that only the earlier one tells, in its order.
    gone: tuple[Entry, ...]
    #: Stories that both tell, and not alike; in the later one's order.
    changed: tuple[Change, ...]
    #: How many stories both tell alike and in the same place.
    same: int
