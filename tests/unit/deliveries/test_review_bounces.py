"""What a reviewer met: requests to leave that a mail program wrote in its own way."""

from __future__ import annotations

import pytest

from newsletter.deliveries.bounces import parse_feedback
from newsletter.messages.verp import read_unsubscribe_token, unsubscribe_token
from newsletter.model.feedback import FeedbackKind

KEYS = ["key-of-a-test"]
TOKEN = unsubscribe_token(17, "harbour-brief", KEYS)


@pytest.mark.parametrize("blank", [" ", "+", "%20", "%20 "])
def test_a_blank_left_encoded_by_a_mail_program_asks_to_leave_all_the_same(blank: str) -> None:
    subject = blank.join(("unsubscribe", "harbour-brief", TOKEN))
    feedback = parse_feedback(f"From: ana@reader.example\nSubject: {subject}\n\n".encode())
    target = read_unsubscribe_token(feedback.subject, KEYS)
    assert target is not None
    assert target.number == 17
    assert feedback.kind is FeedbackKind.UNSUBSCRIBE


def test_a_sentence_about_leaving_with_a_percent_sign_is_no_request() -> None:
    content = b"From: ana@reader.example\nSubject: unsubscribe%20from what, please?\n\nJust asking.\n"
    assert parse_feedback(content).kind is FeedbackKind.UNKNOWN
