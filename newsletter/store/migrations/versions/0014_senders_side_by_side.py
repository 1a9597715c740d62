"""What senders that share one outbox tell each other."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, kind, default in (
        ("connections", sa.Integer(), "0"),
        ("rooms", sa.Text(), ""),
        ("refused", sa.Integer(), "0"),
    ):
        op.add_column("senders", sa.Column(name, kind, nullable=False, server_default=default))


def downgrade() -> None:
    for name in ("refused", "rooms", "connections"):
        op.drop_column("senders", name)
