"""Tables of alerts, and of the messages that tell of them."""

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text

from newsletter.store.tables.columns import UtcDateTime, metadata, partial_index

_ID = BigInteger().with_variant(Integer, "sqlite")

alerts = Table(
    "alerts",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("subject", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("repair", Text, nullable=False),
    Column("raised_at", UtcDateTime, nullable=False),
    #: Since when it has been fine; empty while it is not.
    Column("fine_since", UtcDateTime),
    #: Empty while it is open.
    Column("cleared_at", UtcDateTime, index=True),
)
# Of two services that find the same wrong, one raises the alert.
partial_index(
    "ux_alerts_open",
    alerts.c.kind,
    alerts.c.subject,
    unique=True,
    where=alerts.c.cleared_at.is_(None),
)

alert_notices = Table(
    "alert_notices",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("uid", String(32), nullable=False, unique=True),
    Column("channel", String(16), nullable=False),
    #: Address; empty for the webhook.
    Column("target", String(320), nullable=False),
    #: The alerts that it tells of, as they stood.
    Column("content", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    #: When it may be taken; empty once it was told, or given up.
    Column("due_at", UtcDateTime),
    Column("told_at", UtcDateTime),
    Column("reply", Text, nullable=False),
)
partial_index(
    "ix_alert_notices_due",
    alert_notices.c.due_at,
    where=alert_notices.c.due_at.is_not(None),
)
