"""What came back, by the command line: files, pipes, mailboxes, the webhook, and the service."""

from __future__ import annotations

import mailbox
import os
import pty
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from e2e.commands import Commands
from imapd import PASSWORD, USER, Certificates, real_server

from newsletter.messages.verp import ReturnPath

ADA, BO, CHI = "ada@example.org", "bo@example.org", "chi@example.org"
KEY = "signing-key-of-a-test"

Result = subprocess.CompletedProcess[bytes]


class Home:
    """A working directory whose first edition went out to three readers, as deliveries 1 to 3."""

    def __init__(self, folder: Path, commands: Commands) -> None:
        self.folder = folder
        self._commands = commands

    def prepare(self) -> None:
        (self.folder / "in").mkdir()
        (self.folder / "in" / "a.txt").write_text("Harbour reopens\n\nThe harbour opened again on Monday.\n")
        (self.folder / ".env").write_text(
            "FOLDERS=in\nSETTLE_SECONDS=0\nTRANSPORT=file\nLIST_NAME=daily\nSCHEDULE=0 0 1 1 *\n"
            "SENDER_ADDRESS=digest@news.example.org\nBOUNCE_ADDRESS=bounces@news.example.org\n"
            f"SECRET_KEYS={KEY}\nPUBLIC_URL=https://news.example.org\nPORT=0\n"
        )
        self.call("ingest")
        self.call("subscribers", "add", ADA, BO, CHI)
        assert b"Delivered: 3 accepted." in self.call("send", "--yes").stdout

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "newsletter", *arguments]

    def call(self, *arguments: str, code: int = 0, stdin: bytes = b"", **environment: str) -> Result:
        whole = {**os.environ, **environment}
        result = self._commands.run(*arguments, folder=self.folder, environment=whole, stdin=stdin)
        assert result.returncode == code, result.stdout + result.stderr
        assert b"Traceback" not in result.stderr
        return result

    def subscribers(self) -> str:
        return self.call("subscribers", "list").stdout.decode()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, commands: Commands) -> Path:
    folder = tmp_path_factory.mktemp("home")
    Home(folder, commands).prepare()
    return folder


@pytest.fixture
def home(prepared: Path, tmp_path: Path, commands: Commands) -> Home:
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    return Home(tmp_path, commands)


def bounce(delivery_id: int, address: str, status: str = "5.1.1", *, key: str = KEY) -> bytes:
    return_path = ReturnPath("bounces@news.example.org", (key,)).address_for(delivery_id)
    return (
        f"From: MAILER-DAEMON@mx.example.net\nTo: <{return_path}>\nSubject: Undelivered Mail\n"
        "MIME-Version: 1.0\nAuto-Submitted: auto-replied\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\n\nThe mail could not be handed over.\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.net\n\n"
        f"Final-Recipient: rfc822; {address}\nAction: failed\nStatus: {status}\n"
        f"Diagnostic-Code: smtp; 550 {status} that did not work\n\n--b--\n"
    ).encode()


FORGED = bounce(3, CHI, key="a key that is not ours")
UNBELIEVED = "no token of ours, no mail that we sent"
HELLO = b"From: Dag <dag@example.net>\nSubject: A question\n\nWho took the picture on Monday?\n"


def test_files_of_every_kind_are_taken_in(home: Home) -> None:
    (home.folder / "one.eml").write_bytes(bounce(1, ADA))
    box = mailbox.mbox(home.folder / "box")
    for content in (bounce(2, BO, "5.2.2"), FORGED, HELLO):
        box.add(content)
    box.close()
    folder = mailbox.Maildir(home.folder / "maildir")
    folder.add(f"From: {CHI}\nSubject: unsubscribe daily\n\n".encode())
    result = home.call("bounces", "read", "one.eml", "box", "maildir")
    lines = result.stdout.decode().splitlines()
    assert lines == [
        f"suppressed           {ADA}: hard bounce (550 5.1.1 that did not work)",
        f"scored               {BO}: soft bounce (score 1 of 5; 550 5.2.2 that did not work)",
        f"not believed         hard bounce ({UNBELIEVED}; 550 5.1.1 that did not work)",
        "for a person to read unknown (from dag@example.net: A question)",
        f"unsubscribed         {CHI}: unsubscribe (left daily; by the address in From)",
        "5 messages: 1 suppressed, 1 scored, 1 unsubscribed, 1 not believed, 1 for a person to read.",
    ]
    known = home.subscribers()
    assert f"{ADA}  confirmed, suppressed (bounce)" in known
    assert f"{BO}  confirmed since" in known
    assert f"{CHI}  unsubscribed since" in known
    again = home.call("bounces", "read", "one.eml", "box", "maildir").stdout.decode()
    assert again == "4 messages: 4 taken in before.\n"
    log = home.call("bounces", "log", "--last", "2").stdout.decode().splitlines()
    assert [re.sub(r"^\S+ \S+  ", "", line) for line in log] == [lines[4], lines[3]]


def test_a_file_that_is_not_there_keeps_no_other_from_its_turn(home: Home) -> None:
    (home.folder / "one.eml").write_bytes(bounce(1, ADA))
    result = home.call("bounces", "read", "nowhere.eml", "one.eml", code=1)
    assert b"1 message: 1 suppressed." in result.stdout
    assert result.stderr == b"newsletter: nowhere.eml cannot be read: No such file or directory\n"
    home.call("bounces", "read", "-", "one.eml", code=2)


def test_a_pipe_takes_anything_and_keeps_nothing_from_the_store(home: Home) -> None:
    piped = b"From MAILER-DAEMON Mon Nov 23 06:00:00 2026\n" + bounce(1, ADA)
    assert home.call("bounces", "read", "--verbose", "-", stdin=piped).stdout.startswith(b"suppressed")
    assert home.call("bounces", "read", "-v", "-", stdin=piped).stdout.startswith(b"taken in before")
    for junk in (b"", b"\0\xff\n\n\r\x1b[2J", b"Content-Type: multipart/report; boundary=\n\n--\n--", FORGED):
        home.call("bounces", "read", "-", stdin=junk)
    no_recipient = bounce(2, BO).replace(b"To: ", b"X-To: ")
    to = ReturnPath("bounces@news.example.org", (KEY,)).address_for(2)
    result = home.call("bounces", "read", "-v", "--recipient", to, "-", stdin=no_recipient)
    assert result.stdout.startswith(b"suppressed           bo@")


def test_a_pipe_says_nothing_that_a_mail_server_could_send_back(home: Home) -> None:
    with (home.folder / ".env").open("a") as settings:
        settings.write("BOUNCE_ADRESS=misspelt\n")
    leaves = f"From: {CHI}\nSubject: unsubscribe daily\n\n".encode()
    for content in (bounce(1, ADA), bounce(1, ADA), leaves, HELLO, FORGED, b""):
        result = home.call("bounces", "read", "-", stdin=content)
        assert result.stdout + result.stderr == b""
    assert f"{CHI}  unsubscribed since" in home.subscribers()


def test_on_a_terminal_it_is_told_what_became_of_a_message(home: Home) -> None:
    ours, terminal = pty.openpty()
    subprocess.run(
        home.command("bounces", "read", "-"),
        cwd=home.folder,
        input=bounce(1, ADA),
        stdout=terminal,
        timeout=120,
        check=True,
    )
    assert os.read(ours, 1000).startswith(b"suppressed           ada@")
    os.close(terminal)
    os.close(ours)


def test_the_documented_pipe_works_in_a_server_without_a_shell(home: Home) -> None:
    words = (Path(__file__).parents[2] / "docs" / "bounces.md").read_text("utf-8")
    line = re.search(r'^    "\|(.*)"$', words, re.MULTILINE)
    assert line is not None
    program = home.folder / ".venv" / "bin" / "newsletter"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m newsletter "$@"\n')
    program.chmod(0o755)

    def deliver(content: bytes, folder: Path) -> Result:
        # As Exim does: the command is split at blanks and quotation marks, and started.
        command = shlex.split(line[1].replace("/srv/newsletter", str(folder)))
        return subprocess.run(command, cwd="/", input=content, capture_output=True, timeout=120, check=False)

    done = deliver(bounce(1, ADA), home.folder)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")
    assert f"{ADA}  confirmed, suppressed (bounce)" in home.subscribers()
    moved = deliver(bounce(2, BO), home.folder / "elsewhere")
    assert (moved.returncode, moved.stdout + moved.stderr) == (os.EX_TEMPFAIL, b"")
    with (home.folder / ".env").open("a") as settings:
        settings.write("SMTP_PORT=many\n")
    wrong = deliver(bounce(2, BO), home.folder)
    assert (wrong.returncode, wrong.stdout + wrong.stderr) == (os.EX_TEMPFAIL, b"")
    assert "SMTP_PORT: 'many' is wrong" in (home.folder / "bounces.log").read_text()
    program.unlink()
    gone = deliver(bounce(2, BO), home.folder)
    assert (gone.returncode, gone.stdout + gone.stderr) == (os.EX_TEMPFAIL, b"")


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"DATABASE_URL": "sqlite:////nowhere/store.db"}, b"unable to open database file"),
        ({"DATABASE_URL": "postgresql://127.0.0.1:1/none"}, b"failed"),
        ({"SMTP_PORT": "many"}, b"SMTP_PORT: 'many' is wrong"),
        ({"SECRET_KEYS": ",", "BOUNCE_ADDRESS": "not an address"}, b"SECRET_KEYS is not set"),
    ],
    ids=["no file", "no server", "bad setting", "no key"],
)
def test_what_cannot_be_recorded_is_tried_again_by_the_mail_server(
    home: Home, environment: dict[str, str], reason: bytes
) -> None:
    result = home.call("bounces", "read", "-", stdin=bounce(1, ADA), code=os.EX_TEMPFAIL, **environment)
    assert result.stdout == b""
    assert reason in result.stderr


def test_without_a_mailbox_it_says_what_to_set(home: Home) -> None:
    result = home.call("bounces", code=1)
    assert result.stderr.startswith(b"newsletter: no mailbox is set: BOUNCE_MAILBOX=")
    result = home.call("bounces", code=1, BOUNCE_IMAP_HOST="imap.example.org")
    assert b"BOUNCE_IMAP_USERNAME or BOUNCE_IMAP_PASSWORD is not set" in result.stderr
    assert home.call("bounces", "log").stdout == b"Nothing has been taken in yet.\n"


def test_the_mailboxes_of_the_settings_are_read_over_imap_too(home: Home, tmp_path: Path) -> None:
    certificates = Certificates()
    certificates.authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    mailbox.Maildir(tmp_path / "maildir").add(bounce(1, ADA))
    with real_server(certificates) as port:
        import imaplib

        with imaplib.IMAP4_SSL("localhost", port, ssl_context=certificates.client()) as owner:
            owner.authenticate("PLAIN", lambda _: f"\0{USER}\0{PASSWORD}".encode())
            owner.append("INBOX", "", None, bounce(2, BO).replace(b"\n", b"\r\n"))  # type: ignore[arg-type]
        settings = {
            "BOUNCE_MAILBOX": "maildir",
            "BOUNCE_IMAP_HOST": "localhost",
            "BOUNCE_IMAP_PORT": str(port),
            "BOUNCE_IMAP_USERNAME": USER,
            "BOUNCE_IMAP_PASSWORD": PASSWORD,
            "SSL_CERT_FILE": str(tmp_path / "ca.pem"),
        }
        result = home.call("bounces", **settings)
        assert result.stdout.endswith(b"2 messages: 2 suppressed.\n")
        assert home.call("bounces", **settings).stdout == b"0 messages.\n"
    mailbox.Maildir(tmp_path / "maildir").add(bounce(3, CHI))
    gone = home.call("bounces", code=1, **settings)
    assert b"suppressed           chi@" in gone.stdout
    assert b"cannot be reached (Connection refused)" in gone.stderr
    assert PASSWORD.encode() not in gone.stderr


@pytest.fixture
def process(home: Home) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    started = []

    def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
        started.append(
            subprocess.Popen(
                home.command(*arguments),
                cwd=home.folder,
                env={**os.environ, **environment},
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return started[-1]

    yield start
    for running in started:
        running.kill()
        running.communicate()


def wait_for(running: subprocess.Popen[str], words: str) -> str:
    """Read a process's log until a line holds some words."""
    assert running.stderr is not None
    overdue = threading.Timer(60, running.kill)
    overdue.start()
    try:
        lines = iter(running.stderr)
        return next(line for line in lines if words in line)
    finally:
        overdue.cancel()


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.sweep)])
def test_the_web_server_serves_and_stops(home: Home, process, number: signal.Signals) -> None:
    running = process("web", "--port", "0", WEBHOOK_KEY="hook")
    line = wait_for(running, "listening on")
    address = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert address is not None
    request = urllib.request.Request(
        f"{address[0]}/hooks/feedback",
        bounce(1, ADA),
        {"Authorization": "Bearer hook", "Content-Type": "message/rfc822"},
    )
    with urllib.request.urlopen(request, timeout=20) as response:
        assert b'"action":"suppressed"' in response.read()
    running.send_signal(number)
    assert running.wait(30) == 0
    assert f"{ADA}  confirmed, suppressed" in home.subscribers()


def test_a_port_that_is_taken_is_told(home: Home, process) -> None:
    first = process("web", "--port", "0")
    port = re.search(r"127\.0\.0\.1:(\d+)", wait_for(first, "listening on"))
    assert port is not None
    result = home.call("web", code=1, PORT=port[1])
    assert (
        result.stderr
        == f"newsletter: PORT: cannot listen on 127.0.0.1:{port[1]}: Address already in use\n".encode()
    )


def test_the_service_looks_into_the_mailbox(home: Home, process) -> None:
    maildir = mailbox.Maildir(home.folder / "maildir")
    maildir.add(bounce(1, ADA))
    running = process("run", BOUNCE_MAILBOX="maildir", BOUNCE_IMAP_HOST="")
    assert "suppressed" in wait_for(running, ADA)
    running.send_signal(signal.SIGTERM)
    assert running.wait(30) == 0
    assert [message.get_flags() for message in maildir] == ["S"]


def test_the_service_says_at_its_start_what_a_mailbox_lacks(home: Home) -> None:
    result = home.call("run", code=1, BOUNCE_IMAP_HOST="imap.example.org")
    assert b"BOUNCE_IMAP_USERNAME or BOUNCE_IMAP_PASSWORD is not set" in result.stderr
