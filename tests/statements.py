"""Stores of a test run do without three things that take most of a small test's time.

They share what SQLAlchemy makes of statements: it is kept by dialect, and each engine has a dialect of its
own, so that later engines are given that of the first one that has reached a database of its kind. They do
not wait for the disk: what a power failure would leave is tested nowhere, and a kill loses nothing by it.
And only the first SQLite file of a process goes through every migration; later ones get its tables at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import URL

from newsletter.store import database, keys, migrate

_make, _prepare, _upgrade = database.create_engine, database.prepare_sqlite, migrate._upgrade
_first: dict[str, Engine] = {}

#: What SQLite is told to make each table and index; tables that come with one for searching are left out.
_MADE = """
SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT GLOB 'sqlite_*' AND NOT EXISTS (
  SELECT 1 FROM sqlite_master searched
  WHERE searched.sql GLOB 'CREATE VIRTUAL TABLE *' AND sqlite_master.name GLOB searched.name || '_*'
) ORDER BY type = 'table' DESC, rowid
"""
_tables: list[str] = []


def share() -> None:
    """Let it be so for every engine that the product makes from now on."""
    database.create_engine = _make_sharing  # type: ignore[assignment]
    database.prepare_sqlite = _prepare_unsafely
    migrate._upgrade = _upgrade_at_once


def every_migration() -> AbstractContextManager[None]:
    """Let files go through every migration meanwhile, as the product has them do."""
    return _meanwhile(_upgrade)


def at_once() -> AbstractContextManager[None]:
    """Let files have their tables at once."""
    return _meanwhile(_upgrade_at_once)


@contextmanager
def _meanwhile(upgrade: Callable[..., None]) -> Iterator[None]:
    before, migrate._upgrade = migrate._upgrade, upgrade
    try:
        yield
    finally:
        migrate._upgrade = before


def _prepare_unsafely(engine: Engine, *, synchronous: str, busy_seconds: float) -> None:
    assert synchronous in ("FULL", "NORMAL")
    _prepare(engine, synchronous="OFF", busy_seconds=busy_seconds)


def _make_sharing(url: URL, **options: Any) -> Engine:
    engine = _make(url, **options)
    kind = url.get_backend_name()
    if kind in _first:
        engine.dialect, engine._compiled_cache = _first[kind].dialect, _first[kind]._compiled_cache
    else:

        @event.listens_for(engine, "engine_connect")
        def _(_connection: Connection) -> None:
            _first.setdefault(kind, engine)

    return engine


def _upgrade_at_once(its: database.Database, *, suppression_key: str) -> None:
    """Make the tables of an empty SQLite file as the first one's migrations have left them."""
    if not its.is_sqlite or suppression_key:
        _upgrade(its, suppression_key=suppression_key)
        return
    with its.transaction() as connection:
        its.serialise(connection, database.Lock.MIGRATION)
        is_empty = not connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()
        if is_empty and _tables:
            for statement in _tables:
                connection.exec_driver_sql(statement)
            connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (migrate.HEAD,))
            keys.remember(connection, keys.new_key(), is_own=False)
            return
    _upgrade(its, suppression_key=suppression_key)
    if is_empty and not _tables:
        with its.reading() as connection:
            _tables.extend(connection.exec_driver_sql(_MADE).scalars())
