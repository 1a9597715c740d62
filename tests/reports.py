"""Documents for tests of grouping, and the set of look-alike events."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from newsletter.model.documents import Document, Span

SEEN = datetime(2031, 5, 4, 6, 0, tzinfo=UTC)
_SETS = Path(__file__).parent / "unit" / "stories"


def stored(
    id_: int,
    headline: str,
    *paragraphs: str,
    language: str | None = "en",
    source: str | None = None,
    origin: str | None = None,
    seen: datetime = SEEN,
    published: datetime | None = None,
) -> Document:
    text = headline
    spans = []
    for paragraph in paragraphs:
        text += "\n\n"
        spans.append(Span(start=len(text), end=len(text) + len(paragraph)))
        text += paragraph
    return Document(
        id=id_, headline=headline, text=text, paragraphs=tuple(spans), content_hash=f"{id_}",
        language=language, source=source, origin=origin, first_seen_at=seen, published_at=published,
    )  # fmt: skip


def look_alikes(name: str = "look_alikes") -> dict[str, dict[str, Document]]:
    """Return by kind of event the reports (a1, a2) of one event and those (b1, b2 if there) of another.

    Args:
        name: Of the set, as its file is called.
    """
    kinds: dict[str, dict[str, Document]] = defaultdict(dict)
    number = 0
    kind = language = ""
    for block in (_SETS / f"{name}.txt").read_text("utf-8").split("\n\n"):
        for report in block.split("\n= "):
            lines = report.splitlines()
            if lines[0].startswith("@ "):
                _, kind, language = lines[0].split()
            elif not lines[0].startswith("#"):
                number += 1
                key, _, headline = lines[0].partition(" ")
                kinds[kind][key] = stored(number, headline, *lines[1:], language=language)
    return kinds


def led_groups(name: str) -> dict[str, tuple[list[Document], set[int]]]:
    """Return by name of the group its reports, and the ids of those that may lead.

    Args:
        name: Of the set, as its file is called.
    """
    groups: dict[str, tuple[list[Document], set[int]]] = {}
    number = 0
    for block in (_SETS / f"{name}.txt").read_text("utf-8").split("\n\n@ ")[1:]:
        first, *reports = block.split("\n= ")
        title, _, language = first.partition(" ")
        documents, leading = [], set()
        for report in reports:
            number += 1
            first, *paragraphs = report.strip().splitlines()
            hours, _, headline = first.partition(" ")
            if hours.endswith("*"):
                leading.add(number)
            moment = SEEN + timedelta(hours=int(hours.rstrip("*")))
            document = stored(
                number, headline, *paragraphs, language=language or "en", seen=moment, published=moment
            )
            documents.append(document)
        groups[title] = documents, leading
    return groups
