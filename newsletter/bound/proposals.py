"""Editions of an install before they go out, and what its operators decide about them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from newsletter.bound.press import press
from newsletter.editions.slots import next_slot
from newsletter.errors import ProposalChangedError, ProposalError
from newsletter.model.audit import AuditEntry
from newsletter.model.checks import Check
from newsletter.model.editions import (
    Approval,
    Draft,
    MailingList,
    PublishedEdition,
    PublishReport,
    RunOutcome,
    SlotDecision,
    Turn,
)
from newsletter.model.proposals import PendingProposal, Proposal, ProposalState
from newsletter.publish import (
    Decider,
    Press,
    Reviewer,
    checks_of_draft,
    draft,
    is_outdated,
    propose,
    propose_due,
    publish,
    publish_due,
    publish_proposed,
    slots_due,
    turn,
)
from newsletter.settings import Settings
from newsletter.store.store import Store

#: Stands for the sender of a preview where none is set.
_STAND_IN_SENDER = "sender@example.org"


class Proposals:
    """What is due, what waits, and what was decided.

    A decision names the proposal by its id and, where it was shown before, the version that was seen: one
    that somebody else has changed meanwhile is left alone.
    """

    def __init__(
        self, settings: Settings, series: Sequence[MailingList], open_store: Callable[[], Store]
    ) -> None:
        """Bind the verbs; the store is opened when something is asked.

        Args:
            settings: What is in force.
            series: The lists and their weekly digests.
            open_store: Opens the store at first use.
        """
        self._settings = settings
        self._series = {mailing_list.name: mailing_list for mailing_list in series}
        self._open_store = open_store

    def due(self, mailing_list: MailingList, *, now: datetime) -> Draft | None:
        """Return the edition that is due, and write nothing: what is proposed, else what is new.

        Raises:
            NewsletterError: As `newsletter.publish.draft`.
        """
        proposal = self.going(mailing_list.name)
        return self.content(proposal) if proposal is not None else self.at(mailing_list, moment=now)

    def at(self, mailing_list: MailingList, *, moment: datetime) -> Draft | None:
        """Make the edition as it would be at a moment, of the documents that there are now; write nothing.

        A sender that is not set yet is stood in for: a look at the edition needs none.

        Args:
            mailing_list: The list.
            moment: UTC, past or to come.

        Raises:
            NewsletterError: As `newsletter.publish.draft`.
        """
        if not mailing_list.sender_address:
            mailing_list = replace(mailing_list, sender_address=_STAND_IN_SENDER)
        press = self._press(mailing_list)
        if not Store.exists(self._settings.database_url):
            return None
        return draft(self._open_store(), mailing_list, press, now=moment)

    def slots_due(self, mailing_list: MailingList, *, now: datetime) -> bool:
        """Return whether a slot of a list has come and is not answered."""
        return bool(slots_due(self._open_store(), mailing_list, now=now))

    def of(self, list_name: str) -> Proposal | None:
        """Return the open proposal of a list, be it skipped or outdated; None if there is none."""
        if not Store.exists(self._settings.database_url):
            return None
        return next(iter(self._open_store().proposals.open(list_name)), None)

    def going(self, list_name: str) -> Proposal | None:
        """Return what is proposed for a list's next edition; None if nothing is, or it is skipped."""
        if not Store.exists(self._settings.database_url):
            return None
        store = self._open_store()
        for proposal in store.proposals.open(list_name):
            if proposal.state is not ProposalState.SKIPPED and not is_outdated(store, proposal):
                return proposal
        return None

    def waiting(self, *, now: datetime) -> tuple[PendingProposal, ...]:
        """Return every open proposal of the lists that are set, that of the earliest slot first.

        Args:
            now: UTC; what was not sent in time is left out.
        """
        store = self._open_store()
        found = [
            self.pending(proposal)
            for mailing_list in self._series.values()
            for proposal in store.proposals.open(mailing_list.name)
        ]
        return tuple(
            sorted((one for one in found if one.closes_at >= now), key=lambda one: one.proposal.slot_at)
        )

    def latest(self, mailing_list: MailingList, *, limit: int) -> list[PublishedEdition]:
        """Return the latest editions of a list that went out, the newest first."""
        return self._open_store().editions.latest(mailing_list.name, limit=limit)

    def get(self, proposal_id: int) -> Proposal:
        """Return a proposal, open or not.

        Raises:
            ProposalError: There is none.
        """
        return self._open_store().proposals.get(proposal_id)

    def pending(self, proposal: Proposal) -> PendingProposal:
        """Return what will become of an open proposal if nobody acts, and until when somebody may."""
        return self._reviewer(proposal).pending(proposal)

    def content(self, proposal: Proposal) -> Draft:
        """Return the edition that a proposal holds, an open one or the latest of a list.

        Raises:
            ProposalChangedError: It is no longer as it was seen.
            ProposalError: It is over, and what it held is no longer kept.
        """
        return self._open_store().proposals.content(proposal).draft

    def checks(self, mailing_list: MailingList, made: Draft, *, now: datetime) -> Sequence[Check]:
        """Return what is to be looked at in a draft that is not proposed."""
        return checks_of_draft(self._open_store(), mailing_list, self._press(mailing_list), made, now=now)

    def propose(self, mailing_list: MailingList, *, by: str, now: datetime) -> Proposal:
        """Freeze the edition of a list's next slot now, to be looked over before it goes out.

        Args:
            mailing_list: The list; its sender is set.
            by: Who wants it.
            now: UTC.

        Raises:
            ProposalError: It is proposed already, or there is nothing to propose.
            NewsletterError: As `newsletter.publish.draft`.
        """
        store = self._open_store()
        for earlier in store.proposals.open(mailing_list.name):
            raise ProposalError(f"{earlier.name} is proposed already: renew it to take in what is newer")
        slot_at = self._next_slot(store, mailing_list, now)
        entry = AuditEntry(at=now, actor=by, action="propose edition", subject=mailing_list.name)
        report = propose(
            store, mailing_list, self._press(mailing_list), slot_at=slot_at, now=now, entry=entry
        )
        proposal = store.proposals.of_slot(mailing_list.name, slot_at)
        if proposal is None or report.run.outcome is not RunOutcome.PROPOSED:
            raise ProposalError(f"there is nothing to propose: {report.run.reason}")
        return proposal

    def approve(self, proposal_id: int, *, version: int | None = None, by: str, now: datetime) -> Proposal:
        """Let an edition go out: at its slot, or at once if that has come.

        Args:
            proposal_id: Which.
            version: The one that was seen; None: the one that there is.
            by: Who decides, as the audit log has it.
            now: UTC.

        Raises:
            ProposalError: Its slot is over, or it cannot be approved.
            ProposalChangedError: Somebody else was faster.
        """
        return self._decide(proposal_id, ProposalState.APPROVED, version, by, now)

    def hold(self, proposal_id: int, *, version: int | None = None, by: str, now: datetime) -> Proposal:
        """Keep an edition back until it is approved; as `approve`."""
        return self._decide(proposal_id, ProposalState.HELD, version, by, now)

    def skip(self, proposal_id: int, *, version: int | None = None, by: str, now: datetime) -> Proposal:
        """Let a slot pass without its edition, whose documents stay for the next one; as `approve`."""
        return self._decide(proposal_id, ProposalState.SKIPPED, version, by, now)

    def renew(
        self,
        proposal_id: int,
        *,
        with_dropped: bool = False,
        version: int | None = None,
        by: str,
        now: datetime,
    ) -> Proposal | None:
        """Make an edition anew of what is new now; what was approved, moved or written in it is gone.

        Args:
            proposal_id: Which.
            with_dropped: Bring back stories that were dropped.
            version: As in `approve`.
            by: Who wants it.
            now: UTC.

        Returns:
            None if nothing is left to tell.

        Raises:
            ProposalError: As `approve`.
        """
        proposal = self._seen(proposal_id, version)
        decider = Decider(by=by, now=now)
        return self._reviewer(proposal).renew(proposal, decider, with_dropped=with_dropped)

    def drop_story(
        self, proposal_id: int, number: int, *, version: int | None = None, by: str, now: datetime
    ) -> Proposal:
        """Take a story out of an edition; its documents count as told. As `approve`.

        Args:
            proposal_id: Which.
            number: The story's, or the line's, from 1.
            version: As in `approve`.
            by: Who decides.
            now: UTC.
        """
        proposal = self._seen(proposal_id, version)
        return self._reviewer(proposal).drop(proposal, number, Decider(by=by, now=now))

    def move_story(
        self, proposal_id: int, number: int, *, to: int, version: int | None = None, by: str, now: datetime
    ) -> Proposal:
        """Give a story of an edition the number `to`; as `drop_story`."""
        proposal = self._seen(proposal_id, version)
        return self._reviewer(proposal).move(proposal, number, to, Decider(by=by, now=now))

    def replace_headline(
        self,
        proposal_id: int,
        number: int,
        headline: str,
        *,
        version: int | None = None,
        by: str,
        now: datetime,
    ) -> Proposal:
        """Put a headline in the place of a story's; as `drop_story`."""
        proposal = self._seen(proposal_id, version)
        return self._reviewer(proposal).retitle(proposal, number, headline, Decider(by=by, now=now))

    def send(self, mailing_list: MailingList, *, by: str, now: datetime) -> PublishReport:
        """Publish by hand what `due` returns: what is proposed as it stands, else what is new.

        It counts as the operator's approval.

        Raises:
            NewsletterError: As `newsletter.publish.publish`.
        """
        store = self._open_store()
        proposal = self.going(mailing_list.name)
        if proposal is not None:
            approval = Decider(by=by, now=now).entry(proposal, "send edition", "by hand")
            return publish_proposed(store, mailing_list, proposal, now=now, entry=approval)
        entry = None
        if mailing_list.approval is not Approval.AUTOMATIC:
            subject = f"{mailing_list.name} No. {store.editions.next_number(mailing_list.name)}"
            entry = AuditEntry(at=now, actor=by, action="send edition", subject=subject, detail="by hand")
        return publish(store, mailing_list, self._press(mailing_list), now=now, entry=entry)

    def turn(self, mailing_list: MailingList, *, now: datetime) -> Turn:
        """Return what there is to do for a list now; a list that is new to the store is made known."""
        return turn(self._open_store(), mailing_list, now=now)

    def take_turn(self, mailing_list: MailingList, *, now: datetime) -> list[PublishReport]:
        """Answer the slots of a list that have come, and propose the next edition if it is time to.

        Raises:
            NewsletterError: As `newsletter.publish.publish_due`.
        """
        store, press = self._open_store(), self._press(mailing_list)
        reports = publish_due(store, mailing_list, press, now=now)
        proposed = propose_due(store, mailing_list, press, now=now)
        return [*reports, *([proposed] if proposed else [])]

    def _decide(
        self, proposal_id: int, state: ProposalState, version: int | None, by: str, now: datetime
    ) -> Proposal:
        proposal = self._seen(proposal_id, version)
        return self._reviewer(proposal).decide(proposal, state, Decider(by=by, now=now))

    def _seen(self, proposal_id: int, version: int | None) -> Proposal:
        proposal = self.get(proposal_id)
        if version is not None and version != proposal.version:
            raise ProposalChangedError(
                f"{proposal.name} was changed by {proposal.decided_by or 'newsletter'} "
                "since you looked at it: look at it again"
            )
        return proposal

    def _reviewer(self, proposal: Proposal) -> Reviewer:
        mailing_list = self._series.get(proposal.list_name)
        if mailing_list is None:
            raise ProposalError(f"{proposal.list_name} is no longer set: its editions do not go out")
        return Reviewer(self._open_store(), mailing_list, self._press(mailing_list))

    def _press(self, mailing_list: MailingList) -> Press:
        return press(self._settings, mailing_list)

    def _next_slot(self, store: Store, mailing_list: MailingList, now: datetime) -> datetime:
        """Return the slot that has come and is not answered, else the next one."""
        for slot in slots_due(store, mailing_list, now=now):
            if slot.decision is SlotDecision.PUBLISH:
                return slot.slot_at
        return next_slot(mailing_list.schedule, mailing_list.time_zone, now)
