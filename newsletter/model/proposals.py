"""Proposals: the edition of a list for one slot, frozen before it goes out, and what was decided about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from newsletter.model.checks import Check, UsualFacts
from newsletter.model.editions import Draft, DroppedStory


class ProposalState(StrEnum):
    """How a proposal stands; the value is what the operator reads."""

    #: Nobody has decided; whether it goes out hangs on its list.
    PROPOSED = "proposed"
    #: It goes out at its slot, or at once if that has come.
    APPROVED = "approved"
    #: It waits until it is approved.
    HELD = "held"
    #: The slot gets no edition; its documents stay for the next one.
    SKIPPED = "skipped"
    #: It went out.
    PUBLISHED = "published"
    #: Its slot passed without it.
    EXPIRED = "expired"


#: Which decisions an operator may take; what is missing is settled for good.
DECISIONS: Mapping[ProposalState, frozenset[ProposalState]] = {
    ProposalState.PROPOSED: frozenset({ProposalState.APPROVED, ProposalState.HELD, ProposalState.SKIPPED}),
    ProposalState.APPROVED: frozenset({ProposalState.HELD, ProposalState.SKIPPED}),
    ProposalState.HELD: frozenset({ProposalState.APPROVED, ProposalState.SKIPPED}),
    ProposalState.SKIPPED: frozenset({ProposalState.APPROVED, ProposalState.HELD}),
}


class Ruling(StrEnum):
    """What becomes of a proposal if nobody does anything; the value is what the operator reads."""

    GOES_OUT = "goes out"
    WAITS = "waits for approval"
    LEFT_OUT = "is left out"


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A proposal without its content."""

    id: int
    #: The list, or its weekly digest.
    list_name: str
    #: The slot that it is for, UTC.
    slot_at: datetime
    state: ProposalState
    #: Counts every change from 1; a decision names the one that it was taken about.
    version: int
    #: The number that the edition will bear.
    number: int
    subject: str
    #: Stories told with a summary.
    stories: int
    #: When its documents were looked through, UTC.
    made_at: datetime
    checks: tuple[Check, ...] = ()
    #: Stories that an operator took out: they stay out of its list's editions whatever becomes of it.
    dropped: tuple[DroppedStory, ...] = ()
    #: Why it is as it is, in words for the operator; may be empty.
    note: str = ""
    #: Who decided last; empty: nobody.
    decided_by: str = ""
    #: UTC.
    decided_at: datetime | None = None
    #: When its slot was answered, with it or without; UTC. None: it is open.
    settled_at: datetime | None = None

    @property
    def name(self) -> str:
        """What it is called before the operator: "No. 43 of daily"."""
        return f"No. {self.number} of {self.list_name}"

    @property
    def holding(self) -> tuple[Check, ...]:
        """The checks for which it is held where its list is checked."""
        return tuple(check for check in self.checks if check.holds)


@dataclass(frozen=True, kw_only=True)
class ProposedEdition:
    """What a proposal holds: what was approved is what is sent."""

    draft: Draft
    #: What it was checked against.
    usual: UsualFacts


@dataclass(frozen=True, kw_only=True)
class PendingProposal:
    """A proposal that is still open, and what will become of it."""

    proposal: Proposal
    ruling: Ruling
    #: Until when it may be approved, UTC; then its slot is skipped.
    closes_at: datetime
    #: Documents that came after it was made, for the edition after it or for a renewed one.
    newer_documents: int = 0
