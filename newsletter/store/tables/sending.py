"""Tables of who gets what, by which server, and what comes back; and of the install itself."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from newsletter.store.tables.columns import UtcDateTime, metadata, partial_index, reference, row_id

# Its two references are kept by triggers of the tables that are referred to (migrations 0015 and 0016):
# foreign keys, looked up for each row, took much of the time of queueing an edition.
#
# No index finds a reader's deliveries by itself: it would be written all over for each edition. They are
# looked up edition by edition, in the index that keeps them unique; see `past.copies_of`.
deliveries = Table(
    "deliveries",
    metadata,
    row_id(),
    reference("edition_id", "editions.id", nullable=False),
    reference("subscriber_id", "subscribers.id", nullable=False),
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
partial_index(
    "ix_deliveries_due",
    deliveries.c.due_at,
    deliveries.c.id,
    where=deliveries.c.due_at.is_not(None),
)
partial_index(
    "ix_deliveries_claimed",
    deliveries.c.claimed_by,
    where=deliveries.c.claimed_by.is_not(None),
)
# What no sender holds; what is held is found by the index before. A delivery on its way leaves it once, and
# comes back once: in an index over all, each of its steps was written.
_is_free = (deliveries.c.state != "claimed") & (deliveries.c.state != "sending")
partial_index(
    "ix_deliveries_free",
    deliveries.c.edition_id,
    deliveries.c.state,
    where=_is_free,
)

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
    #: How many it has open at most.
    Column("connections", Integer, nullable=False, server_default="0"),
    #: What it wants and has of domains' rooms, as JSON; empty: it needs none.
    Column("rooms", Text, nullable=False, server_default=""),
    #: Readers that it was refused in a row.
    Column("refused", Integer, nullable=False, server_default="0"),
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
    reference("subscriber_id", "subscribers.id", primary_key=True, autoincrement=False),
    Column("score", Float, nullable=False),
    Column("counted_at", UtcDateTime, nullable=False),
)

feedback = Table(
    "feedback",
    metadata,
    row_id(),
    #: SHA-256 of the message: taken in once, however often it is read.
    Column("digest", String(64), nullable=False, unique=True),
    Column("received_at", UtcDateTime, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("action", String(32), nullable=False),
    reference("subscriber_id", "subscribers.id", index=True),
    reference("delivery_id", "deliveries.id"),
    Column("reason", Text, nullable=False),
)
