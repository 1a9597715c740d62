"""Signing in and out: name and password, the code of a second factor, and the way out."""

from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from newsletter.errors import SignInError
from newsletter.model.operators import Admitted, Role, SignedIn
from newsletter.web.desk import Desk
from newsletter.web.forms import text_of
from newsletter.web.operator.gate import Gate
from newsletter.web.operator.next_page import own_path
from newsletter.web.operator.turns import Turns
from newsletter.web.operator.visits import visit_of

_NOTICES = {
    "out": "You are signed out.",
    "password": "The password is changed, and all sessions have ended. Sign in with the new one.",
}


def routes(desk: Desk, gate: Gate, turns: Turns) -> list[Route]:
    """Return the routes, without the base path; passwords are looked at by turns."""
    entrance = _Entrance(desk, gate, turns)

    @gate.page(Role.EDITOR)
    async def sign_out(request: Request, operator: SignedIn) -> Response:
        """Ask where to sign out; POST does it."""
        if request.method != "POST":
            form = desk.guard.open(request)
            return desk.show("operator/sign_out.html", form=form, operator=operator)
        sent = await desk.guard.read(request)
        await run_in_threadpool(_sign_out, desk, gate, request, operator, text_of(sent, "where"))
        response = RedirectResponse(f"{desk.site.base}/operator/sign-in?done=out", status_code=303)
        gate.cookies.end_session(response)
        return response

    return [
        Route("/operator/sign-in", entrance.password, methods=["GET", "POST"]),
        Route("/operator/sign-in/code", entrance.code, methods=["GET", "POST"]),
        Route("/operator/sign-out", sign_out, methods=["GET", "POST"]),
    ]


def _sign_out(desk: Desk, gate: Gate, request: Request, operator: SignedIn, where: str) -> None:
    operators, name, now = desk.app.operators, operator.name, desk.clock()
    if where == "everywhere":
        operators.accounts.end_sessions(name, by=name, now=now)
    else:
        operators.signing_in.sign_out(gate.cookies.session(request), name=name, now=now)


class _Entrance:
    """The two steps in."""

    def __init__(self, desk: Desk, gate: Gate, turns: Turns) -> None:
        self._desk = desk
        self._gate = gate
        self._turns = turns

    async def password(self, request: Request) -> Response:
        """Ask for name and password; POST takes them."""
        await self._gate.check_open()
        if request.method != "POST":
            if await self._gate.operator(request) is not None:
                return self._to_next(request)
            return self._password_page(request, notice=_NOTICES.get(request.query_params.get("done", ""), ""))
        sent = await self._desk.guard.read(request)
        name = text_of(sent, "name")
        try:
            admitted = await self._turns.take(
                self._desk.app.operators.signing_in.with_password,
                name,
                text_of(sent, "password"),
                visit_of(request, self._gate.cookies),
                now=self._desk.clock(),
            )
        except SignInError as error:
            return self._password_page(request, error=error, name=name)
        return self._admit(request, admitted)

    async def code(self, request: Request) -> Response:
        """Ask for the code of the second factor; POST takes it."""
        await self._gate.check_open()
        signing_in, now = self._desk.app.operators.signing_in, self._desk.clock()
        token = self._gate.cookies.session(request)
        is_awaited = await run_in_threadpool(signing_in.awaits_code, token, now=now)
        if request.method != "POST":
            return self._code_page(request) if is_awaited else self._to(request, "sign-in")
        sent = await self._desk.guard.read(request)
        try:
            admitted = await run_in_threadpool(
                signing_in.with_code,
                token,
                text_of(sent, "code"),
                visit_of(request, self._gate.cookies),
                now=now,
            )
        except SignInError as error:
            if is_awaited:
                return self._code_page(request, error=error)
            return self._password_page(request, error=error)
        return self._admit(request, admitted)

    def _admit(self, request: Request, admitted: Admitted) -> Response:
        """Go on with a session of a new name: what a browser brought before is worth nothing (fixation)."""
        response = self._to(request, "sign-in/code") if admitted.needs_code else self._to_next(request)
        self._gate.cookies.set_session(response, admitted.token)
        if admitted.known:
            self._gate.cookies.set_known(response, admitted.known)
        return response

    def _password_page(
        self, request: Request, *, error: SignInError | None = None, name: str = "", notice: str = ""
    ) -> Response:
        return self._page(request, "operator/sign_in.html", "sign-in", error, name=name[:64], notice=notice)

    def _code_page(self, request: Request, *, error: SignInError | None = None) -> Response:
        return self._page(request, "operator/code.html", "sign-in/code", error)

    def _page(
        self,
        request: Request,
        template: str,
        step: str,
        error: SignInError | None,
        *,
        name: str = "",
        notice: str = "",
    ) -> Response:
        wait = error.wait_seconds if error else 0
        response = self._desk.show(
            template,
            form=self._desk.guard.open(request, action=f"{self._desk.site.base}/operator/{step}"),
            status=429 if wait else 400 if error else 200,
            action=self._address(request, step),
            error=str(error or ""),
            name=name,
            notice=notice,
        )
        if wait:
            response.headers["Retry-After"] = str(wait)
        return response

    def _next(self, request: Request) -> str:
        return own_path(request.query_params.get("next", ""), base=self._desk.site.base)

    def _to_next(self, request: Request) -> Response:
        return RedirectResponse(self._next(request), status_code=303, headers={"Cache-Control": "no-store"})

    def _address(self, request: Request, step: str) -> str:
        return f"{self._desk.site.base}/operator/{step}?{urlencode({'next': self._next(request)})}"

    def _to(self, request: Request, step: str) -> Response:
        return RedirectResponse(
            self._address(request, step), status_code=303, headers={"Cache-Control": "no-store"}
        )
