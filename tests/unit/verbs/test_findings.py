"""What a sender learns from refusals, and from those that others tell of."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.deliver import Postbag
from newsletter.deliver.findings import Findings
from newsletter.deliveries.transport import FileTransport
from newsletter.model.deliveries import RetryPolicy, UncertainPolicy

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("own", "beside", "is_trouble"),
    [(2, 50, False), (3, 6, False), (3, 7, True), (9, 0, False), (9, 1, True), (0, 50, False), (10, 0, True)],
)
def test_refusals_in_a_row_are_counted_with_those_of_others(own: int, beside: int, is_trouble: bool) -> None:
    """One whose own row is not suspicious has had somebody accepted, or has hardly begun."""
    bag = Postbag(transport=FileTransport(Path("out")), retry=RetryPolicy(), uncertain=UncertainPolicy.RESEND)
    findings = Findings(bag, lambda: NOW, troubles={}, set_aside={}, is_trial=False)
    for number in range(own):
        findings.count_refusal(f"550 no {number}")
    findings.hear_of_refusals(beside)
    assert findings.all_are_refused is is_trouble
    assert (findings.problem is not None) is is_trouble
    if findings.problem is not None:
        assert f"550 no {own - 1}" in str(findings.problem)
        assert findings.problem.permanent
