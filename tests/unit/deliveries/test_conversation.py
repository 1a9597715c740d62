"""Content on the wire: it ends where it ends, and nowhere before."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from newsletter.deliveries.conversation import FINAL_DOT, normalised, stuffed
from newsletter.deliveries.server import Timeouts

#: Mostly what matters here: line ends, dots, and something between.
contents = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"a", b"\x00", b"\xff"])).map(b"".join)


@given(contents)
def test_every_line_ends_in_crlf_and_in_nothing_else(content: bytes) -> None:
    result = normalised(content)
    assert b"\r" not in result.replace(b"\r\n", b"")
    assert b"\n" not in result.replace(b"\r\n", b"")
    assert not result or result.endswith(b"\r\n")
    assert normalised(result) == result
    assert re.split(rb"\r\n|\r|\n", result.removesuffix(b"\r\n")) == re.split(
        rb"\r\n|\r|\n", re.sub(rb"(\r\n|\r|\n)\Z", b"", content)
    )


@given(contents)
def test_the_final_dot_is_the_only_one_and_the_content_can_be_read_back(content: bytes) -> None:
    plain = normalised(content)
    wire = stuffed(plain) + FINAL_DOT
    lines = wire.split(b"\r\n")
    assert lines[-2:] == [b".", b""]
    assert b"." not in lines[:-2]
    assert b"".join(line.removeprefix(b".") + b"\r\n" for line in lines[:-2]) == plain


def test_time_outs_are_those_of_the_rfc_and_shrink_together() -> None:
    assert Timeouts.scaled(300) == Timeouts()
    assert Timeouts.scaled(30) == Timeouts(
        connect=30, greeting=30, command=30, data=12, block=18, content_reply=60, quit=5
    )
    assert Timeouts.scaled(0.5).quit == Timeouts.scaled(0.5).connect == 0.5
    assert Timeouts.scaled(600).connect == 30
