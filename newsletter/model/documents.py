"""Documents: what was read from a source, and what became of each file."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class RefusalReason(StrEnum):
    """Why a file did not become a document; the value is what the operator reads."""

    #: No characters but white space.
    EMPTY = "empty"
    #: NUL bytes, or control characters that no text holds.
    BINARY = "binary, not text"
    #: Larger than the setting MAX_DOCUMENT_MEGABYTES.
    OVERSIZED = "too large"
    #: Permission denied, an I/O error, or the file vanished while it was read.
    UNREADABLE = "unreadable"
    #: A symbolic link that leads out of its folder.
    OUTSIDE = "link leads out of the folder"
    #: The file's name is not UTF-8.
    NAME = "name is not UTF-8"
    #: A directory, socket, pipe or device where a document is expected.
    NOT_A_FILE = "not a regular file"
    #: A kind of file that no parser takes.
    UNSUPPORTED = "kind of file not supported"
    #: Bytes in no character encoding that could be told.
    ENCODING = "unknown character encoding"
    #: A web page without an article: a list of links, a notice, a wall before the text.
    NO_ARTICLE = "no article on the page"


@dataclass(frozen=True, kw_only=True, order=True)
class Span:
    """A half-open range of character offsets into a document's `text`."""

    #: First character, counted from 0.
    start: int
    #: One past the last character.
    end: int

    def of(self, text: str) -> str:
        """Return the characters of `text` that the span covers."""
        return text[self.start : self.end]


@dataclass(frozen=True, kw_only=True)
class ParsedDocument:
    """What a parser makes of some bytes.

    `text` is the whole document, normalised: Unicode NFC, single spaces, the headline, a blank line, then
    the paragraphs parted by blank lines. What is known about the document but is not news (byline, dateline,
    source line, web address, date, "According to X,") stays in `text` and is left out of `paragraphs`.
    """

    headline: str
    text: str
    #: What may be summarised: spans of `text` in order, without overlap; never the headline.
    paragraphs: tuple[Span, ...]
    #: SHA-256 of the normalised text, in hex: what makes a document new.
    content_hash: str
    #: The author's name, without "By".
    byline: str | None = None
    #: Place, or place and date, as printed before the first sentence, without the dash.
    dateline: str | None = None
    #: Who published the document (its source line), under the name used for readers.
    source: str | None = None
    #: Whose report it rests on ("According to RFE/RL, ..."), under the name used for readers.
    origin: str | None = None
    #: Absolute http or https address of the article.
    url: str | None = None
    #: Publication time in UTC; a date without a time is midnight UTC.
    published_at: datetime | None = None
    #: ISO 639-1 code in lower case; None where it could not be told.
    language: str | None = None
    #: Python's name of the character encoding that the bytes were in.
    encoding: str = "utf-8"
    #: Keywords that the source gave it, in its order.
    tags: tuple[str, ...] = ()

    @property
    def body(self) -> str:
        """The paragraphs that may be summarised, parted by blank lines."""
        return "\n\n".join(span.of(self.text) for span in self.paragraphs)

    @property
    def credit(self) -> str | None:
        """The name to credit before readers: the source, else the origin."""
        return self.source or self.origin


@dataclass(frozen=True, kw_only=True)
class ParsedItem:
    """A document in a file or a feed that holds several: read, or refused.

    Exactly one of `document` and `refusal` is set.
    """

    #: What names it there for good: a Message-ID, a GUID; unique among the items of one file or feed.
    key: str
    document: ParsedDocument | None = None
    refusal: RefusalReason | None = None
    #: More about the refusal, for the operator.
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class ParsedItems:
    """What a parser makes of content that holds several documents, a mailbox for example."""

    items: tuple[ParsedItem, ...]


#: Makes documents of bytes and of their file's name, which may help to tell the kind; "" for none.
Parse = Callable[[bytes, str], ParsedDocument | ParsedItems]


@dataclass(frozen=True, kw_only=True)
class Document(ParsedDocument):
    """A document in the store."""

    id: int
    #: When it was first ingested, UTC; stands in for a missing `published_at`.
    first_seen_at: datetime
    #: Where it lies: folder and relative path of each file with this text, in the order of their discovery.
    places: tuple[str, ...] = ()

    @property
    def dated_at(self) -> datetime:
        """Publication time, or when it was first seen, UTC."""
        return self.published_at or self.first_seen_at


@dataclass(frozen=True, kw_only=True)
class KnownFile:
    """What the store remembers of a file in a folder."""

    #: Path relative to its folder, in printable UTF-8 (odd bytes escaped).
    path: str
    #: Opaque to everyone but the folder source: equal as long as the file has not been touched.
    fingerprint: str
    #: Whether it was read; one that stands refused is looked at again.
    is_read: bool
    #: Path of the file that holds it, if it is a document in one that holds several.
    container: str = ""


class FileOutcome(StrEnum):
    """What became of one file in one ingest run."""

    #: A document with a text never seen before.
    NEW = "new"
    #: The file's text has changed: a new version of its document.
    CHANGED = "changed"
    #: Its text is known from another file, or from the same file earlier.
    KNOWN = "already known"
    #: It holds several documents, which are reported one by one.
    OPENED = "opened"
    #: Not touched since it was last read.
    UNCHANGED = "unchanged"
    #: Still being written; the next run looks again.
    WAITING = "still being written"
    #: Refused, with a reason.
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class FoundFile:
    """One file as a folder source found it: read, refused, waiting or unchanged.

    Exactly one of `document`, `items` and `refusal` is set when the outcome is not yet decided by the store;
    all are None for UNCHANGED and WAITING.
    """

    path: str
    fingerprint: str
    document: ParsedDocument | None = None
    #: The documents in it, if it is of a kind that holds several.
    items: tuple[ParsedItem, ...] | None = None
    refusal: RefusalReason | None = None
    #: More about the refusal, for the operator.
    detail: str = ""
    #: True if the file was left alone because it is still being written.
    waiting: bool = False


@dataclass(frozen=True, kw_only=True)
class FileReport:
    """One file's line in an ingest report."""

    folder: str
    path: str
    outcome: FileOutcome
    refusal: RefusalReason | None = None
    detail: str = ""
    headline: str = ""


@dataclass(frozen=True, kw_only=True)
class IngestReport:
    """What one ingest run did with every file that it found."""

    files: tuple[FileReport, ...] = field(default=())
    #: One line for each folder that could not be looked into.
    problems: tuple[str, ...] = ()

    def count(self, outcome: FileOutcome) -> int:
        """Return how many files had this outcome."""
        return sum(1 for file in self.files if file.outcome is outcome)

    def having(self, outcome: FileOutcome) -> tuple[FileReport, ...]:
        """Return the files with this outcome, in the order found."""
        return tuple(file for file in self.files if file.outcome is outcome)
