"""A text that was saved from a mail: its header, its quoted lines and its signature."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.utils import parseaddr, parsedate_to_datetime

from newsletter.sources.credits import Credits
from newsletter.sources.dates import parse_date
from newsletter.sources.normalise import ends_sentence, normalise

_FIELD = re.compile(
    r"(?P<name>Subject|From|Date|To|Cc|Bcc|Sent|Reply-To|Sender|Message-ID|List-[A-Za-z-]{1,40}|Return-Path"
    r"|MIME-Version|Content-[A-Za-z-]{1,40}|Received|X-[\w-]{1,60}) ?:(?: +(?P<value>.*)| *)",
    re.IGNORECASE,
)
_MOST_FIELD_LINES = 100
FORWARD_MARK = re.compile(
    r"Begin forwarded message:"
    r"|-{2,20} ?(?:Forwarded message|Original Message|Weitergeleitete Nachricht) ?-{2,20}",
    re.IGNORECASE,
)
#: A mail that was forwarded more often keeps the headers further in as text.
_MOST_FORWARDS = 3
#: What mail programs put before the subject of an answer, in English, German, French and Spanish.
REPLY_MARKS = re.compile(r"(?:(?:Re|Fwd?|AW|WG|TR|RV) ?: ?)+", re.IGNORECASE)
QUOTE = re.compile(r"^ {0,3}(?:>(?: |(?=>|$)))+", re.MULTILINE)
#: RFC 3676, section 4.3. Some programs cut the blank off.
_SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)
_LONGEST_SIGNATURE_LINES = 12
_PROSE_WORDS = 12
_LONGEST_NAME = 120


@dataclass(frozen=True, kw_only=True)
class MailText:
    """What a text said as a mail."""

    #: None where the mail has none, and where the text is no mail.
    subject: str | None
    credits: Credits
    #: What follows the header, without quote marks and signature.
    body: str


def read_mail(text: str) -> MailText:
    """Take the header off a normalised text, and the quote marks and the signature off its body.

    Quote marks (RFC 3676, section 4.5) are also taken off a text without a header if most lines have them.
    """
    lines = text.strip("\n").split("\n")
    fields, end = _fields(lines[:_MOST_FIELD_LINES])
    for _ in range(_MOST_FORWARDS):
        start = _after_forward_mark(lines, end)
        inner, length = _fields(lines[start : start + _MOST_FIELD_LINES])
        if start == end or not _is_header(inner):
            break
        fields, end = inner, start + length
    if not _is_header(fields):
        body = QUOTE.sub("", text) if _is_quoted(lines) else text
        return MailText(subject=None, credits=Credits(), body=body)
    body = without_signature(QUOTE.sub("", "\n".join(lines[end:])))
    said = Credits(source=_sender(fields.get("from", "")), published_at=_moment(fields))
    subject = _decoded(fields.get("subject", ""))
    if marks := REPLY_MARKS.match(subject):
        subject = subject[marks.end() :]
    return MailText(subject=subject or None, credits=said, body=body)


def _is_header(fields: Mapping[str, str]) -> bool:
    return len(fields) >= 2 and bool(fields.keys() & {"subject", "from"})


def _after_forward_mark(lines: Sequence[str], start: int) -> int:
    """Return where the header of a forwarded mail may begin; `start` if none is announced there."""
    announced = False
    for at in range(start, min(start + _MOST_FIELD_LINES, len(lines))):
        if FORWARD_MARK.fullmatch(lines[at].strip()):
            announced = True
        elif lines[at].strip():
            return at if announced else start
    return start


def _fields(lines: Sequence[str]) -> tuple[dict[str, str], int]:
    """Return the fields by name in small letters, the first of each, and where the header ends."""
    fields: dict[str, str] = {}
    last = ""
    for at, line in enumerate(lines):
        match = _FIELD.fullmatch(line)
        if match:
            last = match["name"].lower()
            fields.setdefault(last, match["value"] or "")
        elif last and line[:1] == " " and line.strip():
            fields[last] += f" {line.strip()}"
        else:
            return fields, at
    return fields, len(lines)


def _is_quoted(lines: Sequence[str]) -> bool:
    written = [line for line in lines if line.strip()]
    quoted = sum(bool(QUOTE.match(line)) for line in written)
    return quoted >= 3 and quoted * 2 > len(written)


def without_signature(body: str) -> str:
    """Return a mail's body without the lines below its last "-- ", if they are few."""
    marks = list(_SIGNATURE.finditer(body))
    if not marks:
        return body
    below = body[marks[-1].end() :]
    # Further up, and where news follows, the same two hyphens part the items of a digest.
    parts_items = len(marks) > 1 and any(map(_is_prose, below.split("\n\n")))
    return body if parts_items or below.count("\n") > _LONGEST_SIGNATURE_LINES else body[: marks[-1].start()]


def _is_prose(paragraph: str) -> bool:
    return len(paragraph.split()) >= _PROSE_WORDS and ends_sentence(paragraph.rstrip())


def _decoded(value: str) -> str:
    """Return a field's value with its encoded words (RFC 2047) in plain letters."""
    try:
        value = str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, ValueError):
        return " ".join(value.split())
    return " ".join(normalise(value).split())


def _sender(value: str) -> str | None:
    name = " ".join(_decoded(parseaddr(value)[0]).split())
    return name if name and "@" not in name and len(name) <= _LONGEST_NAME else None


def _moment(fields: Mapping[str, str]) -> datetime | None:
    value = fields.get("date") or fields.get("sent") or ""
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError, OverflowError):
        return parse_date(value)
    if not 1900 <= moment.year <= 2100:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
