"""Every table; the migrations make them, a test holds the two together.

All of them, those of the modules beside this package too: a move goes through `metadata`, and must find the
tables of nouns that nobody has asked for yet.
"""

from newsletter.store import alert_tables, operator_tables, proposal_tables
from newsletter.store.tables import indexes
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
    "alert_tables",
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
    "indexes",
    "install",
    "lists",
    "mailboxes",
    "metadata",
    "operator_tables",
    "proposal_tables",
    "runs",
    "senders",
    "signups",
    "sources",
    "subscribers",
    "subscriptions",
    "suppressions",
    "usage",
]
