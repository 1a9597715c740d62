"""What every answer carries, and whom requests must name: pure ASGI, around all routes."""

import hmac
from collections.abc import Awaitable, Callable, Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)

#: Content-Security-Policy of a page with a script of ours, which asks us for more.
LIVE_POLICY = f"{_POLICY}; script-src 'self'; connect-src 'self'"

#: Content-Security-Policy of a page that shows a mail in a frame.
FRAME_POLICY = f"{_POLICY}; frame-src 'self'"

#: Content-Security-Policy of a mail in a frame of ours: its own styles, nothing that runs or is asked for.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox"
)

_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

#: A year (RFC 6797).
_HSTS = {"Strict-Transport-Security": "max-age=31536000"}


def bears(headers: Headers, key: bytes) -> bool:
    """Tell whether a request bears a key (RFC 6750 section 2.1), without telling how much of it is right."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode("latin-1"), key)


class SecureHeaders:
    """Puts the security headers on every answer; one that an answer sets itself stays.

    Args:
        app: What answers.
        https: Whether the pages are reached over TLS.
    """

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app = app
        self._headers = _HEADERS | (_HSTS if https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def with_headers(message: Message) -> None:
            """Pass an answer on, with the headers that it does not set itself."""
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)


class KnownHosts:
    """Refuses requests that name a host which is not ours (421, RFC 9110 section 15.5.20).

    Whoever can make a browser ask us under another name (DNS rebinding) would read pages as that site's own.

    Args:
        app: What answers.
        hosts: Names, in lower case; IPv6 addresses in brackets or bare.
        exempt: Tells by its path whether a request may name any host: probes and machines use addresses.
        refuse: Answers the others.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Collection[str],
        exempt: Callable[[str], bool],
        refuse: Callable[[Scope, Receive, Send], Awaitable[None]],
    ) -> None:
        self._app = app
        self._hosts = {host.strip("[]") for host in hosts}
        self._exempt = exempt
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        named = host_name(Headers(scope=scope).get("host", ""))
        known = named in self._hosts or self._exempt(scope["path"])
        await (self._app if known else self._refuse)(scope, receive, send)


def host_name(header: str) -> str:
    """Return the host of a Host header in lower case, without its port, brackets and a dot at its end."""
    header = header.strip().lower()
    if header.startswith("["):
        name, _, port = header[1:].partition("]")
        return name if not port or (port[0] == ":" and port[1:].isdecimal()) else ""
    name, colon, port = header.partition(":")
    return name.removesuffix(".") if not colon or port.isdecimal() else ""


def is_loopback_host(header: str) -> bool:
    """Tell whether a Host header names this machine."""
    return host_name(header) in ("localhost", "127.0.0.1", "::1")
