"""Indexes that only the operator's pages need; migration 0012 makes them."""

from sqlalchemy import Index

from newsletter.store import tables

_consents = tables.consents
_feedback = tables.feedback
_files = tables.files

# When each place brought documents.
Index(
    "ix_files_news",
    _files.c.folder,
    _files.c.first_seen_at,
    sqlite_where=_files.c.document_id.is_not(None),
    postgresql_where=_files.c.document_id.is_not(None),
)
# Who joined and left on which day.
Index("ix_consents_list_name_at_action", _consents.c.list_name, _consents.c.at, _consents.c.action)
# What came back on which day.
Index("ix_feedback_received_at_kind", _feedback.c.received_at, _feedback.c.kind)
