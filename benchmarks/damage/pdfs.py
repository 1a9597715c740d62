"""PDF files written by hand: lines of text at places, in Helvetica."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

#: Text, x and y from the lower left corner, and size, in points.
Printed = tuple[str, float, float, float]


def column(text: str, *, x: float = 72, top: float = 700, width: int = 60, size: float = 10) -> list[Printed]:
    """Set paragraphs, parted by blank lines, one below the other with a gap between them."""
    printed: list[Printed] = []
    y = top
    for paragraph in text.split("\n\n"):
        line = ""
        for word in paragraph.split():
            if line and len(line) + 1 + len(word) > width:
                printed.append((line, x, y, size))
                y, line = y - 1.2 * size, ""
            line = f"{line} {word}".strip()
        printed.append((line, x, y, size))
        y -= 2.2 * size
    return printed


def make(
    pages: Sequence[Sequence[Printed]],
    *,
    about: str = "",
    picture: bool = False,
    is_packed: bool = True,
    stream: bytes | None = None,
) -> bytes:
    """Return a PDF file.

    Args:
        pages: The lines of each, in the order in which they are written.
        about: Entries of its document information.
        picture: Put one on every page.
        is_packed: Compress what is printed.
        stream: Instead of every page's content, compressed.
    """
    objects: list[bytes] = [b"<</Type/Catalog/Pages 2 0 R>>", b"", f"<<{about}>>".encode("latin-1")]
    objects.append(b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
    objects.append(
        b"<</Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8/Length 1>>"
        b"\nstream\n\0\nendstream"
    )
    kids: list[str] = []
    for page in pages:
        content = stream if stream is not None else "\n".join(map(_shown, page)).encode("cp1252")
        packed = content if stream is not None or not is_packed else zlib.compress(content)
        packing = "/Filter/FlateDecode" if stream is not None or is_packed else ""
        objects.append(f"<</Length {len(packed)}{packing}>>\nstream\n".encode() + packed + b"\nendstream")
        pictures = "/XObject<</I 5 0 R>>" if picture else ""
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents {len(objects)} 0 R"
            f"/Resources<</Font<</F 4 0 R>>{pictures}>>>>".encode()
        )
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<</Type/Pages/Count {len(kids)}/Kids[{' '.join(kids)}]>>".encode()
    return _file(objects)


def _shown(line: Printed) -> str:
    text, x, y, size = line
    escaped = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return f"BT /F {size} Tf {x} {y} Td ({escaped}) Tj ET"


def _file(objects: Sequence[bytes]) -> bytes:
    parts, places = [b"%PDF-1.7\n"], []
    for number, content in enumerate(objects, 1):
        places.append(sum(map(len, parts)))
        parts.append(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    start = sum(map(len, parts))
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    parts.append(b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table))
    parts.append(b"trailer<</Size %d/Root 1 0 R/Info 3 0 R>>\n" % (len(objects) + 1))
    parts.append(b"startxref\n%d\n%%%%EOF\n" % start)
    return b"".join(parts)
