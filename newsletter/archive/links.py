"""Links: those of documents, as far as they may be pressed."""

from newsletter.errors import MessageRefusedError
from newsletter.messages.addresses import web_link


def safe_link(url: str | None) -> str | None:
    """Return a link that is safe to press, or None: a page goes without a bad one."""
    try:
        return web_link(url) if url else None
    except MessageRefusedError:
        return None
