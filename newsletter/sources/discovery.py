"""The feeds that a web page names (RFC 4287 and RSS autodiscovery: <link rel="alternate">)."""

from html.parser import HTMLParser
from urllib.parse import urljoin

from newsletter.errors import FetchError
from newsletter.sources.reachable import write_url

_TYPES = {"application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"}
#: Characters of a page that are looked at: they stand in its head.
_MOST_CHARACTERS = 500_000


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        #: What relative addresses are relative to; "" for the page itself.
        self.base = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "base" and not self.base:
            self.base = said.get("href", "").strip()
        is_alternate = "alternate" in said.get("rel", "").lower().split()
        if tag == "link" and is_alternate and said.get("type", "").strip().lower() in _TYPES:
            self.found.append(said.get("href", ""))

    def parse_marked_section(self, i: int, report: int = 1) -> int:  # noqa: ARG002 - as it is overridden
        """Pass over "<![", which HTML does not have and pages do: the library's own way raises an error."""
        return self.rawdata.find(">", i) + 1 or -1


def find_feeds(page: bytes, *, url: str) -> tuple[str, ...]:
    """Return the addresses of the feeds that a page names, in its order.

    Args:
        page: HTML.
        url: Where it was fetched from.
    """
    links = _Links()
    links.feed(page.decode("utf-8", "replace")[:_MOST_CHARACTERS])
    found = []
    for href in links.found:
        try:
            found.append(write_url(urljoin(urljoin(url, links.base), href.strip())))
        except (FetchError, ValueError):
            continue
    return tuple(dict.fromkeys(found))
