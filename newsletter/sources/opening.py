"""From bytes of any kind to documents: one parser for each kind, imported when it is first needed."""

from collections.abc import Callable
from dataclasses import dataclass

from newsletter.model.documents import ParsedDocument, ParsedItems
from newsletter.sources.formats.kinds import Kind, tell_kind
from newsletter.sources.parse import TextReader, parse_text

_Parser = Callable[[bytes, TextReader], ParsedDocument | ParsedItems]


@dataclass(frozen=True, kw_only=True)
class Opener:
    """Makes documents of content, whatever it is written in."""

    reader: TextReader

    def open(self, content: bytes, name: str = "") -> ParsedDocument | ParsedItems:
        """Parse content.

        Args:
            content: The whole of it.
            name: The file's name, which may help to tell the kind; "" for none.

        Raises:
            DocumentRefusedError: It is no document; carries the reason.
        """
        return _PARSERS[tell_kind(content, name)](content, self.reader)


def _text(content: bytes, reader: TextReader) -> ParsedDocument:
    return parse_text(content, reader=reader)


_PARSERS: dict[Kind, _Parser] = {
    Kind.TEXT: _text,
}
