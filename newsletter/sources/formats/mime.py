"""A mail taken apart into its parts (RFC 5322, RFC 2045 to 2047), in linear time whatever it is made of.

The standard library's parser takes quadratic time over some mails, and its newer policy fails on others; of
it only the decoders are used.
"""

import codecs
import re
from base64 import b64decode
from binascii import Error as Base64Error
from binascii import a2b_uu
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from itertools import islice
from quopri import decodestring

from newsletter.errors import DocumentRefusedError
from newsletter.sources.decode import decode
from newsletter.sources.formats.smime import signed_content

_MOST_FIELDS = 1_000
#: Of one field, folded lines included; what follows is left out.
_LONGEST_FIELD_BYTES = 8_000
#: Encoded words are looked for in no more than this many characters: the search is quadratic.
_LONGEST_ENCODED = 2_000
_MOST_PARTS = 500
_DEEPEST = 10

_FIELD = re.compile(rb"([!-9;-~]{1,80})[ \t]{0,8}:(.*)", re.DOTALL)
_PARAMETER = re.compile(r""";\s*([^\s=;"]{1,60}?)(\*(?:0\*?)?)?\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))""")
_COMMENT = re.compile(r"\([^()]{0,998}\)")
_TYPE = re.compile(r"([a-z0-9!#$&^_.+-]{1,60})/([a-z0-9!#$&^_.+-]{1,100})")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_BOUNDARY_GUESS = re.compile(rb"(?:\A|\n)--([^\r\n]{4,70}?)[ \t]*\r?\n(?=content-)", re.IGNORECASE)
_UU_BEGIN = re.compile(rb"^begin [0-7]{3} ", re.MULTILINE)
#: The sender names the charset. Python knows these too, but no mail is written in them: the first two take
#: quadratic time, the others are notations of programs.
_NO_CHARSETS = frozenset(
    {"punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"}
    | {"base64", "bz2", "hex", "quopri", "rot-13", "uu", "zlib"}
)
#: What is called by these names is written in Windows' encoding as often as not (WHATWG Encoding, 4.2).
_WESTERN = frozenset({"ascii", "iso8859-1", "cp1252"})


@dataclass(frozen=True, kw_only=True)
class Part:
    """A mail, or a part of one."""

    #: Values of the header's fields as they were sent, unfolded, by names in small letters.
    fields: Mapping[str, tuple[bytes, ...]]
    #: What follows the header, still in its transfer encoding.
    body: bytes
    #: What it is taken for if it does not say.
    default_kind: str = "text/plain"
    depth: int = 0

    def first(self, name: str) -> str:
        """Return a field's first value on one line, its encoded words (RFC 2047) read; "" for none."""
        return next(iter(self.all(name)), "")

    def all(self, name: str) -> tuple[str, ...]:
        """Return every value of a field, each on one line."""
        return tuple(map(decoded_words, self.fields.get(name, ())))

    @property
    def kind(self) -> str:
        """Such as "text/plain", in small letters."""
        found = _TYPE.match(self.as_sent("content-type").strip().lower())
        return f"{found[1]}/{found[2]}" if found else self.default_kind

    @property
    def is_attachment(self) -> bool:
        """Whether it is meant to be saved rather than read."""
        return self.as_sent("content-disposition").strip().lower().startswith("attachment")

    @property
    def is_smime(self) -> bool:
        """Whether it is wrapped by S/MIME: signed in one piece, or encrypted (RFC 8551 section 3.2)."""
        if self.kind == "application/octet-stream":
            return self.name.lower().endswith(".p7m")
        return self.kind in {"application/pkcs7-mime", "application/x-pkcs7-mime"}

    @property
    def name(self) -> str:
        """The file's name, "" for none."""
        return self.parameter("filename", field="content-disposition") or self.parameter("name")

    def parameter(self, name: str, *, field: str = "content-type") -> str:
        """Return a parameter of a field, "" for none; of one that is continued, the beginning (RFC 2231)."""
        for match in _PARAMETER.finditer(_COMMENT.sub(" ", self.as_sent(field))):
            if match[1].lower() == name:
                value = match[3].replace("\\", "") if match[3] is not None else match[4]
                return decoded_words(value.encode("latin-1"))
        return ""

    def parts(self) -> Iterator["Part"]:
        """Yield the parts within it, in order; none where it cannot be parted."""
        if self.depth >= _DEEPEST:
            return
        if self.kind.startswith("multipart/"):
            yield from islice(self._split(), _MOST_PARTS)
        elif self.kind in {"message/rfc822", "message/global"}:
            yield read_part(self.content(), depth=self.depth + 1)
        elif self.is_smime:
            with suppress(DocumentRefusedError):
                yield read_part(signed_content(self.content()), depth=self.depth + 1)

    def content(self) -> bytes:
        """Return the body with its transfer encoding undone, as far as it goes."""
        encoding = self.as_sent("content-transfer-encoding").strip().lower()
        if encoding == "base64":
            return _from_base64(self.body)
        if encoding == "quoted-printable":
            return decodestring(self.body)
        if encoding in {"x-uuencode", "uuencode", "x-uue"}:
            return _from_uu(self.body)
        return self.body

    def text(self) -> str:
        r"""Return the body's characters, with `\n` for line ends."""
        text = _decoded(self.content(), self.parameter("charset"))
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def as_sent(self, name: str) -> str:
        """Return a field's first value with its encoded words as they are, "" for none."""
        values = self.fields.get(name, ())
        return values[0].decode("latin-1") if values else ""

    def _split(self) -> Iterator["Part"]:
        boundary = self.parameter("boundary").encode("latin-1", "ignore") or self._guessed_boundary()
        if not boundary:
            return
        # RFC 2046 section 5.1.1: blanks may follow a boundary, and the end may be missing.
        line = re.compile(rb"^--" + re.escape(boundary) + rb"(--)?[ \t]*(?:\r?\n|\r?\Z)", re.MULTILINE)
        inner_kind = "message/rfc822" if self.kind == "multipart/digest" else "text/plain"
        start = -1
        for match in line.finditer(self.body):
            if start >= 0:
                yield read_part(self.body[start : match.start()], kind=inner_kind, depth=self.depth + 1)
            start = match.end()
            if match[1]:
                return
        if start >= 0:
            yield read_part(self.body[start:], kind=inner_kind, depth=self.depth + 1)

    def _guessed_boundary(self) -> bytes:
        guess = _BOUNDARY_GUESS.search(self.body[:20_000])
        return guess[1] if guess else b""


def read_part(content: bytes, *, kind: str = "text/plain", depth: int = 0) -> Part:
    """Part the header of a mail, or of a part of one, from its body; any bytes will do."""
    if b"\n" not in content:
        content = content.replace(b"\r", b"\n")
    fields: dict[str, list[bytes]] = {}
    last: list[bytes] | None = None
    at, count = 0, 0
    while at < len(content) and count < 10 * _MOST_FIELDS:
        end = content.find(b"\n", at) + 1 or len(content)
        line = content[at : min(end, at + _LONGEST_FIELD_BYTES)].rstrip(b"\r\n")
        if not line.strip():
            at = end
            break
        match = _FIELD.match(line)
        if line[:1] in (b" ", b"\t"):
            if last is not None and len(last[-1]) < _LONGEST_FIELD_BYTES:
                last[-1] += b" " + line.strip()
        elif match and count < _MOST_FIELDS:
            last = fields.setdefault(match[1].decode("ascii").lower(), [])
            last.append(match[2].strip())
        elif not match and not line.startswith((b"From ", b">From ")):
            # The body begins without an empty line before it.
            break
        at, count = end, count + 1
    return Part(
        fields={name: tuple(values) for name, values in fields.items()},
        body=content[at:],
        default_kind=kind,
        depth=depth,
    )


def decoded_words(value: bytes) -> str:
    """Return a field's value on one line, with its encoded words (RFC 2047) and its eight-bit bytes read."""
    text = _guessed(value)
    try:
        pieces = decode_header(text[:_LONGEST_ENCODED]) if "=?" in text else [(text, None)]
    except (HeaderParseError, ValueError):
        pieces = [(text, None)]
    words = "".join(
        _decoded(piece, charset or "utf-8") if isinstance(piece, bytes) else piece
        for piece, charset in pieces
    )
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())


def _guessed(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _decoded(content: bytes, charset: str) -> str:
    """Return what bytes say; valid UTF-8 is that, whatever Western charset it is called."""
    try:
        name = codecs.lookup(charset).name if charset else ""
    except (LookupError, ValueError, UnicodeError):
        name = ""
    try:
        if name and name not in _WESTERN and name not in _NO_CHARSETS:
            return content.decode(name)
    except (UnicodeError, LookupError, ValueError):
        pass
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if name and name not in _NO_CHARSETS:
        return content.decode("cp1252" if name in _WESTERN else name, "replace")
    try:
        return decode(content)[0]
    except DocumentRefusedError:
        return content.decode("cp1252", "replace")


def _from_base64(body: bytes) -> bytes:
    """Return what base64 says, stopping at padding; whatever is no letter of it is passed over."""
    letters = _NOT_BASE64.sub(b"", body.partition(b"=")[0])
    try:
        # A lone last letter says nothing.
        whole = letters[: len(letters) - (len(letters) % 4 == 1)]
        return b64decode(whole + b"=" * (-len(whole) % 4))
    except Base64Error:
        return b""


def _from_uu(body: bytes) -> bytes:
    begin = _UU_BEGIN.search(body)
    if not begin:
        return body
    found = bytearray()
    for line in body[begin.start() :].splitlines()[1:]:
        if line.strip() in {b"end", b"`", b""}:
            break
        try:
            found += a2b_uu(line)
        except Base64Error:
            break
    return bytes(found)
