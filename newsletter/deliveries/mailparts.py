"""A received mail, read into the few parts that tell what it is: fields, words, reports, what it returns."""

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email import message_from_string
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from html import unescape

#: Header fields by their names in lower case, each in the order met.
Fields = Mapping[str, tuple[str, ...]]

#: Reports name their reader at the top; a long original follows and is not needed.
_MAX_BYTES = 512 * 1024
#: RFC 5322 section 2.1.1.
_MAX_LINE = 998
#: The email package takes quadratic time over a field's parameters.
_MAX_FIELD = 4_000
_MAX_FIELDS = 500
_MAX_PARTS = 100
#: Each line that starts with two hyphens may start a part.
_MAX_SEPARATORS = 1_000
_MAX_GROUPS = 200
#: Each empty line may start a part's content, or a group of fields.
_MAX_EMPTY_LINES = 3_000
_MAX_TEXT = 20_000
#: Four bytes for each character of a text, and as much again for its tags.
_MAX_ENCODED = 8 * _MAX_TEXT
_MAX_DEPTH = 10

_FIELD_LINE = re.compile(rb"[!-9;-~]{1,80}[ \t]{0,8}:")
_FIELD = re.compile(r"([!-9;-~]{1,80})[ \t]{0,8}:(.*)", re.DOTALL)
_NO_ADDRESS = re.compile(r'"[^"]{0,998}"(?!@)|\([^()]{0,998}\)')
_ANGLE_ADDRESS = re.compile(r"<([^<>\s]{1,320}@[^<>@\s]{1,255})>")
_BARE_ADDRESS = re.compile(r"(?<!\S)([^<>\s();:]{1,320}@[^<>@\s();:]{1,255})")
_TAGS = re.compile(r"<(?:style|script)\b[^<]{0,20000}</(?:style|script)|<[^<>]{1,2000}>", re.IGNORECASE)
_BREAKS = re.compile(r"<(?:br|p|div|tr|li|h\d)\b[^<>]{0,2000}>", re.IGNORECASE)
_ASCII_BLANKS = " \t\r\n\v\f"
_BLANKS = re.compile(r"[ \t\xa0]+")
_REPORTS = {
    "message/delivery-status": "delivery-status",
    "message/global-delivery-status": "delivery-status",
    "message/feedback-report": "feedback-report",
    "message/disposition-notification": "disposition-notification",
    "message/global-disposition-notification": "disposition-notification",
}
#: The sender names the charset. Python knows these too, but no mail is written in them: the first two take
#: quadratic time, the others are notations of programs.
_NO_CHARSETS = frozenset(
    {"punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined"}
    | {"base64", "bz2", "hex", "quopri", "rot-13", "uu", "zlib"}
)
_ORIGINALS = {"message/rfc822", "message/global", "message/global-headers", "text/rfc822-headers"}


@dataclass(frozen=True, kw_only=True)
class ReceivedMail:
    """What one mail holds."""

    fields: Fields
    #: Such as "multipart/report", in lower case.
    content_type: str
    #: RFC 6522's parameter, such as "delivery-status"; empty where none is given.
    report_type: str
    #: The words for people, as lines; attached mails are no part of them.
    text: str
    #: Groups of fields for machines, by the kind of report.
    reports: Mapping[str, tuple[Fields, ...]]
    #: Fields of the mails that are attached or quoted as attachments.
    originals: tuple[Fields, ...]
    #: The mail as a tree, decoded and cut to size.
    tree: Message

    def first(self, name: str) -> str:
        """Return a field's first value, or nothing."""
        return first(self.fields, name)


def first(fields: Fields, name: str) -> str:
    """Return a field's first value, or nothing."""
    return fields.get(name, ("",))[0]


def addresses(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the mail addresses in some fields' values; what stands in quotes or in comments is none.

    The standard library's reader is not for hostile values: it recurses, and its answers differ by version.
    """
    mailboxes = (mailbox for value in values for mailbox in _NO_ADDRESS.sub(" ", value).split(","))
    matches = (_ANGLE_ADDRESS.search(mailbox) or _BARE_ADDRESS.search(mailbox) for mailbox in mailboxes)
    return tuple(match[1] for match in matches if match)


def read_mail(content: bytes) -> ReceivedMail:
    """Read a mail, whatever bytes it is made of.

    Raises:
        Exception: The email package met bytes that it cannot take; it names no errors of its own for that.
    """
    # As Latin-1 each byte is one character: every byte can be had back, and no field holds a surrogate.
    tree = message_from_string(_tamed(content).decode("latin-1"))
    parts = _Parts()
    parts.visit(tree, depth=0)
    return ReceivedMail(
        fields=_fields_of(tree),
        content_type=tree.get_content_type(),
        report_type=str(tree.get_param("report-type") or "").lower(),
        text=("\n".join(parts.texts).strip() or "\n".join(parts.pages))[:_MAX_TEXT],
        reports={kind: tuple(groups) for kind, groups in parts.reports.items()},
        originals=tuple(parts.originals),
        tree=tree,
    )


def read_fields(text: str) -> tuple[Fields, ...]:
    """Return the groups of fields in a text; empty lines part them (RFC 3464 section 2.1)."""
    groups: list[dict[str, list[str]]] = [{}]
    name = ""
    # Only ASCII's blanks and line ends count: in Latin-1 a byte of a UTF-8 letter may look like another one.
    for line in _with_newlines(text).split("\n"):
        if not line.strip(_ASCII_BLANKS):
            name = ""
            if groups[-1]:
                groups.append({})
        elif line[0] in " \t" and name:
            values = groups[-1][name]
            values[-1] = f"{values[-1]} {line.strip(_ASCII_BLANKS)}"[:_MAX_FIELD]
        elif match := _FIELD.match(line):
            name = match[1].lower()
            groups[-1].setdefault(name, []).append(match[2].strip(_ASCII_BLANKS)[:_MAX_FIELD])
        if len(groups) > _MAX_GROUPS or len(groups[-1]) > _MAX_FIELDS:
            break
    return tuple(
        {name: tuple(map(decoded_words, values)) for name, values in group.items()}
        for group in groups
        if group
    )


def decoded_words(value: str) -> str:
    """Return a field's value on one line, with its encoded words (RFC 2047) and its UTF-8 read."""
    try:
        pieces = decode_header(value) if "=?" in value else [(value, None)]
    except (HeaderParseError, ValueError):
        pieces = [(value, None)]
    words = "".join(
        _decoded(piece, charset or "utf-8") if isinstance(piece, bytes) else _unlatin(piece)
        for piece, charset in pieces
    )
    printable = words if words.isprintable() else "".join(c if c.isprintable() else " " for c in words)
    return " ".join(printable.split())


class _Parts:
    """What a walk through a mail's parts has met."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.pages: list[str] = []
        self.reports: dict[str, list[Fields]] = {}
        self.originals: list[Fields] = []

    def visit(self, part: Message, *, depth: int) -> None:
        """Take in a part and those within it; attached mails lose their bodies in the tree."""
        kind = part.get_content_type()
        if kind in _REPORTS:
            self.reports.setdefault(_REPORTS[kind], []).extend(read_fields(_inner_text(part)))
        elif kind in _ORIGINALS:
            self._take_original(part)
        elif part.is_multipart():
            for inner in _inner(part):
                if depth < _MAX_DEPTH:
                    self.visit(inner, depth=depth + 1)
                else:
                    inner.set_payload("")
        elif part.get_content_maintype() == "text" and part.get_content_disposition() != "attachment":
            self._take_text(part, kind)
        else:
            part.set_payload("")

    def _take_text(self, part: Message, kind: str) -> None:
        text = _part_text(part)[: _MAX_TEXT * 2]
        if kind == "text/html":
            text = _page_text(text)
            self.pages.append(text)
        else:
            self.texts.append(text)
        del part["content-transfer-encoding"]
        part.set_payload(text[:_MAX_TEXT])

    def _take_original(self, part: Message) -> None:
        groups = read_fields(_inner_text(part))
        if groups:
            self.originals.append(groups[0])
        part.set_payload("")


def _tamed(content: bytes) -> bytes:
    """Return a mail with bounds on its size, its lines, its fields and its parts."""
    lines: list[bytes] = [b""]
    field_room = separators = parts = empty = 0
    for line in content[:_MAX_BYTES].lstrip(b"\r\n").splitlines():
        if line[:1] in (b" ", b"\t") and field_room:
            lines += [line] if len(line) < field_room else []
            field_room = max(field_room - len(line), 1)
            continue
        field_room = 0
        if _FIELD_LINE.match(line):
            lines.append(line[:_MAX_FIELD])
            field_room = max(_MAX_FIELD - len(line), 1)
        elif line or lines[-1]:
            lines += (line[at : at + _MAX_LINE] for at in range(0, len(line) or 1, _MAX_LINE))
            empty += not line
        separators += line.startswith(b"--")
        parts += line[:13].lower() == b"content-type:"
        if separators > _MAX_SEPARATORS or parts > _MAX_PARTS or empty > _MAX_EMPTY_LINES:
            break
    return b"\n".join((*lines[1:], b""))


def _fields_of(part: Message) -> Fields:
    fields: dict[str, tuple[str, ...]] = {}
    for name, value in part.items()[:_MAX_FIELDS]:
        fields[name.lower()] = (*fields.get(name.lower(), ()), decoded_words(str(value)))
    return fields


def _inner(part: Message) -> Iterator[Message]:
    payload = part.get_payload()
    if isinstance(payload, list):
        yield from (inner for inner in payload if isinstance(inner, Message))


def _inner_text(part: Message) -> str:
    """Return what a part of type message/* holds, as the text that it was before it was parsed."""
    inner = list(_inner(part))
    if not inner:
        return _part_text(part)
    groups = []
    for group in inner[:_MAX_GROUPS]:
        groups.append("\n".join(f"{name}: {value}" for name, value in group.items()[:_MAX_FIELDS]))
        rest = group.get_payload()
        groups.append(rest[:_MAX_TEXT] if isinstance(rest, str) else "")
    text = "\n\n".join(groups)
    # RFC 3464 forbids an encoding here, and some write one all the same.
    if str(part.get("content-transfer-encoding", "")).strip().lower() in ("base64", "quoted-printable"):
        wrapped = Message()
        wrapped["content-transfer-encoding"] = str(part["content-transfer-encoding"])
        wrapped.set_payload(text.strip())
        return _part_text(wrapped)
    return text


def _part_text(part: Message) -> str:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    charset = part.get_content_charset("utf-8")
    return _with_newlines(_decoded(content, charset))


def _page_text(page: str) -> str:
    """Return a page's words as lines."""
    return _BLANKS.sub(" ", unescape(_TAGS.sub(" ", _BREAKS.sub("\n", page))))


def _with_newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _unlatin(text: str) -> str:
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _decoded(content: bytes, charset: str) -> str:
    """Return what bytes say, as far as they are needed; a letter that the cut goes through is left out."""
    is_whole = len(content) <= _MAX_ENCODED
    content = content[:_MAX_ENCODED]
    try:
        if codecs.lookup(charset).name not in _NO_CHARSETS:
            return codecs.getincrementaldecoder(charset)().decode(content, is_whole)
    except (UnicodeError, LookupError, ValueError):
        pass
    return content.decode("utf-8", "replace")
