from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.deliveries.bounces import parse_feedback
from newsletter.model.feedback import FeedbackKind, ParsedFeedback

SAMPLES = {
    f"{path.parent.name}/{path.stem}": path.read_bytes()
    for path in sorted((Path(__file__).parent / "samples").rglob("*.eml"))
}
#: Folders of samples that say nothing against a mailbox.
HARMLESS = ("automatic/", "unknown/", "unsubscribe/", "complaint/")
FIELDS = [
    b"From: MAILER-DAEMON@mx.example",
    b"Subject: failure notice",
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b",
    b"Content-Type: message/delivery-status",
    b"Content-Type: text/html; charset=utf-16",
    b"Content-Type: text/plain; charset=nothing",
    b"Content-Transfer-Encoding: base64",
    b"Content-Transfer-Encoding: quoted-printable",
    b"Final-Recipient: rfc822; ana@reader.example",
    b"X-Failed-Recipients: ana@reader.example",
    b"Action: failed",
    b"Status: 5.1.1",
    b"Subject: =?utf-8?q?=ff?= =?x?b?!?=",
    b"550 5.1.1 user unknown",
    b"<ana@reader.example>:",
    b"--b",
    b"--b--",
    b"",
    b" folded",
]


def check(feedback: ParsedFeedback) -> None:
    """What holds for any mail whatsoever."""
    if feedback.kind is FeedbackKind.HARD_BOUNCE:
        assert feedback.recipients
    for text in (feedback.reason, feedback.subject, *feedback.recipients, *feedback.return_paths):
        assert "\n" not in text
        assert "\r" not in text
        text.encode("utf-8")
    assert len(feedback.reason) <= 300
    assert len(feedback.return_paths) <= 50
    assert len(feedback.message_ids) <= 50


@given(st.binary(max_size=2_000))
def test_any_bytes_can_be_read(content: bytes) -> None:
    check(parse_feedback(content))


@given(st.lists(st.sampled_from(FIELDS) | st.binary(max_size=20), max_size=40))
def test_any_lines_of_a_report_can_be_read(lines: list[bytes]) -> None:
    check(parse_feedback(b"\n".join(lines)))


@given(
    st.sampled_from(sorted(SAMPLES)),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3), st.binary(max_size=6)), max_size=8),
)
def test_damaged_samples_can_be_read(name: str, damages: list[tuple[float, int, bytes]]) -> None:
    content = SAMPLES[name]
    for share, width, piece in damages:
        place = int(share * len(content))
        content = content[:place] + piece + content[place + width :]
    check(parse_feedback(content))


@given(st.sampled_from([name for name in SAMPLES if name.startswith(HARMLESS)]), st.floats(0, 1))
def test_no_part_of_a_harmless_mail_is_a_hard_bounce(name: str, share: float) -> None:
    content = SAMPLES[name]
    for part in (content[: int(share * len(content))], content[int(share * len(content)) :]):
        check(parse_feedback(part))
    assert parse_feedback(content[: int(share * len(content))]).kind is not FeedbackKind.HARD_BOUNCE


@pytest.mark.sweep
@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_can_be_cut_anywhere(name: str) -> None:
    content = SAMPLES[name]
    for length in range(len(content)):
        feedback = parse_feedback(content[:length])
        check(feedback)
        if name.startswith(HARMLESS):
            assert feedback.kind is not FeedbackKind.HARD_BOUNCE


@pytest.mark.sweep
@settings(max_examples=5_000)
@given(st.lists(st.sampled_from(FIELDS) | st.binary(max_size=60), max_size=80))
def test_many_lines_of_a_report_can_be_read(lines: list[bytes]) -> None:
    check(parse_feedback(b"\n".join(lines)))


MEGABYTE = 1_000_000
REPORT = b"From: MAILER-DAEMON@mx.example\nSubject: failure notice\n"
#: Each took more than ten seconds, or every frame of the stack, before there was a bound for it.
BOMBS = {
    "parameters": b'Content-Type: multipart/mixed; a="' + b";" * MEGABYTE,
    "folded parameters": b'Content-Type: multipart/mixed; a="' + b"\n ;;;;;;;;" * (MEGABYTE // 10),
    "comments": b"From: " + b"(" * MEGABYTE,
    "mails in mails": b"Content-Type: message/rfc822\n\n" * 20_000,
    "parts in parts": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(5_000)
    ),
    "empty parts": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 200_000,
    "empty groups": REPORT + b"Content-Type: message/delivery-status\n\n" + b"\n" * MEGABYTE,
    "many groups": REPORT + b"Content-Type: message/delivery-status\n\n" + b"a:b\n\n" * 200_000,
    "fields": b"a:b\n" * (MEGABYTE // 4),
    "one long line": REPORT + b"\nYour message\nfailed addresses follow:\n" + b"a" * MEGABYTE,
    "one long address": REPORT + b"\nYour message\nfailed addresses follow:\n" + b"a@" * (MEGABYTE // 2),
    "open tags": REPORT + b"Content-Type: text/html\n\n" + b"<div " * (MEGABYTE // 5),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_read_within_its_bounds(name: str) -> None:
    check(parse_feedback(BOMBS[name]))
