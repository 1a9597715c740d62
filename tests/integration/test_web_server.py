"""The web server around the pages, over real HTTP: what answers carry, what is refused, what is logged."""

from __future__ import annotations

import json
import logging
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from webserver import Answer, ask, send_raw, served

from newsletter.app import App
from newsletter.errors import LinkError, SettingsError, StoreError
from newsletter.web import forms, health
from newsletter.web.app import make_web
from newsletter.web.forms import FormGuard, read_form
from newsletter.web.origin import client_address
from newsletter.web.site import site_of

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
URL = "https://news.example.org"
OURS = {"Host": "news.example.org"}
#: Stands wherever a visitor can write; may stand nowhere in a log.
CANARY = "canary-5b1f"


def made_app(folder: Path, **overrides: object) -> App:
    values = {
        "database_url": f"sqlite:///{folder / 'store.db'}",
        "transport": "file",
        "sender_address": "digest@news.example.org",
        "postal_address": ("The News Digest", "1 Quay Street"),
        "secret_keys": ("signing-key-of-a-test",),
        "public_url": URL,
        "webhook_key": "hook",
        "metrics_key": "metrics",
        "trusted_proxies": ("127.0.0.1",),
    }
    return App.isolated(**(values | overrides))


def with_pages(app: App) -> Starlette:
    """The application with some pages that do what routes of pages may do."""
    web = make_web(app, clock=lambda: NOW)
    guard = FormGuard(site=site_of(app), keys=("signing-key-of-a-test",), clock=lambda: NOW)
    base = site_of(app).base

    async def show(request: Request) -> Response:
        form = guard.open(request)
        response = PlainTextResponse(f"{form.name}={form.value}", headers={"Referrer-Policy": "no-referrer"})
        guard.stamp(response, form)
        return response

    async def take(request: Request) -> Response:
        fields = await guard.read(request)
        return PlainTextResponse(str(fields.get("list")))

    async def one_click(request: Request) -> Response:
        await read_form(request)
        return PlainTextResponse("gone")

    async def fails(request: Request) -> Response:
        kinds = {
            "link": LinkError("this link is not valid: copy the whole of it from the mail"),
            "store": StoreError(f"the store failed: no. DETAIL: Key ({CANARY}@example.org) exists"),
            "many": HTTPException(429, headers={"Retry-After": "60"}),
            "said": HTTPException(400, "<b>Say it otherwise.</b>"),
            "odd": ValueError(f"a secret of the inside, {request.url.path}"),
        }
        raise kinds.get(request.path_params["kind"], RuntimeError("inside"))

    async def whoami(request: Request) -> Response:
        return PlainTextResponse(client_address(request))

    web.routes.extend(
        [
            Route(f"{base}/form/{{token}}", show, methods=["GET"]),
            Route(f"{base}/form/{{token}}", take, methods=["POST"]),
            Route(f"{base}/click/{{token}}", one_click, methods=["POST"]),
            Route(f"{base}/fails/{{kind}}", fails, methods=["GET"]),
            Route(f"{base}/whoami", whoami, methods=["GET"]),
        ]
    )
    return web


@contextmanager
def running(folder: Path, **overrides: object) -> Iterator[int]:
    app = made_app(folder, **overrides)
    with served(with_pages(app)) as port:
        yield port
    app.close()


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with running(tmp_path_factory.mktemp("web")) as found:
        yield found


def opened(port: int, path: str = "/form/abc") -> tuple[str, dict[str, str]]:
    """Load a page with a form; returns the field and the headers that send it back."""
    answer = ask(port, path, headers=OURS)
    cookie = answer.headers["set-cookie"].partition(";")[0]
    return answer.text, {**OURS, "Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}


PROBES = ("/healthz", "/readyz", "/metrics", "/hooks/feedback")
EVERY_KIND = [
    ("GET", "/site.css", 200),
    ("HEAD", "/site.css", 200),
    ("GET", "/healthz", 200),
    ("GET", "/readyz", 200),
    ("GET", "/metrics", 401),
    ("GET", "/form/abc", 200),
    ("POST", "/form/abc", 415),
    ("GET", "/nothing", 404),
    ("GET", "/fails/link", 404),
    ("POST", "/site.css", 405),
    ("TRACE", "/form/abc", 405),
    ("GET", "/fails/many", 429),
    ("GET", "/fails/said", 400),
    ("GET", "/fails/odd", 500),
    ("GET", "/fails/store", 503),
    ("POST", "/hooks/feedback", 401),
]


@pytest.mark.parametrize(("method", "path", "status"), EVERY_KIND)
def test_every_answer_carries_the_security_headers(port: int, method: str, path: str, status: int) -> None:
    answer = ask(port, path, method=method, headers=OURS)
    assert answer.status == status
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in answer.headers["permissions-policy"]
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert "server" not in answer.headers
    is_open = (method != "POST" and path == "/site.css") or path in PROBES
    expected = "strict-origin-when-cross-origin" if is_open else "no-referrer"
    assert answer.headers["referrer-policy"] == expected


def test_what_went_wrong_is_a_page_without_the_inside(port: int) -> None:
    said = {
        "/nothing": (404, "There is no such page"),
        "/fails/link": (404, "this link is not valid: copy the whole of it from the mail"),
        "/fails/said": (400, "&lt;b&gt;Say it otherwise.&lt;/b&gt;"),
        "/fails/many": (429, "Wait a while"),
        "/fails/odd": (500, "It is not your fault"),
        "/fails/store": (503, "the store cannot be reached: try again later"),
    }
    for path, (status, words) in said.items():
        answer = ask(port, path, headers=OURS)
        assert (answer.status, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
        assert words in answer.text
        assert "noindex" in answer.headers["x-robots-tag"]
        assert answer.headers["cache-control"] == "no-store"
        for inside in ("Traceback", "secret", "Error", CANARY):
            assert inside not in answer.text
    assert ask(port, "/fails/many", headers=OURS).headers["retry-after"] == "60"
    assert ask(port, "/fails/store", headers=OURS).headers["retry-after"] == "60"


def test_machines_are_answered_in_json(port: int) -> None:
    for path in ("/hooks", "/hooks/feedback/more", "/metrics/x", "/healthz/"):
        answer = ask(port, path)
        assert (answer.status, answer.headers["content-type"]) == (404, "application/json")
        assert json.loads(answer.body) == {"error": "Not Found"}


def test_head_is_get_without_a_body(port: int) -> None:
    got, headed = (ask(port, "/site.css", method=method, headers=OURS) for method in ("GET", "HEAD"))
    assert got.headers["content-length"] == headed.headers["content-length"] != "0"
    assert headed.body == b""


def test_the_style_sheet_is_kept_as_long_as_its_address_stays(port: int) -> None:
    page = ask(port, "/nothing", headers=OURS).text
    href = re.search(r'href="(/site\.css\?v=\w+)"', page)
    assert href is not None
    style = ask(port, href[1], headers=OURS)
    assert (style.status, style.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert style.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert ask(port, "/site.css?v=old", headers=OURS).headers["cache-control"] == "public, max-age=300"


@pytest.mark.parametrize(
    "host",
    [
        "news.example.org",
        "NEWS.example.org",
        "news.example.org.",
        "news.example.org:8443",
        "localhost:8000",
        "127.0.0.1",
        "[::1]:8000",
    ],
)
def test_hosts_that_are_ours(port: int, host: str) -> None:
    assert ask(port, "/form/abc", headers={"Host": host}).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "news.example.org.evil.example",
        "evil.example:news.example.org",
        "news.example.org@evil.example",
        "user@news.example.org",
        "news.example.org/evil",
        "news.example.org:80:80",
        "[::1]x",
        "169.254.169.254",
        "news.example.org, evil.example",
        "n\xe4ws.example.org",
    ],
)
def test_a_host_that_is_not_ours_is_refused(port: int, host: str) -> None:
    answer = ask(port, "/form/abc", headers={"Host": host, "X-Forwarded-Host": "news.example.org"})
    assert answer.status == 421
    assert "This is not the right address" in answer.text
    assert "evil" not in answer.text
    for path in ("/healthz", "/readyz", "/metrics", "/hooks/feedback"):
        assert ask(port, path, headers={"Host": host}).status in (200, 401, 405)


def test_a_request_that_names_no_host_or_two(port: int) -> None:
    assert b" 421 " in send_raw(port, b"GET /form/abc HTTP/1.0\r\n\r\n").partition(b"\r\n")[0]
    for hosts in (b"", b"Host: news.example.org\r\nHost: evil.example\r\n"):
        answer = send_raw(port, b"GET /form/abc HTTP/1.1\r\n" + hosts + b"\r\n")
        assert answer.startswith(b"HTTP/1.1 400 ")
    absolute = (
        b"GET http://evil.example/form/abc HTTP/1.1\r\nHost: news.example.org\r\nConnection: close\r\n\r\n"
    )
    assert b"evil" not in send_raw(port, absolute)


def test_the_visitor_behind_a_trusted_proxy_is_known(port: int) -> None:
    whoami = {**OURS, "X-Forwarded-For": "198.51.100.1, 192.0.2.9"}
    assert ask(port, "/whoami", headers=whoami).text == "192.0.2.9"
    assert ask(port, "/whoami", headers=OURS).text == "127.0.0.1"


def test_without_trusted_proxies_nobody_is_believed(tmp_path: Path) -> None:
    with running(tmp_path, trusted_proxies=()) as port:
        assert ask(port, "/whoami", headers={**OURS, "X-Forwarded-For": "192.0.2.9"}).text == "127.0.0.1"


def test_pages_lie_below_the_base_path_and_machines_at_the_root_too(tmp_path: Path) -> None:
    with running(tmp_path, public_url=f"{URL}/news") as port:
        for path in ("/news/site.css", "/healthz", "/news/healthz", "/readyz", "/news/form/abc"):
            assert ask(port, path, headers=OURS).status == 200, path
        for path in ("/metrics", "/news/metrics", "/hooks/feedback", "/news/hooks/feedback"):
            assert ask(port, path).status in (401, 405), path
        for path in ("/site.css", "/form/abc", "/newspaper", "/news//form/abc"):
            assert ask(port, path, headers=OURS).status == 404, path
        front = ask(port, "/news", headers=OURS)
        assert (front.status, front.headers["location"]) == (308, "/news/")
        assert 'href="/news/site.css?v=' in ask(port, "/news/nothing", headers=OURS).text
        field, back = opened(port, "/news/form/abc")
        assert ask(port, "/news/form/abc", method="POST", headers=back, body=field.encode()).status == 200


def test_without_a_public_url_no_pages_are_served(tmp_path: Path) -> None:
    app = made_app(tmp_path, public_url="")
    with served(make_web(app, clock=lambda: NOW)) as port:
        front = ask(port, "/", headers={"Host": "anything.example"})
        assert (front.status, front.text) == (404, "No pages are served here: PUBLIC_URL is not set.\n")
        assert ask(port, "/site.css").status == 404
        assert ask(port, "/healthz").status == 200
        assert "strict-transport-security" not in front.headers
    app.close()


def test_pages_without_a_key_are_not_served(tmp_path: Path) -> None:
    app = made_app(tmp_path, secret_keys=())
    with pytest.raises(SettingsError, match="SECRET_KEYS is not set, and PUBLIC_URL needs it"):
        make_web(app, clock=lambda: NOW)


def test_a_form_is_taken_from_its_page_alone(port: int) -> None:
    field, back = opened(port)
    body = f"{field}&list=daily".encode()
    assert ask(port, "/form/abc", method="POST", headers=back, body=body).text == "daily"
    assert ask(port, "/form/other", method="POST", headers=back, body=body).status == 403
    evil = {**back, "Origin": "https://evil.example"}
    refused = ask(port, "/form/abc", method="POST", headers=evil, body=body)
    assert refused.status == 403
    assert "This form was not sent from its own page." in refused.text


def test_a_large_form_is_refused_whether_it_says_so_or_not(port: int) -> None:
    _, back = opened(port)
    assert ask(port, "/form/abc", method="POST", headers=back, body=b"x" * 16_385).status == 413
    head = b"POST /click/abc HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    head += b"Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = b"2000\r\n" + b"x" * 8192 + b"\r\n"
    assert b" 413 " in send_raw(port, head + 3 * chunks)[:20]


def test_a_form_that_never_ends_is_not_waited_for(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "_BODY_SECONDS", 0.1)
    _, back = opened(port)
    answer = ask(port, "/form/abc", method="POST", headers={**back, "Content-Length": "10"})
    assert answer.status == 408
    assert "That took too long" in answer.text


LOG_LINE = re.compile(r"(?:[A-Z]+) (?:/[\w/{}.]*|-) \d{3} \d+ ms \d+ bytes")


def test_the_log_names_nobody(port: int, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever a visitor can write is nowhere in it, also where something fails."""
    caplog.set_level(logging.DEBUG)
    headers = {
        **OURS,
        "Cookie": f"form={CANARY}; __Host-form={CANARY}",
        "Referer": f"https://{CANARY}.example/",
        "User-Agent": CANARY,
        "X-Forwarded-For": f"{CANARY}, 192.0.2.77",
        "Authorization": f"Bearer {CANARY}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    body = f"{CANARY}={CANARY}".encode()
    for kind in ("abc", "link", "store", "many", "said", "odd", CANARY):
        ask(port, f"/fails/{kind}?{CANARY}={CANARY}", headers=headers)
    for path in (
        f"/form/{CANARY}",
        f"/click/{CANARY}",
        f"/{CANARY}",
        "/hooks/feedback",
        f"/metrics?{CANARY}",
        "/site.css",
    ):
        for method in ("GET", "POST", "HEAD", CANARY.upper()):
            ask(port, path, method=method, headers=headers, body=body)
    ask(port, f"/form/{CANARY}", headers={**headers, "Host": f"{CANARY}.example"})
    send_raw(port, f"GET /{CANARY} HTTP/9.9\r\n{CANARY}\r\n\r\n".encode())
    send_raw(
        port, f"POST /form/{CANARY} HTTP/1.1\r\nHost: localhost\r\nContent-Length: x{CANARY}\r\n\r\n".encode()
    )
    for forbidden in (CANARY, CANARY.upper(), "192.0.2.77", "a secret of the inside", "example.org"):
        assert forbidden not in caplog.text
    lines = [record.getMessage() for record in caplog.records if record.name == "newsletter.web.accesslog"]
    assert "GET /form/{token} 200" in "\n".join(lines)
    assert "OTHER /form/{token} 405" in "\n".join(lines)
    assert "GET - 404" in "\n".join(lines)
    odd = [line for line in lines if not LOG_LINE.fullmatch(line)]
    assert all(line.startswith("unexpected error at /fails/{kind}: ") for line in odd)
    assert any("ValueError" in line and "in fails" in line for line in odd), "the place can be found"


def test_probes_that_go_well_are_no_news(port: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    ask(port, "/healthz")
    ask(port, "/readyz")
    assert [record for record in caplog.records if record.name == "newsletter.web.accesslog"] == []


def metrics(port: int, key: str = "metrics") -> Answer:
    return ask(port, "/metrics", headers={"Authorization": f"Bearer {key}"})


def test_metrics_are_for_whoever_has_the_key(port: int) -> None:
    for wrong in ("", "metric", "metricsx", "METRICS", "é", "hook"):
        assert ask(port, "/metrics", headers={"Authorization": f"Bearer {wrong}"}).status == 401
    for wrong in ("metrics", "Basic metrics", "Bearer"):
        assert ask(port, "/metrics", headers={"Authorization": wrong}).status == 401
    assert ask(port, "/metrics").headers["www-authenticate"] == "Bearer"
    answer = metrics(port)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")


def test_without_a_key_there_are_no_metrics(tmp_path: Path) -> None:
    with running(tmp_path, metrics_key="") as port:
        for key in ("", "None", "metrics"):
            assert metrics(port, key).status == 404


def test_metrics_tell_how_everything_stands(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text("Harbour reopens\n\nThe harbour of Port Aldis opened on Monday.\n")
    app = made_app(tmp_path, folders=(folder,), settle_seconds=0)
    mailing_list = app.mailing_list(None)
    app.ingest(now=NOW)
    for address in ("ada@example.org", "bo@example.org"):
        app.subscribers.add(mailing_list, address, now=NOW)
    app.publish(mailing_list, now=NOW)
    with served(with_pages(app)) as port:
        ask(port, f"/form/{CANARY}", headers=OURS)
        text = metrics(port).text
    app.close()
    assert CANARY not in text
    for line in (
        'newsletter_requests_total{method="GET",route="/form/{token}",status="200"} 1.0',
        'newsletter_request_duration_seconds_count{route="/form/{token}"} 1.0',
        'newsletter_sign_ups_total{outcome="taken"} 0.0',
        'newsletter_sign_ups_total{outcome="limited"} 0.0',
        "newsletter_store_up 1.0",
        'newsletter_subscriptions{list="news",state="confirmed"} 2.0',
        'newsletter_deliveries{list="news",state="queued"} 2.0',
        "newsletter_deliveries_due 2.0",
        "newsletter_letters_due 0.0",
        "newsletter_documents 1.0",
        'newsletter_latest_edition_timestamp_seconds{list="news"} 1.7954136e+09',
    ):
        assert line in text, line


def test_a_store_that_fails_is_told_by_the_probe_and_the_metrics(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise StoreError("the store is gone")

    app = made_app(tmp_path)
    monkeypatch.setattr(app, "check_store", failing)
    monkeypatch.setattr(app, "gauges", failing)
    with served(with_pages(app)) as port:
        assert ask(port, "/healthz").status == 200
        answer = ask(port, "/readyz")
        assert (answer.status, json.loads(answer.body)) == (503, {"status": "the store does not answer"})
        assert "newsletter_store_up 0.0" in metrics(port).text
    app.close()


def test_a_store_whose_file_was_taken_away_is_not_ready(tmp_path: Path) -> None:
    """SQLite goes on with the file that it has open: what is written then is in no file."""
    app = made_app(tmp_path)
    with served(with_pages(app)) as port:
        assert ask(port, "/readyz").status == 200
        Path(app.store.place.removeprefix("sqlite:///")).unlink()
        assert ask(port, "/readyz").status == 503
    app.close()


def test_a_store_that_never_answers_holds_one_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    released, asked = threading.Event(), []

    def silent() -> None:
        asked.append(1)
        assert released.wait(20)

    monkeypatch.setattr(health, "_STORE_SECONDS", 0.05)
    app = made_app(tmp_path)
    monkeypatch.setattr(app, "check_store", silent)
    with served(with_pages(app)) as port:
        assert [ask(port, "/readyz").status for _ in range(5)] == [503] * 5
        assert len(asked) == 1
        released.set()
        monkeypatch.setattr(health, "_STORE_SECONDS", 20.0)
        assert ask(port, "/readyz").status == 200
    app.close()


METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get", "X"])
NAMED = ["hooks", "feedback", "healthz", "readyz", "metrics", "site.css", "p", "u", "abc"]
ODD = [".", "..", "%00", "%0d%0a", "%ff", "%c3%a9", "%2f", "%2e%2e", ";", ":", "@"]
PARTS = st.sampled_from([*NAMED, *ODD])
PATHS = st.lists(PARTS, max_size=5).map(lambda parts: "/" + "/".join(parts))
QUERIES = st.one_of(st.just(""), st.text("abc=&%0;+?/", max_size=30).map("?{}".format))
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"))
READ = [
    "Host",
    "Cookie",
    "Origin",
    "Content-Type",
    "Authorization",
    "X-Forwarded-For",
    "X-Newsletter-Signature",
]
NAMES = st.sampled_from([*READ, "Accept", "Range", "If-None-Match", "Sec-Fetch-Site", "Expect", "Upgrade"])
TYPES = st.sampled_from(
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "multipart/form-data",
        "application/json",
        "message/rfc822",
        "text/plain; charset=\xff",
    ]
)


@given(
    method=METHODS,
    path=PATHS,
    query=QUERIES,
    headers=st.dictionaries(NAMES, VALUES, max_size=4),
    content_type=st.one_of(st.none(), TYPES),
    body=st.one_of(st.binary(max_size=200), st.just(b"--b\r\n"), st.just(b"{}")),
    is_ours=st.booleans(),
    has_key=st.booleans(),
)
def test_no_request_is_an_error_of_ours(
    port: int,
    method: str,
    path: str,
    query: str,
    headers: dict[str, str],
    content_type: str | None,
    body: bytes,
    is_ours: bool,
    has_key: bool,
) -> None:
    sent = dict(headers)
    if content_type:
        sent["Content-Type"] = content_type
    if is_ours:
        sent |= OURS
    if has_key:
        sent["Authorization"] = "Bearer hook"
    head = f"{method} {path}{query} HTTP/1.1\r\n" + "".join(
        f"{name}: {value}\r\n" for name, value in sent.items()
    )
    raw = f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode("latin-1") + body
    answer = send_raw(port, raw)
    status = int(answer.partition(b" ")[2][:3])
    assert 200 <= status < 500, answer[:200]


@given(content=st.binary(max_size=400))
def test_no_bytes_are_an_error_of_ours(port: int, content: bytes) -> None:
    for raw in (content, b"GET / HTTP/1.1\r\nHost: localhost\r\n" + content + b"\r\n\r\n"):
        answer = send_raw(port, raw, is_all=True)
        assert not answer or int(answer.partition(b" ")[2][:3]) < 500, answer[:200]


def test_the_server_still_stands(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20):
        assert ask(port, "/readyz").status == 200
