"""HTML: pages saved as files or fetched from the web, and fragments in feeds and mails."""

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import ParsedDocument, RefusalReason
from newsletter.sources.formats.htmlbody import find_body
from newsletter.sources.formats.htmlbytes import decode_page
from newsletter.sources.formats.htmlfacts import read_facts
from newsletter.sources.formats.htmlhead import read_head_lines
from newsletter.sources.formats.htmltext import text_of_html
from newsletter.sources.formats.htmltree import check_depth, drop_raw, metas_of, parse_tree
from newsletter.sources.formats.htmlwalls import asks_for_payment, refuse_walls
from newsletter.sources.formats.linkeddata import read_linked
from newsletter.sources.parse import Given, TextReader

__all__ = ["parse_html", "read_page", "text_of_html"]


def parse_html(content: bytes, reader: TextReader) -> ParsedDocument:
    """Make a document of a page that was saved as a file.

    Args:
        content: The whole file.
        reader: How its text is read.

    Raises:
        DocumentRefusedError: EMPTY, BINARY, ENCODING, OVERSIZED or NO_ARTICLE.
    """
    return read_page(content, url=None, charset=None, reader=reader)


def read_page(content: bytes, *, url: str | None, charset: str | None, reader: TextReader) -> ParsedDocument:
    """Make a document of the article on a page that was fetched from the web.

    Navigation, captions, boxes of related news, comments and the like are left out. No HTML goes further.

    Args:
        content: The whole page.
        url: Where it was fetched from, after redirects; None if that is not known.
        charset: What the Content-Type header said, if anything.
        reader: How its text is read.

    Raises:
        DocumentRefusedError: EMPTY, BINARY, ENCODING, OVERSIZED or NO_ARTICLE.
    """
    text, encoding = decode_page(content, charset)
    if not text.strip():
        raise DocumentRefusedError(RefusalReason.EMPTY)
    tree = parse_tree(text)
    metas, linked = metas_of(tree), read_linked(tree)
    drop_raw(tree)
    check_depth(tree)
    facts = read_facts(tree, metas=metas, linked=linked, url=url)
    printed = read_head_lines(tree, facts.headline, reader.aliases)
    is_paid = not linked.is_free or asks_for_payment(tree)
    paragraphs = find_body(tree, facts.heading, linked_body=linked.body, head_lines=printed.lines)
    says_article = bool(linked.headline or "article:published_time" in metas)
    refuse_walls(paragraphs, is_paid=is_paid, says_article=says_article)
    body = "\n\n".join(paragraphs)
    given = Given(
        headline=facts.headline,
        byline=facts.byline or printed.credits.byline,
        source=facts.source,
        url=facts.url,
        published_at=facts.published_at or printed.credits.published_at,
        language=reader.detect(body) or facts.language,
        tags=facts.tags,
    )
    return reader.read(body, given=given, encoding=encoding)
