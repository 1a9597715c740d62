"""Tables of what is published: lists, their editions, and what these told."""

from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text, UniqueConstraint

from newsletter.store.tables.columns import UtcDateTime, metadata, partial_index, reference, row_id

lists = Table(
    "lists",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_number", Integer, nullable=False),
)

editions = Table(
    "editions",
    metadata,
    row_id(),
    Column("uid", String(32), nullable=False, unique=True),
    Column("list_name", String(64), ForeignKey("lists.name"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("slot_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("subject", Text, nullable=False),
    Column("preheader", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("body_text", Text, nullable=False),
    Column("token", String(64), nullable=False),
    Column("headers", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("audience", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    #: Whose subscriptions it goes to: those of `list_name`, or of the list that it is the weekly digest of.
    Column("audience_list", String(64), nullable=False, server_default=""),
    UniqueConstraint("list_name", "number"),
    UniqueConstraint("list_name", "slot_at"),
)
# Few editions are ever paused or cancelled; every claim asks which.
partial_index(
    "ix_editions_held",
    editions.c.id,
    where=editions.c.state != "open",
)

edition_documents = Table(
    "edition_documents",
    metadata,
    reference("edition_id", "editions.id", primary_key=True),
    reference("document_id", "documents.id", primary_key=True, index=True),
    Column("list_name", String(64), nullable=False),
    UniqueConstraint("list_name", "document_id"),
)

#: Editions as readers get them who missed what the list was told before, or have had a part of it.
edition_variants = Table(
    "edition_variants",
    metadata,
    reference("edition_id", "editions.id", primary_key=True),
    #: Below 8 a bit for each story that is told in full, counted from the first that can be; never 0.
    Column("variant", Integer, primary_key=True, autoincrement=False),
    Column("subject", Text, nullable=False),
    Column("preheader", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("body_text", Text, nullable=False),
    Column("token", String(64), nullable=False),
    Column("content", Text, nullable=False),
)

#: What editions told, as visitors search it; the index over its words is made by migration 0005 alone.
archived_stories = Table(
    "archived_stories",
    metadata,
    row_id(),
    reference("edition_id", "editions.id", nullable=False),
    Column("list_name", String(64), nullable=False),
    #: From 1, stories first, then one-liners.
    Column("position", Integer, nullable=False),
    Column("told_at", UtcDateTime, nullable=False),
    Column("language", String(8)),
    Column("headline", Text, nullable=False),
    Column("body", Text, nullable=False),
    #: The same, folded: what is found.
    Column("headline_words", Text, nullable=False),
    Column("body_words", Text, nullable=False),
    UniqueConstraint("edition_id", "position"),
)

runs = Table(
    "runs",
    metadata,
    row_id(),
    Column("list_name", String(64), ForeignKey("lists.name"), nullable=False),
    Column("slot_at", UtcDateTime),
    Column("started_at", UtcDateTime, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("reason", Text, nullable=False),
    Column("edition_number", Integer),
    UniqueConstraint("list_name", "slot_at"),
)
