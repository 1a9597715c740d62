"""From bytes of any kind to documents: one parser for each kind, imported when it is first needed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType

from newsletter.model.documents import ParsedDocument, ParsedItems
from newsletter.sources.formats.kinds import Kind, refusal_of
from newsletter.sources.formats.telling import tell_kind
from newsletter.sources.parse import TextReader

_Parser = Callable[[bytes, TextReader], ParsedDocument | ParsedItems]

_FORMATS = "newsletter.sources.formats"
#: Module and function of each kind that is read.
_PARSERS: Mapping[Kind, tuple[str, str]] = MappingProxyType(
    {
        Kind.TEXT: ("newsletter.sources.parse", "parse_text"),
        Kind.MARKDOWN: (f"{_FORMATS}.markdown", "parse_markdown"),
        Kind.HTML: (f"{_FORMATS}.html", "parse_html"),
        Kind.MAIL: (f"{_FORMATS}.mail", "parse_mail"),
        Kind.MBOX: (f"{_FORMATS}.mbox", "parse_mbox"),
        Kind.PDF: (f"{_FORMATS}.pdf", "parse_pdf"),
        Kind.JSON: (f"{_FORMATS}.json_documents", "parse_json"),
        Kind.JSON_LINES: (f"{_FORMATS}.json_documents", "parse_json_lines"),
        Kind.FEED: (f"{_FORMATS}.feed", "parse_feed"),
    }
)


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
        return _parser_of(tell_kind(content, name))(content, self.reader)


def _parser_of(kind: Kind) -> _Parser:
    if kind not in _PARSERS:
        raise refusal_of(kind)
    module, function = _PARSERS[kind]
    parser: _Parser = getattr(import_module(module), function)
    return parser
