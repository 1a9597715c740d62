"""The fault matrix: what the server does wrong, where, and what is known then.

The test drives every cell against the real thing; docs/faults.md is this table. Write it anew, in tests/, by
`python -m faults.matrix > ../docs/faults.md`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from faults.server import Fault, Phase, Then


class Known(StrEnum):
    """What is known after the fault."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    SENDER_PAUSED = "sender refused for now"
    SENDER_REFUSED = "sender refused for good"
    SERVER_PAUSED = "server out of reach"
    SERVER_REFUSED = "server refuses us"


K, P = Known, Phase


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One fault at one place, and what follows."""

    phase: Phase
    #: What the server does, in words.
    what: str
    faults: tuple[Fault, ...]
    known: Known
    #: hard, soft or none.
    bounce: str = "none"
    #: Whether the connection takes the next message.
    reusable: bool = False
    backs_off: bool = False
    #: How many copies the server really has.
    copies: int = 0
    #: none, starttls or tls.
    security: str = "none"
    sign_in: bool = False
    #: Whether the connection has served another reader before.
    served: bool = False
    #: Whether this phase's time-out is a fraction of a second: silence is the point.
    hurried: bool = False
    #: Whether the server closes after a proper reply: that may be noticed at once, or at the next MAIL.
    closes: bool = False
    #: Whether it takes commands in groups to meet it.
    only_in_groups: bool = False
    #: Octets of content.
    size: int = 2000


GARBAGE = b"\x00\xff\x16 what a day\r\n"
ENDLESS_LINE = b"250 " + b"a" * 4000
ENDLESS_REPLY = b"250-2.0.0 and on we go\r\n"


def says(phase: Phase, words: str, known: Known, **more: object) -> Cell:
    """A cell in which the server says something else than it should."""
    faults = (Fault(phase=phase, says=words.encode() + b"\r\n", recipient=whom(phase)),)
    return Cell(phase=phase, what=f"`{words}`", faults=faults, known=known, **more)  # type: ignore[arg-type]


#: What is said of a fault and not of its cell.
_HOW = ("piece", "forever", "after_octets", "takes", "keeps_envelope")


def does(
    phase: Phase, what: str, known: Known, octets: bytes = b"", then: Then = Then.GO_ON, **more: object
) -> Cell:
    """A cell in which the server does something."""
    how = {name: more.pop(name) for name in _HOW if name in more}
    fault = Fault(phase=phase, says=octets, then=then, recipient=whom(phase), **how)  # type: ignore[arg-type]
    return Cell(phase=phase, what=what, faults=(fault,), known=known, **more)  # type: ignore[arg-type]


def whom(phase: Phase) -> str:
    """Faults that can be told apart by recipient happen to ada alone."""
    return "ada@example.org" if phase in {P.RCPT, P.DATA, P.CONTENT, P.DOT} else ""


def once(cell: Cell, *, skips: int = 0) -> Cell:
    """The same fault, once only: a new connection finds a sound server."""
    return replace(cell, faults=tuple(replace(f, times=1, skips=skips) for f in cell.faults))


def reused(cell: Cell) -> Cell:
    """The same fault for the second message of a connection."""
    return replace(once(cell, skips=1), served=True, what=f"{cell.what}, on a session that served another")


def losses(phase: Phase, known: Known, **more: object) -> list[Cell]:
    """The ways of losing a connection, which all come to the same."""
    hurried = {**more, "hurried": True}
    return [
        does(phase, "closes the connection", known, then=Then.CLOSE, **more),
        does(phase, "resets the connection", known, then=Then.RESET, **more),
        does(phase, "says nothing", known, then=Then.STALL, **hurried),
        does(phase, "sends its reply a byte at a time, without end", known, b"250-", piece=1, forever=True,
             **hurried),
        does(phase, "sends no SMTP", known, GARBAGE, **more),
        does(phase, "sends a line without end", known, ENDLESS_LINE, forever=True, **more),
        does(phase, "sends a reply without end", known, ENDLESS_REPLY, forever=True, **more),
        does(phase, "closes in the middle of its reply", known, b"250 2.0.0 o", Then.CLOSE, **more),
    ]  # fmt: skip


def before_mail() -> list[Cell]:
    """Return the faults from connecting to signing in."""
    secure = {"security": "starttls"}
    signed = {**secure, "sign_in": True}
    return [
        Cell(phase=P.CONNECT, what="refuses the connection", faults=(), known=K.SERVER_PAUSED),
        *losses(P.GREETING, K.SERVER_PAUSED),
        says(P.GREETING, "554 5.7.1 no service for you", K.SERVER_REFUSED),
        says(P.GREETING, "421 4.3.2 too busy", K.SERVER_PAUSED),
        says(P.GREETING, "554 4.3.2 in doubt, for now", K.SERVER_PAUSED),
        *losses(P.EHLO, K.SERVER_PAUSED),
        says(P.EHLO, "421 4.3.2 closing", K.SERVER_PAUSED),
        says(P.EHLO, "550 5.7.1 your name is not welcome", K.SERVER_REFUSED),
        says(P.EHLO, "502 5.5.1 what is EHLO?", K.ACCEPTED, reusable=True, copies=1),
        says(P.EHLO, "250 mx.test (and no extension)", K.SERVER_REFUSED, **secure),
        says(P.STARTTLS, "454 4.7.0 TLS not available for now", K.SERVER_PAUSED, **secure),
        says(P.STARTTLS, "501 5.5.4 no", K.SERVER_REFUSED, **secure),
        does(P.STARTTLS, "closes the connection", K.SERVER_PAUSED, then=Then.CLOSE, **secure),
        does(P.STARTTLS, "says nothing", K.SERVER_PAUSED, then=Then.STALL, hurried=True, **secure),
        does(P.STARTTLS, "slips in a reply in clear after its 220", K.ACCEPTED,
             b"220 2.0.0 go on\r\n250-mx.evil\r\n250 SMTPUTF8\r\n", reusable=True, copies=1, **secure),
        does(P.HANDSHAKE, "closes the connection", K.SERVER_PAUSED, then=Then.CLOSE, **secure),
        does(P.HANDSHAKE, "resets the connection", K.SERVER_PAUSED, then=Then.RESET, **secure),
        does(P.HANDSHAKE, "says nothing", K.SERVER_PAUSED, then=Then.STALL, hurried=True, **secure),
        does(P.HANDSHAKE, "goes on in clear", K.SERVER_PAUSED, b"250 2.0.0 no need for that\r\n",
             Then.STALL, hurried=True, **secure),
        says(P.AUTH, "535 5.7.8 wrong password", K.SERVER_REFUSED, **signed),
        says(P.AUTH, "454 4.7.0 cannot look it up for now", K.SERVER_PAUSED, **signed),
        says(P.AUTH, "421 4.7.0 too many sign-ins", K.SERVER_PAUSED, **signed),
        does(P.AUTH, "closes the connection", K.SERVER_PAUSED, then=Then.CLOSE, **signed),
        does(P.AUTH, "says nothing", K.SERVER_PAUSED, then=Then.STALL, hurried=True, **signed),
        does(P.AUTH, "sends no SMTP", K.SERVER_PAUSED, GARBAGE, **signed),
    ]  # fmt: skip


def at_mail() -> list[Cell]:
    """Return the faults in answer to MAIL."""
    lost = losses(P.MAIL, K.SERVER_PAUSED)
    closing = says(P.MAIL, "421 4.3.2 closing", K.SERVER_PAUSED)
    as_deferred = {"known": K.DEFERRED}
    return [
        *lost,
        closing,
        *(reused(replace(cell, **as_deferred)) for cell in lost),  # type: ignore[arg-type]
        reused(replace(closing, known=K.DEFERRED, backs_off=True)),
        says(P.MAIL, "354 go on", K.SERVER_PAUSED),
        does(P.MAIL, "gives its reply twice", K.DEFERRED, b"250 2.1.0 ok\r\n250 2.1.0 ok\r\n"),
        says(P.MAIL, "530 5.7.0 Authentication required", K.SERVER_REFUSED),
        says(P.MAIL, "550 5.7.0 Authentication required", K.SERVER_REFUSED),
        says(P.MAIL, "451 4.3.0 later", K.SENDER_PAUSED),
        says(P.MAIL, "452 4.3.1 disk full", K.SENDER_PAUSED),
        says(P.MAIL, "550 4.7.1 in doubt, for now", K.SENDER_PAUSED),
        says(P.MAIL, "553 5.7.1 not your address", K.SENDER_REFUSED),
        once(says(P.MAIL, "552 5.3.4 too big", K.FAILED, reusable=True)),
        does(P.MAIL, "gives its reply in many small pieces", K.ACCEPTED,
             b"250-2.1.0 one\r\n250-2.1.0 two\r\n250 2.1.0 three\r\n", piece=3, reusable=True, copies=1),
    ]  # fmt: skip


def at_rcpt() -> list[Cell]:
    """Return the faults in answer to RCPT."""
    return [
        *losses(P.RCPT, K.DEFERRED),
        says(P.RCPT, "550 5.1.1 no such user", K.FAILED, bounce="hard", reusable=True),
        says(P.RCPT, "550 5.1.10 takes no mail", K.FAILED, bounce="hard", reusable=True),
        says(P.RCPT, "550 5.2.1 mailbox closed", K.FAILED, bounce="hard", reusable=True),
        says(P.RCPT, "550 5.1.1 rejected by policy: suspected spam", K.FAILED, bounce="soft", reusable=True),
        says(P.RCPT, "550 5.2.1 disabled for now, over quota", K.FAILED, bounce="soft", reusable=True),
        says(P.RCPT, "550 5.2.2 mailbox full", K.FAILED, bounce="soft", reusable=True),
        says(P.RCPT, "550 5.4.1 no route", K.FAILED, bounce="soft", reusable=True),
        says(P.RCPT, "550 no", K.FAILED, bounce="soft", reusable=True),
        says(P.RCPT, "550 5.7.1 blocked", K.FAILED, reusable=True),
        says(P.RCPT, "501 5.1.3 bad address", K.FAILED, bounce="hard", reusable=True),
        says(P.RCPT, "501 bad address", K.FAILED, reusable=True),
        says(P.RCPT, "554 5.7.1 Relay access denied", K.DEFERRED, reusable=True),
        says(P.RCPT, "550 5.1.8 sender's domain not found", K.SENDER_REFUSED),
        says(P.RCPT, "450 4.1.8 sender's domain not found", K.SENDER_PAUSED),
        says(P.RCPT, "530 5.7.0 Authentication required", K.SERVER_REFUSED),
        says(P.RCPT, "552 5.5.3 too many recipients", K.DEFERRED, reusable=True),
        says(P.RCPT, "550 4.2.2 full, for now", K.DEFERRED, reusable=True),
        says(P.RCPT, "450 5.1.1 no such user, or so", K.DEFERRED, reusable=True),
        says(P.RCPT, "450 4.7.1 greylisted", K.DEFERRED, reusable=True),
        says(P.RCPT, "421 4.7.0 too fast", K.DEFERRED, backs_off=True),
        says(P.RCPT, "251 2.1.5 will forward", K.ACCEPTED, reusable=True, copies=1),
        says(P.RCPT, "354 go on", K.DEFERRED),
        does(P.RCPT, "gives its reply twice", K.DEFERRED, b"250 2.1.5 ok\r\n250 2.1.5 ok\r\n"),
        does(P.RCPT, "says yes, and 354 to no DATA", K.DEFERRED, b"250 2.1.5 ok\r\n354 go on\r\n"),
        does(P.RCPT, "says yes, then `421 4.3.2 closing`", K.DEFERRED,
             b"250 2.1.5 ok\r\n421 4.3.2 closing\r\n", Then.CLOSE, backs_off=True),
    ]  # fmt: skip


def at_data() -> list[Cell]:
    """Return the faults in answer to DATA."""
    return [
        *losses(P.DATA, K.DEFERRED),
        says(P.DATA, "451 4.3.0 later", K.DEFERRED, reusable=True),
        says(P.DATA, "554 5.5.1 no valid recipients", K.FAILED, reusable=True),
        says(P.DATA, "550 5.1.1 no such user after all", K.FAILED, bounce="hard", reusable=True),
        says(P.DATA, "421 4.3.2 closing", K.DEFERRED, backs_off=True),
        says(P.DATA, "530 5.7.0 Authentication required", K.DEFERRED, backs_off=True),
        says(P.DATA, "250 2.0.0 done already?", K.DEFERRED),
        does(P.DATA, "says 354, and 250 before any content", K.DEFERRED,
             b"354 go on\r\n250 2.0.0 taken\r\n"),
    ]  # fmt: skip


#: More than the system takes off our hands for a server that does not read.
BIG = 20_000_000


def in_content() -> list[Cell]:
    """Return the faults while the content is still being sent."""
    return [
        does(P.CONTENT, "resets the connection after 1 byte of many", K.DEFERRED, then=Then.RESET,
             after_octets=1, size=BIG),
        does(P.CONTENT, "reads no more of many bytes", K.DEFERRED, then=Then.STALL, after_octets=1, size=BIG,
             hurried=True),
        does(P.CONTENT, "refuses early (`552 5.3.4 too big`) and reads no more", K.FAILED,
             b"552 5.3.4 too big\r\n", Then.STALL, after_octets=1000, size=BIG),
        does(P.CONTENT, "refuses early (`451 4.3.0 later`) and reads no more", K.DEFERRED,
             b"451 4.3.0 later\r\n", Then.STALL, after_octets=1000, size=BIG),
        does(P.CONTENT, "says `421 4.3.2 closing` early and reads no more", K.DEFERRED,
             b"421 4.3.2 closing\r\n", Then.STALL, after_octets=1000, size=BIG, backs_off=True),
        does(P.CONTENT, "says `250 2.0.0 enough` early and reads no more", K.DEFERRED,
             b"250 2.0.0 enough\r\n", Then.STALL, after_octets=1000, size=BIG),
        does(P.CONTENT, "refuses early (`554 5.7.1 no`), reads on, says no more", K.FAILED,
             b"554 5.7.1 no\r\n", after_octets=1000, reusable=True),
        does(P.CONTENT, "closes when all but the final dot can have come", K.UNCERTAIN, then=Then.CLOSE,
             after_octets=2000),
    ]  # fmt: skip


def after_the_dot() -> list[Cell]:
    """Return the faults in answer to the final dot."""
    return [
        *losses(P.DOT, K.UNCERTAIN),
        does(P.DOT, "takes it and closes the connection", K.UNCERTAIN, then=Then.CLOSE, takes=True, copies=1),
        does(P.DOT, "takes it and resets the connection", K.UNCERTAIN, then=Then.RESET, takes=True, copies=1),
        does(P.DOT, "takes it and says nothing", K.UNCERTAIN, then=Then.STALL, takes=True, copies=1,
             hurried=True),
        says(P.DOT, "251 2.0.0 taken in other words", K.ACCEPTED, reusable=True, copies=1),
        does(P.DOT, "takes it and says so in bytes of no encoding", K.ACCEPTED, b"250 re\xe7u \x00\r\n",
             reusable=True, copies=1),
        does(P.DOT, "takes it, says 250 and closes the connection", K.ACCEPTED, b"250 2.0.0 taken\r\n",
             Then.CLOSE, copies=1, closes=True),
        does(P.DOT, "takes it, says 250, then `421 4.3.2 closing`", K.ACCEPTED,
             b"250 2.0.0 taken\r\n421 4.3.2 closing\r\n", Then.CLOSE, copies=1),
        does(P.DOT, "takes it and says so twice", K.ACCEPTED, b"250 2.0.0 ok\r\n250 2.0.0 ok\r\n", copies=1),
        says(P.DOT, "354 go on?", K.UNCERTAIN),
        says(P.DOT, "451 4.7.1 greylisted", K.DEFERRED, reusable=True),
        says(P.DOT, "554 5.7.1 spam", K.FAILED, reusable=True),
        says(P.DOT, "550 5.1.1 no such user", K.FAILED, bounce="hard", reusable=True),
        says(P.DOT, "552 5.2.2 mailbox full", K.FAILED, bounce="soft", reusable=True),
        says(P.DOT, "554 no", K.FAILED, reusable=True),
        says(P.DOT, "550 5.7.60 not allowed to send as this sender", K.DEFERRED, backs_off=True),
        says(P.DOT, "421 4.3.2 closing", K.DEFERRED, backs_off=True),
    ]  # fmt: skip


def resetting(then: Then, octets: bytes, what: str, **more: object) -> Cell:
    """A cell in which RSET, after a refused reader, goes wrong for the next one."""
    refused = Fault(phase=P.RCPT, recipient="bo@example.org", says=b"550 5.1.1 no such user\r\n")
    fault = Fault(phase=P.RSET, says=octets, then=then)
    return Cell(phase=P.RSET, what=what, faults=(refused, fault), known=K.DEFERRED, served=True, **more)  # type: ignore[arg-type]


def at_the_end() -> list[Cell]:
    """Return the faults at RSET and QUIT."""
    goodbye = {"known": K.ACCEPTED, "reusable": True, "copies": 1}
    return [
        resetting(Then.CLOSE, b"", "closes the connection"),
        resetting(Then.STALL, b"", "says nothing", hurried=True),
        resetting(Then.GO_ON, b"421 4.3.2 closing\r\n", "`421 4.3.2 closing`"),
        resetting(Then.GO_ON, b"500 5.5.1 what?\r\n", "`500 5.5.1 what?`"),
        resetting(Then.GO_ON, GARBAGE, "sends no SMTP"),
        does(P.QUIT, "closes the connection", then=Then.CLOSE, **goodbye),  # type: ignore[arg-type]
        does(P.QUIT, "resets the connection", then=Then.RESET, **goodbye),  # type: ignore[arg-type]
        does(P.QUIT, "says nothing", then=Then.STALL, hurried=True, **goodbye),  # type: ignore[arg-type]
        does(P.QUIT, "sends no SMTP", octets=GARBAGE, **goodbye),  # type: ignore[arg-type]
        says(P.QUIT, "500 5.5.1 you stay", **goodbye),  # type: ignore[arg-type]
    ]


def of_groups() -> list[Cell]:
    """Return the faults that take commands in groups to be met."""
    cells = [
        both(says(P.RCPT, "550 5.1.1 no such user", K.FAILED, bounce="hard"),
             says(P.DATA, "354 go on", K.FAILED),
             "refuses the recipient, and says 354 to DATA all the same"),
        both(says(P.RCPT, "450 4.7.1 greylisted", K.DEFERRED), says(P.DATA, "421 4.3.2 closing", K.FAILED),
             "`450 4.7.1 greylisted`, then `421 4.3.2 closing`"),
        does(P.RCPT, "says `421 4.3.2 closing`, and no more", K.DEFERRED,
             b"421 4.3.2 closing\r\n", Then.STALL, backs_off=True),
        does(P.CONTENT, "refuses early (`554 5.7.1 no`), takes the rest for commands", K.FAILED,
             b"554 5.7.1 no\r\n", Then.COMMANDS, after_octets=1990),
        does(P.DOT, "`554 5.7.1 spam`, and the envelope stays open", K.FAILED, b"554 5.7.1 spam\r\n",
             keeps_envelope=True),
        does(P.DOT, "takes it and says so, then refuses somebody", K.ACCEPTED,
             b"250 2.0.0 ok\r\n550 5.1.1 no such user\r\n", copies=1),
    ]  # fmt: skip
    return [replace(cell, only_in_groups=True) for cell in cells]


def both(first: Cell, second: Cell, what: str) -> Cell:
    """A cell in which the server does two things, of which the first counts."""
    return replace(first, what=what, faults=first.faults + second.faults)


CELLS = [
    *before_mail(), *at_mail(), *at_rcpt(), *at_data(), *in_content(), *after_the_dot(), *at_the_end(),
    *of_groups(),
]  # fmt: skip

HEAD = """\
# What is known after each fault

Every row is a test: a server that does just this, at just this place, and a book of what it really took.
`tests/faults/matrix.py` is the source of both.

- **accepted, deferred, failed, uncertain** is about the one message. Only a message whose final dot may have
  been sent can be uncertain.
- **sender refused** stops the mail of one list; **server out of reach** and **server refuses us** stop all
  mail, for now or until somebody mends it. Nobody's attempt is used up.
- A session that served another reader and is lost at RSET or MAIL costs nobody an attempt either: the message
  goes over a new connection at once.
- Where the server takes commands in groups (PIPELINING, RFC 2920), MAIL, RCPT and DATA are said at once, and
  those of the next reader right behind the content. Each row from MAIL on is tested one by one, in groups
  and, from RCPT on, behind a content; the same is known each time. What only groups can meet says so. What is
  odd about an envelope that was said behind a content costs nobody an attempt: a fresh connection is asked.
- A server that takes groups, leaves the final dot unanswered and goes on all the same cannot be seen through:
  its next "yes" passes for the missing one.
- A server that takes groups and throws away what stands behind a content costs one message a time-out, and it
  goes out over a fresh connection; for an hour nothing is said ahead to that server any more.
- **bounce**: what the refusal says about the mailbox. **goes on**: whether the connection takes the next
  message. **backs off**: whether the server asked to be left alone. **copies**: how many it really has.

| where | the server | what is known | bounce | goes on | backs off | copies |
|---|---|---|---|---|---|---|
"""


def _what(cell: Cell) -> str:
    return f"{cell.what}, in groups" if cell.only_in_groups else cell.what


def render() -> str:
    """Return the table as the document that stands in docs/."""
    rows = [
        f"| {cell.phase} | {_what(cell)} | {cell.known} | {'' if cell.bounce == 'none' else cell.bounce} "
        f"| {'yes' if cell.reusable else ''} | {'yes' if cell.backs_off else ''} | {cell.copies} |\n"
        for cell in CELLS
    ]
    return HEAD + "".join(rows)


if __name__ == "__main__":
    print(render(), end="")
