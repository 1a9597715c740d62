"""Whether a proposed edition goes out; pure."""

from collections.abc import Sequence

from newsletter.model.checks import Check
from newsletter.model.editions import Approval
from newsletter.model.proposals import ProposalState, Ruling


def ruling(state: ProposalState, approval: Approval, checks: Sequence[Check]) -> Ruling:
    """Return what becomes of an open proposal at its slot if nobody does anything.

    Args:
        state: What was decided about it.
        approval: Whether its list's editions go out by themselves.
        checks: What it was found to deserve a look for.
    """
    if state is ProposalState.PROPOSED:
        needs_approval = {
            Approval.AUTOMATIC: False,
            Approval.REQUIRED: True,
            Approval.CHECKED: any(check.holds for check in checks),
        }
        return Ruling.WAITS if needs_approval[approval] else Ruling.GOES_OUT
    if state is ProposalState.APPROVED:
        return Ruling.GOES_OUT
    return Ruling.LEFT_OUT if state is ProposalState.SKIPPED else Ruling.WAITS
