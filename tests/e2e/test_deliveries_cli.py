"""The operator's commands as a person meets them: while mail goes out, and after it went wrong."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from e2e.commands import Commands
from faults.server import Fault, FaultServer, Phase, Then

from newsletter.__main__ import main
from newsletter.cli.columns import Clockface, write_columns
from newsletter.model.deliveries import Breaker
from newsletter.store.store import Store

Result = subprocess.CompletedProcess[str]
Run = Callable[..., Result]

STORY = "Harbour reopens\n\nThe harbour of Port Aldis opened again on Monday.\n\nSource: The Aldis Gazette\n"


def furnish(folder: Path) -> Path:
    """Make the working directory of an operator."""
    (folder / "in").mkdir()
    (folder / "in" / "a.txt").write_text(STORY)
    (folder / ".env").write_text(
        "FOLDERS=in\nSETTLE_SECONDS=0\nTRANSPORT=file\nLIST_NAME=daily\nLIST_TITLE=The Daily Brief\n"
        "SENDER_ADDRESS=digest@news.example.org\nTIMEZONE=Asia/Kolkata\n"
        "PUBLIC_URL=https://news.example.org\nSECRET_KEYS=a key of this test alone\nPORT=0\n"
    )
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return furnish(tmp_path)


@pytest.fixture
def within(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The same command line in this process, where nothing depends on its being another."""

    def call(*arguments: str, code: int = 0) -> Result:
        monkeypatch.setattr(sys, "argv", ["newsletter", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, error = capsys.readouterr()
        assert (ended.value.code or 0) == code, out + error
        return subprocess.CompletedProcess(arguments, code, out, error)

    return call


@pytest.fixture
def newsletter(home: Path, commands: Commands) -> Run:
    def call(*arguments: str, code: int = 0, **environment: str) -> Result:
        result = commands.run_for_text(*arguments, folder=home, environment={**os.environ, **environment})
        assert result.returncode == code, result.stdout + result.stderr
        assert "Traceback" not in result.stderr
        return result

    return call


@contextmanager
def serving(*faults: Fault) -> Iterator[FaultServer]:
    """A server that misbehaves, on a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = FaultServer(*faults)
    try:
        asyncio.run_coroutine_threadsafe(server.start(), loop).result()
        yield server
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def smtp(port: int) -> dict[str, str]:
    return {
        "TRANSPORT": "smtp",
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(port),
        "SMTP_SECURITY": "none",
        "SMTP_CONNECTIONS": "1",
        "UNCERTAIN_POLICY": "hold",
    }


#: Answers that a terminal, or a careless reader, could take for something else.
FAULTS = (
    Fault(
        phase=Phase.RCPT,
        recipient="refused@example.org",
        says=b"554 5.7.1 \x1b[31mno\x1b[0m \x9b2J thanks\r\n",
    ),
    Fault(phase=Phase.RCPT, recipient="gone@example.org", says=b"550 5.1.1 who?\r\n"),
    Fault(phase=Phase.RCPT, recipient="later@example.org", says=b"451 4.7.1 greylisted\r\n"),
    Fault(phase=Phase.DOT, recipient="lost@example.org", then=Then.RESET, times=1),
)
READERS = ("ada", "bo", "refused", "gone", "later", "lost")


@pytest.fixture(scope="module")
def sent_store(tmp_path_factory: pytest.TempPathFactory, commands: Commands) -> Path:
    """The store after an edition was sent to six readers and arrived, surely, at two."""
    folder = furnish(tmp_path_factory.mktemp("sent"))
    with serving(*FAULTS) as server:
        for arguments in (
            ["subscribers", "add", *(f"{name}@example.org" for name in READERS)],
            ["send", "--ingest", "--yes"],
        ):
            environment = {**os.environ, **smtp(server.port)}
            commands.run_for_text(*arguments, folder=folder, environment=environment).check_returncode()
    assert server.book.received() == {"ada@example.org": 1, "bo@example.org": 1}
    return folder / "newsletter.db"


@pytest.fixture
def gone_wrong(home: Path, sent_store: Path) -> None:
    for file in sent_store.parent.glob("newsletter.db*"):
        shutil.copy(file, home)


def parsed(result: Result) -> dict[str, object]:
    shown = json.loads(result.stdout)
    assert isinstance(shown, dict)
    return shown


def test_who_got_an_edition_and_who_did_not(
    within: Run, gone_wrong: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = within("deliveries").stdout
    lines = shown.splitlines()
    assert re.fullmatch(
        r"No\. 1 of daily, \w{3} \d\d \w{3} \d{4} \d\d:\d\d Asia/Kolkata: Harbour reopens", lines[0]
    )
    assert lines[1] == "open: 2 accepted, 1 deferred, 2 failed, 1 uncertain = 6 readers"
    assert lines[2].split() == ["READER", "STATE", "TRIES", "SINCE", "NEXT", "LAST", "REPLY"]
    assert len(lines) == 3 + len(READERS)
    assert re.search(r"^later@example.org +deferred +1 +\S.*451 4\.7\.1 greylisted$", shown, re.MULTILINE)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", shown), (
        "nothing of the server's commands a terminal"
    )
    monkeypatch.setenv("COLUMNS", "80")
    narrow = within("deliveries").stdout
    assert max(map(len, narrow.splitlines()[2:])) <= 80
    assert narrow.count("@example.org  ") == len(READERS), "no address was cut"
    few = within("deliveries", "--state", "failed", "--state", "uncertain", "--limit", "2").stdout
    assert few.splitlines()[-1] == "+1 more: --limit 3"
    assert within("deliveries", "--state", "queued").stdout.endswith("\nNobody is queued.\n")


def test_programs_get_json(within: Run, gone_wrong: None) -> None:
    shown = parsed(within("deliveries", "--json"))
    assert list(shown) == [
        "list",
        "edition",
        "subject",
        "created_at",
        "state",
        "audience",
        "counts",
        "deliveries",
    ]
    assert (shown["list"], shown["edition"], shown["state"], shown["audience"]) == ("daily", 1, "open", 6)
    counts, deliveries = shown["counts"], shown["deliveries"]
    assert isinstance(counts, dict)
    assert isinstance(deliveries, list)
    assert len(counts) == 8
    assert sum(counts.values()) == len(deliveries) == 6
    later = next(d for d in deliveries if d["address"] == "later@example.org")
    assert set(later) == {
        "edition",
        "address",
        "state",
        "attempts",
        "uncertain_count",
        "changed_at",
        "next_attempt_at",
        "reply",
    }
    assert datetime.fromisoformat(later["next_attempt_at"]) > datetime.fromisoformat(later["changed_at"])
    assert later["changed_at"].endswith("+00:00")
    assert next(d for d in deliveries if d["address"] == "ada@example.org")["next_attempt_at"] is None
    assert len(parsed(within("deliveries", "--json", "--limit", "1"))["deliveries"]) == 1  # type: ignore[arg-type]
    assert parsed(within("deliveries", "--json", "--state", "queued"))["deliveries"] == []


def test_one_reader_over_all_lists(within: Run, gone_wrong: None) -> None:
    shown = within("deliveries", "--reader", "GONE@example.org").stdout
    assert "daily: confirmed" in shown
    assert (
        "suppressed (bounce), never mailed; newsletter subscribers lift GONE@example.org ends that" in shown
    )
    assert re.search(r"daily No\. 1 +failed +1 .*RCPT: 550 5\.1\.1 who\?", shown)
    as_json = parsed(within("deliveries", "--reader", "gone@example.org", "--json"))
    assert as_json["suppressed"] == "bounce"
    assert as_json["subscriptions"] == {"daily": "confirmed"}
    assert [(d["list"], d["edition"]) for d in as_json["deliveries"]] == [("daily", 1)]  # type: ignore[attr-defined]
    one = within("deliveries", "--edition", "1", "--reader", "ada@example.org").stdout
    assert len(one.splitlines()) == 4


def test_status_names_who_needs_a_decision_and_the_command_for_it(newsletter: Run, gone_wrong: None) -> None:
    shown = newsletter("status").stdout
    assert "6 readers: 2 accepted, 1 deferred, 2 failed, 1 uncertain" in shown
    assert "- lost@example.org: uncertain" in shown
    assert "uncertain ones are held: newsletter deliveries resolve --edition 1\n" in shown
    assert "Suppressed: 1 address never mailed (1 bounce)" in shown
    assert "\x1b" not in shown


def test_what_failed_is_sent_again_and_the_suppressed_stay_out(newsletter: Run, gone_wrong: None) -> None:
    retry = ("deliveries", "retry", "--edition", "1")
    assert "add --yes to retry" in newsletter(*retry, code=1).stderr
    refused = newsletter(*retry, "--reader", "gone@example.org", "--yes", code=1).stderr
    assert refused == (
        "newsletter: gone@example.org is suppressed (bounce) and would not be mailed; "
        "newsletter subscribers lift gone@example.org ends that\n"
    )
    assert "ada@example.org is not failed" in newsletter(*retry, "--reader", "ada@example.org").stdout
    shown = newsletter(*retry, "--state", "failed", "--state", "deferred", "--yes").stdout
    assert shown.startswith("2 deliveries of No. 1 of daily queued again: ")
    assert "1 suppressed address not tried again: `newsletter subscribers lift ADDRESS` ends that" in shown
    with serving() as server:
        newsletter("send", "--yes", **smtp(server.port))
    assert server.book.received() == {"refused@example.org": 1, "later@example.org": 1}
    assert "4 accepted, 1 failed, 1 uncertain = 6 readers" in newsletter("deliveries").stdout
    assert "0 deliveries of No. 1 of daily queued again" in newsletter(*retry, "--yes").stdout
    newsletter("subscribers", "lift", "gone@example.org")
    assert "1 delivery of No. 1 of daily queued again" in newsletter(*retry, "--yes").stdout


def test_what_is_uncertain_is_listed_by_name_and_settled(newsletter: Run, gone_wrong: None) -> None:
    resolve = ("deliveries", "resolve", "--edition", "1")
    shown = newsletter(*resolve).stdout
    assert "nobody knows whether it reached 1 reader" in shown
    assert "lost@example.org" in shown
    for decision in ("--arrived", "--resend", "--abandon"):
        assert f"newsletter deliveries resolve --edition 1 {decision} --reader ADDRESS" in shown
    assert "add --reader ADDRESS or --all" in newsletter(*resolve, "--arrived", code=1).stderr
    assert "exclude each other" in newsletter(*resolve, "--arrived", "--resend", code=2).stderr
    assert "say what became" in newsletter(*resolve, "--all", code=2).stderr
    assert (
        "bo@example.org is not uncertain"
        in newsletter(*resolve, "--resend", "--reader", "bo@example.org").stdout
    )
    assert "1 are queued once more" in newsletter(*resolve, "--resend", "--reader", "lost@example.org").stdout
    with serving(*FAULTS) as server:
        newsletter("send", "--yes", **smtp(server.port))
    assert server.book.received() == {}, "lost again, and held again"
    assert "1 count as accepted" in newsletter(*resolve, "--arrived", "--all").stdout
    assert "Nobody of No. 1 of daily is uncertain." in newsletter(*resolve).stdout
    assert "3 accepted, 1 deferred, 2 failed = 6 readers" in newsletter("deliveries").stdout


class Gate:
    """Takes messages; from the third on, each only when it is let through."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.arrived = threading.Event()
        self.opened = threading.Event()

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        if len(self.taken) >= 2:
            self.arrived.set()
            while not self.opened.is_set():
                await asyncio.sleep(0.01)  # the client waits for its reply meanwhile
        self.taken.append(envelope.rcpt_tos[0])  # type: ignore[attr-defined]
        return "250 ok"


@contextmanager
def gated() -> Iterator[tuple[Gate, int]]:
    gate = Gate()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(gate, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield gate, port
    finally:
        gate.opened.set()
        controller.stop()


@pytest.mark.parametrize(("answer", "code"), [("n", 1), ("y", 0)])
def test_a_person_is_asked_before_an_edition_is_cancelled(
    within: Run, home: Path, gone_wrong: None, answer: str, code: int
) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "newsletter", "deliveries", "cancel", "--edition", "1"],
        cwd=home,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    while b"[y/N]" not in shown:
        shown += os.read(ours, 1000)
    assert b"Cancel No. 1 of daily? 1 of 6 readers will never get it. [y/N]" in shown
    os.write(ours, answer.encode() + b"\n")
    assert process.wait(60) == code
    os.close(ours)
    state = "cancelled" if answer == "y" else "open"
    assert f"\n{state}: 2 accepted, " in within("deliveries").stdout


@pytest.mark.parametrize("verb", ["pause", pytest.param("cancel", marks=pytest.mark.sweep)])
def test_an_edition_is_stopped_while_another_process_sends_it(
    newsletter: Run, start, home: Path, verb: str
) -> None:
    readers = [f"r{n}@example.org" for n in range(40)]
    newsletter("subscribers", "add", *readers)
    this = ("--edition", "1")
    with gated() as (gate, port):
        sender = start("send", "--ingest", "--yes", **smtp(port))
        assert gate.arrived.wait(60)
        yes = ("--yes",) if verb == "cancel" else ()
        shown = newsletter("deliveries", verb, *this, *yes).stdout
        gate.opened.set()
        out, error = sender.communicate(timeout=60)
        assert sender.returncode == 0, out + error
        assert len(gate.taken) == 3, (
            "what the server was being handed was finished, and nothing else went out"
        )
        if verb == "cancel":
            assert "No. 1 of daily is cancelled: 37 readers will not get it" in shown
            assert "1 at the server just now" in shown
            check_cancelled(newsletter)
        else:
            assert "No. 1 of daily is paused: 37 readers of 40 still to get it, 1 at the server" in shown
            check_paused(newsletter)
        newsletter("send", "--yes", **smtp(port))
    if verb == "pause":
        assert "\nfinished: 40 accepted = 40 readers" in newsletter("deliveries").stdout
        assert "is finished" in newsletter("deliveries", "cancel", *this).stdout, "and it stays so"
        assert "\nfinished: 40 accepted" in newsletter("deliveries").stdout
    assert sorted(gate.taken) == (sorted(readers) if verb == "pause" else sorted(gate.taken[:3]))


def check_paused(newsletter: Run) -> None:
    """It is said everywhere, twice is once, and resuming lets it go on."""
    this = ("--edition", "1")
    assert "is paused already" in newsletter("deliveries", "pause", *this).stdout
    assert "\npaused: 37 queued, 3 accepted = 40 readers" in newsletter("deliveries").stdout
    status = newsletter("status").stdout
    assert "40 readers: 37 queued, 3 accepted" in status
    assert "paused: newsletter deliveries resume --edition 1\n" in status
    assert "No. 1 of daily goes on: 37 readers" in newsletter("deliveries", "resume", *this).stdout
    assert "is not paused" in newsletter("deliveries", "resume", *this).stdout


def check_cancelled(newsletter: Run) -> None:
    """It is said everywhere, twice is once, and nothing brings it back."""
    this = ("--edition", "1")
    assert "is cancelled already" in newsletter("deliveries", "cancel", *this).stdout
    assert "\ncancelled: 3 accepted, 37 suppressed = 40 readers" in newsletter("deliveries").stdout
    assert "cancelled: nobody else gets it" in newsletter("status").stdout
    for verb in ("pause", "resume"):
        assert "was cancelled" in newsletter("deliveries", verb, *this, code=1).stderr


def test_a_reader_is_erased_and_stays_suppressed(within: Run, gone_wrong: None) -> None:
    erase = ("subscribers", "erase", "gone@example.org")
    assert "add --yes to erase" in within(*erase, code=1).stderr
    shown = within(*erase, "--yes").stdout
    assert "its suppression (bounce) stays as a hash, and it cannot be imported again" in shown
    assert "nobody has the address gone@example.org" in within(*erase, "--yes", code=1).stderr
    refused = within("subscribers", "add", "gone@example.org", code=1).stderr
    assert refused == "gone@example.org: refused: suppressed (bounce)\n"
    for command in (["deliveries"], ["deliveries", "--json"], ["status"], ["subscribers", "export"]):
        assert "gone@example.org" not in within(*command).stdout
    assert "= 6 readers" in within("deliveries").stdout, "counted still"
    lifted = within("subscribers", "lift", "gone@example.org").stdout
    assert "no longer suppressed (it was: bounce); but it is on no list" in lifted
    assert "is not suppressed" in within("subscribers", "lift", "gone@example.org", code=1).stderr
    assert "added" in within("subscribers", "add", "gone@example.org").stdout


def test_trouble_at_the_server_is_shown(newsletter: Run, home: Path) -> None:
    newsletter("subscribers", "add", "ada@example.org")
    with serving() as server:
        port = server.port
    newsletter("send", "--ingest", "--yes", code=1, **smtp(port))
    shown = newsletter("status", **smtp(port)).stdout
    assert re.search(
        rf"^Sending through 127\.0\.0\.1:{port} is paused until .* Asia/Kolkata: ", shown, re.MULTILINE
    )
    store = Store.open(f"sqlite:///{home / 'newsletter.db'}")
    now = datetime.now(UTC)
    breaker = Breaker(
        open_until=now - timedelta(minutes=1),
        pause_seconds=60,
        reason="sender refused \x1b[2J",
        permanent=True,
        opened_at=now,
    )
    store.accounts.open_breaker(f"edition {store.editions.latest('daily')[0].id}", breaker)
    store.close()
    shown = newsletter("status").stdout
    assert "Sending of No. 1 of daily is paused; the next turn tries again: sender refused �[2J" in shown
    assert "Waiting will not help; once it is mended, `newsletter send --waiting` tries at once." in shown
    newsletter("deliveries", "cancel", "--edition", "1", "--yes")
    assert "Sending of No. 1" not in newsletter("status").stdout, "nothing of it is held back any more"


def in_trouble(within: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish an edition to a server that is gone."""
    with serving() as server:
        port = server.port
    for name, value in smtp(port).items():
        monkeypatch.setenv(name, value)
    within("subscribers", "add", "ada@example.org")
    within("send", "--ingest", "--yes", code=1)
    assert "Sending through" in within("status").stdout


def test_the_trouble_of_an_account_that_was_given_up_is_over(
    within: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_trouble(within, monkeypatch)
    with serving() as server:
        monkeypatch.setenv("SMTP_PORT", str(server.port))
        assert "Sending through" not in within("status").stdout, "the account now in use was not tried yet"
        within("send", "--yes")
    assert "Sending through" not in within("status").stdout


def test_where_nothing_waits_there_is_no_trouble(within: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    in_trouble(within, monkeypatch)
    within("deliveries", "cancel", "--edition", "1", "--yes")
    assert "Sending through" not in within("status").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["deliveries"], "newsletter: daily has no edition yet"),
        (["deliveries", "--edition", "7"], "newsletter: daily has no edition yet"),
        (["deliveries", "--list", "weekly"], "newsletter: there is no list 'weekly'; known: daily"),
        (["deliveries", "--reader", "nobody@example.org"], "newsletter: nobody has the address nobody@"),
        (["deliveries", "--reader", "nonsense"], "newsletter: 'nonsense' is not a usable address"),
        (["deliveries", "pause", "--edition", "1"], "newsletter: daily has no edition yet"),
        (["subscribers", "lift", "ada@example.org"], "newsletter: ada@example.org is not suppressed"),
        (["subscribers", "erase", "ada@example.org"], "newsletter: nobody has the address ada@example.org"),
    ],
)
def test_a_mistake_gets_one_line(within: Run, arguments: list[str], message: str) -> None:
    error = within(*arguments, code=1).stderr
    assert error.startswith(message)
    assert len(error.splitlines()) == 1


def test_a_wrong_edition_or_reader_is_named(within: Run) -> None:
    within("subscribers", "add", "ada@example.org")
    within("send", "--ingest", "--yes")
    error = within("deliveries", "cancel", "--edition", "2", "--yes", code=1).stderr
    assert error == "newsletter: daily has no edition No. 2; the latest is No. 1\n"
    error = within("deliveries", "--edition", "1", "--reader", "bo@example.org", code=1).stderr
    assert error == "newsletter: bo@example.org is not among the readers of No. 1 of daily\n"
    assert "is not in the range" in within("deliveries", "--edition", "9" * 30, code=2).stderr
    error = within("deliveries", "--edition", "1", "pause", "--edition", "1", code=2).stderr
    assert "options come after the command" in error


def test_several_lists_are_told_apart(within: Run, home: Path) -> None:
    (home / ".env").write_text(
        "SETTLE_SECONDS=0\nTRANSPORT=file\nSENDER_ADDRESS=digest@news.example.org\n"
        "PUBLIC_URL=https://news.example.org\nSECRET_KEYS=a key of this test alone\nPORT=0\n"
    )
    (home / "newsletter.toml").write_text(
        'folders = ["in"]\n[[lists]]\nname = "daily"\n[[lists]]\nname = "weekly"\ntimezone = "Asia/Tokyo"\n'
    )
    within("subscribers", "add", "ada@example.org", "--list", "weekly")
    within("send", "--ingest", "--yes", "--list", "weekly")
    assert "name one with --list" in within("deliveries", code=1).stderr
    assert "Asia/Tokyo" in within("deliveries", "--list", "weekly").stdout
    assert "weekly No. 1  accepted" in within("deliveries", "--reader", "ada@example.org").stdout
    within("deliveries", "pause", "--edition", "1", "--list", "weekly")
    assert "resume --edition 1 --list weekly\n" in within("status").stdout


def keep_back(home: Path) -> None:
    """Let the account that writes files be in trouble, as far as the store knows."""
    store = Store.open(f"sqlite:///{home / 'newsletter.db'}")
    now = datetime.now(UTC)
    open_until = now + timedelta(minutes=9)
    trouble = Breaker(open_until=open_until, pause_seconds=900, reason="gone", permanent=False, opened_at=now)
    store.accounts.open_breaker("file", trouble)
    store.close()


def test_what_waits_goes_out_at_once_and_nothing_is_published(
    within: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_trouble(within, monkeypatch)
    monkeypatch.setenv("TRANSPORT", "file")
    keep_back(home)
    (home / "in" / "b.txt").write_text(STORY.replace("Harbour", "Airport"))
    within("ingest")
    assert within("send", "--waiting").stdout == "Delivered: 1 accepted.\n"
    shown = within("status").stdout
    assert "new since the last edition: 1 document\n" in shown
    assert "No. 2" not in shown
    assert within("send", "--waiting").stdout == "Nothing waits to be sent, paused editions aside.\n"


def test_whoever_is_left_with_waiting_messages_is_told_how_to_go_on(
    within: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_trouble(within, monkeypatch)
    error = within("send", "--waiting", code=1).stderr
    assert error.endswith("1 message still to send: run `newsletter send --waiting`.\n")


def test_what_waits_of_all_lists_goes_out_unless_one_is_named(within: Run, removed: None) -> None:
    assert "Nothing waits" in within("send", "--waiting", "--list", "daily").stdout
    assert "there is no list 'nonsense'" in within("send", "--waiting", "--list", "nonsense", code=1).stderr
    assert "Delivered: 2 accepted." in within("send", "--waiting").stdout
    assert "Nothing waits" in within("send", "--waiting", "--list", "old").stdout


@pytest.mark.parametrize("other", [["--to", "ada@example.org"], ["--dry-run"], ["--ingest"]])
def test_only_what_waits_and_something_new_exclude_each_other(within: Run, other: list[str]) -> None:
    error = within("send", "--waiting", *other, code=2).stderr
    assert f"--waiting and {other[0]} exclude each other: nothing new is published" in error


@pytest.fixture
def removed(within: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An edition of the list "old" waits, of the server's making; the list is no longer set."""
    with serving() as server:
        for name, value in smtp(server.port).items():
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("LIST_NAME", "old")
    within("subscribers", "add", "ada@example.org", "bo@example.org")
    within("send", "--ingest", "--yes", code=1)
    monkeypatch.setenv("LIST_NAME", "daily")
    monkeypatch.setenv("TRANSPORT", "file")


def test_what_waits_of_a_removed_list_is_shown(within: Run, removed: None) -> None:
    shown = within("status").stdout
    line = "old is no longer set; what waits still goes out: "
    assert line + "newsletter deliveries pause|cancel --list old --edition N\n" in shown
    assert re.search(r"^  No\. 1, .* UTC: .*\n    2 readers: 2 queued$", shown, re.MULTILINE)


def test_a_removed_list_can_be_looked_at_and_stopped(within: Run, removed: None) -> None:
    shown = within("deliveries", "--list", "old").stdout
    assert re.search(r"^No\. 1 of old, .* UTC: .*\nopen: 2 queued = 2 readers\n", shown)
    of_old = ("--list", "old", "--edition", "1")
    resume = "newsletter deliveries resume --edition 1 --list old"
    assert f"No. 1 of old is paused: 2 readers of 2 still to get it. {resume}" in (
        within("deliveries", "pause", *of_old).stdout
    )
    assert f"    paused: {resume}\n" in within("status").stdout
    assert "No. 1 of old goes on" in within("deliveries", "resume", *of_old).stdout
    assert "There is nothing to retry" in within("deliveries", "retry", *of_old).stdout
    assert "Nobody of No. 1 of old is uncertain." in within("deliveries", "resolve", *of_old).stdout
    assert "2 readers will not get it" in within("deliveries", "cancel", *of_old, "--yes").stdout
    assert "no longer set" not in within("status").stdout, "nobody waits any more"


def test_the_trouble_of_a_removed_list_is_shown_in_utc(within: Run, home: Path, removed: None) -> None:
    store = Store.open(f"sqlite:///{home / 'newsletter.db'}")
    now = datetime.now(UTC)
    breaker = Breaker(
        open_until=now + timedelta(minutes=9), pause_seconds=900, reason="no", permanent=True, opened_at=now
    )
    store.accounts.open_breaker(f"edition {store.editions.latest('old')[0].id}", breaker)
    store.close()
    assert re.search(
        r"^Sending of No\. 1 of old is paused until .* UTC: no$", within("status").stdout, re.MULTILINE
    )


# --- what it looks like ---------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_a_table_keeps_to_its_width(capsys: pytest.CaptureFixture[str], width: int) -> None:
    rows = [
        ("a" * 60 + "@example.org", "suppressed", "1", "07:05", "07:20", "reply " * 40),
        ("寿司" * 20 + "@example.org", "failed", "12", "Mon 07:05", "", "x"),
    ]
    write_columns(("READER", "STATE", "TRIES", "SINCE", "NEXT", "LAST REPLY"), rows, width=width)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert all("suppressed" in line or "failed" in line for line in lines[1:]), "states are never cut"
    from rich.cells import cell_len

    assert max(map(cell_len, lines)) <= max(width, 74), "below that, there is no room for what must be there"


def test_a_column_that_is_empty_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    write_columns(("A", "B", "C"), [("1", "", "3")], width=80)
    assert capsys.readouterr().out == "A  C\n1  3\n"


def test_times_are_as_short_as_can_be_understood() -> None:
    now = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
    clock = Clockface(time_zone="Europe/Berlin", now=now)
    assert clock.show(now) == "23:00"
    assert clock.show(now + timedelta(hours=2)) == "Tue 01:00"
    assert clock.show(now - timedelta(days=6)) == "Tue 23:00"
    assert clock.show(now - timedelta(days=7)) == "2026-11-16"
