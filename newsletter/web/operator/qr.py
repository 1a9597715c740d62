"""QR codes as SVG: the squares of one path, because styles within a page are not allowed here."""

from collections.abc import Sequence
from itertools import groupby

#: Light squares around a code (ISO/IEC 18004, section 6.3.8).
BORDER = 4


def path_of(squares: Sequence[Sequence[bool]]) -> str:
    """Return the `d` of a path that fills the dark squares; one unit a square, its border left out."""
    parts = []
    for y, row in enumerate(squares):
        x = 0
        for is_dark, run in groupby(row):
            length = len(list(run))
            if is_dark:
                parts.append(f"M{x} {y}h{length}v1h-{length}z")
            x += length
    return "".join(parts)
