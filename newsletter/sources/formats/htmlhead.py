"""The lines that a page prints below its headline: who wrote the article, and when."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from newsletter.sources.bylines import read_names
from newsletter.sources.credits import Credits, read_credits
from newsletter.sources.formats.htmltext import text_of_html
from newsletter.sources.formats.htmltree import Element
from newsletter.sources.outlets import SourceAliases

#: Lines looked at, and the longest of them, in characters; a longer one is the article.
_LINES = 14
_LONGEST = 140
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_PARTS = re.compile(r"\s*[|•·∙–—\n]\s*|,\s*(?=mis à jour|updated)|\s(?=(?:von|par|by) [A-ZÄÖÜÉ])")
_BY = re.compile(r"^(?:written by|interview:|reported by|words:?|text:?|story by|بقلم)\s*", re.IGNORECASE)
_AT = re.compile(
    r"^(?:published|posted|publié|veröffentlicht|erschienen|date|on|نشر في)(?: (?:on|am|le))?\s*:?\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class HeadLines:
    """What stands below a headline."""

    credits: Credits
    #: The lines that said it, and the headline.
    lines: frozenset[str]


def read_head_lines(tree: Element, headline: str, aliases: SourceAliases) -> HeadLines:
    """Return what the lines below the headline say.

    Args:
        tree: The whole page.
        headline: As it is printed.
        aliases: Names of outlets.
    """
    from lxml import etree

    found, used = Credits(), {headline}
    lines = text_of_html(etree.tostring(tree, encoding="unicode", method="html")).split("\n\n")
    starts = [number for number, line in enumerate(lines) if line.casefold().endswith(headline.casefold())]
    first = starts[0] + 1 if headline and starts else len(lines)
    for line in lines[first : first + _LINES]:
        if len(line) > _LONGEST:
            break
        said = _read(line, aliases)
        if said != Credits() or (_AT.match(line) and _YEAR.search(line)):
            found = found.or_else(said)
            used.add(line)
    return HeadLines(credits=found, lines=frozenset(used))


def _read(line: str, aliases: SourceAliases) -> Credits:
    parts = list(_parts(line))
    found = Credits()
    for part in (line, *parts):
        found = found.or_else(read_credits(part, aliases, near_headline=True) or Credits())
    if found.published_at and not found.byline:
        # "4 May 2025 | Ana Roe"
        names = (
            read_names(part)
            for part in parts
            if " " in part and not read_credits(part, aliases, near_headline=True)
        )
        found = replace(found, byline=next((name for name in names if name), None))
    return found


def _parts(line: str) -> Iterator[str]:
    for part in _PARTS.split(line):
        if by := _BY.match(part):
            yield f"By {part[by.end() :]}"
        elif at := _AT.match(part):
            yield part[at.end() :]
        else:
            yield part
