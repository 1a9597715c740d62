"""Receive: mails that arrive in mailboxes become documents in the store; the mailboxes are not changed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from newsletter.errors import DocumentRefusedError, MailboxError
from newsletter.mailboxes.imap import ImapMailbox
from newsletter.mailboxes.local import Maildir, News, NewsMail
from newsletter.model.documents import FileReport, FoundFile, IngestReport, ParsedDocument, RefusalReason
from newsletter.model.mailboxes import MailboxState
from newsletter.sources.reading import explain_failure
from newsletter.store.store import Store

ParseMail = Callable[[bytes], ParsedDocument]

#: Mails recorded in one transaction; what was not recorded is read again.
_MAILS_PER_TRANSACTION = 20

#: A date further ahead than that comes from a clock that is wrong.
_AHEAD = timedelta(days=1)

#: A mailbox that cannot be read waits twice as long each time, up to this; one that refuses the sign-in waits
#: so long at once: servers lock accounts that sign in wrongly again and again.
_LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class NewsBox:
    """A mailbox that news arrives in."""

    #: What names it in the store, without any password.
    name: str
    box: Maildir | ImapMailbox


@dataclass(frozen=True, kw_only=True)
class MailRules:
    """Which mails are taken, and how often they are looked for."""

    #: Larger mails are refused.
    max_bytes: int
    #: Addresses, and domains whose addresses may all write, in small letters; empty: anybody may.
    senders: tuple[str, ...]
    #: How old a mail may be when its mailbox is seen for the first time.
    first_days: int
    #: How often an account is asked.
    every: timedelta


def receive(
    store: Store,
    boxes: Sequence[NewsBox],
    rules: MailRules,
    *,
    parse: ParseMail,
    force: bool = False,
    now: datetime,
) -> IngestReport:
    """Take in the mails that have arrived in some mailboxes.

    Each mail is taken once. A mailbox that cannot be read is reported and stops none of the others.

    Args:
        store: Where documents go.
        boxes: The mailboxes.
        rules: Which mails are taken.
        parse: Makes a document of a mail.
        force: Look into mailboxes that are not due, too.
        now: UTC.

    Raises:
        StoreError: The store cannot be written.
    """
    reports: list[FileReport] = []
    problems: list[str] = []
    for box in boxes:
        since = now - timedelta(days=rules.first_days)
        state = store.mailboxes.state(box.name, since=since, now=now)
        if state.next_at > now and not force:
            continue
        try:
            reports += _look_into(store, box, rules, state, parse, now)
        except MailboxError as error:
            problems.append(str(error))
            store.mailboxes.keep(_failed(state, error, rules, now))
        else:
            wait = rules.every if isinstance(box.box, ImapMailbox) else timedelta()
            store.mailboxes.keep(
                MailboxState(name=box.name, since=state.since, next_at=now + wait, succeeded_at=now)
            )
    return IngestReport(files=tuple(reports), problems=tuple(problems))


def _failed(state: MailboxState, error: MailboxError, rules: MailRules, now: datetime) -> MailboxState:
    wait = (
        _LONGEST_WAIT if error.permanent else min(rules.every * 2 ** min(state.failures, 10), _LONGEST_WAIT)
    )
    return replace(
        state,
        next_at=now + wait,
        failing_since=state.failing_since or now,
        failures=state.failures + 1,
        problem=str(error),
    )


def _look_into(
    store: Store, box: NewsBox, rules: MailRules, state: MailboxState, parse: ParseMail, now: datetime
) -> Iterator[FileReport]:
    with closing(_mails(store, box, rules, state, now)) as mails:
        for batch in _batches(_open(mail, rules, parse, now) for mail in mails):
            yield from store.documents.record(box.name, batch, now=now)


def _batches(found: Iterable[FoundFile]) -> Iterator[list[FoundFile]]:
    """Gather mails; those before a mailbox breaks off are a batch as well, or it would never get any further.

    Raises:
        MailboxError: It has broken off.
    """
    batch: list[FoundFile] = []
    try:
        for file in found:
            batch.append(file)
            if len(batch) == _MAILS_PER_TRANSACTION:
                yield batch
                batch = []
    except MailboxError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def _mails(store: Store, box: NewsBox, rules: MailRules, state: MailboxState, now: datetime) -> News:
    documents = store.documents
    if isinstance(box.box, Maildir):
        known = documents.known_files(box.name)
        documents.mark_gone(box.name, sorted(known.keys() - box.box.keys()), now=now)
        # What could not be read is tried again.
        taken = {key for key, mail in known.items() if mail.refusal is not RefusalReason.UNREADABLE}
        return box.box.news(taken, after=state.since, max_bytes=rules.max_bytes)
    # A server that numbers its mails anew shows all of them again: only what may be new is taken then.
    after = max(state.since, (state.succeeded_at or state.since) - timedelta(days=rules.first_days))
    return box.box.news(partial(documents.last_path, box.name), after=after, max_bytes=rules.max_bytes)


def _open(mail: NewsMail, rules: MailRules, parse: ParseMail, now: datetime) -> FoundFile:
    """Make a document of a mail, or say why it is none."""
    try:
        parsed = parse(_checked(mail, rules))
    except DocumentRefusedError as refusal:
        return FoundFile(path=mail.key, fingerprint="", refusal=refusal.reason, detail=refusal.detail)
    except Exception as error:  # noqa: BLE001 - one poisonous mail must not stop the others
        detail = explain_failure(error)
        return FoundFile(path=mail.key, fingerprint="", refusal=RefusalReason.UNSUPPORTED, detail=detail)
    if parsed.published_at and parsed.published_at > now + _AHEAD:
        parsed = replace(parsed, published_at=None)
    return FoundFile(path=mail.key, fingerprint=parsed.content_hash, document=parsed)


def _checked(mail: NewsMail, rules: MailRules) -> bytes:
    """Return a mail's content, if it was read, is small enough and its sender may write."""
    if mail.problem:
        raise DocumentRefusedError(RefusalReason.UNREADABLE, mail.problem)
    if mail.content is None:
        detail = f"{mail.size / 1e6:.1f} MB, more than the {rules.max_bytes / 1e6:.1f} MB allowed"
        raise DocumentRefusedError(RefusalReason.OVERSIZED, detail)
    # What reads mails takes long to import; looking whether there are any needs none of it.
    from newsletter.sources.formats.mail import sender_of

    sender = sender_of(mail.content)
    domain = sender.rpartition("@")[2]
    if rules.senders and not {sender, domain} & set(rules.senders):
        raise DocumentRefusedError(RefusalReason.SENDER, f"{sender or 'nobody'} is not among MAIL_SENDERS")
    return mail.content
