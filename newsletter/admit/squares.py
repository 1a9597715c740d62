"""QR codes (ISO/IEC 18004) as rows of squares, which each face draws its own way; the one door of segno."""


def squares_of(text: str) -> tuple[tuple[bool, ...], ...]:
    """Return a text as a QR code: rows of dark (True) and light squares, without the border of four."""
    import segno

    code = segno.make(text, error="m", micro=False)
    return tuple(tuple(bool(square) for square in row) for row in code.matrix)
