"""Endings of files' names: which are read in folders, and which are not even opened."""

from collections.abc import Mapping
from types import MappingProxyType

from newsletter.sources.formats.kinds import Kind

PLAIN = frozenset({".txt", ".text"})
MARKUP = frozenset({".md", ".markdown", ".mdown", ".mkd"})
PAGES = frozenset({".html", ".htm", ".xhtml", ".xht", ".shtml"})
LINES = frozenset({".jsonl", ".ndjson"})
#: Of names whose files are read; content decides how.
READ = frozenset(
    {
        *PLAIN,
        *MARKUP,
        *PAGES,
        *LINES,
        ".json",
        ".eml",
        ".mbox",
        ".mbx",
        ".pdf",
        ".xml",
        ".rss",
        ".rdf",
        ".atom",
    }
)


_UNREAD: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.ARCHIVE: "zip 7z rar tar gz tgz bz2 tbz xz txz zst lz lz4 lzma cab iso img dmg jar warc",
        Kind.OFFICE: "doc docx docm dot dotx odt ott fodt rtf pages wpd wps xls xlsx xlsm xlsb ods fods "
        "numbers ppt pptx pptm pps ppsx odp key ps eps",
        Kind.BOOK: "epub mobi azw azw3 fb2 djvu",
        Kind.OTHER_MARKUP: "tex rst adoc asciidoc org textile",
        Kind.OUTLOOK: "msg pst ost",
        Kind.IMAGE: "png jpg jpeg jpe gif bmp tif tiff webp heic heif avif svg ico psd ai raw cr2 nef dng",
        Kind.SOUND: "mp3 m4a aac ogg oga opus flac wav wma aif aiff amr mid midi",
        Kind.VIDEO: "mp4 m4v mov avi mkv webm mpg mpeg wmv flv 3gp ogv vob srt vtt",
        Kind.FONT: "ttf otf woff woff2",
        Kind.PROGRAM: "exe dll so dylib bin apk deb rpm msi class pyc pyo o a wasm",
        Kind.TABLE: "csv tsv parquet sqlite sqlite3 db mdb accdb dbf geojson ics vcf sql",
        Kind.CODE: "py js mjs ts tsx jsx css scss less c h cc cpp hpp cs java kt go rs rb php pl sh bat ps1 "
        "lua r swift vue ipynb ini cfg conf toml yaml yml env lock xsl xsd dtd map po mo",
        Kind.LOG: "log out err",
    }
)
#: Of names whose files are refused without being opened.
UNREAD: Mapping[str, Kind] = MappingProxyType(
    {f".{end}": kind for kind, ends in _UNREAD.items() for end in ends.split()}
)


def suffix_of(name: str) -> str:
    """Return what a file's name ends with, from its last dot on, in small letters; "" for nothing."""
    stem, dot, end = name.rpartition(".")
    return f".{end.lower()}" if dot and stem and "/" not in end else ""
