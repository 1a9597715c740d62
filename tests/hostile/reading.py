"""Mails read by parsers that are not ours: strict about bytes, and about all in HTML that can act."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from email import message_from_bytes, message_from_string, policy
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.utils import parseaddr
from typing import Any

import html5lib
from hostile.payloads import PRODUCT

#: The fields of a harmless mail to a reader of a list with web pages.
NAMES = [
    *("To", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post", "From", "Subject", "Date", "List-Id"),
    *("List-Help", "List-Post", "Auto-Submitted", "MIME-Version", "Content-Type"),
]

_LINK = re.compile(r"(?:https?://|mailto:)[^\s\"<>]+", re.IGNORECASE)


def check_wire(content: bytes) -> list[str]:
    """Read a mail byte by byte as RFC 5322 and RFC 2046 have it; return the names of its fields in order."""
    assert content.count(b"\r\n") == content.count(b"\r") == content.count(b"\n"), "a bare CR or LF"
    assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", content), "a control character"
    head, _, body = content.partition(b"\r\n\r\n")
    names: list[str] = []
    for line in head.split(b"\r\n"):
        assert len(line) <= 998
        assert line.strip(), "a line of a folded field that holds nothing"
        if not line.startswith((b" ", b"\t")):
            field = re.match(rb"([A-Za-z-]+): ?", line)
            assert field, line
            names.append(field[1].decode())
    assert all(len(word) <= 75 for word in re.findall(rb"=\?[^?\s]*\?[^?\s]*\?[^?\s]*\?=", head))
    assert body.isascii()
    assert all(len(line) <= 76 for line in body.split(b"\r\n"))
    boundary = re.search(rb'\r\nContent-Type: multipart/alternative; boundary="([^"]+)"', head)
    assert boundary
    assert body.count(b"--" + boundary[1]) == 3, "two parts and the end"
    return names


def read_mail(content: bytes) -> EmailMessage:
    """Read a mail with both parsers of the standard library; neither finds a defect."""
    beyond_ascii = re.findall(r"^([A-Z][\w-]+): [^\r]*[^\x00-\x7f]", content.decode("utf-8"), re.MULTILINE)
    names = check_wire(content)
    for one_policy in (policy.compat32, policy.default):
        mail: Message[Any, Any] = message_from_bytes(content, policy=one_policy)
        assert mail.keys() == names
        assert [part.get_content_type() for part in mail.walk()] == [
            *("multipart/alternative", "text/plain", "text/html")
        ]
        assert [part.defects for part in mail.walk()] == [[], [], []]
    assert isinstance(mail, EmailMessage)
    assert len(names) == len(set(names)), "a field that stands there twice"
    for name, value in mail.items():
        # RFC 6531: the part before the @ may hold any letter, which the parser notes as a defect.
        assert name in beyond_ascii or value.defects == (), (name, value)
        assert all(unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp") for char in value), (
            name,
            value,
        )
    return mail


def bodies(mail: EmailMessage) -> tuple[str, str]:
    """Return the text and the HTML; neither holds what is not seen or reorders."""
    text, html = (part.get_content().replace("\r\n", "\n") for part in mail.iter_parts())
    for part in (text, html):
        odd = {char for char in part if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")}
        assert odd <= {"\n"}, odd
        assert not re.search("[\u202a-\u202e\u2066-\u2069\ufffe\uffff]", part)
        assert PRODUCT not in part
    return text, html


Skeleton = list[tuple[str, str]]


def read_html(html: str) -> list[Any]:
    """Return the elements that a browser's parser finds, comments among them."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    found = list(parser.parse(html).iter())
    assert parser.errors == []
    return found


def skeleton(page: Sequence[Any]) -> Skeleton:
    """Return elements with all that can act, comments and style sheets; words and languages are left out."""
    found: Skeleton = []
    for element in page:
        if callable(element.tag):
            found.append(("comment", element.text))
            continue
        attributes = dict(element.attrib)
        for name in ("lang", "xml:lang"):
            assert re.fullmatch("[a-z]{2}", attributes.pop(name, "en"))
        assert attributes.pop("dir", "ltr") in ("ltr", "rtl")
        attributes.pop("aria-label", None)
        if not _LINK.fullmatch(href := attributes.pop("href", "https://x")):
            found.append(("bad link", href))
        if element.tag == "span" and not attributes:
            continue
        sheet = element.text if element.tag == "style" else ""
        found.append((element.tag, f"{sorted(attributes.items())}{sheet}"))
    return found


def mailbox(content: bytes, name: str) -> tuple[str, str]:
    """Return display name and address; the modern parser of 3.11 puts spaces between encoded words."""
    folded = str(message_from_string(content.decode("utf-8"), policy=policy.compat32)[name])
    display_name, address = parseaddr(re.sub(r"\r?\n", "", folded))
    return str(make_header(decode_header(display_name))), address
