"""The audit log: who decided what, and when."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """One decision. It is written once, in the transaction that carries it out, and never changed."""

    #: UTC.
    at: datetime
    #: Who: an operator's name, "root (command line)", or "newsletter" for what runs by itself.
    actor: str
    #: What was done, in plain words: "approve edition", "add operator".
    action: str
    #: To what: "daily No. 43", "ada". A reader by number or masked address, so that erasing is whole.
    subject: str
    #: What else is to be known; may be empty.
    detail: str = ""
    #: Its place in the log; 0 before it is written.
    id: int = 0


@dataclass(frozen=True, kw_only=True)
class AuditFilter:
    """Which entries are looked for, by parts of their words in upper or lower case; empty: all."""

    actor: str = ""
    action: str = ""
    #: In the subject or the detail.
    words: str = ""
