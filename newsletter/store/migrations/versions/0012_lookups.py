"""Indexes for the operator's pages: news by place, joining and leaving by day, feedback by day."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_HAS_DOCUMENT = sa.text("document_id IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_files_news",
        "files",
        ["folder", "first_seen_at"],
        sqlite_where=_HAS_DOCUMENT,
        postgresql_where=_HAS_DOCUMENT,
    )
    op.create_index("ix_consents_at_list_name_action", "consents", ["at", "list_name", "action"])
    op.create_index("ix_feedback_received_at_kind", "feedback", ["received_at", "kind"])


def downgrade() -> None:
    op.drop_index("ix_feedback_received_at_kind", "feedback")
    op.drop_index("ix_consents_at_list_name_action", "consents")
    op.drop_index("ix_files_news", "files")
