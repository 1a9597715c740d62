"""The archive: what editions told, with an index over its words."""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from newsletter.store.words import folded_text

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)

_STORIES = sa.table(
    "archived_stories",
    sa.column("id", _ID),
    sa.column("edition_id", _ID),
    sa.column("list_name", sa.String),
    sa.column("position", sa.Integer),
    sa.column("told_at", _TIME),
    sa.column("language", sa.String),
    sa.column("headline", sa.Text),
    sa.column("body", sa.Text),
    sa.column("headline_words", sa.Text),
    sa.column("body_words", sa.Text),
)

_EDITIONS = sa.table(
    "editions",
    sa.column("id", _ID),
    sa.column("list_name", sa.String),
    sa.column("created_at", _TIME),
    sa.column("content", sa.Text),
)

_INDEX = {
    "sqlite": (
        "CREATE VIRTUAL TABLE archived_stories_fts USING fts5(headline_words, body_words, "
        "content='archived_stories', content_rowid='id', tokenize='unicode61 remove_diacritics 2')"
    ),
    "postgresql": (
        "CREATE INDEX ix_archived_stories_words ON archived_stories USING gin ("
        "(setweight(to_tsvector('simple'::regconfig, headline_words || ' éé'), 'A') || "
        "setweight(to_tsvector('simple'::regconfig, body_words), 'B')))"
    ),
}


def upgrade() -> None:
    op.create_table(
        "archived_stories",
        sa.Column("id", _ID, nullable=False),
        sa.Column("edition_id", _ID, nullable=False),
        sa.Column("list_name", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("told_at", _TIME, nullable=False),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("headline_words", sa.Text(), nullable=False),
        sa.Column("body_words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name=op.f("fk_archived_stories_edition_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archived_stories")),
        sa.UniqueConstraint("edition_id", "position", name=op.f("uq_archived_stories_edition_id_position")),
    )
    _keep_what_was_told()
    # After that: an index is made much faster than it is kept up, row by row.
    op.execute(_INDEX[op.get_bind().dialect.name])
    if op.get_bind().dialect.name == "sqlite":
        op.execute("INSERT INTO archived_stories_fts (archived_stories_fts) VALUES ('rebuild')")


def _keep_what_was_told() -> None:
    """Fill the tables from the editions that are there already, one at a time."""
    connection = op.get_bind()
    ids = connection.scalars(sa.select(_EDITIONS.c.id).order_by(_EDITIONS.c.id)).all()
    for edition_id in ids:
        edition = connection.execute(sa.select(_EDITIONS).where(_EDITIONS.c.id == edition_id)).one()
        common = {
            "edition_id": edition_id,
            "list_name": edition.list_name,
            "told_at": edition.created_at,
        }
        stories = [
            common | {"position": position} | story
            for position, story in enumerate(_stories(json.loads(edition.content)), start=1)
        ]
        if stories:
            connection.execute(sa.insert(_STORIES), stories)


def _stories(edition: dict[str, Any]) -> Iterator[dict[str, str | None]]:
    for story in edition["stories"]:
        summary = story["summary"]
        sentences = " ".join(sentence["text"] for sentence in summary["sentences"])
        yield _row(story["headline"], summary.get("rewrite") or sentences, story.get("language"))
    for line in edition["also"]:
        yield _row(line["headline"], "", None)


def _row(headline: str, body: str, language: str | None) -> dict[str, str | None]:
    return {
        "language": language,
        "headline": headline.replace("\0", " "),
        "body": body.replace("\0", " "),
        "headline_words": folded_text(headline),
        "body_words": folded_text(body),
    }


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE archived_stories_fts")
    op.drop_table("archived_stories")
