"""The gate before the operator's pages."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from newsletter.model.operators import Role, SignedIn
from newsletter.web.desk import Desk
from newsletter.web.operator.cookies import Cookies

OperatorPage = Callable[[Request, SignedIn], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]

_TOO_LOW = "Only an admin may do that."

#: On every answer, also on those that no page makes: as on pages behind a reader's own link.
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
}


class Gate:
    """Lets operators through who have signed in, and only them.

    Attributes:
        cookies: Those of the operator's pages.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.cookies = Cookies(desk.site)

    def page(self, role: Role) -> Callable[[OperatorPage], Endpoint]:
        """Return what makes an endpoint of a page that needs a signed-in operator of at least a role.

        Whoever has not signed in is led to the sign-in page, and whose role is too low gets 403. While there
        is no operator at all, there is no such page. What answers a POST reads it by `desk.guard.read`.
        """

        def wrap(page: OperatorPage) -> Endpoint:
            async def endpoint(request: Request) -> Response:
                """Answer a request if it may be made."""
                operator = await self.operator(request)
                if operator is None:
                    await self.check_open()
                    return self._to_sign_in(request)
                if not operator.role.allows(role):
                    raise HTTPException(403, _TOO_LOW)
                response = await page(request, operator)
                for name, value in _HEADERS.items():
                    response.headers.setdefault(name, value)
                return response

            return endpoint

        return wrap

    async def operator(self, request: Request) -> SignedIn | None:
        """Return who has signed in; None if nobody has."""
        token = self.cookies.session(request)
        if not token:
            return None
        return await run_in_threadpool(self._session, token)

    def _session(self, token: str) -> SignedIn | None:
        # In a thread from its beginning: the first request opens the store.
        return self._desk.app.operators.signing_in.session(token, now=self._desk.clock())

    async def check_open(self) -> None:
        """Raise 404 while there is no operator."""
        if not await run_in_threadpool(self._desk.app.operators.any):
            raise HTTPException(404)

    def _to_sign_in(self, request: Request) -> Response:
        path = f"{self._desk.site.base}/operator/sign-in"
        # What was to be posted is not repeated.
        if request.method in ("GET", "HEAD"):
            query = f"?{request.url.query}" if request.url.query else ""
            path += f"?{urlencode({'next': f'{request.url.path}{query}'})}"
        return RedirectResponse(path, status_code=303, headers=_HEADERS)
