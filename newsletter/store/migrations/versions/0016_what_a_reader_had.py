"""The outbox costs less to a million readers: a reader's deliveries are looked up edition by edition.

An index of deliveries by reader was written all over for each edition. The one of editions and their readers,
which is written at its end alone, answers as well: it is asked once for each edition.

SQLite's foreign keys of the deliveries looked up edition and subscriber of each row, as PostgreSQL's did
until 0015: triggers of the two tables that are referred to take their place here too.
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_INDEX = "ix_deliveries_subscriber_id"

# See 0015; of readers, edition by edition.
_FUNCTION = """
CREATE OR REPLACE FUNCTION keep_subscribers_of_deliveries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM gone) THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock(7203114010);
    IF EXISTS (SELECT FROM gone {joined}) THEN
        RAISE foreign_key_violation USING MESSAGE = 'there are deliveries of these subscribers';
    END IF;
    RETURN NULL;
END $$
"""
# Each by itself, which OFFSET sees to: all deliveries would be read for some hundred readers.
_BY_EDITION = """
CROSS JOIN LATERAL (
    SELECT FROM editions JOIN deliveries
    ON deliveries.edition_id = editions.id AND deliveries.subscriber_id = gone.id OFFSET 0
) AS found"""
_BY_READER = "JOIN deliveries ON deliveries.subscriber_id = gone.id"

#: Of SQLite: what finds a delivery of a row that is about to go, by table.
_FOUND = {
    "editions": "SELECT 1 FROM deliveries WHERE edition_id = OLD.id",
    # A cross join is carried out in the order in which it stands.
    "subscribers": "SELECT 1 FROM editions CROSS JOIN deliveries "
    "WHERE deliveries.edition_id = editions.id AND deliveries.subscriber_id = OLD.id",
}
_TRIGGER = """
CREATE TRIGGER keep_{table}_of_deliveries BEFORE DELETE ON {table} WHEN EXISTS ({found})
BEGIN SELECT RAISE(ABORT, 'there are deliveries of these {table}'); END
"""
_KEY = "CONSTRAINT fk_deliveries_{column} FOREIGN KEY({column}) REFERENCES {table} (id), "
_KEYS = {"editions": "edition_id", "subscribers": "subscriber_id"}


def upgrade() -> None:
    op.drop_index(_INDEX, "deliveries")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.text(_FUNCTION.format(joined=_BY_EDITION)))
        return
    found = _written()
    pattern = r"\s*CONSTRAINT fk_deliveries_\w+ FOREIGN KEY\s*\(\w+\) REFERENCES \w+ \(id\),"
    _write(re.sub(pattern, "", found))
    for table, rows in _FOUND.items():
        op.execute(sa.text(_TRIGGER.format(table=table, found=rows)))


def downgrade() -> None:
    op.create_index(_INDEX, "deliveries", ["subscriber_id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.text(_FUNCTION.format(joined=_BY_READER)))
        return
    for table in _FOUND:
        op.execute(sa.text(f"DROP TRIGGER keep_{table}_of_deliveries"))
    keys = "".join(_KEY.format(table=table, column=column) for table, column in _KEYS.items())
    _write(_written().replace("CONSTRAINT uq_deliveries", f"{keys}CONSTRAINT uq_deliveries"))


def _written() -> str:
    """Return the statement that SQLite keeps of the table."""
    kept = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'deliveries'"
    return str(op.get_bind().scalar(sa.text(kept)))


def _write(statement: str) -> None:
    """Let SQLite read the table's rows by another statement, which differs in its foreign keys alone.

    As its documentation has it (ALTER TABLE, 8): to copy all deliveries would take as much room again. A
    library that was built to let nobody do so keeps the keys: they cost time alone.
    """
    connection = op.get_bind()
    connection.execute(sa.text("PRAGMA writable_schema = ON"))
    try:
        connection.execute(
            sa.text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = 'deliveries'"),
            {"sql": statement},
        )
    except sa.exc.OperationalError:
        return
    finally:
        # It also reads the tables anew; others do so as soon as this version has another number.
        connection.execute(sa.text("PRAGMA writable_schema = RESET"))
    version = connection.scalar(sa.text("PRAGMA schema_version"))
    connection.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))
