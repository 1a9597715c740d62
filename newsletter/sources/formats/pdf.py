"""PDF: its text in paragraphs again, its headline, and what it says about itself."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import ParsedDocument, RefusalReason
from newsletter.sources.bylines import read_names
from newsletter.sources.formats.fields import line_of, moment_of
from newsletter.sources.formats.pdflines import Page, body_size, largest, lines_of, paragraphs_of
from newsletter.sources.parse import Given, TextReader

#: Wall time that reading one file may take, s.
_LIMIT_SECONDS = 30
_PROBLEMS: Mapping[str, tuple[RefusalReason, str]] = {
    "locked": (RefusalReason.LOCKED, "save it without one"),
    "long": (RefusalReason.OVERSIZED, "more pages than an article has: split it"),
    "large": (RefusalReason.OVERSIZED, "it takes too much memory: save it as text"),
    "damaged": (
        RefusalReason.DAMAGED,
        "print it to PDF again, or save it as text",
    ),
}
_NO_TITLE = re.compile(
    r"(?:microsoft \w+ - |untitled|unbenannt|document\d*$|dokument\d*$|slide ?\d|layout ?\d|.*://"
    r"|.*\.(?:pdf|docx?|indd|qxp?d?|odt|txt|html?)$)",
    re.IGNORECASE,
)
_LONGEST_TITLE = 200
_FEWEST_WORDS = 2
#: Of the letters and other signs in a text; of files whose letters have no meaning it is far less.
_LEAST_SHARE_OF_LETTERS = 0.4
_FEWEST_LETTERS_A_PAGE = 8


def parse_pdf(content: bytes, reader: TextReader) -> ParsedDocument:
    """Make a document of a PDF file, which is read by a process of its own with limits.

    Raises:
        DocumentRefusedError: SCANNED, LOCKED, DAMAGED, EMPTY, OVERSIZED (pages, memory), ENDLESS (it takes
            more than 5 s of CPU time), or UNREADABLE: the machine has no time for it now.
    """
    return document_of(_read_apart(content), reader)


def document_of(found: Mapping[str, object], reader: TextReader) -> ParsedDocument:
    """Make a document of what `pdfpages.read_pages` found.

    Raises:
        DocumentRefusedError: As `parse_pdf`.
    """
    if problem := found.get("problem"):
        raise DocumentRefusedError(*_PROBLEMS[str(problem)])
    pages = lines_of(found["pages"])
    _check_letters(pages, scanned=bool(found["pictures"]))
    headline, pages = _headline(pages, line_of(found["title"]))
    document = reader.read("\n\n".join(paragraphs_of(pages)), given=Given(headline=headline))
    date = str(found["date"])
    # What is printed was meant for readers; the file's own fields say who typed it, and when it was saved.
    return replace(
        document,
        byline=document.byline or _author(line_of(found["author"])),
        published_at=document.published_at or (moment_of(datetime.fromisoformat(date)) if date else None),
    )


def _read_apart(content: bytes) -> Mapping[str, object]:
    program = str(Path(__file__).with_name("pdfpages.py"))
    try:
        done = subprocess.run(  # noqa: S603 - our own file
            [sys.executable, "-P", program],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_LIMIT_SECONDS,
            check=False,
        )
    except (subprocess.TimeoutExpired, OSError) as error:
        detail = "the machine is too busy to read it; the next run tries again"
        raise DocumentRefusedError(RefusalReason.UNREADABLE, detail) from error
    if done.returncode == -signal.SIGXCPU:
        raise DocumentRefusedError(RefusalReason.ENDLESS, "print it to PDF again, or save it as text")
    if done.returncode:
        detail = "the process that reads it was ended; the next run tries again"
        raise DocumentRefusedError(RefusalReason.UNREADABLE, detail)
    found: Mapping[str, object] = json.loads(done.stdout)
    return found


def _check_letters(pages: list[Page], *, scanned: bool) -> None:
    text = "".join(line.text for page in pages for line in page)
    letters = sum(char.isalnum() for char in text)
    if letters < _FEWEST_LETTERS_A_PAGE * len(pages):
        if scanned:
            raise DocumentRefusedError(
                RefusalReason.SCANNED, "have its letters recognised, or save it as text"
            )
        if not letters:
            raise DocumentRefusedError(RefusalReason.EMPTY)
    if letters < _LEAST_SHARE_OF_LETTERS * len("".join(text.split())):
        detail = "its fonts do not say which letters they show: save it as text"
        raise DocumentRefusedError(RefusalReason.DAMAGED, detail)


def _headline(pages: list[Page], title: str) -> tuple[str, list[Page]]:
    """Return the headline, "" if the first line is as good as any, and the pages without it."""
    first = pages[0] if pages else ()
    title = "" if len(title) > _LONGEST_TITLE or " " not in title or _NO_TITLE.match(title) else title
    biggest = largest(first, than=body_size(pages))
    printed = " ".join(line.text for line in biggest)
    if title and title.casefold() in " ".join(line.text for line in first).casefold():
        headline = title
    elif len(printed.split()) >= _FEWEST_WORDS and len(printed) <= _LONGEST_TITLE:
        headline = printed
    else:
        return title, pages
    rest = tuple(
        line for line in first if line.text.casefold() not in headline.casefold() or line not in biggest
    )
    return headline, [rest, *pages[1:]]


def _author(name: str) -> str | None:
    return read_names(name) if " " in name else None
