"""What is decided about what came back, without any store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from unittest.mock import MagicMock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.deliveries.bounces import parse_feedback
from newsletter.feedback import Intake, digest_of, judge
from newsletter.messages.verp import read_unsubscribe_token, unsubscribe_token
from newsletter.model.feedback import BouncePolicy, BounceScore, FeedbackKind
from newsletter.settings import isolated
from newsletter.store.feedback import Verdict, decide_score
from newsletter.subscribe import parse_address

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
POLICY = BouncePolicy(limit=5, stale_days=7)
MESSAGE = b"Subject: Undelivered\nFrom: MAILER-DAEMON@mx.example\n\nIt did not work.\n"


def bounced_at(*moments: datetime, policy: BouncePolicy = POLICY) -> list[float | None]:
    """The score after each bounce; None where it did not count."""
    score, scores = None, []
    for moment in moments:
        after = decide_score(policy, score, now=moment)
        scores.append(after.score if after else None)
        score = after or score
    return scores


def test_a_bounce_a_day_adds_up() -> None:
    days = [NOON + timedelta(days=n) for n in range(5)]
    assert bounced_at(*days) == [1, 2, 3, 4, 5]


def test_the_second_of_a_day_does_not_count_and_days_are_those_of_utc() -> None:
    assert bounced_at(NOON, NOON + timedelta(hours=11)) == [1, None]
    midnight = NOON.replace(hour=0) + timedelta(days=1)
    assert bounced_at(midnight - timedelta(seconds=1), midnight) == [1, 2]


def test_after_a_quiet_time_the_score_starts_again() -> None:
    within, after = NOON + timedelta(days=7), NOON + timedelta(days=7, seconds=1)
    assert bounced_at(NOON, within) == [1, 2]
    assert bounced_at(NOON, after) == [1, 1]


def test_a_clock_that_was_set_back_counts_no_day_twice() -> None:
    assert bounced_at(NOON, NOON - timedelta(days=1), NOON + timedelta(days=1)) == [1, None, 2]


@given(hours=st.lists(st.integers(0, 24 * 60), max_size=60), stale_days=st.integers(1, 10))
def test_the_score_never_exceeds_the_days_since_it_began(hours: list[int], stale_days: int) -> None:
    policy = BouncePolicy(limit=5, stale_days=stale_days)
    score: BounceScore | None = None
    days: set[object] = set()
    for hour in sorted(hours):
        now = NOON + timedelta(hours=hour)
        after = decide_score(policy, score, now=now)
        days.add(now.date())
        if after is not None:
            assert after.score == 1 or (score is not None and after.score == score.score + 1)
            assert after.score <= len(days)
            score = after


@pytest.mark.parametrize(
    "same",
    [
        MESSAGE.replace(b"\n", b"\r\n"),
        MESSAGE + b"\n",
        b"Status: RO\nX-UID: 7\n" + MESSAGE,
        MESSAGE.replace(b"\n\n", b"\nX-Mozilla-Keys: a\n\tb\nContent-Length: 17\n\n", 1),
    ],
    ids=["CRLF", "mbox end", "mutt", "Thunderbird"],
)
def test_a_message_is_the_same_in_whatever_mailbox_it_lies(same: bytes) -> None:
    assert digest_of(same) == digest_of(MESSAGE)


@pytest.mark.parametrize(
    "other",
    [
        MESSAGE.replace(b"not", b"now"),
        MESSAGE.replace(b"Undelivered", b"Delivered"),
        MESSAGE + b"Status: RO\n",
        b"Status: RO",
        b"",
    ],
    ids=["body", "subject", "a line of the body", "only a header", "nothing"],
)
def test_another_message_is_another_one(other: bytes) -> None:
    assert digest_of(other) != digest_of(MESSAGE)


@given(content=st.binary(max_size=300), line=st.sampled_from([b"Status: O\n", b"X-Keywords: a\n  b\n"]))
def test_any_bytes_have_one_digest_wherever_they_lie(content: bytes, line: bytes) -> None:
    text = content.replace(b"\r", b"")
    assert digest_of(text) == digest_of(text.replace(b"\n", b"\r\n"))
    if not text.startswith((b"\n", b" ", b"\t")):
        assert digest_of(line + text) == digest_of(text)


KEYS = ("key-of-a-test",)
TOKEN = unsubscribe_token(17, "daily", KEYS)


def judged(*fields: str) -> Verdict:
    """What a mail with a token is held to mean; the store is not asked."""
    intake = Intake(
        parse=parse_feedback,
        read_return_path=lambda _: None,
        read_letter=lambda _: None,
        read_unsubscribe=lambda subject: read_unsubscribe_token(subject, KEYS),
        parse_address=parse_address,
        policy=POLICY,
    )
    store = MagicMock()
    store.feedback.reader.return_value = None
    return judge(store, parse_feedback("\n".join((*fields, "", "")).encode()), intake, now=NOON)


@pytest.mark.parametrize(
    "field",
    [
        "Auto-Submitted: auto-generated",
        "Precedence: bulk",
        "X-Auto-Response-Suppress: All",
        "Feedback-ID: x:y",
        "List-Id: <tickets.example.net>",
        "Sender: no-reply@example.net",
    ],
)
@pytest.mark.parametrize("sender", ["ana@reader.example", "no-reply@example.net"])
def test_a_request_with_a_token_counts_whatever_marks_the_mail_carries(field: str, sender: str) -> None:
    verdict = judged(f"From: {sender}", f"Subject: unsubscribe daily {TOKEN}", field)
    assert (verdict.kind, verdict.subscriber_id, verdict.list_name) == (FeedbackKind.UNSUBSCRIBE, 17, "daily")


@pytest.mark.parametrize("before", ["[EXTERNAL] ", "***SPAM*** ", "Fwd: [EXT] ", "Re: [Spam?] Re: "])
def test_a_request_with_a_token_counts_whatever_stands_before_it(before: str) -> None:
    verdict = judged("From: ana@reader.example", f"Subject: {before}unsubscribe daily {TOKEN}")
    assert (verdict.kind, verdict.subscriber_id) == (FeedbackKind.UNSUBSCRIBE, 17)


@pytest.mark.parametrize(
    ("before", "field"),
    [
        ("Re: ", "Auto-Submitted: auto-replied"),
        ("", "Auto-Submitted: auto-replied (vacation)"),
        ("Re: ", "X-Autoreply: yes"),
        ("Automatic reply: ", "X-Mailer: x"),
        ("[EXTERNAL] Out of office: ", "X-Mailer: x"),
        ("Abwesenheit: ", "X-Mailer: x"),
    ],
)
def test_an_absence_that_cites_a_token_is_no_request(before: str, field: str) -> None:
    verdict = judged("From: ana@reader.example", f"Subject: {before}unsubscribe daily {TOKEN}", field)
    assert verdict.kind is FeedbackKind.AUTOMATIC


@pytest.mark.parametrize("days", [1, 7, 31], ids=["daily", "weekly", "monthly"])
def test_an_address_that_always_bounces_reaches_the_limit_whatever_the_cadence(days: int) -> None:
    # A bounce comes back up to five days after its edition: that adds to the time between two of them.
    moments = [NOON + timedelta(days=days * n + (4 if n % 2 and days > 4 else 0)) for n in range(5)]
    assert bounced_at(*moments, policy=BouncePolicy()) == [1, 2, 3, 4, 5]


def test_the_settings_score_as_the_policy_does() -> None:
    values = isolated()
    assert BouncePolicy() == BouncePolicy(
        limit=values.bounce_score_limit, stale_days=values.bounce_stale_days
    )
