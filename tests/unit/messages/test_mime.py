from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from examples import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.errors import MessageRefusedError
from newsletter.messages.headers import text_field
from newsletter.messages.imprint import build_message
from newsletter.messages.links import mailto_unsubscribe
from newsletter.messages.mime import message_id
from newsletter.messages.render import personalise
from newsletter.messages.text import clean
from newsletter.model.editions import Edition
from newsletter.model.messages import Message, Reader, Rendering

Render = Callable[..., Rendering]

FIELDS = [
    "To",
    "Message-ID",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "From",
    "Reply-To",
    "Subject",
    "Date",
    "List-Id",
    "List-Help",
    "List-Post",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
]
HOSTILE = st.text(
    st.one_of(st.characters(), st.sampled_from('\r\n\x00\x85\u2028\u202e=?<>",:;@()\\ éé港')), max_size=120
)
WORDS = st.text(st.sampled_from("ab =?utf-8q.,;é港"), max_size=200)


def message_for(rendering: Rendering, reader: Reader, *, one_click: bool = True) -> Message:
    return build_message(
        rendering,
        reader,
        message_id=message_id("5eed" * 8, reader.subscriber_id, "brief.example"),
        sender="news@brief.example",
        one_click=one_click,
    )


def parsed(message: Message) -> EmailMessage:
    mail = message_from_bytes(message.content, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    assert mail.defects == []
    return mail


def on_the_wire(message: Message, name: str) -> str:
    """A field as its bytes are, unfolded."""
    head = message.content.partition(b"\r\n\r\n")[0].decode("utf-8")
    match = re.search(rf"^{name}: ([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", head, re.MULTILINE)
    assert match, f"no {name}"
    return match[1].replace("\r\n", "")


def mailbox(message: Message, name: str) -> tuple[str, str]:
    """A mailbox's name and address; the modern parser of 3.11 puts spaces between encoded words."""
    display_name, address = parseaddr(on_the_wire(message, name))
    return str(make_header(decode_header(display_name))), address


def check_wire(content: bytes) -> None:
    assert content.endswith(b"\r\n")
    assert b"\x00" not in content
    assert content.count(b"\r") == content.count(b"\n") == content.count(b"\r\n")
    head, _, body = content.partition(b"\r\n\r\n")
    assert all(len(line) <= 998 for line in head.split(b"\r\n"))
    assert all(len(line) <= 76 for line in body.split(b"\r\n"))
    assert body.isascii()
    for word in re.findall(rb"=\?[^?]*\?[^?]*\?[^?]*\?=", head):
        assert len(word) <= 75


def test_every_field_is_there_once(render: Render, reader: Reader) -> None:
    message = message_for(render(), reader)
    mail = parsed(message)
    assert mail.keys() == FIELDS
    assert mail["From"] == "The Meridian Brief <news@brief.example>"
    assert mail["To"] == "Ada Example <ada@reader.example>"
    assert mail["Reply-To"] == "editor@brief.example"
    assert mail["Subject"] == "Nine harbours agree to share one storm forecast"
    assert mail["Date"].datetime == datetime(2026, 11, 23, 5, 30, tzinfo=UTC)
    assert mail["List-Id"] == "The Meridian Brief <daily.brief.example>"
    assert mail["List-Help"] == "<mailto:editor@brief.example?subject=help>"
    assert mail["List-Post"] == "NO"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == message.message_id
    assert (message.sender, message.recipient) == ("news@brief.example", "ada@reader.example")


def test_both_parts_arrive_as_they_were_made(
    render: Render, reader: Reader, hostile_edition: Edition
) -> None:
    for rendering in (render(), render(hostile_edition)):
        mail = parsed(message_for(rendering, reader))
        bodies = personalise(rendering, reader)
        assert mail.get_content_type() == "multipart/alternative"
        assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
        for part, body in zip(mail.iter_parts(), (bodies.text, bodies.html), strict=True):
            assert part["Content-Transfer-Encoding"] == "quoted-printable"
            assert part.get_content_charset() == "utf-8"
            assert part.get_content().rstrip("\r\n").replace("\r\n", "\n") == body.rstrip("\n")


def test_the_wire_has_short_lines_and_nothing_odd(
    render: Render, reader: Reader, hostile_edition: Edition
) -> None:
    for rendering in (render(), render(hostile_edition)):
        check_wire(message_for(rendering, reader).content)


def test_one_click_is_offered_for_https_pages_only(
    render: Render, reader: Reader, mail_reader: Reader
) -> None:
    page = "<https://brief.example/u/7.daily.Zk3vT0aQd8rT2bXy>"
    by_mail = "<mailto:leave@brief.example?subject=unsubscribe%20daily>"
    message = message_for(render(), reader)
    assert on_the_wire(message, "List-Unsubscribe") == f"{page}, {by_mail}"
    assert on_the_wire(message, "List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
    without = parsed(message_for(render(), reader, one_click=False))
    assert "List-Unsubscribe-Post" not in without
    local = replace(reader, unsubscribe_url="http://localhost:8000/u/x")
    assert "List-Unsubscribe-Post" not in parsed(message_for(render(), local))
    mail = message_for(render(web=False), mail_reader)
    assert on_the_wire(mail, "List-Unsubscribe") == by_mail
    assert "List-Unsubscribe-Post" not in parsed(mail)


@pytest.mark.parametrize("length", [60, 78, 96, 200, 700])
def test_a_long_unsubscribe_address_is_never_encoded(length: int, render: Render, reader: Reader) -> None:
    url = "https://brief.example/u/" + "x" * length
    message = message_for(render(), replace(reader, unsubscribe_url=url))
    assert on_the_wire(message, "List-Unsubscribe").startswith(f"<{url}>, <mailto:")
    check_wire(message.content)


def test_a_value_of_any_length_joins_the_encoded_text(render: Render, reader: Reader) -> None:
    rendering = render()
    for length in range(1, 160):
        longer = replace(reader, unsubscribe_url="https://brief.example/" + "=" * length)
        message = message_for(rendering, longer)
        check_wire(message.content)
        text, html = parsed(message).iter_parts()
        assert f"\n{longer.unsubscribe_url}\n" in text.get_content().replace("\r\n", "\n")
        assert f'href="{longer.unsubscribe_url}"' in html.get_content()


@settings(
    deadline=None, max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(subject=HOSTILE, title=HOSTILE, name=HOSTILE, sender=HOSTILE)
def test_no_words_can_add_a_field(
    subject: str, title: str, name: str, sender: str, render: Render, reader: Reader
) -> None:
    rendering = render()
    headers = replace(rendering.headers, list_title=title, sender_name=sender)
    odd = replace(rendering, subject=subject, headers=headers)
    message = message_for(odd, replace(reader, name=name))
    mail = parsed(message)
    check_wire(message.content)
    assert mail.keys() == FIELDS
    assert mail["Subject"] == clean(subject)
    assert mailbox(message, "To") == (clean(name), "ada@reader.example")
    assert mailbox(message, "From") == (clean(sender), "news@brief.example")
    assert mail["List-Id"].endswith("<daily.brief.example>")
    assert len(mail["List-Id"]) <= 255


@settings(deadline=None, max_examples=examples(300))
@given(WORDS)
def test_a_subject_is_read_back(subject: str) -> None:
    field = text_field("Subject", subject)
    mail = message_from_bytes(f"{field}\r\n\r\n".encode(), policy=policy.default)
    assert mail["Subject"] == clean(subject)
    assert all(len(line) <= 78 for line in field.split("\r\n"))


@pytest.mark.parametrize("title", ["x" * 300, "é" * 200, 'Brief, The: "Daily" (A\\B)', "港湾だより", ""])
def test_list_id_stays_short(title: str, render: Render, reader: Reader) -> None:
    rendering = render()
    odd = replace(rendering, headers=replace(rendering.headers, list_title=title))
    value = on_the_wire(message_for(odd, reader), "List-Id")
    assert len(value) <= 255
    assert value.endswith("<daily.brief.example>")
    assert (value == "<daily.brief.example>") == (title == "" or len(title) >= 200)


@pytest.mark.parametrize("field", ["address", "sender", "reply_to", "leave", "envelope"])
def test_an_address_with_a_line_end_is_refused(field: str, render: Render, reader: Reader) -> None:
    bad = "a@b.example\r\nBcc: evil@c.example"
    rendering, envelope = render(), "news@brief.example"
    if field == "sender":
        rendering = replace(rendering, headers=replace(rendering.headers, sender_address=bad))
    if field == "reply_to":
        rendering = replace(rendering, headers=replace(rendering.headers, reply_to=bad))
    if field == "leave":
        reader = replace(reader, unsubscribe_mail=f"mailto:{bad}")
    if field == "address":
        reader = replace(reader, address=bad)
    if field == "envelope":
        envelope = bad
    with pytest.raises(MessageRefusedError, match="is not a"):
        build_message(rendering, reader, message_id="<1@b.example>", sender=envelope)


def test_international_domains_go_out_as_ascii(render: Render, reader: Reader) -> None:
    rendering = render()
    headers = replace(
        rendering.headers,
        sender_address="news@bücher.example",
        reply_to="",
    )
    by_mail = mailto_unsubscribe("leave@bücher.example", list_name="daily")
    reader = replace(reader, address="ada@straße.example", unsubscribe_mail=by_mail)
    message = message_for(replace(rendering, headers=headers), reader)
    mail = parsed(message)
    assert on_the_wire(message, "To") == "Ada Example <ada@xn--strae-oqa.example>"
    assert mail["List-Id"] == "The Meridian Brief <daily.xn--bcher-kva.example>"
    assert "leave@xn--bcher-kva.example" in mail["List-Unsubscribe"]
    assert "Reply-To" not in mail
    assert message.recipient == "ada@xn--strae-oqa.example"
    assert message.content.partition(b"\r\n\r\n")[0].isascii()


def test_a_reader_without_a_name_or_with_an_odd_one(render: Render, reader: Reader) -> None:
    def to(name: str) -> str:
        return on_the_wire(message_for(render(), replace(reader, name=name)), "To")

    assert to("") == "ada@reader.example"
    assert to("O'Neil, Ada") == '"O\'Neil, Ada" <ada@reader.example>'
    assert to('Ada "A" \\ B') == '"Ada \\"A\\" \\\\ B" <ada@reader.example>'
    assert to("=?utf-8?q?x?=").startswith("=?utf-8?")
    assert to("Ada Öst").startswith("=?utf-8?")


def test_an_address_beyond_ascii_goes_out_for_smtputf8(render: Render, reader: Reader) -> None:
    message = message_for(render(), replace(reader, address="jörg@reader.example"))
    assert on_the_wire(message, "To") == "Ada Example <jörg@reader.example>"
    assert message.recipient == "jörg@reader.example"


def test_message_ids_are_stable_and_tell_nothing() -> None:
    first = message_id("a1" * 16, 7, "Bücher.example")
    assert first == message_id("a1" * 16, 7, "bücher.example")
    assert re.fullmatch(r"<[0-9a-f]{32}@xn--bcher-kva\.example>", first)
    assert len({message_id("a1" * 16, number, "b.example") for number in range(1000)}) == 1000
    assert first.partition("@")[0] != message_id("b2" * 16, 7, "bücher.example").partition("@")[0]
    with pytest.raises(MessageRefusedError, match="Message-ID"):
        message_id("a1", 7, "b>\r\nBcc: x")
