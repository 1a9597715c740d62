"""Databases that can be made new again."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol

from postgres import Rows
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

from newsletter.store.store import Store

#: How a look from outside is told from the product's own connections.
_OUTSIDE = "lab"


class Bed(Protocol):
    """A database that can be made new again."""

    name: str
    url: str
    #: For looking into it from outside the product.
    engine: Engine

    def renew(self) -> None:
        """Forget everything but the tables."""
        ...

    def keep(self) -> Callable[[], None] | None:
        """Keep how it stands after a life that ended well; return what brings that back, if it is cheap."""
        ...

    def wait_until_quiet(self) -> None:
        """Wait until nothing that a dead process asked for is still being done."""
        ...


class SqliteBed:
    """A SQLite file, made new by copying an empty one."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._template, self._file = folder / "template.db", folder / "store.db"
        self._kept = folder / "kept.db"
        Store.open(f"sqlite:///{self._template}").close()
        self.url = f"sqlite:///{self._file}"
        self.engine = create_engine(self.url, poolclass=NullPool)

    def renew(self) -> None:
        self._become(self._template)

    def keep(self) -> Callable[[], None]:
        shutil.copyfile(self._file, self._kept)
        return partial(self._become, self._kept)

    def _become(self, file: Path) -> None:
        for ending in ("-wal", "-shm"):
            Path(f"{self._file}{ending}").unlink(missing_ok=True)
        shutil.copyfile(file, self._file)

    def wait_until_quiet(self) -> None:
        """A dead process does nothing more to a file."""


class PostgresBed:
    """A PostgreSQL database with all tables, made new by deleting its rows."""

    name = "postgresql"

    def __init__(self, url: str) -> None:
        self.url = url
        Store.open(url).close()
        address = url.replace("postgresql://", "postgresql+psycopg://", 1)
        self.engine = create_engine(
            address, isolation_level="AUTOCOMMIT", connect_args={"application_name": _OUTSIDE}
        )
        with self.engine.connect() as connection:
            self._rows = Rows(connection.connection.driver_connection)

    def renew(self) -> None:
        # Only then has the server counted what they wrote.
        self.wait_until_quiet()
        with self.engine.connect() as connection:
            self._rows.delete(connection.connection.driver_connection)

    def keep(self) -> None:
        """To copy a database takes as long as what came before it."""

    def wait_until_quiet(self) -> None:
        others = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            f"AND backend_type = 'client backend' AND application_name <> '{_OUTSIDE}'"
        )
        deadline = time.monotonic() + 30
        with self.engine.connect() as connection:
            while connection.scalar(others):
                if time.monotonic() > deadline:
                    raise TimeoutError("PostgreSQL still serves a dead process")
                time.sleep(0.002)
