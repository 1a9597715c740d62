"""The queue that workers on many machines share: on PostgreSQL, Procrastinate's tables and functions."""

from alembic import op

from newsletter.store import queue_schema

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        queue_schema.install(op.get_bind())


def downgrade() -> None:
    """Leave the queue: it holds nothing that the deliveries do not hold as well, and `upgrade` finds it."""
