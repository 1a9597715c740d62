"""robots.txt as RFC 9309 has it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sources.robots import Robots


def allows(rules: str, path: str) -> bool:
    return Robots.read(200, rules.encode()).allow(f"https://a.example{path}")


@pytest.mark.parametrize(
    ("rules", "allowed", "forbidden"),
    [
        # The example of section 5.1.
        (
            "User-Agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /public/\n\nUser-Agent: x\nAllow:",
            ["/", "/public/a", "/a.gif?b", "/examples"],
            ["/a/b.gif", "/example/", "/example/a"],
        ),
        # Section 5.2: the longest match.
        (
            "User-Agent: newsletter\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif",
            ["/example/page/a"],
            ["/example/page/disallowed.gif"],
        ),
        ("User-agent: *\nDisallow: /\nAllow: /news", ["/news", "/news/1"], ["/", "/new"]),
        ("User-agent: *\nDisallow: /a\nAllow: /a", ["/a"], []),
        # Our name and no other; blank lines end nothing; all our groups count.
        ("User-agent: news\nUser-agent: letter\nDisallow: /", ["/a"], []),
        ("User-agent: *\nDisallow: /\n\nUser-agent: NewsLetter/2.0\nDisallow: /b", ["/a"], ["/b"]),
        ("User-agent: x\nUser-agent: newsletter\n\n\nDisallow: /b", ["/a"], ["/b"]),
        ("User-agent: newsletter\nDisallow: /a\nUser-agent: newsletter\nDisallow: /b", ["/c"], ["/a", "/b"]),
        ("User-agent: newsletter\nDisallow:\nUser-agent: *\nDisallow: /", ["/a"], []),
        # Stars, ends, queries, escapes, comments.
        (
            "User-agent: *\nDisallow: /*?print # no\nDisallow: /*/x*y$",
            ["/a", "/xay"],
            ["/a?print=1", "/b/x1y"],
        ),
        ("User-agent: *\nDisallow: /*ab*b$\nDisallow: /c$", ["/ab", "/cd"], ["/abb", "/c"]),
        ("User-agent: *\nDisallow: /küche\nDisallow: /%c3%a4", ["/k"], ["/k%C3%BCche", "/ä", "/%C3%A4"]),
        ("Disallow: /\nsitemap: x\nnonsense", ["/a"], []),
        ("", ["/a"], []),
    ],
)
def test_rules_are_read_as_the_standard_has_them(
    rules: str, allowed: list[str], forbidden: list[str]
) -> None:
    assert [path for path in [*allowed, *forbidden] if allows(rules, path)] == allowed


def test_without_rules_all_is_allowed_and_without_an_answer_nothing() -> None:
    statuses = [404, 403, 401, 429, 500, 503, 301, None]
    assert [Robots.read(status, b"").allow("https://a.example/") for status in statuses] == [True] * 3 + [
        False
    ] * 5


def test_a_wish_for_a_pause_is_bounded() -> None:
    def delay(value: str) -> float:
        return Robots.read(200, f"User-agent: *\nCrawl-delay: {value}".encode()).delay_seconds

    assert [delay(value) for value in ("2", "0.5", "9999", "-1", "soon", "1e9")] == [2, 0.5, 30, 0, 0, 0]


@given(st.binary() | st.text(alphabet="User-agent: *\nDisalow/$%#é").map(str.encode), st.text())
def test_anything_is_read(content: bytes, path: str) -> None:
    Robots.read(200, content).allow(f"https://a.example/{path}")


def test_time_does_not_explode_with_stars() -> None:
    rules = "User-agent: *\n" + f"Disallow: /{'*a' * 500}b\n" * 400
    began = time.process_time()
    assert allows(rules, "/" + "a" * 4_000)
    assert time.process_time() - began < 5
