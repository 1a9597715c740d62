"""Maildirs, mbox files and single messages: everything is read, nothing is lost, nothing is deleted."""

from __future__ import annotations

import fcntl
import io
import mailbox
import os
import socket
import sqlite3
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from boxes import problem, read
from hypothesis import given
from hypothesis import strategies as st

from newsletter.deliveries.bounces import parse_feedback
from newsletter.errors import LinkError, MailboxError, StoreError
from newsletter.feedback import Intake, take_in
from newsletter.mailboxes.local import (
    MAX_MESSAGE_BYTES,
    Arrival,
    Maildir,
    Mbox,
    MessageFile,
    Messages,
    open_mailbox,
    split_mbox,
)
from newsletter.model.feedback import BouncePolicy, FeedbackAction, ParsedFeedback
from newsletter.store.store import Store
from newsletter.subscribe import parse_address

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)

ONE, TWO = b"Subject: one\n\nHello\n", b"Subject: two\n\nHello\n"


HOLD_LOCK = """
import fcntl, sys
file = open(sys.argv[1], "r+b")
fcntl.lockf(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    folder = tmp_path / "Maildir"
    mailbox.Maildir(folder, create=True)
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_maildir_is_read_once_and_keeps_every_message(maildir: Path) -> None:
    (maildir / "new" / "1.a.host").write_bytes(ONE)
    (maildir / "cur" / "0.b.host:2,RF").write_bytes(TWO)
    (maildir / "cur" / "0.c.host:2,S").write_bytes(b"read long ago")
    (maildir / "cur" / "0.d.host:2,T").write_bytes(b"thrown away")
    (maildir / "tmp" / "2.e.host").write_bytes(b"half wri")
    box = open_mailbox(maildir)
    assert isinstance(box, Maildir)
    assert read(box) == [ONE, TWO]
    assert names(maildir / "new") == ["1.a.host"], "nothing is marked before it is recorded"
    assert read(box, mark=True) == [ONE, TWO]
    assert read(box) == []
    assert names(maildir / "new") == []
    assert names(maildir / "cur") == ["0.b.host:2,FRS", "0.c.host:2,S", "0.d.host:2,T", "1.a.host:2,S"]
    assert (maildir / "tmp" / "2.e.host").exists()
    kept = {key: message.get_flags() for key, message in mailbox.Maildir(maildir).items()}
    assert kept["1.a.host"] == "S", "the standard library reads it as we wrote it"


def test_what_is_broken_in_a_maildir_is_told_and_passed_over(maildir: Path) -> None:
    (maildir / "new" / "1").mkdir()
    os.mkfifo(maildir / "new" / "2")
    (maildir / "new" / "3").symlink_to("nowhere")
    (maildir / "new" / ".hidden").write_bytes(b"not mail")
    (maildir / "new" / os.fsdecode(b"4\xff")).write_bytes(ONE)
    (maildir / "new" / "5").write_bytes(b"")
    found = read(Maildir(maildir), mark=True)
    assert found[0] == f"{maildir}/new/1 cannot be read: Is a directory"
    assert found[1] == f"{maildir}/new/2 cannot be read: not a regular file"
    assert found[2:] == [ONE, b""]


def test_two_readers_of_a_maildir_do_not_disturb_each_other(maildir: Path) -> None:
    for n in range(4):
        (maildir / "new" / f"{n}").write_bytes(b"%d" % n)
    first, second = Maildir(maildir).unread(), Maildir(maildir).unread()
    arrivals = [next(first), next(second)]
    for arrival in (*arrivals, *first, *second):
        assert isinstance(arrival, Arrival)
        arrival.mark_read()
    assert names(maildir / "cur") == [f"{n}:2,S" for n in range(4)]


def test_a_message_never_takes_the_place_of_another(maildir: Path) -> None:
    (maildir / "new" / "1").write_bytes(ONE)
    (maildir / "cur" / "1:2,S").write_bytes(TWO)
    [arrival] = Maildir(maildir).unread()
    assert isinstance(arrival, Arrival)
    with pytest.raises(MailboxError, match="is recorded, but cannot be moved to cur: another message has"):
        arrival.mark_read()
    assert (maildir / "cur" / "1:2,S").read_bytes() == TWO
    assert (maildir / "new" / "1").read_bytes() == ONE


def test_a_huge_message_is_cut(maildir: Path) -> None:
    (maildir / "new" / "1").write_bytes(ONE + b"x" * (MAX_MESSAGE_BYTES + 7))
    [content] = read(Maildir(maildir))
    assert len(content) == MAX_MESSAGE_BYTES


@pytest.mark.parametrize("what", ["missing", "plain folder", "socket"])
def test_what_is_no_mailbox_is_told_in_one_line(tmp_path: Path, what: str) -> None:
    path = tmp_path / what
    if what == "plain folder":
        path.mkdir()
    server = socket.socket(socket.AF_UNIX)
    if what == "socket":
        server.bind(str(path))
    with server, pytest.raises(MailboxError) as caught:
        open_mailbox(path)
    reasons = {
        "missing": "cannot be read: No such file or directory",
        "plain folder": "is no Maildir: it has no folders new and cur",
        "socket": "cannot be read: No such device or address",
    }
    assert str(caught.value) == f"{path} {reasons[what]}"


def as_mbox(path: Path, *contents: bytes) -> Path:
    box = mailbox.mbox(path)
    for content in contents:
        box.add(content)
    box.close()
    return path


def test_an_mbox_of_the_standard_library_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    quoted = b"Subject: three\n\n>From here on\nFrom there\n"
    path = as_mbox(tmp_path / "box", ONE, TWO, quoted)
    before = path.read_bytes()
    box = open_mailbox(path)
    assert isinstance(box, Mbox)
    assert read(box, mark=True)[:2] == [ONE, TWO]
    assert len(read(box)) == 3
    assert path.read_bytes() == before


def test_an_empty_file_is_an_empty_mbox_and_another_file_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "one.eml").write_bytes(ONE)
    assert read(open_mailbox(tmp_path / "empty")) == []
    single = open_mailbox(tmp_path / "one.eml")
    assert isinstance(single, MessageFile)
    assert read(single) == [ONE]


def test_an_mbox_that_another_program_holds_waits_for_the_next_time(tmp_path: Path) -> None:
    path = as_mbox(tmp_path / "box", ONE)
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            HOLD_LOCK,
            str(path),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        holder.stdout.readline()
        told = problem(Mbox(path))
        assert told == f"{path} is not read now: another program holds its lock; it is tried again next time"
        holder.stdin.close()
    assert read(Mbox(path)) == [ONE]


def test_the_mail_server_can_write_while_an_mbox_is_worked_on(tmp_path: Path) -> None:
    path = as_mbox(tmp_path / "box", ONE, TWO)
    arrivals = Mbox(path).unread()
    assert isinstance(next(arrivals), Arrival)
    check = f"import fcntl; fcntl.lockf(open({str(path)!r}, 'r+b'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    subprocess.run([sys.executable, "-c", check], check=True)
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(b"From x\n" + ONE)
    assert len(list(arrivals)) == 1
    assert len(read(Mbox(path))) == 3


BODY_LINES = st.lists(
    st.sampled_from([b"Hello", b"", b">From x", b" From x", b"From", b"x" * 70_000]), max_size=6
)


@given(bodies=st.lists(BODY_LINES, max_size=5), end=st.sampled_from([b"\n", b"\r\n"]))
def test_messages_of_an_mbox_are_parted_where_they_were_joined(bodies: list[list[bytes]], end: bytes) -> None:
    contents = [end.join([b"Subject: x", b"", *lines, b"."]) + end for lines in bodies]
    whole = b"".join(b"From a@b Mon Nov 23" + end + content + end for content in contents)
    assert list(split_mbox(io.BytesIO(whole))) == contents


def test_an_mbox_of_any_size_takes_little_memory(tmp_path: Path) -> None:
    with (tmp_path / "box").open("wb") as file:
        for n in range(60):
            file.write(b"From x\nSubject: %d\n\n" % n + (b"x" * 999 + b"\n") * 1000 + b"\n")
        file.write(b"From x\n" + b"y" * 20_000_000)
    tracemalloc.start()
    sizes = [len(a.content) for a in Mbox(tmp_path / "box").unread() if isinstance(a, Arrival)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(sizes) == 61
    assert sizes[-1] == MAX_MESSAGE_BYTES
    assert peak < 4 * MAX_MESSAGE_BYTES


class Broken:
    """A mailbox that fails after its first message."""

    place = "broken"

    def unread(self) -> Messages:
        yield Arrival(content=ONE)
        raise MailboxError("broken broke off")


class Watched:
    """A mailbox that keeps what was marked as read."""

    place = "watched"

    def __init__(self, *contents: bytes) -> None:
        self.contents = contents
        self.marked: list[bytes] = []

    def unread(self) -> Messages:
        for content in self.contents:
            yield Arrival(content=content, mark_read=lambda content=content: self.marked.append(content))  # type: ignore[misc]


@pytest.fixture
def intake() -> Intake:
    return Intake(
        parse=parse_feedback,
        read_return_path=lambda _: None,
        read_letter=lambda _: None,
        read_unsubscribe=lambda _: None,
        parse_address=parse_address,
        policy=BouncePolicy(),
    )


def test_a_mailbox_that_fails_keeps_no_other_from_its_turn(
    sqlite_store: Store, intake: Intake, tmp_path: Path, maildir: Path
) -> None:
    (maildir / "new" / "1").write_bytes(TWO)
    places = [tmp_path / "missing", Broken(), maildir]
    report = take_in(sqlite_store, places, intake, now=NOW)
    assert [outcome.action for outcome in report.outcomes] == [FeedbackAction.UNKNOWN] * 2
    missing, broken = report.problems
    assert missing.endswith("missing cannot be read: No such file or directory")
    assert broken == "broken broke off"
    assert names(maildir / "cur") == ["1:2,S"]


def test_killed_between_store_and_mailbox_a_message_is_known_again(
    sqlite_store: Store, intake: Intake
) -> None:
    class KilledError(Exception):
        pass

    def die() -> None:
        raise KilledError

    class Dying(Watched):
        def unread(self) -> Messages:
            yield Arrival(content=ONE, mark_read=die)

    with pytest.raises(KilledError):
        take_in(sqlite_store, [Dying()], intake, now=NOW)
    box = Watched(ONE, TWO)
    report = take_in(sqlite_store, [box], intake, now=NOW)
    assert [o.action for o in report.outcomes] == [FeedbackAction.REPEATED, FeedbackAction.UNKNOWN]
    assert box.marked == [ONE, TWO]


def test_what_cannot_be_recorded_stays_unread(sqlite_store: Store, intake: Intake, tmp_path: Path) -> None:
    box = Watched(ONE)
    with sqlite3.connect(tmp_path / "store.db") as connection:
        connection.execute("ALTER TABLE feedback RENAME TO away")
    connection.close()
    with pytest.raises(StoreError):
        take_in(sqlite_store, [box], intake, now=NOW)
    assert box.marked == []


def test_a_message_that_trips_us_stays_unread_and_holds_up_no_other(
    sqlite_store: Store, intake: Intake, caplog: pytest.LogCaptureFixture
) -> None:
    def parse(content: bytes) -> ParsedFeedback:
        if b"poison" in content:
            raise ValueError("ſ")
        return parse_feedback(content)

    box = Watched(
        b"Subject: poison\n\n", ONE, b"Subject: poison\nMessage-Id: <7@mx.example>\n\nMessage-ID: <x@y>\n"
    )
    report = take_in(sqlite_store, [box], replace(intake, parse=parse), now=NOW)
    assert [outcome.action for outcome in report.outcomes] == [FeedbackAction.UNKNOWN]
    assert box.marked == [ONE]
    assert report.problems == (
        "a message without Message-ID cannot be taken in and stays unread: ValueError, see the log",
        "<7@mx.example> cannot be taken in and stays unread: ValueError, see the log",
    )
    assert [record.levelname for record in caplog.records] == ["ERROR"] * 2
    assert all(record.exc_info for record in caplog.records)


def test_what_concerns_every_message_ends_the_intake(sqlite_store: Store, intake: Intake) -> None:
    def read(_: str) -> None:
        raise LinkError("tokens need a key")

    box = Watched(b"Subject: unsubscribe daily\n\n", ONE)
    with pytest.raises(LinkError):
        take_in(sqlite_store, [box], replace(intake, read_unsubscribe=read), now=NOW)
    assert box.marked == []


def test_a_stop_leaves_the_rest_for_the_next_run(sqlite_store: Store, intake: Intake) -> None:
    box = Watched(ONE, TWO)
    report = take_in(sqlite_store, [box], intake, now=NOW, stopping=lambda: bool(box.marked))
    assert len(report.outcomes) == 1
    assert box.marked == [ONE]
