"""Front matter: fields above a text, in the part of YAML that people write there, or in TOML."""

import re
import tomllib
from collections.abc import Sequence

#: A longer one is none.
_MOST_LINES = 300
_FENCE = re.compile(r"(?P<fence>---|\+\+\+)[ \t]*$")
_FIELD = re.compile(r"(?P<name>[A-Za-z][\w -]{0,60}?)[ \t]*:(?:[ \t]+(?P<value>.*))?$")
_ITEM = re.compile(r"[ \t]*-[ \t]+(?P<value>.*)$")
_SUBFIELD = re.compile(r"(?:name|title)[ \t]*:[ \t]+(?P<value>.*)$", re.IGNORECASE)
_FLOW_NAME = re.compile(r"[{,]\s*(?:name|title)\s*:\s*(?P<value>[^,}]*)", re.IGNORECASE)
_BLOCK = re.compile(r"[|>][+-]?\d?[ \t]*$")
_COMMENT = re.compile(r"(?:^|[ \t])#(?=[ \t]|$).*")
_ESCAPE = re.compile(r'\\(["\\/])')
_QUOTED = re.compile(r"""(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')[ \t]*(?:#.*)?$""")
_PIECE = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^,]*)\s*(?:,|$)""")
_MOST_PIECES = 100


def split_front_matter(text: str) -> tuple[dict[str, object], str]:
    """Part the fields above a text from it.

    Of YAML, fields with a string, a list of strings, or a text over several lines are read, leniently: a
    colon in a title is part of the title. No value is anything but text, and nothing refers to anything.

    Args:
        text: With Unix line ends.

    Returns:
        The fields, none if the text does not begin with any, and the text below them.
    """
    lines = text.split("\n", _MOST_LINES)
    fence = _FENCE.match(lines[0])
    if not fence:
        return {}, text
    ends = {fence["fence"], "..."} if fence["fence"] == "---" else {fence["fence"]}
    end = next((at for at, line in enumerate(lines[1:_MOST_LINES], 1) if line.rstrip() in ends), 0)
    if not end:
        return {}, text
    fields = _toml(lines[1:end]) if fence["fence"] == "+++" else _yaml(lines[1:end])
    # Between two rules that somebody drew stands text.
    return (fields, "\n".join(lines[end + 1 :])) if fields or end == 1 else ({}, text)


def _toml(lines: Sequence[str]) -> dict[str, object]:
    try:
        return tomllib.loads("\n".join(lines))
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return {}


def _yaml(lines: Sequence[str]) -> dict[str, object]:
    fields: dict[str, object] = {}
    at = 0
    while at < len(lines):
        field = _FIELD.match(lines[at])
        at += 1
        if not field:
            continue
        below = at
        while below < len(lines) and _goes_on(lines[below]):
            below += 1
        fields[field["name"]] = _value((field["value"] or "").strip(), lines[at:below])
        at = below
    return fields


def _goes_on(line: str) -> bool:
    return not line.strip() or line[0] in " \t" or bool(_ITEM.match(line))


def _value(first: str, below: Sequence[str]) -> object:
    if _BLOCK.match(first):
        return "\n".join(line.strip() for line in below).strip()
    if quoted := _QUOTED.match(first):
        return _unquoted(quoted["string"])
    first = _COMMENT.sub("", first).strip()
    if first.startswith("[") and not first.endswith("]"):
        first = " ".join([first, *(line.strip() for line in below)])
    if first.startswith("["):
        pieces = _PIECE.findall(first[1:].rstrip().removesuffix("]"))[:_MOST_PIECES]
        return [text for text in map(_unquoted, pieces) if text]
    if first.startswith("{"):
        inner = _FLOW_NAME.search(first)
        return _unquoted(inner["value"]) if inner else ""
    items = [item["value"] for item in map(_ITEM.match, below) if item]
    if items and not first:
        return [text for text in map(_item, items) if text]
    if not first:
        named = [match["value"] for match in (_SUBFIELD.match(line.strip()) for line in below) if match]
        return _unquoted(named[0]) if named else ""
    return _unquoted(" ".join([first, *(line.strip() for line in below if line.strip())]))


def _item(value: str) -> str:
    named = _SUBFIELD.match(value.strip())
    return _unquoted(named["value"] if named else value)


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] == '"':
        return _ESCAPE.sub(r"\1", value[1:-1])
    if len(value) > 1 and value[0] == value[-1] == "'":
        return value[1:-1].replace("''", "'")
    return value
