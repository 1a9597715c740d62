"""Mails: newsletters and alerts as they arrive, one document each.

A mail with several items, such as a press digest, is one document too: nothing in it says for sure where one
item ends, and half an item would be told as a whole one.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import ParsedDocument, RefusalReason
from newsletter.sources.dates import parse_date
from newsletter.sources.formats.mailbody import all_parts, read_body
from newsletter.sources.formats.mailcut import forwarded, own_words
from newsletter.sources.formats.mailfield import address_of, bare_subject, is_forward, sender_name
from newsletter.sources.formats.mime import Part, read_part
from newsletter.sources.formats.nonews import is_outlook_wrapping, refuse_no_news
from newsletter.sources.formats.smime import signed_content
from newsletter.sources.normalise import normalise
from newsletter.sources.parse import Given, TextReader

#: A mail forwarded more often is read as far as this.
_MOST_FORWARDS = 3
#: Fewer words beside an attached mail are a note about it.
_LONGEST_NOTE = 120
_MOST_IN_DIGEST = 100
_FIRST_YEAR, _LAST_YEAR = 1990, 2100
_LONGEST_KEY = 200
#: Fields that matter stand before.
_HEAD_BYTES = 100_000
_MOST_TAGS = 20

_BROWSER_LINK = re.compile(
    r"<a\b[^<>]{0,500}?\bhref\s?=\s?[\"'](https?://[^\"'<>\s]{1,300})[\"'][^<>]{0,1000}>(?:<[^a/][^<>]{0,500}>){0,5}"
    r"[^<>]{0,60}(?:browser|view (?:it )?online|web version|navigateur|navegador)",
    re.IGNORECASE,
)
#: Addresses that count who comes, by the first label of their host, or within their path.
_COUNTING_HOST = re.compile(
    r"(?:click|clicks|track|tracking|links?|email|e?mail\d*|t|e|go|trk|url|r|ct|lnks?)\.", re.IGNORECASE
)
_COUNTING_PATH = re.compile(
    r"/(?:ls/click|click|track|trk|cl0|wf|uni|redirect|r|c|e)/|[\w-]{40,}", re.IGNORECASE
)
_CAMPAIGN = re.compile(r"(?:utm_[a-z]+=[^&]*&?)*")


def parse_mail(content: bytes, reader: TextReader) -> ParsedDocument:
    """Make a document of a mail (RFC 5322): of the best of its parts, without quotes, signature and footer.

    The subject is the headline, the sender's name the source. A mail that forwards another one gives that,
    one that carries several gives them all in one document.

    Args:
        content: The whole mail.
        reader: How its text is read.

    Raises:
        DocumentRefusedError: NO_NEWS (an automatic answer, a bounce, an invitation, spam), ENCRYPTED,
            UNSUPPORTED (winmail.dat alone), DAMAGED or EMPTY.
    """
    return _parse(read_part(content), reader, forwards=0)


def key_of(content: bytes) -> str:
    """Return what names a mail for good: its Message-ID without brackets, or else a hash of it."""
    message_id = read_part(content[:_HEAD_BYTES]).first("message-id").strip("<> ")
    if message_id and len(message_id) <= _LONGEST_KEY and " " not in message_id:
        return message_id.replace("//", "/")
    return hashlib.sha256(content).hexdigest()[:32]


def sender_of(content: bytes) -> str:
    """Return the address in a mail's From field in small letters, "" for none; anybody can write it."""
    return address_of(read_part(content[:_HEAD_BYTES]).as_sent("from"))


def _parse(mail: Part, reader: TextReader, *, forwards: int) -> ParsedDocument:
    subject, parts = mail.first("subject"), tuple(all_parts(mail))
    refuse_no_news(mail, parts, bare_subject(mail))
    body = read_body(mail, parts)
    text = normalise(body.text)
    if body.attached and forwards < _MOST_FORWARDS and len(text.split()) <= _LONGEST_NOTE:
        if len(body.attached) == 1:
            return _parse(body.attached[0], reader, forwards=forwards + 1)
        text = _digest(body.attached)
    headline, source, published_at = bare_subject(mail), sender_name(mail), _sent_at(mail)
    inner = forwarded(text, says_so=is_forward(subject))
    for _ in range(_MOST_FORWARDS):
        if inner is None:
            break
        headline = inner.subject or headline
        source, published_at = inner.credits.source, inner.credits.published_at or published_at
        text = inner.body
        inner = forwarded(text, says_so=is_forward(subject))
    words = own_words(text)
    if not words.strip():
        raise _refusal_of_nothing(parts, text)
    given = Given(
        headline=headline,
        source=source,
        url=_address(mail, body.pages),
        published_at=published_at,
        language=_language(mail),
        tags=_tags(mail),
    )
    return reader.read(words, given=given)


def _digest(mails: Sequence[Part]) -> str:
    """Return subjects and words of the mails that one carries (RFC 2046 section 5.1.5)."""
    pieces: list[str] = []
    for mail in mails[:_MOST_IN_DIGEST]:
        pieces += [bare_subject(mail), own_words(read_body(mail, tuple(all_parts(mail))).text)]
    return "\n\n".join(filter(None, pieces))


def _refusal_of_nothing(parts: Sequence[Part], text: str) -> DocumentRefusedError:
    for part in filter(lambda part: part.is_smime, parts):
        try:
            signed_content(part.content())
        except DocumentRefusedError as refusal:
            return refusal
    if text.strip():
        return DocumentRefusedError(RefusalReason.EMPTY, "nothing but quotes, links and footers")
    if any(map(is_outlook_wrapping, parts)):
        detail = "winmail.dat alone, which only Outlook opens: ask for the mail as plain text or HTML"
        return DocumentRefusedError(RefusalReason.UNSUPPORTED, detail)
    return DocumentRefusedError(RefusalReason.EMPTY, "no text among its parts")


def _sent_at(mail: Part) -> datetime | None:
    """Return when a mail was sent, or else when its last server got it, UTC."""
    for value in (mail.first("date"), mail.first("received").rpartition(";")[2], mail.first("delivery-date")):
        moment = _moment(value[:200].strip())
        if moment is not None and _FIRST_YEAR <= moment.year <= _LAST_YEAR:
            return moment
    return None


def _moment(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (TypeError, ValueError, IndexError, OverflowError):
        return parse_date(value)


def _address(mail: Part, pages: tuple[str, ...]) -> str | None:
    """Return where a mail can be read on the web, if that is said by its publisher (RFC 5064, or a link)."""
    archived = mail.first("archived-at").strip("<> ")
    if archived.startswith(("https://", "http://")) and _host(archived):
        return archived
    domain = address_of(mail.as_sent("from")).rpartition("@")[2]
    for url in _browser_links(pages):
        parts = urlsplit(url)
        host = _host(url)
        counts = _COUNTING_HOST.match(host) or _COUNTING_PATH.search(parts.path)
        if domain and not counts and _CAMPAIGN.fullmatch(parts.query) and _is_of(host, domain):
            return f"{parts.scheme}://{host}{parts.path}"
    return None


def _browser_links(pages: tuple[str, ...]) -> Iterator[str]:
    for page in pages:
        yield from (match[1] for match in _BROWSER_LINK.finditer(page[:100_000]))


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _is_of(host: str, domain: str) -> bool:
    """Tell whether a host is a sender's own."""
    site = host.removeprefix("www.")
    return "." in site and (f".{site}".endswith(f".{domain}") or f".{domain}".endswith(f".{site}"))


def _language(mail: Part) -> str | None:
    first = re.match(r"([A-Za-z]{2})(?:-|,|\s|$)", mail.first("content-language"))
    return first[1].lower() if first else None


def _tags(mail: Part) -> tuple[str, ...]:
    words = (word.strip() for word in mail.first("keywords")[:2_000].split(","))
    return tuple(dict.fromkeys(word for word in words if word))[:_MOST_TAGS]
