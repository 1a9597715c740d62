"""Which kind some content is of: told by what it is; the file's name only helps where several would do."""

from types import MappingProxyType

from newsletter.sources.formats import marks
from newsletter.sources.formats.kinds import Kind
from newsletter.sources.formats.suffixes import LINES, MARKUP, PAGES, PLAIN, suffix_of

#: Bytes from the start of a file that suffice to tell its kind.
START_BYTES = 32_768

#: First bytes.
_SIGNATURES: tuple[tuple[bytes, Kind], ...] = (
    (b"{\\rtf", Kind.OFFICE),
    (b"%!PS", Kind.OFFICE),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Kind.OFFICE),
    (b"AT&TFORM", Kind.BOOK),
    *((start, Kind.ARCHIVE) for start in (b"PK\x05\x06", b"PK\x07\x08", b"\x1f\x8b", b"BZh91AY&SY")),
    *((start, Kind.ARCHIVE) for start in (b"\xfd7zXZ\0", b"(\xb5/\xfd", b"7z\xbc\xaf'\x1c", b"Rar!\x1a\x07")),
    *((start, Kind.IMAGE) for start in (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"8BPS\0")),
    *((start, Kind.IMAGE) for start in (b"II*\0", b"MM\0*", b"\0\0\1\0", b"\0\0\0\x0cjP  ")),
    *((start, Kind.SOUND) for start in (b"OggS\0", b"fLaC\0", b"MThd\0\0\0", b"#!AMR\n")),
    *((start, Kind.SOUND) for start in (b"ID3\2", b"ID3\3", b"ID3\4", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")),
    *((start, Kind.VIDEO) for start in (b"\x1aE\xdf\xa3", b"\0\0\1\xba", b"\0\0\1\xb3", b"FLV\1")),
    *((start, Kind.FONT) for start in (b"OTTO\0", b"wOFF", b"wOF2", b"\0\1\0\0\0")),
    *((start, Kind.PROGRAM) for start in (b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\0asm")),
    (b"SQLite format 3\0", Kind.TABLE),
    (b"PAR1", Kind.TABLE),
)
#: What a ZIP archive's first entries are called in formats that are made of one.
_IN_ARCHIVES: tuple[tuple[bytes, Kind], ...] = (
    (b"mimetypeapplication/epub+zip", Kind.BOOK),
    (b"mimetypeapplication/vnd.", Kind.OFFICE),
    (b"[Content_Types].xml", Kind.OFFICE),
    (b"word/", Kind.OFFICE),
    (b"xl/", Kind.OFFICE),
    (b"ppt/", Kind.OFFICE),
    (b"Index/Document.iwa", Kind.OFFICE),
)
_MEDIA_IN_RIFF = MappingProxyType({b"WEBP": Kind.IMAGE, b"WAVE": Kind.SOUND, b"AVI ": Kind.VIDEO})
#: Brands of ISO/IEC 14496-12 files that are not films.
_MEDIA_BRANDS = MappingProxyType(
    dict.fromkeys((b"heic", b"heix", b"mif1", b"avif"), Kind.IMAGE)
    | dict.fromkeys((b"M4A ", b"M4B "), Kind.SOUND)
)
_XML_ROOTS = MappingProxyType(
    {"rss": Kind.FEED, "feed": Kind.FEED, "rdf": Kind.FEED, "html": Kind.HTML, "opml": Kind.FEED_LIST}
    | {"svg": Kind.IMAGE, "fictionbook": Kind.BOOK}
)


def tell_kind(content: bytes, name: str) -> Kind:
    """Return what some bytes are.

    Args:
        content: All of them, or at least the first START_BYTES.
        name: The file's name; "" for none.
    """
    start = content[:START_BYTES]
    kind = _binary(start)
    if kind:
        return kind
    text, suffix = marks.start_of(start), suffix_of(name)
    if marks.is_json(text):
        # Its first line may go on, and that tells JSON from JSON Lines.
        text = marks.start_of(content)
    return _marked_up(text, suffix) or _written(text, suffix)


def _binary(start: bytes) -> Kind | None:
    if marks.is_pdf(start):
        return Kind.PDF
    if start.startswith(b"PK\x03\x04"):
        return next((kind for entry, kind in _IN_ARCHIVES if entry in start), Kind.ARCHIVE)
    for signature, kind in _SIGNATURES:
        if start.startswith(signature):
            return kind
    if start.startswith(b"RIFF"):
        return _MEDIA_IN_RIFF.get(start[8:12])
    if start[4:8] == b"ftyp":
        return _MEDIA_BRANDS.get(start[8:12], Kind.VIDEO)
    if start[257:262] == b"ustar":
        return Kind.ARCHIVE
    # Both begin with letters that a text may begin with.
    if start.startswith(b"MZ") and b"\0\0" in start[:64]:
        return Kind.PROGRAM
    return Kind.IMAGE if start.startswith(b"BM") and start[6:10] == b"\0\0\0\0" else None


def _marked_up(text: str, suffix: str) -> Kind | None:
    """Return the kind of a text whose first characters give it away."""
    if marks.is_mailbox(text):
        return Kind.MBOX
    if root := marks.root_of(text):
        if kind := _XML_ROOTS.get(root):
            return kind
        if text.startswith("<?xml"):
            return Kind.XML
    if marks.is_json(text):
        if marks.is_json_feed(text):
            return Kind.FEED
        return Kind.JSON_LINES if marks.is_json_lines(text, named_so=suffix in LINES) else Kind.JSON
    return Kind.MARKDOWN if marks.has_front_matter(text) else None


def _written(text: str, suffix: str) -> Kind:
    """Return the kind of a text that several parsers would take, by its name as well."""
    if marks.is_mail(text, as_text=suffix in PLAIN or suffix in MARKUP):
        return Kind.MAIL
    if suffix in MARKUP:
        return Kind.MARKDOWN
    if marks.is_page(text, named_so=suffix in PAGES):
        return Kind.HTML
    if suffix in LINES:
        return Kind.JSON_LINES
    return Kind.JSON if suffix == ".json" else Kind.TEXT
