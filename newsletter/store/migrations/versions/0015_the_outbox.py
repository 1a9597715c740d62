"""The outbox costs less: to a million readers, and at each step of a delivery.

On PostgreSQL the foreign keys of the deliveries took more than half of the time in which an edition is
queued: each row looked up its subscriber and locked it. Triggers of the two tables that are referred to do
the same when something is deleted there, which is hardly ever.

An index over all states was written anew at each step; the one that takes its place leaves out what a sender
holds.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

#: Tables that deliveries refer to, and by which column.
_REFERRED = {"editions": "edition_id", "subscribers": "subscriber_id"}

# Whoever queues deliveries shares that lock, `Lock.OUTBOX`: what they have written by then is seen.
_FUNCTION = """
CREATE FUNCTION keep_{table}_of_deliveries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM gone) THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock(7203114010);
    IF EXISTS (SELECT FROM deliveries JOIN gone ON gone.id = deliveries.{column}) THEN
        RAISE foreign_key_violation USING MESSAGE = 'there are deliveries of these {table}';
    END IF;
    RETURN NULL;
END $$
"""
_TRIGGER = """
CREATE TRIGGER keep_{table}_of_deliveries AFTER DELETE ON {table} REFERENCING OLD TABLE AS gone
FOR EACH STATEMENT EXECUTE FUNCTION keep_{table}_of_deliveries()
"""


_OLD, _NEW = "ix_deliveries_edition_id_state", "ix_deliveries_free"
_IS_FREE = sa.text("state != 'claimed' AND state != 'sending'")


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table, column in _REFERRED.items():
            for statement in (_FUNCTION, _TRIGGER):
                op.execute(sa.text(statement.format(table=table, column=column)))
            op.drop_constraint(op.f(f"fk_deliveries_{column}"), "deliveries", type_="foreignkey")
    op.drop_index(_OLD, "deliveries")
    columns = ["edition_id", "state"]
    op.create_index(_NEW, "deliveries", columns, sqlite_where=_IS_FREE, postgresql_where=_IS_FREE)


def downgrade() -> None:
    op.drop_index(_NEW, "deliveries")
    op.create_index(_OLD, "deliveries", ["edition_id", "state"])
    if op.get_bind().dialect.name == "postgresql":
        for table, column in _REFERRED.items():
            op.create_foreign_key(op.f(f"fk_deliveries_{column}"), "deliveries", table, [column], ["id"])
            op.execute(sa.text(f"DROP TRIGGER keep_{table}_of_deliveries ON {table}"))
            op.execute(sa.text(f"DROP FUNCTION keep_{table}_of_deliveries()"))
