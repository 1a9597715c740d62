"""The text of a document in JSON: which field holds it, and whether it is plain or HTML."""

import html
import re
from collections.abc import Mapping

from newsletter.sources.formats import marks
from newsletter.sources.formats.htmltext import text_of_html

#: In order of preference, in small letters, without anything but letters and digits.
_TEXTS = (
    *("text", "bodytext", "contenttext", "articlebody", "body", "fulltext", "content", "contenthtml"),
    *("html", "bodyhtml", "article", "story"),
)
_HTML_BY_NAME = frozenset({"contenthtml", "html", "bodyhtml"})
#: Only where no field holds the whole text.
_SUMMARIES = ("summary", "description", "abstract", "excerpt", "standfirst")
#: Where an object that stands for a text keeps it.
_INNER = ("rendered", "text", "value", "html", "content")
#: A paragraph's end, whatever else the text is made of.
_TAG = re.compile(
    r"</(?:p|div|h[1-6]|li|a|b|i|em|strong|span)>|<(?:br|p|hr)(?: [^<>]{0,500})?/?>", re.IGNORECASE
)
_REFERENCE = re.compile(
    r"&(?:#\d{2,6}|#x[0-9a-f]{2,5}|amp|lt|gt|quot|apos|nbsp|[lr][sd]quo|[mn]dash|hellip);", re.IGNORECASE
)
_SENTENCE_END = re.compile(r"[.!?。！？][\"'”’»)\]]*(?=\s|$)")
#: How services for news mark what they have cut off: "… [+1234 chars]".
_CUT_OFF = re.compile(r"(?:…|\.{3})?\s*\[\+?\d{1,7} char(?:acter)?s\]\s*$")


def text_by(fields: Mapping[str, object], *, summaries: bool = True) -> str:
    """Return a document's text, paragraphs parted by blank lines where it was HTML; "" for none.

    Args:
        fields: From `fields.named`.
        summaries: Take a summary where no field holds the whole text.
    """
    for name in (*_TEXTS, *(_SUMMARIES if summaries else ())):
        if text := _plain(fields.get(name), is_html=name in _HTML_BY_NAME, depth=0):
            return text
    return ""


def _plain(value: object, *, is_html: bool, depth: int) -> str:
    if isinstance(value, str):
        text = _without_html(value, is_html=is_html)
        return _whole_sentences(text).strip()
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "\n\n".join(filter(None, (_plain(each, is_html=is_html, depth=1) for each in value)))
    if isinstance(value, dict) and depth == 0:
        inner = next((value[name] for name in _INNER if value.get(name)), None)
        return _plain(inner, is_html=is_html, depth=1)
    return ""


def _whole_sentences(text: str) -> str:
    """Return a text without the sentence that a news service has cut in two."""
    cut_off = _CUT_OFF.search(text[-100:])
    if not cut_off:
        return text
    text = text[: len(text) - len(cut_off[0])]
    ends = [end.end() for end in _SENTENCE_END.finditer(text)]
    return text[: ends[-1]] if ends else text


def _without_html(text: str, *, is_html: bool) -> str:
    if is_html or _TAG.search(text) or marks.is_page(text[:2_000], named_so=False):
        return text_of_html(text)
    return html.unescape(text) if _REFERENCE.search(text) else text
