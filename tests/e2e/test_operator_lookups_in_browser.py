"""What operators look up, in a real browser over real HTTP: accessibility, width, keyboard, live deliveries.

What they need: see test_email_in_browser.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from e2e.accessible import check_views
from e2e.test_email_in_browser import axe, browser, test_the_html_is_valid
from lookedup import BAD, NOW, note_document, send_some
from operators import PASSWORD, Office
from webserver import served

from newsletter.model.documents import FoundFile, RefusalReason
from newsletter.model.operators import Role
from newsletter.model.subscribers import SuppressionReason
from newsletter.subscribe import parse_address
from newsletter.web.operator import live

__all__ = ["axe", "browser", "test_the_html_is_valid"]

PAGES = (
    *("/documents", "/documents?q=nothing", "/documents/1", "/documents/refused", "/sources", "/sources/1"),
    *("/subscribers", "/subscribers/1", "/subscribers/4", "/subscribers/1/erase", "/deliveries"),
    *(
        "/deliveries/daily/1",
        "/deliveries/daily/1/cancel",
        "/deliveries/failures",
        "/charts",
        "/charts?days=365",
    ),
)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An install with something on every page, and hostile names in it."""
    folder = tmp_path_factory.mktemp("office")
    opened = Office.open(
        f"sqlite:///{folder / 'store.db'}",
        base="http://127.0.0.1",
        list_name="daily",
        timezone="Europe/Berlin",
        folders=(folder, Path("/nowhere/at/all/where/a/folder/of/news/might/well/have/been")),
    )
    app = opened.app
    opened.add("root", Role.ADMIN)
    send_some(app)
    for n in range(60):
        note_document(app, f"News {n} {BAD} {'Donaudampfschifffahrtsgesellschaft' * 2}")
    refused = FoundFile(path=f"{'x' * 200}.pdf", fingerprint="1", refusal=RefusalReason.LOCKED, detail=BAD)
    app.store.documents.record("/in", [refused], now=NOW)
    for n in range(4):
        app.store.sources.add(f"http://{n}.example/{'feed' * 30}", title=BAD, next_at=NOW, now=NOW)
    app.store.subscribers.suppress(parse_address("dee@sample.net"), SuppressionReason.COMPLAINT, now=NOW)
    for n in range(70):
        app.subscribers.add(
            app.mailing_list(None), f"{'reader' * 8}{n}@example.org", now=NOW - timedelta(days=n)
        )
    yield opened
    app.close()


@pytest.fixture(scope="module")
def port(office: Office) -> Iterator[int]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live, "EVERY_SECONDS", 0.05)
        with served(office.web) as number:
            yield number


def signed_in(browser: Any, port: int, **options: Any) -> Any:
    """A page of a browser in which root has signed in, by the keyboard alone."""
    page = browser.new_context(base_url=f"http://127.0.0.1:{port}", **options).new_page()
    page.goto("/operator/sign-in?next=/operator/documents")
    page.locator("[name=name]").focus()
    page.keyboard.type("root")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Documents").wait_for()
    return page


@pytest.fixture(scope="module")
def seen(browser: Any, port: int) -> Iterator[Any]:
    """A page that lets axe in, which the policy of ours would keep out."""
    page = signed_in(browser, port, bypass_csp=True)
    yield page
    page.context.close()


@pytest.fixture(scope="module")
def files(seen: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every page as it is sent."""
    folder = tmp_path_factory.mktemp("pages")
    written = {}
    for number, path in enumerate(PAGES):
        written[path] = folder / f"{number}.html"
        written[path].write_text(seen.request.get(f"/operator{path}").text(), "utf-8")
    return written


@pytest.mark.browser
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(path: str, seen: Any, axe: str) -> None:
    rules = {"target-size": {"enabled": True}, "link-in-text-block": {"enabled": True}}
    seen.goto(f"/operator{path}")
    assert seen.get_by_text("Signed in as root (admin)").count() == 1
    for details in seen.locator("summary").all():
        details.click()
    check_views(seen, axe, rules)


@pytest.mark.browser
def test_deliveries_are_told_as_they_go_out_and_a_reload_shows_the_same(
    office: Office, browser: Any, port: int
) -> None:
    page = signed_in(browser, port)
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.goto("/operator/deliveries/daily/1")
    queued = page.locator('[data-live="queued"]')
    assert queued.inner_text() == "1"
    office.app.operator.pause(office.app.operator.edition("daily", 1).edition)
    page.locator('[data-live="summary"]', has_text="Paused.").wait_for()
    told = page.locator("dl.grid").inner_text()
    page.reload()
    assert page.locator("dl.grid").inner_text() == told
    assert page.get_by_role("button", name="Let it go on").is_visible()
    assert page.get_by_role("progressbar", name="Done").get_attribute("value") == "80.0"
    assert wrong == []
    page.context.close()


@pytest.mark.browser
def test_without_scripts_an_edition_goes_on_by_the_keyboard(office: Office, browser: Any, port: int) -> None:
    office.app.operator.pause(office.app.operator.edition("daily", 1).edition)
    page = signed_in(browser, port, java_script_enabled=False)
    page.goto("/operator/deliveries/daily/1")
    page.get_by_role("button", name="Let it go on").focus()
    page.keyboard.press("Enter")
    page.wait_for_load_state()
    assert page.locator(".done").inner_text() == "It goes on: 2 readers waiting."
    page.context.close()


@pytest.mark.browser
def test_a_reader_is_found_by_the_keyboard_and_no_address_shows_in_the_pages(browser: Any, port: int) -> None:
    page = signed_in(browser, port)
    page.goto("/operator/subscribers")
    page.get_by_label("Address or name").focus()
    page.keyboard.type("cy@sample")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="cy@sample.net").wait_for()
    assert page.url.endswith("/operator/subscribers")
    page.get_by_role("link", name="cy@sample.net").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="cy@sample.net").wait_for()
    assert json.dumps(page.url).count("@") == 0
    page.context.close()
