"""Sign-ups' numbers are given once: a link names its sign-up by the number alone."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _number_sign_ups(once=True)


def downgrade() -> None:
    _number_sign_ups(once=False)


def _number_sign_ups(*, once: bool) -> None:
    """Make the table anew on SQLite, which otherwise gives the highest number again once its row is gone.

    PostgreSQL's sequences give each number once. No other table refers to this one.
    """
    if op.get_bind().dialect.name != "sqlite":
        return
    with op.batch_alter_table(
        "signups", recreate="always", table_kwargs={"sqlite_autoincrement": once}
    ) as table:
        table.alter_column("id", existing_type=sa.Integer(), nullable=False)
