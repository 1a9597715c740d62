"""Copies put together from encoded pieces say what the slow way says, and go over the wire as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from quopri import decodestring

import dkim
import pytest
from examples import examples
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from slowway import build_slowly

from newsletter.deliveries.conversation import normalised, stuffed
from newsletter.errors import MessageRefusedError
from newsletter.messages.dkim import Signer
from newsletter.messages.dkim_keys import DkimKey
from newsletter.messages.imprint import Imprint, are_plain
from newsletter.messages.links import LinkSigner
from newsletter.messages.mime import encoded, message_id
from newsletter.model.keys import KeyType
from newsletter.model.messages import Message, Reader, Rendering

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
SENDER = "news@brief.example"
SIGNER = Signer(
    domain="brief.example",
    keys=[DkimKey.generate(kind, selector=kind.value) for kind in (KeyType.RSA, KeyType.ED25519)],
)

NAMES = st.one_of(
    st.sampled_from(["", "Ada Example", "O'Neil, Ada", "Ada Öst", "=?utf-8?q?x?=", "a.b", "A" * 90]),
    st.text(max_size=60),
)
LOCALS = st.one_of(
    st.from_regex(r"[a-z0-9_+]{1,20}(\.[a-z0-9-]{1,10}){0,2}", fullmatch=True),
    st.text(st.sampled_from("ab.+='&<>!#$%*/?^_`{|}~-é港"), min_size=1, max_size=64),
)
DOMAINS = st.sampled_from(["reader.example", "straße.example", "A.Example", "xn--bcher-kva.example"])
PAGES = st.one_of(
    st.sampled_from(["https://brief.example/u/7.daily.Zk3vT0aQd8rT2bXy", "http://localhost:8000/u/x"]),
    st.text(st.sampled_from("ab/.-=&%'~:"), max_size=120).map("https://brief.example/u/".__add__),
    st.just("mailto:leave@brief.example?subject=unsubscribe%20daily"),
)
READERS = st.builds(
    Reader,
    subscriber_id=st.integers(0, 2**40),
    address=st.builds("{}@{}".format, LOCALS, DOMAINS),
    name=NAMES,
    since=st.integers(0, 10**8).map(lambda seconds: NOW - timedelta(seconds=seconds)),
    unsubscribe_url=PAGES,
    unsubscribe_mail=st.just("mailto:leave@brief.example?subject=unsubscribe%20daily%207-abc"),
    preferences_url=st.one_of(st.none(), PAGES.filter(lambda page: page.startswith("http"))),
)
DOTTED = st.sampled_from([".", "..", ".a" * 50, "." * 200, "x" * 74 + ".", ".\n."])
COMMON = settings(deadline=None, suppress_health_check=list(HealthCheck))


def copied(imprint: Imprint, reader: Reader) -> Message:
    name = message_id("5eed" * 8, reader.subscriber_id, "brief.example")
    return imprint.copy(reader, message_id=name, sender=SENDER, now=NOW)


def copied_or_refused(imprint: Imprint, reader: Reader) -> Message | None:
    try:
        return copied(imprint, reader)
    except MessageRefusedError:
        return None


def parsed(octets: bytes) -> EmailMessage:
    mail = message_from_bytes(octets, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    assert mail.defects == []
    return mail


def read(octets: bytes) -> dict[str, object]:
    """All that a mail program sees of a message, whichever way it is encoded."""
    mail = parsed(octets)
    compat = message_from_bytes(octets)
    fields: dict[str, object] = {
        name: "".join(str(value).split()) for name, value in mail.items() if name != "Content-Type"
    }
    for name in ("To", "From"):
        display_name, address = parseaddr("".join(compat[name].splitlines()))
        fields[name] = str(make_header(decode_header(display_name))), address
    texts = [part.get_content().replace("\r\n", "\n").rstrip("\n") for part in mail.iter_parts()]
    kinds = [part.get_content_type() for part in mail.walk()]
    return fields | {"texts": texts, "kinds": kinds}


@pytest.mark.parametrize("web", [True, False])
def test_every_copy_says_what_the_slow_way_says(
    web: bool, render: Callable[..., Rendering], reader: Reader, mail_reader: Reader
) -> None:
    rendering = render(web=web)
    imprint = Imprint(rendering)
    base = reader if web else mail_reader

    @settings(COMMON, max_examples=40)
    @given(READERS)
    @example(base)
    @example(replace(base, address="o'neil+news=1@reader.example", name="Zoë"))
    def check(some: Reader) -> None:
        message = copied_or_refused(imprint, some)
        # What the standard library itself takes for an encoded word, or cannot write, is no oracle.
        if message is None or not some.address.isascii() or "=?" in some.name:
            return
        slow = build_slowly(rendering, some, message_id=message.message_id).as_bytes()
        assert read(message.content) == read(slow)

    check()


def test_a_copy_goes_over_the_wire_as_it_is(render: Callable[..., Rendering], reader: Reader) -> None:
    @settings(COMMON, max_examples=examples(80))
    @given(
        READERS,
        st.lists(st.sampled_from([".", "..", ".a" * 50, "." * 200, "x" * 74 + ".", ".\n."]), max_size=6),
    )
    @example(reader, ["."])
    def check(some: Reader, lines: list[str]) -> None:
        rendering = render()
        dotted = replace(
            rendering, text="\n".join([*lines, rendering.text]), html=rendering.html + "\n".join(lines)
        )
        message = copied_or_refused(Imprint(dotted, signer=SIGNER), some)
        if message is not None:
            assert message.is_wire
            assert stuffed(normalised(message.content)) == message.content
            assert max(map(len, message.content.partition(b"\r\n\r\n")[2].split(b"\r\n"))) <= 76

    check()


@COMMON
@given(st.text(st.sampled_from("..=a é\n\t"), max_size=400))
@example("." * 77)
@example(".a" + "é" * 40)
@example("x" * 75 + ".." * 80)
def test_a_text_with_dots_is_read_back(text: str) -> None:
    octets = encoded(text)
    assert decodestring(octets).decode().replace("\r\n", "\n") == text
    lines = octets.split(b"\r\n")
    assert not [line for line in lines if line.startswith(b".")]
    assert max(map(len, lines)) <= 76


def test_signatures_are_those_of_the_whole_message(render: Callable[..., Rendering], reader: Reader) -> None:
    rendering = render()
    plain, signing = Imprint(rendering), Imprint(rendering, signer=SIGNER)

    @settings(COMMON, max_examples=40)
    @given(READERS)
    @example(reader)
    def check(some: Reader) -> None:
        bare = copied_or_refused(plain, some)
        if bare is not None:
            assert copied(signing, some).content == SIGNER.sign(bare.content, now=NOW) + bare.content

    check()


def test_a_signed_copy_verifies(render: Callable[..., Rendering], reader: Reader) -> None:
    content = copied(Imprint(render(), signer=SIGNER), reader).content
    records = {f"{r.name}.": r.value.encode() for r in (key.record(SIGNER.domain) for key in SIGNER.keys)}
    for index in range(2):
        verified = dkim.DKIM(content).verify(index, dnsfunc=lambda name, timeout=5: records[name.decode()])
        assert verified


def test_each_day_of_joining_is_written_as_the_reader_saw_it(
    render: Callable[..., Rendering], reader: Reader
) -> None:
    rendering = render()
    imprint = Imprint(rendering)
    for days in range(0, 40, 3):
        some = replace(reader, since=reader.since + timedelta(days=days, hours=days))
        slow = build_slowly(rendering, some, message_id=copied(imprint, some).message_id).as_bytes()
        assert read(copied(imprint, some).content) == read(slow)


PLAIN_LOCALS = st.from_regex(r"[A-Za-z0-9_+-]{1,20}(\.[A-Za-z0-9]{1,10})?", fullmatch=True)
PLAIN_READERS = st.builds(
    Reader,
    subscriber_id=st.integers(0, 2**63 - 1),
    address=st.builds("{}@reader.example".format, PLAIN_LOCALS),
    name=st.sampled_from(["", "Ada", "Ada Example 2"]),
    since=st.integers(0, 10**8).map(lambda seconds: NOW - timedelta(seconds=seconds)),
    unsubscribe_url=st.just(""),
    unsubscribe_mail=st.just(""),
)
BY_MAIL = "mailto:leave@brief.example?subject=unsubscribe%20daily%207-abc"


@pytest.mark.parametrize("signer", [None, SIGNER])
def test_a_plain_copy_is_the_careful_one(render: Callable[..., Rendering], signer: Signer | None) -> None:
    imprint = Imprint(render(), signer=signer)
    links = LinkSigner(public_url="https://brief.example", keys=["k" * 40]).reader_pages("daily")
    sender = "news+7-abc@brief.example"
    assert are_plain(links, lambda _: BY_MAIL, lambda _: sender)

    @settings(COMMON, max_examples=examples(60))
    @given(st.one_of(PLAIN_READERS.map(lambda some: (some, True)), READERS.map(lambda some: (some, None))))
    def check(one: tuple[Reader, bool | None]) -> None:
        some, is_plain = one
        pages, name = links(some.subscriber_id), message_id("uid", some.subscriber_id, "brief.example")
        copy = imprint.plain_copy(
            *(some.address, some.name, some.since, pages, BY_MAIL),
            message_id=name,
            sender=sender,
            now=NOW,
        )
        assert is_plain is None or (copy is not None) is is_plain
        if copy is None:
            return
        linked = replace(some, unsubscribe_url=pages[0], preferences_url=pages[1], unsubscribe_mail=BY_MAIL)
        careful = imprint.copy(linked, message_id=name, sender=sender, now=NOW)
        assert copy == careful._replace(is_plain=True)
        assert copy.size == len(copy.content)

    check()


@pytest.mark.parametrize(
    ("base", "by_mail", "sender"),
    [
        ("https://brief.example/" + "a" * 40, BY_MAIL, "news@brief.example"),
        ("https://brief.example/a'b", BY_MAIL, "news@brief.example"),
        ("https://brief.example", "mailto:l&n@brief.example?subject=x", "news@brief.example"),
        ("https://brief.example", BY_MAIL, "néws@brief.example"),
    ],
)
def test_what_is_not_plain_for_every_id_is_not_plain(base: str, by_mail: str, sender: str) -> None:
    links = LinkSigner(public_url=base, keys=["k" * 40]).reader_pages("daily")
    assert not are_plain(links, lambda _: by_mail, lambda _: sender)


def test_what_is_plain_for_most_ids_is_plain_for_those(render: Callable[..., Rendering]) -> None:
    imprint = Imprint(render())
    links = LinkSigner(public_url="https://newsletter.company-name.example", keys=["k" * 40]).reader_pages(
        "daily"
    )
    sender = "newsletter+0000000000000-aaaaaaaaaaaaaaaaaaaa@mail.company.example"
    assert len(sender) > 64
    assert are_plain(links, lambda _: BY_MAIL, lambda _: sender)
    for number, is_plain in ((0, True), (10**6, True), (2**63 - 1, False)):
        reader = Reader(
            subscriber_id=number,
            address="ada@reader.example",
            name="Ada",
            since=NOW,
            unsubscribe_url=links(number)[0],
            unsubscribe_mail=BY_MAIL,
            preferences_url=links(number)[1],
        )
        copy = imprint.plain_copy(
            *(reader.address, reader.name, NOW, links(number), BY_MAIL),
            message_id="<1@brief.example>",
            sender=sender,
            now=NOW,
        )
        assert (copy is not None) is is_plain
        careful = imprint.copy(reader, message_id="<1@brief.example>", sender=sender, now=NOW)
        assert copy is None or copy == careful._replace(is_plain=True)


def test_the_pages_of_many_readers_are_those_of_each() -> None:
    signer = LinkSigner(public_url="https://brief.example/news", keys=["k" * 40, "old"])
    pages = signer.reader_pages("daily.weekly")
    for number in (0, 7, 35, 36, 1295, 1296, 2**63 - 1):
        assert pages(number) == (
            signer.unsubscribe_url(subscriber_id=number, list_name="daily.weekly"),
            signer.preferences_url(subscriber_id=number, list_name="daily.weekly"),
        )
