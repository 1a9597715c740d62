"""From the bytes of a page to its characters (HTML Standard, 13.2.3; Encoding Standard, 4.2)."""

import codecs
import re

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import RefusalReason
from newsletter.sources.decode import decode

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
#: The standard looks into 1,024 bytes; pages with long comments before the declaration are common.
_PRESCANNED = 4096
_DECLARED = re.compile(rb"""<meta\b[^>]{0,500}?\bcharset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
_XML_DECLARED = re.compile(rb"""^\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*["']([\w.:-]{2,40})""")
#: What pages that name one encoding are in truth written in.
_WIDER = {
    **dict.fromkeys(("ascii", "iso8859-1"), "cp1252"),
    **dict.fromkeys(("gb2312", "gbk", "hz"), "gb18030"),
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
}
#: Nothing else that Python can decode is an encoding of pages ("zlib", "utf-7", "unicode_escape").
_ENCODINGS = frozenset(
    {
        *("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "big5hkscs", "cp932", "cp949"),
        *("euc_jp", "iso2022_jp", "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic", "cp866", "cp874"),
        *(f"cp125{digit}" for digit in range(9)),
        *(f"iso8859-{number}" for number in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)),
    }
)
#: So many characters of several bytes are UTF-8 by chance in no other encoding's text.
_SURE = 8
_MULTIBYTE = re.compile(rb"[\xc2-\xf4][\x80-\xbf]{1,3}")
#: A declared encoding holds if at most one character in so many is wrong.
_FORGIVEN = 200
_MARKUP = re.compile(rb"<(script|style)\b.*?</\1|<[^<>]*>", re.IGNORECASE | re.DOTALL)


def decode_page(content: bytes, charset: str | None = None) -> tuple[str, str]:
    """Turn the bytes of a page into characters.

    A byte order mark decides, then `charset`, then what the page declares, then a guess. Bytes that are
    UTF-8 beyond chance are that, whatever is declared.

    Args:
        content: The whole page.
        charset: What the Content-Type header said, if anything.

    Returns:
        The characters without NUL, and Python's name of the encoding.

    Raises:
        DocumentRefusedError: BINARY or ENCODING.
    """
    text, encoding = _decode(content, charset)
    return text.replace("\0", ""), encoding


def _decode(content: bytes, charset: str | None) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, "replace"), encoding
    if _is_surely_utf8(content):
        return content.decode("utf-8"), "utf-8"
    for name in (charset, _declared(content)):
        encoding = _known(name)
        if encoding:
            text = content.decode(encoding, "replace")
            if text.count("\ufffd") * _FORGIVEN <= len(text):
                return text, encoding
    return _guess(content)


def _is_surely_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return len(_MULTIBYTE.findall(content, 0, 2_000_000)) >= _SURE


def _declared(content: bytes) -> str | None:
    start = content[:_PRESCANNED]
    match = _XML_DECLARED.search(start) or _DECLARED.search(start)
    name = match[1].decode("ascii", "ignore") if match else None
    # A declaration that can be read as ASCII is not in UTF-16.
    return "utf-8" if name and name.lower().startswith("utf-16") else name


def _known(name: str | None) -> str:
    """Return Python's name of an encoding of pages; "" if it is none."""
    try:
        python = codecs.lookup((name or "").strip().strip("\"'").replace("x-sjis", "shift_jis")).name
    except (LookupError, ValueError):
        return ""
    python = _WIDER.get(python, python)
    return python if python in _ENCODINGS else ""


def _guess(content: bytes) -> tuple[str, str]:
    """Guess from the text alone: markup would pass for words in Latin letters."""
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    try:
        _, encoding = decode(_MARKUP.sub(b" ", content))
    except DocumentRefusedError as error:
        text = content.decode("utf-8", "replace")
        if error.reason is RefusalReason.ENCODING and text.count("\ufffd") * _FORGIVEN <= len(text):
            return text, "utf-8"
        raise
    return content.decode(encoding, "replace"), encoding
