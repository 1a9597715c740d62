"""Mails that carry no news: answers of programs, bounces, invitations, spam, requests to confirm."""

import re
from collections.abc import Sequence

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import RefusalReason
from newsletter.sources.formats.mime import Part

#: What only a program that answers for its owner writes; older than RFC 3834, or one vendor's.
_ANSWER_FIELDS = (
    "x-autoreply",
    "x-autorespond",
    "x-auto-reply",
    "x-autoresponder",
    "x-vacation",
    "x-mail-autoreply",
)
#: A headline that begins in the same words goes on otherwise.
_ANSWER_SUBJECT = re.compile(
    r"(?:(?:(?:out of (?:the )?office )?auto(?:matic|mated)?[- ]?(?:reply|response)|out of (?:the )?office"
    r"|automatische antwort|réponse automatique|respuesta automática|risposta automatica"
    r"|resposta automática|automatisch antwoord|autosvar)\W{0,3}(?:[:;(\[–—-]|(?:from|until)\b|$)"
    r"|(?:i am |i'm )(?:currently )?out of (?:the )?office\b|currently out of (?:the )?office\b"
    r"|abwesenheits(?:notiz|agent))",
    re.IGNORECASE,
)
_BOUNCE_SENDER = re.compile(r"<?(?:mailer-daemon|postmaster)@", re.IGNORECASE)
_BOUNCE_SUBJECT = re.compile(
    r"(?:undeliver(?:ed|able)|delivery (?:status|failure|has failed)|mail delivery|returned mail"
    r"|failure notice|message (?:delayed|not delivered)|unzustellbar)",
    re.IGNORECASE,
)
_CONFIRM_SUBJECT = re.compile(
    r"(?:(?:please )?(?:confirm|verify|activate|validate) your (?:subscription|e-?mail|sign-?up"
    r"|registration|account)"
    r"|(?:please )?(?:confirm|verify|activate|validate) (?:subscription|e-?mail|sign-?up|registration"
    r"|account)(?: address)?\W*(?:$|(?:to|for|at)\b)"
    r"|action required: confirm\b|bitte bestätigen|anmeldung bestätigen|bestätigen sie (?:bitte )?ihre"
    r"|confirmez votre (?:inscription|abonnement|adresse|e-?mail|compte)"
    r"|confirma tu (?:suscripción|correo|e-?mail|cuenta)|confirme su (?:suscripción|correo|e-?mail|cuenta))",
    re.IGNORECASE,
)
_SPAM_SUBJECT = re.compile(
    r"\s*(?:\*{3,5}\s?(?:possible )?spam\b|\[(?:suspected |possible )?spam\])", re.IGNORECASE
)
_CALENDAR_CLASS = "urn:content-classes:calendarmessage"


def refuse_no_news(mail: Part, parts: Sequence[Part], subject: str) -> None:
    """Refuse a mail that cannot carry news, or that cannot be opened.

    Args:
        mail: The whole of it.
        parts: All of its parts.
        subject: Its subject without what mail programs put before it.

    Raises:
        DocumentRefusedError: NO_NEWS or ENCRYPTED.
    """
    detail = _no_news(mail, parts, subject)
    if detail:
        raise DocumentRefusedError(RefusalReason.NO_NEWS, detail)
    for part in parts:
        _refuse_encrypted(part)


def _no_news(mail: Part, parts: Sequence[Part], subject: str) -> str:
    if mail.first("auto-submitted").lower().startswith("auto-replied") or _is_answer(mail, subject):
        return "an automatic answer"
    if _is_bounce(mail, subject):
        return "a report about a mail that was sent"
    if mail.first("content-class").lower() == _CALENDAR_CLASS or any(
        part.kind == "text/calendar" and not part.is_attachment for part in parts
    ):
        return "an invitation to a calendar"
    if _is_spam(mail):
        return "marked as spam on its way"
    return (
        "it asks to confirm a subscription: follow its link yourself"
        if _CONFIRM_SUBJECT.match(subject)
        else ""
    )


def _is_answer(mail: Part, subject: str) -> bool:
    if any(name in mail.fields for name in _ANSWER_FIELDS):
        return True
    precedence = mail.first("precedence").lower()
    return precedence in {"auto_reply", "auto-reply"} or bool(_ANSWER_SUBJECT.match(subject))


def _is_bounce(mail: Part, subject: str) -> bool:
    if mail.kind == "multipart/report":
        return True
    sender = mail.first("from").rpartition("<")[2]
    is_empty = mail.first("return-path").replace(" ", "") == "<>"
    return bool(_BOUNCE_SENDER.match(sender)) or (is_empty and bool(_BOUNCE_SUBJECT.match(subject)))


def _is_spam(mail: Part) -> bool:
    marks = mail.first("x-spam-flag"), mail.first("x-spam-status"), mail.first("x-spam")
    if any(mark.lower().startswith(("yes", "true")) for mark in marks):
        return True
    return bool(_SPAM_SUBJECT.match(mail.first("subject")))


def _refuse_encrypted(part: Part) -> None:
    """Refuse what is encrypted with PGP."""
    if part.kind == "multipart/encrypted" or (
        part.kind == "text/plain"
        and not part.is_attachment
        and b"-----BEGIN PGP MESSAGE-----" in part.body[:20_000]
    ):
        raise DocumentRefusedError(RefusalReason.ENCRYPTED, "with PGP; forward it unencrypted")


def is_outlook_wrapping(part: Part) -> bool:
    """Tell whether a part is winmail.dat (TNEF), which only Outlook opens."""
    return (
        part.kind in {"application/ms-tnef", "application/vnd.ms-tnef"} or part.name.lower() == "winmail.dat"
    )
