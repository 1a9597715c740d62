"""Sources to fetch, files that hold several documents, and texts that are forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "sources",
        sa.Column("id", _ID, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("added_url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False, server_default=""),
        sa.Column("is_fetching_pages", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("added_at", _TIME, nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("interval_seconds", sa.Integer(), nullable=True),
        sa.Column("next_at", _TIME, nullable=False),
        sa.Column("checked_at", _TIME, nullable=True),
        sa.Column("succeeded_at", _TIME, nullable=True),
        sa.Column("failing_since", _TIME, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("problem", sa.Text(), nullable=False, server_default=""),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sources")),
        sa.UniqueConstraint("url", name=op.f("uq_sources_url")),
        sa.UniqueConstraint("added_url", name=op.f("uq_sources_added_url")),
    )
    op.create_index(op.f("ix_sources_next_at"), "sources", ["next_at"])
    op.create_table(
        "mailboxes",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.Column("next_at", _TIME, nullable=False),
        sa.Column("succeeded_at", _TIME, nullable=True),
        sa.Column("failing_since", _TIME, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("problem", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mailboxes")),
    )
    op.add_column("documents", sa.Column("tags", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("documents", sa.Column("canonical_url", sa.Text(), nullable=True))
    op.add_column("documents", sa.Column("forgotten_at", _TIME, nullable=True))
    op.create_index(op.f("ix_documents_canonical_url"), "documents", ["canonical_url"])
    op.create_index(
        "ix_documents_kept",
        "documents",
        ["first_seen_at"],
        sqlite_where=sa.text("forgotten_at IS NULL"),
        postgresql_where=sa.text("forgotten_at IS NULL"),
    )
    op.create_index(op.f("ix_edition_documents_document_id"), "edition_documents", ["document_id"])
    op.add_column("files", sa.Column("container", sa.Text(), nullable=False, server_default=""))
    op.add_column("files", sa.Column("source", sa.Text(), nullable=True))
    op.add_column("files", sa.Column("url", sa.Text(), nullable=True))
    op.add_column("files", sa.Column("alias", sa.Text(), nullable=False, server_default=""))
    op.create_index("ix_files_folder_fingerprint", "files", ["folder", "fingerprint"])
    op.create_index("ix_files_folder_alias", "files", ["folder", "alias"])
    op.execute(
        "UPDATE files SET source = (SELECT COALESCE(documents.source, documents.origin) "
        "FROM documents WHERE documents.id = files.document_id), "
        "url = (SELECT documents.url FROM documents WHERE documents.id = files.document_id)"
    )


def downgrade() -> None:
    op.drop_column("files", "url")
    op.drop_index("ix_files_folder_alias", "files")
    op.drop_index("ix_files_folder_fingerprint", "files")
    op.drop_column("files", "alias")
    op.drop_column("files", "source")
    op.drop_column("files", "container")
    op.drop_index(op.f("ix_edition_documents_document_id"), "edition_documents")
    op.drop_index("ix_documents_kept", "documents")
    op.drop_index(op.f("ix_documents_canonical_url"), "documents")
    op.drop_column("documents", "forgotten_at")
    op.drop_column("documents", "canonical_url")
    op.drop_column("documents", "tags")
    op.drop_index(op.f("ix_sources_next_at"), "sources")
    op.drop_table("mailboxes")
    op.drop_table("sources")
