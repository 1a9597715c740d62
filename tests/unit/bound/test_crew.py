"""What worker processes are told: all that they need, in plain values, and a share of the connections."""

from __future__ import annotations

import pickle

import pytest

from newsletter import wiring
from newsletter.app import App
from newsletter.bound.crew import crew
from newsletter.deliver.postbag import Postbag

SETTINGS: dict[str, object] = {
    "send_workers": 3,
    "smtp_host": "127.0.0.1",
    "smtp_security": "none",
    "smtp_rates": "500/hour",
    "smtp_username": "",
    "sender_address": "digest@news.example.org",
    "bounce_address": "bounces@bücher.example",
    "public_url": "https://news.example.org",
    "secret_keys": "a key of this test alone",
    "suppression_key": "another",
}


def bags(app: App, count: int) -> list[Postbag]:
    crew_of_some = crew(app.settings, app.lists)
    assert crew_of_some is not None
    told = [pickle.loads(crew_of_some.luggage(number, count)) for number in range(count)]
    assert {place for place, _ in told} == {wiring.store_place(app.settings)}
    return [outgoing.postbag() for _, outgoing in told]


@pytest.mark.parametrize(("connections", "shares"), [(16, [6, 5, 5]), (3, [1, 1, 1])])
def test_workers_have_the_connections_of_one_process_together(connections: int, shares: list[int]) -> None:
    app = App.isolated(**SETTINGS, smtp_connections=connections)
    assert [bag.transport.connections for bag in bags(app, 3)] == shares


def test_a_worker_sends_as_the_process_that_started_it() -> None:
    app = App.isolated(**SETTINGS)
    ours, (theirs, *_) = wiring.postbag(app.settings, app.lists), bags(app, 2)
    for one in ("retry", "uncertain", "bounces", "account", "rates", "shared", "domain_connections"):
        assert getattr(theirs, one) == getattr(ours, one)
    assert addresses(theirs) == addresses(ours)


def addresses(bag: Postbag) -> tuple[object, ...]:
    """What a delivery's message carries of the settings."""
    paper = bag.stationery
    assert paper.links is not None
    assert paper.return_path is not None
    assert paper.unsubscribe_tokens is not None
    link = paper.links.unsubscribe_url(subscriber_id=7, list_name="daily")
    return link, paper.return_path(7), paper.unsubscribe_tokens("daily")(7), paper.find_signer


def test_workers_may_write_files() -> None:
    app = App.isolated(**SETTINGS | {"transport": "file"})
    assert [bag.transport.connections for bag in bags(app, 3)] == [1, 1, 1]
