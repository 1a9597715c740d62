"""Kill a life while it publishes a week's editions and their digest, resume it, and look at what there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from crash.beds import Bed
from crash.forks import ForkServer
from crash.life import Order
from sqlalchemy import text

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
LATER = timedelta(minutes=10)

#: "switch" puts ada on weekly between the two editions.
STAGES = ("import", "ingest", "publish", "switch", "ingest", "publish", "digest")
READERS = ("ada@example.org,each", "bo@example.org,each", "wim@example.org,weekly")
_FIRST = "Harbour reopens\n\nThe harbour of Port Aldis opened again on Monday.\n"

#: Edition and variant that each reader gets: ada has had the first of the two that the digest is made of.
DELIVERIES = {
    ("ada@example.org", "daily", 1, False),
    ("bo@example.org", "daily", 1, False),
    ("bo@example.org", "daily", 2, False),
    ("ada@example.org", "daily.weekly", 1, True),
    ("wim@example.org", "daily.weekly", 1, False),
}
_DELIVERIES = (
    "SELECT s.address, e.list_name, e.number, d.variant > 0 FROM deliveries d "
    "JOIN editions e ON e.id = d.edition_id JOIN subscribers s ON s.id = d.subscriber_id"
)


class WeekLab:
    """A fork server and a database, and a week in them.

    Args:
        bed: The database.
        forks: Where lives come from.
        folder: For documents.

    Attributes:
        stages: What a life goes through.
        settings: What its lives have set besides.
    """

    stages: Sequence[str] = STAGES
    settings: Mapping[str, object] = {}

    def __init__(self, bed: Bed, forks: ForkServer, *, folder: Path) -> None:
        self.bed, self.forks = bed, forks
        self._documents = folder / "week"
        self._documents.mkdir()

    def count_steps(self) -> int:
        """Return how many steps an undisturbed week takes."""
        self._renew()
        self.forks.begin(self._order())
        return self.forks.end()["steps"]

    def kill_at(self, step: int) -> list[str]:
        """Kill a week at one step, resume it, and return everything that is not as it should be."""
        self._renew()
        self.forks.begin(self._order(kill_at=step))
        killed_at = self.forks.end()["killed_at"]
        self.bed.wait_until_quiet()
        self.forks.begin(self._order(lives=1))
        self.forks.end()
        self.bed.wait_until_quiet()
        return [f"{self.bed.name}, killed at step {step}, {killed_at}: {words}" for words in self._broken()]

    def _renew(self) -> None:
        self.bed.renew()
        for path in self._documents.iterdir():
            path.unlink()
        (self._documents / "harbour.txt").write_text(_FIRST)

    def _order(self, *, kill_at: int = 0, lives: int = 0) -> Order:
        return Order(
            settings={
                "database_url": self.bed.url,
                "folders": [str(self._documents)],
                "settle_seconds": 0,
                "list_name": "daily",
                "sender_address": "digest@news.example.org",
                **self.settings,
            },
            readers=list(READERS),
            stages=list(self.stages),
            now=(NOW + lives * LATER).isoformat(),
            kill_at=kill_at,
        )

    def _broken(self) -> Iterator[str]:
        found = self._select(_DELIVERIES)
        if len(found) != len(DELIVERIES) or {(a, n, i, bool(v)) for a, n, i, v in found} != DELIVERIES:
            yield f"deliveries {found}"
        for what, query, expected in (
            ("editions", "SELECT count(*) FROM editions", 3),
            ("published runs", "SELECT count(*) FROM runs WHERE outcome = 'published'", 3),
            ("variants", "SELECT count(*) FROM edition_variants", 1),
            ("documents told", "SELECT count(*) FROM edition_documents", 4),
            ("archived stories", "SELECT count(*) FROM archived_stories", 4),
        ):
            [(count,)] = self._select(query)
            if count != expected:
                yield f"{count} {what} instead of {expected}"
        if self.bed.name == "sqlite":
            index = "archived_stories_fts"
            [(count,)] = self._select(f"SELECT count(*) FROM {index} WHERE {index} MATCH 'aldis OR islands'")
            if count != 4:
                yield f"{count} stories are found instead of 4"

    def _select(self, query: str) -> list[tuple[Any, ...]]:
        with self.bed.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]
