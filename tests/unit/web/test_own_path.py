"""Where somebody is led after signing in: never away."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.web.operator.next_page import own_path
from newsletter.web.operator.visits import network_of


@pytest.mark.parametrize(
    "wanted",
    ["/news/operator", "/news/operator/log?actor=ada&before=7", "/news/operator/operators/ada.b-c_d"],
)
def test_an_operators_page_is_gone_to(wanted: str) -> None:
    assert own_path(wanted, base="/news") == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        "",
        "https://evil.example/operator",
        "//evil.example/operator",
        "/\\evil.example",
        "/operator/\\evil.example",
        "/operator//evil.example",
        "/operator/../../evil",
        "/operator/%2e%2e/c/token",
        "/operator/%2F%2Fevil.example",
        "/operator\t//evil.example",
        "/operator?x\r\nSet-Cookie: a=b",
        "/operators",
        "/operator@evil.example",
        "/subscribe",
        "javascript:alert(1)",
        " /operator",
    ],
)
def test_open_redirect_no_other_page_is_gone_to(wanted: str) -> None:
    assert own_path(wanted, base="") == "/operator"


@given(st.text("/operat.\\:%2eE?#@ \t\nhx", max_size=30), st.sampled_from(["", "/news"]))
def test_open_redirect_whatever_is_asked_for_stays_on_our_host_and_pages(wanted: str, base: str) -> None:
    for asked in (wanted, f"{base}/operator{wanted}"):
        led = urlsplit(urljoin("https://news.example.org/x", own_path(asked, base=base)))
        assert led.netloc == "news.example.org"
        assert led.path == f"{base}/operator" or led.path.startswith(f"{base}/operator/")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("nonsense", "nonsense"),
    ],
)
def test_wrong_tries_are_counted_by_network(address: str, network: str) -> None:
    assert network_of(address) == network
