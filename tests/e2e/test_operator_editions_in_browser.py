"""The overview and the editions in a real browser: accessibility, width, and a whole life by the keyboard.

What they need: see test_email_in_browser.py.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from archives import put_edition, samples
from e2e.test_email_in_browser import SCHEMES, axe, browser, look
from lookedup import BAD
from operators import PASSWORD, Office
from reviewed import NOW, open_office, publish, write
from webserver import served

__all__ = ["axe", "browser"]

ONE = ("", "/mail", "/phone", "/text", "/source", "/why", "/why/1", "/changes")
PAGES = (
    *("", "?list=weekend", "/editions", "/editions?list=daily&before=1"),
    *(f"/proposals/1{below}" for below in ONE),
    "/proposals/1?done=up&story=2",
    *(f"/editions/weekend/1{below}" for below in ONE if not below.startswith("/why")),
    "/editions/daily/1?done=test",
)
LONG = "Donaudampfschifffahrtsgesellschaftskapitän" * 3


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An install with an edition that went out, one that waits, and hostile names in both."""
    root = tmp_path_factory.mktemp("office")
    (root / "in").mkdir()
    opened = open_office(
        f"sqlite:///{root / 'store.db'}",
        root / "in",
        base="http://127.0.0.1",
        lists=({"name": "daily"}, {"name": "weekend", "title": LONG}),
        transport="file",
        outbox=root / "outbox",
    )
    app = opened.app
    app.store.sources.add(f"http://a.example/{'feed' * 30}", title=BAD, next_at=NOW, now=NOW)
    put_edition(app, samples().make_full_edition(), list_name="weekend")
    publish(app, root / "in", "bank")
    write(root / "in")
    (root / "in/bad.txt").write_text(f"{BAD} {LONG}\n\n{BAD} {LONG} said nothing at all.\n\nSource: {LONG}\n")
    opened.now = NOW + timedelta(days=1)
    app.ingest(now=opened.now)
    app.publish_due(app.mailing_list("daily"), now=opened.now)
    yield opened
    app.close()


@pytest.fixture(scope="module")
def port(office: Office) -> Iterator[int]:
    with served(office.web) as number:
        yield number


def signed_in(browser: Any, port: int, **options: Any) -> Any:
    """A page of a browser in which ed has signed in, by the keyboard alone."""
    page = browser.new_context(base_url=f"http://127.0.0.1:{port}", **options).new_page()
    page.goto("/operator/sign-in?next=/operator")
    page.locator("[name=name]").focus()
    page.keyboard.type("ed")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/operator")
    return page


@pytest.fixture(scope="module")
def seen(browser: Any, port: int) -> Iterator[Any]:
    """A page that lets axe in, which the policy of ours would keep out."""
    page = signed_in(browser, port, bypass_csp=True)
    yield page
    page.context.close()


@pytest.mark.browser
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(path: str, seen: Any, axe: str) -> None:
    rules = {"target-size": {"enabled": True}, "link-in-text-block": {"enabled": True}}
    answer = seen.goto(f"/operator{path}")
    assert answer.status == 200
    for details in seen.locator("summary").all():
        details.click()
    seen.add_script_tag(content=axe)
    for scheme, width in itertools.product(SCHEMES, (320, 390, 1280)):
        look(seen, width=width, scheme=scheme)
        # The mail in a frame has its own tests, and lets no script in.
        run = "rules => axe.run({exclude: [['iframe']]}, {rules, iframes: false})"
        result = seen.evaluate(run, rules)
        found = [(rule["id"], node["html"][:160]) for rule in result["violations"] for node in rule["nodes"]]
        assert found == [], (scheme, width)
        assert seen.evaluate("document.documentElement.scrollWidth") <= width, (scheme, width)
