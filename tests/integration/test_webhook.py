"""The webhook over real HTTP: who may post, what is taken, and what a caller is told."""

from __future__ import annotations

import asyncio
import hmac
import http.client
import json
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import webserver
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.app import App
from newsletter.messages.verp import ReturnPath
from newsletter.model.subscribers import SuppressionReason
from newsletter.subscribe import parse_address
from newsletter.web import feedback, patience
from newsletter.web.app import make_web

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
KEY = "webhook-key-of-a-test"
SIGNING = "signing-key-of-a-test"
PATHS = ReturnPath("bounces@news.example.org", (SIGNING,))
READERS = ("ada@example.org", "bo@example.org")
BEARER = {"Authorization": f"Bearer {KEY}"}
JSON = {"Content-Type": "application/json"}
MAIL = {"Content-Type": "message/rfc822"}

Answer = tuple[int, dict[str, str], dict[str, str]]


class Caller:
    """Posts to a server that runs in a thread."""

    def __init__(self, app: App, delivery_ids: dict[str, int], port: int) -> None:
        self.app = app
        self.ids = delivery_ids
        self.port = port

    def post(
        self,
        body: bytes | dict[str, object],
        *headers: dict[str, str],
        method: str = "POST",
        path: str = "/hooks/feedback",
    ) -> Answer:
        """Send one request; returns the status, the JSON answer and the headers in lower case."""
        content = json.dumps(body).encode() if isinstance(body, dict) else body
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, content, {k: v for h in headers for k, v in h.items()})
            response = connection.getresponse()
            text = response.read()
            answered = {name.lower(): value for name, value in response.getheaders()}
            assert b"Traceback" not in text
            assert answered.get("content-type") == "application/json"
            return response.status, json.loads(text) if text else {}, answered
        finally:
            connection.close()

    def suppressed(self, address: str) -> SuppressionReason | None:
        return self.app.store.subscribers.suppression(parse_address(address))


@contextmanager
def made_app(folder: Path, **overrides: object) -> Iterator[App]:
    (folder / "in").mkdir()
    (folder / "in" / "a.txt").write_text("Harbour reopens\n\nThe harbour of Port Aldis opened on Monday.\n")
    values = {
        "database_url": f"sqlite:///{folder / 'store.db'}",
        "folders": (folder / "in",),
        "settle_seconds": 0,
        "transport": "file",
        "outbox_folder": folder / "outbox",
        "sender_address": "digest@news.example.org",
        "bounce_address": "bounces@news.example.org",
        "secret_keys": (SIGNING,),
        "webhook_key": KEY,
    }
    app = App.isolated(**(values | overrides))
    yield app
    app.close()


def send(app: App) -> dict[str, int]:
    """Send an edition; returns the delivery of each reader."""
    mailing_list = app.mailing_list(None)
    app.ingest(now=NOW)
    for address in READERS:
        app.subscribers.add(mailing_list, address, now=NOW)
    edition = app.publish(mailing_list, now=NOW).edition
    assert edition is not None
    claimed = app.store.deliveries.claim(sender="look", limit=9, now=NOW)
    app.store.deliveries.release(sender="look", now=NOW)
    asyncio.run(app.deliver(clock=lambda: NOW, stopping=asyncio.Event()))
    return {delivery.address: delivery.id for delivery in claimed}


@contextmanager
def served(app: App, *routes: Route) -> Iterator[int]:
    """Serve an app in a thread, and some routes more; yields the port."""
    web = make_web(app, clock=lambda: NOW)
    web.routes.extend(routes)
    with webserver.served(web) as port:
        yield port


@pytest.fixture
def caller(tmp_path: Path) -> Iterator[Caller]:
    """A caller who may change the store."""
    with made_app(tmp_path) as app, served(app) as port:
        yield Caller(app, send(app), port)


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    """A caller for requests that change nothing."""
    with made_app(tmp_path_factory.mktemp("web")) as app, served(app) as port:
        yield Caller(app, send(app), port)


def dsn(return_path: str, address: str, status: str = "5.1.1") -> bytes:
    return (
        f"From: MAILER-DAEMON@mx.example.net\r\nTo: <{return_path}>\r\nSubject: Undelivered Mail\r\n"
        "MIME-Version: 1.0\r\nAuto-Submitted: auto-replied\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\n\r\nThe mail could not be handed over.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\n"
        f"Final-Recipient: rfc822; {address}\r\nAction: failed\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; 550 {status} no such user\r\n\r\n--b--\r\n"
    ).encode()


def test_a_bounce_as_a_message_suppresses(caller: Caller) -> None:
    address = "ada@example.org"
    body = dsn(PATHS.address_for(caller.ids[address]), address)
    status, answer, _ = caller.post(body, BEARER, MAIL)
    assert (status, answer["kind"], answer["action"]) == (200, "hard bounce", "suppressed")
    assert address not in json.dumps(answer)
    assert caller.suppressed(address) is SuppressionReason.BOUNCE
    assert caller.post(body, BEARER, MAIL)[1]["action"] == "taken in before"


def test_a_complaint_as_json_suppresses_and_unsubscribes(caller: Caller) -> None:
    notice = {"kind": "complaint", "return_path": PATHS.address_for(caller.ids["bo@example.org"])}
    status, answer, _ = caller.post(notice, BEARER, {"Content-Type": "application/json; charset=utf-8"})
    assert (status, answer["action"]) == (200, "suppressed")
    assert caller.suppressed("bo@example.org") is SuppressionReason.COMPLAINT
    assert caller.suppressed("ada@example.org") is None


def test_a_signed_body_needs_no_bearer(caller: Caller) -> None:
    body = json.dumps({"kind": "bounce", "return_path": "x@y.example", "status": "5.1.1"}).encode()
    signature = hmac.digest(KEY.encode(), body, "sha256").hex()
    signed = {"X-Newsletter-Signature": f"sha256={signature}"}
    status, answer, _ = caller.post(body, signed, JSON)
    assert (status, answer["action"]) == (200, "not believed")
    assert caller.post(body + b" ", signed, JSON)[0] == 401


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Bearer {KEY}x"},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": "Bearer \xff\xfe"},
        {"X-Newsletter-Signature": "sha256="},
        {"X-Newsletter-Signature": "sha256=" + "0" * 64},
        {"X-Newsletter-Signature": "\xe9"},
    ],
    ids=repr,
)
def test_without_the_key_nothing_is_taken(stranger: Caller, headers: dict[str, str]) -> None:
    address = "ada@example.org"
    notice = {"kind": "complaint", "return_path": PATHS.address_for(stranger.ids[address])}
    status, answer, answered = stranger.post(notice, headers, JSON)
    assert status == 401
    assert "not authenticated" in answer["error"]
    assert answered["www-authenticate"] == "Bearer"
    assert stranger.suppressed(address) is None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "expected a JSON object"),
        (b"null", "expected a JSON object"),
        (b"{}", 'expected "kind": "bounce" or "complaint"'),
        (b'{"kind": ["bounce"]}', 'expected "kind"'),
        (b'{"kind": "bounce"}', 'expected "return_path", or "message_id" with "recipient"'),
        (b'{"kind": "bounce", "return_path": 7}', 'expected "return_path" to be text'),
        (b'{"kind": "bounce", "return_path": "a@b.c", "status": {}}', 'expected "status" to be text'),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_body_that_is_no_notice_is_refused_with_the_reason(
    stranger: Caller, body: bytes, reason: str
) -> None:
    status, answer, _ = stranger.post(body, BEARER, JSON)
    assert status == 400
    assert answer["error"].startswith(reason)


def test_odd_but_whole_notices_are_taken(stranger: Caller) -> None:
    odd = {"kind": "bounce", "return_path": "\0\ud800@", "recipient": None, "reason": "\n" * 9000, "more": {}}
    status, answer, _ = stranger.post(odd, BEARER, JSON)
    assert (status, answer["action"]) == (200, "not believed")


def test_junk_as_a_message_is_taken_and_for_a_person(stranger: Caller) -> None:
    status, answer, _ = stranger.post(b"\0\xff junk", BEARER, MAIL)
    assert (status, answer["action"]) == (200, "for a person to read")
    assert stranger.post(b" \r\n", BEARER, MAIL)[0] == 400


@pytest.mark.parametrize("content_type", ["text/plain", "", "application/x-www-form-urlencoded"])
def test_other_types_are_refused(stranger: Caller, content_type: str) -> None:
    assert stranger.post(b"x=y", BEARER, {"Content-Type": content_type})[0] == 415


def test_methods_and_paths_that_are_not_there(stranger: Caller) -> None:
    status, _, answered = stranger.post(b"", BEARER, method="GET")
    assert status == 405
    assert answered["allow"] == "POST"
    assert stranger.post(b"", BEARER, path="/hooks")[0] == 404
    assert stranger.post(b"", method="GET", path="/healthz")[:2] == (200, {"status": "ok"})
    assert stranger.post(b"", path="/healthz")[0] == 405


def test_a_large_body_is_refused_whether_it_says_so_or_not(stranger: Caller) -> None:
    limit = 1_000_000
    assert stranger.post(b"x" * limit, BEARER, MAIL)[0] == 200
    status, answer, _ = stranger.post(b"", BEARER, MAIL, {"Content-Length": str(limit + 1)})
    assert (status, answer["error"]) == (413, "at most 1,000,000 bytes are taken")
    with socket.create_connection(("127.0.0.1", stranger.port), timeout=20) as line:
        line.sendall(b"POST /hooks/feedback HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n")
        line.sendall(f"Authorization: Bearer {KEY}\r\nContent-Type: message/rfc822\r\n\r\n".encode())
        line.sendall(b"186a0\r\n" + b"x" * 100_000 + b"\r\n")
        for _ in range(10):
            line.sendall(b"186a0\r\n" + b"x" * 100_000 + b"\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 413")


def test_a_body_that_never_ends_is_not_waited_for(stranger: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feedback, "_BODY_SECONDS", 0.1)
    status, answer, _ = stranger.post(b"", BEARER, MAIL, {"Content-Length": "10"})
    assert (status, answer["error"]) == (408, "the body took longer than 0.1 s")


def test_without_a_key_there_is_no_webhook(tmp_path: Path) -> None:
    with made_app(tmp_path, webhook_key="") as app, served(app) as port:
        for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer None"}):
            assert Caller(app, {}, port).post(b"x", headers, MAIL)[0] == 404


def test_a_store_that_fails_asks_to_come_again(caller: Caller, tmp_path: Path) -> None:
    address = "ada@example.org"
    body = dsn(PATHS.address_for(caller.ids[address]), address)
    caller.app.store.close()
    with sqlite3.connect(tmp_path / "store.db") as connection:
        connection.execute("ALTER TABLE feedback RENAME TO away")
    connection.close()
    status, answer, answered = caller.post(body, BEARER, MAIL)
    assert (status, answer["error"]) == (503, "the store cannot be reached: try again later")
    assert answered["retry-after"] == "60"
    with sqlite3.connect(tmp_path / "store.db") as connection:
        connection.execute("ALTER TABLE away RENAME TO feedback")
    connection.close()
    assert caller.post(body, BEARER, MAIL)[1]["action"] == "suppressed"


def test_an_error_of_our_own_shows_no_traceback(stranger: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(stranger.app.feedback, "take_message", broken)
    status, answer, _ = stranger.post(b"Subject: x\r\n\r\n", BEARER, MAIL)
    assert (status, answer) == (500, {"error": "unexpected error"})


def connected(port: int, content: bytes) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port), timeout=20)
    line.sendall(content)
    return line


def test_a_caller_who_hangs_up_is_no_error_of_ours(
    stranger: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    refused: list[int] = []
    ended = threading.Event()
    whole = feedback._body

    async def watched(request: Request) -> bytes:
        try:
            return await whole(request)
        except HTTPException as error:
            refused.append(error.status_code)
            raise
        finally:
            ended.set()

    monkeypatch.setattr(feedback, "_body", watched)
    connected(
        stranger.port, b"POST /hooks/feedback HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc"
    ).close()
    assert ended.wait(20)
    assert stranger.post(b"", method="GET", path="/healthz")[0] == 200
    assert refused == [400]
    # By its name: what an earlier test's request has thrown may be logged as late as now.
    assert "ClientDisconnect" not in caplog.text


HALF_HEADER = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
HALF_BODY = b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc"


@pytest.mark.parametrize(
    "content",
    [b"", b"GET", HALF_HEADER, HALF_HEADER + b"\r\n" + HALF_HEADER, HALF_BODY],
    ids=["nothing", "a word", "half a header", "half a second header", "half a body"],
)
def test_half_a_request_holds_no_place_for_ever(
    stranger: Caller, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "_HEADER_SECONDS", 0.2)
    monkeypatch.setattr(patience, "_BODY_SECONDS", 0.2)
    with connected(stranger.port, content) as line:
        while line.recv(1000):
            pass


@pytest.mark.parametrize(
    ("begun", "more"),
    [(HALF_HEADER, b"X: y\r\n"), (HALF_BODY.replace(b"9", b"9999"), b"x")],
    ids=["header", "body"],
)
def test_bytes_now_and_then_buy_no_time(
    stranger: Caller, begun: bytes, more: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "_HEADER_SECONDS", 0.3)
    monkeypatch.setattr(patience, "_BODY_SECONDS", 0.3)
    with connected(stranger.port, begun) as line:
        line.settimeout(0.02)
        for _ in range(1_000):
            try:
                line.sendall(more)
                if not line.recv(1000):
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        else:
            pytest.fail("the connection is still open")


def test_a_request_that_has_arrived_is_answered_however_long_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "_HEADER_SECONDS", 2.0)
    released = threading.Event()

    def slow(_: Request) -> Response:
        assert released.wait(20)
        return Response("done")

    with (
        made_app(tmp_path) as app,
        served(app, Route("/slow", slow)) as port,
        connected(port, HALF_HEADER.replace(b"healthz", b"slow") + b"\r\n") as line,
    ):
        with connected(port, HALF_HEADER) as later:
            assert later.recv(100) == b"", "its time began later, and is over"
        released.set()
        assert line.recv(100).startswith(b"HTTP/1.1 200")


def test_places_held_by_half_requests_are_free_again(
    stranger: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as stack:
        with monkeypatch.context() as patched:
            patched.setattr(patience, "_HEADER_SECONDS", 0.5)
            held = [stack.enter_context(connected(stranger.port, HALF_HEADER)) for _ in range(205)]
            for line in held:
                assert line.recv(100) == b""
        assert stranger.post(b"", method="GET", path="/healthz")[0] == 200
