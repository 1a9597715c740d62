from __future__ import annotations

from datetime import UTC, datetime

import pytest

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import ParsedDocument, RefusalReason
from newsletter.sources.formats.front_matter import split_front_matter
from newsletter.sources.formats.markdown import parse_markdown
from newsletter.sources.parse import SourceAliases, TextReader

READER = TextReader(aliases=SourceAliases.with_extra({}), detect=lambda _: None)

FULL = """\
---
title: "Kell: the ferry to Port Aldis returns"  # for the front page
author: [Anna Kell, "Bo Holm"]
date: 2026-05-03T10:00:00+02:00
publisher: {name: Harbour Gazette}
tags:
  - Ferries
  - name: Ports
keywords: ferries, islands
lang: en-GB
canonical: https://gazette.example/ferry
summary: >
  Nothing of this
  is kept.
---

# Kell: the ferry to Port Aldis returns

The [ferry](https://a.example/x) sails *again*[^1] on
**Monday**, ![a ship](ship.png) said `harbour` staff &amp; crew.

> [!NOTE]
> It was away for three years.

## What it costs

- [ ] Four marks for adults
  - two for children
- nothing for dogs

3. First
4. Second

| Day | Sails |
|-----|-------|
| Mon | 9:00  |

```python
print("code")
```

    A paragraph that somebody set in.

<div align="center"><script>x()</script>Printed on <b>paper</b>.</div>

{{< figure src="a.png" >}}
See [[Harbours|the harbours]].

[^1]: Weather permitting.
    Twice a day.
"""


def read(text: str | bytes) -> ParsedDocument:
    return parse_markdown(text.encode() if isinstance(text, str) else text, READER)


def test_front_matter_and_text_make_a_document() -> None:
    document = read(FULL)
    assert document.headline == "Kell: the ferry to Port Aldis returns"
    assert (document.byline, document.source) == ("Anna Kell, Bo Holm", "Harbour Gazette")
    assert document.published_at == datetime(2026, 5, 3, 8, tzinfo=UTC)
    assert (document.url, document.language) == ("https://gazette.example/ferry", "en")
    assert document.tags == ("Ferries", "Ports", "islands")
    assert document.body.split("\n\n") == [
        "The ferry sails again on Monday, said harbour staff & crew.",
        "It was away for three years.",
        "What it costs",
        "- Four marks for adults",
        "- two for children",
        "- nothing for dogs",
        "3. First",
        "4. Second",
        "Day | Sails",
        "Mon | 9:00",
        "A paragraph that somebody set in.",
        "Printed on paper.",
        "See the harbours.",
    ]


@pytest.mark.parametrize(
    ("text", "headline", "body"),
    [
        ("# Ferry returns\n\nIt sails.", "Ferry returns", "It sails."),
        ("Ferry returns\n===\n\nIt sails.", "Ferry returns", "It sails."),
        ("## Ferry returns ##\nIt sails.", "Ferry returns", "It sails."),
        ("[home](/)\n\n# Ferry returns\n\nIt sails.", "Ferry returns", "home\n\nIt sails."),
        ("Ferry returns\n\nIt sails.\n\n## More\n\nWords.", "Ferry returns", "It sails.\n\nMore\n\nWords."),
        ("---\ntitle: A\n---\n# B\n\nIt sails.", "A", "B\n\nIt sails."),
        ("# A *b* `c` [d](e)\n\nIt sails.", "A b c d", "It sails."),
        ("# A\n\nOne<br/>two<BR>three", "A", "One two three"),
        ("# A<br>b\r\n\r\nIt sails.", "A b", "It sails."),
    ],
)
def test_the_headline(text: str, headline: str, body: str) -> None:
    document = read(text)
    assert (document.headline, document.body) == (headline, body)


def test_credits_below_the_headline_are_told_line_by_line() -> None:
    document = read("# Ferry returns\n\nBy Anna Kell\n3 May 2026\n\nIt sails on Monday,\nthe harbour said.")
    assert (document.byline, document.published_at) == ("Anna Kell", datetime(2026, 5, 3, tzinfo=UTC))
    assert document.body == "It sails on Monday, the harbour said."


@pytest.mark.parametrize(
    ("matter", "fields"),
    [
        ("---\na: b: c\n---\n", {"a": "b: c"}),
        ("---\na: 'it''s'\n---\n", {"a": "it's"}),
        ('---\na: "say \\"x\\" # y"\n---\n', {"a": 'say "x" # y'}),
        ("---\na: [b, 'c, d', \"e\"]\n...\n", {"a": ["b", "c, d", "e"]}),
        ("---\na: [b,\n  c]\n---\n", {"a": ["b", "c"]}),
        ("---\na:\n- b\n- c: d\nname: x\n---\n", {"a": ["b", "c: d"], "name": "x"}),
        ("---\nauthor:\n  name: Kell\n  mail: x\n---\n", {"author": "Kell"}),
        ("---\na: |\n  b\n\n  c\nd: e\n---\n", {"a": "b\n\nc", "d": "e"}),
        ("---\na: b\n  c\n---\n", {"a": "b c"}),
        ("---\na:\n---\n", {"a": ""}),
        ("---\n---\n", {}),
        ('+++\na = "b"\nc = ["d"]\n+++\n', {"a": "b", "c": ["d"]}),
    ],
)
def test_front_matter(matter: str, fields: dict[str, object]) -> None:
    assert split_front_matter(f"{matter}Text") == (fields, "Text")


@pytest.mark.parametrize("text", ["---\nWords.\n---\nText", "---\na: b\n", "+++\nbroken\n+++\n", "Text", ""])
def test_what_is_no_front_matter_stays(text: str) -> None:
    assert split_front_matter(text) == ({}, text)


@pytest.mark.parametrize("date", ["2026-05-03", "2026-05-03 10:00:00", "2026-05-03T10:00:00Z"])
def test_dates_of_toml(date: str) -> None:
    moment = read(f'+++\ntitle = "Ferry"\ndate = {date}\n+++\nIt sails.').published_at
    assert moment == datetime(2026, 5, 3, 10 if "10" in date else 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"```\ncode\n```", RefusalReason.EMPTY),
        (b"![](a.png)", RefusalReason.EMPTY),
        (b"a" * 150_001, RefusalReason.OVERSIZED),
        (b"# A\0", RefusalReason.BINARY),
        (b"---\ntitle: A\ndraft: true\n---\nWords.", RefusalReason.NO_NEWS),
        (b"---\ntitle: A\npublished: False\n---\nWords.", RefusalReason.NO_NEWS),
        (b'+++\ntitle = "A"\ndraft = true\n+++\nWords.', RefusalReason.NO_NEWS),
    ],
)
def test_refusals(content: bytes, reason: RefusalReason) -> None:
    with pytest.raises(DocumentRefusedError) as caught:
        read(content)
    assert caught.value.reason is reason
