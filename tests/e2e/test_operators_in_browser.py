"""Signing in and operators' accounts in a real browser: accessibility, width, and the keyboard alone.

What they need: see test_email_in_browser.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyotp
import pytest
from e2e.accessible import check_views
from e2e.test_email_in_browser import axe, browser, one_page, open_file, test_the_html_is_valid
from operators import NOW, PASSWORD, Office, hidden
from webserver import served

__all__ = ["axe", "browser", "one_page", "open_file", "test_the_html_is_valid"]

PAGES = (
    *("sign-in", "wrong", "code", "sign-out", "account", "mistaken", "setup", "codes", "account-with-factor"),
    *("operators", "person", "log"),
)
Open = Callable[..., Any]


def visit(folder: Path) -> dict[str, str]:
    """Do what operators do; returns every page that this shows."""
    office = Office.open(f"sqlite:///{folder / 'store.db'}")
    office.add("ada", address="ada.lovelace@a-rather-long-name-of-a-domain.example.org")
    office.add("bob")
    shown = {"sign-in": office.browser().get("/operator/sign-in?done=out").text}
    for number in range(5):
        shown["wrong"] = office.sign_in(office.browser(), "bob", f"guess {number}").text
    office.signed_in("ada")
    ada = office.signed_in("ada")
    shown["sign-out"] = ada.get("/operator/sign-out").text
    shown["account"] = ada.get("/operator/account?done=session").text
    fields = {"own": PASSWORD, "new": "x", "again": "x"}
    shown["mistaken"] = office.send(ada, "/account", button="/account/password", **fields).text
    office.send(ada, "/account", button="/account/second-factor/begin", own=PASSWORD)
    shown["setup"] = ada.get("/operator/account/second-factor").text
    found = re.search(r"<code>([A-Z2-7]{32})</code>", shown["setup"])
    assert found
    made = pyotp.TOTP(found[1])
    sent = hidden(ada.get("/operator/account/second-factor"))
    shown["codes"] = ada.post("/operator/account/second-factor", data=sent | {"code": made.at(NOW)}).text
    shown["account-with-factor"] = ada.get("/operator/account").text
    half = office.browser()
    office.sign_in(half, "ada")
    shown["code"] = half.get("/operator/sign-in/code").text
    shown["operators"] = ada.get("/operator/operators?done=add").text
    shown["person"] = ada.get("/operator/operators/bob").text
    office.app.audit.record(
        actor="ada", action="drop story", subject="daily No. 7", detail="a_long_word" * 20, now=NOW
    )
    for number in range(60):
        office.app.audit.record(actor="newsletter", action="act", subject=f"{number}", now=NOW)
    shown["log"] = ada.get("/operator/log?words=a&before=60").text
    (folder / "site.css").write_bytes(ada.get("/site.css").content)
    office.app.close()
    return shown


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every page as a file, beside the style sheet."""
    folder = tmp_path_factory.mktemp("pages")
    # In a thread of its own: playwright has a loop in this one.
    with ThreadPoolExecutor(1) as pool:
        shown = pool.submit(visit, folder).result()
    files = {}
    for name, text in shown.items():
        files[name] = folder / f"{name}.html"
        files[name].write_text(text.replace('href="/site.css?v=', 'href="site.css?v='), "utf-8")
    assert files.keys() == {*PAGES}
    return files


@pytest.mark.browser
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(name: str, open_file: Open, axe: str) -> None:
    rules = {"target-size": {"enabled": True}, "link-in-text-block": {"enabled": True}}
    page = open_file(name, width=320, scheme="light")
    check_views(page, axe, rules)


def press(page: Any, *keys: str) -> None:
    for key in keys:
        if len(key) == 1 or key in ("Tab", "Enter", "Space", "Shift+Tab"):
            page.keyboard.press(key)
        else:
            page.keyboard.type(key)


def tab_to(page: Any, words: str) -> None:
    """Press the tabulator until a control has the focus that says so."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if words in page.evaluate("document.activeElement.innerText || document.activeElement.id"):
            return
    raise AssertionError(f"the keyboard does not reach {words!r}")


@pytest.mark.browser
def test_signing_in_and_setting_up_a_second_factor_by_the_keyboard_alone(
    browser: Any, tmp_path: Path
) -> None:
    office = Office.open(f"sqlite:///{tmp_path / 'store.db'}", base="http://localhost:8000")
    office.add("ada")
    with ThreadPoolExecutor(1) as pool:
        web = pool.submit(lambda: office.web).result()
    with served(web) as port:
        page = browser.new_context().new_page()
        page.goto(f"http://localhost:{port}/operator/account")
        assert "/operator/sign-in?next=" in page.url
        tab_to(page, "name")
        press(page, "ada", "Tab", PASSWORD, "Enter")
        page.wait_for_url("**/operator/account")
        tab_to(page, "second-factor-begin-own")
        press(page, PASSWORD, "Enter")
        page.wait_for_url("**/account/second-factor")
        made = pyotp.TOTP(page.locator("code").first.inner_text())
        tab_to(page, "code")
        press(page, made.at(NOW), "Enter")
        page.wait_for_selector(".codes")
        tab_to(page, "I have them")
        press(page, "Enter")
        page.wait_for_url("**/operator/account")
        tab_to(page, "Sign out")
        press(page, "Enter")
        page.wait_for_url("**/sign-out")
        tab_to(page, "Sign out everywhere")
        press(page, "Enter")
        page.wait_for_url("**/sign-in?done=out")
        page.context.close()
    office.app.close()


@pytest.mark.browser
def test_enter_in_the_password_field_about_somebody_else_does_nothing_yet(
    browser: Any, tmp_path: Path
) -> None:
    office = Office.open(f"sqlite:///{tmp_path / 'store.db'}", base="http://localhost:8000")
    office.add("ada")
    office.add("bob")
    with ThreadPoolExecutor(1) as pool:
        web = pool.submit(lambda: office.web).result()
    with served(web) as port:
        page = browser.new_context().new_page()
        page.goto(f"http://localhost:{port}/operator/operators/bob")
        tab_to(page, "name")
        press(page, "ada", "Tab", PASSWORD, "Enter")
        page.wait_for_url("**/operators/bob")
        tab_to(page, "own")
        press(page, PASSWORD, "Enter")
        # The press of a button comes after whatever Enter has set off.
        tab_to(page, "Make admin")
        press(page, "Enter")
        page.wait_for_url("**/operators?done=admin")
        page.context.close()
    actions = [entry.action for entry in office.app.audit.entries()]
    assert actions[:2] == ["change role", "sign in"]
    office.app.close()
