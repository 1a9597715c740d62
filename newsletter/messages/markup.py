"""Markup: what the checks ask about an HTML part, read with the standard library's parser."""

import re
from html.parser import HTMLParser

_HEADING = re.compile(r"h[1-6]")
_VOID = frozenset(("area", "br", "col", "hr", "img", "input", "link", "meta", "source", "track", "wbr"))


class Markup(HTMLParser):
    """Reads what the rules ask about out of the HTML part."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        #: Style sheets, each with whether it stands in the head.
        self.styles: list[tuple[str, bool]] = []
        #: Level and text.
        self.headings: list[tuple[int, str]] = []
        #: Attributes and text.
        self.links: list[tuple[dict[str, str], str]] = []
        self.title = ""
        self.comments: list[str] = []
        #: Text that is not hidden.
        self.shown: list[str] = []
        self._open: list[tuple[str, dict[str, str], list[str]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element and keep it open until its end tag."""
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append((tag, attributes))
        if tag not in _VOID:
            self._open.append((tag, attributes, []))

    def handle_data(self, data: str) -> None:
        """Give text to the elements that it stands in."""
        for _, _, texts in self._open:
            texts.append(data)
        names = [name for name, _, _ in self._open]
        hidden = any("display:none" in attributes.get("style", "") for _, attributes, _ in self._open)
        if not hidden and "head" not in names:
            self.shown.append(data)

    def handle_comment(self, data: str) -> None:
        """Note a comment."""
        self.comments.append(data)

    def handle_endtag(self, tag: str) -> None:
        """Note what an element held, and close those left open inside it."""
        if tag not in (name for name, _, _ in self._open):
            return
        while self._open:
            name, attributes, texts = self._open.pop()
            self._note(name, attributes, " ".join("".join(texts).split()))
            if name == tag:
                return

    def _note(self, tag: str, attributes: dict[str, str], text: str) -> None:
        if tag == "style":
            self.styles.append((text, any(name == "head" for name, _, _ in self._open)))
        elif tag == "a":
            self.links.append((attributes, text))
        elif tag == "title":
            self.title = text
        elif _HEADING.fullmatch(tag):
            self.headings.append((int(tag[1]), text))
