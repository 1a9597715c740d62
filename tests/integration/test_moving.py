"""A store moves from SQLite to PostgreSQL whole, or not at all; what was half done there goes on here."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from faults.turns import NOW, Clock, counts, deliver, publish
from integration.conftest import Script
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Float,
    Integer,
    String,
    Table,
    insert,
    select,
    text,
)

from newsletter.app import App
from newsletter.cli import commands as newsletter
from newsletter.errors import SenderBusyError, StoreError
from newsletter.model.moving import MoveReport
from newsletter.move import move
from newsletter.store import moving, tables
from newsletter.store.database import Database
from newsletter.store.moving import _CATALOGUE as CATALOGUE
from newsletter.store.store import Store

READERS = tuple(f"r{number}@example.org" for number in range(30))
ROWS = 12
#: What could be lost or cut on the way.
WORDS = (
    "",
    "plain",
    "Zoë — ünïcode 漢字 🌊",
    "tab\tand\nline\r\nends",
    r"\N back\slash \.",
    "'\"%s%(a)s{}",
    " ends ",
    "NULL",
)


def a_text(number: int, column: Column[object], dice: random.Random) -> str:
    words = f"{number}-{dice.choice(WORDS)}"
    length = column.type.length if isinstance(column.type, String) else None
    return words[:length]


def a_value(number: int, column: Column[object], dice: random.Random) -> object:
    """Return a value of a column, another one for each number."""
    if column.nullable and dice.random() < 0.4:
        return None
    if column.foreign_keys:
        (key,) = column.foreign_keys
        return f"list{number}" if isinstance(key.column.type, String) else number
    if column.table.name == "lists" and column.name == "name":
        return f"list{number}"
    match column.type:
        case tables.UtcDateTime():
            return NOW + timedelta(days=number, microseconds=dice.choice((0, 1, 999_999)))
        case JSON():
            return [dice.choice(WORDS), {"é": number, "none": None}]
        case Boolean():
            return dice.random() < 0.5
        case Float():
            return dice.choice((0.1, 1.0, 1e-9, 12345678.9))
        case Integer():
            return number if column.primary_key else number * dice.choice((1, 2**20))
    return a_text(number, column, dice)


def fill(url: str, seed: int) -> None:
    """Put rows into every table."""
    dice = random.Random(seed)
    database = Database(url)
    with database.transaction() as connection:
        for table in CATALOGUE.sorted_tables:
            rows = [
                {column.name: a_value(number, column, dice) for column in table.columns}
                for number in range(1, ROWS + 1)
            ]
            connection.execute(insert(table), rows)
        # Numbers that were given once, to rows that are gone.
        connection.execute(insert(tables.signups), [rows_of_signup(500)])
        connection.execute(tables.signups.delete().where(tables.signups.c.id == 500))
    database.close()


def rows_of_signup(number: int) -> dict[str, object]:
    dice = random.Random(number)
    return {column.name: a_value(number, column, dice) for column in tables.signups.columns}


def contents(url: str) -> dict[str, list[tuple[str, ...]]]:
    """Return all rows of all tables, as the store itself reads them."""
    database = Database(url)
    with database.reading() as connection:
        found = {
            table.name: sorted(tuple(map(repr, row)) for row in connection.execute(select(table)))
            for table in CATALOGUE.sorted_tables
        }
    database.close()
    return found


def moved(source: str, target: str) -> MoveReport:
    return move(source, target, on_rows=lambda *_: None)


@pytest.fixture
def full(sqlite_url: str) -> str:
    fill(sqlite_url, seed=1)
    return sqlite_url


def is_untouched(url: str) -> bool:
    """Whether nothing but what a fresh store is made with is there."""
    return not any(rows for name, rows in contents(url).items() if name != "install")


@pytest.mark.parametrize("seed", range(2))
def test_every_row_of_every_table_arrives_as_it_was(sqlite_url: str, postgres_url: str, seed: int) -> None:
    fill(sqlite_url, seed)
    before = contents(sqlite_url)
    assert all(before.values()), "every table has rows"
    done = []
    report = move(sqlite_url, postgres_url, on_rows=lambda more, total: done.append((more, total)))
    assert contents(postgres_url) == before == contents(sqlite_url)
    assert {table.name: table.rows for table in report.tables} == {
        name: len(rows) for name, rows in before.items()
    }
    assert sum(more for more, _ in done) == 3 * report.rows == done[0][1]


def test_numbers_go_on_where_they_were(full: str, postgres_url: str) -> None:
    moved(full, postgres_url)
    database = Database(postgres_url)
    with database.transaction() as connection:
        for table in CATALOGUE.sorted_tables:
            if (counts_by := table.autoincrement_column) is not None:
                values = connection.execute(select(table).limit(1)).mappings().one()
                name = connection.scalar(
                    text("SELECT pg_get_serial_sequence(:t, :c)"), {"t": table.name, "c": counts_by.name}
                )
                following = connection.scalar(text("SELECT nextval(:name)"), {"name": name})
                assert following == (501 if table is tables.signups else ROWS + 1), (table.name, values)
    database.close()


def test_the_file_stays_as_it_is(full: str, postgres_url: str) -> None:
    file = Path(full.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(file)) as store:
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = file.read_bytes()
    moved(str(file), postgres_url)
    assert file.read_bytes() == before


def test_a_target_that_holds_something_is_refused(full: str, postgres_url: str) -> None:
    moved(full, postgres_url)
    with pytest.raises(StoreError, match=r"is not empty \(there are \w+\)"):
        moved(full, postgres_url)


def test_a_move_that_was_broken_off_leaves_nothing_and_is_begun_anew(full: str, postgres_url: str) -> None:
    def stop(more: int, total: int) -> None:
        stop.done = getattr(stop, "done", 0) + more  # type: ignore[attr-defined]
        if stop.done > total // 2:  # type: ignore[attr-defined]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move(full, postgres_url, on_rows=stop)
    assert is_untouched(postgres_url)
    assert moved(full, postgres_url).rows == sum(map(len, contents(full).values()))


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM consents WHERE id = 3",
        "UPDATE subscribers SET name = name || ' ' WHERE id = 2",
        "UPDATE deliveries SET due_at = queued_at + interval '1 microsecond' WHERE id = 5",
        "UPDATE bounce_scores SET score = score + 0.0000001 WHERE subscriber_id = 1",
        "UPDATE sources SET is_fetching_pages = NOT is_fetching_pages WHERE id = 7",
        "UPDATE signups SET list_names = '[]' WHERE id = 4",
        "UPDATE runs SET slot_at = NULL WHERE id = (SELECT min(id) FROM runs WHERE slot_at IS NOT NULL)",
    ],
)
def test_a_copy_that_is_not_the_same_is_noticed(
    full: str, postgres_url: str, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = CATALOGUE.sorted_tables[-1]

    def then_damaged(table: Table, old: Connection, new: Connection) -> None:
        if table is last:
            assert new.execute(text(damage)).rowcount == 1

    monkeypatch.setattr(moving, "_set_sequence", then_damaged)
    with pytest.raises(StoreError, match=r"the table \w+ has not arrived as it was"):
        moved(full, postgres_url)
    assert is_untouched(postgres_url)


def test_a_store_that_is_being_sent_from_is_not_moved(full: str, postgres_url: str) -> None:
    busy = Store.open(full)
    with busy.sender_lock(), pytest.raises(SenderBusyError):
        moved(full, postgres_url)
    busy.close()
    assert is_untouched(postgres_url)


def test_nobody_writes_to_a_store_while_it_is_moved(full: str, postgres_url: str) -> None:
    refused = []

    def write(*_: int) -> None:
        if not refused:
            other = sqlite3.connect(full.removeprefix("sqlite:///"), timeout=0)
            with closing(other), pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("DELETE FROM senders")
            refused.append(True)

    move(full, postgres_url, on_rows=write)
    assert refused


def test_nobody_writes_to_its_new_place_either(full: str, postgres_url: str) -> None:
    refused = []

    def write(*_: int) -> None:
        if not refused:
            other = Database(f"{postgres_url}&options=-c%20lock_timeout%3D50")
            with pytest.raises(StoreError, match="lock timeout"), other.transaction() as connection:
                connection.execute(insert(tables.senders).values(name="me", started_at=NOW, lease_until=NOW))
            other.close()
            refused.append(True)

    move(full, postgres_url, on_rows=write)
    assert refused
    assert contents(postgres_url) == contents(full)


def test_what_is_written_there_while_it_gets_its_tables_is_not_overlooked(
    full: str, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def then_written(target: Database) -> None:
        with target.transaction() as connection:
            connection.execute(insert(tables.senders).values(name="me", started_at=NOW, lease_until=NOW))

    monkeypatch.setattr(moving, "migrate", then_written)
    with pytest.raises(StoreError, match=r"is not empty \(there are senders\)"):
        moved(full, postgres_url)


def test_a_source_that_takes_its_time_to_be_read_is_waited_for(full: str, postgres_url: str) -> None:
    """The server ends a transaction in which it hears nothing for long; millions of rows take longer."""
    patience = "options=-c%20idle_in_transaction_session_timeout%3D50"
    slow = []

    def read_slowly(more: int, total: int) -> None:
        slow.append(more)
        if total // 3 < sum(slow) and len(slow) % 20 == 0:
            time.sleep(0.1)

    assert move(full, f"{postgres_url}&{patience}", on_rows=read_slowly).rows
    assert contents(postgres_url) == contents(full)


def test_a_store_of_another_release_is_neither_moved_nor_changed(full: str, postgres_url: str) -> None:
    file = full.removeprefix("sqlite:///")
    for revision, words in (("0001", "of an older release"), ("9999", "of a newer release")):
        with sqlite3.connect(file) as store:
            store.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        with pytest.raises(StoreError, match=words):
            moved(full, postgres_url)
        with sqlite3.connect(file) as store:
            assert store.execute("SELECT version_num FROM alembic_version").fetchone() == (revision,)


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("missing.db", "", "there is no store at sqlite:///missing.db"),
        ("~nobody-of-this-name/a.db", "", "there is no store at ~nobody-of-this-name/a.db"),
        ("empty.db", "", "is no store of newsletter"),
        ("", "sqlite:///other.db", "moves from SQLite to PostgreSQL"),
        ("postgresql://a/b", "", "moves from SQLite to PostgreSQL"),
    ],
)
def test_what_cannot_be_moved_is_said(
    full: str, postgres_url: str, source: str, target: str, words: str, tmp_path: Path
) -> None:
    sqlite3.connect("empty.db").close()
    with pytest.raises(StoreError, match=words):
        moved(source or full, target or postgres_url)
    assert not Path("missing.db").exists()


def test_a_value_that_postgres_cannot_keep_is_named_by_its_table(full: str, postgres_url: str) -> None:
    with sqlite3.connect(full.removeprefix("sqlite:///")) as store:
        store.execute("UPDATE subscribers SET name = ? WHERE id = 3", ("a\x00b",))
    with pytest.raises(StoreError, match="the table subscribers cannot be copied: .*NUL"):
        moved(full, postgres_url)


@pytest.mark.parametrize("table", ["editions", "subscribers"])
def test_deliveries_of_what_is_not_there_are_not_moved(full: str, postgres_url: str, table: str) -> None:
    with sqlite3.connect(full.removeprefix("sqlite:///")) as store:
        # No other table refers to it any more.
        store.execute(f"UPDATE deliveries SET {table.removesuffix('s')}_id = 1000 WHERE id = 3")
    with pytest.raises(StoreError, match=f"damaged.*: 1 deliveries are of {table} that are not there"):
        moved(full, postgres_url)
    with closing(sqlite3.connect(full.removeprefix("sqlite:///"))) as store:
        assert store.execute("SELECT count(*) FROM deliveries").fetchone() == (ROWS,)


def test_the_command(full: str, postgres_url: str) -> None:
    file = full.removeprefix("sqlite:///")
    run = CliRunner()
    done = run.invoke(newsletter, ["migrate-store", file, postgres_url, "--json"], catch_exceptions=False)
    told = json.loads(done.stdout)
    assert told["rows"] == sum(table["rows"] for table in told["tables"]) > ROWS
    assert {len(table["checksum"]) for table in told["tables"]} == {32}
    again = run.invoke(newsletter, ["migrate-store", file, postgres_url])
    assert isinstance(again.exception, StoreError)
    helped = run.invoke(newsletter, ["migrate-store", "--help"]).stdout
    assert "Stop `newsletter run` and `newsletter web` first" in helped


@pytest.fixture
def make_app(smtp_port: int, folder: Path) -> Iterator[Callable[[str], App]]:
    (folder / "a.txt").write_text("Harbour reopens\n\nThe harbour of Port Aldis opened again on Monday.\n")
    apps: list[App] = []

    def make(url: str) -> App:
        app = App.isolated(
            database_url=url,
            folders=(folder,),
            settle_seconds=0,
            list_name="daily",
            sender_address="digest@news.example.org",
            smtp_host="127.0.0.1",
            smtp_port=smtp_port,
            smtp_security="none",
            smtp_connections=2,
            smtp_timeout_seconds=20.0,
        )
        apps.append(app)
        return app

    yield make
    for app in apps:
        app.close()


async def test_an_edition_that_is_half_sent_goes_on_there(
    make_app: Callable[[str], App], sqlite_url: str, postgres_url: str, script: Script, clock: Clock
) -> None:
    old = make_app(sqlite_url)
    edition_id = publish(old, READERS)
    stopping = asyncio.Event()
    await deliver(old, clock, stopping, on_result=lambda: len(script.accepted) >= 9 and stopping.set())
    had = len(script.accepted)
    assert 9 <= had < len(READERS)
    old.close()
    moved(sqlite_url, postgres_url)
    new = make_app(postgres_url)
    await deliver(new, clock)
    assert script.received() == dict.fromkeys(READERS, 1)
    assert counts(new, edition_id) == {"accepted": len(READERS)}
