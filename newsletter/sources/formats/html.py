"""HTML: pages saved as files or fetched from the web, and fragments in feeds and mails."""

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import ParsedDocument, RefusalReason
from newsletter.sources.formats.htmlbody import find_body
from newsletter.sources.formats.htmlbytes import decode_page
from newsletter.sources.formats.htmlfacts import read_facts
from newsletter.sources.formats.htmltext import text_of_html
from newsletter.sources.formats.htmltree import check_size, metas_of, parse_tree
from newsletter.sources.formats.linkeddata import read_linked
from newsletter.sources.parse import Given, TextReader

__all__ = ["parse_html", "read_page", "text_of_html"]

#: No news is shorter.
_FEWEST_LETTERS = 40


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
    check_size(tree)
    metas, linked = metas_of(tree), read_linked(tree)
    facts = read_facts(tree, metas=metas, linked=linked, url=url)
    paragraphs = find_body(tree)
    if sum(map(str.isalpha, "".join(paragraphs))) < _FEWEST_LETTERS:
        raise DocumentRefusedError(RefusalReason.NO_ARTICLE, "nothing on the page reads as an article")
    body = "\n\n".join(paragraphs)
    given = Given(
        headline=facts.headline,
        byline=facts.byline,
        source=facts.source,
        url=facts.url,
        published_at=facts.published_at,
        language=reader.detect(body) or facts.language,
        tags=facts.tags,
    )
    return reader.read(body, given=given, encoding=encoding)
