"""Forms: what is read of them, within bounds, and the proof that they were filled in on a page of ours.

A form is believed if it carries what only its page could give: a field that signs the page's path, the time,
and a cookie of this browser (OWASP: signed double-submit cookie). Nothing of it is kept on the server.
"""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import itsdangerous
from starlette.datastructures import FormData, Headers
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from newsletter.model.clock import Clock
from newsletter.web.bodies import content_type_of, read_body
from newsletter.web.security import is_loopback_host
from newsletter.web.site import Site

#: The hidden field of every form.
FIELD = "form_token"

#: How long a page may stand open before its form is sent, in seconds.
_OPEN_SECONDS = 12 * 3600

#: Largest form, in bytes.
_MOST_BYTES = 16_384

_MOST_FIELDS = 50

#: Longest wait for a form, in seconds; below what `web.patience` allows, so that there is an answer.
_BODY_SECONDS = 30.0

#: 192 random bits in the base64 of URLs.
_COOKIE_BYTES = 24
_COOKIE = re.compile(r"[A-Za-z0-9_-]{32}")

_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")

_TOO_OLD = "This page was open for too long. Load it again, and send the form once more."
_NOT_OURS = "This form was not sent from its own page. Load the page again, and send the form once more."


@dataclass(frozen=True, kw_only=True)
class FormTokens:
    """What a page with a form carries; a template prints `<input type="hidden" name= value=>` of it."""

    #: Name of the hidden field.
    name: str
    #: Value of the hidden field.
    value: str
    #: What `FormGuard.stamp` sets as the cookie.
    cookie: str


class FormGuard:
    """Makes and checks the proof that a form comes from its own page.

        form = guard.open(request)
        response = pages.respond("subscribe.html", form=form, ...)
        guard.stamp(response, form)

    and, where the form arrives:

        fields = await guard.read(request)

    Args:
        site: Whose pages.
        keys: Secrets, the newest first: the first signs and all verify.
        clock: Returns the time, UTC.
    """

    def __init__(self, *, site: Site, keys: Sequence[str], clock: Clock) -> None:
        self._site = site
        parts = urlsplit(site.url)
        self._scheme = parts.scheme.lower()
        self._origin = f"{self._scheme}://{parts.netloc}".lower()
        # A cookie named so is refused by browsers unless this very host has set it over TLS.
        self._cookie = "form" if not site.is_https else "__Secure-form" if site.base else "__Host-form"
        self._signer = _Signer(
            # itsdangerous signs with the last key.
            [key.encode("utf-8") for key in reversed(keys)],
            salt=b"newsletter form",
            key_derivation="hmac",
            digest_method=hashlib.sha256,
        )
        self._signer.clock = clock

    def open(
        self, request: Request, *, action: str | None = None, beside: FormTokens | None = None
    ) -> FormTokens:
        """Return what a page's form needs.

        Args:
            request: The request for the page. A browser keeps its cookie, so that several pages can be open.
            action: Path that the form is sent to, with the base path; the page's own when None.
            beside: Another form of the same page, whose cookie it shares.
        """
        known = beside.cookie if beside else self._cookie_of(request)
        cookie = known or secrets.token_urlsafe(_COOKIE_BYTES)
        bound = _bound(cookie, request.url.path if action is None else action)
        return FormTokens(
            name=FIELD, value=self._signer.sign(bound).decode("ascii")[len(bound) + 1 :], cookie=cookie
        )

    def stamp(self, response: Response, form: FormTokens) -> None:
        """Set the cookie on the answer that shows the form, and keep the answer out of shared caches.

        SameSite is Lax, not Strict: a reader comes from a mail, which is another site, and a cookie that is
        not sent then would be replaced, and the forms of pages already open would fail. Forms are POSTs, with
        which other sites do not send a Lax cookie either.
        """
        response.set_cookie(
            self._cookie,
            form.cookie,
            max_age=_OPEN_SECONDS,
            path=self._site.base or "/",
            secure=self._site.is_https,
            httponly=True,
            samesite="lax",
        )
        response.headers["Cache-Control"] = "no-store"

    async def read(self, request: Request) -> FormData:
        """Return the fields of a form that was sent from its own page.

        Raises:
            HTTPException: 403 if it was not, or too long ago; otherwise as `read_form`.
        """
        self._check_origin(request.headers)
        fields = await read_form(request)
        cookie, value = self._cookie_of(request), fields.get(FIELD)
        if cookie is None or not isinstance(value, str):
            raise HTTPException(403, f"{_NOT_OURS} It needs a cookie that lasts as long as the page is open.")
        try:
            bound = _bound(cookie, request.url.path)
            self._signer.unsign(f"{bound}.{value}".encode(), max_age=_OPEN_SECONDS)
        except itsdangerous.SignatureExpired as error:
            raise HTTPException(403, _TOO_OLD) from error
        except itsdangerous.BadSignature as error:
            raise HTTPException(403, _NOT_OURS) from error
        return fields

    def _cookie_of(self, request: Request) -> str | None:
        cookie = request.cookies.get(self._cookie, "")
        return cookie if _COOKIE.fullmatch(cookie) else None

    def _check_origin(self, headers: Headers) -> None:
        """Refuse what a browser says comes from another site, whatever it carries.

        Of "Origin: null" it says nothing: pages with `Referrer-Policy: no-referrer`, as ours behind readers'
        links, send it to themselves (Fetch, section 3.2). The token decides then.
        """
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise HTTPException(403, _NOT_OURS)
        host = headers.get("host", "").lower()
        # The host has been checked: it is PUBLIC_URL's at whatever port, or this machine, which has no TLS.
        scheme = "http" if is_loopback_host(host) else self._scheme
        if headers.get("origin", "null").lower() not in {self._origin, f"{scheme}://{host}", "null"}:
            raise HTTPException(403, _NOT_OURS)


class _Signer(itsdangerous.TimestampSigner):
    """Signs with the time of the clock that it is given."""

    clock: Clock

    def get_timestamp(self) -> int:
        """Return the time, in seconds since 1970."""
        return int(self.clock().timestamp())


def _bound(cookie: str, path: str) -> str:
    """Return what a token is good for; a path is hashed, because it may hold anything."""
    return f"{cookie}.{hashlib.sha256(path.encode('utf-8', 'surrogatepass')).hexdigest()}"


def text_of(sent: FormData, name: str) -> str:
    """Return a field as text; empty where it is missing, or no text."""
    value = sent.get(name, "")
    return value if isinstance(value, str) else ""


def texts_of(sent: FormData, name: str) -> list[str]:
    """Return all fields of a name, as a browser sends the boxes that are ticked."""
    return [value for value in sent.getlist(name) if isinstance(value, str)]


async def read_form(request: Request) -> FormData:
    """Return the fields of a form, urlencoded or multipart, whoever sent it.

    Raises:
        HTTPException: 413, 408 or 400 as `read_body`; 415 for another type; 400 for what cannot be read, for
            a file, or for too many fields.
    """
    content_type = content_type_of(request)
    if content_type not in _FORM_TYPES:
        raise HTTPException(415, f"A form is expected: {' or '.join(_FORM_TYPES)}.")
    body = await read_body(request, most_bytes=_MOST_BYTES, seconds=_BODY_SECONDS)
    try:
        text = body.decode("utf-8")
        if content_type == "multipart/form-data":
            return await _read_multipart(request.headers, body)
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
        return FormData([*pairs])
    except (ValueError, MultiPartException) as error:
        raise HTTPException(400, "The form could not be read.") from error


async def _read_multipart(headers: Headers, body: bytes) -> FormData:
    """Read multipart/form-data (RFC 7578) that holds no file.

    Raises:
        MultiPartException: It is broken, or holds a file or too many fields.
        UnicodeError: It is not text.
    """

    async def whole() -> Message:
        """Hand over the body that was read, all at once."""
        return {"type": "http.request", "body": body, "more_body": False}

    # Apart from the application, so that the parser's own error is raised, and from the body that was read.
    alone = Request({"type": "http", "headers": headers.raw}, whole)
    form = await alone.form(max_files=0, max_fields=_MOST_FIELDS, max_part_size=_MOST_BYTES)
    for name, value in form.multi_items():
        # The parser believes any charset that the header names; some make half characters.
        f"{name}{value}".encode()
    return form
