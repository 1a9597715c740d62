"""The table of proposals."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table, Text, UniqueConstraint

from newsletter.store.tables.columns import UtcDateTime, metadata, partial_index

proposals = Table(
    "proposals",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("list_name", String(64), ForeignKey("lists.name"), nullable=False),
    Column("slot_at", UtcDateTime, nullable=False),
    Column("state", String(16), nullable=False),
    #: Counts every change: whoever decides names the one that he saw.
    Column("version", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("subject", Text, nullable=False),
    Column("stories", Integer, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("checks", Text, nullable=False),
    #: Stories that an operator took out: they stay out whatever becomes of it.
    Column("dropped", Text, nullable=False),
    #: Edition, rendering and variants; empty once it is settled and another one has come.
    Column("content", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", UtcDateTime),
    #: When its slot was answered; empty while it is open.
    Column("settled_at", UtcDateTime),
    UniqueConstraint("list_name", "slot_at"),
    # No number is given again: a page that shows a withdrawn proposal must not decide about another one.
    sqlite_autoincrement=True,
)
partial_index(
    "ix_proposals_open",
    proposals.c.list_name,
    where=proposals.c.settled_at.is_(None),
)
