"""Tables of what is taken in: documents, where they lie, and where they come from."""

from sqlalchemy import JSON, Boolean, Column, Index, Integer, String, Table, Text, UniqueConstraint, false

from newsletter.store.tables.columns import UtcDateTime, metadata, partial_index, reference, row_id

documents = Table(
    "documents",
    metadata,
    row_id(),
    Column("content_hash", String(64), nullable=False, unique=True),
    Column("headline", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("paragraphs", JSON, nullable=False),
    Column("byline", Text),
    Column("dateline", Text),
    Column("source", Text),
    Column("origin", Text),
    Column("url", Text),
    Column("published_at", UtcDateTime),
    Column("language", String(8)),
    Column("encoding", String(32), nullable=False),
    Column("tags", JSON, nullable=False, server_default="[]"),
    #: Its web address in the one form that all ways of writing it have.
    Column("canonical_url", Text, index=True),
    #: When its text was forgotten, its hash alone being kept.
    Column("forgotten_at", UtcDateTime),
    Column("first_seen_at", UtcDateTime, nullable=False),
    reference("superseded_by_id", "documents.id", index=True),
)

# Every look into the folders asks whether a text is to be forgotten.
partial_index(
    "ix_documents_kept",
    documents.c.first_seen_at,
    where=documents.c.forgotten_at.is_(None),
)

files = Table(
    "files",
    metadata,
    row_id(),
    Column("folder", Text, nullable=False),
    Column("path", Text, nullable=False),
    #: Path of the file that holds it, if it is a document in one that holds several.
    Column("container", Text, nullable=False, server_default=""),
    #: Who published the text, as this file of it says.
    Column("source", Text),
    #: Where on the web, as this file of it says.
    Column("url", Text),
    Column("fingerprint", String(128), nullable=False),
    #: What names an item of a source besides its path, which may change: a hash of its link and title.
    Column("alias", Text, nullable=False, server_default=""),
    reference("document_id", "documents.id", index=True),
    Column("refusal", String(64)),
    Column("detail", Text, nullable=False),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("gone_at", UtcDateTime),
    UniqueConstraint("folder", "path"),
    Index("ix_files_folder_fingerprint", "folder", "fingerprint"),
    Index("ix_files_folder_alias", "folder", "alias"),
)

#: Mailboxes that news arrives in.
mailboxes = Table(
    "mailboxes",
    metadata,
    #: As in `files.folder`: a folder's path, or an account's address without its password.
    Column("name", Text, primary_key=True),
    #: What arrived before is not taken.
    Column("since", UtcDateTime, nullable=False),
    Column("next_at", UtcDateTime, nullable=False),
    Column("succeeded_at", UtcDateTime),
    Column("failing_since", UtcDateTime),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("problem", Text, nullable=False, server_default=""),
)

#: Places that documents are fetched from.
sources = Table(
    "sources",
    metadata,
    row_id(),
    #: As it is asked for; another one after a permanent redirect.
    Column("url", Text, nullable=False, unique=True),
    #: As it was added, which names it in `files.folder` for good.
    Column("added_url", Text, nullable=False, unique=True),
    Column("title", Text, nullable=False, server_default=""),
    Column("is_fetching_pages", Boolean, nullable=False, server_default=false()),
    Column("added_at", UtcDateTime, nullable=False),
    #: Validators of the last answer (RFC 9110, section 8.8).
    Column("etag", Text),
    Column("last_modified", Text),
    #: How long the feed asks to be left alone.
    Column("interval_seconds", Integer),
    #: When it is to be asked again.
    Column("next_at", UtcDateTime, nullable=False, index=True),
    Column("checked_at", UtcDateTime),
    Column("succeeded_at", UtcDateTime),
    #: Since when every try has failed.
    Column("failing_since", UtcDateTime),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("problem", Text, nullable=False, server_default=""),
    #: When it said that it is gone for good; it is not asked again.
    Column("ended_at", UtcDateTime),
)
