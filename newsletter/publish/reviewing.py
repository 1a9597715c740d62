"""Reviewing: what an operator decides about a proposed edition before it goes out."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from newsletter.editions.approval import ruling
from newsletter.editions.revising import Revise, dropping, moving, retitling, told
from newsletter.errors import ProposalError
from newsletter.model.audit import AuditEntry
from newsletter.model.editions import Draft, Edition, MailingList
from newsletter.model.proposals import (
    DECISIONS,
    PendingProposal,
    Proposal,
    ProposalState,
    ProposedEdition,
)
from newsletter.model.subscribers import Cadence
from newsletter.publish.pressing import Press, render
from newsletter.publish.proposing import checks_of, is_outdated, propose
from newsletter.store.store import Store

#: What the audit log calls a decision.
_ACTIONS = {
    ProposalState.APPROVED: "approve edition",
    ProposalState.HELD: "hold edition",
    ProposalState.SKIPPED: "skip edition",
}


@dataclass(frozen=True, kw_only=True)
class Decider:
    """Who decides, and when."""

    #: An operator's name, as the audit log has it.
    by: str
    #: UTC.
    now: datetime

    def entry(self, proposal: Proposal, action: str, detail: str = "") -> AuditEntry:
        """Return what goes into the audit log."""
        subject = f"{proposal.list_name} No. {proposal.number}"
        return AuditEntry(at=self.now, actor=self.by, action=action, subject=subject, detail=detail)


class Reviewer:
    """Decides about proposals of one list; each decision is about the proposal as it was seen."""

    def __init__(self, store: Store, mailing_list: MailingList, press: Press) -> None:
        self._store = store
        self._list = mailing_list
        self._press = press

    def pending(self, proposal: Proposal) -> PendingProposal:
        """Return what will become of an open proposal, and how much has come since it was made."""
        return PendingProposal(
            proposal=proposal,
            ruling=ruling(proposal.state, self._list.approval, proposal.checks),
            closes_at=proposal.slot_at + self._list.grace,
            newer_documents=self._newer(proposal),
        )

    def decide(self, proposal: Proposal, state: ProposalState, decider: Decider) -> Proposal:
        """Approve, hold or skip.

        Raises:
            ProposalError: Its slot is over, it is so already, or what it holds was sent in another edition.
            ProposalChangedError: It is no longer as it was seen.
        """
        self._check_open(proposal, decider.now)
        if state is proposal.state:
            raise ProposalError(f"{proposal.name} is {state.value} already")
        if state not in DECISIONS[proposal.state]:
            raise ProposalError(f"{proposal.name} is {proposal.state.value} and cannot be {state.value}")
        if state is ProposalState.APPROVED and is_outdated(self._store, proposal):
            raise ProposalError(
                f"{proposal.list_name} has had another edition since this one was proposed: renew it first"
            )
        entry = decider.entry(proposal, _ACTIONS[state])
        return self._store.proposals.decide(proposal, state, by=decider.by, now=decider.now, entry=entry)

    def renew(self, proposal: Proposal, decider: Decider, *, with_dropped: bool = False) -> Proposal | None:
        """Make it anew of what is new now; what was approved, moved or written in it is gone.

        Args:
            proposal: As it was seen.
            decider: Who wants it.
            with_dropped: Bring back what was taken out of it.

        Returns:
            None if nothing is left to tell.

        Raises:
            ProposalError: Its slot is over.
            NewsletterError: As `propose`.
        """
        self._check_open(proposal, decider.now)
        propose(
            self._store,
            self._list,
            self._press,
            slot_at=proposal.slot_at,
            now=decider.now,
            instead_of=proposal,
            with_dropped=with_dropped,
            note=f"made anew by {decider.by}",
            entry=decider.entry(proposal, "renew edition"),
        )
        renewed = self._store.proposals.of_slot(proposal.list_name, proposal.slot_at)
        return renewed if renewed is not None and renewed.settled_at is None else None

    def drop(self, proposal: Proposal, number: int, decider: Decider) -> Proposal:
        """Take a story out; its documents count as told.

        Raises:
            ProposalError: As `editions.revising.dropping`; or its slot is over, or it is skipped.
            ProposalChangedError: It is no longer as it was seen.
        """
        return self._revise(
            proposal,
            lambda edition: dropping(edition, number, self._list),
            lambda edition: ("drop story", told(edition, number).headline),
            decider,
        )

    def move(self, proposal: Proposal, number: int, to: int, decider: Decider) -> Proposal:
        """Give a story another place.

        Raises:
            ProposalError: As `editions.revising.moving`; or its slot is over, or it is skipped.
            ProposalChangedError: It is no longer as it was seen.
        """
        return self._revise(
            proposal,
            lambda edition: moving(edition, number, to, self._list),
            lambda edition: ("move story", f"{number} to {to}: {told(edition, number).headline}"),
            decider,
        )

    def retitle(self, proposal: Proposal, number: int, headline: str, decider: Decider) -> Proposal:
        """Put a headline in the place of a story's.

        Raises:
            ProposalError: As `editions.revising.retitling`; or its slot is over, or it is skipped.
            ProposalChangedError: It is no longer as it was seen.
        """
        return self._revise(
            proposal,
            lambda edition: retitling(edition, number, headline, self._list),
            lambda edition: ("replace headline", f"{told(edition, number).headline} → {headline.strip()}"),
            decider,
        )

    def _revise(
        self,
        proposal: Proposal,
        make: Callable[[Edition], Revise],
        describe: Callable[[Edition], tuple[str, str]],
        decider: Decider,
    ) -> Proposal:
        """Change what it holds; approval is of what was seen, so that it has to be approved again."""
        self._check_open(proposal, decider.now)
        if proposal.state is ProposalState.SKIPPED:
            raise ProposalError(f"{proposal.name} is skipped: hold or approve it first")
        proposed = self._store.proposals.content(proposal)
        edition = proposed.draft.edition
        revise, entry = make(edition), decider.entry(proposal, *describe(edition))
        draft = self._revised(proposed.draft, revise)
        changed = ProposedEdition(draft=draft, usual=proposed.usual)
        state = ProposalState.HELD if proposal.state is ProposalState.HELD else ProposalState.PROPOSED
        return self._store.proposals.replace(
            proposal,
            changed,
            checks_of(changed, self._list),
            state=state,
            by=decider.by,
            now=decider.now,
            entry=entry,
        )

    def _revised(self, draft: Draft, revise: Revise) -> Draft:
        edition = revise(draft.edition)
        assert edition is not None  # noqa: S101 - what would leave nothing of it was refused
        variants, gone = [], dict[int | None, int | None]()
        for variant in draft.variants:
            changed = revise(variant.edition)
            if changed is None:
                # Whose copy would hold nothing else gets none. Lines alone make no mail, but are not lost.
                gone[variant.number] = 0 if variant.edition.also else None
            elif changed == variant.edition:
                variants.append(variant)
            else:
                rendering = render(changed, self._list, self._press)
                variants.append(replace(variant, edition=changed, rendering=rendering))
        week = draft.week
        if week is not None:
            chosen = {had: gone.get(number, number) for had, number in week.variants.items()}
            week = replace(week, variants=chosen)
        rendering = render(edition, self._list, self._press)
        return replace(draft, edition=edition, rendering=rendering, variants=tuple(variants), week=week)

    def _newer(self, proposal: Proposal) -> int:
        """Return how many documents have come since it was made; what a digest is made of is told already."""
        if self._list.cadence is Cadence.WEEKLY:
            return 0
        known = self._store.proposals.content(proposal).draft.edition.document_ids
        fresh = self._store.documents.new_ids_for(
            self._list.name, folders=self._list.folders, sources=self._list.sources
        )
        return len(set(fresh).difference(known))

    def _check_open(self, proposal: Proposal, now: datetime) -> None:
        if proposal.settled_at is not None:
            raise ProposalError(f"{proposal.name} is {proposal.state.value}: nothing can be decided any more")
        if now > proposal.slot_at + self._list.grace:
            raise ProposalError(
                f"{proposal.name} was not sent in time; its documents come in the next edition"
            )
