"""Apps with past editions: of the sample documents, and of editions made for the tests of messages."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Mount, Route

from newsletter.app import App
from newsletter.model.documents import FoundFile, ParsedDocument, Span
from newsletter.model.editions import Edition, PublishedEdition
from newsletter.model.messages import ListHeaders, Rendering
from newsletter.model.stories import Story, Summary, SummarySentence
from newsletter.web import archive
from newsletter.web.pages import Pages
from newsletter.web.site import site_of

TESTS = Path(__file__).parent
SEEDS = TESTS.parent / "seeds"
NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
KEY = "a key of this test alone"
URL = "https://news.example.org"


def samples() -> ModuleType:
    """The makers of editions that the tests of messages use."""
    path = TESTS / "unit/messages/conftest.py"
    spec = importlib.util.spec_from_file_location("message_samples", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def made_app(folder: Path, **overrides: object) -> Iterator[App]:
    """An app of one list, "daily", whose store is empty."""
    values: dict[str, object] = {
        "database_url": f"sqlite:///{folder / 'store.db'}",
        "folders": (SEEDS,),
        "settle_seconds": 0,
        "list_name": "daily",
        "list_title": "The Daily Brief",
        "timezone": "Europe/Berlin",
        "sender_address": "digest@news.example.org",
        "postal_address": ("The Daily Brief", "1 Quay Street"),
        "public_url": URL,
        "secret_keys": (KEY,),
    }
    app = App.isolated(**(values | overrides))
    yield app
    app.close()


def publish_seeds(app: App, *names: str, now: datetime = NOW) -> None:
    """Publish what the sample documents tell, to some lists or to every one."""
    app.ingest(now=now)
    for mailing_list in map(app.mailing_list, names or [one.name for one in app.lists]):
        app.subscribers.add(mailing_list, "ada@reader.example", now=now)
        assert app.publish(mailing_list, now=now).edition


def put_edition(app: App, edition: Edition, *, list_name: str = "daily", days: int = 0) -> PublishedEdition:
    """Publish an edition as it is, under the list's next number; its sentences are of one document."""
    store = app.store
    store.editions.know_list(list_name, now=NOW)
    number = store.editions.next_number(list_name)
    told = [sentence.text for story in edition.stories for sentence in story.summary.sentences]
    document = _document(f"No. {number} of {list_name}", told)
    file = FoundFile(path=f"{list_name}{number}", fingerprint="1", document=document)
    store.documents.record("/in", [file], now=NOW)
    document_id = max(one.id for one in store.documents.new_for("nobody"))
    made = replace(
        edition,
        list_name=list_name,
        number=number,
        created_at=edition.created_at + timedelta(days=days),
        slot_at=None,
        stories=tuple(_traced(story, document, document_id) for story in edition.stories),
        also=tuple(replace(line, document_ids=()) for line in edition.also),
        left_out_ids=(document_id,),
    )
    headers = ListHeaders(
        list_name=list_name,
        list_title=app.lists[0].title,
        sender_address="digest@news.example.org",
        sender_name="",
        reply_to="",
        unsubscribe_address="leave@news.example.org",
        date=made.created_at,
        time_zone="Europe/Berlin",
    )
    rendering = Rendering(
        subject=made.subject, preheader=made.preheader, html="", text="", token="0", headers=headers
    )
    return store.editions.publish(made, rendering, uid=f"{list_name}{number}")


def _document(headline: str, sentences: list[str]) -> ParsedDocument:
    text = "\n\n".join((headline, *sentences))
    return ParsedDocument(
        headline=headline,
        text=text,
        paragraphs=(Span(start=len(headline) + 2, end=len(text)),),
        content_hash=f"{abs(hash(text)):064x}"[:64],
        language="en",
        source="Harbour Gazette",
    )


def _traced(story: Story, document: ParsedDocument, document_id: int) -> Story:
    def place(sentence: SummarySentence) -> SummarySentence:
        start = max(0, document.text.find(sentence.text))
        span = Span(start=start, end=start + len(sentence.text))
        return replace(sentence, span=span, document_id=document_id)

    summary: Summary = replace(story.summary, sentences=tuple(map(place, story.summary.sentences)))
    return replace(story, summary=summary, document_ids=())


def pages_of(app: App, *, clock: Callable[[], datetime] = lambda: NOW) -> Starlette:
    """The archive's pages alone, and the style sheet."""
    site = site_of(app)
    pages = Pages(folders=app.template_folders, site=site)
    style = Route("/site.css", lambda _: Response(pages.style, media_type="text/css"))
    routes = [*archive.routes(app, pages=pages, site=site, clock=clock), style]
    return Starlette(routes=[Mount(site.base, routes=routes)] if site.base else routes)


def a_list(name: str, **changes: object) -> dict[str, object]:
    """A list of newsletter.toml."""
    return {"name": name, "title": name.title(), **changes}
