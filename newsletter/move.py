"""Move: an install's store goes from SQLite to PostgreSQL, and is proved to be the same there."""

from collections.abc import Callable
from pathlib import Path

from newsletter.errors import StoreError
from newsletter.model.moving import MoveReport
from newsletter.store.database import Database
from newsletter.store.moving import move_store, row_count


def move(source: str, target: str, *, on_rows: Callable[[int, int], None]) -> MoveReport:
    """Copy the store at one address into an empty database at another; see `newsletter.store.moving`.

    Args:
        source: "sqlite:///path", or the file.
        target: "postgresql://...".
        on_rows: Called with how many more rows are done, and how many there are to do in all: each is copied,
            and read again on both sides.

    Raises:
        SenderBusyError: Somebody is sending from one of them.
        StoreError: An address is of another kind; the source is not there, or not of this release; the target
            does not answer, is not empty, or does not hold the same in the end.
    """
    old = Database(source if "://" in source else f"sqlite:///{_file(source)}")
    new = Database(target)
    if not old.is_sqlite or new.is_sqlite:
        raise StoreError(
            "a store moves from SQLite to PostgreSQL: sqlite:///FILE postgresql://USER@HOST/NAME"
        )
    try:
        total = 3 * row_count(old)
        return move_store(old, new, on_rows=lambda more: on_rows(more, total))
    finally:
        old.close()
        new.close()


def _file(name: str) -> Path:
    try:
        return Path(name).expanduser()
    except RuntimeError as error:
        raise StoreError(f"there is no store at {name}: nobody here has a home of that name") from error
