"""Lists of feeds as other readers keep them: OPML 1 and 2 (opml.org)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from newsletter.errors import SourceError
from newsletter.model.sources import Source


@dataclass(frozen=True, kw_only=True)
class Outline:
    """A feed in such a list."""

    url: str
    title: str


def read_opml(content: bytes) -> tuple[Outline, ...]:
    """Read the feeds of a list, however deep they lie in its folders, in its order.

    Raises:
        SourceError: It is no OPML, or declares entities.
    """
    found: list[Outline] = []
    seen: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        seen.append(name.lower())
        said = {key.lower(): value.strip() for key, value in attributes.items()}
        if name.lower() == "outline" and said.get("xmlurl"):
            found.append(Outline(url=said["xmlurl"], title=said.get("title") or said.get("text") or ""))

    def refuse(*_: Any) -> None:  # noqa: ANN401 - expat's arguments
        raise SourceError("it declares entities, which no list of feeds needs")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(content, True)  # noqa: FBT003 - expat's own signature
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise SourceError(f"it is no OPML: {error}") from None
    if seen[0] != "opml":
        raise SourceError(f"it is no OPML: it begins with <{seen[0][:40]}>")
    return tuple(found)


def write_opml(sources: Iterable[Source]) -> str:
    """Write a list of sources."""
    outlines = [
        f"    <outline type={quoteattr('rss')} text={quoteattr(source.title or source.url)} "
        f"xmlUrl={quoteattr(source.url)}/>\n"
        for source in sources
    ]
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0">\n'
    title = "  <head><title>Sources</title></head>\n"
    return f"{head}{title}  <body>\n{''.join(outlines)}  </body>\n</opml>\n"
