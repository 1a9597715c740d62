"""What is about to go out, and what happens if nobody does anything; pure."""

from dataclasses import dataclass

from newsletter.model.proposals import PendingProposal, ProposalState, Ruling
from newsletter.web.operator.reading import Times


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What an operator is told of an edition that has not gone out."""

    #: One short line: "No. 43 of daily is waiting for you".
    title: str
    #: What happens if nobody does anything, in a sentence or two.
    words: str
    #: Whether nothing goes out unless somebody decides.
    is_waiting: bool


def outlook_of(pending: PendingProposal, times: Times) -> Outlook:
    """Return what becomes of a proposed edition if nobody does anything.

    Args:
        pending: The edition.
        times: Writes the times of its list.
    """
    name, slot_at = pending.proposal.name, pending.proposal.slot_at
    slot, closes = times.words(slot_at), times.words(pending.closes_at)
    if pending.ruling is Ruling.LEFT_OUT:
        return Outlook(
            title=f"{name} is skipped",
            words=f"Due {slot}. It does not go out; its documents come in the next edition.",
            is_waiting=False,
        )
    if pending.ruling is Ruling.WAITS:
        is_held = pending.proposal.state is ProposalState.HELD
        due = f"Due {slot}." if slot_at > times.now else f"It was due {slot}, and is late."
        return Outlook(
            title=f"{name} is {'held' if is_held else 'waiting for you'}",
            words=(
                f"{due} If nobody approves it, it is not sent: from {closes} on it is skipped, and its "
                "documents come in the next edition."
            ),
            is_waiting=True,
        )
    approved = pending.proposal.state is ProposalState.APPROVED
    if slot_at <= times.now:
        return Outlook(title=f"{name} goes out now", words=f"It was due {slot}.", is_waiting=False)
    return Outlook(
        title=f"{name} {'is approved' if approved else 'goes out by itself'}",
        words=f"{'It' if approved else 'If nobody does anything, it'} is sent {slot}.",
        is_waiting=False,
    )
