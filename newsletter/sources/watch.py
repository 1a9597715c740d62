"""Watching folders: whoever waits is told within seconds that something in them has changed.

The operating system tells of changes on local disks only, and may tell of none; what is watched is therefore
also looked into from time to time.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

#: How often it is looked whether a folder has appeared, or is another one now, in seconds.
_LOOK_SECONDS = 10.0

#: How long changes are gathered that follow one another, in milliseconds.
_GATHER_MS = 500


async def watch(
    folders: Sequence[Path],
    *,
    stopping: asyncio.Event,
    on_change: Callable[[], None],
    look_seconds: float = _LOOK_SECONDS,
) -> None:
    """Watch folders and all folders in them until `stopping` is set.

    A folder that is not there is watched once it is. Where the system cannot watch, that is told once, and
    nothing is watched any more.

    Args:
        folders: Absolute paths.
        stopping: Once set, it ends.
        on_change: Is called in the event loop after changes; one call may stand for many.
        look_seconds: How often it is looked whether a folder has appeared, or is another one now.
    """
    before: dict[Path, tuple[int, int]] | None = None
    while not stopping.is_set():
        present = _present(folders)
        if before is not None and present != before:
            # What came with another folder was told by nobody.
            on_change()
        before = present
        if not present:
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), timeout=look_seconds)
            continue
        try:
            await _watch_until_others(present, folders, stopping, on_change, look_seconds)
        except FileNotFoundError:
            # It went away between the look and the watching.
            continue
        except (OSError, RuntimeError) as error:
            log.warning("folders cannot be watched, and are only looked into at times: %s", error)
            return


async def _watch_until_others(
    present: dict[Path, tuple[int, int]],
    folders: Sequence[Path],
    stopping: asyncio.Event,
    on_change: Callable[[], None],
    look_seconds: float,
) -> None:
    """Watch the folders that are there until others are."""
    from watchfiles import awatch

    changes = awatch(
        *present,
        watch_filter=None,
        debounce=_GATHER_MS,
        stop_event=stopping,
        rust_timeout=round(look_seconds * 1000),
        yield_on_timeout=True,
    )
    async for changed in changes:
        if changed:
            on_change()
        if _present(folders) != present:
            return


def _present(folders: Sequence[Path]) -> dict[Path, tuple[int, int]]:
    """Return the folders that are there, and what tells each from one that takes its place."""
    found = {}
    for folder in folders:
        with suppress(OSError):
            status = folder.stat()
            found[folder] = (status.st_dev, status.st_ino)
    return found
