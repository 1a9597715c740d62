"""Leases, breakers, rates, feedback; suppressions by keyed hash."""

import sqlalchemy as sa
from alembic import context, op

from newsletter.errors import StoreError
from newsletter.store.keys import AddressHasher

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)

#: Rows rewritten at a time.
_PAGE = 1000


def upgrade() -> None:
    _create_tables()
    # Not in batch mode: SQLite would make the table anew, and must not drop one that others refer to.
    op.add_column("editions", sa.Column("state", sa.String(length=16), nullable=False, server_default="open"))
    held = sa.text("state != 'open'")
    op.create_index("ix_editions_held", "editions", ["id"], sqlite_where=held, postgresql_where=held)
    _hash_addresses(AddressHasher(context.config.attributes["suppression_key"]))


def _create_tables() -> None:
    op.create_table(
        "install",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_install")),
    )
    op.create_table(
        "senders",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("lease_until", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_senders")),
    )
    op.create_table(
        "breakers",
        sa.Column("account", sa.String(length=320), nullable=False),
        sa.Column("open_until", _TIME, nullable=False),
        sa.Column("pause_seconds", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("permanent", sa.Boolean(), nullable=False),
        sa.Column("opened_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_breakers")),
    )
    op.create_table(
        "usage",
        sa.Column("account", sa.String(length=320), nullable=False),
        sa.Column("period_seconds", sa.Integer(), nullable=False),
        sa.Column("slice_at", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", "period_seconds", "slice_at", name=op.f("pk_usage")),
    )
    op.create_table(
        "bounce_scores",
        sa.Column("subscriber_id", _ID, autoincrement=False, nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("counted_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_bounce_scores_subscriber_id")
        ),
        sa.PrimaryKeyConstraint("subscriber_id", name=op.f("pk_bounce_scores")),
    )
    op.create_table(
        "feedback",
        sa.Column("id", _ID, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("received_at", _TIME, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("subscriber_id", _ID, nullable=True),
        sa.Column("delivery_id", _ID, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_feedback_delivery_id")),
        sa.ForeignKeyConstraint(
            ["subscriber_id"], ["subscribers.id"], name=op.f("fk_feedback_subscriber_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feedback")),
        sa.UniqueConstraint("digest", name=op.f("uq_feedback_digest")),
    )
    op.create_index(op.f("ix_feedback_subscriber_id"), "feedback", ["subscriber_id"], unique=False)


def _hash_addresses(hasher: AddressHasher) -> None:
    """Put a keyed hash beside every subscriber's address, and in place of every suppressed one."""
    connection = op.get_bind()
    column = sa.Column("address_hash", sa.String(length=64), nullable=False, server_default="")
    op.add_column("subscribers", column)
    last_id = 0
    page = sa.text("SELECT id, address_key FROM subscribers WHERE id > :last ORDER BY id LIMIT :page")
    store = sa.text("UPDATE subscribers SET address_hash = :hash WHERE id = :id")
    while rows := connection.execute(page, {"last": last_id, "page": _PAGE}).all():
        connection.execute(store, [{"id": row.id, "hash": hasher.hash(row.address_key)} for row in rows])
        last_id = rows[-1].id
    op.execute("ALTER TABLE suppressions RENAME COLUMN address_key TO address_hash")
    known = connection.execute(sa.text("SELECT address_hash FROM suppressions")).scalars().all()
    rename = sa.text("UPDATE suppressions SET address_hash = :hash WHERE address_hash = :key")
    for key in known:
        connection.execute(rename, {"hash": hasher.hash(key), "key": key})


def downgrade() -> None:
    raise StoreError("a hash cannot be turned back into an address: restore the backup made before")
