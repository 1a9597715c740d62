"""Mails of hostile documents in a real browser: nothing runs, nothing is fetched, nothing moves.

Needs playwright and a chromium, as test_email_in_browser.py says.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hostile.making import DOCUMENT_DOORS, NOW, READER, document, isolated
from hostile.payloads import PAYLOADS
from hostile.reading import bodies, read_mail


@pytest.fixture
def chromium() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("no chromium on PATH")
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield started
        started.close()


def watch(browser: Any, files: Sequence[Path]) -> list[str]:
    """Open files and return what they did: dialogs, requests beyond themselves, windows, and moves."""
    context = browser.new_context()
    page = context.new_page()
    did: list[str] = []

    def on_dialog(dialog: Any) -> None:
        did.append(f"dialog {dialog.message}")
        dialog.dismiss()

    page.on("dialog", on_dialog)
    page.on("request", lambda request: did.append(f"request {request.url}"))
    for file in files:
        page.goto(file.as_uri())
        page.mouse.move(100, 100)
        page.mouse.move(200, 400)
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        if page.url != file.as_uri():
            did.append(f"moved to {page.url}")
    did += [f"window {other.url}" for other in context.pages if other is not page]
    context.close()
    own = {f"request {file.as_uri()}" for file in files}
    return [what for what in did if what not in own]


@pytest.mark.browser
def test_a_browser_does_nothing_but_show_it(chromium: Any, tmp_path: Path) -> None:
    hostile = [payload for payload in PAYLOADS if re.search("alert|evil.example/|\\{\\{", payload)]
    batches = [hostile[start : start + 40] for start in range(0, len(hostile), 40)]
    folders = [tmp_path / f"{number}" for number in range(len(batches))]
    for folder, batch in zip(folders, batches, strict=True):
        folder.mkdir()
        for place, payload in enumerate(batch):
            door = DOCUMENT_DOORS[place % len(DOCUMENT_DOORS)]
            (folder / f"{place:02}.txt").write_bytes(document(door, payload, place + 1))
    app = isolated(tmp_path, folders=tuple(folders), list_title="<script>alert(1)</script>")
    app.ingest(now=NOW)
    pages = []
    for folder in folders:
        made = app.draft(replace(app.mailing_list(None), folders=(str(folder.resolve()),)), now=NOW)
        assert made is not None
        pages.append(folder / "mail.html")
        pages[-1].write_text(
            bodies(read_mail(app.copies.make(READER, made.rendering, now=NOW).content))[1], "utf-8"
        )
    app.close()
    assert len(pages) >= 10
    assert watch(chromium, pages) == []
    bare = tmp_path / "bare.html"
    bare.write_text("<script>alert(1)</script><img src=x onerror=alert(2)>", "utf-8")
    assert len(watch(chromium, [bare])) >= 2, "the watch sees nothing"
