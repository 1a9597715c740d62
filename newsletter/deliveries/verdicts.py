"""What is known after a server's reply, or after its silence: pure decisions."""

import re
from dataclasses import dataclass
from enum import StrEnum

from newsletter.model.deliveries import Reply, SendOutcome, SendPhase
from newsletter.model.feedback import BounceKind

#: The server wants to know who we are first, or does not believe it (RFC 4954 section 6).
_SIGN_IN_CODES = frozenset({530, 534, 535, 538})
_SIGN_IN_STATUS = frozenset({"5.7.0", "5.7.8", "5.7.9", "5.7.11"})
_SIGN_IN_WORDS = re.compile(
    r"authentication (is )?(required|needed|failed)|must (first )?authenticate|authenticate first",
    re.IGNORECASE,
)

#: The reply is about the sender's address, not the recipient's (RFC 3463 section 3.2; 60: Exchange).
_SENDER_STATUS = re.compile(r"[45]\.(1\.[78]|7\.60)")
_SENDER_WORDS = re.compile(r"sender address rejected|not owned by user", re.IGNORECASE)

#: The server does not know us: said about a recipient, meant for whoever is not signed in.
_RELAY_WORDS = re.compile(
    r"relay(ing)?( access| attempt)? (is )?(denied|not permitted|not allowed|prohibited)|unable to relay",
    re.IGNORECASE,
)

#: No such mailbox, or none that takes mail (RFC 3463 sections 3.2 and 3.3, RFC 7505 section 4.2).
_HARD_STATUS = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
#: Mailbox full, address in doubt, route broken: another day may be better.
_SOFT_STATUS = re.compile(r"5\.(1\.[04]|2\.\d+|4\.\d+)")
#: Refusals of a recipient that give no reason that a program could read.
_SOFT_CODES = frozenset({550, 551, 553, 554, 556})

#: "Too large for this server" (RFC 1870 section 6, RFC 3463 section 3.4).
_TOO_BIG_STATUS = "5.3.4"

_BEFORE_MAIL = frozenset({SendPhase.CONNECT, SendPhase.EHLO, SendPhase.STARTTLS, SendPhase.AUTH})
_CONTENT_BEGUN = frozenset({SendPhase.DATA, SendPhase.CONTENT})


class Concern(StrEnum):
    """Whom a reply is about."""

    #: This recipient or this message; others are not concerned.
    RECIPIENT = "recipient"
    #: The sender's address: every message of its list.
    SENDER = "sender"
    #: The server, or what it thinks of us: every message.
    SERVER = "server"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What is known after a reply."""

    outcome: SendOutcome
    concern: Concern = Concern.RECIPIENT
    #: Whether the conversation can go on with another message.
    goes_on: bool = True
    #: Whether the server is to be left alone for a while.
    backs_off: bool = False
    bounce: BounceKind = BounceKind.NONE


_ACCEPTED = Verdict(outcome=SendOutcome.ACCEPTED)


def judge(reply: Reply, *, ended: bool = True, smtputf8: bool = False, sized: bool = False) -> Verdict:
    """Decide what a reply means (RFC 5321 section 4.2.1): its first digit, then its enhanced code.

    Args:
        reply: What came, in answer to what; code 0 if nothing did, or nothing that is SMTP.
        ended: Whether the final dot may have been sent; only matters for the content.
        smtputf8: Whether MAIL asked for SMTPUTF8, for this recipient's sake.
        sized: Whether MAIL said how large the message is.
    """
    if _success(reply, ended=ended):
        return _ACCEPTED
    if reply.code < 400:
        return _nothing_said(reply.phase, ended=ended)
    outcome = SendOutcome.FAILED if _permanent(reply) else SendOutcome.DEFERRED
    concern = _concern(reply, smtputf8=smtputf8, sized=sized)
    if reply.code == 421:
        concern = Concern.SERVER if _is_nobodys(reply.phase) else Concern.RECIPIENT
        return Verdict(outcome=SendOutcome.DEFERRED, concern=concern, goes_on=False, backs_off=True)
    if concern is not Concern.RECIPIENT and reply.phase in _CONTENT_BEGUN:
        # The delivery is on record as being sent: it can be put off, but not be as if untouched.
        return Verdict(outcome=SendOutcome.DEFERRED, concern=concern, goes_on=False, backs_off=True)
    # The rest of a content that was refused early would be taken for commands.
    goes_on = concern is not Concern.SERVER and ended
    bounce = BounceKind.NONE
    if outcome is SendOutcome.FAILED and concern is Concern.RECIPIENT:
        bounce = _bounce(reply)
    return Verdict(outcome=outcome, concern=concern, goes_on=goes_on, bounce=bounce)


def _success(reply: Reply, *, ended: bool) -> bool:
    if reply.phase is SendPhase.DATA:
        return 300 <= reply.code < 400
    return 200 <= reply.code < 300 and (ended or reply.phase is not SendPhase.CONTENT)


def _nothing_said(phase: SendPhase, *, ended: bool) -> Verdict:
    """Judge silence, a lost connection, or a reply that does not fit: the session is over."""
    if phase is SendPhase.CONTENT and ended:
        return Verdict(outcome=SendOutcome.UNCERTAIN, goes_on=False)
    concern = Concern.SERVER if _is_nobodys(phase) else Concern.RECIPIENT
    return Verdict(outcome=SendOutcome.DEFERRED, concern=concern, goes_on=False)


def _is_nobodys(phase: SendPhase) -> bool:
    """Return whether no recipient has been named yet."""
    return phase in _BEFORE_MAIL or phase is SendPhase.MAIL


def _permanent(reply: Reply) -> bool:
    """Return whether waiting will not help; where code and enhanced code disagree, it may."""
    if reply.code < 500 or reply.enhanced.startswith("4"):
        return False
    if reply.phase is SendPhase.RCPT:
        # 552 stands for "too many recipients" (RFC 5321 section 4.5.3.1.10), unless it says otherwise.
        return reply.code != 552 and not _RELAY_WORDS.search(reply.text)
    return True


def _concern(reply: Reply, *, smtputf8: bool, sized: bool) -> Concern:
    if reply.phase in _BEFORE_MAIL or _asks_for_sign_in(reply):
        return Concern.SERVER
    if reply.phase is SendPhase.MAIL:
        too_big = reply.enhanced == _TOO_BIG_STATUS or (sized and reply.code == 552 and not reply.enhanced)
        return Concern.RECIPIENT if smtputf8 or too_big else Concern.SENDER
    if _SENDER_STATUS.fullmatch(reply.enhanced) or _SENDER_WORDS.search(reply.text):
        return Concern.SENDER
    return Concern.RECIPIENT


def _asks_for_sign_in(reply: Reply) -> bool:
    if reply.code in _SIGN_IN_CODES:
        return True
    return reply.enhanced in _SIGN_IN_STATUS and _SIGN_IN_WORDS.search(reply.text) is not None


def _bounce(reply: Reply) -> BounceKind:
    """Return what a refusal for good says about the mailbox."""
    if reply.phase is SendPhase.MAIL:
        return BounceKind.NONE
    if reply.enhanced in _HARD_STATUS:
        # Its expressions take a while to compile, and most turns meet no such refusal.
        from newsletter.deliveries.refusals import judge_refusal

        # Some say "no such user" in the code, and "spam", "full" or "later" in words: doubt wins.
        said = f"{reply.code} {reply.text}"
        return judge_refusal(status=reply.enhanced, diagnostic=said, notice="")
    if _SOFT_STATUS.fullmatch(reply.enhanced):
        return BounceKind.SOFT
    unclear = reply.enhanced in {"", "5.0.0"} and reply.phase is SendPhase.RCPT
    return BounceKind.SOFT if unclear and reply.code in _SOFT_CODES else BounceKind.NONE
