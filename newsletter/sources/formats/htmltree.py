"""Trees of pages, however broken, and what one asks of their elements."""

import html
import re
from collections.abc import Iterator
from typing import Any

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import RefusalReason
from newsletter.sources.formats.htmltext import is_hidden

#: lxml has no types of its own.
Element = Any

#: Extraction takes some 0.1 ms an element; pages of news have some hundreds to some thousands of them.
_MOST_ELEMENTS = 20_000
#: Browsers stop at 512.
_DEEPEST = 400
_SPACES = re.compile(r"\s+")


def parse_tree(text: str) -> Element:
    """Return the root element of a page, without comments; nothing is loaded and no entity expanded.

    Raises:
        DocumentRefusedError: EMPTY.
    """
    from lxml import etree
    from lxml import html as lxml_html

    parser = lxml_html.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False, huge_tree=True
    )
    try:
        return lxml_html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError) as error:
        raise DocumentRefusedError(RefusalReason.EMPTY) from error


def check_size(tree: Element) -> None:
    """Refuse what would take long to extract.

    Raises:
        DocumentRefusedError: OVERSIZED.
    """
    from lxml import etree

    count = depth = deepest = 0
    for event, _ in etree.iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        count += event == "start"
        deepest = max(deepest, depth)
        if count > _MOST_ELEMENTS or deepest > _DEEPEST:
            detail = f"a page of more than {_MOST_ELEMENTS:,} elements, or nested more than {_DEEPEST} deep"
            raise DocumentRefusedError(RefusalReason.OVERSIZED, detail)


def words_of(element: Element) -> str:
    """Return the text in an element, with single spaces."""
    return _SPACES.sub(" ", "".join(element.itertext())).strip()


def names_of(element: Element) -> str:
    """Return an element's class and id, in lower case, a blank before and after."""
    return f" {element.get('class', '')} {element.get('id', '')} ".lower()


def metas_of(tree: Element) -> dict[str, list[str]]:
    """Return what the `meta` elements of a page say, by name or property in lower case, in order."""
    found: dict[str, list[str]] = {}
    for meta in tree.iter("meta"):
        name = (
            meta.get("property") or meta.get("name") or meta.get("itemprop") or meta.get("http-equiv") or ""
        )
        # Some pages escape what they say twice.
        said = _SPACES.sub(" ", html.unescape(meta.get("content", "")[:2000])).strip()
        if name and said:
            found.setdefault(name.strip().lower(), []).append(said)
    return found


def hidden_elements(tree: Element) -> Iterator[Element]:
    """Yield the elements that readers do not see, by their own attributes."""
    for element in tree.iter():
        if element.attrib and element.tag not in {"html", "body", "meta"}:
            attributes = {name.lower(): value for name, value in element.items()}
            if is_hidden(attributes):
                yield element


def drop(element: Element) -> None:
    """Take an element out of its tree, leaving the text behind it."""
    parent = element.getparent()
    if parent is None:
        return
    # Words before and after must not run together.
    if element.tail or element.getprevious() is not None:
        element.tail = f" {element.tail or ''}"
    element.drop_tree()
