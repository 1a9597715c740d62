"""The visitor's address: believed from proxies that are trusted, and never chosen by a visitor."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.web.origin import forwarded_address, parse_address

PROXIES = tuple(ipaddress.ip_network(text) for text in ("127.0.0.1", "10.0.0.0/8", "fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        # Without a proxy between, whatever the header says.
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["198.51.100.7"], "192.0.2.1"),
        ("192.0.2.1", ["127.0.0.1"], "192.0.2.1"),
        # Through one proxy, through two, and with a visitor's own invention before.
        ("127.0.0.1", ["192.0.2.1"], "192.0.2.1"),
        ("10.0.0.1", ["192.0.2.1, 10.0.0.2"], "192.0.2.1"),
        ("10.0.0.1", ["198.51.100.7, 192.0.2.1", "10.0.0.2"], "192.0.2.1"),
        ("10.0.0.1", ["garbage, 192.0.2.1"], "192.0.2.1"),
        ("10.0.0.1", [" , ,192.0.2.1 "], "192.0.2.1"),
        # A proxy of ours asks by itself.
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        # What a proxy wrote is no address.
        ("10.0.0.1", ["unknown"], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", ["192.0.2.1, unknown, 10.0.0.2"], "10.0.0.1"),
        # Forms of addresses.
        ("127.0.0.1", ["192.0.2.1:4711"], "192.0.2.1"),
        ("127.0.0.1", ["2001:DB8:0::1"], "2001:db8::1"),
        ("127.0.0.1", ["[2001:db8::1]"], "2001:db8::1"),
        ("127.0.0.1", ["[2001:db8::1]:443"], "2001:db8::1"),
        ("127.0.0.1", ['"[2001:db8::1]:443"'], "2001:db8::1"),
        ("127.0.0.1", ["fe80::1%eth0"], "fe80::1"),
        ("127.0.0.1", ["[fe80::1%25eth0]:443"], "fe80::1"),
        ("127.0.0.1", ["::ffff:192.0.2.1"], "192.0.2.1"),
        ("::ffff:127.0.0.1", ["192.0.2.1"], "192.0.2.1"),
        ("::ffff:192.0.2.1", ["198.51.100.7"], "192.0.2.1"),
        ("fd00::1%eth0", ["2001:db8::1"], "2001:db8::1"),
        # A peer that is no address is what it is.
        ("", ["192.0.2.1"], ""),
        ("testclient", ["192.0.2.1"], "testclient"),
    ],
)
def test_whose_address_counts(peer: str, forwarded: list[str], address: str) -> None:
    assert forwarded_address(peer, forwarded, trusted=PROXIES) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "unknown",
        "192.0.2",
        "192.0.2.256",
        "192.0.2.01",
        "[192.0.2.1",
        "1.2.3.4:port",
        "[::1]x",
        "::1:x",
        "١.١.١.١",
    ],
)
def test_what_is_no_address(text: str) -> None:
    assert parse_address(text) is None


ADDRESSES = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).filter(
    lambda one: not any(parse_address(str(one)) in network for network in PROXIES)
)
INVENTED = st.lists(
    st.one_of(ADDRESSES.map(str), st.text(max_size=30), st.sampled_from(["10.0.0.9", "127.0.0.1"]))
)


@given(visitor=ADDRESSES, invented=INVENTED, headers=st.integers(1, 3))
def test_a_visitor_who_comes_directly_chooses_nothing(
    visitor: object, invented: list[str], headers: int
) -> None:
    plain = forwarded_address(str(visitor), [], trusted=PROXIES)
    assert forwarded_address(str(visitor), [",".join(invented)] * headers, trusted=PROXIES) == plain
    assert forwarded_address(str(visitor), [",".join(invented)] * headers, trusted=()) == plain


@given(visitor=ADDRESSES, invented=INVENTED, proxies=st.integers(1, 4), apart=st.booleans())
def test_a_visitor_behind_proxies_chooses_nothing(
    visitor: object, invented: list[str], proxies: int, apart: bool
) -> None:
    """Each proxy adds at the end whom it was asked by; some add a header of their own."""
    added = [str(visitor), *(f"10.0.0.{number}" for number in range(1, proxies))]
    header = [",".join(invented), *added] if apart else [",".join([*invented, *added])]
    expected = forwarded_address(str(visitor), [], trusted=())
    assert forwarded_address("127.0.0.1", header, trusted=PROXIES) == expected
