"""Tables of who reads what, and why."""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text

from newsletter.store.tables.columns import UtcDateTime, metadata, partial_index, reference, row_id

subscribers = Table(
    "subscribers",
    metadata,
    row_id(),
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
    reference("subscriber_id", "subscribers.id", primary_key=True),
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
    row_id(),
    reference("subscriber_id", "subscribers.id", nullable=False, index=True),
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
    row_id(),
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
partial_index(
    "ix_signups_due",
    signups.c.due_at,
    where=signups.c.due_at.is_not(None),
)

suppressions = Table(
    "suppressions",
    metadata,
    #: Keyed hash: the address itself may be erased, and is still never mailed again.
    Column("address_hash", String(64), primary_key=True),
    Column("reason", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
