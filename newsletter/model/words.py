"""Words that mails, pages and the terminal put together alike."""

from collections.abc import Sequence


def in_a_row(titles: Sequence[str]) -> str:
    """Return titles, at least one, as a sentence has them: "A", "A and B", "A, B and C"."""
    *first, last = titles
    return f"{', '.join(first)} and {last}" if first else last


def plural(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun: "1 reader", "1,204 readers"; `many` where it takes more than an s."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
