"""Header fields on the wire: encoded where they must be, folded, and never able to start another field.

The standard library's modern policies encode List-Unsubscribe once it has 78 characters, and with longer
lines allowed they make encoded words longer than RFC 2047 permits. So each field is written here by its own
rule: words are folded at 78, addresses of lists are left alone.
"""

import re
from email.header import Header

from newsletter.messages.addresses import wire_address
from newsletter.messages.text import clean

#: RFC 5322 section 2.1.1.
_WISHED_LINE = 78
#: RFC 2047 section 2, for a line with an encoded word.
_ENCODED_LINE = 76
#: Letters in a row from which a text is encoded, because nothing else could break its line.
_LONGEST_WORD = 60
_LONGEST_LIST_ID = 255

#: RFC 5322 section 3.2.3: what a display name may hold without quotes.
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")


def text_field(name: str, text: str) -> str:
    """Return a field of free text (RFC 5322 section 2.2.1), without the line end."""
    text = clean(text)
    if text.isascii() and "=?" not in text and max(map(len, text.split()), default=0) <= _LONGEST_WORD:
        encoded = Header(text, "us-ascii", maxlinelen=_WISHED_LINE, header_name=name).encode(linesep="\r\n")
    else:
        encoded = _encoded_words(name, text)
    return f"{name}: {encoded}"


def mailbox_field(name: str, display_name: str, address: str) -> str:
    """Return a field with one mailbox (RFC 5322 section 3.4), without the line end.

    Raises:
        MessageRefusedError: It is not a mail address.
    """
    mailbox = wire_address(address)
    display_name = clean(display_name)
    if not display_name:
        return f"{name}: {mailbox}"
    return _with_phrase(name, display_name, f"<{mailbox}>")


def list_id_field(title: str, list_id: str) -> str:
    """Return List-Id, without the title if it would be longer than 255 characters (RFC 2919 section 3).

    Of a domain that leaves no room, the first labels are left out: what remains is a domain above it.
    """
    while len(list_id) > _LONGEST_LIST_ID - 2:
        name, _, domain = list_id.partition(".")
        list_id = f"{name}.{domain.partition('.')[2]}"
    field = _with_phrase("List-Id", clean(title), f"<{list_id}>") if clean(title) else ""
    if not field or len(field) - len("List-Id: ") > _LONGEST_LIST_ID:
        return f"List-Id: <{list_id}>"
    return field


def address_list_field(name: str, *addresses: str) -> str:
    """Return a field of web and mail addresses in angle brackets (RFC 2369 section 2), one on each line.

    They are never encoded: mail programs look for the brackets.
    """
    return f"{name}: " + ",\r\n ".join(f"<{address}>" for address in addresses)


def _with_phrase(name: str, phrase: str, rest: str) -> str:
    """Return a field of a phrase (RFC 5322 section 3.2.5) and what follows it."""
    longest = _WISHED_LINE
    if not phrase.isascii() or "=?" in phrase or len(phrase) > _LONGEST_WORD:
        longest = _ENCODED_LINE
        phrase = _encoded_words(name, phrase)
    elif not _ATOMS.fullmatch(phrase):
        phrase = '"' + re.sub(r'(["\\])', r"\\\1", phrase) + '"'
    last_line = f"{name}: {phrase} {rest}".rpartition("\r\n")[2]
    gap = " " if len(last_line) <= longest else "\r\n "
    return f"{name}: {phrase}{gap}{rest}"


def _encoded_words(name: str, text: str) -> str:
    """Return a text as encoded words of at most 75 characters (RFC 2047 section 2)."""
    return Header(text, "utf-8", maxlinelen=_ENCODED_LINE, header_name=name).encode(linesep="\r\n")
