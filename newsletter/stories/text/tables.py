"""Tables of words that have names."""

from collections.abc import Mapping
from types import MappingProxyType


def by_word(rows: Mapping[str, str]) -> Mapping[str, str]:
    """Return the name of each row by each of its words."""
    return MappingProxyType({word: name for name, row in rows.items() for word in row.split()})
