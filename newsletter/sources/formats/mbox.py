"""Mailboxes in one file (RFC 4155): a document for each mail."""

import re
from collections import Counter
from collections.abc import Iterator

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import ParsedItem, ParsedItems, RefusalReason
from newsletter.sources.formats.mail import key_of, parse_mail
from newsletter.sources.parse import TextReader

#: Begins a mail: with time and year, as all programs write it; a header follows. "From " alone is no sign:
#: old programs put no ">" before such lines of a mail's own, nor an empty line before each mail.
_START = re.compile(
    rb"(?:\AFrom [^\n]{0,300}|(?:\A|\n)From [^\n]{1,200}\d:\d\d[^\n]{0,60}[12]\d{3}[^\n]{0,60})\n"
    rb"(?=>?From |[!-9;-~]{1,80}[ \t]{0,8}:)"
)
#: mboxo and mboxrd put it before lines of a mail that would begin another one.
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)


def parse_mbox(content: bytes, reader: TextReader) -> ParsedItems:
    """Make documents of the mails in an mbox file; one that is none is refused, and the others are read.

    A mail's key is its Message-ID, or a hash of it; a second copy of a mail is left out.

    Args:
        content: The whole file; the last mail may be cut off.
        reader: How texts are read.

    Raises:
        DocumentRefusedError: EMPTY: there is no mail in it.
    """
    items: dict[str, ParsedItem] = {}
    seen: set[bytes] = set()
    numbers: Counter[str] = Counter()
    for mail in split_mbox(content):
        if mail in seen:
            continue
        seen.add(mail)
        key = name = key_of(mail)
        while key in items:
            numbers[name] += 1
            key = f"{name}#{numbers[name] + 1}"
        items[key] = read_item(mail, reader, key=key)
    if not items:
        raise DocumentRefusedError(RefusalReason.EMPTY, "no mail in it")
    return ParsedItems(items=tuple(items.values()))


def split_mbox(content: bytes) -> Iterator[bytes]:
    """Yield the mails of an mbox file, without the lines "From " that part them."""
    starts = list(_START.finditer(content))
    for place, start in enumerate(starts):
        end = starts[place + 1].start() if place + 1 < len(starts) else len(content)
        # The empty line before the next mail is no part of it: the last one would change when another comes.
        mail = content[start.end() : end].rstrip(b"\r\n")
        if mail:
            yield _QUOTED.sub(rb"\1", mail)


def read_item(mail: bytes, reader: TextReader, *, key: str) -> ParsedItem:
    """Make an item of a mail: its document, or why it is none."""
    try:
        return ParsedItem(key=key, document=parse_mail(mail, reader))
    except DocumentRefusedError as refusal:
        return ParsedItem(key=key, refusal=refusal.reason, detail=refusal.detail)
    except Exception as error:  # noqa: BLE001 - one poisonous mail must not stop the others
        detail = f"the parser failed: {type(error).__name__}: {error}"
        return ParsedItem(key=key, refusal=RefusalReason.UNSUPPORTED, detail=detail)
