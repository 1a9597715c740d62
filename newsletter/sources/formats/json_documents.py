"""JSON: one document, many in an array, or one in each line (JSON Lines), by the names of their fields."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import ParsedDocument, ParsedItem, ParsedItems, RefusalReason
from newsletter.sources.decode import decode
from newsletter.sources.formats.fields import given_by, line_of, named
from newsletter.sources.formats.jsontext import text_by
from newsletter.sources.parse import TextReader

#: A file of more is refused: each takes a row in the store.
_MOST_ITEMS = 10_000
#: Where an object keeps its documents, in order of preference.
_CONTAINERS = (
    *("articles", "items", "documents", "results", "entries", "stories", "posts", "news"),
    *("data", "response"),
)
#: What the documents of one object may have in common.
_COMMON = ("source", "publisher", "publication", "outlet", "language", "lang")
_KEYS = ("id", "guid", "uuid", "uri", "url", "link")
_LONGEST_KEY = 200
#: More digits than any number in a document has; converting them takes time that grows with their square.
_MOST_DIGITS = 30


def parse_json(content: bytes, reader: TextReader) -> ParsedDocument | ParsedItems:
    """Make documents of JSON (RFC 8259).

    An object with a text is a document; an array of objects, or an object that keeps one under `articles`,
    `items`, `documents` and the like, holds several.

    Raises:
        DocumentRefusedError: DAMAGED, INCOMPLETE (no fields of a document), OVERSIZED (more than 10,000 of
            them), or as `decode` raises it.
    """
    text, encoding = decode(content)
    value = _loads(text)
    if isinstance(value, dict):
        common, objects = _contained(value, depth=0)
        if objects is None:
            return _document(named(value), reader, encoding)
    else:
        common, objects = {}, value if isinstance(value, list) else []
    if not any(isinstance(each, dict) for each in objects):
        raise _incomplete()
    read = (_item(each, number, common, reader, encoding) for number, each in enumerate(objects, 1))
    return _items(objects, read)


def parse_json_lines(content: bytes, reader: TextReader) -> ParsedItems:
    """Make a document of each line of JSON Lines; a line that cannot be read is a refused item.

    Raises:
        DocumentRefusedError: INCOMPLETE (no line holds a document), OVERSIZED (more than 10,000 lines), or
            as `decode` raises it.
    """
    text, encoding = decode(content)
    lines = [
        (number, line)
        # Not splitlines: U+2028 may stand in a string.
        for number, line in enumerate(text.lstrip("\ufeff").split("\n", _MOST_ITEMS * 2), 1)
        if line.strip()
    ]
    return _items(lines, (_line(line, number, reader, encoding) for number, line in lines))


def _loads(text: str) -> object:
    """Return what JSON stands for; numbers that are no finite ones are left out.

    Raises:
        DocumentRefusedError: DAMAGED.
    """
    try:
        return json.loads(text.lstrip("\ufeff"), parse_int=_whole, parse_constant=lambda _: None)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise DocumentRefusedError(RefusalReason.DAMAGED, f"no JSON: {error.msg}, {place}") from error
    except RecursionError as error:
        raise DocumentRefusedError(RefusalReason.DAMAGED, "nested too deeply") from error


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= _MOST_DIGITS else digits


def _contained(
    value: Mapping[str, object], *, depth: int
) -> tuple[Mapping[str, object], Sequence[object] | None]:
    """Return what the documents in an object have in common, and the documents; None where it is one."""
    fields = named(value)
    if text_by(fields, summaries=False):
        return {}, None
    common = {name: fields[name] for name in _COMMON if name in fields}
    for name in _CONTAINERS:
        inner = fields.get(name)
        if isinstance(inner, list) and any(isinstance(each, dict) for each in inner):
            return common, inner
        if isinstance(inner, dict) and depth < 2:
            nearer, objects = _contained(inner, depth=depth + 1)
            if objects is not None:
                return {**common, **nearer}, objects
    return {}, None


def _items(found: Sequence[object], read: Iterator[ParsedItem]) -> ParsedItems:
    if len(found) > _MOST_ITEMS:
        raise DocumentRefusedError(
            RefusalReason.OVERSIZED, f"more than {_MOST_ITEMS:,} documents: split the file"
        )
    items: dict[str, ParsedItem] = {}
    seen: set[tuple[str, str]] = set()
    numbers: Counter[str] = Counter()
    for item in read:
        said = (item.key, item.document.content_hash if item.document else "")
        if said in seen:
            continue
        seen.add(said)
        key = item.key
        while key in items:
            numbers[item.key] += 1
            key = f"{item.key} ({numbers[item.key] + 1})"
        items[key] = replace(item, key=key)
    if not any(item.document for item in items.values()):
        refused = next(iter(items.values()), None)
        if refused is None or refused.refusal is None:
            raise _incomplete()
        raise DocumentRefusedError(refused.refusal, f"none of its documents can be read: {refused.detail}")
    return ParsedItems(items=tuple(items.values()))


def _line(line: str, number: int, reader: TextReader, encoding: str) -> ParsedItem:
    try:
        value = _loads(line)
    except DocumentRefusedError as refusal:
        detail = refusal.detail.replace("line 1,", f"line {number},")
        return ParsedItem(key=f"line {number}", refusal=refusal.reason, detail=detail)
    return _item(value, number, {}, reader, encoding)


def _item(
    value: object, number: int, common: Mapping[str, object], reader: TextReader, encoding: str
) -> ParsedItem:
    own = named(value) if isinstance(value, dict) else {}
    fields = {**common, **{name: each for name, each in own.items() if each is not None}}
    key = next(filter(None, (line_of(fields.get(name)) for name in _KEYS)), "")
    try:
        document = _document(fields, reader, encoding)
    except DocumentRefusedError as refusal:
        return ParsedItem(
            key=_short(key) or f"number {number}", refusal=refusal.reason, detail=refusal.detail
        )
    return ParsedItem(key=_short(key) or document.content_hash[:32], document=document)


def _document(fields: Mapping[str, object], reader: TextReader, encoding: str) -> ParsedDocument:
    text = text_by(fields)
    given = given_by(fields)
    if not text:
        raise _incomplete(f"the text of “{given.headline[:60]}” is missing" if given.headline else "")
    return reader.read(text, given=given, encoding=encoding)


def _incomplete(detail: str = "") -> DocumentRefusedError:
    detail = detail or "a document needs a field text, body or content, and best a headline or title"
    return DocumentRefusedError(RefusalReason.INCOMPLETE, detail)


def _short(key: str) -> str:
    if len(key) <= _LONGEST_KEY:
        return key
    return hashlib.sha256(key.encode()).hexdigest()
