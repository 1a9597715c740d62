from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.deliveries.bounces import parse_feedback
from newsletter.model.feedback import FeedbackKind, ParsedFeedback

SAMPLES = Path(__file__).parent / "samples"
#: The folder that a sample lies in says what it is.
KINDS = {
    "hard": FeedbackKind.HARD_BOUNCE,
    "soft": FeedbackKind.SOFT_BOUNCE,
    "complaint": FeedbackKind.COMPLAINT,
    "unsubscribe": FeedbackKind.UNSUBSCRIBE,
    "automatic": FeedbackKind.AUTOMATIC,
    "unknown": FeedbackKind.UNKNOWN,
}
#: What every sample uses: our return path, our Message-ID, our reader.
RETURN_PATH = "bounces+16-abcdefghijklmnop2345@letters.example.org"
MESSAGE_ID = "<0123456789abcdef0123456789abcdef@letters.example.org>"
READER = "ana.roe@reader.example"


#: Vague, about us or the message, or likely to pass.
VAGUE_OR_SOFT = [
    "5.0.0",
    "5.1.0",
    "5.1.4",
    "5.1.7",
    "5.1.8",
    "5.2.0",
    "5.2.2",
    "5.2.3",
    "5.3.4",
    "5.4.4",
    "5.5.0",
    "5.5.3",
    "5.6.0",
    "5.7.0",
    "5.7.1",
    "5.7.13",
    "5.7.26",
    "4.2.2",
    "4.4.7",
    "4.1.1",
    "550",
    "5.11.1",
    "none",
]


def names(*folders: str) -> list[str]:
    found = [f"{path.parent.name}/{path.stem}" for path in sorted(SAMPLES.rglob("*.eml"))]
    return [name for name in found if not folders or name.partition("/")[0] in folders]


def read(name: str) -> bytes:
    return (SAMPLES / f"{name}.eml").read_bytes()


def parsed(name: str) -> ParsedFeedback:
    return parse_feedback(read(name))


def mail(*fields: str, body: str = "") -> bytes:
    return "\n".join([*fields, "", body]).encode()


def report(
    *groups: str, words: str = "Sorry.", before: str = "", sender: str = "MAILER-DAEMON@mx.example"
) -> bytes:
    """Return a delivery report with groups of fields."""
    return mail(
        f"From: {sender}",
        "Subject: Undelivered",
        f"To: {RETURN_PATH}",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b",
        body="\n".join(
            (
                *("--b", "", words),
                *(
                    "--b",
                    "Content-Type: message/delivery-status",
                    "",
                    before or "Reporting-MTA: dns; mx.example",
                ),
                *(f"\n{group}" for group in groups),
                "--b--",
            )
        ),
    )


def failed(status: str, diagnostic: str = "", recipient: str = READER) -> str:
    fields = [f"Final-Recipient: rfc822; {recipient}", "Action: failed", f"Status: {status}"]
    return "\n".join([*fields, *([f"Diagnostic-Code: smtp; {diagnostic}"] if diagnostic else [])])


def test_there_are_enough_samples_of_each_kind() -> None:
    assert len(names()) >= 120
    assert {name.partition("/")[0] for name in names()} == KINDS.keys()


@pytest.mark.parametrize("name", names())
def test_a_sample_is_what_its_folder_says(name: str) -> None:
    assert parsed(name).kind is KINDS[name.partition("/")[0]]


@pytest.mark.parametrize("name", names("hard", "soft", "complaint"))
def test_what_counts_against_a_reader_cites_our_mail(name: str) -> None:
    feedback = parsed(name)
    assert RETURN_PATH in feedback.return_paths or MESSAGE_ID in feedback.message_ids


@pytest.mark.parametrize("name", names("hard"))
def test_a_hard_bounce_names_its_recipient_and_a_reason(name: str) -> None:
    feedback = parsed(name)
    assert READER in feedback.recipients
    assert feedback.reason.isprintable()
    assert 1 <= len(feedback.reason) <= 300


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("ending", [b"\r\n", b"\r"])
def test_line_ends_do_not_matter(name: str, ending: bytes) -> None:
    content = read(name).replace(b"\r\n", b"\n")
    if b"\r" not in content:
        assert parse_feedback(content.replace(b"\n", ending)) == parse_feedback(content)


@pytest.mark.parametrize(
    ("name", "status", "reason"),
    [
        ("hard/postfix_user_unknown", "5.1.1", "User unknown in local recipient table"),
        ("hard/qmail_no_mailbox", "5.1.1", "Sorry, no mailbox here by that name. (#5.1.1)"),
        ("hard/exchange_online_not_found", "5.1.10", "RESOLVER.ADR.RecipientNotFound"),
        ("hard/opensmtpd_error", "5.1.1", "550 5.1.1 no such user"),
        ("soft/mailbox_full", "5.2.2", "552 5.2.2 Mailbox full"),
        ("soft/dead_and_full", "5.2.2", "quota"),
        ("soft/expired", "4.4.1", "Connection timed out"),
        ("soft/yahoo_over_quota", "", "This account is over quota."),
        ("soft/qmail_without_words", "", "failure notice"),
    ],
)
def test_status_and_reason_are_told(name: str, status: str, reason: str) -> None:
    feedback = parsed(name)
    assert feedback.status == status
    assert reason in feedback.reason


def test_an_unsubscribe_mail_is_told_with_its_words() -> None:
    feedback = parsed("unsubscribe/folded_token")
    assert feedback.subject == "unsubscribe daily 16-abcdefghijklmnop2345"
    assert feedback.sender == READER
    assert feedback.return_paths == (RETURN_PATH,)
    assert parsed("unsubscribe/japanese").subject == "配信停止"


def test_every_recipient_of_a_report_is_told() -> None:
    assert parsed("hard/two_dead_mailboxes").recipients == (READER, "second@reader.example")
    assert parsed("soft/one_mailbox_of_two_works").recipients == (READER,)


def test_an_envelope_id_is_read_out_of_xtext() -> None:
    assert parsed("hard/envelope_id_only").message_ids == (MESSAGE_ID,)


def test_a_complaint_whose_reader_is_struck_out_still_cites_us() -> None:
    assert RETURN_PATH in parsed("complaint/abuse_redacted").return_paths
    assert parsed("complaint/abuse_only_message_id").message_ids == (MESSAGE_ID,)
    assert parsed("complaint/junk_button_report").recipients == (READER,)


@pytest.mark.parametrize(
    "field", ["Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To", "Cc", "DELIVERED-TO"]
)
def test_the_address_that_it_came_to_is_a_return_path(field: str) -> None:
    content = mail(f"{field}: Someone <{RETURN_PATH}>", "Subject: hello")
    assert parse_feedback(content).return_paths == (RETURN_PATH,)


@pytest.mark.parametrize("status", ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"])
def test_these_codes_say_that_a_mailbox_is_gone(status: str) -> None:
    assert parse_feedback(report(failed(status))).kind is FeedbackKind.HARD_BOUNCE
    assert parse_feedback(report(failed("5.0.0", f"550 {status} no"))).kind is FeedbackKind.HARD_BOUNCE


@pytest.mark.parametrize(
    "status",
    VAGUE_OR_SOFT,
)
def test_these_do_not(status: str) -> None:
    assert parse_feedback(report(failed(status))).kind is FeedbackKind.SOFT_BOUNCE


@pytest.mark.parametrize(
    "words",
    [
        "550 user unknown",
        "550 Unknown recipient",
        "550 No such user",
        "550 no mailbox here by that name",
        "550 The email account that you tried to reach does not exist",
        "550 unrouteable address",
        "550 account has been disabled",
        "550 Empfänger unbekannt",
        "550 cette adresse n'existe pas",
        "550 el buzón no existe",
        "550 l'indirizzo non esiste",
        "550 收件人不存在",
        "550 spam.box@full.example: user unknown",
    ],
)
def test_words_tell_where_the_code_does_not(words: str) -> None:
    assert parse_feedback(report(failed("5.0.0", words))).kind is FeedbackKind.HARD_BOUNCE


@pytest.mark.parametrize(
    "words",
    [
        "552 mailbox full",
        "550 user unknown or over quota",
        "550 no such user, try again later",
        "550 user unknown: blocked by policy",
        "554 rejected as spam",
        "550 listed at the list",
        "550 relaying denied: user unknown",
        "553 sender address does not exist",
        "550 Sender verify failed: user unknown",
        "550 return path does not exist: no such user",
        "550 your account is disabled",
        "450 user unknown",
        "451 no such user here",
        "550 unknown mail transport error",
        "550 user's directory does not exist",
        "550 message refused",
        "",
    ],
)
@pytest.mark.parametrize("status", ["5.1.1", "5.0.0"])
def test_words_of_doubt_outweigh_any_code(words: str, status: str) -> None:
    if words in ("", "550 unknown mail transport error", "550 message refused") and status == "5.1.1":
        status = "5.3.0"
    assert parse_feedback(report(failed(status, words))).kind is FeedbackKind.SOFT_BOUNCE


@pytest.mark.parametrize(
    "words",
    [
        "553 https://blocklist.example/query?ip=192.0.2.1",
        "550 5.1.1 refused, see https://policy.example/spam",
        "550 5.1.1 Refused due to recipient preferences",
        "550 Requested action not taken: mailbox unavailable",
        "550 rejected",
        "550",
    ],
)
def test_a_code_that_the_report_guessed_is_not_believed(words: str) -> None:
    told = "550 5.1.1 <ana.roe@reader.example>... User unknown"
    assert parse_feedback(report(failed("5.1.1", words), words=told)).kind is FeedbackKind.SOFT_BOUNCE


def test_an_expired_mail_is_a_soft_bounce() -> None:
    group = failed("5.1.1", "550 5.1.1 user unknown").replace("failed", "expired")
    assert parse_feedback(report(group)).kind is FeedbackKind.SOFT_BOUNCE


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        (["<ana@reader.example>:", "No such user"], FeedbackKind.HARD_BOUNCE),
        (["ana@reader.example [User unknown]"], FeedbackKind.HARD_BOUNCE),
        (["<<< 550 <ana@reader.example>: User unknown"], FeedbackKind.HARD_BOUNCE),
        (
            ["<a@reader.example>:", "No such user", "<b@reader.example>:", "No such user"],
            FeedbackKind.SOFT_BOUNCE,
        ),
        (
            ["<a@reader.example>:", "No such user", "<b@reader.example>:", "Went wrong"],
            FeedbackKind.SOFT_BOUNCE,
        ),
        (
            ["550 a@reader.example: no such user", "554 b@reader.example: went wrong"],
            FeedbackKind.SOFT_BOUNCE,
        ),
        ([f"550 <{RETURN_PATH}>: no such user"], FeedbackKind.SOFT_BOUNCE),
        (["No such user"], FeedbackKind.SOFT_BOUNCE),
    ],
)
def test_plain_words_must_name_a_recipient_and_his_refusal(lines: list[str], kind: FeedbackKind) -> None:
    fields = ("From: MAILER-DAEMON@mx.example", "Subject: Undelivered mail", f"To: {RETURN_PATH}")
    assert parse_feedback(mail(*fields, body="\n".join(["It came back.", "", *lines]))).kind is kind


def test_an_action_decides_before_any_status() -> None:
    for action in ("delayed", "relayed", "delivered", "expanded", "Delayed (still trying)"):
        group = failed("5.1.1", "550 5.1.1 user unknown").replace("failed", action)
        assert parse_feedback(report(group)).kind is FeedbackKind.AUTOMATIC


def test_the_headline_of_the_returned_mail_is_no_evidence() -> None:
    words = "Your message\n\n  Subject: Unknown user: 550 5.1.1 user unknown, no such user\n\ncame back."
    assert parse_feedback(report(failed("5.0.0"), words=words)).kind is FeedbackKind.SOFT_BOUNCE
    copied = "It came back.\n\n----- Original message -----\n\n550 5.1.1 user unknown"
    assert parse_feedback(report(failed("5.0.0"), words=copied)).kind is FeedbackKind.SOFT_BOUNCE
    doubtful = "Your message\n\n  Subject: Spam filters blocked, mailbox full\n\ncame back."
    assert parse_feedback(report(failed("5.1.1"), words=doubtful)).kind is FeedbackKind.HARD_BOUNCE


def test_the_version_of_a_program_is_no_status() -> None:
    words = "Gateway 5.1.1 could not pass your mail on."
    assert parse_feedback(report(failed("5.0.0"), words=words)).kind is FeedbackKind.SOFT_BOUNCE


def test_an_original_recipient_that_differs_makes_a_bounce_soft() -> None:
    group = f"Original-Recipient: rfc822;list@example.org\n{failed('5.1.1')}"
    assert parse_feedback(report(group)).kind is FeedbackKind.SOFT_BOUNCE
    same = f"Original-Recipient: rfc822;<{READER.upper()}>\n{failed('5.1.1')}"
    assert parse_feedback(report(same)).kind is FeedbackKind.HARD_BOUNCE


def test_a_page_is_read_where_the_plain_text_is_empty() -> None:
    parts = (
        "--b",
        "",
        "  ",
        "--b",
        "Content-Type: text/html",
        "",
        "<p>Sorry.<br>&lt;ana@reader.example&gt;:",
    )
    body = "\n".join((*parts, "<b>No such</b> user</p>", "--b--"))
    fields = (
        "From: postmaster@mx.example",
        "Content-Type: multipart/alternative; boundary=b",
        "Subject: Returned mail",
    )
    feedback = parse_feedback(mail(*fields, body=body))
    assert feedback.kind is FeedbackKind.HARD_BOUNCE
    assert feedback.recipients == ("ana@reader.example",)


def test_addresses_in_quotes_and_comments_are_nobodys() -> None:
    content = mail(
        'From: "ceo@firm.example, Ana" (bo@firm.example) <ana@reader.example>', "Subject: unsubscribe"
    )
    feedback = parse_feedback(content)
    assert feedback.sender == "ana@reader.example"
    assert feedback.kind is FeedbackKind.UNSUBSCRIBE


@pytest.mark.parametrize(
    "field",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated",
        "Auto-Submitted: auto-notified; owner-email=x@example.org",
        "Precedence: auto_reply",
        "Precedence: bulk",
        "Precedence: Junk",
        "X-Autoreply: yes",
        "X-Autorespond: The Harbour Brief",
        "X-Auto-Response-Suppress: DR, OOF, AutoReply",
        "List-Id: <other.example.org>",
    ],
)
def test_a_machine_neither_bounces_nor_leaves(field: str) -> None:
    body = "unsubscribe\n\n<ana.roe@reader.example>:\nSorry, no mailbox here by that name. (#5.1.1)"
    content = mail(f"From: {READER}", "Subject: unsubscribe", field, body=body)
    assert parse_feedback(content).kind is FeedbackKind.AUTOMATIC


def test_a_person_is_no_machine_for_saying_so() -> None:
    content = mail(f"From: {READER}", "Subject: unsubscribe daily", "Auto-Submitted: no")
    assert parse_feedback(content).kind is FeedbackKind.UNSUBSCRIBE
