"""Notices: bounces in plain words, as qmail, Exim and many others write them."""

import logging
import re
from collections.abc import Iterable

from flufl.bounce import all_failures

from newsletter.deliveries.citations import cited_paths
from newsletter.deliveries.mailparts import ReceivedMail
from newsletter.deliveries.refusals import refused_addresses

# It logs a traceback when a hostile mail trips one of its detectors; that is no news to the operator.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)

#: Where a report in plain words ends and a copy of the mail begins.
_COPY_BEGINS = re.compile(
    r"^(?:"
    r"[-=*_>\s]{2,40}.{0,40}\b(?:original|returned|unsent|copy|message headers?)\b.{0,60}"
    r"|.{0,60}\b(?:original message|message headers?|message text"
    r"|(?:original|returned) mail)\b.{0,20}\bfollows?\W{0,5}"
    r"|.{0,20}\b(?:here is|this is|included is|below this line is) a copy of\b.{0,80}"
    r"|(?:original|old) message:?|your message reads.{0,40}|original message (?:headers|details):?"
    r"|diagnostic information for administrators:?"
    r")\s{0,5}$",
    re.IGNORECASE | re.MULTILINE,
)
_QUOTED_FIELD = re.compile(
    r"^[>\s*]{0,8}(?:[\w -]{0,30}\bsubject|betreff|objet|asunto|oggetto|assunto|onderwerp|ämne|emne|temat"
    r"|тема|件名|主题)"
    r"\s?[:：].{0,1000}$",
    re.IGNORECASE | re.MULTILINE,
)
#: What qmail, Postfix and others begin a recipient's paragraph with.
_RECIPIENT_LINE = re.compile(r"^\s{0,8}<([^<>\s@]{1,64}@[^<>\s@]{1,255})>\s?:", re.MULTILINE)


def notice_of(mail: ReceivedMail) -> str:
    """Return the words of a bounce without those of the mail that it is about: news may say anything."""
    copy = _COPY_BEGINS.search(mail.text)
    return _QUOTED_FIELD.sub("", mail.text[: copy.start()] if copy else mail.text)


def named_recipients(mail: ReceivedMail, notice: str) -> tuple[str, ...]:
    """Return whom a notice names where a recipient's paragraph begins, or where the refusal is told."""
    named = _RECIPIENT_LINE.findall(notice) or refused_addresses(notice)
    ours = {address.casefold() for address in cited_paths(mail, quoted=True)}
    return tuple(dict.fromkeys(address for address in named if address.casefold() not in ours))


def flufl_failures(mail: ReceivedMail) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the recipients that failed for now and for good, as flufl.bounce finds them."""
    try:
        temporary, permanent = all_failures(mail.tree)
    except Exception:  # noqa: BLE001 - its detectors may trip over any odd mail
        return (), ()
    return _read_addresses(temporary), _read_addresses(permanent)


def _read_addresses(found: Iterable[bytes]) -> tuple[str, ...]:
    texts = (address.decode("ascii", "ignore").strip() for address in found)
    return tuple(sorted(text for text in texts if "@" in text and len(text) <= 320))
