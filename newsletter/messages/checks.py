"""Checks: the rules that every rendered edition, and every letter, must keep, looked at before it goes out.

Each rule stands for a mail program that breaks the mail, or a reader who cannot use it. Figures are those
of caniemail.com and of the bugs collected at github.com/hteumeuleu/email-bugs.
"""

import itertools
import re
from collections.abc import Iterator
from typing import Protocol

from newsletter.messages.layout import headlines
from newsletter.messages.marks import split_at_marks
from newsletter.messages.markup import Markup
from newsletter.messages.setting import EMPTY_PHRASES
from newsletter.messages.text import WIDTH, cells
from newsletter.model.editions import Edition
from newsletter.model.messages import Rendering

#: Gmail cuts a mail off near 102 KB of HTML, and what is left loses its styles.
MAX_HTML_BYTES = 80_000
#: Gmail drops the style blocks of a mail that has more CSS.
MAX_STYLE_BYTES = 16_000
#: What readers with weak eyes, and WCAG 1.4.4 on phones, can live with.
MIN_FONT_PIXELS = 15

_FORBIDDEN_ELEMENTS = frozenset(
    (
        *("script", "iframe", "object", "embed", "link", "base", "details", "dialog", "marquee"),
        *("form", "input", "button", "select", "textarea"),
        *("video", "audio", "svg", "canvas", "picture"),
        # Stripped by Outlook.com and Yahoo, with what they say to screen readers.
        *("header", "footer", "main", "nav", "section", "article", "aside"),
    )
)
_FORBIDDEN_CSS = {
    r"var\(": "custom properties (Gmail, Outlook)",
    r"\b(calc|clamp|min|max)\(": "CSS functions (Outlook)",
    r"display\s*:\s*(inline-)?(flex|grid)": "flex or grid (Outlook)",
    r"(^|[;{\s])gap\s*:": "gap (Gmail)",
    r"(^|[;{\s])position\s*:": "position (Gmail)",
    r"(^|[;{\s])float\s*:": "float",
    r"@import|@font-face": "web fonts and imports (Gmail, Outlook)",
    r"url\(": "url()",
    r"@supports": "@supports (Gmail)",
    r"light-dark\(|oklch|lab\(|hwb\(|rgba?\(\s*\d+\s+\d": "modern colours (Gmail drops the whole style)",
    r"margin(-\w+)?\s*:[^;]*-\d": "negative margins (Gmail)",
    r"\d(rem|vw|vh|ch)\b": "rem, vw, vh or ch (Outlook)",
    r"-(inline|block)\s*:": "logical properties (Gmail)",
}
_NO_TRACKING = "no tracking links or hidden images"
_TABLE_ROLE = re.compile(r"<table[^>]*?(?:role=\"(\w+)\"[^>]*)?>")
_LONE_ADDRESS = re.compile(r"\s*((https?|mailto):\S+|\S+@\S+)", re.IGNORECASE)
#: Schemes are written in any case (RFC 3986 section 3.1).
_PRESSABLE = re.compile(r"https?://[^\s/]|mailto:[^\s@]+@", re.IGNORECASE)
_AT_RULE = re.compile(r"@[^{]+\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
#: Attributes that may hold words of a document.
_WORDED_ATTRIBUTES = frozenset({"href", "aria-label", "alt", "title", "content"})


class _Parts(Protocol):
    """What every mail has, be it an edition or a letter."""

    @property
    def subject(self) -> str:
        """Its subject, in one line."""

    @property
    def html(self) -> str:
        """The HTML part, with its styles inlined."""

    @property
    def text(self) -> str:
        """The text part."""


def check_rendering(rendering: Rendering, edition: Edition | None = None) -> list[str]:
    """Return one line for each rule that a rendering breaks; an empty list if it is fit to send.

    Args:
        rendering: What was rendered.
        edition: What it was rendered from; with it, every headline is looked for in both parts.
    """
    page = Markup(rendering.html)
    of_edition = (*_unsubscribing(rendering), *_headlines_in_both(rendering, page, edition))
    return list(dict.fromkeys((*_of_any_mail(rendering, page), *of_edition)))


def check_letter(letter: _Parts) -> list[str]:
    """Return one line for each rule that a letter breaks; an empty list if it is fit to send."""
    return list(dict.fromkeys(_of_any_mail(letter, Markup(letter.html))))


def _of_any_mail(mail: _Parts, page: Markup) -> Iterator[str]:
    yield from _size(mail, page)
    yield from _structure(mail, page)
    yield from _tables(page)
    yield from _headings(page)
    yield from _residue(page)
    yield from _css(page)
    yield from _dark_colours(page)
    yield from _links(page)
    yield from _images(mail, page)
    yield from _text(mail)
    yield from _same_in_both(mail, page)


def _size(rendering: _Parts, page: Markup) -> Iterator[str]:
    size = len(rendering.html.encode("utf-8"))
    if size > MAX_HTML_BYTES:
        yield (
            f"the HTML part has {size:,} bytes and Gmail would cut it off: "
            f"keep it below {MAX_HTML_BYTES:,}, with a smaller WORD_BUDGET"
        )
    if sum(len(style.encode("utf-8")) for style, _ in page.styles) >= MAX_STYLE_BYTES:
        yield f"the style blocks have {MAX_STYLE_BYTES:,} bytes or more: Gmail drops them"
    if not all(in_head for _, in_head in page.styles):
        yield "a style block stands outside <head>: Gmail drops it"


def _structure(rendering: _Parts, page: Markup) -> Iterator[str]:
    html = rendering.html
    if not html.lower().startswith("<!doctype html>"):
        yield "the HTML part does not begin with <!DOCTYPE html>"
    if b'charset="utf-8"' not in html.encode("utf-8")[:1024]:
        yield "the HTML part does not name charset utf-8 in its first 1024 bytes"
    if not page.title:
        yield "the HTML part has no title"
    for tag in sorted({tag for tag, _ in page.elements} & _FORBIDDEN_ELEMENTS):
        yield f"<{tag}> is not for mail"
    for tag, attributes in page.elements:
        if tag not in ("html", "body") and "aria-roledescription" not in attributes:
            continue
        if not attributes.get("lang") or attributes.get("dir") not in ("ltr", "rtl"):
            yield f"<{tag}> lacks lang or dir"


def _tables(page: Markup) -> Iterator[str]:
    conditional = [comment for comment in page.comments if comment.startswith("[if")]
    for_outlook = "".join(conditional)
    closed = all(comment.endswith("<![endif]") for comment in conditional)
    if not closed or for_outlook.count("<table") != for_outlook.count("</table"):
        yield "the conditional comments for Outlook do not balance"
    roles = [attributes.get("role") for tag, attributes in page.elements if tag == "table"]
    roles += [match[1] for match in _TABLE_ROLE.finditer(for_outlook)]
    if any(role != "presentation" for role in roles):
        yield 'a table lacks role="presentation": screen readers would count its cells'


def _headings(page: Markup) -> Iterator[str]:
    levels = [level for level, _ in page.headings]
    skipped = any(after - before > 1 for before, after in itertools.pairwise(levels))
    if levels[:1] != [1] or levels.count(1) != 1 or skipped:
        yield "headings are not one <h1> first and no level skipped"


def _residue(page: Markup) -> Iterator[str]:
    """Template code that was not carried out; looked for where the words of documents cannot stand."""
    ours = [style for style, _ in page.styles] + page.comments
    for _, attributes in page.elements:
        ours += [value for name, value in attributes.items() if name not in _WORDED_ATTRIBUTES]
        if any(name.startswith("data-css-inline") for name in attributes):
            yield "an attribute for the CSS inliner is left over"
    if any("{{" in piece or "{%" in piece for piece in ours):
        yield "template code is left over"


def _css(page: Markup) -> Iterator[str]:
    inline = [attributes["style"] for _, attributes in page.elements if "style" in attributes]
    sheets = [style for style, _ in page.styles]
    for pattern, what in _FORBIDDEN_CSS.items():
        if any(re.search(pattern, css) for css in (*inline, *sheets)):
            yield f"CSS that is not for mail: {what}"
    if any("!important" in css for css in inline):
        yield "!important in a style attribute: Outlook ignores the rule"
    sizes = [size for css in inline for size in re.findall(r"font(?:-size)?:[^;]*?(\d+(?:\.\d+)?)px", css)]
    if any(float(size) < MIN_FONT_PIXELS for size in sizes):
        yield f"text smaller than {MIN_FONT_PIXELS}px"
    for sheet in sheets:
        left = _AT_RULE.sub("", sheet)
        selectors = re.findall(r"([^{}]+)\{", left)
        if sheet.count("{") != sheet.count("}") or "@" in left or _nests_at_rules(sheet):
            yield "a style block does not balance or has an @-rule inside another: Gmail drops it"
        elif any(not selector.strip().startswith("[data-ogs") for selector in selectors):
            yield "a style block holds a rule outside @media: it belongs into style attributes"


def _nests_at_rules(sheet: str) -> bool:
    return any("@" in rule[1:] for rule in _AT_RULE.findall(sheet))


def _dark_colours(page: Markup) -> Iterator[str]:
    """Whoever sets colours for dark screens sets all: one left out is dark on dark, unseen in daylight."""
    dark = next((style for style, _ in page.styles if "prefers-color-scheme" in style), None)
    if dark is None:
        return
    for _, attributes in page.elements:
        classes = attributes.get("class", "").split()
        coloured = re.search(r"(^|;)\s*(background-)?color\s*:", attributes.get("style", ""))
        if coloured and not any(re.search(rf"\.{re.escape(name)}[,{{\s]", dark) for name in classes):
            yield f"no colour for dark screens: class {' '.join(classes) or 'missing'}"


def _links(page: Markup) -> Iterator[str]:
    targets: dict[str, str] = {}
    for attributes, text in page.links:
        href, name = attributes.get("href", ""), attributes.get("aria-label") or text
        if not _PRESSABLE.match(href):
            yield f"a link leads to {href!r}, which is no absolute web or mail address"
        if not name or name.lower() in EMPTY_PHRASES:
            yield f"the link to {href} has no name that says where it leads"
        elif targets.setdefault(name, href) != href:
            yield f"two links are called {name!r} and lead to different places"
        if "underline" not in attributes.get("style", ""):
            yield f"the link {name!r} is not underlined"


def _unsubscribing(rendering: Rendering) -> Iterator[str]:
    for what, part in (("HTML", rendering.html), ("text", rendering.text)):
        if "unsubscribe" not in split_at_marks(part, rendering.token)[1::2]:
            yield f"the {what} part has no way to unsubscribe"


def _images(rendering: _Parts, page: Markup) -> Iterator[str]:
    for tag, attributes in page.elements:
        if tag != "img":
            continue
        width, height = attributes.get("width", ""), attributes.get("height", "")
        if "alt" not in attributes or not width or not height:
            yield "an image lacks alt, width or height"
        if not attributes.get("src", "").startswith("https://"):
            yield "an image is not loaded by https"
        hidden = {width, height} & {"0", "1", "2"}
        if hidden and _NO_TRACKING in " ".join(rendering.text.split()):
            yield "an image is too small to be seen, and the mail says that it has no hidden images"


def _text(rendering: _Parts) -> Iterator[str]:
    if not rendering.subject:
        yield "the subject is empty"
    for line in rendering.text.splitlines():
        if cells(line) > WIDTH and not _LONE_ADDRESS.fullmatch(line):
            yield f"a line of the text part is wider than {WIDTH} cells: {line[:40]!r}"
        if line != line.rstrip() or "\t" in line:
            yield f"a line of the text part has a tab or ends in space: {line[:40]!r}"


def _same_in_both(rendering: _Parts, page: Markup) -> Iterator[str]:
    """Both parts tell the same; line breaks and capitals do not count."""
    text = _squeezed(rendering.text)
    for _, heading in page.headings:
        if _squeezed(heading) not in text:
            yield f"the text part lacks {heading!r}"
    for attributes, _ in page.links:
        href = attributes.get("href", "")
        address = href.removeprefix("mailto:").partition("?")[0]
        if _squeezed(href) not in text and (address == href or _squeezed(address) not in text):
            yield f"the text part lacks the link {href}"


def _headlines_in_both(rendering: Rendering, page: Markup, edition: Edition | None) -> Iterator[str]:
    if edition is None:
        return
    text = _squeezed(rendering.text)
    shown = _squeezed("".join(page.shown))
    for headline in headlines(edition):
        if _squeezed(headline) not in shown or _squeezed(headline) not in text:
            yield f"the headline {headline!r} is not in both parts"


def _squeezed(text: str) -> str:
    return "".join(text.split()).upper().casefold()
