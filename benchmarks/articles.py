"""News with summaries that people wrote, read from files of one JSON object a line."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from newsletter.model.documents import ParsedDocument, Span

#: How a file's name begins, and the sentences that a summary of its articles has.
SENTENCE_COUNTS = {"cnndm": 3, "headlines": 2, "xsum": 1}

#: Question marks where no question can end: the file has lost its curly quotation marks to them.
_LOST_MARK = re.compile(r"[^\W\d_]\?[^\W\d_]|[.,]\?|\s\?\w")
_LOST_APOSTROPHE = re.compile(r"(?<=[^\W\d_])\?(?=(?:s|t|d|m|re|ve|ll)\b)")
_LOST_OPENING = re.compile(r"(?<![^\s(.])\?(?=\w)")
_LOST_CLOSING = re.compile(r"(?<=[.,!])\?(?!\w)|(?<=\w)\?(?=[.,;:)]|\s+[a-z(])")
_LOST_SPACE = re.compile(r"(?<=[a-z0-9”)]\.)(?=“?[A-Z])")


@dataclass(frozen=True, kw_only=True, eq=False)
class Article:
    """One article and what somebody made of it."""

    id: str
    #: "Daily Mail", "CNN", "headlines" or "xsum".
    group: str
    document: ParsedDocument
    #: What people made of it, at least one, a sentence a line.
    references: tuple[str, ...]
    sentence_count: int


def find_files(folder: Path) -> list[Path]:
    """Return the files of known kinds in `folder` or its subfolder `summaries`, in the order of names."""
    places = [folder, folder / "summaries"]
    found = [path for place in places if place.is_dir() for path in place.glob("*.jsonl")]
    return sorted(path for path in found if path.name.startswith(tuple(SENTENCE_COUNTS)))


def read_articles(path: Path, *, most: int | None = None) -> list[Article]:
    """Read a file's articles, those without text or reference left out.

    Args:
        path: A file that `find_files` found.
        most: Articles to read, evenly spread over the file; None: all.
    """
    kind = next(kind for kind in SENTENCE_COUNTS if path.name.startswith(kind))
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    if most is not None and most < len(rows):
        rows = [rows[place * len(rows) // most] for place in range(most)]
    articles = []
    for row in rows:
        text = str(row["document"]).strip()
        text = mend(text) if kind == "headlines" else text
        told = row["summaries"] if "summaries" in row else [row["summary"]]
        references = [one if isinstance(one, str) else "\n".join(one) for one in told]
        if text and all(reference.strip() for reference in references):
            articles.append(
                Article(
                    id=str(row["id"]),
                    group=_group(kind, row, text),
                    document=ParsedDocument(
                        headline=str(row.get("title") or "").strip(),
                        text=text,
                        paragraphs=(Span(start=0, end=len(text)),),
                        content_hash="",
                        language="en",
                    ),
                    references=tuple(references),
                    sentence_count=SENTENCE_COUNTS[kind],
                )
            )
    return articles


def mend(text: str) -> str:
    """Put back what a text has lost: curly quotation marks that became question marks, spaces behind stops.

    Without, "...of food.?We are..." is one endless sentence, for the product and the others alike. A mark
    behind the last word of a sentence stays, for it may be a true question mark.
    """
    if _LOST_MARK.search(text):
        text = _LOST_APOSTROPHE.sub("’", text)
        text = _LOST_CLOSING.sub("”", _LOST_OPENING.sub("“", text))
    return _LOST_SPACE.sub(" ", text)


def _group(kind: str, row: dict[str, object], text: str) -> str:
    if kind != "cnndm":
        return kind
    source = row.get("src")
    daily_mail = source == "dm" if source else "CNN" not in text
    return "Daily Mail" if daily_mail else "CNN"
