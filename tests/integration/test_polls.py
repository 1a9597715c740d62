"""Whatever a feed, its server and our own processes do between polls: every item is told once."""

from __future__ import annotations

import asyncio
import hashlib
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from conftest import NOW
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from integration.test_fetch import READER, item

from newsletter import fetch as verb
from newsletter.errors import FetchError
from newsletter.fetch import FetchPolicy
from newsletter.model.documents import FileOutcome
from newsletter.model.sources import FetchReport, Source
from newsletter.sources.pace import Pace
from newsletter.sources.web import Answer, Request
from newsletter.store.store import Store

URL = "https://a.example/feed"


@dataclass(frozen=True)
class Published:
    """An item as its publisher has it; its title is its own for good."""

    number: int
    guid: str
    link: str
    version: int = 0
    #: As it was when it was last asked for with success.
    seen_guid: str | None = None
    seen_version: int | None = None

    @property
    def may_change_guid(self) -> bool:
        return bool(self.link) or self.version == self.seen_version

    @property
    def may_be_edited(self) -> bool:
        """Whether it is known by anything else afterwards."""
        is_named = self.guid not in {"", "site"} and self.guid == self.seen_guid
        return self.version == self.seen_version and (bool(self.link) or is_named)

    def written(self, date: str, tracking: str) -> str:
        day = {"now": NOW, "none": None, "wrong": NOW.replace(year=2099)}[date]
        link = f"{self.link}?utm_id={tracking}" if self.link and tracking else self.link
        text = f"Words on item{self.number} in version{self.version}."
        return item(f"Title {self.number}", guid=self.guid, link=link, text=text, date=day)


class Server(AbstractAsyncContextManager["Server"]):
    """In the place of what fetches: it answers as the feed's server would."""

    def __init__(self) -> None:
        self.mood = 200
        self.content = b""
        self.asked = 0

    async def __aexit__(self, *reason: object) -> None:
        pass

    async def fetch(self, request: Request) -> Answer:
        self.asked += 1
        await asyncio.sleep(0)
        if self.mood == 0:
            raise FetchError("it does not answer in time")
        etag = hashlib.sha256(self.content).hexdigest()
        status = 304 if self.mood == 200 and request.etag == etag else self.mood
        content = self.content if status == 200 else b""
        headers = {"etag": etag, "retry-after": "60"}
        return Answer(url=request.url, moved_to=request.url, status=status, content=content, headers=headers)


class Polls(RuleBasedStateMachine):
    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.address = f"sqlite:///{shutil.copy(self.template, self.folder.name)}"
        self.stores = [Store.open(self.address), Store.open(self.address)]
        self.server = Server()
        self.now = NOW
        self.chance = random.Random(0)
        self.count = 0
        self.date, self.tracking = "now", ""
        self.shown: list[Published] = []
        self.left: list[Published] = []
        self.told: Counter[str] = Counter()
        self.is_gone = False

    @initialize(count=st.integers(0, 5), seed=st.integers(0, 9))
    def add(self, count: int, seed: int) -> None:
        self.chance.seed(seed)
        self._publish(count, "own", with_links=True)
        self._write()
        web: Any = self.server
        added = verb.add(self.stores[0], web, self._policy(), url=URL, is_fetching_pages=False)
        self._keep(FetchReport(sources=(asyncio.run(added),)))

    @rule(count=st.integers(1, 3), guids=st.sampled_from(["own", "none", "site"]), with_links=st.booleans())
    def publish(self, count: int, guids: str, with_links: bool) -> None:
        self._publish(count, guids, with_links=with_links or guids == "site")

    @rule(count=st.integers(1, 3))
    def let_go(self, count: int) -> None:
        self.left += self.shown[:count]
        self.shown = self.shown[count:]

    @rule()
    def bring_back(self) -> None:
        self.shown += self.left[:2]
        self.left = self.left[2:]

    @rule()
    def change_guids(self) -> None:
        self._alter(lambda one: replace(one, guid=f"{self.chance.random()}"), "may_change_guid")

    @rule()
    def lose_guids(self) -> None:
        self._alter(lambda one: replace(one, guid=""), "may_change_guid")

    @rule()
    def rotate_guids(self) -> None:
        movable = [one for one in self.shown if one.may_change_guid]
        guids = [one.guid for one in [*movable[1:], *movable[:1]]]
        others = [one for one in self.shown if not one.may_change_guid]
        self.shown = [*(replace(one, guid=guid) for one, guid in zip(movable, guids, strict=True)), *others]

    @rule()
    def edit(self) -> None:
        self._alter(lambda one: replace(one, version=one.version + 1), "may_be_edited")

    @rule(date=st.sampled_from(["now", "none", "wrong"]))
    def change_dates(self, date: str) -> None:
        self.date = date

    @rule()
    def change_links(self) -> None:
        self.tracking = f"{self.chance.random()}"

    @rule()
    def change_order(self) -> None:
        self.chance.shuffle(self.shown)

    @rule()
    def restart(self) -> None:
        self.stores.pop(0).close()
        self.stores.append(Store.open(self.address))

    @rule(mood=st.sampled_from([200, 200, 200, 0, 429, 500]))
    def poll(self, mood: int) -> None:
        self._poll(mood, [self._fetch(self.stores[0])])

    @rule()
    def poll_from_two_processes(self) -> None:
        self._poll(200, [self._fetch(store) for store in self.stores])

    @precondition(lambda self: not self.is_gone)
    @rule()
    def poll_twice_as_if_a_lease_had_run_out(self) -> None:
        only = self.stores[0].sources.all()
        self._poll(200, [self._fetch(store, only) for store in self.stores])

    @rule(is_gone=st.integers(0, 7).map(lambda n: n == 0))
    def end(self, is_gone: bool) -> None:
        if is_gone:
            self._poll(410, [self._fetch(self.stores[0])])
            self.is_gone = True

    @invariant()
    def nothing_is_told_twice(self) -> None:
        assert not [title for title, count in self.told.items() if count > 1]

    @invariant()
    def there_is_one_document_for_each_item(self) -> None:
        documents = self.stores[0].documents.new_for("daily")
        assert sorted(one.headline for one in documents) == sorted(self.told)

    def teardown(self) -> None:
        for store in self.stores:
            store.close()
        self.folder.cleanup()

    def _publish(self, count: int, guids: str, *, with_links: bool) -> None:
        for _ in range(count):
            self.count += 1
            guid = {"own": f"g{self.count}", "none": "", "site": "site"}[guids]
            link = f"https://a.example/{self.count}" if with_links else ""
            self.shown.insert(0, Published(self.count, guid, link))

    def _alter(self, change: Callable[[Published], Published], where: str) -> None:
        self.shown = [change(one) if getattr(one, where) else one for one in self.shown]

    def _write(self) -> None:
        items = "".join(one.written(self.date, self.tracking) for one in self.shown)
        rss = f"<rss version='2.0'><channel><title>Harbour News</title>{items}</channel></rss>"
        self.server.content = rss.encode()

    def _poll(self, mood: int, fetches: list[Any]) -> None:
        self._write()
        self.server.mood, self.server.asked = mood, 0
        self.now += timedelta(days=2)

        async def all_at_once() -> list[FetchReport]:
            return await asyncio.gather(*fetches)

        reports = asyncio.run(all_at_once())
        assert bool(self.server.asked) is not self.is_gone
        self._keep(*reports)

    def _keep(self, *reports: FetchReport) -> None:
        items = [one for report in reports for one in report.items]
        self.told.update(one.headline for one in items if one.outcome is FileOutcome.NEW)
        assert not [one for one in items if one.outcome is FileOutcome.KNOWN]
        if self.server.mood == 200 and not self.is_gone:
            self.shown = [replace(one, seen_guid=one.guid, seen_version=one.version) for one in self.shown]
            assert {f"Title {one.number}" for one in self.shown} <= self.told.keys()

    def _policy(self) -> FetchPolicy:
        return FetchPolicy(
            pace=Pace(every=timedelta(minutes=30)),
            first_days=3,
            reader=READER,
            chance=lambda: 0.0,
            clock=lambda: self.now,
        )

    async def _fetch(self, store: Store, only: list[Source] | None = None) -> FetchReport:
        web: Any = self.server
        return await verb.fetch(store, web, self._policy(), stopping=asyncio.Event(), only=only)


def run(template: Path, *, examples: int, steps: int) -> None:
    Polls.template = template
    run_state_machine_as_test(
        Polls,
        settings=hypothesis.settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        ),
    )


def test_every_item_is_told_once(sqlite_template: Path) -> None:
    run(sqlite_template, examples=6, steps=15)


@pytest.mark.sweep
def test_every_item_is_told_once_over_many_polls(sqlite_template: Path) -> None:
    run(sqlite_template, examples=25, steps=25)
