"""What a reply means: pure decisions, by table and by rules that hold for every reply."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.deliveries.verdicts import Concern, judge
from newsletter.model.deliveries import Reply, SendOutcome, SendPhase
from newsletter.model.feedback import BounceKind

O = SendOutcome  # noqa: E741
P = SendPhase
B = BounceKind
C = Concern

SESSION = (P.MAIL, P.RCPT, P.DATA, P.CONTENT)
BEFORE = (P.CONNECT, P.EHLO, P.STARTTLS, P.AUTH)


def reply(phase: SendPhase, code: int, enhanced: str = "", text: str = "words") -> Reply:
    return Reply(phase=phase, code=code, text=f"{enhanced} {text}".strip(), enhanced=enhanced)


@pytest.mark.parametrize(
    ("phase", "code", "outcome", "concern"),
    [
        (P.MAIL, 250, O.ACCEPTED, C.RECIPIENT),
        (P.RCPT, 251, O.ACCEPTED, C.RECIPIENT),
        (P.DATA, 354, O.ACCEPTED, C.RECIPIENT),
        (P.DATA, 250, O.DEFERRED, C.RECIPIENT),
        (P.CONTENT, 250, O.ACCEPTED, C.RECIPIENT),
        (P.CONTENT, 299, O.ACCEPTED, C.RECIPIENT),
        (P.CONTENT, 354, O.UNCERTAIN, C.RECIPIENT),
        (P.CONTENT, 0, O.UNCERTAIN, C.RECIPIENT),
        (P.RCPT, 0, O.DEFERRED, C.RECIPIENT),
        (P.DATA, 0, O.DEFERRED, C.RECIPIENT),
        (P.MAIL, 0, O.DEFERRED, C.SERVER),
        (P.MAIL, 421, O.DEFERRED, C.SERVER),
        (P.RCPT, 421, O.DEFERRED, C.RECIPIENT),
        (P.MAIL, 451, O.DEFERRED, C.SENDER),
        (P.MAIL, 550, O.FAILED, C.SENDER),
        (P.CONNECT, 554, O.FAILED, C.SERVER),
        (P.CONNECT, 450, O.DEFERRED, C.SERVER),
        (P.STARTTLS, 454, O.DEFERRED, C.SERVER),
        (P.AUTH, 454, O.DEFERRED, C.SERVER),
        (P.AUTH, 535, O.FAILED, C.SERVER),
        (P.RCPT, 530, O.FAILED, C.SERVER),
        (P.RCPT, 552, O.DEFERRED, C.RECIPIENT),
        (P.CONTENT, 552, O.FAILED, C.RECIPIENT),
    ],
)
def test_what_a_code_alone_means(phase: P, code: int, outcome: O, concern: C) -> None:
    verdict = judge(reply(phase, code))
    assert (verdict.outcome, verdict.concern) == (outcome, concern)


@pytest.mark.parametrize("phase", [P.RCPT, P.CONTENT])
@pytest.mark.parametrize(
    ("code", "enhanced", "bounce"),
    [
        (550, "5.1.1", B.HARD),
        (550, "5.1.2", B.HARD),
        (501, "5.1.3", B.HARD),
        (550, "5.1.6", B.HARD),
        (550, "5.1.10", B.HARD),
        (550, "5.2.1", B.HARD),
        (550, "5.1.0", B.SOFT),
        (550, "5.2.0", B.SOFT),
        (550, "5.2.2", B.SOFT),
        (550, "5.2.3", B.SOFT),
        (550, "5.4.1", B.SOFT),
        (550, "5.4.4", B.SOFT),
        (550, "5.3.0", B.NONE),
        (550, "5.5.0", B.NONE),
        (554, "5.6.0", B.NONE),
        (554, "5.7.1", B.NONE),
        (550, "5.7.0", B.NONE),
        (550, "5.7.26", B.NONE),
        (550, "5.1.100", B.NONE),
    ],
)
def test_what_an_enhanced_code_says_about_the_mailbox(phase: P, code: int, enhanced: str, bounce: B) -> None:
    verdict = judge(reply(phase, code, enhanced))
    assert (verdict.outcome, verdict.concern, verdict.bounce) == (O.FAILED, C.RECIPIENT, bounce)


@pytest.mark.parametrize("phase", [P.RCPT, P.DATA, P.CONTENT])
@pytest.mark.parametrize(
    ("enhanced", "text"),
    [
        ("5.2.1", "The user is receiving mail at a rate that prevents more; resend it at a later time."),
        ("5.1.1", "Message rejected by policy: suspected spam"),
        ("5.1.2", "DNS temporary failure, try again later"),
        ("5.1.1", "sender IP is blocked using zen.spamhaus.org"),
        ("5.2.1", "mailbox temporarily disabled, over quota"),
        ("5.1.1", "rejected, see https://www.spamhaus.org/query/ip/192.0.2.1"),
    ],
)
def test_words_that_speak_against_a_hard_code_make_it_soft(phase: P, enhanced: str, text: str) -> None:
    verdict = judge(reply(phase, 550, enhanced, text))
    assert (verdict.outcome, verdict.bounce) == (O.FAILED, B.SOFT)


@pytest.mark.parametrize(
    ("enhanced", "text"),
    [
        (
            "5.1.1",
            "<quota-spam@example.org>: Recipient address rejected: User unknown in virtual mailbox table",
        ),
        ("5.2.1", "The email account that you tried to reach is disabled."),
        ("5.1.2", "no such domain"),
    ],
)
def test_words_that_bear_a_hard_code_out_leave_it_hard(enhanced: str, text: str) -> None:
    assert judge(reply(P.RCPT, 550, enhanced, text)).bounce is B.HARD


@pytest.mark.parametrize("code", [550, 551, 553, 554])
def test_a_refusal_without_a_reason_is_soft_at_rcpt_and_none_after_the_content(code: int) -> None:
    assert judge(reply(P.RCPT, code, text="user unknown")).bounce is B.SOFT
    assert judge(reply(P.CONTENT, code)).bounce is B.NONE


@pytest.mark.parametrize(("code", "enhanced"), [(550, "4.2.2"), (450, "5.1.1"), (554, "4.7.1")])
@pytest.mark.parametrize("phase", [*SESSION, *BEFORE])
def test_where_the_codes_disagree_the_milder_one_holds(phase: P, code: int, enhanced: str) -> None:
    verdict = judge(reply(phase, code, enhanced))
    assert (verdict.outcome, verdict.bounce) == (O.DEFERRED, B.NONE)


@pytest.mark.parametrize(
    ("code", "enhanced", "sized", "concern"),
    [
        (552, "5.3.4", False, C.RECIPIENT),
        (552, "", True, C.RECIPIENT),
        (552, "", False, C.SENDER),
        (552, "5.2.2", True, C.SENDER),
        (452, "4.3.1", True, C.SENDER),
    ],
)
def test_a_message_too_big_is_no_fault_of_its_sender(
    code: int, enhanced: str, sized: bool, concern: C
) -> None:
    verdict = judge(reply(P.MAIL, code, enhanced), sized=sized)
    assert (verdict.concern, verdict.bounce) == (concern, B.NONE)


@pytest.mark.parametrize("code", [450, 553])
def test_a_refused_smtputf8_concerns_this_recipient_alone(code: int) -> None:
    assert judge(reply(P.MAIL, code), smtputf8=True).concern is C.RECIPIENT


@pytest.mark.parametrize(
    ("code", "enhanced", "text", "concern"),
    [
        (550, "5.7.0", "Authentication required", C.SERVER),
        (530, "5.7.0", "Must issue a STARTTLS command first", C.SERVER),
        (554, "5.7.0", "Reject, unauthenticated mail is prohibited", C.RECIPIENT),
        (550, "5.7.26", "This mail is unauthenticated", C.RECIPIENT),
        (550, "5.1.8", "Sender domain not found", C.SENDER),
        (553, "5.7.1", "<d@example.org>: Sender address rejected: not owned by user me", C.SENDER),
        (550, "5.1.1", "Recipient address rejected", C.RECIPIENT),
    ],
)
def test_whom_a_refusal_at_rcpt_concerns(code: int, enhanced: str, text: str, concern: C) -> None:
    assert judge(reply(P.RCPT, code, enhanced, text)).concern is concern


@pytest.mark.parametrize(
    "text", ["Relay access denied", "relaying denied", "Unable to relay", "relay not permitted, who are you?"]
)
def test_a_server_that_does_not_relay_for_us_fails_nobody(text: str) -> None:
    verdict = judge(reply(P.RCPT, 554, "5.7.1", text))
    assert (verdict.outcome, verdict.bounce, verdict.goes_on) == (O.DEFERRED, B.NONE, True)


def test_what_is_refused_before_its_end_is_certain_and_ends_the_session() -> None:
    verdict = judge(reply(P.CONTENT, 552, "5.3.4"), ended=False)
    assert (verdict.outcome, verdict.goes_on) == (O.FAILED, False)
    for code in (0, 250, 354):
        verdict = judge(reply(P.CONTENT, code), ended=False)
        assert (verdict.outcome, verdict.goes_on) == (O.DEFERRED, False)


phases = st.sampled_from([*SESSION, *BEFORE])
codes = st.one_of(st.just(0), st.integers(200, 599))
statuses = st.one_of(
    st.just(""),
    st.builds("{}.{}.{}".format, st.sampled_from([2, 4, 5]), st.integers(0, 8), st.integers(0, 61)),
)
texts = st.sampled_from(
    ["words", "Relay access denied", "Sender address rejected", "authentication required"]
)


@given(phases, codes, statuses, texts, st.booleans(), st.booleans(), st.booleans())
def test_rules_that_hold_for_every_reply(
    phase: P, code: int, enhanced: str, text: str, ended: bool, smtputf8: bool, sized: bool
) -> None:
    verdict = judge(reply(phase, code, enhanced, text), ended=ended, smtputf8=smtputf8, sized=sized)
    if verdict.outcome is O.ACCEPTED:
        assert code // 100 == (3 if phase is P.DATA else 2)
    if verdict.outcome is O.UNCERTAIN:
        assert phase is P.CONTENT
        assert ended
        assert code < 400
    if verdict.outcome is O.FAILED:
        assert code >= 500
        assert not enhanced.startswith("4")
    if verdict.bounce is not B.NONE:
        assert (verdict.outcome, verdict.concern) == (O.FAILED, C.RECIPIENT)
        assert phase in {P.RCPT, P.DATA, P.CONTENT}
    if verdict.bounce is B.HARD:
        assert enhanced.startswith(("5.1.", "5.2."))
    if verdict.concern is not C.RECIPIENT and phase in {P.DATA, P.CONTENT}:
        assert (verdict.outcome, verdict.backs_off) == (O.DEFERRED, True)
    if code < 400 and verdict.outcome is not O.ACCEPTED:
        assert not verdict.goes_on
    if code == 421:
        assert (verdict.outcome, verdict.goes_on, verdict.backs_off) == (O.DEFERRED, False, True)
