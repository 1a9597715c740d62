"""The sample documents are a newcomer's first digest: each must come out whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.model.documents import ParsedDocument
from newsletter.sources.parse import SourceAliases, TextReader, parse_text

SEEDS = Path(__file__).parents[3] / "seeds"
FILES = sorted(SEEDS.glob("*.txt"))
ALIASES = SourceAliases.with_extra({})
#: Which documents tell of one event; every other stands alone.
EVENTS = {
    "bridge closed": {
        "bridge-closed-courier.txt",
        "bridge-closed-gazette.txt",
        "bridge-closed-northline.txt",
    },
    "flood": {"flood-evacuation-gazette.txt", "flood-evacuation-radio.txt"},
}
ENCODINGS = {
    "flood-evacuation-radio.txt": "utf-8-sig",
    "hospital-network-gazette.txt": "utf-16",
    "rate-decision-observer.txt": "cp1252",
}
UNDATED = {"bridge-closed-northline.txt", "tide-power-northline.txt"}
UNSIGNED: set[str] = set()


def parse(name: str) -> ParsedDocument:
    return parse_text((SEEDS / name).read_bytes(), reader=TextReader(aliases=ALIASES))


def test_there_are_fifteen() -> None:
    assert len(FILES) == 15
    assert {name for names in EVENTS.values() for name in names} <= {file.name for file in FILES}
    assert len({parse(file.name).content_hash for file in FILES}) == 15


@pytest.mark.parametrize("name", [file.name for file in FILES])
def test_a_seed_comes_out_whole(name: str) -> None:
    document = parse(name)
    first_line = (SEEDS / name).read_bytes().decode(document.encoding).splitlines()[0]
    assert document.headline == first_line
    assert document.encoding == ENCODINGS.get(name, "utf-8")
    assert document.language == {"fischerei": "de", "musee-tes": "fr"}.get(name[:9], "en")
    assert (document.source is None) == (name in UNSIGNED)
    assert (document.published_at is None) == (name in UNDATED)
    if document.published_at:
        assert (document.published_at.year, document.published_at.month) == (2026, 11)
    if document.url:
        assert ".example/" in document.url
    for paragraph in document.body.split("\n\n"):
        assert paragraph[0].isupper() or paragraph[0] in '"“„«'
        assert paragraph.rstrip('"”“»')[-1] in ".!?"
        assert not any(word in paragraph for word in ("http", "Source", "Published", "—"))


def test_one_report_on_the_bridge_rests_on_another() -> None:
    courier, wire = parse("bridge-closed-courier.txt"), parse("bridge-closed-northline.txt")
    assert courier.origin == wire.source == "Northline Wire"
    assert courier.body.startswith("Harrowby's road bridge")


def test_reports_on_the_flood_differ_in_a_number() -> None:
    assert "1,200 people" in parse("flood-evacuation-gazette.txt").body
    assert "1,450 people" in parse("flood-evacuation-radio.txt").body


def test_lengths_differ() -> None:
    words = sorted(len(parse(file.name).body.split()) for file in FILES)
    assert words[0] < 60
    assert words[-2] > 700
