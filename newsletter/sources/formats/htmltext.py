"""Plain text of HTML, whole pages or fragments as feeds and mails carry them.

A reading of tokens in one pass, without a tree: time and memory grow with the length of the input alone,
however deep it is nested and however broken it is.
"""

import html
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

_NAMES = r"[a-zA-Z][^\s/>]*+"
#: A quote opens a value only after "=" (HTML Standard, 13.2.5.32 to 36); possessive, so that it is linear.
_ATTRIBUTES = r"""(?:[^>=]|=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z))?+)*+"""
_TOKEN = re.compile(
    rf"<!--(?:-?>|.*?(?:--!?>|\Z))|<[!?][^>]*+>?|</(?P<end>{_NAMES})[^>]*+>?"
    rf"|<(?P<start>{_NAMES})(?P<attributes>{_ATTRIBUTES})>?|</[^>]*+>?",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(
    r"""([^\s=/>"']++)(?:\s*+=\s*+(?:"([^"]*+)|'([^']*+)|([^\s"'>]++)))?""",
)
_HIDING = re.compile(
    r"(?<![\w-])(?:display\s*+:\s*+none|visibility\s*+:\s*+hidden|mso-hide\s*+:\s*+all"
    r"|max-height\s*+:\s*+0(?![.\d]*[1-9]))",
    re.IGNORECASE,
)
_MAY_HIDE = re.compile(r"hid|none|max-height", re.IGNORECASE)
_PREHEADER = re.compile(r"(?<![\w])(?:pre-?header|preview-?text|mcnPreviewText)(?![\w])", re.IGNORECASE)

#: Their content is no markup, and no text of the page either (HTML Standard, 13.2.5.2 and 4).
_RAW = frozenset({"script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes"})
#: Their content is never text of the page.
_UNSEEN = frozenset(
    {
        *("noscript", "template", "svg", "math", "canvas", "object", "audio", "video", "applet", "map"),
        *("select", "button", "datalist", "dialog", "figcaption", "amp-analytics", "amp-ad"),
    }
)
_VOID = frozenset(
    {
        *("area", "base", "basefont", "br", "col", "embed", "frame", "hr", "img", "input", "keygen", "link"),
        *("meta", "param", "source", "track", "wbr"),
    }
)
_BLOCKS = frozenset(
    {
        *("address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dir"),
        *("div", "dl", "dt", "fieldset", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6"),
        *("head", "header", "hgroup", "hr", "html", "legend", "li", "main", "menu", "nav", "ol", "option"),
        *("p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
    }
)
#: What may stand open without an end tag, and the tags that then end it.
_ENDED_BY = {
    "p": _BLOCKS,
    "li": frozenset({"li"}),
    "td": frozenset({"td", "th", "tr", "tbody"}),
    "th": frozenset({"td", "th", "tr", "tbody"}),
    "tr": frozenset({"tr", "tbody"}),
    "dt": frozenset({"dt", "dd"}),
    "dd": frozenset({"dt", "dd"}),
    "noscript": frozenset({"body"}),
}

_SPACES = re.compile(r"[ \t\n\r\f]+")
_CARRIAGE = re.compile(r"\r\n?+")
_BLANK_LINE = re.compile(r"\n[^\S\n]*+(?:\n[^\S\n]*+)+")
_BLANK = re.compile(r"[\s\u00ad\u034f\u200b-\u200f\u2060-\u2064\ufeff]*+")
#: Longer than any code point; `html.unescape` would raise on thousands of digits.
_LONG_NUMBER = re.compile(r"&#(?:\d{8,}+|[xX][0-9a-fA-F]{8,}+);?")
#: A row of a table of figures has no longer cells, in characters; one of a table for layout has.
_LONGEST_CELL = 80
_DEEPEST = 100


def text_of_html(html_text: str) -> str:
    """Return the text of an HTML page or fragment, its paragraphs parted by blank lines.

    No scripts, styles, comments, captions, form controls or hidden elements; references are resolved. An
    item of a list begins with "- " or its number; a row of a table of figures is one line, the cells of any
    other table are paragraphs. A single `<br>` is a line break, several end the paragraph.

    Never raises; time and memory are linear in the input.

    Args:
        html_text: Any characters, however damaged.
    """
    writer = _Writer()
    for token in _tokens(html_text.replace("\0", "")):
        writer.take(token)
    return writer.finish()


@dataclass(slots=True)
class _Token:
    """A tag, or a run of text."""

    name: str = ""
    is_end: bool = False
    attributes: str = ""
    text: str = ""


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        match = _TOKEN.search(text, at)
        end = match.start() if match else len(text)
        if end > at:
            yield _Token(text=text[at:end])
        if not match:
            return
        at = match.end()
        if name := (match["end"] or match["start"] or "").lower():
            is_end = match["end"] is not None
            yield _Token(name=name, is_end=is_end, attributes=match["attributes"] or "")
            if name in _RAW and not is_end:
                at = _end_of_raw(text, at, name)


def _end_of_raw(text: str, at: int, name: str) -> int:
    match = re.compile(rf"</{name}(?=[\s/>])[^>]*+>?", re.IGNORECASE).search(text, at)
    return match.end() if match else len(text)


def is_hidden(attributes: dict[str, str]) -> bool:
    """Tell whether an element with these attributes, their names in lower case, is not shown to readers."""
    return (
        attributes.get("hidden", "until-found").lower() != "until-found"
        or attributes.get("aria-hidden", "").lower() == "true"
        or bool(_HIDING.search(attributes.get("style", "")))
        or bool(_PREHEADER.search(attributes.get("class", "")))
    )


def _hides(token: _Token) -> bool:
    if token.name in {"html", "body"} or not token.attributes:
        return False
    if not _MAY_HIDE.search(token.attributes) and not _PREHEADER.search(token.attributes):
        return False
    found = _ATTRIBUTE.findall(token.attributes)
    return is_hidden({name.lower(): html.unescape(a or b or c) for name, a, b, c in found})


@dataclass(slots=True)
class _Hidden:
    """The inside of an element that is left out, until it ends."""

    name: str
    #: Elements open in it, by name and together, itself included.
    inside: Counter[str]
    depth: int = 1

    def ends_before(self, token: _Token, outside: Counter[str]) -> bool:
        """Tell whether a tag, that is not its own end, shows that it has ended."""
        if token.is_end:
            return not self.inside[token.name] and outside[token.name] > 0
        by = _ENDED_BY.get(self.name, frozenset())
        # Further in, the tag belongs to something else.
        return token.name in by and self.depth == 1

    def take(self, token: _Token) -> bool:
        """Count a tag; return True if it is the element's own end."""
        opens = token.name not in _VOID and not token.is_end
        step = int(opens) - int(token.is_end and self.inside[token.name] > 0)
        self.inside[token.name] += step
        self.depth += step
        return not self.inside[self.name]


@dataclass(slots=True)
class _Row:
    """A row of a table that is being read."""

    #: How many tables it stands in.
    depth: int
    #: Where its paragraphs begin among those written.
    start: int
    #: Where each of its cells begins.
    cells: list[int] = field(default_factory=list)
    holds_table: bool = False


class _Writer:
    """Writes paragraphs from tokens."""

    def __init__(self) -> None:
        self._paragraphs: list[str] = []
        self._pieces: list[str] = []
        self._open: Counter[str] = Counter()
        self._hidden: _Hidden | None = None
        #: Numbers reached in the lists that are open; None for one without numbers.
        self._lists: list[int | None] = []
        self._bullet = ""
        self._rows: list[_Row] = []

    def take(self, token: _Token) -> None:
        if self._hidden and not self._leave(token):
            return
        if not token.name:
            self._write(token.text)
        elif token.is_end:
            self._end(token.name)
        else:
            self._start(token)

    def finish(self) -> str:
        self._flush()
        return "\n\n".join(self._paragraphs)

    def _leave(self, token: _Token) -> bool:
        """Pass over a token in a hidden element; return True if it stands after it and is to be read."""
        if not self._hidden or not token.name:
            return False
        if self._hidden.ends_before(token, self._open):
            self._hidden = None
            return True
        if self._hidden.take(token):
            self._hidden = None
        return False

    def _write(self, text: str) -> None:
        if "&" in text:
            text = html.unescape(_LONG_NUMBER.sub("\ufffd", text)).replace("\0", "")
        self._pieces.append(_CARRIAGE.sub("\n", text) if self._open["pre"] else _SPACES.sub(" ", text))

    def _start(self, token: _Token) -> None:
        name = token.name
        if name in _RAW:
            return
        if name in _BLOCKS:
            self._flush()
        if (name in _UNSEEN or _hides(token)) and name not in _VOID:
            self._hidden = _Hidden(name=name, inside=Counter({name: 1}))
            return
        self._open[name] += name not in _VOID
        if name == "br":
            self._pieces.append("\n")
        elif name == "q":
            self._pieces.append("“")
        elif name in {"ul", "ol", "menu", "dir"}:
            self._lists.append(0 if name == "ol" and len(self._lists) < _DEEPEST else None)
        elif name == "li":
            self._begin_item()
        else:
            self._start_of_table(name)

    def _begin_item(self) -> None:
        self._bullet = "- "
        if self._lists and (reached := self._lists[-1]) is not None:
            self._lists[-1] = reached + 1
            self._bullet = f"{reached + 1}. "

    def _start_of_table(self, name: str) -> None:
        if name == "table" and self._rows:
            self._rows[-1].holds_table = True
        elif name == "tr":
            self._end_row()
            self._rows.append(_Row(depth=self._open["table"], start=len(self._paragraphs)))
        elif name in {"td", "th"} and self._rows:
            self._rows[-1].cells.append(len(self._paragraphs))

    def _end(self, name: str) -> None:
        if name in _BLOCKS:
            self._flush()
        if name == "br":
            self._pieces.append("\n")
        if not self._open[name]:
            return
        if name in {"tr", "table"}:
            self._end_row()
        self._open[name] -= 1
        if name == "q":
            self._pieces.append("”")
        elif name in {"ul", "ol", "menu", "dir"}:
            self._bullet = ""
            if self._lists:
                self._lists.pop()
        elif name == "li":
            self._bullet = ""

    def _end_row(self) -> None:
        """End the row that is open in the innermost table, if there is one."""
        while self._rows and self._rows[-1].depth >= self._open["table"]:
            self._join_row(self._rows.pop())

    def _join_row(self, row: _Row) -> None:
        """Make one line of a row of figures: several cells, each a few words or none."""
        if row.holds_table or not row.cells:
            return
        texts = self._paragraphs[row.start :]
        bounds = [*row.cells, len(self._paragraphs)]
        single = all(after - before <= 1 for before, after in pairwise(bounds))
        short = all(len(text) <= _LONGEST_CELL and "\n" not in text for text in texts)
        if single and short and len(texts) > 1:
            self._paragraphs[row.start :] = [" | ".join(texts)]

    def _flush(self) -> None:
        """End the paragraph, or the several that line breaks make of it."""
        if not self._pieces:
            return
        text, is_pre = "".join(self._pieces), bool(self._open["pre"])
        self._pieces.clear()
        for part in _BLANK_LINE.split(text):
            if _BLANK.fullmatch(part):
                continue
            lines = (line.rstrip() if is_pre else line.strip() for line in part.strip("\n").split("\n"))
            self._paragraphs.append(self._bullet + "\n".join(lines))
            self._bullet = ""
