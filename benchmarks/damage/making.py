"""Damaged files: sound ones with pieces cut out, put in, doubled and moved, and heaps of pieces alone."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from benchmarks.damage import seeds
from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import ParsedDocument, ParsedItems
from newsletter.sources.formats.feed import parse_feed
from newsletter.sources.formats.html import read_page
from newsletter.sources.formats.json_documents import parse_json, parse_json_lines
from newsletter.sources.formats.mail import parse_mail
from newsletter.sources.formats.markdown import parse_markdown
from newsletter.sources.formats.mbox import parse_mbox
from newsletter.sources.formats.pdf import document_of
from newsletter.sources.formats.pdfpages import read_pages
from newsletter.sources.parse import SourceAliases, TextReader, parse_text

_READER = TextReader(aliases=SourceAliases.with_extra({}), detect=lambda _: None)
#: What servers say that pages are written in.
_CHARSETS = (None, "utf-8", "gb2312", "x")
_ADDRESS = "https://courier.example/2031/05/04/baths"
#: How often a piece is put in at one place.
_TIMES = (*(1,) * 60, *(3,) * 20, *(50,) * 19, 5_000)
_EDITS = (1, 1, 1, 2, 3, 5, 12)
_MOST_PIECES = 60
_ODD_VALUES = (
    None,
    True,
    0,
    -1,
    1e300,
    10**40,
    "",
    "\ud800",
    [],
    {},
    [[[[]]]],
    [None, 1, {}],
    {"name": {"name": {}}},
)
#: One file in so many is a heap of pieces, without a sound file below it.
_HEAPS = 4


@dataclass(frozen=True, kw_only=True)
class Damaged:
    """What is done to the files of one parser."""

    parse: Callable[[bytes], ParsedDocument | ParsedItems]
    seeds: tuple[bytes, ...]
    #: What the format gives a meaning to.
    pieces: tuple[bytes, ...]
    #: Whether each line of its files is JSON, where most edits only break the grammar.
    is_json: bool = False

    def make(self, dice: random.Random) -> bytes:
        """Return a damaged file."""
        pieces = (*self.pieces, *seeds.COMMON)
        if not dice.randrange(_HEAPS):
            return b"".join(_piece(pieces, dice) for _ in range(dice.randrange(_MOST_PIECES)))
        content = bytearray(dice.choice(self.seeds))
        if self.is_json and dice.randrange(2):
            return _swap_values(content, pieces, dice)
        for _ in range(dice.choice(_EDITS)):
            _edit(content, pieces, dice)
        return bytes(content if dice.randrange(8) else content[: dice.randrange(len(content) + 1)])


def _piece(pieces: tuple[bytes, ...], dice: random.Random) -> bytes:
    return dice.choice(pieces) if dice.randrange(4) else dice.randbytes(dice.randrange(1, 5))


def _edit(content: bytearray, pieces: tuple[bytes, ...], dice: random.Random) -> None:
    at = dice.randrange(len(content) + 1)
    match dice.randrange(4):
        case 0:
            del content[at : at + dice.choice((1, 2, 8, 80, 500))]
        case 1:
            content[at:at] = dice.choice(pieces) * dice.choice(_TIMES)
        case 2:
            start = dice.randrange(len(content) + 1)
            content[at:at] = content[start : start + dice.randrange(1, 200)]
        case _:
            content[at : at + 1] = dice.randbytes(dice.randrange(1, 4))


def _swap_values(content: bytes, pieces: tuple[bytes, ...], dice: random.Random) -> bytes:
    """Put other values, of any type, in the places of some values of JSON."""

    def swapped(value: object) -> object:
        if not dice.randrange(6):
            return dice.choice((*_ODD_VALUES, {"name": value}, [value] * 3, text()))
        if isinstance(value, dict):
            return {(name if dice.randrange(20) else text()): swapped(each) for name, each in value.items()}
        return [swapped(each) for each in value] if isinstance(value, list) else value

    def text() -> str:
        return "".join(_piece(pieces, dice).decode("utf-8", "replace") for _ in range(dice.randrange(9)))

    lines = [json.loads(line) for line in content.split(b"\n")]
    return b"\n".join(json.dumps(swapped(line)).encode() for line in lines)


def _page(content: bytes) -> ParsedDocument:
    charset = _CHARSETS[len(content) % len(_CHARSETS)]
    return read_page(content, url=_ADDRESS, charset=charset, reader=_READER)


#: Each parser by its name.
PARSERS: Mapping[str, Damaged] = MappingProxyType(
    {
        "text": Damaged(
            parse=lambda content: parse_text(content, _READER), seeds=(seeds.TEXT,), pieces=seeds.IN_TEXT
        ),
        "markdown": Damaged(
            parse=lambda content: parse_markdown(content, _READER),
            seeds=(seeds.MARKDOWN, seeds.TOML),
            pieces=seeds.IN_MARKUP,
        ),
        "html": Damaged(parse=_page, seeds=seeds.PAGES, pieces=seeds.IN_PAGES),
        "mail": Damaged(
            parse=lambda content: parse_mail(content, _READER), seeds=(seeds.MAIL,), pieces=seeds.IN_MAIL
        ),
        "mbox": Damaged(
            parse=lambda content: parse_mbox(content, _READER), seeds=(seeds.MBOX,), pieces=seeds.IN_MAIL
        ),
        # In this process: one of its own for each file would take most of the time.
        "pdf": Damaged(
            parse=lambda content: document_of(read_pages(content), _READER),
            seeds=seeds.PDF,
            pieces=seeds.IN_PDF,
        ),
        "json": Damaged(
            parse=lambda content: parse_json(content, _READER),
            seeds=seeds.JSON,
            pieces=seeds.IN_JSON,
            is_json=True,
        ),
        "json-lines": Damaged(
            parse=lambda content: parse_json_lines(content, _READER),
            seeds=(seeds.JSON_LINES,),
            pieces=seeds.IN_JSON,
            is_json=True,
        ),
        "feed": Damaged(
            parse=lambda content: parse_feed(content, _READER), seeds=seeds.FEEDS, pieces=seeds.IN_FEEDS
        ),
        "json-feed": Damaged(
            parse=lambda content: parse_feed(content, _READER),
            seeds=(seeds.JSON_FEED,),
            pieces=seeds.IN_JSON,
            is_json=True,
        ),
    }
)


def make(name: str, number: int) -> bytes:
    """Return the damaged file of a number, always the same one, for the parser of a name."""
    return PARSERS[name].make(random.Random(f"{name} {number}"))


def check(name: str, content: bytes) -> bool:
    """Read a file, and see that what comes of it is sound.

    Returns:
        Whether anything was read.

    Raises:
        AssertionError: What was read is no proper document.
    """
    try:
        found = PARSERS[name].parse(content)
    except DocumentRefusedError:
        return False
    if isinstance(found, ParsedItems):
        assert len({item.key for item in found.items}) == len(found.items), "two items of one key"
    for document in _documents(found):
        _check_document(document)
    return True


def _documents(found: ParsedDocument | ParsedItems) -> Iterator[ParsedDocument]:
    if isinstance(found, ParsedDocument):
        yield found
    else:
        yield from (item.document for item in found.items if item.document)


def _check_document(document: ParsedDocument) -> None:
    said = (document.byline, document.source, document.url, document.language, *document.tags)
    for text in (document.headline, document.text, *filter(None, said)):
        text.encode()
        assert "\0" not in text, "NUL"
    assert document.headline, "no headline"
    assert document.text.startswith(document.headline), "text without its headline"
    end = len(document.headline)
    for span in document.paragraphs:
        assert end < span.start < span.end <= len(document.text), "spans that overlap"
        assert span.of(document.text).strip(), "a blank paragraph"
        end = span.end
