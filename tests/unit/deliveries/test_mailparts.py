"""What a received mail is read into: letters of any alphabet, and charsets of any name."""

from __future__ import annotations

import base64
import codecs
import encodings
import pkgutil
from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.deliveries import mailparts
from newsletter.deliveries.bounces import parse_feedback
from newsletter.deliveries.mailparts import read_fields, read_mail
from newsletter.model.feedback import FeedbackKind


def report(diagnostic: str) -> bytes:
    return (
        "From: MAILER-DAEMON@mx.example\nSubject: Undelivered\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        "--b\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        "Final-Recipient: rfc822; ana@reader.example\nAction: failed\nStatus: "
        f"{diagnostic.split()[2]}\nDiagnostic-Code: {diagnostic}\n--b--\n"
    ).encode()


@pytest.mark.parametrize(
    ("diagnostic", "kind"),
    [
        ("smtp; 550 5.1.1 В папке для входящих: ящик переполнен", FeedbackKind.SOFT_BOUNCE),
        ("smtp; 550 5.1.1 邮箱超限，空间不足", FeedbackKind.SOFT_BOUNCE),
        ("smtp; 550 5.0.0 Почтовых ящиков нет: пользователь не найден", FeedbackKind.HARD_BOUNCE),
        ("smtp; 550 5.1.1 Ящик\n переполнен", FeedbackKind.SOFT_BOUNCE),
        ("smtp; 550 5.1.1 ЯЩИК ПЕРЕПОЛНЕН, УДАЛИТЕ ЧАСТЬ ПИСЕМ, АДРЕС АВТОР", FeedbackKind.SOFT_BOUNCE),
    ],
    ids=["Russian, full", "Chinese, full", "Russian, gone", "folded", "ends in a byte like a blank"],
)
@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
def test_a_reason_in_other_letters_is_read_whole(diagnostic: str, kind: FeedbackKind, ending: bytes) -> None:
    read = parse_feedback(report(diagnostic).replace(b"\n", ending))
    assert read.kind is kind
    assert read.reason == " ".join(diagnostic.split())


@given(st.lists(st.characters(min_codepoint=0xA1, categories=["L"]), min_size=1, max_size=30).map("".join))
def test_letters_of_any_alphabet_are_read_back(word: str) -> None:
    text = f"A: {word}\nB: x\n {word}\n\nC: {word} x\n".encode().decode("latin-1")
    assert read_fields(text) == ({"a": (word,), "b": (f"x {word}",)}, {"c": (f"{word} x",)})


def part(content: bytes, charset: str) -> bytes:
    return (
        f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: base64\n\n".encode()
        + base64.encodebytes(content)
    )


#: Names that Python knows, and that no mail is written in.
NO_CHARSETS = (
    *("punycode", "PunyCode", "idna", "unicode_escape", "raw-unicode-escape", "undefined"),
    *("rot13", "rot_13", "hex", "zlib", "zip", "bz2", "base64", "uu", "quopri", "mbcs", "x-none", "a.b"),
)


@pytest.mark.parametrize("charset", NO_CHARSETS)
def test_what_is_no_charset_is_read_as_utf_8(charset: str) -> None:
    text = "Grüße a-b \\x41 \\d xn--a"
    for words in (text, "bcher-kva", "xn--bcher-kva"):
        assert read_mail(part(words.encode(), charset)).text == words
    assert read_mail(part(text.encode() + b"\xff", charset)).text == text + "\ufffd"


@pytest.mark.parametrize("charset", NO_CHARSETS)
def test_a_word_in_no_charset_is_read_as_utf_8(charset: str) -> None:
    subject = f"Subject: =?{charset}?q?a-b_xn--a=C3=BC?=\n\n"
    assert read_mail(subject.encode()).first("subject") == "a-b xn--aü"


def test_no_charset_of_python_can_trip_us() -> None:
    for module in pkgutil.iter_modules(encodings.__path__):
        for content in (b"Hello", bytes(range(256)), b"+AGE-~{\x1b$B" * 9):
            assert isinstance(read_mail(part(content, module.name)).text, str)


@pytest.mark.parametrize("charset", ["utf-8", "gb18030", "shift_jis", "iso-2022-jp", "utf-16-le"])
def test_a_cut_through_a_letter_spoils_none_before_it(charset: str) -> None:
    for blanks in range(4):
        letters = " " * blanks + "あ、い" * 50_000
        read = read_mail(part(letters.encode(charset), charset))
        assert read.text == letters.strip()[: len(read.text)]
        assert len(read.text) > mailparts._MAX_TEXT // 2


def test_only_a_bounded_part_meets_the_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    met: list[int] = []

    class Decoder(codecs.IncrementalDecoder):
        def decode(self, content: object, final: bool = False) -> str:
            assert isinstance(content, bytes)
            met.append(len(content))
            return content.decode("ascii")

    monkeypatch.setattr(mailparts.codecs, "getincrementaldecoder", lambda _: Decoder)
    message = Message()
    message.set_payload("x" * 400_000)
    mailparts._part_text(message)
    assert met == [mailparts._MAX_ENCODED]
