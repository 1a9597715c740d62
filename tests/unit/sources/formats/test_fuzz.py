"""Damaged files of every format that is read here: each becomes a document or is refused, and soon."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable

import pdfs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import ParsedDocument, ParsedItems
from newsletter.sources.formats.json_documents import parse_json, parse_json_lines
from newsletter.sources.formats.markdown import parse_markdown
from newsletter.sources.formats.pdf import document_of
from newsletter.sources.formats.pdfpages import read_pages
from newsletter.sources.parse import SourceAliases, TextReader

READER = TextReader(aliases=SourceAliases.with_extra({}), detect=lambda _: None)
#: No file may take longer, s of CPU time.
LONGEST = 5

Parser = Callable[[bytes], ParsedDocument | ParsedItems]

MARKDOWN = (
    b'---\ntitle: "Ferry: it returns"\nauthor: [Anna Kell, Bo]\ntags:\n - a\n - name: b\ndate: 2026-05-03\n'
    b"text: |\n  x\n---\n# Ferry\n\nBy Anna Kell  \n3 May 2026\n\nIt *sails* [again](<a b>)[^1] ![x](y) `z`\n"
    b"\n> quote\n\n- [ ] a\n  - b\n\n1. c\n\n| A | B |\n|---|--:|\n| 1 | 2 |\n\n```\ncode\n```\n\n<p>~~x~~"
    b"\n\n[^1]: Note\n\n[[a|b]] {{< c >}} <https://a.example> &amp; \\* ***a** b*\n\n    set in\n\nEnd\n===\n"
)
TOML = b'+++\ntitle = "A"\ntags = ["b"]\ndate = 2026-05-03\n[author]\nname = "C"\n+++\nText.\n'
OBJECT = {
    "headline": "Ferry returns",
    "text": "It sails.\n\nWords &amp; more.",
    "author": [{"name": "Anna Kell"}],
    "source": {"name": "Gazette"},
    "url": "https://a.example/b",
    "date": 1777795200000,
    "tags": ["a", "b"],
    "language": "en-GB",
    "id": 7,
    "n": [1e5, -0.5, None, True],
    "title": {"rendered": "<b>x</b>"},
}
PAGE = [
    *(("Ferry returns at last", 72, 740, 24), ("By Anna Kell", 72, 700, 10)),
    *pdfs.column("It sails on Monday, they said.\n\nIt was away.", width=20),
]
ABOUT = "/Title(Ferry returns)/Author(Anna Kell)/CreationDate(D:20260503100000+02'00')"

SEEDS: dict[str, tuple[Parser, list[bytes]]] = {
    "markdown": (lambda content: parse_markdown(content, READER), [MARKDOWN, TOML]),
    "json": (
        lambda content: parse_json(content, READER),
        [json.dumps(OBJECT).encode(), json.dumps({"source": "x", "articles": [OBJECT, OBJECT]}).encode()],
    ),
    "json lines": (
        lambda content: parse_json_lines(content, READER),
        [b"\n".join([json.dumps(OBJECT).encode()] * 3)],
    ),
    "pdf": (
        lambda content: document_of(read_pages(content), READER),
        [pdfs.make([PAGE], about=ABOUT, is_packed=packed, picture=True) for packed in (True, False)],
    ),
}
WORDS = (
    r"--- << >> &#x0; \ud800 1e999 null /Kids /Parent /Length endobj %%EOF xref trailer startxref"  # noqa: SIM905
    r" Tf Tj cm 0 R 1 999999999999999 true obj stream".split()
)
#: What is put in: anything, and what formats give a meaning to.
ODD = st.one_of(
    st.binary(max_size=4),
    st.sampled_from(list('[](){}<>|*`#\\"-_~&:') + WORDS).map(lambda word: f" {word} ".encode()),
    st.sampled_from(
        [b"\n", b"\n\n", b"\xff\xfe", b"\xed\xa0\x80", b"1 0 R", b"6 0 R", b"[[" * 20, b"stream\n"]
    ),
)
#: Where, in thousandths of the file; how many bytes go; what comes; how often.
EDITS = st.lists(
    st.tuples(
        st.integers(0, 1_000), st.sampled_from([0, 0, 1, 2, 8, 100]), ODD, st.sampled_from([1, 1, 1, 3, 50])
    ),
    max_size=8,
)


class TooLong(BaseException):
    """Nothing on the way catches it."""


def check(format_name: str, seed: int, edits: list[tuple[int, int, bytes, int]], cut: int) -> None:
    parse, seeds = SEEDS[format_name]
    content = seeds[seed % len(seeds)]
    for at, gone, put, times in edits:
        place = len(content) * at // 1_000
        content = content[:place] + put * times + content[place + gone :]
    content = content[: len(content) * cut // 1_000]
    try:
        found = parse(content)
    except DocumentRefusedError:
        return
    documents = [found] if isinstance(found, ParsedDocument) else [item.document for item in found.items]
    for document in documents:
        if document:
            for text in (
                document.headline,
                document.text,
                document.byline or "",
                document.source or "",
                *document.tags,
            ):
                text.encode()
                assert "\0" not in text
            assert all(span.of(document.text) for span in document.paragraphs)


def run(format_name: str, *, examples: int) -> None:
    def stop(*_: object) -> None:
        raise TooLong

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 1), EDITS, st.one_of(st.just(1_000), st.integers(0, 1_000)))
    def one(seed: int, edits: list[tuple[int, int, bytes, int]], cut: int) -> None:
        signal.setitimer(signal.ITIMER_VIRTUAL, LONGEST)
        check(format_name, seed, edits, cut)

    before = signal.signal(signal.SIGVTALRM, stop)
    try:
        one()
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@pytest.mark.parametrize("format_name", SEEDS)
def test_a_damaged_file_is_read_or_refused(format_name: str) -> None:
    run(format_name, examples=60)


@pytest.mark.sweep
@pytest.mark.parametrize("format_name", SEEDS)
def test_many_damaged_files_are_read_or_refused(format_name: str) -> None:
    run(format_name, examples=2_000)
