"""What operators are told of an edition that has not gone out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from newsletter.model.proposals import PendingProposal, Proposal, ProposalState, Ruling
from newsletter.web.operator.outlook import Outlook, outlook_of
from newsletter.web.operator.reading import Times

SLOT = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
S = ProposalState


def outlook(state: ProposalState, ruling: Ruling, *, now: datetime = SLOT - HOUR) -> Outlook:
    proposal = Proposal(
        id=1,
        list_name="daily",
        slot_at=SLOT,
        state=state,
        version=1,
        number=43,
        subject="",
        stories=1,
        made_at=SLOT - HOUR,
    )
    pending = PendingProposal(proposal=proposal, ruling=ruling, closes_at=SLOT + 6 * HOUR)
    return outlook_of(pending, Times(time_zone="Europe/Berlin", now=now))


@pytest.mark.parametrize(
    ("state", "ruling", "title", "words"),
    [
        (
            S.PROPOSED,
            Ruling.WAITS,
            "is waiting for you",
            "Due today, 07:00. If nobody approves it, it is not",
        ),
        (S.HELD, Ruling.WAITS, "is held", "from today, 13:00 on it is skipped, and its documents come in"),
        (
            S.PROPOSED,
            Ruling.GOES_OUT,
            "goes out by itself",
            "If nobody does anything, it is sent today, 07:00.",
        ),
        (S.APPROVED, Ruling.GOES_OUT, "is approved", "It is sent today, 07:00."),
        (
            S.SKIPPED,
            Ruling.LEFT_OUT,
            "is skipped",
            "It does not go out; its documents come in the next edition.",
        ),
    ],
)
def test_what_happens_if_nobody_does_anything(
    state: ProposalState, ruling: Ruling, title: str, words: str
) -> None:
    told = outlook(state, ruling)
    assert told.title == f"No. 43 of daily {title}"
    assert words in told.words
    assert told.is_waiting is (ruling is Ruling.WAITS)


def test_what_is_late_says_so() -> None:
    late = SLOT + HOUR
    assert "It was due today, 07:00, and is late." in outlook(S.PROPOSED, Ruling.WAITS, now=late).words
    assert outlook(S.APPROVED, Ruling.GOES_OUT, now=late).title == "No. 43 of daily goes out now"
