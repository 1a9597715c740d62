"""Stores of a test run do without two things that take most of a small test's time.

They share what SQLAlchemy makes of statements: it is kept by dialect, and each engine has a dialect of its
own, so that later engines are given that of the first one that has reached a database of its kind. And they
do not wait for the disk: what a power failure would leave is tested nowhere, and a kill loses nothing by it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import URL

from newsletter.store import database

_make, _prepare = database.create_engine, database._prepare_sqlite
_first: dict[str, Engine] = {}


def share() -> None:
    """Let it be so for every engine that the product makes from now on."""
    database.create_engine = _make_sharing  # type: ignore[assignment]
    database._prepare_sqlite = _prepare_unsafely


def _prepare_unsafely(engine: Engine, *, synchronous: str) -> None:
    assert synchronous in ("FULL", "NORMAL")
    _prepare(engine, synchronous="OFF")


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
