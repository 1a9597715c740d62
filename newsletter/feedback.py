"""Feedback: bounces, complaints and unsubscribe mails become suppressions, and subscriptions that end.

A bounce or a complaint is believed if it carries a token of ours, or cites a message that we sent to the
reader whom it names: a forged one touches nobody. Nobody is ever answered, so that no loop can begin.
"""

import hashlib
import json
import logging
import re
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from newsletter.deliveries.refusals import judge_refusal
from newsletter.errors import AddressError, MailboxError, MessageRefusedError, NewsletterError
from newsletter.mailboxes.local import Arrival, Mailbox, Unreadable, open_mailbox
from newsletter.messages.links import LinkTarget
from newsletter.messages.mime import message_id
from newsletter.model.feedback import (
    BounceKind,
    BouncePolicy,
    FeedbackAction,
    FeedbackKind,
    FeedbackOutcome,
    FeedbackReport,
    Notice,
    ParsedFeedback,
)
from newsletter.model.subscribers import Address
from newsletter.store.feedback import SentCopy, Verdict
from newsletter.store.store import Store

log = logging.getLogger(__name__)

#: A bounce of older mail is let be, so that a report kept from long ago cannot be used again. Servers give up
#: after four to five days (RFC 5321 section 4.5.4.1); the rest is for a mailbox that nobody read.
_BOUNCE_AGE = timedelta(days=30)

#: Addresses of one message that are looked at.
_MOST_RETURN_PATHS, _MOST_RECIPIENTS = 50, 20

_REASON_CHARACTERS = 300

#: What mail programs write into messages of an mbox: a message stays the same one.
_MAILBOX_FIELDS = re.compile(
    rb"^(?:Status|X-Status|X-Keywords|X-UID|X-IMAP|X-IMAPbase|X-Mozilla-\w+|Content-Length|Lines):"
    rb".*\n(?:[ \t].*\n)*",
    re.IGNORECASE | re.MULTILINE,
)
#: What a Diagnostic-Code begins with (RFC 3464 section 2.3.6).
_DIAGNOSTIC_TYPE = re.compile(r"^\s*(?:smtp|x-[\w-]{1,30})\s*;\s*", re.IGNORECASE)
_MESSAGE_ID = re.compile(rb"^Message-ID:[ \t]{0,8}(<[!-;=?-~]{1,200}>)", re.IGNORECASE | re.MULTILINE)
_LOCAL_PART = re.compile(r"[^\s<>\"'(),;:@]+@")
_WORD = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")

_BOUNCES = frozenset({FeedbackKind.HARD_BOUNCE, FeedbackKind.SOFT_BOUNCE})
_SAYS_NOTHING = frozenset({FeedbackKind.AUTOMATIC, FeedbackKind.UNKNOWN})


@dataclass(frozen=True, kw_only=True)
class Intake:
    """How what comes back is read, and when it is believed."""

    #: Reads any bytes.
    parse: Callable[[bytes], ParsedFeedback]
    #: Returns the delivery whose token an address carries; None if it carries none of ours.
    read_return_path: Callable[[str], int | None]
    #: Returns the sign-up of whose letter an address carries the token; None if it carries none of ours.
    read_letter: Callable[[str], int | None]
    #: Returns reader and list of the unsubscribe token in a subject; None if none of ours is in it.
    read_unsubscribe: Callable[[str], LinkTarget | None]
    parse_address: Callable[[str], Address]
    policy: BouncePolicy


def take_in(
    store: Store,
    places: Iterable[Path | Mailbox],
    intake: Intake,
    *,
    now: datetime,
    stopping: Callable[[], bool] = lambda: False,
    on_outcome: Callable[[FeedbackOutcome], None] = lambda _: None,
    on_box: Callable[[Path | Mailbox, str], None] = lambda *_: None,
) -> FeedbackReport:
    """Take in every unread message of some mailboxes; one that fails keeps no other from its turn.

    A message is marked as read after it is recorded, and recorded once: killed in between, the next run finds
    it again and knows it.

    Args:
        store: Where feedback, scores and suppressions are.
        places: Where to look: mailboxes, or paths of them.
        intake: How messages are read and judged.
        now: UTC.
        stopping: Asked before each message; once true, the rest is left for the next run.
        on_outcome: Called after each message.
        on_box: Called after each mailbox, with why it could not be read; "" if it could.

    Raises:
        StoreError: Nothing can be recorded; what was not is still unread.
        NewsletterError: No message can be judged, as for want of a key.
    """
    outcomes: list[FeedbackOutcome] = []
    problems: list[str] = []
    for place in places:
        try:
            mailbox = open_mailbox(place) if isinstance(place, Path) else place
            with closing(mailbox.unread()) as arrivals:
                for arrival in arrivals:
                    if stopping():
                        break
                    if isinstance(arrival, Unreadable):
                        problems.append(arrival.problem)
                        continue
                    outcome = _taken_or_told(store, arrival.content, intake, problems, now=now)
                    if outcome is None:
                        continue
                    outcomes.append(outcome)
                    on_outcome(outcome)
                    _mark_read(arrival, problems)
        except MailboxError as error:
            problems.append(str(error))
            on_box(place, str(error))
        else:
            on_box(place, "")
    return FeedbackReport(outcomes=tuple(outcomes), problems=tuple(problems))


def _taken_or_told(
    store: Store, content: bytes, intake: Intake, problems: list[str], *, now: datetime
) -> FeedbackOutcome | None:
    """Take in one of many messages; None if that trips over it: those behind it must not wait for ever."""
    try:
        return take_message(store, content, intake, now=now)
    except NewsletterError:
        raise
    except Exception as error:
        found = _MESSAGE_ID.search(content)
        name = found[1].decode("ascii") if found else "a message without Message-ID"
        log.exception("%s cannot be taken in", name)
        problems.append(f"{name} cannot be taken in and stays unread: {type(error).__name__}, see the log")
        return None


def take_message(
    store: Store, content: bytes, intake: Intake, *, now: datetime, recipient: str = ""
) -> FeedbackOutcome:
    """Take in one message that came back.

    Args:
        store: Where it is recorded.
        content: The message as it arrived; a "From " line of a mail server's pipe may stand before it.
        intake: How it is read and judged.
        now: UTC.
        recipient: The address that it was sent to, if that is known from elsewhere; empty: its header tells.

    Raises:
        StoreError: It cannot be recorded.
    """
    if content.startswith(b"From "):
        content = content.partition(b"\n")[2]
    digest = digest_of(content)
    taken = store.feedback.taken(digest)
    if taken is not None:
        return _repeated(taken)
    parsed = intake.parse(content)
    if recipient:
        parsed = replace(parsed, return_paths=(recipient, *parsed.return_paths))
    return store.feedback.record(digest, judge(store, parsed, intake, now=now), intake.policy, now=now)


def take_notice(store: Store, notice: Notice, intake: Intake, *, now: datetime) -> FeedbackOutcome:
    """Take in a bounce or complaint that a mail service tells.

    Raises:
        StoreError: It cannot be recorded.
    """
    # A service that got no answer says the same again.
    digest = hashlib.sha256(json.dumps(asdict(notice), sort_keys=True).encode("utf-8")).hexdigest()
    parsed = ParsedFeedback(
        kind=_kind(notice),
        return_paths=tuple(filter(None, [notice.return_path])),
        recipients=tuple(filter(None, [notice.recipient])),
        message_ids=(f"<{notice.message_id.strip('<> ')}>",),
        status=notice.status,
        reason=notice.reason,
    )
    return store.feedback.record(digest, judge(store, parsed, intake, now=now), intake.policy, now=now)


def digest_of(content: bytes) -> str:
    """Return the SHA-256 of a message, the same whatever mailbox it lies in and whoever has opened it."""
    header, _, body = content.replace(b"\r\n", b"\n").partition(b"\n\n")
    bare = _MAILBOX_FIELDS.sub(b"", header + b"\n") + b"\n" + body.rstrip(b"\n")
    return hashlib.sha256(bare).hexdigest()


def judge(store: Store, parsed: ParsedFeedback, intake: Intake, *, now: datetime) -> Verdict:
    """Decide what a message is held to mean; nothing is written.

    Args:
        store: Knows what was sent to whom.
        parsed: What the message says.
        intake: Reads tokens and addresses.
        now: UTC.
    """
    # Gateways and ticket systems mark what people send through them; a token of ours outweighs any mark.
    is_request = parsed.kind in _SAYS_NOTHING and not parsed.is_answer
    if is_request and (verdict := _by_token(parsed, intake)):
        return verdict
    if parsed.kind is FeedbackKind.AUTOMATIC:
        return Verdict(kind=parsed.kind, action=FeedbackAction.NOTHING, reason=_words(parsed))
    if parsed.kind is FeedbackKind.UNSUBSCRIBE:
        return _judge_unsubscribe(store, parsed, intake)
    if parsed.kind is FeedbackKind.UNKNOWN:
        return _for_a_person(store, parsed, intake, "")
    return _judge_report(store, parsed, intake, now)


def _judge_report(store: Store, parsed: ParsedFeedback, intake: Intake, now: datetime) -> Verdict:
    letters = map(intake.read_letter, parsed.return_paths[:_MOST_RETURN_PATHS])
    letter_id = next((i for i in letters if i is not None), None)
    if letter_id is not None:
        return _judge_letter(store, parsed, intake, letter_id)
    copies, is_ours = _copies(store, parsed, intake)
    copy = next((copy for copy in copies if copy.handed_over), None)
    if copy is None:
        if is_ours and not copies:
            why = "about a delivery that this store does not know"
            return Verdict(kind=parsed.kind, action=FeedbackAction.NOTHING, reason=why)
        why = (
            "the mail that it is about was never sent" if copies else "no token of ours, no mail that we sent"
        )
        # Nobody vouches for the addresses in it, and no erasure would find them.
        reason = "; ".join(filter(None, (why, _masked_words(parsed))))
        return Verdict(kind=parsed.kind, action=FeedbackAction.NOT_BELIEVED, reason=reason)
    is_late = parsed.kind in _BOUNCES and now - copy.changed_at > _BOUNCE_AGE
    kind = parsed.kind
    if kind is FeedbackKind.HARD_BOUNCE and not _is_about(parsed, copy.address_key, intake):
        # One dead mailbox behind an address that many read, or that forwards, is not the reader's end.
        kind = FeedbackKind.SOFT_BOUNCE
    return Verdict(
        kind=kind,
        action=FeedbackAction.NOTHING if is_late else None,
        reason="; ".join(filter(None, ("about mail of long ago" if is_late else "", _words(parsed)))),
        subscriber_id=copy.subscriber_id,
        delivery_id=copy.delivery_id,
        list_name=copy.list_name,
    )


def _judge_letter(store: Store, parsed: ParsedFeedback, intake: Intake, letter_id: int) -> Verdict:
    """Judge what came back of a letter to somebody who signed up, and need not be a reader."""
    kind, address_key = parsed.kind, store.letters.address_key(letter_id)
    if kind is FeedbackKind.HARD_BOUNCE and address_key and not _is_about(parsed, address_key, intake):
        kind = FeedbackKind.SOFT_BOUNCE
    why = "" if address_key else "its sign-up is forgotten"
    reason = "; ".join(filter(None, ("about a letter to somebody who signed up", why, _masked_words(parsed))))
    return Verdict(kind=kind, letter_id=letter_id, reason=reason)


def _is_about(parsed: ParsedFeedback, address_key: str, intake: Intake) -> bool:
    """Return whether a report names the reader's own address, or nobody's."""
    named = set()
    for recipient in parsed.recipients[:_MOST_RECIPIENTS]:
        try:
            named.add(intake.parse_address(recipient).key)
        except AddressError:
            continue
    return not named or address_key in named


def _copies(store: Store, parsed: ParsedFeedback, intake: Intake) -> tuple[list[SentCopy], bool]:
    """Return the copies that a message may be about, and whether it carries a token of ours.

    The token wins: where mail is forwarded, the address in the report is another one than the reader's.
    """
    read = [intake.read_return_path(address) for address in parsed.return_paths[:_MOST_RETURN_PATHS]]
    ids = list(dict.fromkeys(i for i in read if i is not None))
    if ids:
        return [copy for copy in map(store.feedback.copy, ids) if copy is not None], True
    cited = frozenset(parsed.message_ids)
    recipients = parsed.recipients[:_MOST_RECIPIENTS] if cited else ()
    for recipient in recipients:
        try:
            key = intake.parse_address(recipient).key
        except AddressError:
            continue
        found = [copy for copy in store.feedback.latest_copies(key) if _message_id(copy) in cited]
        if found:
            return found, False
    return [], False


def _message_id(copy: SentCopy) -> str:
    """Return the Message-ID that a copy has; empty where it cannot have been sent."""
    try:
        return message_id(copy.edition_uid, copy.subscriber_id, copy.sender_domain)
    except MessageRefusedError:
        return ""


def _judge_unsubscribe(store: Store, parsed: ParsedFeedback, intake: Intake) -> Verdict:
    """Find out who leaves which list: by token whoever sent it, else by the address in From.

    From can be forged. Leaving must be easy all the same, and what a forger can do is to end a subscription,
    not to suppress an address: its owner can sign up again.
    """
    if verdict := _by_token(parsed, intake):
        return verdict
    copies, _ = _copies(store, parsed, intake)
    if copies:
        return _leaves(copies[0].subscriber_id, copies[0].list_name, "by the address that it was sent to")
    return _judge_sender(store, parsed, intake)


def _by_token(parsed: ParsedFeedback, intake: Intake) -> Verdict | None:
    named = intake.read_unsubscribe(parsed.subject)
    return _leaves(named.number, named.list_name, "by the token in the mail") if named else None


def _judge_sender(store: Store, parsed: ParsedFeedback, intake: Intake) -> Verdict:
    try:
        reader = store.feedback.reader(intake.parse_address(parsed.sender).key)
    except AddressError:
        reader = None
    if reader is None:
        return _for_a_person(store, parsed, intake, "asks to leave, and is on no list under this address")
    named = store.feedback.list_names() & frozenset(_WORD.findall(parsed.subject.casefold()))
    wanted = [name for name in reader.list_names if name in named or not named]
    if len(wanted) > 1:
        return _for_a_person(store, parsed, intake, f"asks to leave one of {', '.join(wanted)}")
    if not wanted:
        return Verdict(
            kind=parsed.kind,
            action=FeedbackAction.NOTHING,
            subscriber_id=reader.subscriber_id,
            reason=f"not on {', '.join(sorted(named)) or 'any list'}",
        )
    return _leaves(reader.subscriber_id, wanted[0], "by the address in From")


def _leaves(subscriber_id: int, list_name: str, reason: str) -> Verdict:
    return Verdict(
        kind=FeedbackKind.UNSUBSCRIBE, subscriber_id=subscriber_id, list_name=list_name, reason=reason
    )


def _for_a_person(store: Store, parsed: ParsedFeedback, intake: Intake, why: str) -> Verdict:
    """Keep sender and subject, by which somebody can find the mail; erasing the reader clears them."""
    try:
        reader = store.feedback.reader(intake.parse_address(parsed.sender).key)
    except AddressError:
        reader = None
    what = _line(f"from {parsed.sender or 'nobody'}: {parsed.subject or 'no subject'}")
    return Verdict(
        kind=parsed.kind,
        action=FeedbackAction.UNKNOWN,
        subscriber_id=reader.subscriber_id if reader else None,
        reason="; ".join(filter(None, (why, what))),
    )


def _kind(notice: Notice) -> FeedbackKind:
    if notice.is_complaint:
        return FeedbackKind.COMPLAINT
    bounce = judge_refusal(status=notice.status, diagnostic=notice.reason, notice="")
    return FeedbackKind.HARD_BOUNCE if bounce is BounceKind.HARD else FeedbackKind.SOFT_BOUNCE


def _mark_read(arrival: Arrival, problems: list[str]) -> None:
    try:
        arrival.mark_read()
    except MailboxError as error:
        problems.append(str(error))


@cache
def _repeated(kind: FeedbackKind) -> FeedbackOutcome:
    """Return one outcome for all: an mbox that is read again may hold a million of them."""
    return FeedbackOutcome(kind=kind, action=FeedbackAction.REPEATED)


def _words(parsed: ParsedFeedback) -> str:
    """Return status code and reason as one line."""
    reason = _DIAGNOSTIC_TYPE.sub("", parsed.reason)
    return _line(reason if parsed.status in reason else f"{parsed.status} {reason}")


def _masked_words(parsed: ParsedFeedback) -> str:
    """Return the same without the names in addresses, for entries that no reader's erasure would clear."""
    return _LOCAL_PART.sub("…@", _words(parsed))


def _line(text: str) -> str:
    """Return others' words as one short line that any database and terminal can hold."""
    words = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return words if len(words) <= _REASON_CHARACTERS else words[: _REASON_CHARACTERS - 1] + "…"
