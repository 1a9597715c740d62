"""Citations: the addresses and Message-IDs by which a mail that came back names the one it is about."""

import re
from collections.abc import Iterable, Iterator, Sequence

from newsletter.deliveries.mailparts import Fields, ReceivedMail, addresses

_MAX_CITED = 50

#: Where the mail came to; the last ones are what other servers call it.
_ARRIVAL_FIELDS = (
    "delivered-to",
    "x-original-to",
    "envelope-to",
    "x-envelope-to",
    "x-delivered-to",
    "to",
    "cc",
)
#: Where the cited mail said that its bounces go.
_RETURN_FIELDS = ("return-path", "x-envelope-from", "envelope-from", "x-original-return-path", "sender")
_REPORT_RETURN_FIELDS = ("original-mail-from", "x-postfix-sender", "x-original-mail-from")
_RECIPIENT_FIELDS = ("original-recipient", "final-recipient", "x-actual-recipient", "original-rcpt-to")

_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}@[^<>\s]{1,250}>")
_MAILTO = re.compile(r"mailto:([^?>\s,]{3,320})", re.IGNORECASE)
_RETURN_LINE = re.compile(
    r"^[>\s]{0,8}Return-Path:\s{0,8}<?([^<>\s@]{1,200}@[^<>\s@]{1,255})", re.IGNORECASE | re.MULTILINE
)
_ID_LINE = re.compile(
    r"^[>\s]{0,8}Message-ID:\s{0,8}(<[^<>\s]{1,250}@[^<>\s]{1,250}>)", re.IGNORECASE | re.MULTILINE
)
_XTEXT = re.compile(r"\+([0-9A-F]{2})")


def cited_paths(mail: ReceivedMail, *, quoted: bool) -> tuple[str, ...]:
    """Return every address that may carry our token: where the mail came to, and return paths that it cites.

    Args:
        mail: What came back.
        quoted: Whether the words are searched too, for a copy of the mail among them.
    """
    found = list(_listed((mail.fields,), _ARRIVAL_FIELDS))
    for original in mail.originals:
        found += _listed((original,), _RETURN_FIELDS)
        found += (
            address for value in original.get("list-unsubscribe", ()) for address in _MAILTO.findall(value)
        )
    for groups in mail.reports.values():
        found += _listed(groups, _REPORT_RETURN_FIELDS, typed=True)
    if quoted:
        found += _RETURN_LINE.findall(mail.text)
    return tuple(dict.fromkeys(found))[:_MAX_CITED]


def cited_ids(mail: ReceivedMail, *, quoted: bool) -> tuple[str, ...]:
    """Return the Message-IDs that a mail cites, with angle brackets; its own is none of them.

    Args:
        mail: What came back.
        quoted: Whether the words are searched too, for a copy of the mail among them.
    """
    found: list[str] = []
    for original in mail.originals:
        found += _ids(original.get("message-id", ()))
    for groups in mail.reports.values():
        for group in groups:
            found += _ids(group.get("original-message-id", ()))
            # An ENVID comes as we sent it, in xtext (RFC 3461 section 4.4), or decoded.
            found += _ids(_bracketed(_from_xtext(value)) for value in group.get("original-envelope-id", ()))
    found += _ids((*mail.fields.get("in-reply-to", ()), *mail.fields.get("references", ())))
    if quoted:
        found += _ID_LINE.findall(mail.text)
    return tuple(dict.fromkeys(found))[:_MAX_CITED]


def report_recipients(mail: ReceivedMail, groups: Sequence[Fields] | None = None) -> tuple[str, ...]:
    """Return whom a report is about.

    Args:
        mail: The report.
        groups: Those of its groups that count; None for all, with what older systems name elsewhere.
    """
    if groups is not None:
        return tuple(dict.fromkeys(_listed(groups, _RECIPIENT_FIELDS, typed=True)))
    found = [*addresses(mail.fields.get("x-failed-recipients", ()))]
    for original in mail.originals:
        found += _listed((original,), ("x-hmxmroriginalrecipient",))
    for reported in mail.reports.values():
        found += _listed(reported, _RECIPIENT_FIELDS, typed=True)
    return tuple(dict.fromkeys(found))


def _listed(groups: Iterable[Fields], names: Sequence[str], *, typed: bool = False) -> Iterator[str]:
    for group in groups:
        for name in names:
            values = group.get(name, ())
            # RFC 3464 section 2.1.2: `rfc822; ana@example.org`.
            yield from addresses(
                tuple(value.partition(";")[2] or value for value in values) if typed else values
            )


def _ids(values: Iterable[str]) -> list[str]:
    return [found for value in values for found in _MESSAGE_ID.findall(value)]


def _bracketed(value: str) -> str:
    return value if value.startswith("<") else f"<{value}>"


def _from_xtext(value: str) -> str:
    """Undo RFC 3461's xtext (section 4): `+3C` stands for `<`."""
    return _XTEXT.sub(lambda match: chr(int(match[1], base=16)), value)
