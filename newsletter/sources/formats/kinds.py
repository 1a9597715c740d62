"""Kinds of content: those that are read, and those that are refused with a word on what to do."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import RefusalReason


class Kind(StrEnum):
    """What some bytes are written in; the value is what the operator reads."""

    #: Anything that is none of the others.
    TEXT = "plain text"
    MARKDOWN = "Markdown"
    HTML = "a web page"
    MAIL = "a mail"
    MBOX = "a mailbox"
    PDF = "a PDF file"
    JSON = "JSON"
    JSON_LINES = "JSON Lines"
    #: RSS, Atom, RDF or JSON Feed.
    FEED = "a feed"
    #: The kinds below are refused.
    FEED_LIST = "a list of feeds (OPML)"
    XML = "XML that is neither a feed nor a page"
    ARCHIVE = "an archive"
    OFFICE = "an office document"
    BOOK = "an e-book"
    OTHER_MARKUP = "text with marks that are not read"
    OUTLOOK = "a mail in Outlook's own format"
    IMAGE = "an image"
    SOUND = "a sound recording"
    VIDEO = "a video"
    FONT = "a font"
    PROGRAM = "a program"
    TABLE = "a table or a database"
    CODE = "source code or settings"
    LOG = "a log"


#: What to do about the kinds that are refused.
_ADVICE: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.FEED_LIST: "newsletter sources import FILE takes its feeds in",
        Kind.XML: "save what is to be read as text or HTML",
        Kind.ARCHIVE: "unpack it",
        Kind.OFFICE: "save it as text, HTML or PDF",
        Kind.BOOK: "save what is to be read as text or HTML",
        Kind.OTHER_MARKUP: "save it as text, Markdown, HTML or PDF",
        Kind.OUTLOOK: "save it as .eml or as text",
        Kind.IMAGE: "no text is read from images; save what is to be read as text",
        Kind.SOUND: "put its transcript here, as text",
        Kind.VIDEO: "put its transcript here, as text",
        Kind.FONT: "move it out of the folder",
        Kind.PROGRAM: "move it out of the folder",
        Kind.TABLE: "save what is to be read as text, or as JSON with a field for each part of a document",
        Kind.CODE: "move it out of the folder, or save what is to be read as text",
        Kind.LOG: "move it out of the folder, or save what is to be read as text",
    }
)

#: Kinds that a name with an unknown ending may hold: nothing else looks like them.
PLAIN_TO_SEE = frozenset(
    {Kind.MARKDOWN, Kind.HTML, Kind.MAIL, Kind.MBOX, Kind.PDF, Kind.JSON, Kind.JSON_LINES, Kind.FEED}
)


def refusal_of(kind: Kind) -> DocumentRefusedError:
    """Return why a kind of content is not read, and what to do about it."""
    advice = _ADVICE.get(kind, "save it as text")
    return DocumentRefusedError(RefusalReason.UNSUPPORTED, f"{kind.value}: {advice}")
