"""The database falls silent while an edition goes out: it is given up, and nobody is lost or mailed twice."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Iterator

import pytest
from crash.world import CONNECTIONS, READERS, World, engine_of, is_one_clear_line
from sqlalchemy import make_url, text

from newsletter.errors import StoreError
from newsletter.store.database import BUSY_TIMEOUT_SECONDS, Database, _postgres_options


class Silence:
    """Stops the processes that serve a PostgreSQL database: their connections stay open and say nothing."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._stopped: list[int] = []

    def fall(self) -> None:
        engine = engine_of(self._world.url)
        with engine.connect() as connection:
            self._stopped = list(
                connection.scalars(
                    text(
                        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
                        "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
                    )
                )
            )
        for pid in self._stopped:
            os.kill(pid, signal.SIGSTOP)

    def end(self) -> None:
        for pid in self._stopped:
            os.kill(pid, signal.SIGCONT)
        self._stopped = []
        # What nobody waits for is carried out now.
        for thread in threading.enumerate():
            if thread.name == "store":
                thread.join(30)


@pytest.fixture
def silence(postgres_world: World) -> Iterator[Silence]:
    silence = Silence(postgres_world)
    yield silence
    silence.end()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.store.database.BUSY_TIMEOUT_SECONDS", 1)
    monkeypatch.setattr("newsletter.store.database.ANSWER_SECONDS", 1)


@pytest.mark.usefixtures("impatient")
async def test_a_database_that_falls_silent_stops_sending(postgres_world: World, silence: Silence) -> None:
    world, app = postgres_world, postgres_world.app()
    world.publish(app)
    with pytest.raises(StoreError) as raised:
        async with asyncio.timeout(60):
            await world.send(app, silence.fall)
    is_one_clear_line(raised.value, "has not answered for 2 seconds", "sending stopped")
    assert len(world.sink.book) < len(READERS), "sending went on though nothing could be recorded"
    silence.end()
    await world.finish(duplicates=CONNECTIONS)


@pytest.mark.usefixtures("impatient")
def test_the_right_to_send_is_not_waited_for_in_a_silent_database(
    postgres_world: World, silence: Silence
) -> None:
    store = postgres_world.app().store
    silence.fall()
    with pytest.raises(StoreError) as raised, store.sender_lock():
        pass
    is_one_clear_line(raised.value, "has not answered for 1 second")
    # What was given up must not come to hold the lock after all.
    silence.end()
    with postgres_world.app().store.sender_lock():
        pass


#: The program with little patience.
IMPATIENT = """
import newsletter.service, newsletter.store.database
newsletter.service._STOP_SECONDS = 1
newsletter.store.database.BUSY_TIMEOUT_SECONDS = newsletter.store.database.ANSWER_SECONDS = 1
from newsletter.__main__ import main
main()
"""


@pytest.mark.parametrize(
    "command",
    [pytest.param(["run"], id="run"), pytest.param(["send", "--yes"], marks=pytest.mark.sweep, id="send")],
)
async def test_a_process_ends_though_its_database_is_silent(
    postgres_world: World, silence: Silence, command: list[str]
) -> None:
    world = postgres_world
    app = world.app()
    world.publish(app)
    app.close()
    (world.folder / ".env").write_text(
        f"DATABASE_URL={world.url}\nFOLDERS=in\nSETTLE_SECONDS=0\nLIST_NAME=daily\nSMTP_CONNECTIONS=1\n"
        f"SENDER_ADDRESS=digest@news.example.org\nSMTP_HOST=127.0.0.1\nSMTP_PORT={world.sink.port}\n"
        "SMTP_SECURITY=none\nSMTP_RATES=5/second\n"
        "PUBLIC_URL=https://news.example.org\nSECRET_KEYS=a key of this test alone\nPORT=0\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", IMPATIENT, *command),
        cwd=world.folder,
        env={name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ},
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(60):
            while not world.sink.book:
                await asyncio.sleep(0.01)
            silence.fall()
            process.send_signal(signal.SIGTERM)
            _, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == (0 if command == ["run"] else 1), errors.decode()
    assert b"has not answered for" in errors
    assert b"Traceback" not in errors


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_whoever_waits_for_a_lock_is_not_taken_for_silent(kind: str) -> None:
    database = Database({"sqlite": "sqlite:///store.db", "postgresql": "postgresql://host/name"}[kind])
    assert database.patience_seconds > BUSY_TIMEOUT_SECONDS


def test_a_server_that_is_gone_is_noticed_unless_the_address_says_otherwise() -> None:
    options = _postgres_options(make_url("postgresql://host/name?connect_timeout=3"))
    assert "connect_timeout" not in options
    assert {"keepalives", "keepalives_idle", "tcp_user_timeout"} < set(options)
