"""Texts that have broken mails and pages elsewhere: line ends, encoded words, markup, template code."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path

#: What a template engine would make of the products among the payloads.
PRODUCT = str(1337 * 7331)

#: What is seen by nobody, and what cannot stand in UTF-8 at all.
CONTROLS = [
    *map(chr, itertools.chain(range(0x20), range(0x7F, 0xA1), range(0x200B, 0x2010), range(0x2028, 0x202F))),
    *map(chr, itertools.chain(range(0x2060, 0x2070), range(0xFFF9, 0x10000), (0xAD, 0x34F, 0x61C, 0x115F))),
    *map(chr, (0x180E, 0x2800, 0x3164, 0xE000, 0xFDD0, 0xFEFF, 0xFFA0, 0x1FFFE, 0xE0001, 0xE0041, 0x10FFFF)),
    *("\ud800", "\udc0a", "\udfff"),
]
ENCODED = [
    f"=?{charset}?{code}?{text}?="
    for charset in ("utf-8", "us-ascii", "utf-8*en", "iso-8859-1", "utf-7", "nonsense")
    for code, text in (
        ("q", "=0D=0ABcc:_mallory=40evil.example"),
        ("Q", "=00=0A=22=3E=3Cscript=3E"),
        ("b", "DQpCY2M6IG1hbGxvcnlAZXZpbC5leGFtcGxl"),
        ("B", "AAoNCgA"),
        ("q", "a" * 200),
        ("x", "?=" * 4),
    )
]
LONG = [
    *(char * 300 for char in "xé港(\"\\=\u0301🌊\u00a0;,<&'.-"),
    *(
        "x" * 999,
        "x" * 3000,
        "x y " * 300,
        "https://e.example/" + "x" * 1900,
        "https://e.example/" + "é" * 900,
    ),
]
#: What passes for a reader's mark, but for the random part that nobody knows.
MARKS = [
    form.format(token)
    for token in ("5ca1ab1e0ddba111", "0" * 16, "{token}", ".*", "token")
    for form in ("{}-address", "{}-since", "https://{}.invalid/unsubscribe", "https://{}.invalid/preferences")
]


def distinct_payloads() -> tuple[str, ...]:
    """Return every payload once; the lists of those that are but text stand in a file of their own."""
    lists: dict[str, list[str]] = json.loads(Path(__file__).with_name("payloads.json").read_text("utf-8"))
    products = (("breaks", "fields"), ("dots", "commands"), ("closers", "markup"))
    made = itertools.chain(
        CONTROLS,
        (f"{char}Bcc: mallory@evil.example" for char in CONTROLS),
        *(map("".join, itertools.product(lists[first], lists[second])) for first, second in products),
        *(lists[name] for name in ("mime", "urls", "templates", "formulas")),
        *(ENCODED, LONG, MARKS),
    )
    return tuple(dict.fromkeys(made))


PAYLOADS = distinct_payloads()
SURROGATE = re.compile("[\ud800-\udfff]")
