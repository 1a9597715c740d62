from __future__ import annotations

import pytest

from newsletter.errors import MessageRefusedError
from newsletter.messages.addresses import ascii_host, is_loopback, mailto, web_link, wire_address


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org",
        "http://example.org:8080/a?b=c&d=e#f",
        "https://bücher.example/straße",
        "https://[2001:db8::1]/x",
        "https://example.org/{a}|b",
    ],
)
def test_web_links_are_left_as_they_are(url: str) -> None:
    assert web_link(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "//evil.example",
        "/relative",
        "relative",
        "data:text/html,x",
        "https:///nohost",
        "https://",
        "https:example.org",
        "HTTPS//x",
        "https://a b.example/",
        "https://example.org/\u202egnp.exe",
        "https://example.org/\x00",
        "https://example.org/\nx",
        'https://example.org/"onclick="x',
        "https://example.org/<script>",
        "https://example.org:port/",
        "https://[::1",
        "https://bank.example\\@evil.example",
        "ftp://example.org/",
        "mailto:a@example.org",
        "",
        None,
    ],
)
def test_other_links_are_refused(url: str | None) -> None:
    with pytest.raises(MessageRefusedError, match="is not an absolute"):
        web_link(url)


def test_mail_links_pass_only_where_asked_for() -> None:
    assert web_link("mailto:a@b.example?subject=x", mail=True) == "mailto:a@b.example?subject=x"
    for bad in ("mailto:", "mailto:a@b c", "mailto:a@b\r\nBcc:x", "MAILTO javascript:@"):
        with pytest.raises(MessageRefusedError):
            web_link(bad, mail=True)


def test_mailto_escapes_address_and_subject() -> None:
    link = mailto("leave+now%&x@Bücher.example", subject="Mistake in A & B?\r\nBcc: x")
    assert link == (
        "mailto:leave+now%25%26x@xn--bcher-kva.example?subject=Mistake%20in%20A%20%26%20B%3F%20Bcc%3A%20x"
    )


@pytest.mark.parametrize(
    ("address", "wire"),
    [
        ("ada@Example.ORG", "ada@example.org"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@faß.example", "ada@xn--fa-hia.example"),
        ("jörg@bücher.example", "jörg@xn--bcher-kva.example"),
        ("o'neil+x@localhost", "o'neil+x@localhost"),
    ],
)
def test_addresses_go_out_with_ascii_domains(address: str, wire: str) -> None:
    assert wire_address(address) == wire


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "@b.example",
        "ada@",
        "a b@c.example",
        "a\r\nBcc: x@y.example",
        "<a@b.example>",
        "a@b_.example-",
        *("a,b@c.example", "a@b..example", "a@\ud800.example", "a@xn--\u0301.example", "a\u202e@b.example"),
        *("a" * 65 + "@b.example", "a@" + "b." * 130 + "example", "a\x00@b.example", "a@b\u2028.example"),
        *(
            "é" * 33 + "@b.example",
            "a@" + "b" * 64 + ".example",
            ".a@b.example",
            "a..b@c.example",
            "a.@b.example",
        ),
        *("=?utf-8?b?DQpCY2M=?=@b.example", "a=?utf-8?q?=0D=0A?=@b.example"),
    ],
)
def test_what_is_no_address_is_refused_not_repaired(address: str) -> None:
    with pytest.raises(MessageRefusedError, match="is not a mail address"):
        wire_address(address)


def test_hosts() -> None:
    assert ascii_host("例え.example") == "xn--r8jz45g.example"
    assert ascii_host("-a.example") is None
    assert all(is_loopback(host) for host in ("localhost", "127.0.0.1", "127.9.9.9", "::1", "a.localhost"))
    assert not any(is_loopback(host) for host in ("", "localhost.example", "10.0.0.1", "128.0.0.1", "::2"))
