"""Documents with a payload, and an app of settings alone to make mails of them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from newsletter.app import App

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
SENDER = "digest@news.example.org"
READER = "ada@reader.example"


def isolated(tmp_path: Path, **settings: object) -> App:
    """Return an app of its own, whose settings may be hostile."""
    common: dict[str, object] = {
        "database_url": f"sqlite:///{tmp_path / 'store.db'}",
        "settle_seconds": 0,
        "list_name": "daily",
        "sender_address": SENDER,
        "public_url": "https://news.example.org",
        "secret_keys": ("a key of this test alone",),
        "postal_address": ("1 Quay Street",),
        "language": "en",
        "word_budget": 5000,
        # Payloads are much alike; each file shall be a story of its own.
        "story_cutoff": 0.99,
    }
    return App.isolated(**(common | settings))


#: What holds the payload.
DOCUMENT_DOORS = ("title", "body", "source", "address", "mail")


def document(door: str, payload: str, number: int) -> bytes:
    """Write a document with a payload; the number makes its words its own, and moves the payload about."""
    placed = (f"{payload} Quay", f"Quay {payload} gate", f"Quay {payload}")[number % 3]
    title = f"Quay{number} opens a gate after {number} years"
    news = f"The harbour of Quay{number} opened its gate on Monday, and {number} people came to see it."
    source = f"Source: Paper {number}\nhttps://paper{number}.example/"
    match door:
        case "title":
            title = f"{placed} opens{number}"
        case "body":
            news = f"The {placed} of place{number} opened on Monday, and {number} people came to see it."
        case "source":
            source = f"Source: {placed}"
        case "address":
            address = payload if "://" in payload else f"https://e.example/{payload}"
            source = f"Source: Paper {number}\n{address}"
        case "mail":
            title = f"From: {placed} <a@b.example>\nSubject: {placed} opens{number}\nX-Mailer: {payload}"
    text = f"{title}\n\n{news}\n\nEngineers slept well that night{number}.\n\n{source}\n"
    return text.encode("utf-8", "surrogatepass")
