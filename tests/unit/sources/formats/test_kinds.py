from __future__ import annotations

import io
import tarfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import DocumentRefusedError
from newsletter.sources.formats.gate import check_name, check_start
from newsletter.sources.formats.kinds import Kind
from newsletter.sources.formats.suffixes import READ, UNREAD, suffix_of
from newsletter.sources.formats.telling import tell_kind
from newsletter.sources.opening import Opener
from newsletter.sources.parse import SourceAliases, TextReader

OPENER = Opener(reader=TextReader(aliases=SourceAliases.with_extra({}), detect=lambda _: None))
MAIL = (
    "Received: from a.example\nFrom: Desk <desk@a.example>\nSubject: Ferry\nMIME-Version: 1.0\n{}\nWords.\n"
)
PRINTED = "Content-Type: text/plain\n"
ENCODED = "Content-Type: multipart/alternative; boundary=x\n"


def zipped(*names: str, first: bytes = b"") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        if first:
            archive.writestr("mimetype", first)
        for name in names:
            archive.writestr(name, "x")
    return file.getvalue()


def tarred() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"))
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "kind"),
    [
        ("Ferry returns\n\nIt sails on Monday.", "a.txt", Kind.TEXT),
        ("Ferry returns\n\nIt sails on Monday.", "a.html", Kind.TEXT),
        ("Ferry returns\n\nIt sails on Monday.", "a.md", Kind.MARKDOWN),
        ("# Ferry returns", "a.MARKDOWN", Kind.MARKDOWN),
        ("---\ntitle: Ferry\n---\nIt sails.", "a.txt", Kind.MARKDOWN),
        ('+++\ntitle = "Ferry"\n+++\nIt sails.', "", Kind.MARKDOWN),
        ("---\nIt sails on Monday.\n---\n", "a.txt", Kind.TEXT),
        ("<!doctype html><p>Words", "a.txt", Kind.HTML),
        ("\ufeff \n<!-- by hand -->\n<HTML>", "a.md", Kind.HTML),
        (
            '<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0//EN" "x"><html>',
            "",
            Kind.HTML,
        ),
        ("<div><p>One</p><p>Two</p></div>", "a.txt", Kind.HTML),
        ("<p>One", "a.html", Kind.HTML),
        ("<h1 align=center>Ferry</h1>\n<p>\n\nIt sails</p>", "a.md", Kind.MARKDOWN),
        ("The tag <b> is bold, <i> is italic.", "a.txt", Kind.TEXT),
        ("<Editor> Words in brackets.", "a.txt", Kind.TEXT),
        ("<rss version='2.0'>", "a.txt", Kind.FEED),
        (
            "<?xml version='1.0'?><!-- x --><?style y?>\n<feed xmlns='http://www.w3.org/2005/Atom'>",
            "",
            Kind.FEED,
        ),
        ("<rdf:RDF xmlns:rdf='x'>", "a.xml", Kind.FEED),
        ("<!DOCTYPE rss [<!ENTITY a 'b'>]><rss>", "a.xml", Kind.FEED),
        ('{\n "version": "https://jsonfeed.org/version/1.1",\n "items": []}', "a.json", Kind.FEED),
        ("<opml version='2.0'>", "a.xml", Kind.FEED_LIST),
        ("<?xml version='1.0'?><invoice/>", "a.xml", Kind.XML),
        ("<svg xmlns='http://www.w3.org/2000/svg'/>", "a.xml", Kind.IMAGE),
        ('{"headline": "Ferry"}', "a.txt", Kind.JSON),
        ('{\n"headline": "Ferry"}\n', "a.jsonl", Kind.JSON),
        ('[\n {"headline": "Ferry"}]', "", Kind.JSON),
        ('{"a": 1}\r\n{"a": 2}\r\n', "a.json", Kind.JSON_LINES),
        ('{"a": 1}\n', "a.jsonl", Kind.JSON_LINES),
        ("broken line\n{}", "a.ndjson", Kind.JSON_LINES),
        ('{"a": "' + "x" * 40_000 + '"}\n{"a": 2}\n', "a.json", Kind.JSON_LINES),
        ('{"a": "' + "x" * 40_000 + '"}', "a.json", Kind.JSON),
        (r'{"version": "https:\/\/jsonfeed.org\/version\/1.1", "items": []}', "a.json", Kind.FEED),
        ("null", "a.json", Kind.JSON),
        ("[[Harbours]] are open again.", "a.md", Kind.MARKDOWN),
        ("[ ] Ferry returns", "a.txt", Kind.TEXT),
        ("[ ]", "", Kind.JSON),
        ("[Photo] Ferry returns", "a.txt", Kind.TEXT),
        ("{Ferry} returns", "a.txt", Kind.TEXT),
        (MAIL.format(PRINTED), "a.eml", Kind.MAIL),
        (MAIL.format(PRINTED), "1700000000.M1P2.host:2,S", Kind.MAIL),
        (MAIL.format(PRINTED), "a.txt", Kind.TEXT),
        (MAIL.format(ENCODED), "a.txt", Kind.MAIL),
        ("Subject: Ferry\nDate: 3 May 2026\n\nIt sails.", "a.txt", Kind.TEXT),
        ("Subject: Ferry\nDate: 3 May 2026\n\nIt sails.", "a.eml", Kind.TEXT),
        ("From desk@a.example Mon May  4 10:00:00 2026\nFrom: Desk <d@a.example>\n\nX", "a.txt", Kind.MBOX),
        ("From Berlin to Paris on Mon\nBy train: slowly", "a.txt", Kind.TEXT),
        ("%PDF-1.7\n%\n1 0 obj", "a.txt", Kind.PDF),
        ("HTTP/1.1 200 OK\r\n\r\n%PDF-1.7\n1 0 obj", "", Kind.PDF),
        ("How to open a %PDF-1.4 file", "a.txt", Kind.TEXT),
        ("{\\rtf1\\ansi words}", "a.txt", Kind.OFFICE),
        (zipped("a.txt"), "a.txt", Kind.ARCHIVE),
        (zipped("[Content_Types].xml", "word/document.xml"), "a.zip", Kind.OFFICE),
        (zipped("content.xml", first=b"application/vnd.oasis.opendocument.text"), "", Kind.OFFICE),
        (zipped("OEBPS/a.xhtml", first=b"application/epub+zip"), "", Kind.BOOK),
        (tarred(), "", Kind.ARCHIVE),
        (b"\x1f\x8b\x08\0", "", Kind.ARCHIVE),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "a.txt", Kind.IMAGE),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "", Kind.IMAGE),
        (b"RIFF\x10\0\0\0WAVEfmt ", "", Kind.SOUND),
        (b"\0\0\0\x18ftypisom", "", Kind.VIDEO),
        (b"\0\0\0\x18ftypheic", "", Kind.IMAGE),
        ("BMW builds a plant", "a.txt", Kind.TEXT),
        ("RIFFS and other songs", "a.txt", Kind.TEXT),
        ("MZ is a car plate", "a.txt", Kind.TEXT),
        (b"MZ\x90\0\3\0\0\0", "", Kind.PROGRAM),
        ("", "", Kind.TEXT),
    ],
)
def test_a_kind_is_told_by_content_first(content: str | bytes, name: str, kind: Kind) -> None:
    assert tell_kind(content.encode() if isinstance(content, str) else content, name) is kind


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "cp1252"])
def test_the_encoding_does_not_matter(encoding: str) -> None:
    assert tell_kind('{"headline": "Fähre"}\n'.encode(encoding), "a.txt") is Kind.JSON
    assert tell_kind("<!DOCTYPE html><p>Fähre</p>".encode(encoding), "a.txt") is Kind.HTML


@given(st.binary(max_size=600), st.sampled_from(["", "a.txt", "a.md", "a.html", "a.json", "a.eml"]))
def test_anything_is_of_some_kind(content: bytes, name: str) -> None:
    assert tell_kind(content, name) in Kind


@pytest.mark.parametrize(
    "text",
    ["<!--" * 50_000, "<?" * 50_000, "<!doctype a [" + "]" * 50_000, "{ " * 50_000, "From: a\n" * 20_000,
     "---\n" + "title: x\n" * 20_000, "<p " * 50_000, "\n" * 100_000, '{"' * 50_000],
)  # fmt: skip
def test_no_text_takes_long(text: str) -> None:
    assert tell_kind(text.encode(), "a.txt") in Kind


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (zipped("a.txt"), "an archive: unpack it"),
        (zipped("[Content_Types].xml"), "an office document: save it as text, HTML or PDF"),
        (b"\x89PNG\r\n\x1a\n", "an image: no text is read from images; save what is to be read as text"),
        (b"<opml/>", "a list of feeds (OPML): newsletter sources import FILE takes its feeds in"),
    ],
)
def test_what_is_refused_is_named_with_what_to_do(content: bytes, detail: str) -> None:
    with pytest.raises(DocumentRefusedError) as caught:
        OPENER.open(content, "a.txt")
    assert caught.value.detail == detail


def test_no_suffix_is_both_read_and_refused() -> None:
    assert not READ & UNREAD.keys()
    assert len(UNREAD) > 100


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("a.TXT", ".txt"), ("a", ""), ("a.b/c", ""), (".hidden", ""), ("a.tar.gz", ".gz"), ("", "")],
)
def test_suffixes(name: str, suffix: str) -> None:
    assert suffix_of(name) == suffix


def test_a_name_decides_or_leaves_it_to_the_content() -> None:
    assert check_name("a.Md")
    assert not check_name("README")
    with pytest.raises(DocumentRefusedError, match="source code or settings"):
        check_name("a.py")
    check_start(b"%PDF-1.7", "report")
    with pytest.raises(DocumentRefusedError, match="rename it"):
        check_start(b"Words.", "report")
