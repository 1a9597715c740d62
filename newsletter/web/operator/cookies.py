"""The cookies of the operator's pages: what names a session, and what a browser is known by."""

from starlette.requests import Request
from starlette.responses import Response

from newsletter.web.site import Site

#: How long a browser is known, in seconds.
_KNOWN_SECONDS = 180 * 86400


class Cookies:
    """Reads and sets the two cookies; no script sees them, and other sites' forms do not send them.

    Args:
        site: Whose pages.
    """

    def __init__(self, site: Site) -> None:
        # Browsers refuse cookies named so unless this very host has set them over TLS; as in `web.forms`.
        prefix = "" if not site.is_https else "__Secure-" if site.base else "__Host-"
        self._session = f"{prefix}operator"
        self._known = f"{prefix}operator-browser"
        self._site = site

    def session(self, request: Request) -> str:
        """Return what names the session; empty if nothing does."""
        return request.cookies.get(self._session, "")

    def known(self, request: Request) -> str:
        """Return what the browser is known by; empty if nothing is."""
        return request.cookies.get(self._known, "")

    def set_session(self, response: Response, token: str) -> None:
        """Let an answer begin a session, which ends with the browser at the latest."""
        self._set(response, self._session, token, None)

    def set_known(self, response: Response, token: str) -> None:
        """Let an answer make the browser known."""
        self._set(response, self._known, token, _KNOWN_SECONDS)

    def end_session(self, response: Response) -> None:
        """Let an answer delete the session's cookie."""
        self._set(response, self._session, "", 0)

    def _set(self, response: Response, name: str, value: str, seconds: int | None) -> None:
        response.set_cookie(
            name,
            value,
            max_age=seconds,
            path=self._site.base or "/",
            secure=self._site.is_https,
            httponly=True,
            samesite="lax",
        )
