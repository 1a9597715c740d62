"""Who reported a document, as readers know them."""

from urllib.parse import urlsplit

from newsletter.model.documents import ParsedDocument

#: What readers are told of a document that names no source; its file's name would tell them nothing.
UNNAMED = "name not given"


def outlet(document: ParsedDocument) -> str:
    """Return the name to credit a document to: its source, else its origin, else the site of its address.

    Returns:
        The name; `UNNAMED` where the document tells none.
    """
    return document.credit or _site(document.url) or UNNAMED


def _site(url: str | None) -> str | None:
    """Return the site of a web address, without "www."; None where there is none to read."""
    try:
        host = urlsplit(url).hostname if url else None
    except ValueError:  # "http://[": half an address
        return None
    return host.removeprefix("www.") if host else None
