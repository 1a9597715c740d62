"""QR codes in block characters."""

from collections.abc import Sequence

#: Two rows in one line, by whether the upper and the lower square are light: those are drawn.
_HALVES = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}

#: Light squares around a code (ISO/IEC 18004, section 6.3.8).
_BORDER = 4


def lines_of(squares: Sequence[Sequence[bool]]) -> list[str]:
    """Return a QR code as lines to be printed in white on black.

    Args:
        squares: Rows of dark (True) and light squares, without the border.
    """
    side = [True] * _BORDER
    light = [True] * (len(squares) + 2 * _BORDER)
    rows = [
        *[light] * _BORDER,
        *([*side, *(not is_dark for is_dark in row), *side] for row in squares),
        *[light] * _BORDER,
    ]
    if len(rows) % 2:
        rows.append(light)
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return ["".join(_HALVES[pair] for pair in zip(upper, lower, strict=True)) for upper, lower in pairs]
