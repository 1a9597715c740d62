"""Whatever readers choose and servers answer: no document comes twice, and the digest leaves none out."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from choosing import choose
from conftest import found, make_parsed
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from newsletter.app import App
from newsletter.model.deliveries import DeliveryMark, DeliveryState, UncertainPolicy
from newsletter.model.editions import Edition
from newsletter.model.subscribers import Cadence
from newsletter.store import tables
from newsletter.store.codec import from_json

SUNDAY = datetime(2026, 11, 15, 6, 0, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
S = DeliveryState
READERS = ("ada", "bo", "chi", "dee")
#: A copy in one of these may be in its reader's inbox.
ARRIVED = {S.ACCEPTED.value, S.UNCERTAIN.value}
MISSED = {S.FAILED.value, S.SUPPRESSED.value}

_names = count()


@dataclass(frozen=True)
class Choice:
    """What a reader does at some moment of a day."""

    reader: str
    cadence: Cadence
    paused_days: int


@dataclass(frozen=True)
class Day:
    #: Each a new story, or what is new of one of the latest: of how many before the last, counted from 0.
    documents: tuple[int | None, ...]
    #: Before the edition, before it is delivered, before the digest, before that is delivered.
    choices: tuple[Choice | None, ...]
    #: What becomes of each reader's copies, in turn.
    outcomes: tuple[DeliveryState, ...]


choices = st.builds(
    Choice, st.sampled_from(READERS), st.sampled_from(Cadence), st.sampled_from((0, 0, 0, 1, 3))
)
outcomes = st.sampled_from((S.ACCEPTED, S.ACCEPTED, S.ACCEPTED, S.FAILED, S.DEFERRED, S.UNCERTAIN))
weeks_of_days = st.lists(
    st.builds(
        Day,
        documents=st.lists(st.none() | st.integers(0, 3), max_size=2).map(tuple),
        choices=st.tuples(*[st.none() | choices] * 4),
        outcomes=st.tuples(*[outcomes] * 8),
    ),
    min_size=5,
    max_size=15,
)


class World:
    """A list with four readers, day by day; a digest comes every fifth day."""

    def __init__(self, app: App) -> None:
        self.app, self.store, self.now = app, app.store, SUNDAY
        self.stories: list[str] = []
        self.list, self.digest = app.mailing_list("daily"), app.mailing_list("daily.weekly")
        for name in READERS:
            app.subscribers.add(self.list, f"{name}@example.org", now=SUNDAY)

    def live(self, number: int, day: Day) -> None:
        self.now = SUNDAY + number * DAY
        pending = iter(day.choices)
        states = iter(day.outcomes)
        for before in day.documents:
            self._write(before)
        self._choose(next(pending))
        self.app.publish(self.list, now=self.now)
        self._choose(next(pending))
        self._deliver(states)
        self._choose(next(pending))
        if number % 5 == 4:
            self.now += HOUR
            self._publish_digest()
        self._choose(next(pending))
        self._deliver(states)

    def _write(self, before: int | None) -> None:
        """Bring in a document, on a new story or on one that was."""
        number = next(_names)
        if before is None or before >= len(self.stories):
            self.stories.append(f"Zor{number}bal")
            before = 0
        name = self.stories[-1 - before]
        # What is new of a story shares its names, and no sentence.
        parsed = make_parsed(
            f"{name} sees {name.lower()}works {number}kel",
            f"The {name.lower()}works of {name} got {number}kel. Mayor {name}sen of {name} saw {number}mor.",
        )
        self.store.documents.record("/in", [found(f"{number}.txt", parsed)], now=self.now)

    def _choose(self, choice: Choice | None) -> None:
        if choice is not None:
            until = self.now + choice.paused_days * DAY if choice.paused_days else None
            address = f"{choice.reader}@example.org"
            choose(self.store, address, cadence=choice.cadence, paused_until=until)

    def _deliver(self, states: Iterator[DeliveryState]) -> None:
        claimed = self.store.deliveries.claim(sender="me", limit=100, now=self.now)
        options = {"sender": "me", "policy": UncertainPolicy.HOLD, "now": self.now}
        begun = self.store.deliveries.advance(begin=[d.id for d in claimed], marks=[], **options).begun
        marks = []
        for delivery_id in sorted(begun):
            state = next(states, S.ACCEPTED)
            again = self.now + DAY if state is S.DEFERRED else None
            marks.append(DeliveryMark(delivery_id=delivery_id, state=state, next_attempt_at=again))
        self.store.deliveries.advance(begin=[], marks=marks, **options)

    def _publish_digest(self) -> None:
        due = self._what_is_due()
        published = self.app.publish(self.digest, now=self.now).edition
        number = published.id if published else None
        got = {
            row.address.partition("@")[0]: told(self._content(row.edition_id, row.variant))
            for row in self._copies()
            if row.edition_id == number
        }
        assert got == {name: documents for name, documents in due.items() if documents}

    def _what_is_due(self) -> dict[str, set[int]]:
        """Return for each reader of the digest what its days' editions told, less what the reader had."""
        latest = self.store.editions.latest("daily.weekly")
        since = max(latest[0].created_at if latest else self.now - 7 * DAY, self.now - 15 * DAY)
        editions = {
            edition.id: told(self.store.editions.content(edition.id))
            for edition in self.store.editions.latest("daily", limit=99)
            if edition.created_at >= since
        }
        had = {
            (row.address.partition("@")[0], row.edition_id)
            for row in self._copies()
            if row.state not in MISSED
        }
        readers = [
            name
            for name, cadence, paused_until in self._subscriptions()
            if cadence == Cadence.WEEKLY.value and (paused_until is None or paused_until <= self.now)
        ]
        return {
            name: {i for edition, ids in editions.items() if (name, edition) not in had for i in ids}
            for name in readers
        }

    def check(self) -> None:
        counted: Counter[tuple[str, int]] = Counter()
        for row in self._copies():
            if row.state in ARRIVED:
                counted.update((row.address, i) for i in told(self._content(row.edition_id, row.variant)))
        assert all(times == 1 for times in counted.values())

    def _subscriptions(self) -> list[tuple[str, str, datetime | None]]:
        subscribers, subscriptions = tables.subscribers, tables.subscriptions
        query = select(subscribers.c.address, subscriptions.c.cadence, subscriptions.c.paused_until).join(
            subscriptions, subscriptions.c.subscriber_id == subscribers.c.id
        )
        with self.store._database.reading() as connection:
            rows = connection.execute(query).all()
        return [(row.address.partition("@")[0], row.cadence, row.paused_until) for row in rows]

    def _copies(self) -> list:  # type: ignore[type-arg]
        deliveries, subscribers = tables.deliveries, tables.subscribers
        query = select(
            subscribers.c.address, deliveries.c.edition_id, deliveries.c.variant, deliveries.c.state
        ).join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        with self.store._database.reading() as connection:
            return list(connection.execute(query))

    def _content(self, edition_id: int, variant: int) -> Edition:
        if not variant:
            return self.store.editions.content(edition_id)
        kept = tables.edition_variants
        query = select(kept.c.content).where(kept.c.edition_id == edition_id, kept.c.variant == variant)
        with self.store._database.reading() as connection:
            return from_json(Edition, connection.execute(query).scalar_one())


def told(edition: Edition) -> set[int]:
    """Return the documents that an edition tells; with so few, none is left out."""
    assert not edition.left_out_ids
    return {i for one in (*edition.stories, *edition.also) for i in one.document_ids}


@contextmanager
def world(url: str) -> Iterator[World]:
    app = App.isolated(
        database_url=url,
        list_name="daily",
        sender_address="digest@news.example.org",
        summarizer="lead",
        word_budget=5000,
    )
    try:
        yield World(app)
    finally:
        app.close()


def run_through(template: Path, folder: Path, days: list[Day]) -> None:
    file = folder / f"{next(_names)}.db"
    with world(f"sqlite:///{shutil.copy(template, file)}") as lived:
        for number, day in enumerate(days):
            lived.live(number, day)
        lived.check()
    file.unlink()


# Not shrunk: a world of fifteen days takes too long for the many that shrinking tries.
_quiet = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large)


@given(weeks_of_days)
@settings(max_examples=5, suppress_health_check=_quiet, phases=[Phase.generate])
def test_each_document_once_and_none_left_out(sqlite_template: Path, tmp_path: Path, days: list[Day]) -> None:
    run_through(sqlite_template, tmp_path, days)


@pytest.mark.sweep
@given(weeks_of_days)
@settings(max_examples=60, suppress_health_check=_quiet, phases=[Phase.generate])
def test_each_document_once_and_none_left_out_at_length(
    sqlite_template: Path, tmp_path: Path, days: list[Day]
) -> None:
    run_through(sqlite_template, tmp_path, days)
