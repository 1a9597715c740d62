"""The migrations make exactly the tables that the code works with."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import statements
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from newsletter.errors import StoreError
from newsletter.store.database import Database
from newsletter.store.migrate import HEAD, MIGRATIONS, migrate
from newsletter.store.store import Store
from newsletter.store.tables import metadata


@pytest.fixture(autouse=True)
def _as_the_product_does() -> Iterator[None]:
    with statements.every_migration():
        yield


def test_files_that_tests_begin_with_are_those_of_the_migrations(tmp_path: Path) -> None:
    found = []
    for number, way in enumerate((statements.every_migration, statements.at_once, statements.at_once)):
        url = f"sqlite:///{tmp_path / f'{number}.db'}"
        with way():
            Store.open(url).close()
        database = Database(url)
        with database.reading() as connection:
            made = connection.execute(text("SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2"))
            rows = {name: connection.scalar(text(f"SELECT count(*) FROM {name}")) for name in metadata.tables}
            found.append((made.all(), rows))
        database.close()
    assert found[0] == found[1] == found[2]


def test_the_migrated_tables_are_those_of_the_code(store_url: str) -> None:
    database = Database(store_url)
    migrate(database)
    with database.transaction() as connection:
        options = {"compare_type": False, "include_object": _is_of_the_code}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
    database.close()


def _is_of_the_code(_: object, name: str | None, *_rest: object) -> bool:
    """Leave out what no table of ours describes: the index over the archive's words, and the queue.

    And two references that are triggers.
    """
    if name in {"fk_deliveries_edition_id", "fk_deliveries_subscriber_id"}:
        return False
    own = ("archived_stories_fts", "ix_archived_stories_words", "words_vector", "procrastinate_", "queue_")
    own += ("idx_procrastinate_",)
    return not (name or "").startswith(own)


def test_the_code_knows_the_newest_migration() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == HEAD


def test_a_store_of_a_newer_release_is_not_touched(store_url: str) -> None:
    Store.open(store_url).close()
    database = Database(store_url)
    with database.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer release"):
        migrate(database)
    database.close()


def test_sign_ups_are_kept_as_their_table_is_made_anew(store_url: str) -> None:
    database = Database(store_url)
    migrate(database)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    kept = "SELECT id, address, list_names, asked_at, state, due_at FROM signups ORDER BY id"
    with database.transaction() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0005")
        for address in ("ada@example.org", "bo@example.org"):
            connection.execute(
                text(
                    "INSERT INTO signups (address, address_key, list_names, cadence, asked_at, origin, "
                    "wording, state, attempts, due_at, reply) "
                    "VALUES (:address, :address, '[\"daily\"]', 'each', "
                    "'2026-11-23 06:00:00', '', '', 'asked', 0, '2026-11-23 06:00:00', '')"
                ),
                {"address": address},
            )
        before = connection.execute(text(kept)).all()
    migrate(database)
    with database.transaction() as connection:
        assert connection.execute(text(kept)).all() == before
    assert len(before) == 2
    database.close()


def test_processes_that_open_at_once_migrate_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"

    def open_store(_: int) -> int:
        store = Store.open(url)
        count = store.documents.count()
        store.close()
        return count

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(open_store, range(6))) == [0] * 6


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://x/y", "expected sqlite or postgresql"),
        ("nonsense", "is not a database address"),
        ("postgresql://u:p@h:abc/db", "is not a database address"),
        ("sqlite://", "SQLite needs a file"),
        ("sqlite:////nowhere/at/all/x.db", "failed: unable to open database file"),
    ],
)
def test_a_wrong_address_gets_one_clear_line(url: str, message: str) -> None:
    with pytest.raises(StoreError, match=message) as caught:
        Store.open(url)
    assert "\n" not in str(caught.value)


def test_a_password_is_never_shown() -> None:
    assert "s3cret" not in Database("postgresql://me:s3cret@localhost/x").place


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_text("this is not a database, but it is long enough to be looked at " * 20)
    with pytest.raises(StoreError, match="file is not a database"):
        Store.open(f"sqlite:///{path}")


#: What takes something away from those who know nothing of it.
_TAKES_AWAY = {
    *("drop_table", "drop_column", "drop_constraint", "rename_table", "alter_column", "drop_index"),
    *("batch_alter_table", "execute"),
}

#: What no statement of the release before names, and what keeps the rows as they were in its place.
_NOT_MISSED = {
    "0015": {"drop_constraint", "drop_index", "execute"},
    "0016": {"drop_index", "execute"},
    "0017": {"execute"},
}


def test_migrations_add_and_take_nothing_away() -> None:
    """Hosts are upgraded one after the other: a release works with the tables of the next one."""
    scripts = ScriptDirectory(str(MIGRATIONS)).walk_revisions("0013", "head")
    taken: dict[str, set[str]] = {}
    for script in scripts:
        if script.revision > "0013":
            tree = ast.parse(Path(script.path).read_text("utf-8"))
            [upgrade] = [
                one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name == "upgrade"
            ]
            names = {node.attr for node in ast.walk(upgrade) if isinstance(node, ast.Attribute)}
            taken[script.revision] = names & _TAKES_AWAY - _NOT_MISSED.get(script.revision, set())
    assert not any(taken.values()), f"{taken}: take away in the release after; see docs/scaling.md"


def test_a_store_goes_on_as_a_newer_release_adds_to_its_tables(store: Store, subscribe, publish) -> None:
    subscribe("ada@example.org")
    with store._database.transaction() as connection:
        for statement in (
            "ALTER TABLE deliveries ADD COLUMN colour VARCHAR(8)",
            "ALTER TABLE editions ADD COLUMN colour VARCHAR(8) DEFAULT 'red' NOT NULL",
            "CREATE TABLE colours (id INTEGER PRIMARY KEY)",
            "UPDATE alembic_version SET version_num = '9999'",
        ):
            connection.execute(text(statement))
    edition = publish("A story")
    now = edition.created_at
    [delivery] = store.deliveries.claim(sender="me", limit=9, now=now)
    assert delivery.address == "ada@example.org"
    assert store.editions.get(edition.id) == edition
