"""Fetching from the web what strangers name: the only door of the sources to httpx.

Whatever an address, a name server or a web server does, a request ends in time, with a bounded answer or one
clear error, and reaches no machine that is not public. A name is looked up once for each request, each of its
addresses is checked, and the connection goes to the address that was checked: a second look-up could give
another one (DNS rebinding). Redirects are followed here, each checked as the first request is.
"""

import asyncio
import logging
import socket
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from itertools import zip_longest
from typing import Any, Self
from urllib.parse import SplitResult, urljoin

from newsletter.errors import FetchError
from newsletter.sources.inflate import Inflater
from newsletter.sources.reachable import IpAddress, is_public, literal_address, port_of, read_url, write_host
from newsletter.sources.turns import Turns

#: Redirects followed for one request.
MOST_REDIRECTS = 5
#: Addresses of one host that are tried.
_MOST_ADDRESSES = 3
#: Longest wait for a connection to one address, s; all the rest is bounded by the time of the whole request.
_PATIENCE = {"connect": 10.0, "read": None, "write": None, "pool": None}
_PERMANENT = frozenset({301, 308})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

#: Returns the addresses of a host.
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked for."""

    url: str
    #: Of the header field Accept.
    accept: str = "*/*"
    #: Media types whose body is read, such as "text/html", "text/*" or "*+xml"; one without a type is read.
    media_types: tuple[str, ...] = ("text/*",)
    #: Validators of an earlier answer, verbatim (RFC 9110, section 8.8).
    etag: str | None = None
    last_modified: str | None = None
    #: How long its host is left alone before, s.
    pause_seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a server answered, whatever the status."""

    #: What answered in the end.
    url: str
    #: The address that permanent redirects alone led to; the one asked for if there was none.
    moved_to: str
    status: int
    #: Unpacked. Empty unless the status is 200.
    content: bytes = b""
    #: Lower case, without parameters; "" if none was given.
    media_type: str = ""
    charset: str | None = None
    #: By name in lower case.
    headers: Mapping[str, str] = field(default_factory=dict)


async def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a host, in a thread that nobody has to wait for: look-ups cannot be broken off.

    Raises:
        OSError: There are none.
    """
    loop = asyncio.get_running_loop()
    found: asyncio.Future[list[str]] = loop.create_future()

    def tell(addresses: list[str], error: OSError | None) -> None:
        if not found.done():
            found.set_exception(error) if error else found.set_result(addresses)

    def look_up() -> None:
        addresses: list[str] = []
        failure: OSError | None = None
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
            addresses = list(dict.fromkeys(str(row[4][0]) for row in rows))
        except (OSError, UnicodeError) as error:
            failure = error if isinstance(error, OSError) else OSError(str(error))
        with suppress(RuntimeError):  # the loop was closed: nobody waits any more
            loop.call_soon_threadsafe(tell, addresses, failure)

    threading.Thread(target=look_up, name="look-up", daemon=True).start()
    return await found


class Fetcher:
    """Fetches web pages and feeds; an asynchronous context manager. One request at a time goes to a host.

    No cookies, no proxies and no credentials of the environment; connections are not kept, so that none is
    used under another name than the one that it was made and verified for.

    Args:
        user_agent: Who asks.
        max_bytes: Longest body, packed and unpacked.
        total_seconds: Most time for one request with its redirects, the wait for its turn at a host aside.
        allowed_hosts: Names and addresses that may be private.
        resolve: Returns the addresses of a host.
        may_connect: Tells whether an address may be connected to.
        tls: How certificates are verified; None: by the authorities of the system.

    Raises:
        FetchError: One of `allowed_hosts` is neither a name nor an address.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        max_bytes: int,
        total_seconds: float = 30.0,
        allowed_hosts: Collection[str] = (),
        resolve: Resolve = resolve,
        may_connect: Callable[[IpAddress], bool] = is_public,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._user_agent = user_agent
        self._max_bytes = max_bytes
        self._total_seconds = total_seconds
        self._allowed_hosts = frozenset(map(write_host, allowed_hosts))
        self._resolve = resolve
        self._may_connect = may_connect
        self._tls = tls
        self._turns = Turns()
        self._transport: Any = None
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Prepare what connects."""
        import httpx

        for library in ("httpx", "httpcore"):  # they write every address
            logging.getLogger(library).setLevel(logging.WARNING)
        # Not a client: that would keep cookies, and read where redirects lead.
        self._transport = await self._open.enter_async_context(
            httpx.AsyncHTTPTransport(
                verify=self._tls or ssl.create_default_context(),
                trust_env=False,
                limits=httpx.Limits(max_keepalive_connections=0),
            )
        )
        return self

    async def __aexit__(self, *reason: object) -> None:
        """Close what is open."""
        await self._open.aclose()

    async def fetch(self, request: Request) -> Answer:
        """Ask for an address and follow its redirects.

        Raises:
            FetchError: There is no answer that may be used; says why.
        """
        parts = read_url(request.url)
        moved_to, is_permanent = parts.geturl(), True
        left = self._total_seconds
        for _ in range(MOST_REDIRECTS + 1):
            host = str(parts.hostname)
            async with self._turns.of(host, pause_seconds=request.pause_seconds):
                began = time.monotonic()
                answer = await self._in_time(request, parts, left)
                left -= time.monotonic() - began
            is_permanent = is_permanent and (answer.status in _PERMANENT)
            if answer.status not in _REDIRECTS:
                return replace(answer, moved_to=moved_to)
            parts = _redirected(parts, answer.headers.get("location", ""))
            if is_permanent:
                moved_to = parts.geturl()
        raise FetchError(f"it is redirected more than {MOST_REDIRECTS} times")

    async def _in_time(self, request: Request, parts: SplitResult, seconds: float) -> Answer:
        """Ask one host once.

        Raises:
            FetchError: There is no answer that may be used.
        """
        import httpx

        try:
            async with asyncio.timeout(max(seconds, 0.0)):
                return await self._ask(request, parts)
        except (TimeoutError, httpx.TimeoutException):
            raise FetchError("it does not answer in time") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            raise FetchError(_explain(error)) from None

    async def _ask(self, request: Request, parts: SplitResult) -> Answer:
        import httpx

        addresses = await self._addresses(parts)
        for number, address in enumerate(addresses, start=1):
            try:
                return await self._ask_at(request, parts, address)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if number == len(addresses):
                    raise
        raise FetchError("its host has no address")

    async def _addresses(self, parts: SplitResult) -> list[str]:
        """Return the addresses of a host, all of which may be connected to.

        Raises:
            FetchError: One may not.
        """
        host = str(parts.hostname)
        literal = literal_address(host)
        found = [str(literal)] if literal else list(await self._resolve(host, port_of(parts)))
        if host not in self._allowed_hosts:
            for address in found:
                if not self._may_connect(ip_address(address)):
                    raise FetchError(
                        f"{host} is at {address}, which is not public; FETCH_ALLOWED_HOSTS allows it"
                    )
        return _in_turn(found)[:_MOST_ADDRESSES]

    async def _ask_at(self, request: Request, parts: SplitResult, address: str) -> Answer:
        import httpx

        place = f"[{address}]" if ":" in address else address
        target = parts._replace(netloc=f"{place}:{port_of(parts)}").geturl()
        headers = {
            "Host": parts.netloc,
            "User-Agent": self._user_agent,
            "Accept": request.accept,
            "Accept-Encoding": "gzip, deflate",
        }
        if request.etag:
            headers["If-None-Match"] = request.etag
        if request.last_modified:
            headers["If-Modified-Since"] = request.last_modified
        extensions: dict[str, object] = {"timeout": _PATIENCE}
        if parts.scheme == "https":
            # Certificates are verified for the name, not for the address.
            extensions["sni_hostname"] = parts.hostname
        asked = httpx.Request("GET", target, headers=headers, extensions=extensions)
        response = await self._transport.handle_async_request(asked)
        try:
            return await self._read(request, parts, response)
        finally:
            await response.aclose()

    async def _read(self, request: Request, parts: SplitResult, response: Any) -> Answer:  # noqa: ANN401 - httpx
        media_type, charset = _content_type(response.headers.get("content-type", ""))
        content = b""
        if response.status_code == 200:
            _check_media_type(media_type, request.media_types)
            content = await self._body(response)
        url = parts.geturl()
        return Answer(
            url=url,
            moved_to=url,
            status=response.status_code,
            content=content,
            media_type=media_type,
            charset=charset,
            headers=dict(response.headers),
        )

    async def _body(self, response: Any) -> bytes:  # noqa: ANN401 - httpx
        """Read and unpack a body.

        Raises:
            FetchError: It is too long, packed or unpacked, or its packing is unknown or broken.
        """
        stated = response.headers.get("content-length", "")
        if stated.isdecimal() and int(stated[:18]) > self._max_bytes:
            raise FetchError(_too_large(self._max_bytes))
        inflater = Inflater(response.headers.get("content-encoding", ""))
        content = bytearray()
        read = 0
        async for piece in response.aiter_raw():
            read += len(piece)
            content += inflater.add(piece, most=self._max_bytes + 1 - len(content))
            if read > self._max_bytes or len(content) > self._max_bytes:
                raise FetchError(_too_large(self._max_bytes))
        inflater.check_end()
        return bytes(content)


def _in_turn(addresses: Sequence[str]) -> list[str]:
    """Return addresses with those of IPv4 and IPv6 in turn: one of the two may not work here (RFC 8305)."""
    by_kind: dict[bool, list[str]] = {}
    for address in addresses:
        by_kind.setdefault(":" in address, []).append(address)
    rows = zip_longest(*by_kind.values())
    return [address for row in rows for address in row if address]


def _redirected(parts: SplitResult, location: str) -> SplitResult:
    """Return where a redirect leads.

    Raises:
        FetchError: To nowhere that may be asked.
    """
    if not location:
        raise FetchError("it is redirected to nowhere")
    try:
        target = read_url(urljoin(parts.geturl(), location))
    except ValueError:
        raise FetchError("it is redirected to what is not a web address") from None
    except FetchError as error:
        raise FetchError(f"it is redirected to where nothing is fetched: {error}") from None
    if parts.scheme == "https" and target.scheme == "http":
        raise FetchError(f"it is redirected from https to http ({target.hostname})")
    return target


def _content_type(value: str) -> tuple[str, str | None]:
    """Return media type and charset of a Content-Type (RFC 9110, section 8.3)."""
    media_type, *parameters = value.split(";")
    for parameter in parameters:
        name, _, charset = parameter.partition("=")
        if name.strip().lower() == "charset":
            return media_type.strip().lower(), charset.strip(" \t\"'").lower() or None
    return media_type.strip().lower(), None


def _check_media_type(media_type: str, allowed: Sequence[str]) -> None:
    kind = media_type.partition("/")[0]
    ending = "*+" + media_type.rpartition("+")[2]
    if media_type and not {media_type, f"{kind}/*", ending} & set(allowed):
        raise FetchError(f"it is {media_type[:100]}, which is not read here")


def _too_large(most: int) -> str:
    return f"it is larger than {most / 1e6:g} MB (MAX_DOCUMENT_MEGABYTES)"


def _explain(error: Exception) -> str:
    """Return what went wrong on the way, without addresses that libraries put into their words."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate does not verify: {cause.verify_message}"
        if isinstance(cause, socket.gaierror):
            return "its host is not known"
        cause = cause.__cause__ or cause.__context__
    words = str(error).strip().splitlines()
    return f"it cannot be reached: {words[0][:200] if words else type(error).__name__}"
