"""An install with something on every one of the operator's pages."""

from __future__ import annotations

from datetime import UTC, datetime

from archives import put_edition, samples

from newsletter.app import App
from newsletter.model.deliveries import DeliveryMark, DeliveryState, UncertainPolicy
from newsletter.model.documents import FoundFile, ParsedDocument, Span

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
S = DeliveryState
BAD = "<script>alert(1)</script>&\"'"
READERS = ("ada@example.org", "bob@example.org", "cy@sample.net", "dee@sample.net", "eve@sample.net")


def send_some(app: App) -> int:
    """Publish No. 1 of daily, of which one reader each is accepted, failed, deferred, uncertain and queued.

    Returns the edition's id.
    """
    for address in READERS:
        app.subscribers.add(app.mailing_list(None), address, name=BAD[:20], now=NOW)
    edition = put_edition(app, samples().make_full_edition())
    deliveries = app.store.deliveries
    claimed = {one.address: one.id for one in deliveries.claim(sender="me", limit=4, now=NOW)}
    ids = [claimed[address] for address in READERS[:4]]
    marks = [
        DeliveryMark(delivery_id=ids[0], state=S.ACCEPTED, reply="content: 250 ok"),
        DeliveryMark(delivery_id=ids[1], state=S.FAILED, reply=f"RCPT: 550 5.1.1 {BAD}"),
        DeliveryMark(
            delivery_id=ids[2],
            state=S.DEFERRED,
            reply="RCPT: 450 4.2.2 full",
            next_attempt_at=NOW.replace(hour=9),
        ),
        DeliveryMark(delivery_id=ids[3], state=S.UNCERTAIN, reply="lost"),
    ]
    policy = UncertainPolicy.HOLD
    deliveries.advance(begin=ids, marks=[], sender="me", policy=policy, now=NOW)
    deliveries.advance(begin=[], marks=marks, sender="me", policy=policy, now=NOW)
    return edition.id


def note_document(app: App, headline: str, *, folder: str = "/in", now: datetime = NOW) -> None:
    """Take in a document of few words."""
    text = f"{headline}\n\nText."
    document = ParsedDocument(
        headline=headline,
        text=text,
        paragraphs=(Span(start=len(headline) + 2, end=len(text)),),
        content_hash=headline.rjust(64, "0")[:64],
        language="en",
        source="Harbour Gazette",
    )
    file = FoundFile(path=f"{headline}.txt", fingerprint="1", document=document)
    app.store.documents.record(folder, [file], now=now)
