"""Indexes that only the operator's pages need; migration 0012 makes them."""

from sqlalchemy import Index

from newsletter.store.tables.columns import partial_index
from newsletter.store.tables.intake import files
from newsletter.store.tables.readership import consents
from newsletter.store.tables.sending import feedback

# When each place brought documents.
partial_index(
    "ix_files_news",
    files.c.folder,
    files.c.first_seen_at,
    where=files.c.document_id.is_not(None),
)
# Who joined and left on which day.
# The day comes first: by the list, SQLite would take it for queries about single readers, too.
Index("ix_consents_at_list_name_action", consents.c.at, consents.c.list_name, consents.c.action)
# What came back on which day.
Index("ix_feedback_received_at_kind", feedback.c.received_at, feedback.c.kind)
