"""Editions that are told otherwise to readers who missed what came before."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "edition_variants",
        sa.Column("edition_id", _ID, nullable=False),
        sa.Column("variant", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("preheader", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("body_text", sa.Text(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_edition_variants_edition_id")),
        sa.PrimaryKeyConstraint("edition_id", "variant", name=op.f("pk_edition_variants")),
    )
    # Not in batch mode: SQLite would make the table anew, and must not drop one that others refer to.
    op.add_column("deliveries", sa.Column("variant", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("deliveries", "variant")
    op.drop_table("edition_variants")
