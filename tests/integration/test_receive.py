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
from imapd import DROP, PASSWORD, USER, Certificates, Script, closed_port, real_server, scripted_server

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
        assert take(store, box, force=True).files == ()
        script.answers |= answers(1, mail(1))
        assert take(store, box, now=later, force=True).files == (), "an old numbering is known again"
        script.answers |= answers(0, mail(1))
        assert outcomes(take(store, box, force=True)) == [("Bridge 1", FileOutcome.KNOWN)]
        assert take(store, box, force=True).files == (), "numbers that went down are no new mails each time"
    searches = [command.decode() for command in script.commands if command.startswith(b"UID SEARCH")]
    assert searches[:4] == [
        # The server goes by days of its own time zone.
        "UID SEARCH UID 1:* SINCE 20-Nov-2026",
        "UID SEARCH UID 8:*",
        "UID SEARCH UID 1:* SINCE 20-Nov-2026",
        "UID SEARCH UID 8:*",
    ], "of the time in which nobody looked, nothing is passed over"
    assert not [command for command in script.commands if command.startswith((b"SELECT", b"UID STORE"))]


def arrived(at: str) -> bytes:
    return b'* 1 FETCH (UID 7 RFC822.SIZE 200 INTERNALDATE "%s")\r\nOK done' % at.encode()


@pytest.mark.parametrize(
    ("at", "count"),
    [
        ("21-Nov-2026 03:59:00 -0800", 0),
        ("21-Nov-2026 04:01:00 -0800", 1),
        ("21-Nov-2026 20:00:00 +0900", 0),
        (" 1-Dec-2026 00:00:00 +0000", 1),
        ("rubbish", 1),
    ],
)
def test_a_first_look_goes_back_to_the_minute_whatever_the_servers_time_zone(
    sqlite_store: Store, certificates: Certificates, at: str, count: int
) -> None:
    script = Script(answers(1, mail(1)) | {b"UID FETCH 7 (RFC822": arrived(at)})
    with scripted_server(certificates, script) as port:
        report = take(sqlite_store, account(port, certificates, password="plain"))
    assert len(report.files) == count


def test_what_arrives_after_an_empty_first_look_is_taken_however_long_nobody_looked(
    sqlite_store: Store, certificates: Certificates
) -> None:
    empty = answers(1, mail(1)) | {b"UID SEARCH": b"* SEARCH\r\nOK done"}
    script = Script(empty)
    with scripted_server(certificates, script) as port:
        box = account(port, certificates, password="plain")
        assert take(sqlite_store, box).files == ()
        script.answers = answers(1, mail(1)) | {b"UID FETCH 7 (RFC822": arrived("28-Nov-2026 10:00:00 +0000")}
        report = take(sqlite_store, box, now=NOW + timedelta(days=20))
    assert script.commands.count(b"UID SEARCH UID 1:* SINCE 20-Nov-2026") == 2
    assert outcomes(report) == [("Bridge 1", FileOutcome.NEW)]


def several(*uids: int) -> dict[bytes, bytes]:
    found = answers(1, mail(0)) | {
        b"UID SEARCH": b"* SEARCH %s\r\nOK done" % b" ".join(b"%d" % u for u in uids)
    }
    for uid in uids:
        content = mail(uid)
        found[b"UID FETCH %d (RFC822" % uid] = b"* 1 FETCH (UID %d RFC822.SIZE 200)\r\nOK done" % uid
        literal = b"* 1 FETCH (UID %d BODY[]<0> {%d}\r\n%s)\r\nOK done" % (uid, len(content), content)
        found[b"UID FETCH %d (BODY" % uid] = literal
    return found


@pytest.mark.parametrize("refusal", [b"NO [SERVERBUG] cannot read it", b"BAD Command Error. 10"])
@pytest.mark.parametrize("which", [b"RFC822", b"BODY"])
def test_a_mail_that_the_server_does_not_give_stops_none_that_follow(
    sqlite_store: Store, certificates: Certificates, refusal: bytes, which: bytes
) -> None:
    withheld = {b"UID FETCH 7 (" + which: refusal}
    script = Script(several(6, 7) | withheld)
    with scripted_server(certificates, script) as port:
        box = account(port, certificates, password="plain")
        report = take(sqlite_store, box)
        assert outcomes(report) == [("Bridge 6", FileOutcome.NEW)]
        assert refusal.decode().partition(" ")[2] in report.problems[0], "it may pass: it is asked for again"
        script.answers |= several(7, 8) | withheld
        report = take(sqlite_store, box, force=True)
    assert report.problems == ()
    assert outcomes(report) == [("unreadable", FileOutcome.REFUSED), ("Bridge 8", FileOutcome.NEW)]
    assert refusal.decode().partition(" ")[2] in report.files[0].detail


def test_what_was_read_before_a_server_breaks_off_is_not_read_again(
    sqlite_store: Store, certificates: Certificates
) -> None:
    script = Script(several(6, 7) | {b"UID FETCH 7 (BODY": DROP})
    with scripted_server(certificates, script) as port:
        report = take(sqlite_store, account(port, certificates, password="plain"))
    assert outcomes(report) == [("Bridge 6", FileOutcome.NEW)]
    assert "broke off" in report.problems[0]


def test_mails_that_are_gone_from_a_maildir_are_gone_here(sqlite_store: Store, folder: Path) -> None:
    box = NewsBox(name=str(folder), box=Maildir(folder))
    spam = drop(folder, "new/1.a.host", mail(1, sender="x@evil.example"))
    news = drop(folder, "new/2.a.host", mail(2))
    take(sqlite_store, box, senders=("tessen.example",))
    assert [file.path for file in sqlite_store.documents.refusals()] == ["1.a.host"]
    spam.unlink()
    news.rename(folder / "cur" / "2.a.host:2,ST")
    assert take(sqlite_store, box).files == ()
    assert sqlite_store.documents.refusals() == []
    assert list(sqlite_store.documents.known_files(box.name)) == ["2.a.host"], "in the bin it is still there"
    assert headlines(sqlite_store) == ["Bridge 2"]


def test_a_mail_that_cannot_be_read_is_told_and_tried_again(sqlite_store: Store, folder: Path) -> None:
    box = NewsBox(name=str(folder), box=Maildir(folder))
    (folder / "new" / "1.a.host").mkdir()
    drop(folder, "new/2.a.host", mail(2))
    report = take(sqlite_store, box)
    assert outcomes(report) == [("unreadable", FileOutcome.REFUSED), ("Bridge 2", FileOutcome.NEW)]
    (folder / "new" / "1.a.host").rmdir()
    drop(folder, "new/1.a.host", mail(1))
    assert outcomes(take(sqlite_store, box)) == [("Bridge 1", FileOutcome.NEW)]
    assert sqlite_store.documents.refusals() == []


def test_a_date_in_the_future_is_not_believed(sqlite_store: Store, folder: Path) -> None:
    for number, date in enumerate(("Sun, 24 Nov 2086 10:00:00 +0000", "Tue, 24 Nov 2026 13:00:00 +0000")):
        drop(folder, f"new/{number}.a.host", f"Date: {date}\r\n".encode() + mail(number))
    take(sqlite_store, NewsBox(name=str(folder), box=Maildir(folder)))
    dates = [document.published_at for document in sqlite_store.documents.new_for("daily")]
    assert dates == [None, datetime(2026, 11, 24, 13, tzinfo=UTC)]


def test_a_file_in_place_of_a_maildir_is_told_in_plain_words(sqlite_store: Store, tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    spool.write_bytes(b"From a@b.example Mon Nov 23 10:00:00 2026\n" + mail(1))
    (told,) = take(sqlite_store, NewsBox(name=str(spool), box=Maildir(spool))).problems
    assert told == f"{spool} is no Maildir: it has no folder new"
