"""Hosts that share a database go by its clock; with a store of its own, a host goes by its own."""

from __future__ import annotations

import socket
import threading
from datetime import UTC, datetime, timedelta

import pytest

from newsletter.app import App
from newsletter.errors import StoreError
from newsletter.store import agreeing
from newsletter.store.store import Store
from newsletter.web import running

WRONG = timedelta(minutes=7)


def wrong() -> datetime:
    return datetime.now(UTC) + WRONG


def off(clock: agreeing.Clock) -> timedelta:
    return abs(clock() - datetime.now(UTC))


def test_a_wrong_clock_is_put_right_by_that_of_the_database(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    clock = store.agreed_clock(wrong)
    if not store.is_shared:
        assert clock is wrong
        return
    assert off(clock) < WRONG / 2
    assert "this host's clock is +420 seconds off" in caplog.text


def test_it_is_measured_anew_and_a_database_that_is_gone_leaves_it_as_it_was(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.open(postgres_url)
    monkeypatch.setattr(agreeing, "_GOOD_SECONDS", -1.0)
    error = WRONG
    clock = store.agreed_clock(lambda: datetime.now(UTC) + error)
    error = timedelta()
    for _ in range(2):
        clock()
        join()
    assert off(clock) < WRONG / 2
    join()

    def fail(_: object) -> None:
        raise StoreError("gone")

    monkeypatch.setattr(agreeing.AgreedClock, "_measure", fail)
    clock()
    join()
    assert off(clock) < WRONG / 2
    store.close()


def test_a_host_s_clock_that_is_set_meanwhile_moves_nothing(postgres_url: str) -> None:
    store = Store.open(postgres_url)
    error = timedelta()
    clock = store.agreed_clock(lambda: datetime.now(UTC) + error)
    error = -WRONG
    assert off(clock) < WRONG / 2
    store.close()


def test_pages_that_are_served_alone_go_by_it_too(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[timedelta] = []

    async def note(_app: App, _listener: socket.socket, clock: agreeing.Clock) -> None:
        seen.append(off(clock))

    monkeypatch.setattr(running, "_run_until_signal", note)
    app = App.isolated(database_url=postgres_url)
    running.run(app, host="127.0.0.1", port=0, clock=wrong)
    app.close()
    assert seen[0] < WRONG / 2


def join() -> None:
    for thread in threading.enumerate():
        if thread.name == "clock":
            thread.join()
