"""Archive: past editions as visitors read, search and follow them."""

from newsletter.archive.finding import search
from newsletter.archive.listing import latest, line_of, page
from newsletter.archive.setting import set_edition
from newsletter.archive.tracing import source_page

__all__ = ["latest", "line_of", "page", "search", "set_edition", "source_page"]
