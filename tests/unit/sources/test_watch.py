"""Folders whose changes are told: real ones."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from newsletter.sources.watch import watch


@asynccontextmanager
async def watching(*folders: Path) -> AsyncIterator[Callable[[Callable[[], object]], object]]:
    """Watch folders; what is handed out makes a change again and again until it is told."""
    stopping, told = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(watch(folders, stopping=stopping, on_change=told.set, look_seconds=0.1))
    # Its first look comes before any change.
    await asyncio.sleep(0)

    async def until_told(change: Callable[[], object]) -> None:
        told.clear()
        async with asyncio.timeout(20):
            while not told.is_set():
                change()
                await asyncio.sleep(0.05)

    try:
        yield until_told
    finally:
        stopping.set()
        await asyncio.wait_for(task, 20)


async def test_a_new_file_is_told_in_folders_within_too(tmp_path: Path) -> None:
    (tmp_path / "deep" / "deeper").mkdir(parents=True)
    async with watching(tmp_path) as until_told:
        await until_told(lambda: (tmp_path / "a.txt").write_text("News"))
        await until_told(lambda: (tmp_path / "deep" / "deeper" / "b.txt").write_text("News"))
        await until_told(lambda: (tmp_path / "a.txt").unlink(missing_ok=True))


async def test_a_folder_that_comes_later_is_watched_once_it_is_there(tmp_path: Path) -> None:
    late = tmp_path / "late"
    async with watching(tmp_path / "never", late) as until_told:
        await until_told(lambda: late.mkdir(exist_ok=True))
        await until_told(lambda: (late / "a.txt").write_text("News"))


async def test_a_folder_that_takes_the_place_of_another_is_watched(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    async with watching(folder) as until_told:
        await until_told(lambda: (folder / "a.txt").write_text("News"))
        folder.rename(tmp_path / "old")
        folder.mkdir()
        await until_told(lambda: (folder / "b.txt").write_text("News"))


async def test_where_nothing_can_be_watched_that_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def refused(*_: object, **__: object) -> AsyncIterator[set[object]]:
        raise OSError(28, "No space left on device")
        yield set()

    monkeypatch.setattr("watchfiles.awatch", refused)
    with caplog.at_level(logging.WARNING):
        await watch([tmp_path], stopping=asyncio.Event(), on_change=lambda: None)
    assert caplog.messages == [
        "folders cannot be watched, and are only looked into at times: [Errno 28] No space left on device"
    ]
