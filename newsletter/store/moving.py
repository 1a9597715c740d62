"""Moving a store from SQLite to PostgreSQL: every row of every table, and the proof that it is all there.

Rows are copied as SQLite keeps them, by COPY. The proof reads both sides anew, each by its own way, and
compares what the values mean.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    CursorResult,
    Float,
    Integer,
    MetaData,
    Table,
    exists,
    func,
    inspect,
    select,
    text,
)

from newsletter.errors import StoreError
from newsletter.model.moving import MovedTable, MoveReport
from newsletter.store import (  # noqa: F401 - the first three put their tables into the catalogue
    alert_tables,
    operator_tables,
    proposal_tables,
    tables,
)
from newsletter.store.database import Database
from newsletter.store.migrate import HEAD, migrate, revision_of
from newsletter.store.tables.columns import UtcDateTime

#: Rows read at a time.
_PORTION = 1000

#: All tables.
_CATALOGUE: MetaData = tables.metadata

#: Holds what a fresh store is made with: it gives way to the source's own.
_MADE_WITH = tables.install


def move_store(source: Database, target: Database, *, on_rows: Callable[[int], None]) -> MoveReport:
    """Copy a store into an empty database and see that both hold the same; the source is only read.

    All of it is one transaction of the target: it holds everything, or nothing. Nobody can write to either
    side meanwhile; whoever tries waits.

    Args:
        source: On SQLite.
        target: On PostgreSQL.
        on_rows: Called with how many more rows were copied, or compared: `row_count` times three in all.

    Raises:
        SenderBusyError: Somebody is sending from one of them.
        StoreError: The source is not of this release, or is being written; the target is not empty, or does
            not hold the same in the end.
    """
    _check_source(source)
    with source.sender_lock(), target.sender_lock(alone=True):
        _check_empty(target)
        migrate(target)
        with source.transaction() as old, target.transaction() as new:
            _keep_to_ourselves(new)
            # Anew: whoever wrote since then is not overlooked.
            _check_empty(target)
            new.execute(_MADE_WITH.delete())
            for table in _CATALOGUE.sorted_tables:
                _copy(table, old, new, on_rows)
                _set_sequence(table, old, new)
            _check_references(new, source)
            moved = tuple(_compared(table, old, new, on_rows) for table in _CATALOGUE.sorted_tables)
    return MoveReport(source=source.place, target=target.place, tables=moved)


def row_count(source: Database) -> int:
    """Return how many rows a store holds in all its tables.

    Raises:
        StoreError: It is not there, or not of this release.
    """
    _check_source(source)
    with source.reading() as connection:
        return sum(
            connection.scalar(select(func.count()).select_from(table)) or 0
            for table in _CATALOGUE.sorted_tables
        )


def _check_source(source: Database) -> None:
    if not source.exists:
        raise StoreError(f"there is no store at {source.place}: nothing to move")
    found = revision_of(source)
    if found is None:
        raise StoreError(f"the database at {source.place} is no store of newsletter")
    if found < HEAD:
        raise StoreError(
            f"the store at {source.place} is of an older release (revision {found}, not {HEAD}), and a move "
            f"does not change it: bring it up to date first: DATABASE_URL={source.place} newsletter status"
        )
    if found > HEAD:
        raise StoreError(
            f"the store at {source.place} is of a newer release (revision {found}): install that one"
        )


def _check_empty(target: Database) -> None:
    with target.reading() as connection:
        names = set(inspect(connection).get_table_names())
        for table in _CATALOGUE.sorted_tables:
            if table is not _MADE_WITH and table.name in names:
                found = connection.execute(select(table.c[0]).limit(1)).first()
                if found is not None:
                    raise StoreError(
                        f"the store at {target.place} is not empty (there are {table.name}): "
                        "move to a database that nothing was written to"
                    )


def _keep_to_ourselves(new: Connection) -> None:
    """Let nobody write to the target until the transaction ends, and the server wait for us that long."""
    new.execute(text("SET LOCAL TIME ZONE 'UTC'"))
    # While the source is read nothing is asked of the target, for minutes where there are millions of rows.
    new.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    names = ", ".join(f'"{table.name}"' for table in _CATALOGUE.sorted_tables)
    new.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))


def _copy(table: Table, old: Connection, new: Connection, on_rows: Callable[[int], None]) -> None:
    names = _names(table)
    # SQLite keeps moments bare, in UTC; all else PostgreSQL reads as it is.
    moments = [place for place, column in enumerate(table.columns) if isinstance(column.type, UtcDateTime)]
    driver: Any = new.connection.driver_connection
    with (
        _told_of(table, new),
        driver.cursor() as cursor,
        cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy,
    ):
        for rows in _portions(old.exec_driver_sql(f'SELECT {names} FROM "{table.name}"')):  # noqa: S608
            for row in rows:
                values = list(row)
                for place in moments:
                    values[place] = values[place] and f"{values[place]}+00"
                copy.write_row(values)
            on_rows(len(rows))


def _check_references(new: Connection, source: Database) -> None:
    """See that no delivery refers to what is not there: PostgreSQL does not look itself.

    Raises:
        StoreError: Some do.
    """
    for key in tables.deliveries.foreign_keys:
        found = exists().where(key.column == key.parent)
        lost = new.scalar(select(func.count()).select_from(tables.deliveries).where(~found))
        if lost:
            raise StoreError(
                f"the store at {source.place} is damaged, and nothing was moved: {lost} deliveries are of "
                f"{key.column.table.name} that are not there; restore a backup, or delete these rows"
            )


def _set_sequence(table: Table, old: Connection, new: Connection) -> None:
    """Let numbers go on where they are; also above rows that are gone, where none is given twice."""
    counts = table.autoincrement_column
    if counts is None:
        return
    latest = new.scalar(select(func.max(counts))) or 0
    if table.dialect_options["sqlite"]["autoincrement"]:
        given = "SELECT seq FROM sqlite_sequence WHERE name = ?"
        latest = max(latest, old.exec_driver_sql(given, (table.name,)).scalar() or 0)
    sequence = new.scalar(select(func.pg_get_serial_sequence(table.name, counts.name)))
    if latest and sequence:
        new.execute(select(func.setval(sequence, latest)))


def _compared(table: Table, old: Connection, new: Connection, on_rows: Callable[[int], None]) -> MovedTable:
    """Return what a table holds on both sides.

    Raises:
        StoreError: It is not the same.
    """
    there, here = (_summed(table, side, on_rows) for side in (old, new))
    if there != here:
        raise StoreError(
            f"the table {table.name} has not arrived as it was: {there.rows} rows with checksum "
            f"{there.checksum}, and {here.rows} with {here.checksum}; nothing was moved"
        )
    return here


def _summed(table: Table, side: Connection, on_rows: Callable[[int], None]) -> MovedTable:
    meanings = [_meaning(column) for column in table.columns]
    rows, total = 0, 0
    reader = side.execution_options(stream_results=True)
    with reader.exec_driver_sql(f'SELECT {_names(table)} FROM "{table.name}"') as result:  # noqa: S608
        for some in _portions(result):
            for row in some:
                total += _digest(
                    [
                        None if value is None else mean(value)
                        for mean, value in zip(meanings, row, strict=True)
                    ]
                )
            rows += len(some)
            on_rows(len(some))
    # A sum: the two do not sort texts alike.
    return MovedTable(name=table.name, rows=rows, checksum=f"{total % 2**128:032x}")


def _digest(values: Sequence[object]) -> int:
    return int.from_bytes(blake2b(repr(values).encode("utf-8", "surrogatepass"), digest_size=16).digest())


def _meaning(column: Column[Any]) -> Callable[[Any], object]:
    """Return what makes of a value, as either driver hands it out, what it means."""
    kind = column.type
    if isinstance(kind, UtcDateTime):
        return _moment
    if isinstance(kind, JSON):
        return _json
    if isinstance(kind, Float):
        return float
    return int if isinstance(kind, Integer | Boolean) else str


def _moment(value: str | datetime) -> str:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds")


def _json(value: object) -> str:
    return json.dumps(json.loads(value) if isinstance(value, str) else value, sort_keys=True)


def _names(table: Table) -> str:
    return ", ".join(f'"{column.name}"' for column in table.columns)


def _portions(result: CursorResult[Any]) -> Iterator[Sequence[Sequence[Any]]]:
    while rows := result.fetchmany(_PORTION):
        yield rows


@contextmanager
def _told_of(table: Table, connection: Connection) -> Iterator[None]:
    """Say which table could not be copied, and why.

    Raises:
        StoreError: What the driver says.
    """
    try:
        yield
    except connection.dialect.loaded_dbapi.Error as error:
        reason = " ".join(str(error).split())
        raise StoreError(f"the table {table.name} cannot be copied: {reason}") from error
