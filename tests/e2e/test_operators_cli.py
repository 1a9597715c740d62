"""`newsletter operators` as whoever runs the install meets it."""

from __future__ import annotations

import json
import os
import pwd
import re
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pyotp
import pytest
from click.testing import CliRunner
from e2e.commands import Commands
from lookedup import send_some
from operators import CHEAP, PASSWORD

from newsletter.app import App
from newsletter.cli import commands as newsletter
from newsletter.cli.qr import lines_of

PIPED = f"{PASSWORD}\n".encode()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".env").write_text("PUBLIC_URL=https://news.example.org\nSECRET_KEYS=a key of this test\n")
    monkeypatch.setattr("newsletter.bound.operators.Passwords", lambda: CHEAP)
    return tmp_path


def run(*arguments: str, code: int = 0, stdin: str = "") -> str:
    """Run a command in this process; returns what it says."""
    result = CliRunner().invoke(newsletter, ["operators", *arguments], input=stdin)
    if code == 0:
        assert result.exception is None, result.output
    else:
        assert result.exception is not None
        return f"{result.output}{result.exception}"
    return result.output


def log(home: Path) -> list[tuple[str, ...]]:
    with sqlite3.connect(home / "newsletter.db") as connection:
        return connection.execute("SELECT actor, action, subject, detail FROM audit ORDER BY id").fetchall()


def test_an_operator_from_add_to_remove(home: Path, commands: Commands) -> None:
    """As real commands, without a terminal."""

    def call(*arguments: str, stdin: bytes | None = None, code: int = 0) -> str:
        result = commands.run("operators", *arguments, folder=home, environment=dict(os.environ), stdin=stdin)
        assert result.returncode == code, result.stderr
        return (result.stdout + result.stderr).decode()

    added = call("add", "Ada", "--email", "ada@example.org", stdin=PIPED)
    assert "ada is added, as admin." in added
    assert "https://news.example.org/operator" in added
    assert "standard input is empty" in call("add", "bob", code=1)
    assert "at least 12" in call("add", "bob", stdin=b"short\n", code=1)
    (row,) = json.loads(call("list", "--json"))
    assert (row["name"], row["role"], row["address"]) == ("ada", "admin", "ada@example.org")
    assert not [key for key in row if "secret" in key or "hash" in key or "password" in key]
    assert "add --yes" in call("remove", "ada", code=1)
    assert "the operator's pages are off" in call("remove", "ada", "--yes")
    user = f"{pwd.getpwuid(os.getuid()).pw_name} (command line)"
    assert log(home) == [
        (user, "add operator", "ada", "as admin"),
        (user, "remove operator", "ada", ""),
    ]


def test_every_change_is_made_and_logged(home: Path) -> None:
    assert "no operator yet" in run("list")
    run("add", "ada", stdin=PASSWORD)
    assert "as editor" in run("add", "bob", stdin=PASSWORD)
    assert "last admin" in run("role", "ada", "editor", code=1)
    run("role", "bob", "admin")
    run("password", "bob", stdin="another row of words")
    run("email", "bob", "bob@example.org")
    run("email", "bob")
    run("unlock", "bob")
    run("sign-out", "bob")
    assert re.search(r"bob\s+admin\s+off\s+never", run("list"))
    for arguments in (["role", "eve", "admin"], ["password", "eve"], ["unlock", "eve"], ["remove", "eve"]):
        assert "no operator eve" in run(*arguments, code=1, stdin=PASSWORD)
    actions = [(action, subject, detail) for _, action, subject, detail in log(home)]
    assert actions[1:] == [
        ("add operator", "bob", "as editor"),
        ("change role", "bob", "to admin"),
        ("change password", "bob", ""),
        ("change address", "bob", "to b••@example.org"),
        ("change address", "bob", "to none"),
        ("unlock operator", "bob", ""),
        ("end all sessions", "bob", ""),
    ]


def test_what_is_decided_on_the_command_line_is_in_the_log_without_an_address(home: Path) -> None:
    with closing(App.isolated(database_url=f"sqlite:///{home / 'newsletter.db'}", list_name="daily")) as app:
        send_some(app)
    (home / ".env").write_text("LIST_NAME=daily\n")
    (home / "readers.csv").write_text("address\nfay@example.org\nada@example.org\n")
    (home / "feeds.opml").write_text('<opml><body><outline xmlUrl="https://a.example/f"/></body></opml>')
    for line in (
        "deliveries pause --edition 1",
        "deliveries pause --edition 1",
        "deliveries resume --edition 1",
        "deliveries retry --edition 1 --reader bob@example.org --yes",
        "deliveries resolve --edition 1 --arrived --all",
        "deliveries cancel --edition 1 --yes",
        "subscribers add fred@example.org",
        "subscribers add fred@example.org",
        "subscribers import readers.csv",
        "subscribers import --dry-run readers.csv",
        "subscribers remove --suppress fred@example.org",
        "subscribers lift fred@example.org",
        "subscribers remove fred@example.org",
        "subscribers erase fred@example.org --yes",
        "subscribers export readers.csv",
        "sources import feeds.opml",
        "sources remove https://a.example/f",
    ):
        result = CliRunner().invoke(newsletter, line.split())
        assert result.exception is None, (line, result.output)
    assert [what for _, *what in log(home)] == [
        ["pause edition", "daily No. 1", ""],
        ["resume edition", "daily No. 1", ""],
        ["retry deliveries", "daily No. 1", "reader 2"],
        ["settle deliveries as arrived", "daily No. 1", "1 reader"],
        ["cancel edition", "daily No. 1", "3 readers"],
        ["add subscriber", "reader 6", "daily"],
        ["import subscribers", "daily", "1 added"],
        ["suppress address", "reader 6", ""],
        ["lift suppression", "reader 6", ""],
        ["remove subscriber", "reader 6", "daily"],
        ["erase reader", "reader 6", ""],
        ["export subscribers", "daily", ""],
        ["import sources", "feeds.opml", "1 source added"],
        ["remove source", "https://a.example/f", ""],
    ]


def test_on_a_terminal_the_password_is_asked_for_twice_and_never_shown(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.cli.common.on_terminal", lambda: True)
    mistyped = run("add", "ada", stdin=f"{PASSWORD}\nother\n", code=1)
    assert "do not match" in mistyped
    said = run("add", "ada", stdin=f"{PASSWORD}\n{PASSWORD}\n")
    assert "New password:" in said
    assert PASSWORD not in mistyped + said
    assert "cannot be an operator's name" in run("add", "Ada B", code=1)


def test_a_second_factor_is_shown_as_a_code_and_confirmed(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.cli.common.on_terminal", lambda: True)
    run("add", "ada", stdin=f"{PASSWORD}\n{PASSWORD}\n")
    assert "not the code of now" in run("second-factor", "ada", stdin="000000\n", code=1)

    def code(_question: str) -> str:
        with sqlite3.connect(home / "newsletter.db") as connection:
            (secret,) = connection.execute("SELECT totp_secret FROM operators").fetchone()
        return pyotp.TOTP(secret).now()

    # The package has a command of the same name.
    monkeypatch.setattr(sys.modules["newsletter.cli.operators"], "_line", code)
    said = run("second-factor", "ada")
    lines = [line for line in said.splitlines() if re.fullmatch("[█▀▄ ]+", line) and "█" in line]
    assert len({len(line) for line in lines}) == 1
    assert len(lines) == (len(lines[0]) + 1) // 2
    assert re.search(r"otpauth://totp/\S+ada\?secret=[A-Z2-7]{32}", said)
    assert len(re.findall(r"^  (?:[a-z2-7]{4}-){3}[a-z2-7]{4}$", said, re.MULTILINE)) == 10
    assert "has a second factor already" in run("second-factor", "ada", code=1)
    assert "is off" in run("second-factor", "ada", "--off")
    assert [action for _, action, *_ in log(home)][1:] == [
        *("switch second factor on", "switch second factor off")
    ]


def test_the_squares_of_a_code_are_drawn_two_rows_a_line() -> None:
    lines = lines_of([[True, False, True], [False, True, False], [True, True, True]])
    assert len(lines) == 6
    assert {len(line) for line in lines} == {11}
    assert lines[2] == "████" + "▄▀▄" + "████"
    assert lines[3] == "████" + "▄▄▄" + "████"
