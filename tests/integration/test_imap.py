"""A mailbox on an IMAP server: a real one, and servers that misbehave."""

from __future__ import annotations

import imaplib
import threading
from collections.abc import Iterator

import pytest
from boxes import problem, read
from imapd import DROP, PASSWORD, STALL, USER, Certificates, Script, closed_port, real_server, scripted_server

from newsletter.errors import MailboxError
from newsletter.mailboxes.imap import ImapMailbox
from newsletter.mailboxes.local import Arrival

ONE, TWO = b"Subject: one\n\nHello\n", b"Subject: two\n\nHello\n"


@pytest.fixture(scope="module")
def certificates() -> Certificates:
    return Certificates()


@pytest.fixture(scope="module")
def imap_port(certificates: Certificates) -> Iterator[int]:
    with real_server(certificates) as port:
        yield port


def imap(port: int, certificates: Certificates, **more: object) -> ImapMailbox:
    values = {"username": USER, "password": "plain", "context": certificates.client(), "timeout_seconds": 20}
    return ImapMailbox(host="localhost", port=port, **(values | more))  # type: ignore[arg-type]


def as_owner(port: int, certificates: Certificates) -> imaplib.IMAP4_SSL:
    client = imaplib.IMAP4_SSL("localhost", port, ssl_context=certificates.client())
    client.authenticate("PLAIN", lambda _: f"\0{USER}\0{PASSWORD}".encode())
    return client


def real(port: int, certificates: Certificates, **more: object) -> ImapMailbox:
    return imap(port, certificates, **({"password": PASSWORD} | more))


def test_a_real_imap_server_gives_unread_messages_once(imap_port: int, certificates: Certificates) -> None:
    with as_owner(imap_port, certificates) as owner:
        for name in ("Bounces", '"B&APY-se &- \\"x\\""'):
            owner.create(name)
            owner.append(name, "", None, ONE.replace(b"\n", b"\r\n"))  # type: ignore[arg-type]
            owner.append(name, r"\Seen", None, b"Subject: read\r\n\r\n")  # type: ignore[arg-type]
            owner.append(name, r"\Flagged", None, TWO.replace(b"\n", b"\r\n"))  # type: ignore[arg-type]
    for folder in ("Bounces", 'Böse & "x"'):
        box = real(imap_port, certificates, folder=folder)
        expected = [ONE.replace(b"\n", b"\r\n"), TWO.replace(b"\n", b"\r\n")]
        assert read(box) == expected, "reading marks nothing"
        assert read(box, mark=True) == expected
        assert read(box) == []
    with as_owner(imap_port, certificates) as owner:
        owner.select("Bounces")
        _, (flags, *_) = owner.fetch("3", "(FLAGS)")
        assert isinstance(flags, bytes)
        assert b"\\Seen" in flags
        assert b"\\Flagged" in flags
        assert owner.search(None, "ALL")[1] == [b"1 2 3"], "nothing is deleted"


def test_a_wrong_password_and_a_missing_folder_are_told(imap_port: int, certificates: Certificates) -> None:
    told = problem(imap(imap_port, certificates, password="wrong-secret"))
    assert told.startswith(f"INBOX of {USER} at localhost refuses the sign-in: see BOUNCE_IMAP_USERNAME and")
    assert "wrong-secret" not in told
    told = problem(real(imap_port, certificates, folder="Nowhere"))
    assert "has no folder 'Nowhere': see BOUNCE_IMAP_FOLDER" in told


def test_a_server_that_is_not_who_it_says_gets_no_password(certificates: Certificates) -> None:
    script = Script()
    stranger = Certificates()
    with scripted_server(stranger, script) as port:
        told = problem(imap(port, certificates))
    assert "its certificate does not verify" in told
    with scripted_server(certificates, script, host="elsewhere.example") as port:
        told = problem(imap(port, certificates))
    assert "its certificate does not verify" in told
    assert script.commands == []


CAPABLE = b"* CAPABILITY IMAP4rev1\r\nOK done"
FOUND = b"* SEARCH 7 8\r\nOK done"
MESSAGE = b"* 1 FETCH (UID 7 BODY[]<0> {5}\r\nHello)\r\nOK done"


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({b"GREETING": b"* BYE too busy"}, "cannot be reached"),
        ({b"GREETING": b"220 this is SMTP"}, "cannot be reached"),
        ({b"CAPABILITY": DROP}, "cannot be reached"),
        ({b"CAPABILITY": CAPABLE, b"LOGIN": b"NO bad password " + b"hunter22"}, "********"),
        ({b"CAPABILITY": CAPABLE, b"LOGIN": DROP}, "refuses the sign-in"),
        ({b"CAPABILITY": CAPABLE, b"SELECT": b"BAD what"}, "has no folder 'INBOX'"),
        ({b"CAPABILITY": CAPABLE, b"UID SEARCH": b"NO not now"}, "broke off (not now)"),
        ({b"CAPABILITY": CAPABLE, b"UID SEARCH": FOUND, b"UID FETCH": DROP}, "broke off"),
        (
            {
                b"CAPABILITY": CAPABLE,
                b"UID SEARCH": FOUND,
                b"UID FETCH": b"* 1 FETCH (BODY[]<0> {99999999999}\r\nOK",
            },
            "sends 99,999,999,999 bytes that nobody asked for",
        ),
    ],
    ids=["busy", "SMTP", "drop", "echo", "drop at login", "bad", "no search", "drop at fetch", "bomb"],
)
def test_a_server_that_misbehaves_is_told_in_one_line_without_the_password(
    certificates: Certificates, answers: dict[bytes, bytes], expected: str
) -> None:
    with scripted_server(certificates, Script(answers)) as port:
        told = problem(imap(port, certificates, password="hunter22"))
    assert expected in told
    assert "hunter22" not in told
    assert len(told) < 400


def test_a_message_that_was_taken_away_meanwhile_is_passed_over(certificates: Certificates) -> None:
    answers = {
        b"CAPABILITY": CAPABLE,
        b"UID SEARCH": FOUND,
        b"UID FETCH 7": b"OK nothing there",
        b"UID FETCH 8": MESSAGE,
    }
    script = Script(answers)
    with scripted_server(certificates, script) as port:
        assert read(imap(port, certificates), mark=True) == [b"Hello"]
    assert script.commands[-2:] == [rb"UID STORE 8 +FLAGS.SILENT (\Seen)", b"LOGOUT"]


def test_a_message_that_the_server_does_not_give_is_told_and_the_next_is_read(
    certificates: Certificates,
) -> None:
    answers = {
        b"CAPABILITY": CAPABLE,
        b"UID SEARCH": FOUND,
        b"UID FETCH 7": b"NO [UNAVAILABLE] the back end of plain is down",
        b"UID FETCH 8": MESSAGE,
    }
    script = Script(answers)
    with scripted_server(certificates, script) as port:
        found = read(imap(port, certificates), mark=True)
    told = "does not give message 7 ([UNAVAILABLE] the back end of ******** is down)"
    assert found == [f"INBOX of {USER} at localhost {told}", b"Hello"]
    assert not [command for command in script.commands if command.startswith(b"UID STORE 7")]


def test_a_mark_that_is_refused_is_told_and_the_next_message_is_read(certificates: Certificates) -> None:
    answers = {
        b"CAPABILITY": CAPABLE,
        b"UID SEARCH": FOUND,
        b"UID FETCH": MESSAGE,
        b"UID STORE": b"NO read-only",
    }
    with scripted_server(certificates, Script(answers)) as port:
        arrivals = imap(port, certificates).unread()
        first = next(arrivals)
        assert isinstance(first, Arrival)
        with pytest.raises(MailboxError, match=r"read-only"):
            first.mark_read()
        assert len(list(arrivals)) == 1


def test_a_session_has_its_bounds(certificates: Certificates) -> None:
    uids = b" ".join(b"%d" % n for n in range(1, 1206))
    answers = {
        b"CAPABILITY": CAPABLE,
        b"UID SEARCH": b"* SEARCH " + uids + b"\r\nOK done",
        b"UID FETCH": MESSAGE,
    }
    with scripted_server(certificates, Script(answers)) as port:
        found = read(imap(port, certificates))
    assert len(found) == 1001
    assert found[-1] == f"INBOX of {USER} at localhost: 205 more unread messages wait for the next session"


@pytest.mark.parametrize("bound", ["timeout_seconds", "session_seconds"])
def test_a_server_that_says_nothing_is_left(certificates: Certificates, bound: str) -> None:
    answers = {b"CAPABILITY": CAPABLE, b"UID SEARCH": STALL}
    with scripted_server(certificates, Script(answers)) as port:
        told = problem(imap(port, certificates, **{bound: 0.3}))
    assert "broke off" in told
    for timer in [t for t in threading.enumerate() if isinstance(t, threading.Timer)]:
        timer.join(5)
        assert not timer.is_alive()


def test_a_server_that_is_not_there_is_told(certificates: Certificates) -> None:
    assert problem(imap(closed_port(), certificates)).endswith("cannot be reached (Connection refused)")


def test_the_password_is_shown_nowhere(certificates: Certificates) -> None:
    assert PASSWORD not in repr(real(1, certificates))
    with scripted_server(certificates, Script({b"CAPABILITY": CAPABLE})) as port:
        told = problem(real(port, certificates))
    assert told.endswith("BOUNCE_IMAP_PASSWORD (it takes ASCII letters only)")
