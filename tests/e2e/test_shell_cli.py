"""The command line as shells, programs and people who look something up meet it."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from e2e.commands import Commands

from newsletter.__main__ import main
from newsletter.cli import commands as root
from newsletter.cli.manual import manual
from newsletter.cli.progress import progress

ROOT = Path(__file__).parents[2]
Within = Callable[..., str]


def every_command() -> Iterator[tuple[list[str], click.Command]]:
    """Each command that does something, with the words that name it."""
    for name, command in root.commands.items():
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield [name], command
        if isinstance(command, click.Group):
            yield from (([name, sub], below) for sub, below in command.commands.items())


EVERY = [pytest.param(path, command, id=" ".join(path)) for path, command in every_command()]


# --- help -------------------------------------------------------------------------------------------------


def test_the_page_of_commands_is_what_their_help_says() -> None:
    page = (ROOT / "docs" / "commands.md").read_text("utf-8")
    assert page == manual(root), "make it anew: newsletter help --markdown > docs/commands.md"


@pytest.mark.parametrize(("path", "command"), EVERY)
def test_every_example_can_be_typed_as_it_stands(
    path: list[str], command: click.Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for file in ("readers.csv", "feeds.opml", "returned.mbox"):
        (tmp_path / file).touch()
    assert command.epilog, f"newsletter {' '.join(path)} has no example"
    line, _, _ = command.epilog.partition(" > ")
    assert line.startswith("Example: newsletter ")
    program, *words = shlex.split(line.removeprefix("Example: "))
    assert [program, *words[: len(path)]] == ["newsletter", *path]
    with command.make_context(path[-1], words[len(path) :]) as context:
        assert not context.args


def test_help_is_the_help_of_the_command() -> None:
    asked = CliRunner().invoke(root, ["help", "deliveries", "retry"], prog_name="newsletter")
    told = CliRunner().invoke(root, ["deliveries", "retry", "--help"], prog_name="newsletter")
    assert asked.output == told.output
    assert "Usage: newsletter deliveries retry" in asked.output
    assert "Exit codes: 0 done" in CliRunner().invoke(root, ["help"]).output
    for path in (["nonsense"], ["deliveries", "nonsense"], ["status", "nonsense"]):
        wrong = CliRunner().invoke(root, ["help", *path])
        assert (wrong.exit_code, f"no command '{' '.join(path)}'" in wrong.output) == (2, True)


# --- exit codes -------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("Harbour reopens\n\nThe harbour of Port Aldis opened again.\n")
    (tmp_path / "in" / "b.bin").write_bytes(bytes(range(256)) * 8)
    (tmp_path / ".env").write_text(
        "FOLDERS=in\nSETTLE_SECONDS=0\nTRANSPORT=file\nLIST_NAME=daily\nTIMEZONE=Asia/Kolkata\n"
        "SENDER_ADDRESS=digest@news.example.org\nPUBLIC_URL=https://news.example.org\n"
        "SECRET_KEYS=a key of this test alone\nFETCH_ALLOWED_HOSTS=127.0.0.1\n"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def within(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Within:
    """The command line in this process; returns what it says."""

    def call(*arguments: str, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["newsletter", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, error = capsys.readouterr()
        assert ended.value.code == code or (ended.value.code, code) == (None, 0), out + error
        return out if code == 0 else error

    return call


def test_exit_codes_tell_done_from_failed_and_from_mistyped(within: Within) -> None:
    within("--help")
    within("preview")  # nothing is new: nothing to do
    assert "no edition" in within("deliveries", code=1)
    assert "there is no list 'nope'" in within("preview", "--list", "nope", code=1)
    assert "No such command 'nonsense'" in within("nonsense", code=2)
    assert "No such option" in within("status", "--nonsense", code=2)
    within("help", "nonsense", code=2)


def test_a_question_that_is_declined_is_no_interruption(
    within: Within, monkeypatch: pytest.MonkeyPatch
) -> None:
    within("subscribers", "add", "ada@example.org")
    monkeypatch.setattr("newsletter.cli.common.on_terminal", lambda: True)
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    assert "not done" in within("subscribers", "erase", "ada@example.org", code=1)

    def interrupted(_: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("click.termui.visible_prompt_func", interrupted)
    assert "interrupted" in within("subscribers", "erase", "ada@example.org", code=130)
    assert "ada@example.org" in within("subscribers", "list")


def test_ctrl_c_ends_a_command_with_130_and_no_traceback(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/feed"
        command = subprocess.Popen(
            [sys.executable, "-m", "newsletter", "sources", "add", address],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Whoever runs the tests in the background has it ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        silent.settimeout(60)
        connection, _ = silent.accept()
        with connection:
            command.send_signal(signal.SIGINT)
            _, error = command.communicate(timeout=60)
    assert (command.returncode, error.strip()) == (130, "newsletter: interrupted")


# --- listings for programs --------------------------------------------------------------------------------

#: The keys of each listing, by its command; programs rely on them.
LISTINGS = {
    "status": "store documents lists left_over troubles mailboxes failing_sources refusals suppressed",
    "config": "settings lists",
    "bounces log": "received_at kind action address reason",
    "deliveries": "list edition subject created_at state audience counts deliveries",
    "deliveries --reader ada@example.org": "address suppressed subscriptions deliveries",
    "dkim show": "domain selector type file name value",
    "editions list": "waiting published",
    "subscribers list": "list subscribers",
    "sources list": "url kind added_at",
    "operators list": "name role address",
}

#: Of the objects inside them.
ROWS = {
    (
        "status",
        "lists",
    ): "list title is_weekly_digest time_zone next_slot_at subscribers stranded new_documents "
    "new_headlines waiting editions runs",
    ("status", "refusals"): "folder path reason detail",
    ("config", "settings"): "key value description",
    ("config", "lists"): "list title schedule time_zone",
    (
        "deliveries",
        "deliveries",
    ): "edition address state attempts uncertain_count changed_at next_attempt_at reply",
    ("editions list", "published"): "list edition subject created_at state audience",
    ("subscribers list", "subscribers"): "address name state since suppressed cadence paused_until",
}

MESSAGE = b"From: ada@example.org\nTo: digest@news.example.org\nSubject: Hello\n\nIs this read?\n"


@pytest.fixture
def furnished(within: Within, home: Path) -> Within:
    within("subscribers", "add", "ada@example.org", "zoé@example.org")
    within("ingest")
    within("send", "--yes")
    made = within("dkim", "generate", "--type", "ed25519", "--selector", "autumn")
    with (home / ".env").open("a") as settings:
        settings.write(re.search(r"^DKIM_KEYS=.*\n", made, re.MULTILINE)[0])
    (home / "hello.eml").write_bytes(MESSAGE)
    within("bounces", "read", "hello.eml")
    return within


def test_programs_read_every_listing(furnished: Within) -> None:
    for command, keys in LISTINGS.items():
        found = json.loads(furnished(*command.split(), "--json"))
        rows = found if isinstance(found, list) else [found]
        for row in rows:
            assert set(keys.split()) <= row.keys(), command
        for (whole, name), inner in ROWS.items():
            if whole == command:
                assert found[name], (command, name)
                assert [list(row) for row in found[name]] == [inner.split()] * len(found[name])
        for moment in re.findall(r'"(\d{4}-\d\d-\d\dT[^"]+)"', json.dumps(found)):
            assert datetime.fromisoformat(moment).utcoffset().total_seconds() == 0, (command, moment)


def test_listings_hold_what_is_there(furnished: Within) -> None:
    status = json.loads(furnished("status", "--json"))
    assert [file["path"] for file in status["refusals"]] == ["b.bin"]
    (edition,) = status["lists"][0]["editions"]
    assert (edition["edition"], edition["audience"], edition["counts"]["accepted"]) == (1, 2, 2)
    assert status["lists"][0]["subscribers"]["each"] == {"awake": 2, "paused": 0}
    readers = json.loads(furnished("subscribers", "list", "--json"))
    assert {row["address"] for row in readers["subscribers"]} == {"ada@example.org", "zoé@example.org"}
    assert (
        json.loads(furnished("subscribers", "list", "--state", "unsubscribed", "--json"))["subscribers"] == []
    )
    (key,) = json.loads(furnished("dkim", "show", "--json"))
    assert (key["domain"], key["type"], key["name"]) == (
        "news.example.org",
        "ed25519",
        "autumn._domainkey.news.example.org",
    )
    (taken,) = json.loads(furnished("bounces", "log", "--json"))
    assert taken["kind"] == "unknown"
    settings = {row["key"]: row["value"] for row in json.loads(furnished("config", "--json"))["settings"]}
    assert settings["SECRET_KEYS"] == "********"
    assert json.loads(furnished("editions", "list", "--json"))["published"][0]["edition"] == 1


def test_what_is_proposed_has_the_same_keys_wherever_it_is_listed(within: Within) -> None:
    assert json.loads(within("dkim", "show", "--json")) == []
    within("subscribers", "add", "ada@example.org")
    within("ingest")
    within("editions", "propose")
    (in_status,) = json.loads(within("status", "--json"))["lists"][0]["waiting"]
    (in_list,) = json.loads(within("editions", "list", "--json"))["waiting"]
    shown = json.loads(within("editions", "show", "--json"))
    assert in_status == in_list
    assert shown.pop("told")[0]["headline"] == "Harbour reopens"
    assert shown == in_list
    assert (shown["list"], shown["edition"], shown["outlook"]) == ("daily", 1, "goes out")


# --- terminals --------------------------------------------------------------------------------------------


def test_no_color_is_heeded_whatever_its_value(home: Path) -> None:
    def said(value: str) -> str:
        return CliRunner().invoke(root, ["status"], color=True, env={"NO_COLOR": value}).output

    assert "\x1b[" in said("")  # an empty value does not count (no-color.org)
    assert "\x1b[" not in said("1")
    assert "\x1b[" not in said("yes, please")


class Terminal(io.StringIO):
    """A terminal, for what looks whether there is one."""

    def isatty(self) -> bool:
        return True


def test_how_far_it_has_come_is_shown_on_a_terminal_alone(
    within: Within, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "files looked at" not in within("ingest")
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", terminal)
    within("ingest")
    assert "files looked at: 2" in terminal.getvalue()
    with progress("importing", total=200) as on_more:
        on_more(50)
        on_more()
        on_more(149)
    assert "importing" in terminal.getvalue()
    assert "100%" in terminal.getvalue()
    with progress("sending", total=3, worth=20) as on_more:
        on_more()
    assert "sending" not in terminal.getvalue()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_ones_of_their_shell(shell: str) -> None:
    script = CliRunner().invoke(root, ["completion", shell]).output
    assert "_NEWSLETTER_COMPLETE" in script
    assert "# Goes to: " in script
    assert script.startswith("#compdef newsletter") == (shell == "zsh")
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script, text=True, check=True)


def test_the_tab_key_completes_commands_and_options(home: Path, commands: Commands) -> None:
    def completed(line: str) -> list[str]:
        asked = {
            "_NEWSLETTER_COMPLETE": "bash_complete",
            "COMP_WORDS": line,
            "COMP_CWORD": str(line.count(" ")),
        }
        shown = commands.run_for_text(folder=home, environment={**os.environ, **asked})
        assert not shown.stderr
        return [answer.partition(",")[2] for answer in shown.stdout.split()]

    assert completed("newsletter deliv") == ["deliveries"]
    assert completed("newsletter deliveries re") == ["resolve", "resume", "retry"]
    assert "--state" in completed("newsletter deliveries --s")
    assert completed("newsletter deliveries --state fai") == ["failed"]
    assert completed("newsletter preview --list d") == ["daily", "daily.weekly"]
    (home / ".env").write_text("SCHEDULE=nonsense\n")
    assert completed("newsletter preview --list d") == []
