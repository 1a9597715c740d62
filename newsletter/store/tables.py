"""Every table; the migrations make them, a test holds the two together."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC; SQLite, which knows no zones, holds it bare."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware datetime into what the database keeps."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a time zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Turn what the database kept into an aware datetime in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: SQLite counts rows by itself only in a column of type INTEGER.
_ID = BigInteger().with_variant(Integer, "sqlite")


def _id() -> Column[int]:
    return Column("id", _ID, primary_key=True)


def _reference(name: str, target: str, **options: Any) -> Column[int]:  # noqa: ANN401 - Column's own options
    return Column(name, _ID, ForeignKey(target), **options)


lists = Table(
    "lists",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_number", Integer, nullable=False),
)

documents = Table(
    "documents",
    metadata,
    _id(),
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
    _reference("superseded_by_id", "documents.id", index=True),
)

# Every look into the folders asks whether a text is to be forgotten.
Index(
    "ix_documents_kept",
    documents.c.first_seen_at,
    sqlite_where=documents.c.forgotten_at.is_(None),
    postgresql_where=documents.c.forgotten_at.is_(None),
)

files = Table(
    "files",
    metadata,
    _id(),
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
    _reference("document_id", "documents.id", index=True),
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
    _id(),
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

editions = Table(
    "editions",
    metadata,
    _id(),
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
Index(
    "ix_editions_held",
    editions.c.id,
    sqlite_where=editions.c.state != "open",
    postgresql_where=editions.c.state != "open",
)

edition_documents = Table(
    "edition_documents",
    metadata,
    _reference("edition_id", "editions.id", primary_key=True),
    _reference("document_id", "documents.id", primary_key=True),
    Column("list_name", String(64), nullable=False),
    UniqueConstraint("list_name", "document_id"),
)

#: Editions as readers get them who missed what the list was told before, or have had a part of it.
edition_variants = Table(
    "edition_variants",
    metadata,
    _reference("edition_id", "editions.id", primary_key=True),
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
    _id(),
    _reference("edition_id", "editions.id", nullable=False),
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
    _id(),
    Column("list_name", String(64), ForeignKey("lists.name"), nullable=False),
    Column("slot_at", UtcDateTime),
    Column("started_at", UtcDateTime, nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("reason", Text, nullable=False),
    Column("edition_number", Integer),
    UniqueConstraint("list_name", "slot_at"),
)

subscribers = Table(
    "subscribers",
    metadata,
    _id(),
    Column("address", String(320), nullable=False),
    Column("address_key", String(320), nullable=False, unique=True),
    #: Keyed hash of `address_key`, for comparing with suppressions.
    Column("address_hash", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    _reference("subscriber_id", "subscribers.id", primary_key=True),
    Column("list_name", String(64), ForeignKey("lists.name"), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("source", Text, nullable=False),
    Column("cadence", String(16), nullable=False, server_default="each"),
    #: Nothing is sent until then; empty: not paused.
    Column("paused_until", UtcDateTime),
    Index("ix_subscriptions_list_name_state", "list_name", "state", "subscriber_id"),
)

#: Why somebody is, or is not, on a list; erased with its subscriber.
consents = Table(
    "consents",
    metadata,
    _id(),
    _reference("subscriber_id", "subscribers.id", nullable=False, index=True),
    Column("list_name", String(64), nullable=False),
    Column("action", String(16), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("origin", Text, nullable=False),
    Column("wording", Text, nullable=False),
    Column("asked_at", UtcDateTime),
)

#: What visitors ask for by the sign-up form, and the letter that answers it; kept for some days only.
signups = Table(
    "signups",
    metadata,
    _id(),
    Column("address", String(320), nullable=False),
    Column("address_key", String(320), nullable=False, index=True),
    Column("list_names", JSON, nullable=False),
    Column("cadence", String(16), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("origin", Text, nullable=False),
    Column("wording", Text, nullable=False),
    Column("state", String(16), nullable=False),
    #: Which letter answers it; empty until that is decided, and where none does.
    Column("letter", String(16)),
    Column("attempts", Integer, nullable=False),
    #: When it is to be looked at next; empty once nothing is left to do.
    Column("due_at", UtcDateTime),
    #: When its letter was handed to a server; counts for the one letter a day.
    Column("sent_at", UtcDateTime),
    Column("confirmed_at", UtcDateTime),
    Column("reply", Text, nullable=False),
    # No number is given again: a link that outlives its sign-up must not be good for another one.
    sqlite_autoincrement=True,
)
Index(
    "ix_signups_due",
    signups.c.due_at,
    sqlite_where=signups.c.due_at.is_not(None),
    postgresql_where=signups.c.due_at.is_not(None),
)

suppressions = Table(
    "suppressions",
    metadata,
    #: Keyed hash: the address itself may be erased, and is still never mailed again.
    Column("address_hash", String(64), primary_key=True),
    Column("reason", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    _id(),
    _reference("edition_id", "editions.id", nullable=False),
    _reference("subscriber_id", "subscribers.id", nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    #: How often its outcome was uncertain.
    Column("uncertain_count", Integer, nullable=False),
    #: When it may be claimed; empty unless it is queued or deferred.
    Column("due_at", UtcDateTime),
    #: Which sender holds it; empty unless it is claimed or sending.
    Column("claimed_by", String(64)),
    Column("reply", Text, nullable=False),
    Column("queued_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    #: Which of the edition's variants it carries; 0: the edition as it is.
    Column("variant", Integer, nullable=False, server_default="0"),
    UniqueConstraint("edition_id", "subscriber_id"),
)
# Partial indexes that hold only what is still to do: a claim costs the same at a million rows as at ten.
Index(
    "ix_deliveries_due",
    deliveries.c.due_at,
    deliveries.c.id,
    sqlite_where=deliveries.c.due_at.is_not(None),
    postgresql_where=deliveries.c.due_at.is_not(None),
)
Index(
    "ix_deliveries_claimed",
    deliveries.c.claimed_by,
    sqlite_where=deliveries.c.claimed_by.is_not(None),
    postgresql_where=deliveries.c.claimed_by.is_not(None),
)
Index("ix_deliveries_edition_id_state", deliveries.c.edition_id, deliveries.c.state)
Index("ix_deliveries_subscriber_id", deliveries.c.subscriber_id)

#: Values of this install, such as the key of the suppressions' hashes.
install = Table(
    "install",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

senders = Table(
    "senders",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("started_at", UtcDateTime, nullable=False),
    #: What it holds is its own until then.
    Column("lease_until", UtcDateTime, nullable=False),
)

#: One row for each account at a mail server that was ever in trouble.
breakers = Table(
    "breakers",
    metadata,
    Column("account", String(320), primary_key=True),
    Column("open_until", UtcDateTime, nullable=False),
    Column("pause_seconds", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("permanent", Boolean, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
)

#: Messages handed over, counted in slices of a rate's period.
usage = Table(
    "usage",
    metadata,
    Column("account", String(320), primary_key=True),
    Column("period_seconds", Integer, primary_key=True),
    #: When the slice began, in seconds since 1970.
    Column("slice_at", BigInteger, primary_key=True),
    Column("count", Integer, nullable=False),
)

bounce_scores = Table(
    "bounce_scores",
    metadata,
    _reference("subscriber_id", "subscribers.id", primary_key=True, autoincrement=False),
    Column("score", Float, nullable=False),
    Column("counted_at", UtcDateTime, nullable=False),
)

feedback = Table(
    "feedback",
    metadata,
    _id(),
    #: SHA-256 of the message: taken in once, however often it is read.
    Column("digest", String(64), nullable=False, unique=True),
    Column("received_at", UtcDateTime, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("action", String(32), nullable=False),
    _reference("subscriber_id", "subscribers.id", index=True),
    _reference("delivery_id", "deliveries.id"),
    Column("reason", Text, nullable=False),
)
