"""The archive's pages in a real browser: accessibility, width, colours; and the HTML standard's own checker.

What they need: see test_email_in_browser.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from archives import a_list, made_app, pages_of, publish_seeds, put_edition, samples
from e2e.accessible import SCHEMES, check_views, look
from e2e.test_email_in_browser import (
    COLOURS,
    axe,
    browser,
    contrast,
    one_page,
    open_file,
    test_the_html_is_valid,
)

from newsletter.settings.everything import ListSettings

__all__ = ["axe", "browser", "one_page", "open_file", "test_the_html_is_valid"]

#: Name of a page to its address.
PATHS = {
    "overview": "/archive",
    "list": "/archive/daily",
    "seeds": "/archive/daily/1",
    "full": "/archive/daily/2",
    "hostile": "/archive/daily/3",
    "rtl": "/archive/daily/4",
    "week": "/archive/daily.weekly/1",
    "source": "/archive/daily/1/1/1",
    "hostile-source": "/archive/daily/3/3/1",
    "search": "/search?q=the",
    "nothing": "/search?q=nothingness",
    "missing": "/archive/nowhere",
}
#: Page and style sheet, in bytes.
MOST_BYTES = 30_000

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every kind of page as a file, beside its style sheet."""
    folder = tmp_path_factory.mktemp("archive")
    lists = tuple(
        ListSettings.model_validate(one)
        for one in (a_list("daily", title="The Daily Brief"), a_list("sport", folders=["/nowhere"]))
    )
    with made_app(folder, lists=lists) as app:
        publish_seeds(app, "daily")
        sample = samples()
        put_edition(app, sample.make_full_edition(), days=1)
        put_edition(app, sample.make_hostile_edition(), days=2)
        put_edition(app, sample.make_right_to_left_edition(), days=12)
        put_edition(app, sample.make_edition(8), list_name="daily.weekly", days=13)
        web = pages_of(app)
        return {name: _write(web, path, folder / f"{name}.html") for name, path in PATHS.items()}


def _write(web: Any, path: str, file: Path) -> Path:
    async def load() -> tuple[bytes, bytes]:
        transport = httpx.ASGITransport(app=web)
        async with httpx.AsyncClient(transport=transport, base_url="https://news.example.org") as client:
            return (await client.get(path)).content, (await client.get("/site.css")).content

    # In a thread of its own: playwright has a loop in this one.
    with ThreadPoolExecutor(1) as pool:
        page, style = pool.submit(asyncio.run, load()).result()
    assert len(page) + len(style) < MOST_BYTES
    (file.parent / "site.css").write_bytes(style)
    file.write_bytes(page.replace(b'href="/site.css?v=', b'href="site.css?v='))
    return file


@pytest.mark.browser
@pytest.mark.parametrize("name", PATHS)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(name: str, open_file: Open, axe: str) -> None:
    page = open_file(name, width=320, scheme="light")
    rules = {"target-size": {"enabled": True}, "link-in-text-block": {"enabled": True}}
    check_views(page, axe, rules, also=(390, 640))


@pytest.mark.browser
@pytest.mark.parametrize("name", ["list", "full", "hostile", "rtl", "source", "search"])
def test_all_text_is_large_and_stands_out(name: str, open_file: Open) -> None:
    page = open_file(name, width=390, scheme="light")
    for scheme in SCHEMES:
        look(page, width=390, scheme=scheme)
        shown = page.evaluate(COLOURS)
        assert len(shown) > 10
        for text, size, colour, ground in shown:
            assert size >= 15, text
            if ground != "rgba(0, 0, 0, 0)":
                assert contrast(colour, ground) >= 6, (scheme, text, colour, ground)


@pytest.mark.browser
def test_what_found_no_room_opens_without_scripts(browser: Any, files: dict[str, Path]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(files["full"].as_uri())
    hidden = page.locator("details li").first
    assert not hidden.is_visible()
    page.locator("summary").click()
    assert hidden.is_visible()
    context.close()
