"""Marks by which formats that are written in characters are told; each looks at a file's first part only."""

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Bytes by which UTF-16 without a mark is told.
_SAMPLE_BYTES = 64
#: ISO 32000-1, annex H, note 13: readers look for it within so many bytes.
_PDF_WITHIN = 1024
_PDF = re.compile(rb"%PDF-\d")
_PDF_OBJECT = re.compile(rb"\d \d{1,5} obj\b")

_WEEKDAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
#: RFC 4155, appendix A; programs differ in what stands behind the sender.
_ENVELOPE = re.compile(
    rf"From \S{{1,320}}(?: at \S+)? +{_WEEKDAY} [A-Z][a-z]{{2}} +\d{{1,2}} [\d:]{{5,8}}[^\n]*\n"
)
_FIELD = re.compile(r"(?P<name>[A-Za-z][\w-]{0,76}):(?P<value>.*)")
#: Fields that a mail gets on its way, one of which hardly any text has.
_OF_MAILS = frozenset(
    {"from", "received", "return-path", "delivered-to", "message-id", "mime-version", "list-id", "x-mailer"}
)
#: Without decoding, nobody could read such a mail.
_ENCODED = re.compile(r"base64|quoted-printable|multipart/|text/html", re.IGNORECASE)

_BEFORE_ROOT = re.compile(r"\s+|<\?[^>]*>|<!--.*?(?:-->|\Z)", re.DOTALL)
_DOCTYPE = re.compile(r"<!doctype\s+(?:[\w.-]+:)?(?P<root>[\w.-]+)[^>\[]*(?:\[[^\]]*\]\s*)?>", re.IGNORECASE)
_ROOT = re.compile(r"<(?:[\w.-]+:)?(?P<root>[A-Za-z][\w.-]*)")
_TAG = re.compile(
    r"</?(?:p|div|br|hr|h[1-6]|table|tr|td|ul|ol|li|span|a|b|i|em|strong|img|head|body|title|meta|article|section"
    r"|header|main|blockquote)(?:\s[^<>]{0,2000})?/?>",
    re.IGNORECASE,
)
#: More tags than somebody writes who tells of one.
_TAGS_OF_PAGE = 5
_FEWEST_TAGS_OF_ROOT = 3

#: An array of anything but objects holds no documents, and may be a [[link]] or an empty [ ] box of a list.
_JSON = re.compile(r"\s*(?:\[\s*)?\{\s*[\"}]|\s*\[\s*\]\s*\Z")
_JSON_FEED = re.compile(r"\s*\{.{0,2000}\"https?:\\?/\\?/(?:www\.)?jsonfeed\.org\\?/version\\?/", re.DOTALL)
#: YAML between lines of hyphens, TOML between lines of plus signs, with one of the fields that are read.
_FRONT_MATTER = re.compile(
    r"(?P<fence>---|\+\+\+)[ \t]*\n(?:.*\n){0,100}?(?:title|headline|date|author|tags)[ \t]*[:=].*\n"
    r"(?:.*\n){0,200}?(?:(?P=fence)|\.\.\.)[ \t]*(?:\n|\Z)",
    re.IGNORECASE,
)


def start_of(content: bytes) -> str:
    """Return the first characters of some bytes, good enough to look for ASCII in them.

    Line ends are those of Unix, and white space before the first character is left out.
    """
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), None) or _wide(content)
    text = content.decode(encoding or "latin-1", "replace")
    return text.lstrip("\ufeff \t\r\n").replace("\r\n", "\n").replace("\r", "\n")


def _wide(content: bytes) -> str | None:
    sample = content[:_SAMPLE_BYTES]
    half = len(sample) // 2
    if half < 4:
        return None
    if sample[1::2].count(0) > 0.8 * half and b"\0\0" not in sample:
        return "utf-16-le"
    return "utf-16-be" if sample[0::2].count(0) > 0.8 * half and b"\0\0" not in sample else None


def is_pdf(content: bytes) -> bool:
    """Tell PDF, which may stand a little below the start of its file, from a text that speaks of it."""
    found = _PDF.search(content, 0, _PDF_WITHIN)
    if not found:
        return False
    return not content[: found.start()].strip(b"\xef\xbb\xbf \t\r\n\0") or bool(_PDF_OBJECT.search(content))


def is_mailbox(text: str) -> bool:
    """Tell whether a text begins as mbox files do."""
    envelope = _ENVELOPE.match(text)
    return bool(envelope and _FIELD.match(text, envelope.end()))


def is_mail(text: str, *, as_text: bool) -> bool:
    """Tell whether a text begins with the header of a mail (RFC 5322, section 2.2).

    Args:
        text: The start of it.
        as_text: A mail program may have saved it as plain text; it is a mail only if it is encoded as one.
    """
    fields: dict[str, str] = {}
    last = ""
    for line in text.split("\n"):
        field = _FIELD.fullmatch(line)
        if field:
            last = field["name"].lower()
            fields.setdefault(last, field["value"])
        elif last and line[:1] in {" ", "\t"} and line.strip():
            fields[last] += line
        else:
            break
    if len(fields) < 2 or not fields.keys() & _OF_MAILS:
        return False
    encoding = f"{fields.get('content-type', '')} {fields.get('content-transfer-encoding', '')}"
    return not as_text or bool(_ENCODED.search(encoding))


def root_of(text: str) -> str | None:
    """Return the name of the first element of XML or of a page, in small letters, without a prefix."""
    at = 0
    while before := _BEFORE_ROOT.match(text, at):
        at = before.end()
    if doctype := _DOCTYPE.match(text, at):
        return doctype["root"].lower()
    root = _ROOT.match(text, at)
    return root["root"].lower() if root else None


def is_page(text: str, *, named_so: bool) -> bool:
    """Tell whether a text is HTML without its beginning, by its tags."""
    tags = sum(1 for _ in _TAG.finditer(text))
    if named_so:
        return tags > 0
    begins_with_tag = bool(_TAG.match(text))
    return tags >= (_FEWEST_TAGS_OF_ROOT if begins_with_tag else _TAGS_OF_PAGE)


def is_json(text: str) -> bool:
    """Tell whether a text begins as a JSON object, or an array of objects or of nothing, does."""
    return bool(_JSON.match(text))


def is_json_feed(text: str) -> bool:
    """Tell a JSON Feed by its field `version`."""
    return bool(_JSON_FEED.match(text))


def is_json_lines(text: str, *, named_so: bool) -> bool:
    """Tell one object for each line from one object over several lines."""
    first, _, below = text.partition("\n")
    whole = first.startswith("{") and first.rstrip().endswith("}")
    return whole and (named_so or below.lstrip().startswith("{"))


def has_front_matter(text: str) -> bool:
    """Tell whether a text begins with fields between two lines of marks."""
    return bool(_FRONT_MATTER.match(text))
