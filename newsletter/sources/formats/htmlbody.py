"""The article on a page: which of its paragraphs are news."""

from collections.abc import Iterator

from newsletter.sources.formats.htmltext import text_of_html
from newsletter.sources.formats.htmltree import Element, drop, hidden_elements

_NEVER_BODY = (
    *("script", "style", "noscript", "template", "iframe", "svg", "form", "nav", "aside", "footer", "dialog"),
    *("figcaption", "button", "select", "textarea", "object", "video", "audio"),
)
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


def find_body(tree: Element) -> list[str]:
    """Return the paragraphs of the article on a page; none if there is no article.

    Args:
        tree: The whole page; what is no part of the article is taken out of it.
    """
    clean(tree)
    return list(_extract(tree))


def clean(tree: Element) -> None:
    """Take out of a page what is never a part of an article."""
    for element in [*tree.iter(*_NEVER_BODY), *hidden_elements(tree)]:
        drop(element)


def _extract(tree: Element) -> Iterator[str]:
    from lxml import etree
    from trafilatura import bare_extraction
    from trafilatura.settings import Document

    found = bare_extraction(tree, include_comments=False, include_tables=True, with_metadata=False)
    if not isinstance(found, Document) or found.body is None:
        return
    for element in found.body.iter():
        element.tag = _HTML.get(element.tag, element.tag)
    text = text_of_html(etree.tostring(found.body, encoding="unicode", method="html"))
    yield from (paragraph for paragraph in text.split("\n\n") if paragraph.strip())
