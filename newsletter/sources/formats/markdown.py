"""Markdown: its text in paragraphs, its first heading as the headline, and what its front matter says."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import ParsedDocument, RefusalReason
from newsletter.sources.decode import decode
from newsletter.sources.formats.fields import given_by, named
from newsletter.sources.formats.front_matter import split_front_matter
from newsletter.sources.formats.htmltext import text_of_html
from newsletter.sources.normalise import ends_sentence
from newsletter.sources.parse import TextReader

#: No article is longer; the worst of that length takes three seconds.
_MOST_CHARACTERS = 150_000
#: Blocks below the headline in which the lines of a paragraph may be credits, one under the other.
_HEAD_BLOCKS = 3
_LONGEST_CREDIT = 100

_FOOTNOTE = re.compile(r"^ {0,3}\[\^[^\]\n]{1,60}\]:.*(?:\n(?: {4}|\t).*)*", re.MULTILINE)
_FOOTNOTE_MARK = re.compile(r"\[\^[^\]\s]{1,60}\]")
#: What site generators put into Markdown: {{< figure >}}, {% include %}, [[Page|shown]].
_SHORTCODE = re.compile(r"\{\{[<%][^\n]{0,500}?[%>]\}\}|\{%[^\n]{0,500}?%\}")
_WIKI_LINK = re.compile(r"!?\[\[(?:[^\]|\n]{1,200}\|)?(?P<shown>[^\]|\n]{1,200})\]\]")
_CALLOUT = re.compile(r"^\[![A-Za-z]{1,20}\][+-]?[ \t]*")
_BREAK = re.compile(r"<br\b", re.IGNORECASE)
_TASK = re.compile(r"^\[[ xX]\] ")


class _Token(Protocol):
    """A piece of parsed Markdown."""

    @property
    def type(self) -> str: ...
    @property
    def tag(self) -> str: ...
    @property
    def content(self) -> str: ...
    @property
    def info(self) -> str: ...
    @property
    def children(self) -> "Sequence[_Token] | None": ...


@dataclass(frozen=True, kw_only=True)
class _Block:
    text: str
    #: 1 to 6 for a heading, else 0.
    level: int = 0


@dataclass(kw_only=True)
class _Around:
    """What stands around a block: lists, a heading, a row of a table."""

    #: For each list whether its items are numbered.
    lists: list[bool] = field(default_factory=list)
    #: Set before the first block of an item.
    mark: str = ""
    level: int = 0
    cells: list[str] | None = None

    def take(self, token: _Token) -> None:
        """Note what begins or ends."""
        match token.type:
            case "heading_open":
                self.level = int(token.tag[1:])
            case "heading_close":
                self.level = 0
            case "bullet_list_open" | "ordered_list_open":
                self.lists.append(token.tag == "ol")
            case "bullet_list_close" | "ordered_list_close":
                self.lists.pop()
            case "list_item_open":
                self.mark = f"{token.info}. " if self.lists[-1] else "- "
            case "tr_open":
                self.cells = []

    def marked(self, text: str) -> str:
        """Return the text of a block with the mark of the item that it begins."""
        mark, self.mark = self.mark, ""
        return f"{mark}{_TASK.sub('', text)}" if mark else _CALLOUT.sub("", text)

    def end_row(self) -> str:
        """Return the cells of a row as one line."""
        cells, self.cells = self.cells, None
        return " | ".join(filter(None, cells or ()))


def parse_markdown(content: bytes, reader: TextReader) -> ParsedDocument:
    """Make a document of Markdown (CommonMark 0.31, with tables and struck text) and its front matter.

    Links keep their text, images and fenced code are left out, HTML gives its text.

    Raises:
        DocumentRefusedError: EMPTY, BINARY, ENCODING, OVERSIZED, or NO_NEWS: it says that it is a draft.
    """
    text, encoding = decode(content)
    if len(text) > _MOST_CHARACTERS:
        detail = f"more than {_MOST_CHARACTERS:,} characters of Markdown: split it, or name it .txt"
        raise DocumentRefusedError(RefusalReason.OVERSIZED, detail)
    text = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    matter, body = split_front_matter(text.lstrip("\n"))
    fields = named(matter)
    _check_draft(fields)
    given = given_by(fields)
    blocks = list(_blocks(body))
    if not given.headline and (at := _headline_at(blocks)) is not None:
        given = replace(given, headline=blocks.pop(at).text)
    return reader.read("\n\n".join(block.text for block in blocks), given=given, encoding=encoding)


def _check_draft(fields: Mapping[str, object]) -> None:
    """Refuse what site generators leave out: `draft: true` (Hugo) and `published: false` (Jekyll)."""
    for name, value in (("draft", "true"), ("published", "false")):
        if str(fields.get(name, "")).lower() == value:
            raise DocumentRefusedError(RefusalReason.NO_NEWS, f"its front matter says {name}: {value}")


def _headline_at(blocks: Sequence[_Block]) -> int | None:
    if blocks and blocks[0].level:
        return 0
    return next((at for at, block in enumerate(blocks[:_HEAD_BLOCKS]) if block.level == 1), None)


def _blocks(body: str) -> Iterator[_Block]:
    body = _SHORTCODE.sub("", _FOOTNOTE.sub("", body))
    body = _WIKI_LINK.sub(lambda link: link["shown"], _FOOTNOTE_MARK.sub("", body))
    around, count = _Around(), 0
    for token in _parse(body):
        around.take(token)
        level = around.level
        text = _text_of(token, around, is_head=count < _HEAD_BLOCKS)
        if text.strip():
            count += 1
            yield _Block(text=text, level=level)


def _text_of(token: _Token, around: _Around, *, is_head: bool) -> str:
    """Return the text of the block that a token ends or is; "" for none."""
    match token.type:
        case "inline":
            text = _inline(token.children or (), keeps_lines=is_head)
            if around.cells is None:
                return around.marked(text)
            around.cells.append(" ".join(text.split()))
        case "tr_close":
            return around.end_row()
        case "code_block":
            # Indented by four: far more often a paragraph set in than code.
            return around.marked(token.content.strip())
        case "html_block":
            return text_of_html(token.content)
    return ""


def _inline(tokens: Sequence[_Token], *, keeps_lines: bool) -> str:
    """Return the text of a paragraph, its lines apart where they are credits or were broken on purpose."""
    pieces: list[str] = []
    for token in tokens:
        match token.type:
            case "text" | "code_inline" | "text_special":
                pieces.append(token.content)
            case "softbreak":
                pieces.append("\r")
            case "hardbreak":
                pieces.append("\n")
            case "html_inline" if _BREAK.match(token.content):
                pieces.append("\n")
    text = "".join(pieces)
    lines = [line.strip() for line in text.split("\r")]
    apart = keeps_lines and all(len(line) <= _LONGEST_CREDIT and not ends_sentence(line) for line in lines)
    return ("\n" if apart else " ").join(lines).strip()


def _parse(body: str) -> Sequence[_Token]:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(body)
