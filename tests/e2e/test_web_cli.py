"""The web server by the command line: alone, and inside the service."""

from __future__ import annotations

import re
import signal
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from e2e.commands import Commands

Start = Callable[..., subprocess.Popen[str]]

ENV = {"PUBLIC_URL": "https://news.example.org", "SECRET_KEYS": "signing-key-of-a-test", "PORT": "0"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / ".env").write_text(
        "FOLDERS=in\nTRANSPORT=file\nSENDER_ADDRESS=digest@news.example.org\nLOG_LEVEL=DEBUG\n"
    )
    return tmp_path


def wait_for(running: subprocess.Popen[str], words: str) -> str:
    """Read a command's log until a line holds some words."""
    assert running.stderr is not None
    overdue = threading.Timer(60, running.kill)
    overdue.start()
    try:
        return next(line for line in running.stderr if words in line)
    finally:
        overdue.cancel()


def address_in(line: str) -> str:
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found is not None
    return found[0]


def asked(address: str, path: str, host: str = "news.example.org") -> int:
    request = urllib.request.Request(f"{address}{path}", headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return int(error.code)


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.sweep)])
@pytest.mark.parametrize("command", [pytest.param("web", marks=pytest.mark.sweep), "run"])
def test_pages_are_served_and_a_sign_up_is_answered_until_the_signal(
    start: Start, home: Path, command: str, number: signal.Signals
) -> None:
    running = start(command, **ENV)
    address = address_in(wait_for(running, "listening on"))
    assert asked(address, "/site.css") == 200
    assert asked(address, "/readyz", host="probe") == 200
    assert asked(address, "/site.css", host="evil.example") == 421
    # By whichever process takes it, at once: its own look would come half a minute later.
    sign_up(address)
    assert "1 sent" in wait_for(running, "letters: ")
    (letter,) = (home / "outbox").glob("*.eml")
    assert b"ada@example.org" in letter.read_bytes()
    running.send_signal(number)
    _, log = running.communicate(timeout=60)
    assert running.returncode == 0
    assert "stopped" in log
    assert "Traceback" not in log


def sign_up(address: str) -> None:
    opener = urllib.request.build_opener()
    opener.addheaders = [("Host", "localhost")]
    with opener.open(f"{address}/subscribe", timeout=20) as page:
        text = page.read().decode()
        cookie = page.headers["Set-Cookie"].partition(";")[0]
    token = re.search(r'name="form_token" value="([^"]+)"', text)
    assert token is not None
    fields = {"form_token": token[1], "address": "ada@example.org", "list": "news"}
    request = urllib.request.Request(
        f"{address}/subscribe",
        urllib.parse.urlencode(fields).encode(),
        {"Host": "localhost", "Cookie": cookie},
    )
    with urllib.request.urlopen(request, timeout=20) as response:
        assert response.status == 200


def test_a_port_that_is_taken_is_told_before_anything_starts_and_the_service_alone_needs_none(
    start: Start, commands: Commands, home: Path
) -> None:
    first = start("web", **ENV)
    port = address_in(wait_for(first, "listening on")).rpartition(":")[2]
    result = commands.run("run", folder=home, environment=ENV | {"PORT": port})
    assert result.returncode == 1
    assert result.stderr.decode() == (
        f"newsletter: PORT: cannot listen on 127.0.0.1:{port}: Address already in use; "
        "set another one, or run with --no-web\n"
    )
    second = start("run", "--no-web", **(ENV | {"PORT": port}))
    assert "running; the store is" in wait_for(second, "running;")
    second.send_signal(signal.SIGTERM)
    _, log = second.communicate(timeout=60)
    assert second.returncode == 0
    assert "listening" not in log


def test_a_missing_key_is_told_before_anything_starts(commands: Commands, home: Path) -> None:
    for command in ("web", "run"):
        result = commands.run(command, folder=home, environment=ENV | {"SECRET_KEYS": ""})
        assert result.returncode == 1
        assert b"SECRET_KEYS is not set, and PUBLIC_URL needs it" in result.stderr
