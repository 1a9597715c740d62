"""Replies are read from any pieces, and any bytes are survived."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.deliveries.replies import MAX_LINE, MAX_REPLY, Answer, ReplyParser, enhanced_code, plain


def read(*pieces: bytes) -> tuple[list[Answer], str]:
    parser = ReplyParser()
    return [answer for piece in pieces for answer in parser.feed(piece)], parser.fault


@pytest.mark.parametrize(
    ("octets", "code", "text", "enhanced"),
    [
        (b"250 2.1.0 Sender ok\r\n", 250, "2.1.0 Sender ok", "2.1.0"),
        (b"250\r\n", 250, "", ""),
        (b"250 \r\n", 250, "", ""),
        (b"250 ok\n", 250, "ok", ""),
        (b"354 End with <CR><LF>.<CR><LF>\r\n", 354, "End with <CR><LF>.<CR><LF>", ""),
        (b"250-one\r\n250-two\r\n250 three\r\n", 250, "one two three", ""),
        (b"250-\r\n250 2.0.0 x\r\n", 250, "2.0.0 x", ""),
        (b"550-5.1.1 no such\r\n550 5.1.1 user\r\n", 550, "5.1.1 no such user", "5.1.1"),
        (b"550-first says so\r\n450 last line counts\r\n", 450, "first says so last line counts", ""),
        (b"550 5.1.10.2 no status\r\n", 550, "5.1.10.2 no status", ""),
        (b"550 3.1.1 no status\r\n", 550, "3.1.1 no status", ""),
        (b"550 5.1.1000 no status\r\n", 550, "5.1.1000 no status", ""),
        (b"550 #5.1.1 no status\r\n", 550, "#5.1.1 no status", ""),
        (b"250 re\xe7u \x00\x1b[31m\r\n", 250, "re\ufffdu [31m", ""),
    ],
)
def test_what_is_read(octets: bytes, code: int, text: str, enhanced: str) -> None:
    assert read(octets) == ([Answer(code=code, text=text, enhanced=enhanced)], "")


@pytest.mark.parametrize(
    "octets",
    [b"garbage\r\n", b"\r\n", b"25\r\n", b"2500 ok\r\n", b"199 ok\r\n", b"600 ok\r\n", b"-50 ok\r\n",
     b" 250 ok\r\n", b"250-one\r\nand more\r\n", b"HTTP/1.1 400 Bad Request\r\n", b"\x16\x03\x01\n",
     "٢٥٠ ok\r\n".encode()],
)  # fmt: skip
def test_what_is_no_reply(octets: bytes) -> None:
    answers, fault = read(octets)
    assert answers == []
    assert fault.startswith("not a reply of SMTP")


def test_nothing_is_read_after_a_fault() -> None:
    assert read(b"250 ok\r\nwhat?\r\n250 ok\r\n", b"250 ok\r\n")[0] == [
        Answer(code=250, text="ok", enhanced="")
    ]


def test_a_line_without_end_is_given_up() -> None:
    parser = ReplyParser()
    parser.feed(b"250 ")
    for _ in range(3):
        parser.feed(b"a" * (MAX_LINE // 2))
    assert parser.fault == "the reply's line has no end"


def test_a_reply_without_end_is_given_up() -> None:
    parser = ReplyParser()
    line = b"250-" + b"a" * 96 + b"\r\n"
    for _ in range(MAX_REPLY // 100 + 2):
        parser.feed(line)
    assert parser.fault == "the reply is too long"


def test_a_long_conversation_is_no_long_reply() -> None:
    parser = ReplyParser()
    for _ in range(3 * MAX_REPLY // 100):
        assert parser.feed(b"250 " + b"a" * 94 + b"\r\n")
    assert parser.fault == ""


words = st.binary(max_size=40).filter(lambda octets: b"\n" not in octets)
replies = st.tuples(st.integers(200, 599), st.lists(words, min_size=1, max_size=4))


def spoken(code: int, lines: list[bytes]) -> bytes:
    ends = ["-"] * (len(lines) - 1) + [" "]
    return b"".join(f"{code}{end}".encode() + line + b"\r\n" for end, line in zip(ends, lines, strict=True))


@given(st.lists(replies, max_size=4), st.lists(st.integers(0, 200), max_size=10))
def test_the_pieces_make_no_difference(said: list[tuple[int, list[bytes]]], places: list[int]) -> None:
    octets = b"".join(spoken(code, lines) for code, lines in said)
    cuts = sorted({0, len(octets), *(place % (len(octets) + 1) for place in places)})
    pieces = [octets[start:end] for start, end in pairwise(cuts)]
    answers, fault = read(*pieces)
    assert fault == ""
    assert [answer.code for answer in answers] == [code for code, _ in said]
    assert answers == read(octets)[0]


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_any_bytes_are_survived(pieces: list[bytes]) -> None:
    for answer in read(*pieces)[0]:
        assert 200 <= answer.code <= 599
        assert "\n" not in answer.text


@given(st.text())
def test_words_fit_into_a_line_of_any_store(text: str) -> None:
    line = plain(text + "\ud800")
    line.encode()
    assert line.isprintable()
    assert len(line) <= 500


@given(st.text(alphabet="0123456789. x", max_size=14))
def test_an_enhanced_code_is_one_or_none(text: str) -> None:
    code = enhanced_code(text)
    assert code == "" or (text.startswith(code) and len(code.split(".")) == 3)
