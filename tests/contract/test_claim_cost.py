"""A claim looks up what is due in an index of just that: it costs the same at a million rows as at ten."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

import pytest
from plans import plans
from sqlalchemy import event, select

from newsletter.model.deliveries import DeliveryMark, DeliveryRange, DeliveryState, UncertainPolicy
from newsletter.store import tables
from newsletter.store.prepared import Prepared
from newsletter.store.store import Store

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def plan_of(store: Store, call: Callable[[], object]) -> str:
    """Return how the database carries out the first statement of a call that looks for deliveries."""
    return next(plan for statement, plan in plans(store, call).items() if "FROM deliveries" in statement)


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest) -> str:
    """A database that is new: which index costs less hangs on what others have left of their rows."""
    if request.param == "postgres":
        request.getfixturevalue("shared_postgres").drop()
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def fifty(store: Store, subscribe, publish) -> DeliveryRange:
    subscribe(*[f"r{n}@example.org" for n in range(50)])
    edition = publish("A story")
    with store._database.reading() as connection:
        ids = connection.scalars(select(tables.deliveries.c.id)).all()
    return DeliveryRange(edition_id=edition.id, first_id=min(ids) + 10, last_id=min(ids) + 29)


def test_a_claim_reads_the_index_of_what_is_due(store: Store, fifty: DeliveryRange) -> None:
    plan = plan_of(store, lambda: store.deliveries.claim(sender="me", limit=10, now=NOW))
    assert "ix_deliveries_due" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan


@pytest.mark.parametrize("call", ["claim", "due_count", "next_due"])
def test_of_a_range_only_its_own_rows_are_read(store: Store, fifty: DeliveryRange, call: str) -> None:
    deliveries = store.deliveries
    plan = plan_of(
        store,
        {
            "claim": lambda: deliveries.claim(sender="me", limit=10, now=NOW, only=fifty),
            "due_count": lambda: deliveries.due_count(now=NOW, only=fifty),
            "next_due": lambda: deliveries.next_due(only=fifty),
        }[call],
    )
    by_id = "PRIMARY KEY (rowid>? AND rowid<?)" if store._database.is_sqlite else "pk_deliveries"
    assert by_id in plan, plan
    assert "ix_deliveries" not in plan, plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan


@contextmanager
def counted(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Note each statement that the store gives to the driver, one for many rows counting once."""
    given: list[str] = []

    def note(name: str) -> Callable[..., object]:
        really = getattr(Prepared, name)

        def noted(self: Prepared, *args: object) -> object:
            given.append(name)
            return really(self, *args)

        return noted

    with monkeypatch.context() as patch:
        if store._database.is_sqlite:
            # Past SQLAlchemy, and what SQLite hears are rows one by one.
            for name in ("rows", "count", "count_many"):
                patch.setattr(Prepared, name, note(name))

        def remember(connection, cursor, statement, parameters, context, executemany) -> None:
            given.append(statement)

        event.listen(store._database.engine, "before_cursor_execute", remember)
        yield given
        event.remove(store._database.engine, "before_cursor_execute", remember)


@pytest.mark.parametrize("size", [1, 16])
def test_a_group_takes_no_more_statements_than_one_message(
    store: Store, fifty: DeliveryRange, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Statements for each message cost a sender more than all the rest of its work."""
    ids = [d.id for d in store.deliveries.claim(sender="me", limit=2 * size, now=NOW)]
    store.deliveries.release(sender="me", now=NOW)
    advance = partial(store.deliveries.advance, sender="me", policy=UncertainPolicy.RESEND, now=NOW)
    marks = [DeliveryMark(delivery_id=i, state=DeliveryState.FAILED, reply="550") for i in ids[size:]]
    accepted = [(i, "250") for i in ids[:size]]
    with counted(store, monkeypatch) as claim:
        assert len(store.deliveries.claim(sender="me", limit=2 * size, now=NOW)) == 2 * size
    with counted(store, monkeypatch) as begin:
        advance(begin=ids[:size], marks=[])
    with counted(store, monkeypatch) as both:
        assert advance(begin=ids[size:], marks=[], accepted=accepted).begun == frozenset(ids[size:])
    with counted(store, monkeypatch) as refused:
        assert not advance(begin=[], marks=marks).overtaken
    # On PostgreSQL all that is well is one call.
    calls = 2 if store._database.is_sqlite else 1
    assert (len(claim), len(begin), len(both), len(refused)) == (2, 1, calls, 1)
