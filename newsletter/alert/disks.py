"""How full the disks are that the store and the folders lie on."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from newsletter.model.alerts import DiskFacts


def disks_of(paths: Sequence[Path]) -> list[DiskFacts]:
    """Return how full the disks of some folders are, each disk once, by the first folder on it.

    A folder that is not there is left out: whoever needs it says so.
    """
    found: dict[int, DiskFacts] = {}
    for path in paths:
        try:
            device, free_bytes = path.stat().st_dev, shutil.disk_usage(path).free
        except OSError:
            continue
        found.setdefault(device, DiskFacts(path=str(path), free_bytes=free_bytes))
    return list(found.values())
