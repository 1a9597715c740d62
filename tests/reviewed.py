"""An install whose next edition is proposed and waits for its operators."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from operators import Office

from newsletter.app import App
from newsletter.model.operators import Role
from newsletter.model.proposals import Proposal

#: Half an hour before the slot, 07:00 in Berlin.
NOW = datetime(2026, 11, 23, 5, 30, tzinfo=UTC)
SLOT = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)

STORIES = {
    "bridge": """Harrow bridge closed after cracks are found

The road bridge over the River Senn at Harrow was closed on Saturday after inspectors found cracks in two of
its girders. Engineer Ilse Marrin said the repair of the bridge would take six weeks.""",
    "bank": """Bank cuts its rate to three percent

The Bank of Aldmere lowered its main interest rate by a quarter of a point on Thursday. Governor Nadia Kerr
said that inflation had come down faster than the bank had hoped in the spring.""",
    "ferry": """Ferry to Port Aldis runs again

The night ferry to Port Aldis sailed again on Sunday after eleven days in the dock. Its captain, Tove Lund,
said that the new engine had cost the island council four million crowns.""",
}


def write(folder: Path, *names: str) -> None:
    """Put documents into a folder, all of them if none is named."""
    for name in names or STORIES:
        (folder / f"{name}.txt").write_text(f"{STORIES[name]}\n\nSource: The {name.title()} Gazette\n")


def open_office(database_url: str, folder: Path, **settings: Any) -> Office:
    """Open an install with two operators and a reader, at half an hour before its slot."""
    values: dict[str, Any] = {
        "list_name": "daily",
        "list_title": "The Harbour Brief",
        "timezone": "Europe/Berlin",
        "folders": (folder,),
        "settle_seconds": 0,
        "approval": "required",
        "smtp_security": "none",
    }
    office = Office.open(database_url, **(values | settings))
    office.now = NOW
    office.add("root", Role.ADMIN)
    office.add("ed", Role.EDITOR, address="ed@news.example.org")
    mailing_list = office.app.lists[0]
    office.app.slots_due(mailing_list, now=NOW - timedelta(hours=1))
    office.app.subscribers.add(mailing_list, "ada@example.org", now=NOW)
    return office


def proposed(app: App, folder: Path, *names: str, now: datetime = NOW) -> Proposal:
    """Propose the next edition of some documents, or of all."""
    write(folder, *names)
    app.ingest(now=now)
    mailing_list = app.lists[0]
    app.publish_due(mailing_list, now=now)
    proposal = app.proposals.of(mailing_list.name)
    assert proposal is not None
    return proposal


def publish(app: App, folder: Path, *names: str, now: datetime = NOW) -> None:
    """Send an edition of some documents by hand."""
    write(folder, *names)
    app.ingest(now=now)
    app.publish(app.lists[0], now=now, by="test")
