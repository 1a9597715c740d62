"""Trees of pages, however broken, and what one asks of their elements."""

import html
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import RefusalReason
from newsletter.sources.formats.htmltext import is_hidden, is_within

#: lxml has no types of its own.
Element = Any

#: Extraction takes some 0.2 ms an element; pages of news have some hundreds to some thousands of them.
_MOST_ELEMENTS = 15_000
_MOST_ATTRIBUTES = 500
#: No news is longer, in characters, and no page around it.
_MOST_TEXT = 2_000_000
#: Browsers stop at 512.
_DEEPEST = 400
#: Characters, each as often as there are elements around it, whose words may all be asked for.
_MOST_REREAD = 10_000_000
#: Characters beyond which no text is joined to what stands before it.
_LONG = 5_000
_SPACES = re.compile(r"\s+")
#: What no XML 1.0 text may hold (section 2.2).
_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
#: Text that stands directly in an element is prose from so many letters on; less is a label.
_SHORTEST_PROSE = 40


def parse_tree(text: str) -> Element:
    """Return the root element of a page, without comments; nothing is loaded and no entity expanded.

    Raises:
        DocumentRefusedError: EMPTY, OVERSIZED.
    """
    from lxml import etree
    from lxml import html as lxml_html

    if not is_within(text, tags=_MOST_ELEMENTS, attributes=_MOST_ATTRIBUTES, characters=_MOST_TEXT):
        raise DocumentRefusedError(
            RefusalReason.OVERSIZED, f"a page of more than {_MOST_ELEMENTS:,} elements"
        )
    parser = lxml_html.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False, huge_tree=True
    )
    try:
        tree = lxml_html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError) as error:
        raise DocumentRefusedError(RefusalReason.EMPTY) from error
    for element in tree.iter():
        # References may name characters that lxml then refuses to move from one place to another.
        if element.text and _NO_XML.search(element.text):
            element.text = _NO_XML.sub("", element.text)
        if element.tail and _NO_XML.search(element.tail):
            element.tail = _NO_XML.sub("", element.tail)
    return tree


def drop_raw(tree: Element) -> None:
    """Take scripts and styles out of a page."""
    for element in [*tree.iter("script", "style")]:
        drop(element)


def check_depth(tree: Element) -> None:
    """Refuse what is nested so deep, or has so much text so deep, that extraction would take long.

    Raises:
        DocumentRefusedError: OVERSIZED.
    """
    from lxml import etree

    depth, reread = 0, 0
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        reread += len((element.text if event == "start" else element.tail) or "") * depth
        if depth > _DEEPEST:
            raise DocumentRefusedError(RefusalReason.OVERSIZED, f"elements nested more than {_DEEPEST} deep")
        if reread > _MOST_REREAD:
            raise DocumentRefusedError(RefusalReason.OVERSIZED, "too much text in elements nested too deep")


def words_of(element: Element) -> str:
    """Return the text in an element, with single spaces."""
    return _SPACES.sub(" ", "".join(element.itertext())).strip()


def names_of(element: Element) -> str:
    """Return an element's class and id, in lower case, the words of "relatedPosts" parted."""
    return _CAMEL.sub("-", f"{element.get('class', '')} {element.get('id', '')}"[:1000]).lower()


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
    before = element.getprevious()
    # Words before and after must not run together.
    if element.tail or before is not None:
        element.tail = f" {element.tail or ''}"
    if len((parent.text if before is None else before.tail) or "") > _LONG:
        # Joining texts again and again takes time that grows with the square of their number.
        element.clear(keep_tail=True)
        element.tag = "span"
    else:
        element.drop_tree()


@dataclass(frozen=True, kw_only=True)
class Weights:
    """How much stands in each element of a tree, in letters and digits."""

    letters: Counter[Element] = field(default_factory=Counter)
    #: Of these, in links.
    linked: Counter[Element] = field(default_factory=Counter)
    #: Of these, in sentences and not in links.
    prose: Counter[Element] = field(default_factory=Counter)
    #: How many links.
    links: Counter[Element] = field(default_factory=Counter)

    @classmethod
    def of(cls, tree: Element) -> "Weights":
        """Weigh every element of a tree."""
        weights = cls()
        # Children come before their parents.
        for element in reversed([*tree.iter()]):
            own = sum(map(str.isalnum, (element.text or "") + "".join(child.tail or "" for child in element)))
            weights.letters[element] += own
            weights.prose[element] += own if own >= _SHORTEST_PROSE else 0
            if element.tag == "a":
                weights.links[element] += 1
                weights.linked[element] = weights.letters[element]
                weights.prose[element] = 0
            parent = element.getparent()
            if parent is not None:
                for counted in (weights.letters, weights.linked, weights.prose, weights.links):
                    counted[parent] += counted[element]
        return weights
