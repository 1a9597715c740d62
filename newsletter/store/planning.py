"""What SQLite believes of the tables, and goes by when it chooses its way."""

from sqlalchemy import Connection, text

from newsletter.store.database import Database

#: Where `ANALYZE` keeps what it counted.
_COUNTS = ("sqlite_stat1", "sqlite_stat4")


def forget_counts(database: Database) -> None:
    """Forget what ANALYZE once counted of the deliveries: without counts the indexes are used.

    Counted while there were few, a million would be read through for each group of a sender.
    """
    with database.reading() as connection:
        found = [name for name in _COUNTS if _counted(connection, name)]
    if found:
        with database.transaction() as connection:
            for name in found:
                connection.execute(text(f"DELETE FROM {name} WHERE tbl = 'deliveries'"))  # noqa: S608
        # Each connection has read them when it was opened.
        database.engine.dispose()


def _counted(connection: Connection, name: str) -> bool:
    if connection.scalar(text("SELECT 1 FROM sqlite_master WHERE name = :name"), {"name": name}) is None:
        return False
    return connection.scalar(text(f"SELECT 1 FROM {name} WHERE tbl = 'deliveries'")) is not None  # noqa: S608
