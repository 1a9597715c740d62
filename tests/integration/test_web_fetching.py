"""The fetcher before a server that misbehaves in every way: each as described, nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import ssl
import zlib
from collections.abc import AsyncIterator
from ipaddress import ip_address

import pytest
import pytest_asyncio
import trustme
from feedserver import Answering, Asked, FeedServer, Reply, bomb, dripping, endless, packed, serving, silent

from newsletter.errors import FetchError
from newsletter.sources.reachable import IpAddress, is_public
from newsletter.sources.web import _PATIENCE, Answer, Fetcher, Request, resolve

MOST = 100_000
#: The authorities of the system take long to load.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
HOME = ip_address("127.0.0.1")


@pytest_asyncio.fixture
async def server() -> AsyncIterator[FeedServer]:
    async with serving() as server:
        yield server


def fetcher(**options: object) -> Fetcher:
    given = {
        "user_agent": "newsletter/0 (+https://news.example)",
        "max_bytes": MOST,
        "total_seconds": 5.0,
        "tls": NO_TLS,
    }
    return Fetcher(**{**given, "allowed_hosts": {"127.0.0.1"}, **options})  # type: ignore[arg-type]


async def fetch(server: FeedServer, path: str, **options: object) -> Answer:
    async with fetcher(**options) as web:
        return await web.fetch(Request(url=server.url(path)))


def to(url: str, status: int = 302) -> Reply:
    return Reply(status=status, headers={"Location": url})


XML = {"Content-Type": "text/xml; charset=UTF-8"}


async def test_a_page_is_fetched_with_who_asks(server: FeedServer) -> None:
    server.replies["/feed"] = Reply(body=b"<rss/>", headers={**XML, "ETag": '"a"', "X-A": "b"})
    answer = await fetch(server, "/feed")
    assert (answer.status, answer.content, answer.media_type, answer.charset) == (
        200,
        b"<rss/>",
        "text/xml",
        "utf-8",
    )
    assert answer.headers["etag"] == '"a"'
    (asked,) = server.asked
    assert asked.headers["user-agent"] == "newsletter/0 (+https://news.example)"
    assert asked.headers["accept-encoding"] == "gzip, deflate"
    assert asked.headers["host"] == f"127.0.0.1:{server.port}"
    assert "cookie" not in asked.headers


async def test_no_cookie_is_kept_and_no_proxy_taken(
    server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    server.replies["/feed"] = Reply(headers={"Set-Cookie": "a=b; Path=/"})
    async with fetcher() as web:
        for _ in range(2):
            await web.fetch(Request(url=server.url("/feed")))
    assert ["cookie" in asked.headers for asked in server.asked] == [False, False]


#: What a server does, and what becomes of it: the body, or words of the error.
_RAW = zlib.compressobj(wbits=-15)
TABLE: dict[str, tuple[Reply | Answering, bytes | str]] = {
    "gzip": (packed(b"words" * 100), b"words" * 100),
    "gzip of two members": (
        Reply(body=gzip.compress(b"a") + gzip.compress(b"b"), headers={"Content-Encoding": "gzip"}),
        b"ab",
    ),
    "gzip with a tail": (
        Reply(body=gzip.compress(b"a") + b"\0\0", headers={"Content-Encoding": "x-gzip"}),
        b"a",
    ),
    "deflate": (Reply(body=zlib.compress(b"words"), headers={"Content-Encoding": "deflate"}), b"words"),
    "deflate without head": (
        Reply(body=_RAW.compress(b"words") + _RAW.flush(), headers={"Content-Encoding": "deflate"}),
        b"words",
    ),
    "identity": (Reply(body=b"words", headers={"Content-Encoding": "identity"}), b"words"),
    "no length": (Reply(body=b"words", unsized=True), b"words"),
    "empty": (Reply(), b""),
    "just not too large": (Reply(body=b"a" * MOST), b"a" * MOST),
    "too large by its head": (Reply(headers={"Content-Length": str(10**15)}), "larger than 0.1 MB"),
    "too large": (Reply(body=b"a" * (MOST + 1), unsized=True), "larger than 0.1 MB"),
    "gzip bomb": (
        lambda _: Reply(body=bomb(60), headers={"Content-Encoding": "gzip"}),
        "larger than 0.1 MB",
    ),
    "gzip of many members": (
        Reply(body=gzip.compress(b"") * 2_000, headers={"Content-Encoding": "gzip"}),
        "more than 500 pieces",
    ),
    "endless body": (Reply(stream=endless), "larger than 0.1 MB"),
    "slow body": (Reply(stream=dripping), "not answer in time"),
    "silent body": (Reply(stream=silent), "not answer in time"),
    "cut off": (Reply(body=b"words", headers={"Content-Length": "100"}), "cannot be reached"),
    "cut off in gzip": (
        Reply(body=gzip.compress(b"words")[:-4], headers={"Content-Encoding": "gzip"}),
        "cut off",
    ),
    "no gzip": (Reply(body=b"words", headers={"Content-Encoding": "gzip"}), "not packed as its head says"),
    "brotli": (Reply(body=b"words", headers={"Content-Encoding": "br"}), "not asked for"),
    "packed twice": (Reply(headers={"Content-Encoding": "gzip, gzip"}), "not asked for"),
    "picture": (Reply(body=b"GIF89a", headers={"Content-Type": "image/gif"}), "is image/gif"),
    "film": (Reply(stream=endless, headers={"Content-Type": "video/mp4"}), "is video/mp4"),
    "huge head": (Reply(headers={"X-A": "a" * 200_000}), "cannot be reached"),
    "to nowhere": (Reply(status=302), "redirected to nowhere"),
    "to a file": (to("file:///etc/passwd"), "redirected to where nothing is fetched"),
    "to credentials": (to("http://a:b@127.0.0.1/"), "user and password"),
    "to nonsense": (to("http://[::1"), "redirected to what is not"),
    "to a loop": (to("/page"), "redirected more than 5 times"),
    "to a private address": (to("http://10.0.0.1/"), "10.0.0.1, which is not public"),
    "to a private name": (to("http://localhost/"), "which is not public"),
    "to another form of it": (to("http://[::ffff:127.0.0.1]/"), "which is not public"),
    "to a number": (to("http://2130706433/"), "not the name of a host"),
}


@pytest.mark.parametrize("what", TABLE)
async def test_whatever_a_server_does_a_request_ends(server: FeedServer, what: str) -> None:
    reply, end = TABLE[what]
    server.replies["/page"] = reply
    seconds = 0.4 if what.startswith(("slow", "silent")) else 5.0
    if isinstance(end, bytes):
        assert (await fetch(server, "/page", total_seconds=seconds)).content == end
        return
    with pytest.raises(FetchError, match=end):
        await fetch(server, "/page", total_seconds=seconds)


@pytest.mark.parametrize("status", [204, 304, 400, 401, 404, 410, 429, 500, 503])
async def test_a_status_is_handed_on_without_its_body(server: FeedServer, status: int) -> None:
    server.replies["/page"] = Reply(
        status=status, headers={"Retry-After": "120", "Content-Type": "image/gif"}
    )
    answer = await fetch(server, "/page")
    assert (answer.status, answer.content, answer.headers["retry-after"]) == (status, b"", "120")


async def test_only_permanent_redirects_move_an_address(server: FeedServer) -> None:
    server.replies |= {
        "/a": to("/b", 301),
        "/b": to("/c", 308),
        "/c": to("/d", 302),
        "/d": to("/e", 301),
        "/e": Reply(body=b"end"),
    }
    answer = await fetch(server, "/a")
    assert (answer.moved_to, answer.url, answer.content) == (server.url("/c"), server.url("/e"), b"end")
    for start, moved in {"/c": "/c", "/d": "/e", "/e": "/e"}.items():
        assert (await fetch(server, start)).moved_to == server.url(moved)


async def test_validators_are_sent_as_they_came(server: FeedServer) -> None:
    server.replies["/a"] = Reply(status=304)
    async with fetcher() as web:
        date = "Mon, 23 Nov 2026 06:00:00 GMT"
        await web.fetch(Request(url=server.url("/a"), etag='W/"x--gzip"', last_modified=date))
    headers = server.asked[0].headers
    assert (headers["if-none-match"], headers["if-modified-since"]) == ('W/"x--gzip"', date)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::]", "[::ffff:7f00:1]"])
async def test_this_machine_is_not_asked(server: FeedServer, host: str) -> None:
    async with fetcher(allowed_hosts=()) as web:
        with pytest.raises(FetchError, match="not public; FETCH_ALLOWED_HOSTS"):
            await web.fetch(Request(url=server.url("/", host)))
    assert not server.asked


class Names:
    """A name server that says at every look-up what is next."""

    def __init__(self, *said: list[str]) -> None:
        self.said = list(said)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        return self.said.pop(0)


def at_home_alone(address: IpAddress) -> bool:
    """Let one address of this machine stand for a public one."""
    return address == HOME or is_public(address)


async def test_a_name_is_looked_up_once_and_the_connection_goes_where_it_was_checked(
    server: FeedServer,
) -> None:
    server.replies["/"] = Reply(body=b"words")
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    async with fetcher(resolve=names, may_connect=at_home_alone) as web:
        await web.fetch(Request(url=server.url("/", "feeds.example")))
        assert names.asked == ["feeds.example"]
        # The name now leads into our network: as in an attack by DNS rebinding.
        with pytest.raises(FetchError, match="127.0.0.2, which is not public"):
            await web.fetch(Request(url=server.url("/", "feeds.example")))
    assert [(asked.address, asked.headers["host"]) for asked in server.asked] == [
        ("127.0.0.1", f"feeds.example:{server.port}")
    ]


async def test_a_name_that_changes_between_redirects_is_checked_again(server: FeedServer) -> None:
    server.replies["/"] = to("/again")
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    async with fetcher(resolve=names, may_connect=at_home_alone) as web:
        with pytest.raises(FetchError, match="127.0.0.2, which is not public"):
            await web.fetch(Request(url=server.url("/", "feeds.example")))
    assert server.paths() == ["/"]


async def test_one_private_address_among_public_ones_is_enough_to_refuse(server: FeedServer) -> None:
    async with fetcher(resolve=Names(["127.0.0.1", "10.0.0.1"]), may_connect=at_home_alone) as web:
        with pytest.raises(FetchError, match="10.0.0.1, which is not public"):
            await web.fetch(Request(url=server.url("/", "feeds.example")))
    assert not server.asked


async def test_another_address_is_tried_where_one_does_not_connect(server: FeedServer) -> None:
    server.replies["/"] = Reply(body=b"words")
    listener = await asyncio.start_server(server.answer, "127.0.0.9", 0)
    port = listener.sockets[0].getsockname()[1]
    async with fetcher(resolve=Names(["127.0.0.8", "127.0.0.9"]), allowed_hosts={"Feeds.Example."}) as web:
        answer = await web.fetch(Request(url=f"http://feeds.example:{port}/"))
    listener.close()
    assert answer.content == b"words"


async def test_a_host_that_is_not_known_is_said(server: FeedServer) -> None:
    async def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    async with fetcher(resolve=unknown) as web:
        with pytest.raises(FetchError, match="^its host is not known$"):
            await web.fetch(Request(url="http://feeds.example/"))


async def test_a_look_up_that_hangs_ends_in_time() -> None:
    async def hangs(host: str, port: int) -> list[str]:
        await asyncio.sleep(30)
        return []

    async with fetcher(resolve=hangs, total_seconds=0.1) as web:
        with pytest.raises(FetchError, match="in time"):
            await web.fetch(Request(url="http://feeds.example/"))


async def test_the_system_is_asked_for_addresses() -> None:
    assert "127.0.0.1" in await resolve("127.0.0.1", 80)
    with pytest.raises(OSError, match="."):
        await resolve("nobody.invalid", 80)


async def test_a_host_has_one_request_at_a_time_and_a_pause(server: FeedServer) -> None:
    async def slowly(asked: Asked) -> Reply:
        await asyncio.sleep(0.01)
        return Reply()

    server.replies["/"] = slowly
    async with fetcher(resolve=Names(*[["127.0.0.1"]] * 8), may_connect=at_home_alone) as web:
        one_host = [Request(url=server.url("/", "feeds.example"))] * 4
        await asyncio.gather(*map(web.fetch, one_host))
        assert server.most_at_once == 1
        several = [Request(url=server.url("/", f"{name}.example")) for name in "abcd"]
        await asyncio.gather(*map(web.fetch, several))
        assert server.most_at_once > 1


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def tls_of(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    return context


async def test_a_certificate_is_verified_for_the_name(authority: trustme.CA) -> None:
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)

    async def at_home(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async with (
        serving(tls_of(authority, "feeds.example")) as server,
        fetcher(resolve=at_home, may_connect=at_home_alone, tls=trusting) as web,
    ):
        server.replies |= {"/": Reply(body=b"words"), "/down": to("http://feeds.example/")}
        assert (await web.fetch(Request(url=server.url("/", "feeds.example")))).content == b"words"
        with pytest.raises(FetchError, match="from https to http"):
            await web.fetch(Request(url=server.url("/down", "feeds.example")))
        with pytest.raises(FetchError, match="certificate does not verify"):
            await web.fetch(Request(url=server.url("/", "other.example")))
    async with (
        serving(tls_of(authority, "feeds.example")) as server,
        fetcher(resolve=at_home, may_connect=at_home_alone, tls=None) as web,
    ):
        with pytest.raises(FetchError, match="certificate does not verify"):
            await web.fetch(Request(url=server.url("/", "feeds.example")))


async def test_both_kinds_of_addresses_have_their_turn(server: FeedServer) -> None:
    """A host with four addresses of IPv6 first could not be reached from where IPv6 does not work."""
    server.replies["/"] = Reply(body=b"words")
    names = Names([f"::{n}" for n in "1234"] + ["127.0.0.1"])
    async with fetcher(resolve=names, allowed_hosts={"feeds.example"}) as web:
        assert (await web.fetch(Request(url=server.url("/", "feeds.example")))).content == b"words"


async def test_an_address_that_swallows_connections_is_not_the_last_one_tried(
    server: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.replies["/"] = Reply(body=b"words")
    with socket.socket() as full, contextlib.ExitStack() as opened:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        for _ in range(3):  # the queue is full: what comes now is neither taken nor refused
            knocking = opened.enter_context(socket.socket())
            knocking.setblocking(False)
            knocking.connect_ex(full.getsockname())
        listener = await asyncio.start_server(server.answer, "127.0.0.2", port)
        monkeypatch.setattr("newsletter.sources.web._PATIENCE", {**_PATIENCE, "connect": 0.2})
        names = Names(["127.0.0.1", "127.0.0.2"])
        async with fetcher(resolve=names, allowed_hosts={"feeds.example"}) as web:
            answer = await web.fetch(Request(url=f"http://feeds.example:{port}/"))
        listener.close()
    assert answer.content == b"words"


@pytest.mark.sweep
async def test_a_server_may_think_for_as_long_as_a_request_has(server: FeedServer) -> None:
    async def late(asked: Asked) -> Reply:
        await asyncio.sleep(10.5)
        return Reply(body=b"words")

    server.replies["/"] = late
    assert (await fetch(server, "/", total_seconds=20)).content == b"words"


async def test_what_a_server_says_commands_no_terminal(server: FeedServer) -> None:
    server.replies["/"] = Reply(headers={"Content-Type": "image/\x1b]0;owned\x07\x9b2J"})
    with pytest.raises(FetchError, match="which is not read here") as caught:
        await fetch(server, "/")
    assert str(caught.value).isprintable()
