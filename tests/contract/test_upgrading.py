"""A store of the release before, which knew text files in folders only, goes on as it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import inspect

from newsletter.ingest import ingest
from newsletter.model.deliveries import DeliveryState
from newsletter.model.documents import FileOutcome, IngestReport
from newsletter.sources.opening import Opener
from newsletter.sources.parse import SourceAliases, TextReader
from newsletter.store.database import Database
from newsletter.store.migrate import MIGRATIONS
from newsletter.store.store import Store

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
#: What releases without feeds worked with.
BEFORE = "0007"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "in"
    path.mkdir()
    for name in ("Harbour reopens", "Rates held", "Bridge closed"):
        text = (
            f"{name}\n\nIt was said on Monday.\n\nSource: The Gazette\nhttps://gazette.example/{name[:4]}\n"
        )
        (path / f"{name}.txt").write_text(text)
    (path / "copy.txt").write_text((path / "Rates held.txt").read_text())
    (path / "empty.txt").write_text("")
    return path


def look(store: Store, folder: Path) -> IngestReport:
    parse = Opener(reader=TextReader(aliases=SourceAliases.with_extra({}))).open
    return ingest(
        store,
        folders=[folder],
        parse=parse,
        max_bytes=10_000,
        settle_seconds=0,
        wait=lambda _: None,
        now=datetime.now(UTC) + timedelta(hours=1),
    )


def step_back(url: str) -> None:
    """Give a store the tables of the release before; what these can hold stays in them."""
    database = Database(url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.transaction() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, BEFORE)
        tables = inspect(connection)
        assert not tables.has_table("sources")
        assert "alias" not in {column["name"] for column in tables.get_columns("files")}
    database.close()


def test_nothing_is_new_again_and_nothing_is_lost(
    store: Store, store_url: str, folder: Path, subscribe: Callable[..., None], publish: Callable[..., object]
) -> None:
    subscribe("ada@example.org", "bo@example.org")
    look(store, folder)
    edition = publish()
    (folder / "Late.txt").write_text("Late news\n\nIt came after the edition.\n\nSource: The Gazette\n")
    look(store, folder)
    (claimed,) = store.deliveries.claim(sender="me", limit=1, now=NOW)
    before = store.documents.get_many(range(1, 9))
    step_back(store_url)
    store.close()

    upgraded = Store.open(store_url)
    try:
        assert upgraded.documents.get_many(range(1, 9)) == [
            # What an address is compared by was not kept; nor is it needed for what was told.
            document.__class__(**{**vars(document), "canonical_url": None})
            for document in before
        ]
        assert [document.headline for document in upgraded.documents.new_for("daily")] == ["Late news"]
        counts = upgraded.deliveries.counts(edition.id)
        assert counts == {DeliveryState.CLAIMED: 1, DeliveryState.QUEUED: 1}
        assert upgraded.editions.published_lists() == ["daily"]
        outcomes = {file.path: file.outcome for file in look(upgraded, folder).files}
        assert outcomes.pop("empty.txt") is FileOutcome.REFUSED
        assert set(outcomes.values()) == {FileOutcome.UNCHANGED}
        for file in folder.iterdir():
            # As in a restored backup.
            file.rename(file.with_suffix(".moved.txt"))
        outcomes = {file.path: file.outcome for file in look(upgraded, folder).files}
        assert set(outcomes.values()) == {FileOutcome.KNOWN, FileOutcome.REFUSED}
        assert [document.headline for document in upgraded.documents.new_for("daily")] == ["Late news"]
        upgraded.deliveries.release(sender="me", now=NOW)
        assert claimed.id in {d.id for d in upgraded.deliveries.claim(sender="you", limit=9, now=NOW)}
    finally:
        upgraded.close()
