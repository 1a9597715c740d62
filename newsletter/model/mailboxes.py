"""Mailboxes that news arrives in, and how they stand."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class MailboxState:
    """How a mailbox stands; times in UTC."""

    #: A folder's path, or an account's address without its password.
    name: str
    #: What arrived before is not taken.
    since: datetime
    #: When it is looked into again.
    next_at: datetime
    succeeded_at: datetime | None = None
    #: Since when it cannot be read; None if it can.
    failing_since: datetime | None = None
    #: Times in a row that it could not be read.
    failures: int = 0
    #: Why it could not, in one line.
    problem: str = ""
