"""Commands started by themselves, in an interpreter that has imported nothing, do what forked ones do."""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from subprocess import PIPE

import pytest
from e2e.commands import Commands

from newsletter.app import App
from newsletter.bound.crew import crew
from newsletter.deliver.crew import Order, Terms, framed, said


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
                ["sources", "list"],
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
        "email_validator",
        "newsletter.subscribe",
        "numpy",
        "py3langid",
        "sqlalchemy.dialects.postgresql",
        "starlette",
        "sumy",
    }
    assert not late & loaded
    assert "sqlalchemy" in loaded


#: What has no place in a process that sends an edition which another one has made.
_OF_NO_USE_TO_A_SENDER = {
    *(
        "alembic",
        "apscheduler",
        "css_inline",
        "jinja2",
        "lxml",
        "numpy",
        "procrastinate",
        "sqlalchemy.dialects.postgresql",
        "starlette",
        "sumy",
    ),
    *("newsletter.publish", "newsletter.receive", "newsletter.sources", "newsletter.web"),
    *("newsletter.bound.proposals", "newsletter.messages.render", "newsletter.stories.summarize"),
    *("newsletter.store.archive", "newsletter.store.lookups", "newsletter.store.publishing"),
}
#: Nor in one that is told plain values instead of settings.
_OF_NO_USE_TO_A_WORKER = {
    *("click", "cronsim", "email_validator", "pydantic", "tomllib"),
    *(
        "newsletter.app",
        "newsletter.settings",
        "newsletter.stories",
        "newsletter.subscribe",
        "newsletter.wiring",
    ),
}

_THEN_LOOK = "import sys; {}; print(*sys.modules, sep='\\n', file=sys.stderr)"


@pytest.fixture
def published(home: Path) -> App:
    """An app whose store has an edition that waits for its only reader."""
    app = App.isolated(
        database_url=f"sqlite:///{home / 'newsletter.db'}",
        folders=str(home),
        settle_seconds=0,
        transport="file",
        outbox_folder=home / "outbox",
        sender_address="digest@news.example.org",
        public_url="https://news.example.org",
        secret_keys="a key of this test alone",
        send_workers=2,
    )
    now = datetime.now(UTC)
    app.subscribers.add(app.lists[0], "ada@example.org", now=now)
    app.ingest(now=now)
    assert app.publish(app.lists[0], now=now).edition
    app.close()
    return app


def test_sending_loads_nothing_that_making_an_edition_takes(home: Path, published: App) -> None:
    look = _THEN_LOOK.format(
        "from contextlib import suppress\nfrom newsletter.__main__ import main\n"
        "with suppress(SystemExit): main()\nsys.stdout.flush()"
    )
    result = subprocess.run(
        [sys.executable, "-c", look, "send", "--waiting"],
        cwd=home,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == "Delivered: 1 accepted.\n"
    assert not _OF_NO_USE_TO_A_SENDER & set(result.stderr.split())


def test_a_worker_process_loads_less_still(home: Path, published: App) -> None:
    crew_of_two = crew(published.settings, published.lists)
    assert crew_of_two is not None
    order = Order(
        sender="a worker",
        now=datetime.now(UTC),
        terms=Terms(list_name=None, troubles={}, set_aside={}, is_trial=False),
        log_level=logging.WARNING,
    )
    look = _THEN_LOOK.format("from newsletter.bound.worker import main; main()")
    worker = subprocess.Popen(
        [sys.executable, "-c", look], stdin=PIPE, stdout=subprocess.DEVNULL, stderr=PIPE, text=False
    )
    with worker:
        assert worker.stdin is not None
        assert worker.stderr is not None
        worker.stdin.write(framed(crew_of_two.luggage(0, 2)) + said(order))
        worker.stdin.flush()
        loaded = set(worker.stderr.read().decode().split())
    assert len(list((home / "outbox").glob("*.eml"))) == 1
    assert not (_OF_NO_USE_TO_A_SENDER | _OF_NO_USE_TO_A_WORKER) & loaded


def test_the_tables_are_known_whatever_was_asked_for_before() -> None:
    say = "print([(one.name, sorted(index.name for index in one.indexes)) for one in metadata.sorted_tables])"
    look = (
        f"from newsletter.store.tables import metadata\n{say}\n"
        "import pkgutil\nfrom importlib import import_module\nfrom newsletter import store\n"
        "for one in pkgutil.walk_packages(store.__path__, 'newsletter.store.'):\n"
        f"    '.migrations' in one.name or import_module(one.name)\n{say}"
    )
    result = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    before, behind = result.stdout.splitlines()
    assert before == behind
    assert "'audit'" in before


def test_a_forked_command_that_is_killed_has_the_code_of_its_signal(
    home: Path, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("e2e.commands.MOST_SECONDS", 0.1)
    result = commands.run("web", "--port", "0", folder=home, environment={**os.environ, "WEBHOOK_KEY": "x"})
    assert result.returncode == -signal.SIGKILL
