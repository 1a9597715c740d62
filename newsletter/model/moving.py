"""A store that was moved from one database to another."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class MovedTable:
    """A table as it stands on both sides."""

    name: str
    rows: int
    #: Over all values of all rows, in whatever order they come: 32 hexadecimal digits.
    checksum: str


@dataclass(frozen=True, kw_only=True)
class MoveReport:
    """What was moved, and found to be the same on both sides."""

    #: Where it was, and where it is now; without passwords.
    source: str
    target: str
    tables: tuple[MovedTable, ...]

    @property
    def rows(self) -> int:
        """How many there are in all tables together."""
        return sum(table.rows for table in self.tables)
