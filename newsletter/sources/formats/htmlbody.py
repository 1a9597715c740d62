"""The article on a page: which of its paragraphs are news."""

import logging
import re
import warnings
from collections.abc import Container, Iterator, Sequence

from newsletter.sources.formats.htmlboxes import take_out_boxes
from newsletter.sources.formats.htmltext import text_of_html
from newsletter.sources.formats.htmltree import Element
from newsletter.sources.formats.htmlwords import BOILERPLATE, LABEL, OFFER, PICTURE_CREDIT

#: Names of trafilatura's elements, and those of HTML.
_HTML = {
    "head": "h2",
    "list": "ul",
    "item": "li",
    "row": "tr",
    "cell": "td",
    "lb": "br",
    "quote": "blockquote",
}
_BULLET = re.compile(r"(?:- |\d+\. )")
_SENTENCE_END = re.compile(r"[.!?…。！？؟۔][\"'”’»“)\]]*$")
_LONGEST_LABELLED = 200
_LONGEST_OFFER = 250
_LONGEST_CREDIT = 200
#: So many lines without a sentence at the end of an article are a menu.
_MENU_LINES = 4
#: Paragraphs before the first that may still be the headline and the lines below it.
_HEAD = 8
#: What the linked data hold is the better text if it is longer by this factor.
_FULLER = 1.3


def find_body(
    tree: Element, headline: Element | None, *, linked_body: str, head_lines: Container[str]
) -> list[str]:
    """Return the paragraphs of the article on a page; none if there is no article.

    Args:
        tree: The whole page; what is no part of the article is taken out of it.
        headline: The heading of the article in it.
        linked_body: The article as the page's linked data have it; "" if they do not.
        head_lines: What is printed above the article: the headline, lines of credits.
    """
    take_out_boxes(tree, headline)
    found = list(_without_rest(_below_head(list(_extract(tree)), head_lines)))
    told = list(_without_rest(_paragraphs_of(linked_body)))
    return told if _letters(told) > _FULLER * _letters(found) else found


def _extract(tree: Element) -> Iterator[str]:
    from lxml import etree

    with warnings.catch_warnings():
        # urllib3, which it could fetch pages with, warns of a proxy library that nobody asked for.
        warnings.simplefilter("ignore")
        from trafilatura import bare_extraction
        from trafilatura.settings import Document

    # It warns of each page without text; we refuse those ourselves.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    try:
        found = bare_extraction(tree, include_comments=False, include_tables=True, with_metadata=False)
    except Exception:  # noqa: BLE001 - pages are hostile; one that breaks a library is one without an article
        return
    if not isinstance(found, Document) or found.body is None:
        return
    for element in found.body.iter(*_HTML):
        element.tag = _HTML[element.tag]
    yield from _paragraphs_of(etree.tostring(found.body, encoding="unicode", method="html"))


def _paragraphs_of(text: str) -> list[str]:
    if "<" in text:
        text = text_of_html(text)
    return [paragraph.strip() for paragraph in re.split(r"\n\s*\n", text) if paragraph.strip()]


def _below_head(paragraphs: Sequence[str], head_lines: Container[str]) -> Sequence[str]:
    """Leave out lines of the head and what stands above them, the name of a section perhaps."""
    heads = [number for number, text in enumerate(paragraphs[:_HEAD]) if text in head_lines]
    above = paragraphs[: heads[-1] + 1] if heads else ()
    return [
        *(text for text in above if _SENTENCE_END.search(text) and text not in head_lines),
        *paragraphs[len(above) :],
    ]


def _letters(paragraphs: Sequence[str]) -> int:
    return sum(sum(map(str.isalnum, paragraph)) for paragraph in paragraphs)


def _without_rest(paragraphs: Sequence[str]) -> Iterator[str]:
    """Leave out what the words alone show to be none of the article, and what is said twice."""
    kept = [text for text in paragraphs if not _is_rest(text)]
    kept = kept[: len(kept) - _menu_below(kept)]
    yield from dict.fromkeys(kept)


def _is_rest(text: str) -> bool:
    line = _BULLET.sub("", text, count=1)
    if BOILERPLATE.fullmatch(line):
        return True
    if len(line) <= _LONGEST_LABELLED and (match := LABEL.match(line)):
        # "Watch the water" is a heading; "Watch:" and "Watch" are not.
        return not line[match.end() :] or match[0].rstrip().endswith((":", "：", "»", ">"))
    if len(line) <= _LONGEST_OFFER and OFFER.search(line):
        return True
    return len(line) <= _LONGEST_CREDIT and bool(PICTURE_CREDIT.fullmatch(line))


def _menu_below(paragraphs: Sequence[str]) -> int:
    """Return how many lines at the end are a menu: several, none of them a sentence or an item of a list."""
    count = 0
    for text in reversed(paragraphs):
        if _SENTENCE_END.search(text) or _BULLET.match(text) or " | " in text or len(text) > 100:
            break
        count += 1
    return count if count >= _MENU_LINES else 0
