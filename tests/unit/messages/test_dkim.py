"""Signatures that an independent verifier (dkimpy) finds good, until anything is touched."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import DkimKeyError, MessageRefusedError
from newsletter.messages.dkim import Signer, relaxed_body, relaxed_field
from newsletter.messages.dkim_keys import DkimKey
from newsletter.messages.imprint import build_message
from newsletter.model.keys import KeyType
from newsletter.model.messages import ListHeaders, Reader, Rendering

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
DOMAIN = "brief.example"

RSA = DkimKey.generate(KeyType.RSA, selector="s1")
ED25519 = DkimKey.generate(KeyType.ED25519, selector="s2")
SIGNER = Signer(domain=DOMAIN, keys=[RSA, ED25519])


def records_of(signer: Signer) -> dict[str, bytes]:
    records = [key.record(signer.domain) for key in signer.keys]
    return {f"{record.name}.": record.value.encode("ascii") for record in records}


def verdicts(message: bytes, signer: Signer = SIGNER, *, count: int | None = None) -> list[bool]:
    """What dkimpy says about each of the first signatures; an unreadable message is not signed well."""
    records = records_of(signer)

    def lookup(name: bytes, timeout: int = 5) -> bytes | None:
        return records.get(name.decode("ascii"))

    found = []
    for index in range(len(signer.keys) if count is None else count):
        try:
            found.append(bool(dkim.DKIM(message).verify(index, dnsfunc=lookup)))
        except (dkim.DKIMException, ValueError, KeyError, IndexError):
            found.append(False)
    return found


def signed(content: bytes, signer: Signer = SIGNER) -> bytes:
    return signer.sign(content, now=NOW) + content


def make_rendering(
    *, subject: str = "Tide", text: str = "Hello.\n", html: str = "<p>Hello.</p>\n"
) -> Rendering:
    return Rendering(
        subject=subject,
        preheader="",
        html=html,
        text=text,
        token="t0ken",
        headers=ListHeaders(
            list_name="daily",
            list_title="The Meridian Brief",
            sender_address=f"news@{DOMAIN}",
            sender_name="The Meridian Brief",
            reply_to="",
            unsubscribe_address=f"leave@{DOMAIN}",
            date=NOW,
        ),
    )


def content_of(rendering: Rendering, reader: Reader) -> bytes:
    message_id = f"<0123456789abcdef@{DOMAIN}>"
    return build_message(rendering, reader, message_id=message_id, sender=f"news@{DOMAIN}").content


def test_every_kind_of_message_verifies_with_both_keys(
    render: Callable[..., Rendering],
    reader: Reader,
    mail_reader: Reader,
    hostile_edition: object,
    right_to_left_edition: object,
) -> None:
    for rendering in (render(), render(hostile_edition), render(right_to_left_edition), render(web=False)):
        for who in (reader, mail_reader, replace(reader, name="Åsa “Ö” Lindström, " * 4)):
            assert verdicts(signed(content_of(rendering, who))) == [True, True]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\n\n\n",
        " ",
        "\t \n \n",
        "a  \n\n\n",
        ".\n..\n.\n",
        "a \t b\t\n",
        "no end",
        "é" * 500,
        "=\n=20\n",
    ],
)
def test_awkward_bodies_verify(text: str, reader: Reader) -> None:
    rendering = make_rendering(text=text, html=text)
    assert verdicts(signed(content_of(rendering, reader))) == [True, True]


@pytest.mark.parametrize(
    "subject", ["", "word " * 80, "x" * 200, "日本語の見出し" * 20, " two  blanks ", "a:b;c=d"]
)
def test_awkward_subjects_verify(subject: str, reader: Reader) -> None:
    assert verdicts(signed(content_of(make_rendering(subject=subject), reader))) == [True, True]


def test_an_address_in_raw_utf8_verifies(reader: Reader) -> None:
    content = content_of(make_rendering(), replace(reader, address="åsa@reader.example"))
    assert "åsa@".encode() in content
    assert verdicts(signed(content)) == [True, True]


@settings(max_examples=examples(60))
@given(subject=st.text(max_size=200), text=st.text(max_size=400), html=st.text(max_size=400))
def test_any_message_verifies(subject: str, text: str, html: str) -> None:
    reader = Reader(
        subscriber_id=1,
        address="ada@reader.example",
        name=subject[:40],
        since=NOW,
        unsubscribe_url="https://brief.example/u/7",
        unsubscribe_mail="mailto:leave@brief.example?subject=unsubscribe",
    )
    rendering = make_rendering(subject=subject, text=text, html=html)
    assert verdicts(signed(content_of(rendering, reader))) == [True, True]


LINES = st.lists(st.text(alphabet=" \t.aé=-", max_size=12), max_size=12)


@settings(max_examples=examples(200))
@given(lines=LINES, folds=LINES, ended=st.booleans())
def test_any_raw_message_verifies_as_servers_get_it(
    lines: list[str], folds: list[str], *, ended: bool
) -> None:
    subject = "\r\n\t".join(["Subject: a", *(fold + "b" for fold in folds)])
    body = "\r\n".join(lines) + ("\r\n" if ended else "")
    content = f"From: a@{DOMAIN}\r\n{subject}\r\n\r\n{body}".encode()
    # What ends without a line end gets one on the way (RFC 5321 section 4.1.1.4).
    arrived = content if content.endswith(b"\r\n") else content + b"\r\n"
    signer = Signer(domain=DOMAIN, keys=[ED25519])
    assert verdicts(signer.sign(content, now=NOW) + arrived, signer) == [True]


def test_servers_may_fold_lines_and_trim_spaces(reader: Reader) -> None:
    message = signed(content_of(make_rendering(subject="one two three"), reader))
    changed = message.replace(b"Subject: one two three", b"SUBJECT:one\r\n\ttwo   three \t") + b"\r\n\r\n"
    assert changed != message + b"\r\n\r\n"
    assert verdicts(changed) == [True, True]


def with_another_byte(content: bytes, place: int) -> bytes:
    # Verifiers take any white space for a line end, so that becomes a letter.
    other = b"x" if content[place] in b"\r\n" else bytes([content[place] ^ 1])
    return content[:place] + other + content[place + 1 :]


def test_no_byte_can_be_changed(reader: Reader) -> None:
    signer = Signer(domain=DOMAIN, keys=[ED25519])
    content = content_of(make_rendering(), reader)
    field = signer.sign(content, now=NOW)
    assert verdicts(field + content, signer) == [True]
    for place in range(len(content)):
        tampered = with_another_byte(content, place)
        assert verdicts(field + tampered, signer) == [False], (place, content[place - 20 : place + 20])


def test_no_byte_of_the_signature_field_can_be_changed(reader: Reader) -> None:
    signer = Signer(domain=DOMAIN, keys=[ED25519])
    content = content_of(make_rendering(), reader)
    field = signer.sign(content, now=NOW)
    # The last letter of 64 octets in base64 has bits that stand for nothing.
    for place in range(field.rindex(b"==") - 1):
        assert verdicts(with_another_byte(field, place) + content, signer) == [False], field[:place]


@pytest.mark.parametrize(
    "added",
    [
        b"From: Mallory <m@evil.example>",
        b"Subject: pay here",
        b"To: everybody@evil.example",
        b"Cc: everybody@evil.example",
        b"Reply-To: m@evil.example",
        b"Date: Tue, 24 Nov 2026 06:00:00 +0000",
        b"Message-ID: <x@evil.example>",
        b"List-Unsubscribe: <https://evil.example/>",
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        b"List-Id: <x.evil.example>",
        b"Content-Type: text/plain",
        b"MIME-Version: 1.0",
        b"Auto-Submitted: no",
    ],
)
def test_no_second_field_can_be_added(added: bytes, reader: Reader) -> None:
    content = content_of(make_rendering(), reader)
    field = SIGNER.sign(content, now=NOW)
    assert verdicts(field + added + b"\r\n" + content) == [False, False]
    assert verdicts(field + content.replace(b"\r\n\r\n", b"\r\n" + added + b"\r\n\r\n", 1)) == [False, False]


def test_no_field_can_be_removed(reader: Reader) -> None:
    content = content_of(make_rendering(), reader)
    field = SIGNER.sign(content, now=NOW)
    header = content.partition(b"\r\n\r\n")[0]
    fields = re.split(rb"\r\n(?![ \t])", header)
    assert {b"List-Unsubscribe-Post", b"List-Unsubscribe"} <= {one.partition(b":")[0] for one in fields}
    for one in fields:
        assert verdicts(field + content.replace(one + b"\r\n", b"", 1)) == [False, False], one


def test_what_servers_add_on_the_way_does_no_harm(reader: Reader) -> None:
    message = signed(content_of(make_rendering(), reader))
    added = b"Return-Path: <x@y.example>\r\nReceived: from a by b; now\r\nSender: relay@z.example\r\n"
    assert verdicts(added + message) == [True, True]


def test_what_a_server_may_supply_is_not_named_where_it_is_missing() -> None:
    message = signed(b"From: a@brief.example\r\nSubject: s\r\n\r\nbody\r\n")
    supplied = b"Date: Mon, 23 Nov 2026 06:00:00 +0000\r\nMessage-ID: <a@b.example>\r\nMIME-Version: 1.0\r\n"
    assert verdicts(supplied + message) == [True, True]


def test_several_fields_of_one_name_are_signed_from_the_last_to_the_first() -> None:
    content = b"From: a@brief.example\r\nCc: one@b.example\r\nCc: two@b.example\r\n\r\nbody\r\n"
    fields = SIGNER.sign(content, now=NOW)
    assert b"cc:cc:cc:" in re.sub(rb"\s", b"", fields)
    assert verdicts(fields + content) == [True, True]
    assert verdicts(fields + content.replace(b"Cc: one@b.example\r\n", b"")) == [False, False]


def test_the_field_says_what_it_should(reader: Reader) -> None:
    fields = SIGNER.sign(content_of(make_rendering(), reader), now=NOW)
    assert fields.endswith(b"\r\n")
    assert max(len(line) for line in fields.split(b"\r\n")) == 78
    first, second = (re.sub(rb"\s+", b" ", one).decode() for one in fields.split(b"DKIM-Signature: ")[1:])
    for field, algorithm, selector in ((first, "rsa-sha256", "s1"), (second, "ed25519-sha256", "s2")):
        tags = dict(tag.strip().split("=", 1) for tag in field.split(";"))
        assert (tags["v"], tags["a"], tags["c"]) == ("1", algorithm, "relaxed/relaxed")
        assert (tags["d"], tags["s"], tags["t"]) == (DOMAIN, selector, str(int(NOW.timestamp())))
        assert not {"l", "x"} & tags.keys()
        names = tags["h"].replace(" ", "").split(":")
        for name in (
            "from",
            "list-unsubscribe",
            "list-unsubscribe-post",
            "subject",
            "to",
            "date",
            "message-id",
        ):
            assert names.count(name) == 2, name


def test_a_long_domain_and_selector_stand_on_lines_of_their_own() -> None:
    domain = ".".join(["d" * 60] * 3 + ["example"])
    signer = Signer(domain=domain, keys=[replace(ED25519, selector="s" * 40)])
    content = b"From: a@b.example\r\n\r\n"
    fields = signer.sign(content, now=NOW)
    assert max(len(line) for line in fields.split(b"\r\n") if b" d=" not in line) <= 78
    assert verdicts(fields + content, signer) == [True]


def test_an_international_domain_signs_as_a_labels() -> None:
    signer = Signer(domain="Bücher.Example", keys=[RSA, ED25519])
    assert signer.domain == "xn--bcher-kva.example"
    assert verdicts(signed(b"From: a@b.example\r\n\r\nx\r\n", signer), signer) == [True, True]


#: RFC 8463 appendix A: message, Ed25519 key and signature.
SAMPLE = (
    b"From: Joe SixPack <joe@football.example.com>\r\n"
    b"To: Suzie Q <suzie@shopping.example.net>\r\n"
    b"Subject: Is dinner ready?\r\n"
    b"Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    b"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
    b"\r\n"
    b"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"
)
SAMPLE_KEY = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
SAMPLE_PUBLIC_KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
SAMPLE_FIELD = (
    b"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
    b" d=football.example.com; i=@football.example.com;\r\n"
    b" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
    b" subject : date : message-id : from : subject : date;\r\n"
    b" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    b" b="
)
SAMPLE_SIGNATURE = "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="


def sample_key() -> DkimKey:
    private = Ed25519PrivateKey.from_private_bytes(b64decode(SAMPLE_KEY))
    return DkimKey(selector="brisbane", private=private)


def test_the_sample_of_rfc_8463_comes_out_to_the_bit() -> None:
    header, _, body = SAMPLE.partition(b"\r\n\r\n")
    assert b64encode(sha256(relaxed_body(body)).digest()) in SAMPLE_FIELD
    covered = b"".join(relaxed_field(field) + b"\r\n" for field in header.split(b"\r\n"))
    signature = sample_key().signature(covered + relaxed_field(SAMPLE_FIELD))
    assert b64encode(signature).decode() == SAMPLE_SIGNATURE


def test_the_sample_key_has_the_record_of_rfc_8463() -> None:
    record = sample_key().record("football.example.com")
    assert record.name == "brisbane._domainkey.football.example.com"
    assert record.value == f"v=DKIM1; k=ed25519; p={SAMPLE_PUBLIC_KEY}"
    assert verdicts(
        signed(SAMPLE, Signer(domain="football.example.com", keys=[sample_key()])),
        Signer(domain="football.example.com", keys=[sample_key()]),
    ) == [True]


@pytest.mark.parametrize(
    ("body", "canonical"),
    [
        (b"", b""),
        (b"\r\n\r\n", b""),
        (b" \t\r\n \r\n", b""),
        (b" ", b""),
        (b" C \r\nD \t E\r\n\r\n\r\n", b" C\r\nD E\r\n"),
        (b"a", b"a\r\n"),
        (b"a \t", b"a\r\n"),
        (b"\r\n\ta\r\n", b"\r\n a\r\n"),
        (b"a\x0b \x0c\r\n", b"a\x0b \x0c\r\n"),
    ],
)
def test_bodies_in_relaxed_form(body: bytes, canonical: bytes) -> None:
    assert relaxed_body(body) == canonical


def test_the_header_example_of_rfc_6376() -> None:
    assert relaxed_field(b"A: X") == b"a:X"
    assert relaxed_field(b"B : Y\t\r\n\tZ  ") == b"b:Y Z"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"From: a@b.example\r\n\r\na\nb\r\n", "CR or LF stands alone"),
        (b"From: a@b.example\r\n\r\na\rb\r\n", "CR or LF stands alone"),
        (b"From: a@b.example\nTo: c@d.example\n\nx\n", "CR or LF stands alone"),
        (b"Subject: a\r\n\r\nFrom: x\r\n", "From must be there once"),
        (b"\r\nFrom: a@b.example\r\n\r\n", "is no field"),
        (b"From: a@b.example\r\nwords\r\n\r\n", "is no field"),
        (b"From: a@b.example\r\nfrom : c@d.example\r\n\r\n", "From must be there once"),
    ],
)
def test_what_cannot_be_signed_soundly_is_refused(content: bytes, problem: str) -> None:
    with pytest.raises(MessageRefusedError, match=problem):
        SIGNER.sign(content, now=NOW)


def test_a_signer_needs_keys_of_different_selectors_and_a_domain() -> None:
    with pytest.raises(DkimKeyError, match="no key"):
        Signer(domain=DOMAIN, keys=[])
    with pytest.raises(DkimKeyError, match="selector s1 names more than one key"):
        Signer(domain=DOMAIN, keys=[RSA, replace(ED25519, selector="S1")])
    for wrong in (
        "",
        "localhost",
        "127.0.0.1",
        "a..b",
        "a_b.example",
        "-a.example",
        "example.org.",
        "a b.example",
    ):
        with pytest.raises(DkimKeyError, match="is not a domain"):
            Signer(domain=wrong, keys=[RSA])
