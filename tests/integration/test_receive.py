"""Mails in mailboxes become documents: a real Maildir, a real IMAP server, and servers that misbehave."""

from __future__ import annotations

import imaplib
import mailbox
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from imapd import PASSWORD, USER, Certificates, Script, closed_port, real_server, scripted_server

from newsletter.mailboxes.imap import ImapMailbox
from newsletter.mailboxes.local import Maildir
from newsletter.model.documents import FileOutcome, IngestReport, RefusalReason
from newsletter.receive import MailRules, NewsBox, receive
from newsletter.sources.formats.mail import parse_mail
from newsletter.sources.parse import SourceAliases, TextReader
from newsletter.store.store import Store

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PARSE = partial(parse_mail, reader=TextReader(aliases=SourceAliases.with_extra({}), detect=lambda _: None))


def mail(number: int, *, sender: str = "press@tessen.example", size: int = 0) -> bytes:
    words = f"Bridge number {number} was closed on Tuesday after a barge struck a pillar." + " More." * (
        size // 6
    )
    return f"Subject: Bridge {number}\r\nFrom: Police <{sender}>\r\n\r\n{words}\r\n".encode()


def rules(**changes: object) -> MailRules:
    values = {"max_bytes": 100_000, "senders": (), "first_days": 3, "every": timedelta(minutes=5)}
    return MailRules(**(values | changes))  # type: ignore[arg-type]


def take(
    store: Store, *boxes: NewsBox, now: datetime = NOW, force: bool = False, **changes: object
) -> IngestReport:
    return receive(store, boxes, rules(**changes), parse=PARSE, force=force, now=now)


def outcomes(report: IngestReport) -> list[tuple[str, FileOutcome]]:
    return [(file.headline or str(file.refusal), file.outcome) for file in report.files]


def headlines(store: Store) -> list[str]:
    return [document.headline for document in store.documents.new_for("daily")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    mailbox.Maildir(str(tmp_path / "mail"))
    return tmp_path / "mail"


def drop(folder: Path, name: str, content: bytes, *, at: datetime = NOW) -> Path:
    path = folder / name
    path.write_bytes(content)
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def listing(folder: Path) -> list[tuple[str, int]]:
    return sorted((str(path), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file())


def test_mails_in_a_maildir_are_taken_once_and_left_as_they_are(store: Store, folder: Path) -> None:
    box = NewsBox(name=str(folder), box=Maildir(folder))
    first = drop(folder, "new/1.a.host", mail(1))
    drop(folder, "cur/2.a.host:2,S", mail(2))
    drop(folder, "cur/3.a.host:2,ST", mail(3))
    drop(folder, "new/0.a.host", mail(0), at=NOW - timedelta(days=4))
    before = listing(folder)
    assert outcomes(take(store, box)) == [("Bridge 1", FileOutcome.NEW), ("Bridge 2", FileOutcome.NEW)]
    assert listing(folder) == before
    first.rename(folder / "cur" / "1.a.host:2,RS")
    drop(folder, "new/4.a.host", mail(4), at=NOW + timedelta(days=30))
    later = NOW + timedelta(days=40)
    assert outcomes(take(store, box, now=later)) == [("Bridge 4", FileOutcome.NEW)], (
        "however long nobody looked"
    )
    assert take(store, box, now=later).files == ()
    assert headlines(store) == ["Bridge 1", "Bridge 2", "Bridge 4"]


def test_only_senders_that_are_set_are_taken_and_large_mails_are_not(store: Store, folder: Path) -> None:
    box = NewsBox(name=str(folder), box=Maildir(folder))
    for number, sender in enumerate(
        ("press@tessen.example", "a@aldis.example", "x@evil.example", "a@x.aldis.example")
    ):
        drop(folder, f"new/{number}.a.host", mail(number, sender=sender))
    drop(folder, "new/9.a.host", mail(9, size=200_000))
    report = take(store, box, senders=("press@tessen.example", "aldis.example"))
    assert headlines(store) == ["Bridge 0", "Bridge 1"]
    assert [file.refusal for file in report.having(FileOutcome.REFUSED)] == [
        RefusalReason.SENDER,
        RefusalReason.SENDER,
        RefusalReason.OVERSIZED,
    ]
    assert take(store, box).files == (), "what was refused is not read again"


def test_a_mailbox_that_is_gone_is_reported_and_stops_none(store: Store, folder: Path) -> None:
    drop(folder, "new/1.a.host", mail(1))
    gone = NewsBox(name="/gone", box=Maildir(Path("/gone")))
    report = take(store, gone, NewsBox(name=str(folder), box=Maildir(folder)))
    assert len(report.problems) == 1
    assert headlines(store) == ["Bridge 1"]
    (state,) = store.mailboxes.failing()
    assert (state.name, state.failing_since, state.failures) == ("/gone", NOW, 1)


@pytest.fixture(scope="module")
def certificates() -> Certificates:
    return Certificates()


@pytest.fixture(scope="module")
def imap_port(certificates: Certificates) -> Iterator[int]:
    with real_server(certificates) as port:
        yield port


def account(port: int, certificates: Certificates, **more: object) -> NewsBox:
    values = {"username": USER, "password": PASSWORD, "context": certificates.client(), "timeout_seconds": 5}
    values |= {"sign_in_setting": "MAILBOXES", "host": "localhost", "port": port} | more
    return NewsBox(name="imaps://u@localhost/x", box=ImapMailbox(**values))  # type: ignore[arg-type]


def test_an_account_is_only_read_and_each_mail_is_taken_once(
    store: Store, imap_port: int, certificates: Certificates, tmp_path: Path
) -> None:
    folder = tmp_path.name.replace("[", "").replace("]", "")
    with imaplib.IMAP4_SSL("localhost", imap_port, ssl_context=certificates.client()) as owner:
        owner.authenticate("PLAIN", lambda _: f"\0{USER}\0{PASSWORD}".encode())
        owner.create(folder)

        def append(content: bytes, at: datetime) -> None:
            owner.append(folder, "", imaplib.Time2Internaldate(at), content)

        append(mail(0), NOW - timedelta(days=30))
        append(mail(1), NOW)
        append(mail(2, size=200_000), NOW)
        append(mail(3), NOW)
        box = account(imap_port, certificates, folder=folder)
        assert [outcome for _, outcome in outcomes(take(store, box))] == [
            FileOutcome.NEW,
            FileOutcome.REFUSED,
            FileOutcome.NEW,
        ]
        append(mail(4), NOW)
        assert take(store, box, now=NOW + timedelta(minutes=4)).files == (), "not due yet"
        assert outcomes(take(store, box, force=True)) == [("Bridge 4", FileOutcome.NEW)]
        assert take(store, box, force=True).files == ()
        owner.select(folder, readonly=True)
        assert owner.search(None, "UNSEEN")[1] == [b"1 2 3 4 5"], "nothing is marked"
    assert headlines(store) == ["Bridge 1", "Bridge 3", "Bridge 4"]


def test_a_wrong_password_is_one_line_and_no_storm(
    store: Store, imap_port: int, certificates: Certificates
) -> None:
    box = account(imap_port, certificates, password="wrong-secret")
    (told,) = take(store, box).problems
    assert "refuses the sign-in: see MAILBOXES" in told
    assert "wrong-secret" not in told
    for minutes in (5, 59):
        assert take(store, box, now=NOW + timedelta(minutes=minutes)).problems == (), "it waits an hour"
    assert len(take(store, box, now=NOW + timedelta(minutes=60)).problems) == 1


def test_a_server_that_is_gone_is_asked_less_and_less_often(store: Store, certificates: Certificates) -> None:
    box = account(closed_port(), certificates)
    asked = [
        minutes
        for minutes in range(0, 200, 5)
        if take(store, box, now=NOW + timedelta(minutes=minutes)).problems
    ]
    assert asked == [0, 5, 15, 35, 75, 135, 195]
    (state,) = store.mailboxes.failing()
    assert (state.failures, state.failing_since) == (7, NOW)


SIZED = b"* 1 FETCH (UID 7 RFC822.SIZE 200)\r\nOK done"


def answers(validity: int, content: bytes) -> dict[bytes, bytes]:
    literal = b"* 1 FETCH (UID 7 BODY[]<0> {%d}\r\n%s)\r\nOK done" % (len(content), content)
    return {
        b"CAPABILITY": b"* CAPABILITY IMAP4rev1\r\nOK done",
        b"EXAMINE": b"* OK [UIDVALIDITY %d] x\r\nOK [READ-ONLY] done" % validity,
        b"UID SEARCH": b"* SEARCH 7\r\nOK done",
        b"UID FETCH 7 (RFC822": SIZED,
        b"UID FETCH 7 (BODY": literal,
    }


def test_a_mailbox_that_was_numbered_anew_is_read_from_its_latest_days(
    store: Store, certificates: Certificates
) -> None:
    script = Script(answers(1, mail(1)))
    later = NOW + timedelta(days=30)
    with scripted_server(certificates, script) as port:
        box = account(port, certificates, password="plain")
        assert outcomes(take(store, box)) == [("Bridge 1", FileOutcome.NEW)]
        assert take(store, box, force=True).files == ()
        script.answers |= answers(2, mail(1))
        assert outcomes(take(store, box, now=later)) == [("Bridge 1", FileOutcome.KNOWN)]
    searches = [command.decode() for command in script.commands if command.startswith(b"UID SEARCH")]
    assert searches == [
        "UID SEARCH UID 1:* SINCE 21-Nov-2026",
        "UID SEARCH UID 8:*",
        "UID SEARCH UID 1:* SINCE 21-Dec-2026",
    ]
    assert not [command for command in script.commands if command.startswith((b"SELECT", b"UID STORE"))]
