"""HTML: pages saved as files or fetched from the web, and fragments in feeds and mails."""

from newsletter.sources.formats.htmltext import text_of_html

__all__ = ["text_of_html"]
