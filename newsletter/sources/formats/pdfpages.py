"""The lines of a PDF file with their places.

Run as a program, since reading a hostile file may never end: it is started by its path, with the bytes as its
input, and imports nothing of this package.
"""

import io
import json
import logging
import math
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime

from pypdf import PageObject, PdfReader

#: Longer files are books.
_MOST_PAGES = 100
#: No article has more; pages beyond are left.
_MOST_CHARACTERS = 1_000_000
#: Address space and CPU time of the program.
_MEMORY_BYTES = 512 << 20
_CPU_SECONDS = 5


def read_pages(content: bytes) -> dict[str, object]:
    """Return what a PDF file (ISO 32000) says.

    Returns:
        `pages`: for each the lines in the order of their content: text, x and y in points from the lower left
        corner, and size of the letters in points; `pictures`: how many pages have some; `title`, `author` and
        `date` (ISO 8601) as its document information says, or "". Of one that cannot be read `problem` alone:
        "locked", "long" or "damaged".
    """
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(content), strict=False)
        # Many are encrypted against printing only, with no password.
        if reader.is_encrypted and not reader.decrypt(""):
            return {"problem": "locked"}
        count = len(reader.pages)
        if count > _MOST_PAGES:
            return {"problem": "long"}
        facts = _facts(reader)
        pages, pictures, failed, left = [], 0, 0, _MOST_CHARACTERS
        for page in reader.pages:
            try:
                lines = [line for line in _lines(page) if line[0].strip()] if left > 0 else []
                pictures += _has_pictures(page)
            except MemoryError:
                raise
            except Exception:  # noqa: BLE001 - one broken page leaves the others
                lines, failed = [], failed + 1
            left -= sum(len(line[0]) for line in lines)
            pages.append(lines)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - pypdf raises whatever its parts raise
        return {"problem": "damaged"}
    return {"problem": "damaged"} if count == failed else {**facts, "pages": pages, "pictures": pictures}


def _lines(page: PageObject) -> Iterator[tuple[str, float, float, float]]:
    pieces: list[tuple[str, float, float, float]] = []

    def take(text: str, cm: Sequence[float], tm: Sequence[float], _font: object, size: float) -> None:
        x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
        y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        height = math.hypot(tm[2] * cm[0] + tm[3] * cm[2], tm[2] * cm[1] + tm[3] * cm[3])
        pieces.append((text, x, y, size * height))

    page.extract_text(visitor_text=take)
    texts: list[str] = []
    place: tuple[float, float, float] | None = None
    for text, *where in pieces:
        for number, part in enumerate(text.split("\n")):
            if number:
                yield "".join(texts), *(place or (0.0, 0.0, 0.0))
                texts, place = [], None
            texts.append(part)
            if part.strip() and (place is None or not texts[0].strip()):
                place = tuple(round(value, 1) if math.isfinite(value) else 0.0 for value in where)  # type: ignore[assignment]
    yield "".join(texts), *(place or (0.0, 0.0, 0.0))


def _has_pictures(page: PageObject) -> bool:
    resources = page.get("/Resources")
    objects = resources.get_object().get("/XObject") if resources is not None else None
    return bool(objects is not None and len(objects.get_object()))


def _facts(reader: PdfReader) -> dict[str, str]:
    return {
        "title": _fact(reader, "title"),
        "author": _fact(reader, "author"),
        "date": _fact(reader, "creation_date"),
    }


def _fact(reader: PdfReader, name: str) -> str:
    try:
        said = getattr(reader.metadata, name, None)
    except Exception:  # noqa: BLE001 - the text may be sound, and so may the other facts
        return ""
    return said.isoformat() if isinstance(said, datetime) else str(said or "")


def _limit() -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    for limit, most in ((resource.RLIMIT_AS, _MEMORY_BYTES), (resource.RLIMIT_CPU, _CPU_SECONDS)):
        _, hard = resource.getrlimit(limit)
        if hard == resource.RLIM_INFINITY or hard > most:
            # Below the hard limit, so that the signal that ends it tells why.
            resource.setrlimit(limit, (most, hard))


if __name__ == "__main__":
    _limit()
    try:
        told = json.dumps(read_pages(sys.stdin.buffer.read()))
    except MemoryError:
        told = '{"problem": "large"}'
    sys.stdout.write(told)
