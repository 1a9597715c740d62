"""MAIL and RCPT as far as the server's extensions allow."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.deliveries.envelope import Envelope, make_envelope, xtext
from newsletter.errors import SenderRefusedError
from newsletter.model.deliveries import Reply, SendPhase
from newsletter.model.messages import Message

EVERYTHING = {"size": "1000", "dsn": "", "smtputf8": ""}


def make(
    recipient: str = "ada@example.org",
    *,
    sender: str = "d+1=x@news.example.org",
    message_id: str = "<1.2@example.org>",
    size: int = 500,
    extensions: dict[str, str] | None = None,
) -> Envelope | Reply:
    message = Message(sender=sender, recipient=recipient, message_id=message_id, pieces=())
    return make_envelope(message, size=size, extensions=EVERYTHING if extensions is None else extensions)


def test_everything_that_is_offered_is_used() -> None:
    envelope = make()
    assert isinstance(envelope, Envelope)
    assert envelope.mail == "MAIL FROM:<d+1=x@news.example.org> SIZE=500 RET=HDRS ENVID=1.2@example.org"
    assert envelope.rcpt == "RCPT TO:<ada@example.org> NOTIFY=FAILURE ORCPT=rfc822;ada@example.org"
    assert (envelope.sized, envelope.smtputf8) == (True, False)


def test_nothing_else_is() -> None:
    envelope = make(extensions={})
    assert isinstance(envelope, Envelope)
    assert (envelope.mail, envelope.rcpt) == (
        "MAIL FROM:<d+1=x@news.example.org>",
        "RCPT TO:<ada@example.org>",
    )


def test_a_domain_in_a_labels_needs_no_extension() -> None:
    envelope = make("ada@xn--mnchen-3ya.example", extensions={})
    assert isinstance(envelope, Envelope)
    assert envelope.rcpt == "RCPT TO:<ada@xn--mnchen-3ya.example>"


def test_a_local_part_in_other_letters_asks_for_smtputf8_and_names_no_ascii_recipient() -> None:
    envelope = make("\u00fcnal@example.org")
    assert isinstance(envelope, Envelope)
    assert " SMTPUTF8" in envelope.mail
    assert envelope.rcpt == "RCPT TO:<\u00fcnal@example.org> NOTIFY=FAILURE"
    assert envelope.smtputf8


@pytest.mark.parametrize(
    ("recipient", "size", "extensions", "words"),
    [
        ("\u00fcnal@example.org", 1, {}, "needs SMTPUTF8"),
        ("ada@example.org", 1001, {"size": "1000"}, "the message has 1001 bytes"),
        ("ada@example.org>", 1, EVERYTHING, "not an address"),
        ("ada@example.org\nDATA", 1, EVERYTHING, "not an address"),
        ("ada@example.org\x85x", 1, EVERYTHING, "not an address"),
        ("ada@example.org\u2028x", 1, EVERYTHING, "not an address"),
        ("ada\ud800@example.org", 1, EVERYTHING, "not an address"),
        ("", 1, EVERYTHING, "not an address"),
        ("postmaster", 1, EVERYTHING, "not an address"),
    ],
)
def test_what_cannot_go(recipient: str, size: int, extensions: dict[str, str], words: str) -> None:
    obstacle = make(recipient, size=size, extensions=extensions)
    assert isinstance(obstacle, Reply)
    assert words in obstacle.text
    assert obstacle.phase is (SendPhase.MAIL if "bytes" in words else SendPhase.RCPT)


@pytest.mark.parametrize("limit", ["", "0", "500", "unlimited", "1000 and more"])
def test_a_limit_that_allows_it_or_says_nothing_is_none(limit: str) -> None:
    assert isinstance(make(extensions={"size": limit}), Envelope)


@pytest.mark.parametrize("sender", ["a@b>\r\nRCPT TO:<c@d", "a b@c", "\u00fc@example.org"])
def test_a_sender_that_cannot_be_said_is_refused(sender: str) -> None:
    with pytest.raises(SenderRefusedError, match="check BOUNCE_ADDRESS, or SENDER_ADDRESS") as caught:
        make(sender=sender, extensions={})
    assert caught.value.permanent


@pytest.mark.parametrize("message_id", ["<>", "<" + "x" * 101 + ">", "<\u00fc@x>"])
def test_a_message_id_that_fits_no_envid_is_left_out(message_id: str) -> None:
    envelope = make(message_id=message_id)
    assert isinstance(envelope, Envelope)
    assert "ENVID" not in envelope.mail
    assert "RET=HDRS" in envelope.mail


@given(st.text(), st.text(), st.text())
def test_no_address_makes_a_second_line_or_parameter(sender: str, recipient: str, message_id: str) -> None:
    try:
        envelope = make(recipient, sender=sender, message_id=message_id)
    except SenderRefusedError:
        return
    if isinstance(envelope, Envelope):
        lines = envelope.mail + envelope.rcpt
        assert not re.search(r"[\x00-\x1f\x7f]", lines)
        assert envelope.mail.count(" ") <= 5
        assert envelope.rcpt.count(" ") <= 3
        lines.encode()


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_xtext_can_be_read_back_and_holds_nothing_else(text: str) -> None:
    encoded = xtext(text)
    assert re.fullmatch(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*", encoded)
    assert re.sub(r"\+(..)", lambda m: chr(int(m[1], 16)), encoded) == text
