"""Operators for tests: accounts whose passwords cost nothing, and browsers that sign in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Any
from unittest.mock import patch

import httpx
from starlette.applications import Starlette
from webserver import Browser

from newsletter.admit import Passwords
from newsletter.app import App
from newsletter.bound.operators import Operators
from newsletter.model.operators import Role
from newsletter.web.app import make_web
from newsletter.web.pages import Pages

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
BASE = "https://news.example.org"
PASSWORD = "three rusty harbour cranes"
_pages = cache(Pages)
CHEAP = Passwords(time_cost=1, memory_kib=8)


@dataclass
class Office:
    """An install with operators, asked without a network, at a time that the test sets."""

    app: App
    base: str = BASE
    now: datetime = NOW

    @classmethod
    def open(cls, database_url: str, *, base: str = BASE, **settings: Any) -> Office:
        """Open an install without operators."""
        app = App.isolated(
            database_url=database_url,
            public_url=base,
            secret_keys=("signing-key-of-a-test",),
            sender_address="digest@news.example.org",
            postal_address=("The Harbour Brief", "1 Quay Street"),
            smtp_host="127.0.0.1",
            **settings,
        )
        app.operators = Operators(app.settings, lambda: app.store, passwords=CHEAP)
        return cls(app=app, base=base)

    @cached_property
    def web(self) -> Starlette:
        # Templates take longer to compile than most tests take.
        with patch("newsletter.web.app.Pages", _pages):
            return make_web(self.app, clock=lambda: self.now)

    def browser(self) -> Browser:
        return Browser(self.web, re.sub(r"(?<=[^/:])/.*", "", self.base))

    def add(self, name: str, role: Role | None = None, *, address: str = "") -> None:
        accounts = self.app.operators.accounts
        accounts.add(name, PASSWORD, role=role, address=address, by="test", now=self.now)

    def later(self, **period: float) -> None:
        self.now += timedelta(**period)

    def path(self, below: str = "") -> str:
        """The path of an operator's page."""
        return f"{httpx.URL(self.base).path.rstrip('/')}/operator{below}"

    def signed_in(self, name: str) -> Browser:
        """A browser in which an operator has signed in by the password."""
        browser = self.browser()
        answer = self.sign_in(browser, name)
        assert answer.status_code == 303, answer.text
        return browser

    def sign_in(
        self, browser: Browser, name: str, password: str = PASSWORD, *, query: str = "", **options: Any
    ) -> httpx.Response:
        page = browser.get(self.path(f"/sign-in{query}"))
        sent = hidden(page) | {"name": name, "password": password}
        return browser.post(self.path(f"/sign-in{query}"), data=sent, **options)

    def send(self, browser: Browser, below: str, *, button: str = "", **fields: Any) -> httpx.Response:
        """Fill in a form on a page and send it: the first, or the one that is sent to `button`."""
        page = browser.get(self.path(below))
        assert page.status_code == 200, page.status_code
        action = self.path(button) if button else ""
        return browser.post(action or self.path(below), data=hidden(page, action) | fields)


def hidden(page: httpx.Response, action: str = "") -> dict[str, str]:
    """The hidden fields of a page's first form, or of the one that is sent to a path."""
    forms = re.findall(r"<form[^>]*>.*?</form>", page.text, re.DOTALL)
    form = next(one for one in forms if not action or f'action="{action}"' in one)
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
