"""Forms: sent from their own page, or refused; read within bounds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from webserver import Browser

from newsletter.web import forms
from newsletter.web.forms import FormGuard, FormTokens, read_form
from newsletter.web.site import Site

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
URL = "https://news.example.org"
KEYS = ("newest", "older")


def site(url: str = URL, base: str = "") -> Site:
    return Site(
        url=url + base,
        base=base,
        hosts=frozenset({"news.example.org", "localhost"}),
        is_https=url.startswith("https"),
        title="News",
        tagline="",
        postal_address=(),
        contact_address="",
        open_lists=(),
        public_lists=(),
        lists=(),
    )


class Page:
    """A page with a form at /form and at /other, and a browser that has opened them."""

    def __init__(self, url: str = URL, base: str = "", keys: tuple[str, ...] = KEYS) -> None:
        self.now = NOW
        self.opened: list[FormTokens] = []
        self.base = base
        self.guard = FormGuard(site=site(url, base), keys=keys, clock=lambda: self.now)
        routes = [
            Route(f"{base}/{name}", endpoint, methods=[method])
            for name in ("form", "other")
            for method, endpoint in (("GET", self.show), ("POST", self.take))
        ]
        routes.append(Route(f"{base}/one-click", self.one_click, methods=["POST"]))
        web = Starlette(routes=routes, exception_handlers={HTTPException: self.told})
        self.client = Browser(web, url)

    async def show(self, request: Request) -> Response:
        form = self.guard.open(request)
        self.opened.append(form)
        response = PlainTextResponse("a form")
        self.guard.stamp(response, form)
        return response

    async def take(self, request: Request) -> Response:
        return JSONResponse(dict(await self.guard.read(request)))

    async def one_click(self, request: Request) -> Response:
        return JSONResponse([list(pair) for pair in (await read_form(request)).multi_items()])

    async def told(self, _request: Request, error: HTTPException) -> Response:
        return PlainTextResponse(error.detail, status_code=error.status_code)

    def open(self, name: str = "form") -> str:
        """Load a page; returns the value of its hidden field."""
        self.client.get(f"{self.base}/{name}")
        return self.opened[-1].value

    def send(self, value: str | None, name: str = "form", **headers: str) -> int:
        fields = {"list": "daily"} | ({} if value is None else {forms.FIELD: value})
        spelt = {key.replace("_", "-"): header for key, header in headers.items()}
        return self.client.post(f"{self.base}/{name}", data=fields, headers=spelt).status_code


@pytest.fixture
def page() -> Page:
    return Page()


def test_a_form_from_its_own_page_is_taken(page: Page) -> None:
    value = page.open()
    assert page.send(value) == 200
    assert page.send(value) == 200, "a second press does no harm"
    assert page.send(value, Origin=URL, Sec_Fetch_Site="same-origin") == 200


@pytest.mark.parametrize(
    ("url", "base", "name", "path", "secure"),
    [
        (URL, "", "__Host-form", "/", True),
        (URL, "/news", "__Secure-form", "/news", True),
        ("http://localhost:8000", "", "form", "/", False),
        ("http://localhost:8000", "/news", "form", "/news", False),
    ],
)
def test_the_cookie_is_out_of_reach(url: str, base: str, name: str, path: str, secure: bool) -> None:
    page = Page(url, base)
    cookie = page.client.get(f"{base}/form").headers["set-cookie"]
    first, *rest = cookie.split("; ")
    assert first == f"{name}={page.opened[-1].cookie}"
    assert set(rest) == {"HttpOnly", f"Path={path}", "SameSite=lax", "Max-Age=43200"} | (
        {"Secure"} if secure else set()
    )
    assert page.send(page.opened[-1].value) == 200


def test_a_form_without_its_page_is_refused(page: Page) -> None:
    assert page.send(None) == 403
    assert page.send("") == 403
    assert page.send("ag.x") == 403
    value = page.open()
    for wrong in (None, "", value[:-1], value + "x", f".{value}", "é", "\0"):
        assert page.send(wrong) == 403
    assert page.send(value) == 200


def test_a_form_of_another_page_is_refused(page: Page) -> None:
    assert page.send(page.open("other")) == 403


def test_a_form_without_the_cookie_or_with_another_is_refused(page: Page) -> None:
    value = page.open()
    page.client.cookies.clear()
    assert page.send(value) == 403
    page.open()
    assert page.send(value) == 403
    page.client.cookies.set("__Host-form", "x", domain="news.example.org")
    assert page.send(value) == 403


def test_several_pages_may_be_open_at_once(page: Page) -> None:
    first, other, second = page.open(), page.open("other"), page.open()
    assert [page.send(first), page.send(other, "other"), page.send(second)] == [200, 200, 200]


def test_a_page_that_was_open_too_long_is_told_so(page: Page) -> None:
    value = page.open()
    page.now += timedelta(hours=12)
    assert page.send(value) == 200
    page.now += timedelta(seconds=1)
    answer = page.client.post("/form", data={forms.FIELD: value})
    assert answer.status_code == 403
    assert answer.text == "This page was open for too long. Load it again, and send the form once more."


def test_keys_may_be_replaced(page: Page) -> None:
    value = page.open()
    for keys, status in ((("brand new", *KEYS), 200), (("brand new",), 403), (("older", "newest"), 200)):
        page.guard = FormGuard(site=site(), keys=keys, clock=lambda: NOW)
        assert page.send(value) == status


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://news.example.org"},
        {"Origin": "https://news.example.org.evil.example"},
        {"Origin": "https://news.example.org:8443"},
        {"Origin": "http://localhost"},
        {"Origin": ""},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "cross-site", "Origin": URL},
        {"Sec_Fetch_Site": "cross-site", "Origin": "null"},
    ],
)
def test_what_comes_from_another_site_is_refused_whatever_it_carries(
    page: Page, headers: dict[str, str]
) -> None:
    assert page.send(page.open(), **headers) == 403


@pytest.mark.parametrize(
    "headers",
    [
        # A page with no-referrer says so of itself.
        {"Origin": "null"},
        {"Origin": "null", "Sec_Fetch_Site": "same-origin"},
        {"Origin": "HTTPS://NEWS.EXAMPLE.ORG"},
        {"Origin": "https://news.example.org:8443", "Host": "news.example.org:8443"},
        {"Origin": "http://localhost:8000", "Host": "localhost:8000"},
        {"Sec_Fetch_Site": "none"},
    ],
)
def test_what_says_nothing_of_another_site_is_for_the_token_to_decide(
    page: Page, headers: dict[str, str]
) -> None:
    assert page.send(page.open(), **headers) == 200
    assert page.send(None, **headers) == 403


@given(value=st.text(max_size=100))
def test_no_made_up_token_is_taken(value: str) -> None:
    page = PAGE
    page.open()
    sendable = value.encode("utf-8", "replace").decode()
    assert page.send(sendable) == 403


PAGE = Page()

URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}


def multipart(*fields: tuple[str, str], filename: str = "") -> tuple[bytes, dict[str, str]]:
    named = f'; filename="{filename}"' if filename else ""
    parts = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n{value}\r\n'
        for name, value in fields
    )
    return f"{parts}--b--\r\n".encode(), {"Content-Type": "multipart/form-data; boundary=b"}


def one_click(body: bytes, headers: dict[str, str]) -> tuple[int, object]:
    answer = PAGE.client.post("/one-click", content=body, headers=headers)
    return answer.status_code, answer.json() if answer.status_code == 200 else answer.text


def test_one_click_is_read_in_both_forms_without_a_page() -> None:
    field = ("List-Unsubscribe", "One-Click")
    assert one_click(b"List-Unsubscribe=One-Click", URLENCODED) == (200, [list(field)])
    upper = {"Content-Type": "Application/X-WWW-Form-Urlencoded; charset=UTF-8"}
    assert one_click(b"List-Unsubscribe=One-Click", upper) == (200, [list(field)])
    assert one_click(*multipart(field)) == (200, [list(field)])
    assert one_click(b"", URLENCODED) == (200, [])


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"x" * 16_385, URLENCODED, 413),
        (b"x" * 16_384, URLENCODED, 200),
        (urlencode([("a", "b")] * 51).encode(), URLENCODED, 400),
        (urlencode([("a", "b")] * 50).encode(), URLENCODED, 200),
        (b"a=%ff", URLENCODED, 400),
        (b"a=\xff", URLENCODED, 400),
        (b"a=%C3%A9&b=+", URLENCODED, 200),
        (b"{}", {"Content-Type": "application/json"}, 415),
        (b"a=b", {}, 415),
        (*multipart(*[("a", "b")] * 51), 400),
        (*multipart(*[("a", "b")] * 50), 200),
        (*multipart(("a", "b"), filename="x.txt"), 400),
        (b"broken", {"Content-Type": "multipart/form-data; boundary=b"}, 400),
        (b"", {"Content-Type": "multipart/form-data"}, 400),
        (b"--b\r\n", {"Content-Type": "multipart/form-data; boundary="}, 400),
        *(
            (
                multipart(("a", half))[0],
                {"Content-Type": f"multipart/form-data; charset={name}; boundary=b"},
                400,
            )
            for name, half in (("utf-7", "+2AA-"), ("unicode_escape", r"\ud800"), ("idna", "xn--a"))
        ),
    ],
)
def test_what_is_read(body: bytes, headers: dict[str, str], status: int) -> None:
    assert one_click(body, headers)[0] == status


def test_an_announced_size_is_refused_without_reading() -> None:
    for size in ("16385", "9" * 5_000):
        assert one_click(b"", {**URLENCODED, "Content-Length": size})[0] == 413


ODD = {"Content-Type": 'multipart/form-data; boundary=""'}


@given(
    body=st.binary(max_size=300),
    headers=st.sampled_from(
        [URLENCODED, multipart()[1], {"Content-Type": 'multipart/form-data; boundary=""'}]
    ),
)
def test_no_body_is_more_than_a_form_can_be(body: bytes, headers: dict[str, str]) -> None:
    assert one_click(body, headers)[0] in (200, 400)


@given(fields=st.lists(st.tuples(st.text(), st.text()).filter(any), max_size=20))
def test_a_form_arrives_as_it_was_sent(fields: list[tuple[str, str]]) -> None:
    status, received = one_click(urlencode(fields).encode(), URLENCODED)
    assert (status, received) == (200, [list(field) for field in fields])


@pytest.fixture(autouse=True)
def _no_cookies_left() -> Iterator[None]:
    yield
    PAGE.client.cookies.clear()
