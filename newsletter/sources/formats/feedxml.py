"""XML feeds by feedparser, behind bounds: the only door to it.

In feedparser several steps take time with the square of a length, or worse, that whoever writes a feed can
choose, some of them in patterns during which the whole process stands still. What leads there is cut away
before, or left out.
"""

import io
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import RefusalReason
from newsletter.sources.decode import decode

#: Broken XML costs up to 40 µs a tag, and 5 µs an entity; a feed of a thousand items has far fewer.
_MOST_TAGS_IN_ALL = 100_000
_MOST_ENTITIES = 800_000
#: Longest name of an author that an address is looked for in, in characters.
_LONGEST_AUTHOR = 300
_MOST_TAGS = 100
#: Each link is joined to it.
_LONG_BASE = re.compile(rb"\bbase\s*=\s*[\"'][^\"']{2000}")
_ENCODING = re.compile(rb"<\?xml[^>]{0,200}?\bencoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
#: Looked for an encoding, in octets.
_DECLARED_WITHIN = 400
#: Codecs that are no encodings of texts, or take time with the square of a length.
_NO_ENCODINGS = {"punycode", "idna", "undefined", "unicode_escape", "raw_unicode_escape", "utf_7"}
_FIRST_ELEMENT = re.compile(r"<\w")


def parse_xml(content: bytes, *, url: str, charset: str | None) -> Mapping[str, Any]:
    """Parse a feed, however broken it is.

    Args:
        content: The whole of it.
        url: Where it came from; "" if that is not known.
        charset: As its server says; None if it does not.

    Returns:
        What feedparser makes of it.

    Raises:
        DocumentRefusedError: UNSUPPORTED, if it is no feed, or OVERSIZED.
    """
    if content.count(b"<") > _MOST_TAGS_IN_ALL:
        raise DocumentRefusedError(RefusalReason.OVERSIZED, f"more than {_MOST_TAGS_IN_ALL:,} tags")
    if content.count(b"&") > _MOST_ENTITIES:
        raise DocumentRefusedError(RefusalReason.OVERSIZED, f"more than {_MOST_ENTITIES:,} entities")
    if _LONG_BASE.search(content):
        raise DocumentRefusedError(RefusalReason.OVERSIZED, "a base address of more than 2,000 characters")
    text = _text_of(content, charset)
    first = _FIRST_ELEMENT.search(text)
    if first is None:
        raise DocumentRefusedError(RefusalReason.UNSUPPORTED, "neither RSS, Atom, RDF nor JSON Feed")
    # What stands before may declare entities, which a few octets blow up, and is nothing that we need.
    body = "<?xml version='1.0' encoding='utf-8'?>\n" + text[first.start() :]
    headers = {"content-location": url, "content-type": "application/xml; charset=utf-8"}
    try:
        # A stream: of anything else feedparser would try whether it is an address or a file to open. What is
        # HTML in it becomes plain text here, so that it need not be made safe there.
        parsed = _feedparser()(
            io.BytesIO(body.encode("utf-8", "replace")),
            response_headers=headers,
            resolve_relative_uris=False,
            sanitize_html=False,
        )
    except Exception as error:
        # What a parser of anything meets in it, nobody foresees.
        detail = f"no feed that can be read ({type(error).__name__})"
        raise DocumentRefusedError(RefusalReason.UNSUPPORTED, detail) from error
    if not parsed.get("version") and not parsed.get("entries"):
        raise DocumentRefusedError(RefusalReason.UNSUPPORTED, "neither RSS, Atom, RDF nor JSON Feed")
    # Not feedparser's own dictionaries: those answer for names that are not there, with a warning.
    plain_dicts: Mapping[str, Any] = _as_dicts(parsed)
    return plain_dicts


@cache
def _feedparser() -> Callable[..., Any]:
    """Return feedparser's way in, with two steps bounded that take time with the square of what they get."""
    import feedparser
    from feedparser.mixin import _FeedParserMixin as Mixin

    sync_author, add_tag = Mixin._sync_author_detail, Mixin._add_tag  # noqa: SLF001 - there is no other way

    def sync_short_author(self: Any, key: str = "author") -> None:  # noqa: ANN401 - feedparser's own
        author = self._get_context().get(key)
        if not author or len(author) <= _LONGEST_AUTHOR:
            sync_author(self, key)

    def add_few_tags(self: Any, *tag: Any) -> None:  # noqa: ANN401 - feedparser's own
        if len(self._get_context().get("tags", ())) < _MOST_TAGS:
            add_tag(self, *tag)

    Mixin._sync_author_detail, Mixin._add_tag = sync_short_author, add_few_tags  # noqa: SLF001
    parse: Callable[..., Any] = feedparser.parse
    return parse


def _text_of(content: bytes, charset: str | None) -> str:
    """Decode a feed: as UTF-8 if it is that, whatever it says; else as it says; else by its letters.

    Servers and templates name encodings that their feeds are not in; what is valid UTF-8 and holds more than
    ASCII is nothing else.
    """
    found = _ENCODING.search(content[:_DECLARED_WITHIN])
    declared = [charset or "", found[1].decode("ascii", "ignore") if found else ""]
    is_plain = b"\0" not in content and not content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for name in [*([] if content.isascii() else ["utf-8-sig"]), *declared] if is_plain else ():
        text = _decoded(content, name)
        if text is not None:
            return text
    try:
        return decode(content)[0]
    except DocumentRefusedError:
        return content.decode("utf-8", "replace")


def _decoded(content: bytes, encoding: str) -> str | None:
    if encoding.lower().replace("-", "_") in _NO_ENCODINGS:
        return None
    try:
        # Of GB 18030 the older GB 2312 is a part, whose name is given for both.
        return content.decode("gb18030" if encoding.lower() == "gb2312" else encoding)
    except (UnicodeError, LookupError, ValueError):
        return None


def _as_dicts(value: Any) -> Any:  # noqa: ANN401 - whatever feedparser made
    if isinstance(value, dict):
        return {key: _as_dicts(one) for key, one in dict.items(value)}
    return [_as_dicts(one) for one in value] if isinstance(value, list) else value
