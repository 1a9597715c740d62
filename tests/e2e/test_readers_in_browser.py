"""Readers' pages and letters in a real browser: accessibility and width; and the HTML standard's own checker.

What they need: see test_email_in_browser.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from e2e.accessible import check_views
from e2e.test_email_in_browser import NOT_FOR_MAIL, axe, browser, one_page, open_file, test_the_html_is_valid
from webserver import Browser

from newsletter.app import App
from newsletter.messages.letters import write_letter
from newsletter.messages.links import LinkSigner
from newsletter.messages.render import Renderer
from newsletter.model.readers import Letter, LetterKind, SignUp
from newsletter.model.subscribers import Address, Cadence
from newsletter.web.app import make_web

__all__ = ["axe", "browser", "one_page", "open_file", "test_the_html_is_valid"]

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
BASE = "https://news.example.org"
LETTERS = tuple(f"letter-{kind.value}" for kind in LetterKind)
PAGES = (
    *("front", "front-of-one", "wrong", "asked", "confirm", "confirmed", "expired", "preferences", "saved"),
    *("mistaken", "erase", "leave", "goodbye", "gone", "stays", "privacy", "forbidden", "missing"),
)
Open = Callable[..., Any]


def made_app(file: Path, *, several: bool) -> App:
    lists = (
        {"name": "daily", "title": "The Harbour Brief", "language": "en", "tagline": "What happened"},
        {"name": "tag", "title": "نشرة الميناء", "language": "ar", "translation_of": "daily"},
        {"name": "sport", "title": "Sport in Port Aldis", "weekly_schedule": "off"},
    )
    return App.isolated(
        database_url=f"sqlite:///{file}",
        public_url=BASE,
        secret_keys=("signing-key-of-a-test",),
        sender_address="digest@news.example.org",
        postal_address=("The Harbour Brief", "1 Quay Street"),
        smtp_host="127.0.0.1",
        lists=lists if several else lists[:1],
    )


def hidden(text: str, action: str = "") -> dict[str, str]:
    form = next(one for one in re.findall(r"<form.*?</form>", text, re.DOTALL) if action in one)
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))


def visit(folder: Path) -> dict[str, str]:
    """Live a reader's life; returns every page that it shows."""
    now = NOW
    app = made_app(folder / "several.db", several=True)
    with_one = made_app(folder / "one.db", several=False)
    signer = LinkSigner(public_url=BASE, keys=["signing-key-of-a-test"])
    visitor = Browser(make_web(app, clock=lambda: now), BASE)
    shown = {
        "front": visitor.get("/").text,
        "front-of-one": Browser(make_web(with_one, clock=lambda: now), BASE).get("/").text,
    }
    fields = hidden(visitor.get("/subscribe").text)
    shown["wrong"] = visitor.post("/subscribe", data=fields | {"address": "ada@"}).text
    shown["asked"] = visitor.get("/subscribe/asked").text
    asked = SignUp(
        address="ada@example.org",
        list_names=("daily",),
        cadence=Cadence.EACH,
        origin="192.0.2.1",
        wording="I ask.",
    )
    app.readers.ask(asked, now=NOW)
    app.readers.answer(now=NOW)
    confirm, *own = (
        url.removeprefix(BASE)
        for url in (
            signer.confirm_url(signup_id=1, list_name="daily"),
            signer.preferences_url(subscriber_id=1, list_name="daily"),
            signer.unsubscribe_url(subscriber_id=1, list_name="daily"),
        )
    )
    preferences, leave = own
    shown["confirm"] = visitor.get(confirm).text
    shown["confirmed"] = visitor.post(confirm, data=hidden(shown["confirm"])).text
    shown["preferences"] = visitor.get(preferences).text
    fields = hidden(shown["preferences"]) | {"list.daily": "daily", "cadence.daily": "weekly"}
    visitor.post(preferences, data=fields)
    shown["saved"] = visitor.get(f"{preferences}?saved").text
    shown["mistaken"] = visitor.post(preferences, data=fields | {"pause": "2020-01-01"}).text
    shown["erase"] = visitor.get(f"{preferences}/erase").text
    shown["leave"] = visitor.get(leave).text
    shown["goodbye"] = visitor.post(leave, data=hidden(shown["leave"])).text
    shown["gone"] = visitor.get(leave).text
    found = re.search(r'action="(/r/[^"]+)"', shown["goodbye"])
    assert found
    shown["stays"] = visitor.post(found[1], data=hidden(shown["goodbye"], found[1])).text
    shown["privacy"] = visitor.get("/privacy").text
    shown["forbidden"] = visitor.post(preferences, data={}).text
    shown["missing"] = visitor.get("/u/nonsense").text
    now += timedelta(days=3)
    visitor.post(leave, data={"List-Unsubscribe": "One-Click"})
    shown["expired"] = visitor.get(confirm).text
    (folder / "site.css").write_bytes(visitor.get("/site.css").content)
    lists, folders = app.lists, app.template_folders
    for opened in (app, with_one):
        opened.close()
    return shown | {f"letter-{kind.value}": letter(folders, lists, kind) for kind in LetterKind}


def letter(folders: Any, lists: Any, kind: LetterKind) -> str:
    asked = Letter(
        id=1,
        kind=kind,
        address=Address(display="ada@example.org", key="ada@example.org"),
        list_names=("daily", "tag"),
        cadence=Cadence.EACH,
        asked_at=NOW,
        attempts=0,
        subscriber_id=1,
    )
    made = write_letter(Renderer(folders=folders), asked, lists[:2], page_url=f"{BASE}/c/x", now=NOW)
    mail = message_from_bytes(made.content, policy=policy.default)
    html = mail.get_body(preferencelist=("html",))  # type: ignore[attr-defined]
    return str(html.get_content())


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every page and letter as a file, beside the style sheet."""
    folder = tmp_path_factory.mktemp("pages")
    # In a thread of its own: playwright has a loop in this one.
    with ThreadPoolExecutor(1) as pool:
        shown = pool.submit(visit, folder).result()
    files = {}
    for name, text in shown.items():
        files[name] = folder / f"{name}.html"
        files[name].write_text(text.replace('href="/site.css?v=', 'href="site.css?v='), "utf-8")
    assert files.keys() == {*PAGES, *LETTERS}
    return files


@pytest.mark.browser
@pytest.mark.parametrize("name", [*PAGES, *LETTERS])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(name: str, open_file: Open, axe: str) -> None:
    rules = {"target-size": {"enabled": True}, "link-in-text-block": {"enabled": True}}
    if name in LETTERS:
        rules |= {rule: {"enabled": False} for rule in NOT_FOR_MAIL}
    page = open_file(name, width=320, scheme="light")
    check_views(page, axe, rules)
