"""Every table; the migrations make them, a test holds the two together."""

from newsletter.store.tables.columns import UtcDateTime, metadata
from newsletter.store.tables.intake import documents, files, mailboxes, sources
from newsletter.store.tables.publishing import (
    archived_stories,
    edition_documents,
    edition_variants,
    editions,
    lists,
    runs,
)
from newsletter.store.tables.readership import consents, signups, subscribers, subscriptions, suppressions
from newsletter.store.tables.sending import (
    bounce_scores,
    breakers,
    deliveries,
    feedback,
    install,
    senders,
    usage,
)

__all__ = [
    "UtcDateTime",
    "archived_stories",
    "bounce_scores",
    "breakers",
    "consents",
    "deliveries",
    "documents",
    "edition_documents",
    "edition_variants",
    "editions",
    "feedback",
    "files",
    "install",
    "lists",
    "mailboxes",
    "metadata",
    "runs",
    "senders",
    "signups",
    "sources",
    "subscribers",
    "subscriptions",
    "suppressions",
    "usage",
]
