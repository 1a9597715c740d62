"""Who reported a document, as readers know them."""

from urllib.parse import urlsplit

from newsletter.model.documents import ParsedDocument
from newsletter.model.stories import UNNAMED_SOURCE


def outlet(document: ParsedDocument) -> str:
    """Return the name to credit a document to: its source, else its origin, else the site of its address.

    Returns:
        The name; `UNNAMED_SOURCE` where the document tells none.
    """
    return document.credit or _site(document.url) or UNNAMED_SOURCE


def _site(url: str | None) -> str | None:
    """Return the site of a web address, without "www."; None where there is none to read."""
    try:
        host = urlsplit(url).hostname if url else None
    except ValueError:  # "http://[": half an address
        return None
    return host.removeprefix("www.") if host else None
