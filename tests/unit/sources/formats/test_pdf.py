from __future__ import annotations

import io
import signal
import subprocess
import time
import zlib
from datetime import UTC, datetime

import pytest
from pypdf import PdfReader, PdfWriter

from benchmarks.damage import pdfs
from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import ParsedDocument, RefusalReason
from newsletter.sources.formats import pdf
from newsletter.sources.formats.pdf import document_of, parse_pdf
from newsletter.sources.formats.pdflines import PrintedLine, paragraphs_of
from newsletter.sources.formats.pdfpages import read_pages
from newsletter.sources.parse import SourceAliases, TextReader

READER = TextReader(aliases=SourceAliases.with_extra({}), detect=lambda _: None)
BODY = (
    "The ferry that links Port Aldis with the northern islands will sail on Monday, the harbour said.\n\n"
    "It had been away for three winters while its hull was mended in a dock that nobody could pay for.\n\n"
    "“We are glad,” said Bo Holm, who carries the post and has waited longer than anybody else has."
)
HEAD = [
    ("Ferry to Port Aldis", 72, 740, 24),
    ("returns at last", 72, 712, 24),
    ("By Anna Kell", 72, 690, 10),
    ("3 May 2026", 72, 675, 10),
]


def read(content: bytes) -> ParsedDocument:
    """In this process: the limits of the other one are tested once, below."""
    return document_of(read_pages(content), READER)


def test_lines_become_paragraphs_and_the_largest_are_the_headline() -> None:
    document = read(pdfs.make([[*HEAD, *pdfs.column(BODY, top=650)]]))
    assert document.headline == "Ferry to Port Aldis returns at last"
    assert (document.byline, document.published_at) == ("Anna Kell", datetime(2026, 5, 3, tzinfo=UTC))
    assert document.body == BODY


def test_columns_are_read_one_after_the_other() -> None:
    first, second, third = BODY.split("\n\n")
    left = pdfs.column(f"{first}\n\n{second}", top=650, width=32)
    moved = [line for line in left if line[2] < 560]
    kept = [line for line in left if line[2] >= 560]
    right = [(text, 320.0, y + 90, size) for text, _, y, size in moved]
    below = right[-1][2]
    right += pdfs.column(third, x=320, top=below - 22, width=32)
    assert read(pdfs.make([[*HEAD, *kept, *right]])).body == BODY


def test_words_broken_at_line_ends_are_joined() -> None:
    lines = [
        "The com-", "pany began a three-", "year project of the well-", "known Aldis-", "Holm line. All peo-",
        "ple called the three-year plan well-known.",
    ]  # fmt: skip
    printed = [(text, 72.0, 700 - 12.0 * n, 10.0) for n, text in enumerate(lines)]
    assert read(pdfs.make([[("Big headline here", 72, 740, 24), *printed]])).body == (
        "The company began a three-year project of the well-known Aldis-Holm line. "
        "All people called the three-year plan well-known."
    )


def test_running_heads_and_page_numbers_are_left_out() -> None:
    pages = []
    for number, text in enumerate(BODY.split("\n\n"), 1):
        running = [("Harbour Gazette", 72.0, 770.0, 8.0), (f"– {number} –", 300.0, 30.0, 8.0)]
        pages.append([running[0], *pdfs.column(text), running[1]])
    document = read(pdfs.make(pages, about="/Title(Ferry to Port Aldis returns)"))
    assert (document.headline, document.body) == ("Ferry to Port Aldis returns", BODY)


def test_a_sentence_goes_on_on_the_next_page() -> None:
    lines = pdfs.column(BODY.split("\n\n")[0], width=40)
    rest = pdfs.column(
        "Then something else happened in town, and nobody had seen it coming at all.", top=600, width=40
    )
    first = [("Ferry returns now", 72.0, 740.0, 24.0), *lines[:1]]
    second = [(text, x, y + 60, size) for text, x, y, size in lines[1:]] + rest
    assert read(pdfs.make([first, second])).body.split("\n\n")[0] == BODY.split("\n\n")[0]


def test_paragraphs_are_told_by_their_indents_and_by_their_last_lines() -> None:
    lines = [
        line
        for part in BODY.split("\n\n")
        for line in ((0, x) if i else (12, x) for i, x in enumerate(_wrapped(part)))
    ]
    printed = [(text, 72.0 + indent, 700 - 12.0 * n, 10.0) for n, (indent, text) in enumerate(lines)]
    assert read(pdfs.make([[*HEAD[:2], *printed]])).body == BODY
    flush = [(text, 72.0, y, size) for text, _, y, size in printed]
    assert read(pdfs.make([[*HEAD[:2], *flush]])).body == BODY


def _wrapped(text: str) -> list[str]:
    return [line[0] for line in pdfs.column(text, width=45)]


@pytest.mark.parametrize(
    ("title", "headline"),
    [
        ("Ferry sails again", "Ferry sails again"),
        ("Microsoft Word - ferry.doc", "The harbour reopened"),
        ("untitled", "The harbour reopened"),
        ("ferry final v2.pdf", "The harbour reopened"),
        ("", "The harbour reopened"),
    ],
)
def test_the_title_is_used_if_somebody_wrote_it(title: str, headline: str) -> None:
    page = [("The harbour reopened", 72.0, 720.0, 10.0), *pdfs.column(BODY)]
    document = read(
        pdfs.make([page], about=f"/Title({title})/Author(Bo Holm)/CreationDate(D:20260503100000+02'00')")
    )
    assert document.headline == headline
    assert (document.byline, document.published_at) == ("Bo Holm", datetime(2026, 5, 3, 8, tzinfo=UTC))


def test_a_bad_date_costs_no_other_fact() -> None:
    page = [("The harbour reopened", 72.0, 720.0, 10.0), *pdfs.column(BODY)]
    document = read(pdfs.make([page], about="/Title(Ferry sails again)/Author(Bo Holm)/CreationDate(soon)"))
    assert (document.headline, document.byline, document.published_at) == (
        "Ferry sails again",
        "Bo Holm",
        None,
    )


def locked() -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdfs.make([pdfs.column(BODY)]))))
    writer.encrypt("secret", algorithm="AES-256")
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (pdfs.make([[], []], picture=True), RefusalReason.SCANNED),
        (pdfs.make([[("3", 72, 30, 8)]], picture=True), RefusalReason.SCANNED),
        (pdfs.make([[]]), RefusalReason.EMPTY),
        (pdfs.make([[("#$%&* ?! a" * 20, 72, 700, 10)]]), RefusalReason.DAMAGED),
        (pdfs.make([[]] * 101), RefusalReason.OVERSIZED),
        (b"%PDF-1.7\n\x93\x94", RefusalReason.DAMAGED),
        (locked(), RefusalReason.LOCKED),
    ],
)  # fmt: skip
def test_refusals(content: bytes, reason: RefusalReason) -> None:
    with pytest.raises(DocumentRefusedError) as caught:
        read(content)
    assert caught.value.reason is reason


def test_it_is_read_in_a_process_of_its_own() -> None:
    assert parse_pdf(pdfs.make([[*HEAD, *pdfs.column(BODY, top=650)]]), READER).body == BODY


def test_a_bomb_is_refused_within_the_limits() -> None:
    packer = zlib.compressobj(1)
    bomb = b"".join([*(packer.compress(b" " * (1 << 20)) for _ in range(120)), packer.flush()])
    with pytest.raises(DocumentRefusedError) as caught:
        parse_pdf(pdfs.make([[]], stream=bomb), READER)
    assert caught.value.reason in {RefusalReason.OVERSIZED, RefusalReason.DAMAGED, RefusalReason.EMPTY}


def test_one_that_is_not_read_in_time_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("python", 1)

    monkeypatch.setattr(pdf.subprocess, "run", endless)
    with pytest.raises(DocumentRefusedError, match="the next run tries again"):
        parse_pdf(b"%PDF-1.7", READER)


@pytest.mark.parametrize(
    ("code", "reason"),
    [(-signal.SIGXCPU, RefusalReason.ENDLESS), (-signal.SIGKILL, RefusalReason.UNREADABLE)],
)
def test_a_process_that_was_ended_tells_why(
    monkeypatch: pytest.MonkeyPatch, code: int, reason: RefusalReason
) -> None:
    ended = subprocess.CompletedProcess([], code, stdout=b"")
    monkeypatch.setattr(pdf.subprocess, "run", lambda *_, **__: ended)
    with pytest.raises(DocumentRefusedError) as caught:
        parse_pdf(b"%PDF-1.7", READER)
    assert caught.value.reason is reason


@pytest.mark.sweep
def test_a_paragraph_of_endless_lines_ends() -> None:
    line = PrintedLine(text="ten letter", x=72, y=700, size=10)
    began = time.process_time()
    assert len("".join(paragraphs_of([(line,) * 200_000]))) == 11 * 200_000 - 1
    assert time.process_time() - began < 20


@pytest.mark.sweep
def test_its_cpu_time_is_limited() -> None:
    content = zlib.compress(b"BT /F 10 Tf 72 700 Td (words and more words here.) Tj ET\n" * 300_000)
    with pytest.raises(DocumentRefusedError, match="takes too long to read"):
        parse_pdf(pdfs.make([[]], stream=content), READER)
