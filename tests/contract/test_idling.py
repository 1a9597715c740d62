"""A connection that has been idle is asked whether it lives, one that was just used is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text

from newsletter.errors import StoreError
from newsletter.store import idling
from newsletter.store.database import Database

_OTHERS = (
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
    "WHERE datname = '{}' AND pid <> pg_backend_pid()"
)


@pytest.fixture
def database(postgres_url: str) -> Iterator[Database]:
    opened = Database(postgres_url)
    yield opened
    opened.close()


@pytest.fixture
def kill(run_sql: Callable[[str], None], database: Database) -> Callable[[], None]:
    """Ends all connections of the database from outside."""
    return lambda: run_sql(_OTHERS.format(database.engine.url.database))


def ask(database: Database) -> object:
    with database.reading() as connection:
        return connection.scalar(text("SELECT 1"))


def test_only_who_was_idle_is_asked(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    really = database.engine.dialect.do_ping
    monkeypatch.setattr(database.engine.dialect, "do_ping", lambda one: asked.append(one) or really(one))
    monkeypatch.setattr(idling, "_SURE_SECONDS", 1000)
    for _ in range(3):
        assert ask(database) == 1
    assert asked == []
    monkeypatch.setattr(idling, "_SURE_SECONDS", 0)
    assert ask(database) == 1
    assert len(asked) == 1


def test_what_died_while_idle_is_replaced(
    database: Database, kill: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idling, "_SURE_SECONDS", 0)
    with database.reading(), database.reading():
        pass
    kill()
    with database.reading() as one, database.reading() as other:
        assert [one.scalar(text("SELECT 1")), other.scalar(text("SELECT 1"))] == [1, 1]


def test_what_died_just_now_fails_once(
    database: Database, kill: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idling, "_SURE_SECONDS", 1000)
    with database.reading(), database.reading():
        pass
    kill()
    with pytest.raises(StoreError, match="the store at"):
        ask(database)
    assert ask(database) == 1
