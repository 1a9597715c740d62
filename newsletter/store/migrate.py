"""Bringing a database to the newest form of the tables."""

from pathlib import Path

from sqlalchemy import inspect, text

from newsletter.errors import StoreError
from newsletter.store import keys, queue_schema
from newsletter.store.database import Database, Lock

#: Revision that this code works with; a test holds it to the newest migration.
HEAD = "0017"

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(database: Database, *, suppression_key: str = "") -> None:
    """Create or upgrade the tables, the queue's among them; two processes at once wait for each other.

    Args:
        database: The store.
        suppression_key: The operator's key for the hashes of suppressed addresses; empty: one is made and
            kept in the store.

    Raises:
        StoreError: The database was made by a newer release, or a migration failed.
    """
    if revision_of(database) != HEAD:
        _upgrade(database, suppression_key=suppression_key)
    queue_schema.upgrade(database)


def _upgrade(database: Database, *, suppression_key: str) -> None:
    # Alembic takes 0.2 s to import: only when there is something to do.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with database.transaction() as connection:
        database.serialise(connection, Lock.MIGRATION)
        found = revision_of(database)
        if found is not None and found not in known:
            raise StoreError(
                f"the store at {database.place} was made by a newer release (revision {found}); "
                "install that release, or restore the backup made before it"
            )
        config.attributes["connection"] = connection
        config.attributes["suppression_key"] = key = suppression_key or keys.new_key()
        command.upgrade(config, HEAD)
        if found is None or found == "0001":
            keys.remember(connection, key, is_own=bool(suppression_key))


def revision_of(database: Database) -> str | None:
    """Return which migration a database has come to; None if it has no tables of ours."""
    with database.reading() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return revision
