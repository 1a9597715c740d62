"""Limits of sign-ups: within an hour, by address and by network, in bounded memory."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.web.limits import SignUpLimits

NOW = datetime(2026, 11, 23, 6, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def taken(limits: SignUpLimits, *addresses: str, now: datetime = NOW) -> int:
    return sum(limits.allows(address, now=now) for address in addresses)


def test_an_address_has_its_number_of_sign_ups_in_an_hour() -> None:
    limits = SignUpLimits(per_address=3, per_network=100)
    assert taken(limits, *["192.0.2.1"] * 5) == 3
    assert taken(limits, "192.0.2.2") == 1
    assert (limits.allowed, limits.refused) == (4, 2)
    wait = limits.seconds_until_allowed("192.0.2.1", now=NOW)
    assert 3600 <= wait <= 3900
    assert taken(limits, "192.0.2.1", now=NOW + timedelta(seconds=wait - 2)) == 0
    assert taken(limits, "192.0.2.1", now=NOW + timedelta(seconds=wait)) == 1
    assert limits.seconds_until_allowed("192.0.2.3", now=NOW) == 0


@pytest.mark.parametrize(
    ("one", "same", "neighbour", "stranger"),
    [
        ("192.0.2.1", "::ffff:192.0.2.1", "192.0.2.200", "192.0.3.1"),
        ("2001:db8:1:1::1", "2001:db8:1:1:ffff::9", "2001:db8:1:2::1", "2001:db8:2:1::1"),
        ("no address", "no address", "no address", "another"),
    ],
)
def test_addresses_of_one_visitor_and_of_one_network_count_together(
    one: str, same: str, neighbour: str, stranger: str
) -> None:
    limits = SignUpLimits(per_address=1, per_network=100)
    assert taken(limits, one, same) == 1
    limits = SignUpLimits(per_address=100, per_network=2)
    assert taken(limits, one, neighbour, same, neighbour) == 2
    assert taken(limits, stranger) == 1


def test_a_refusal_is_not_counted() -> None:
    """Whoever goes on trying is let in again after an hour all the same."""
    limits = SignUpLimits(per_address=1, per_network=100)
    moments = [NOW + timedelta(minutes=minutes) for minutes in range(0, 180, 5)]
    assert sum(limits.allows("192.0.2.1", now=moment) for moment in moments) == 3


def test_a_clock_that_was_wrong_locks_nobody_out() -> None:
    limits = SignUpLimits(per_address=1, per_network=100)
    assert limits.allows("192.0.2.1", now=NOW + timedelta(days=900))
    assert limits.allows("192.0.2.1", now=NOW)
    assert not limits.allows("192.0.2.1", now=NOW)


@given(seconds=st.lists(st.integers(0, 20_000), max_size=200).map(sorted), most=st.integers(1, 5))
def test_no_hour_holds_more_than_its_number(seconds: list[int], most: int) -> None:
    limits = SignUpLimits(per_address=most, per_network=1000)
    moments = [NOW + timedelta(seconds=number) for number in seconds]
    let_in = [moment for moment in moments if limits.allows("192.0.2.1", now=moment)]
    for begin in let_in:
        assert sum(begin <= moment < begin + HOUR for moment in let_in) <= most
    for moment in moments[-1:]:
        wait = limits.seconds_until_allowed("192.0.2.1", now=moment)
        assert limits.allows("192.0.2.1", now=moment + timedelta(seconds=wait))


def flood(count: int, *, most_places: int) -> SignUpLimits:
    """Let so many visitors sign up, each from a network of its own."""
    limits = SignUpLimits(per_address=10, per_network=60, most_places=most_places)
    for number in range(count):
        limits.allows(f"2001:{number >> 16:x}:{number & 0xFFFF:x}::1", now=NOW)
    return limits


def test_a_flood_of_addresses_is_forgotten_the_oldest_first() -> None:
    limits = flood(3_000, most_places=1_000)
    assert len(limits) == 2_000
    assert limits.allowed == 3_000


@pytest.mark.sweep
def test_a_flood_of_a_million_addresses_takes_bounded_memory() -> None:
    limits = flood(1_000_000, most_places=20_000)
    assert len(limits) == 40_000
    assert len(pickle.dumps(limits)) < 5_000_000
