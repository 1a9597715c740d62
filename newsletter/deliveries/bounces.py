"""Feedback: a mail that came back, read for what it says about a reader.

Whether to believe it is decided elsewhere.

A wrong suppression costs a reader and says nothing; a bounce that is missed comes again. So every doubt
is settled towards the milder reading.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from newsletter.deliveries.autoreplies import asks_to_leave, is_absence, is_answer, is_automatic
from newsletter.deliveries.citations import cited_ids, cited_paths, report_recipients
from newsletter.deliveries.mailparts import Fields, ReceivedMail, addresses, first, read_mail
from newsletter.deliveries.notices import flufl_failures, named_recipients, notice_of
from newsletter.deliveries.refusals import (
    best_status,
    count_gone,
    is_delayed,
    judge_refusal,
    still_trying,
    telling_line,
)
from newsletter.model.feedback import BounceKind, FeedbackKind, ParsedFeedback

_MAX_REASON = 300
_MAX_RECIPIENTS = 20

#: Whoever reports a failed delivery (RFC 5321 section 4.5.5 and custom); a person answers from another name.
_MAIL_SYSTEM_ADDRESS = re.compile(
    r"(?:mailer|mail)?[-_.]?daemon\b|mdaemon\b|post-?master\b|mail[-_.]?(?:delivery|system|admin)"
    r"|bounces?\b|ndr\b|imss\b",
    re.IGNORECASE,
)
_MAIL_SYSTEM_NAME = re.compile(
    r"\b(?:mail|internet mail|message) ?(?:delivery|system)|\bdelivery (?:sub)?system|\bmailer[- ]?daemon"
    r"|\bpostmaster\b"
    r"|\bsystem administrator\b|\bmail administrator\b|\bsmtp_mail_service\b",
    re.IGNORECASE,
)
_FAILURE_SUBJECT = re.compile(
    r"undeliver|non-?delivery|not delivered|could not be delivered|cannot be delivered"
    r"|deliver\w* (?:status|report|problem|error)"
    r"|(?:delivery|delivering|mail|message|failed|permanent|processing)\b.{0,20}\b(?:fail|error)"
    r"|failure (?:notice|delivery|notification)|failed mail"
    r"|error sending|returned (?:mail|to sender)|returning message|mail system error|automatically rejected"
    r"|delivery has failed"
    r"|unzustellbar|nicht zugestellt|zustellung fehlgeschlagen|non remis|échec de|non distribuable"
    r"|no se pudo entregar|no entregado"
    r"|non recapitabile|mancato recapito|não entregue|falha na entrega|onbestelbaar|niet afgeleverd"
    r"|не доставлено|недоставлен"
    r"|配信不能|配信できません|退信|投递失败",
    re.IGNORECASE,
)
_FORWARDED = re.compile(r"\s{0,3}(?:fwd?|wg|tr|rv|i)\s?:", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class _Refusal:
    """What a failed delivery says."""

    kind: BounceKind
    recipients: tuple[str, ...]
    status: str
    reason: str


def parse_feedback(content: bytes) -> ParsedFeedback:
    """Read what a mail that came back says: bounce, complaint, request to leave, automatic reply.

    Delivery reports (RFC 3464), complaints (RFC 5965) and receipts (RFC 8098) are read by their fields;
    bounces in plain words by flufl.bounce and by what they say. Any bytes will do: what cannot be read is
    UNKNOWN.

    Args:
        content: The mail; of a long one the first 512 KiB are read.
    """
    try:
        mail = read_mail(content)
    except Exception:  # noqa: BLE001 - the email package names no errors for what hostile bytes do to it
        return ParsedFeedback(kind=FeedbackKind.UNKNOWN)
    kind, refusal = _classified(mail)
    senders = addresses(mail.fields.get("from", ()))
    return ParsedFeedback(
        kind=kind,
        return_paths=cited_paths(mail, quoted=kind in _ABOUT_OURS),
        recipients=_distinct(refusal.recipients if refusal else report_recipients(mail)),
        message_ids=cited_ids(mail, quoted=kind in _ABOUT_OURS),
        status=refusal.status if refusal else "",
        reason=_one_line(refusal.reason if refusal else ""),
        sender=senders[0] if senders else "",
        subject=mail.first("subject"),
        is_answer=is_answer(mail),
    )


_ABOUT_OURS = frozenset({FeedbackKind.HARD_BOUNCE, FeedbackKind.SOFT_BOUNCE, FeedbackKind.COMPLAINT})


def _classified(mail: ReceivedMail) -> tuple[FeedbackKind, _Refusal | None]:
    if complaint := _complaint(mail):
        return complaint, None
    if groups := _recipient_groups(mail):
        return _bounce(mail, _reported_refusal(mail, groups))
    if "disposition-notification" in mail.reports or mail.report_type == "tlsrpt":
        return _receipt(mail)
    if is_absence(mail):
        return FeedbackKind.AUTOMATIC, None
    by_mail_system = _is_mail_system(mail)
    if by_mail_system or _FAILURE_SUBJECT.search(mail.first("subject")):
        refusal = _worded_refusal(mail, by_mail_system=by_mail_system)
        if refusal:
            return _bounce(mail, refusal)
    if is_automatic(mail):
        return FeedbackKind.AUTOMATIC, None
    return (FeedbackKind.UNSUBSCRIBE if asks_to_leave(mail) else FeedbackKind.UNKNOWN), None


def _bounce(mail: ReceivedMail, refusal: _Refusal | None) -> tuple[FeedbackKind, _Refusal | None]:
    if refusal is None or refusal.kind is BounceKind.NONE:
        return FeedbackKind.AUTOMATIC, refusal
    sure = refusal.kind is BounceKind.HARD and refusal.recipients and not _is_passed_on(mail)
    return (FeedbackKind.HARD_BOUNCE if sure else FeedbackKind.SOFT_BOUNCE), refusal


def _complaint(mail: ReceivedMail) -> FeedbackKind | None:
    """Return what a feedback report is (RFC 5965 section 7.3); None for another mail."""
    if any("x-hmxmroriginalrecipient" in original for original in mail.originals):
        return FeedbackKind.COMPLAINT
    if "feedback-report" not in mail.reports:
        return None
    kinds = {first(group, "feedback-type").lower() for group in mail.reports["feedback-report"]}
    # opt-out stems from drafts of RFC 5965: a reader who pressed "unsubscribe", and names no list.
    if kinds & {"abuse", "fraud", "opt-out", "opt-out-list"}:
        return FeedbackKind.COMPLAINT
    # About our signatures (RFC 6591), or the contrary of a complaint (RFC 6430).
    if kinds & {"auth-failure", "not-spam", "dmarc"}:
        return FeedbackKind.AUTOMATIC
    return FeedbackKind.UNKNOWN


def _receipt(mail: ReceivedMail) -> tuple[FeedbackKind, _Refusal | None]:
    """Judge a receipt (RFC 8098): nothing to do, unless a server says with one that a mailbox is full."""
    if "deleted" in " ".join(
        first(group, "disposition") for group in mail.reports.get("disposition-notification", ())
    ):
        refusal = _worded_refusal(mail, by_mail_system=True)
        if refusal and refusal.recipients and "quota" in mail.text.lower():
            return FeedbackKind.SOFT_BOUNCE, refusal
    return FeedbackKind.AUTOMATIC, None


def _recipient_groups(mail: ReceivedMail) -> list[Fields]:
    """Return a delivery report's groups of fields about one recipient each (RFC 3464 section 2.3)."""
    return [
        group
        for group in mail.reports.get("delivery-status", ())
        if not {"action", "final-recipient", "original-recipient"}.isdisjoint(group)
    ]


def _reported_refusal(mail: ReceivedMail, groups: list[Fields]) -> _Refusal | None:
    """Judge what a delivery report says; None if nothing failed."""
    failed = [group for group in groups if _has_failed(group)]
    if not failed:
        return None
    notice = notice_of(mail)
    verdicts = [_judged_group(group, notice) for group in failed]
    # A mail of ours has one reader: several are mailboxes behind one address, and one that works will do.
    kind = BounceKind.HARD
    if len(failed) < len(groups) or any(verdict is not BounceKind.HARD for verdict in verdicts):
        kind = BounceKind.SOFT
    worst = failed[verdicts.index(max(verdicts, key=lambda verdict: verdict is not BounceKind.HARD))]
    said = f"{first(worst, 'status')} {first(worst, 'diagnostic-code')}"
    return _Refusal(
        kind=kind,
        recipients=report_recipients(mail, failed),
        status=best_status(said) or best_status(notice),
        reason=first(worst, "diagnostic-code") or telling_line(notice) or first(worst, "status"),
    )


def _has_failed(group: Fields) -> bool:
    action = first(group, "action").lower()
    # "error" is OpenSMTPD's, "expired" SendGrid's; an action must be there, and some leave it out.
    return action.startswith(("fail", "error", "expired")) or (
        not action and first(group, "status").startswith("5")
    )


def _judged_group(group: Fields, notice: str) -> BounceKind:
    original, final = (_recipient(group, name) for name in ("original-recipient", "final-recipient"))
    # A list's address or a forwarder's may live, though one mailbox behind it is gone.
    if first(group, "action").lower()[:4] not in ("fail", "erro") or (
        original and final and original != final
    ):
        return BounceKind.SOFT
    return judge_refusal(
        status=first(group, "status"), diagnostic=first(group, "diagnostic-code"), notice=notice
    )


def _recipient(group: Fields, name: str) -> str:
    return first(group, name).rpartition(";")[2].strip(" <>").casefold()


def _worded_refusal(mail: ReceivedMail, *, by_mail_system: bool) -> _Refusal | None:
    """Read a bounce that is written for people; None if it is none."""
    temporary, permanent = flufl_failures(mail)
    notice = notice_of(mail)
    subject = mail.first("subject")
    recipients = permanent or temporary or named_recipients(mail, notice)
    tells_of_failure = _FAILURE_SUBJECT.search(subject) is not None
    if not recipients and not tells_of_failure:
        return None
    by_nobody = mail.first("return-path") == "<>" and not is_automatic(mail)
    if not recipients and not (by_mail_system or by_nobody):
        return None
    kind = judge_refusal(status="", diagnostic="", notice=notice)
    # Of several recipients, a reason may be about one only.
    for_all = count_gone(notice) >= len(recipients) if permanent else len(recipients) == 1
    # A sender's name and a phrase are not enough: a quarantine's notice, or a postmaster's letter, has both.
    is_told = tells_of_failure and "quarantin" not in subject.lower()
    is_sure = by_mail_system and for_all and (bool(permanent) or is_told)
    if still_trying(notice) or is_delayed(subject):
        kind = BounceKind.NONE
    elif (temporary and not permanent) or not is_sure:
        kind = BounceKind.SOFT
    return _Refusal(
        kind=kind,
        recipients=recipients,
        status=best_status(notice),
        reason=telling_line(notice) or subject,
    )


def _is_mail_system(mail: ReceivedMail) -> bool:
    if mail.first("x-failed-recipients"):
        return True
    sender = mail.first("from")
    senders = addresses((sender,))
    if not senders:
        return "subject" in mail.fields
    return _MAIL_SYSTEM_ADDRESS.match(senders[0]) is not None or _MAIL_SYSTEM_NAME.search(sender) is not None


def _is_passed_on(mail: ReceivedMail) -> bool:
    """Tell whether a person seems to have sent a bounce on: what it says may be about anybody."""
    if _FORWARDED.match(mail.first("subject")):
        return True
    return mail.content_type != "multipart/report" and not _is_mail_system(mail)


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))[:_MAX_RECIPIENTS]


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_MAX_REASON]
