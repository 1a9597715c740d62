"""Make a folder of malformed and sound files, scan it twice, and print what became of each kind.

    python benchmarks/malformed.py 5000

Exits with 1 if a file met another end than it should have.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from newsletter.model.documents import FoundFile, KnownFile, RefusalReason
from newsletter.sources.folder import scan_folder
from newsletter.sources.opening import Opener
from newsletter.sources.parse import SourceAliases, TextReader

MAX_BYTES = 100_000
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SETTLED = NOW.timestamp() - 3_600
FRESH = NOW.timestamp() - 1
SENTENCES = (
    "The council of Port Aldis voted on Monday to keep the baths open.",
    "“Nobody sails tonight,” the harbour master said – and nobody did.",
    "According to Northline Wire, 40 ships were turned away at the café quay.",
    "KYIV, 24 Feb (AP) — The talks went on into the night.",
    "By Ana Roe",
    "Source: Northline Wire",
    "https://northline.example/2026/11/23/baths",
    "23 November 2026",
    "Der Bürgermeister sagte, die Brücke werde im Frühjahr geöffnet.",
)


def sound(chance: random.Random) -> str:
    """Return a document in pieces of news."""
    count = chance.randint(1, 12)
    return (
        f"Headline {chance.getrandbits(64)}\n\n"
        + "\n\n".join(chance.choices(SENTENCES, k=count))
        + "\nIt’s so."
    )


def noise(chance: random.Random) -> bytes:
    """Return bytes with so many control characters among them that they are no text."""
    return bytes(range(32)) + chance.randbytes(chance.randint(100, 5_000))


def damaged(chance: random.Random) -> bytes:
    """Return UTF-8 with a byte that cannot stand where it stands."""
    content = (sound(chance) + "“ – ” é ü").encode()
    place = chance.randrange(len(content))
    while content[place] > 127 or (content[place : place + 2] or b"\xff")[-1] > 127:
        place -= 1
    return content[:place] + b"\xff" + content[place:]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of file, and what should become of it."""

    name: str
    #: "read", "waiting", or the reason for its refusal.
    end: str
    content: Callable[[random.Random], bytes]
    suffix: str = ".txt"
    touched_at: float = SETTLED
    grows: bool = False


KINDS = (
    Kind(name="UTF-8", end="read", content=lambda chance: sound(chance).encode()),
    Kind(
        name="UTF-8, marked, CRLF",
        end="read",
        content=lambda c: sound(c).replace("\n", "\r\n").encode("utf-8-sig"),
    ),
    Kind(name="UTF-16", end="read", content=lambda c: sound(c).encode("utf-16")),
    Kind(name="UTF-16 without a mark", end="read", content=lambda c: sound(c).encode("utf-16-be")),
    Kind(name="Windows-1252", end="read", content=lambda c: sound(c).encode("cp1252")),
    Kind(name="stray control characters", end="read", content=lambda c: f"{sound(c)}\x1a\x07".encode()),
    Kind(
        name="invisible characters",
        end="read",
        content=lambda c: "\u200b\u202e\u00ad".join(sound(c)).encode(),
    ),
    Kind(name="cut in half", end="read", content=lambda c: sound(c).encode("cp1252")[: c.randint(9, 60)]),
    Kind(
        name="one long line",
        end="read",
        content=lambda c: (sound(c).replace("\n", " ") * 50).encode()[:90_000],
    ),
    Kind(
        name="ten thousand blank lines",
        end="read",
        content=lambda c: (f"{c.random()}" + "\n" * 9_999 + "x").encode(),
    ),
    Kind(
        name="a run of accents",
        end="read",
        content=lambda c: (f"x{c.random()}" + "\u0301\u0316" * 9_000).encode(),
    ),
    Kind(name="brackets", end="read", content=lambda c: (f"{c.random()}\n" + "([{<" * 9_000).encode()),
    Kind(name="fresh", end="read", content=lambda c: sound(c).encode(), touched_at=FRESH),
    Kind(name="dated tomorrow", end="read", content=lambda c: sound(c).encode(), touched_at=SETTLED + 90_000),
    Kind(name="growing", end="waiting", content=lambda c: sound(c).encode(), touched_at=FRESH, grows=True),
    Kind(name="no bytes", end=RefusalReason.EMPTY, content=lambda _: b""),
    Kind(name="blank", end=RefusalReason.EMPTY, content=lambda c: b" \t\r\n" * c.randint(1, 900)),
    Kind(name="noise", end=RefusalReason.BINARY, content=noise),
    Kind(name="NUL bytes", end=RefusalReason.BINARY, content=lambda c: f"{sound(c)}\0\0".encode()),
    Kind(
        name="a PDF called .txt", end=RefusalReason.DAMAGED, content=lambda c: b"%PDF-1.7\n" + c.randbytes(99)
    ),
    Kind(
        name="XML called .txt",
        end=RefusalReason.UNSUPPORTED,
        content=lambda c: f"<?xml version='1.0'?><invoice>{sound(c)}".encode(),
    ),
    Kind(name="damaged UTF-8", end=RefusalReason.ENCODING, content=damaged),
    Kind(
        name="UTF-16 cut within a letter",
        end=RefusalReason.ENCODING,
        content=lambda c: sound(c).encode("utf-16")[:-1],
    ),
    Kind(name="too large", end=RefusalReason.OVERSIZED, content=lambda _: b"a" * (MAX_BYTES + 1)),
    Kind(name="another suffix", end=RefusalReason.UNSUPPORTED, content=noise, suffix=".docx"),
)
#: Kinds that are no regular files, made by `make_odd`.
ODD_KINDS = (
    ("link to a document", "read"),
    ("link out of the folder", RefusalReason.OUTSIDE),
    ("link to nothing", RefusalReason.UNREADABLE),
    ("link to itself", RefusalReason.UNREADABLE),
    ("pipe", RefusalReason.NOT_A_FILE),
    ("name that is not UTF-8", RefusalReason.NAME),
)
#: Every path that was made, with its kind and the end that it should meet.
Expected = dict[str, tuple[str, str]]


def make(folder: Path, count: int, *, seed: int) -> tuple[Expected, list[Path]]:
    """Fill a folder with files of all kinds in turn; return what to expect, and the files that shall grow."""
    chance = random.Random(seed)
    expected: Expected = {}
    growing: list[Path] = []
    for number in range(count):
        directory = folder / f"{number % 20:02}"
        directory.mkdir(exist_ok=True)
        index = number % (len(KINDS) + len(ODD_KINDS))
        if index >= len(KINDS):
            kind, end = ODD_KINDS[index - len(KINDS)]
            shown = make_odd(directory, number, kind)
            expected[f"{directory.name}/{shown}"] = (kind, end)
            continue
        made = KINDS[index]
        path = directory / f"{number:06}{made.suffix}"
        path.write_bytes(made.content(chance))
        os.utime(path, (made.touched_at, made.touched_at))
        expected[f"{directory.name}/{path.name}"] = (made.name, made.end)
        if made.grows:
            growing.append(path)
    return expected, growing


def make_odd(directory: Path, number: int, kind: str) -> str:
    """Make something that is no regular file with a proper name; return its name in print."""
    path = directory / f"{number:06}.txt"
    targets = {
        "link out of the folder": "/etc/passwd",
        "link to nothing": "gone.txt",
        "link to itself": path.name,
    }
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "link to a document":
        document = directory / f".{number}.txt"
        document.write_text(f"Linked {number}\n\nNews.", "utf-8")
        os.utime(document, (SETTLED, SETTLED))
        path.symlink_to(document.name)
    elif kind == "name that is not UTF-8":
        raw = os.fsencode(directory) + b"/%06d\xff.txt" % number
        os.close(os.open(raw, os.O_CREAT | os.O_WRONLY))
        return f"{number:06}\\xff.txt"
    else:
        path.symlink_to(targets[kind])
    return path.name


def scan(folder: Path, known: dict[str, KnownFile], growing: list[Path]) -> Iterator[FoundFile]:
    """Scan the folder while some of its files grow."""
    aliases = SourceAliases.with_extra({})

    def wait(_: float) -> None:
        for path in growing:
            with path.open("ab") as file:
                file.write(b" More.")

    return scan_folder(
        folder,
        known=known,
        max_bytes=MAX_BYTES,
        now=NOW,
        settle_seconds=5,
        wait=wait,
        parse=Opener(reader=TextReader(aliases=aliases)).open,
    )


def end_of(file: FoundFile) -> str:
    """Return what became of a file."""
    if file.waiting:
        return "waiting"
    return file.refusal or ("read" if file.document else "unchanged")


def remember(found: list[FoundFile]) -> dict[str, KnownFile]:
    """Return what a store would remember of a scan."""
    return {
        file.path: KnownFile(
            path=file.path,
            fingerprint=file.fingerprint,
            is_read=file.document is not None,
            refusal=file.refusal,
            detail=file.detail,
        )
        for file in found
    }


def surprises(found: list[FoundFile], expected: Expected) -> list[str]:
    """Return one line for each file that met another end than it should have, or was passed over."""
    ends = {file.path: end_of(file) for file in found}
    lines = [
        f"{path} ({kind}): {ends.get(path, 'passed over')} instead of {end}"
        for path, (kind, end) in expected.items()
        if ends.get(path) != end
    ]
    return lines + [f"{path}: not made by us" for path in ends.keys() - expected.keys()]


def main(count: int) -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        expected, growing = make(folder, count, seed=1)
        started = time.perf_counter()
        first = list(scan(folder, {}, growing))
        middle = time.perf_counter()
        second = list(scan(folder, remember(first), growing))
        ended = time.perf_counter()
    counts = Counter((expected[file.path][0], end_of(file)) for file in first)
    for (kind, end), number in sorted(counts.items()):
        print(f"{kind:32} {end:32} {number:6}")
    wrong = surprises(first, expected)
    for line in wrong:
        print("WRONG", line)
    unchanged = sum(end_of(file) == "unchanged" for file in second)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000
    each_ms = 1e3 * (middle - started) / len(first)
    print(f"\n{len(first)} files in {middle - started:.1f} s ({each_ms:.2f} ms each)")
    print(f"second scan: {unchanged} unchanged, {ended - middle:.2f} s; peak memory {peak:.0f} MB")
    return 1 if wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("count", nargs="?", type=int, default=5_000, help="how many files")
    sys.exit(main(parser.parse_args().count))
