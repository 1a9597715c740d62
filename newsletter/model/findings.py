"""Findings: what an examination of an install found, and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class FindingState(StrEnum):
    """How serious a finding is; the value is what the operator reads."""

    OK = "ok"
    #: Mail goes out, but something should be mended, or could not be looked at.
    WARN = "warn"
    #: Mail does not go out, or does not arrive.
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    #: Group and name: "smtp.tls".
    check: str
    state: FindingState
    #: What was found, in one line.
    what: str
    #: What to do, in one line; empty where nothing is to be done.
    repair: str = ""

    @property
    def group(self) -> str:
        """What it belongs to: "smtp"."""
        return self.check.partition(".")[0]


class RuleState(StrEnum):
    """Whether a provider's rule is kept; the value is what the operator reads."""

    MET = "met"
    BROKEN = "broken"
    #: It hangs on what was not found out, or on a warning.
    OPEN = "unclear"
    #: It cannot be seen from here.
    UNSEEN = "not seen from here"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule of a mailbox provider for those who send to many of its readers."""

    #: What is asked for.
    text: str
    state: RuleState
    #: The checks that it was told from, or where to look instead.
    because: str = ""


@dataclass(frozen=True, kw_only=True)
class Checklist:
    """What one mailbox provider asks of bulk senders."""

    provider: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, kw_only=True)
class Examination:
    """All that was found."""

    #: When, UTC.
    at: datetime
    findings: tuple[Finding, ...]
    checklists: tuple[Checklist, ...] = field(default=())

    @property
    def has_failed(self) -> bool:
        """Whether anything keeps mail from going out or arriving."""
        return self.count(FindingState.FAIL) > 0

    def count(self, state: FindingState) -> int:
        """Return how many findings are of a state."""
        return sum(finding.state is state for finding in self.findings)


def ok(check: str, what: str) -> Finding:
    """Return a finding that nothing is to be done about."""
    return Finding(check=check, state=FindingState.OK, what=what)


def warn(check: str, what: str, repair: str) -> Finding:
    """Return a finding that should be looked into."""
    return Finding(check=check, state=FindingState.WARN, what=what, repair=repair)


def fail(check: str, what: str, repair: str) -> Finding:
    """Return a finding that must be mended."""
    return Finding(check=check, state=FindingState.FAIL, what=what, repair=repair)


def worst(findings: Iterable[Finding]) -> FindingState | None:
    """Return the most serious state among findings; None of none."""
    found = {finding.state for finding in findings}
    return next((s for s in (FindingState.FAIL, FindingState.WARN, FindingState.OK) if s in found), None)
