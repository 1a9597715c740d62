"""PostgreSQL keeps the vectors of the archive's words: ranking what a search found made them anew."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_VECTOR = (
    "(setweight(to_tsvector('simple'::regconfig, headline_words || ' éé'), 'A') || "
    "setweight(to_tsvector('simple'::regconfig, body_words), 'B'))"
)


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("DROP INDEX ix_archived_stories_words")
    op.execute(
        "ALTER TABLE archived_stories ADD COLUMN words_vector tsvector "
        f"GENERATED ALWAYS AS ({_VECTOR}) STORED"
    )
    op.execute("CREATE INDEX ix_archived_stories_words ON archived_stories USING gin (words_vector)")


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("DROP INDEX ix_archived_stories_words")
    op.execute("ALTER TABLE archived_stories DROP COLUMN words_vector")
    op.execute(f"CREATE INDEX ix_archived_stories_words ON archived_stories USING gin ({_VECTOR})")
