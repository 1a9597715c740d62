"""Commands started by themselves, in an interpreter that has imported nothing, do what forked ones do."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from e2e.commands import Commands


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "a.txt").write_text("Harbour reopens\n\nThe harbour of Port Aldis opened again on Monday.\n")
    (tmp_path / ".env").write_text(
        "FOLDERS=in\nSETTLE_SECONDS=0\nTRANSPORT=file\nSENDER_ADDRESS=digest@news.example.org\n"
        "PUBLIC_URL=https://news.example.org\nSECRET_KEYS=a key of this test alone\nPORT=0\n"
    )
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--version"], 0),
        (["deliveries"], 1),
        (["ingest"], 0),
        (["preview"], 0),
        *(
            pytest.param(arguments, 0, marks=pytest.mark.sweep)
            for arguments in (
                ["bounces", "log"],
                ["config"],
                ["dkim", "show"],
                ["status"],
                ["subscribers", "add", "ada@example.org"],
                ["summarize", "a.txt", "--trace"],
            )
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_it_does_the_same_as_one_that_is_forked(
    home: Path, commands: Commands, arguments: list[str], code: int
) -> None:
    environment = {**os.environ, "COLUMNS": "70"}
    forked = commands.run(*arguments, folder=home, environment=environment)
    for file in home.glob("newsletter.db*"):
        file.unlink()
    started = subprocess.run(
        [sys.executable, "-m", "newsletter", *arguments],
        cwd=home,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert started.returncode == code, started.stderr
    assert forked.returncode == code
    assert forked.stderr == started.stderr
    # A minute may pass between the two.
    until = rb"\(in .+\)"
    assert re.sub(until, b"", forked.stdout) == re.sub(until, b"", started.stdout)


def test_what_takes_long_to_import_waits_until_it_is_needed() -> None:
    look = "import sys, newsletter.app, newsletter.store.store; print(*sys.modules, sep='\\n')"
    result = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    loaded = set(result.stdout.split())
    late = {
        "aiosmtplib",
        "alembic",
        "apscheduler",
        "cryptography",
        "numpy",
        "py3langid",
        "starlette",
        "sumy",
    }
    assert not late & loaded
    assert "sqlalchemy" in loaded


def test_a_forked_command_that_is_killed_has_the_code_of_its_signal(
    home: Path, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("e2e.commands.MOST_SECONDS", 0.1)
    result = commands.run("web", "--port", "0", folder=home, environment={**os.environ, "WEBHOOK_KEY": "x"})
    assert result.returncode == -signal.SIGKILL
