"""Lists of newsletter.toml that name a place which nothing can come from are told of."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from conftest import NOW, found
from feedserver import FeedServer, Reply, serving

from newsletter.app import App
from newsletter.cli.report import show_status
from newsletter.errors import SettingsError
from newsletter.model.documents import ParsedDocument
from newsletter.model.sources import Poll, PollOutcome
from newsletter.service import Service
from newsletter.store.store import Store

SPORT = """
[[lists]]
name = "sport"
folders = ["here", "gone"]
sources = ["HTTPS://Gazette.example:443/sport", "herald.example/rss"]
mailboxes = ["box", "imaps://a@imap.example/INBOX"]
[[lists]]
name = "all"
"""
URL = "https://gazette.example/sport"


@pytest_asyncio.fixture
async def server() -> AsyncIterator[FeedServer]:
    async with serving() as server:
        yield server


@pytest.fixture
def app(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    (tmp_path / "newsletter.toml").write_text(SPORT)
    return App.load(database_url=sqlite_url, folders="here", mailboxes="box", watch_folders=False)


def test_places_that_are_not_there_are_named(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    source = app.store.sources.add(URL, next_at=NOW, now=NOW)
    herald = "https://herald.example/rss"
    assert app.missing_places() == (
        f"sport carries {herald}, which is no source: newsletter sources add {herald}",
        "sport carries mailbox imaps://a@imap.example/INBOX, which is not in MAILBOXES: nobody reads it",
        "sport carries gone, which is no folder",
    )
    assert source is not None
    gone = Poll(outcome=PollOutcome.ENDED, next_at=NOW, problem="the server says 410")
    app.store.sources.record(source, gone, now=NOW)
    show_status(app.status(now=NOW), waiting=(), alerts=(), now=NOW)
    printed = capsys.readouterr().out
    assert f"Nothing comes: sport carries {URL}, which is gone for good: the server says 410" in printed
    assert "herald.example/rss, which is no source" in printed


def test_an_address_that_is_none_is_refused_at_once(sqlite_url: str) -> None:
    lists = [{"name": "sport", "sources": ["ftp://a.example"]}]
    with pytest.raises(SettingsError, match="LISTS: sources of sport: 'ftp://a.example'"):
        App.isolated(database_url=sqlite_url, lists=lists)


@pytest.mark.parametrize("host", ["http://feeds.lan", "feeds.lan:8080", "10.0.0.0/8", "a b"])
async def test_an_allowed_host_that_is_none_is_told_of(sqlite_url: str, host: str) -> None:
    app = App.isolated(database_url=sqlite_url, fetch_allowed_hosts=(host,))
    with pytest.raises(SettingsError, match="FETCH_ALLOWED_HOSTS: .* names and addresses alone"):
        await app.sources.add("https://a.example/", is_fetching_pages=False, clock=lambda: NOW)


async def test_pages_under_a_name_of_letters_beyond_ascii_keep_no_feed_from_being_asked(
    sqlite_url: str, server: FeedServer
) -> None:
    server.replies["/"] = Reply(body=b"<rss version='2.0'><channel><title>A</title></channel></rss>")
    app = App.isolated(
        database_url=sqlite_url, fetch_allowed_hosts=("127.0.0.1",), public_url="https://zürich.example"
    )
    await app.sources.add(server.url("/"), is_fetching_pages=False, clock=lambda: NOW)
    assert server.asked[0].headers["user-agent"].startswith("newsletter/")


def test_a_source_is_named_as_it_was_added_or_as_it_is_asked_for(
    store: Store, parsed: Callable[..., ParsedDocument]
) -> None:
    source = store.sources.add(URL, next_at=NOW, now=NOW)
    assert source is not None
    moved = "https://gazette.example/new"
    poll = Poll(outcome=PollOutcome.UNCHANGED, next_at=NOW, url=moved)
    store.sources.record(source, poll, now=NOW)
    store.documents.record(URL, [found("1", parsed())], now=NOW)
    store.documents.record("/folder", [found("2", parsed(body="Another text."))], now=NOW)
    for name in (URL, moved):
        assert [one.body for one in store.documents.new_for("sport", sources=[name])] == [parsed().body]


async def test_the_service_tells_when_it_begins(app: App, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="newsletter.service")
    service = Service(app, clock=lambda: NOW, stopping=asyncio.Event())

    async def told() -> list[str]:
        caplog.clear()
        await service._look_for_places()
        return [record.getMessage().split(",")[0].split()[-1] for record in caplog.records]

    herald, mailbox = "https://herald.example/rss", "imaps://a@imap.example/INBOX"
    assert await told() == ["gone", URL, herald, mailbox]
    assert not await told()
    source = app.store.sources.add(URL, next_at=NOW, now=NOW)
    assert not await told()
    assert source is not None
    app.store.sources.remove(source.id)
    assert await told() == [URL]
