"""An operator's own account: password, second factor, recovery codes, sessions."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from newsletter.errors import OperatorError, SignInError
from newsletter.model.operators import Role, SignedIn
from newsletter.web.desk import Desk
from newsletter.web.forms import text_of
from newsletter.web.operator.gate import Gate
from newsletter.web.operator.qr import path_of
from newsletter.web.operator.turns import Turns
from newsletter.web.operator.visits import visit_of

_PAGE = "/operator/account"

#: Forms of the page, by what follows its path.
_FORMS = ("password", "second-factor/begin", "second-factor/off", "recovery-codes", "sessions")

_NOTICES = {"off": "The second factor is switched off.", "session": "The session has ended."}


@dataclass(frozen=True, kw_only=True)
class _Problem:
    """What is wrong with a form."""

    #: Which form, as in `_FORMS`.
    form: str
    #: Id of the field to be put right.
    field: str
    words: str


def routes(desk: Desk, gate: Gate, turns: Turns) -> list[Route]:
    """Return the routes, without the base path; passwords are looked at by turns."""
    pages = _Account(desk, gate, turns)
    found = {
        "": (pages.account, ["GET"]),
        "/password": (pages.password, ["POST"]),
        "/second-factor": (pages.second_factor, ["GET", "POST"]),
        "/second-factor/begin": (pages.begin_second_factor, ["POST"]),
        "/second-factor/off": (pages.drop_second_factor, ["POST"]),
        "/recovery-codes": (pages.recovery_codes, ["POST"]),
        "/sessions": (pages.end_session, ["POST"]),
    }
    wrap = gate.page(Role.EDITOR)
    return [Route(f"{_PAGE}{path}", wrap(page), methods=methods) for path, (page, methods) in found.items()]


class _Account:
    """The page, and what its forms do: all but the end of a session ask for the password once more."""

    def __init__(self, desk: Desk, gate: Gate, turns: Turns) -> None:
        self._desk = desk
        self._gate = gate
        self._turns = turns
        self._operators = desk.app.operators

    async def account(self, request: Request, operator: SignedIn) -> Response:
        """Show the account."""
        return await self._show(request, operator)

    async def _show(self, request: Request, operator: SignedIn, problem: _Problem | None = None) -> Response:
        now, token = self._desk.clock(), self._gate.cookies.session(request)
        account = await run_in_threadpool(self._operators.accounts.find, operator.name, now=now)
        sessions = await run_in_threadpool(self._operators.sessions, operator.name, now=now)
        here = f"{self._desk.site.base}{_PAGE}"
        form = self._desk.guard.open(request, action=f"{here}/{_FORMS[0]}")
        others = (self._desk.guard.open(request, action=f"{here}/{name}", beside=form) for name in _FORMS[1:])
        return self._desk.show(
            "operator/account.html",
            form=form,
            forms=dict(zip(_FORMS, (form, *others), strict=True)),
            status=400 if problem else 200,
            operator=operator,
            page="account",
            here=here,
            account=account,
            sessions=sessions,
            current=await run_in_threadpool(self._operators.signing_in.session_id, token),
            problem=problem,
            notice=_NOTICES.get(request.query_params.get("done", ""), ""),
        )

    async def password(self, request: Request, operator: SignedIn) -> Response:
        """Change the password; all sessions end."""
        sent = await self._desk.guard.read(request)
        new = text_of(sent, "new")
        if new != text_of(sent, "again"):
            problem = _Problem(form="password", field="again", words="The two new passwords differ.")
            return await self._show(request, operator, problem)

        async def change() -> Response:
            await self._turns.take(
                self._operators.accounts.set_password,
                operator.name,
                new,
                by=operator.name,
                now=self._desk.clock(),
            )
            response = RedirectResponse(
                f"{self._desk.site.base}/operator/sign-in?done=password", status_code=303
            )
            self._gate.cookies.end_session(response)
            return response

        return await self._confirmed(request, operator, sent, form="password", field="new", do=change)

    async def begin_second_factor(self, request: Request, operator: SignedIn) -> Response:
        """Make a second factor, and go on to its page."""
        sent = await self._desk.guard.read(request)

        async def begin() -> Response:
            begin = self._operators.accounts.begin_second_factor
            await run_in_threadpool(begin, operator.name, now=self._desk.clock())
            return self._to("/second-factor")

        return await self._confirmed(request, operator, sent, form="second-factor/begin", do=begin)

    async def second_factor(self, request: Request, operator: SignedIn) -> Response:
        """Show the second factor that was begun; POST confirms it by a code."""
        accounts, now, error = self._operators.accounts, self._desk.clock(), ""
        pending = await run_in_threadpool(accounts.pending_second_factor, operator.name, now=now)
        if request.method == "POST":
            sent = await self._desk.guard.read(request)
            try:
                fresh = await run_in_threadpool(
                    accounts.confirm_second_factor,
                    operator.name,
                    text_of(sent, "code"),
                    by=operator.name,
                    now=now,
                )
                return self._codes_page(operator, fresh, "The second factor is on")
            except OperatorError as problem:
                error = _sentence(problem)
        if pending is None:
            return self._to("")
        return self._desk.show(
            "operator/second_factor.html",
            form=self._desk.guard.open(request),
            status=400 if error else 200,
            operator=operator,
            page="account",
            error=error,
            pending=pending,
            path=path_of(pending.squares),
            size=len(pending.squares),
        )

    async def drop_second_factor(self, request: Request, operator: SignedIn) -> Response:
        """Switch the second factor off."""
        sent = await self._desk.guard.read(request)

        async def drop() -> Response:
            await run_in_threadpool(
                self._operators.accounts.drop_second_factor,
                operator.name,
                by=operator.name,
                now=self._desk.clock(),
            )
            return self._to("?done=off")

        return await self._confirmed(request, operator, sent, form="second-factor/off", do=drop)

    async def recovery_codes(self, request: Request, operator: SignedIn) -> Response:
        """Make new recovery codes, and show them this once."""
        sent = await self._desk.guard.read(request)

        async def renew() -> Response:
            fresh = await run_in_threadpool(
                self._operators.accounts.renew_recovery_codes,
                operator.name,
                by=operator.name,
                now=self._desk.clock(),
            )
            return self._codes_page(operator, fresh, "New recovery codes")

        return await self._confirmed(request, operator, sent, form="recovery-codes", do=renew)

    async def end_session(self, request: Request, operator: SignedIn) -> Response:
        """End one of the own sessions."""
        sent = await self._desk.guard.read(request)
        number = text_of(sent, "session")
        if number.isascii() and number.isdecimal() and len(number) < 19:
            end = self._operators.accounts.end_session
            await run_in_threadpool(end, operator.name, int(number), now=self._desk.clock())
        return self._to("?done=session")

    def _codes_page(self, operator: SignedIn, fresh: list[str], title: str) -> Response:
        return self._desk.show(
            "operator/recovery_codes.html", operator=operator, page="account", title=title, codes=fresh
        )

    def _to(self, below: str) -> Response:
        return RedirectResponse(f"{self._desk.site.base}{_PAGE}{below}", status_code=303)

    async def _confirmed(
        self,
        request: Request,
        operator: SignedIn,
        sent: FormData,
        *,
        form: str,
        field: str = "",
        do: Callable[[], Awaitable[Response]],
    ) -> Response:
        """Do what a form asks for if the password in it is right; else show what is wrong.

        Args:
            request: The request.
            operator: Whose account.
            sent: The fields of the form.
            form: Which, as in `_FORMS`.
            field: Which of its fields is wrong if it cannot be done; empty: that of the password.
            do: Does it.
        """
        own = f"{form.replace('/', '-')}-own"
        try:
            await self._turns.take(
                self._operators.signing_in.confirm,
                operator.name,
                text_of(sent, "own"),
                visit_of(request, self._gate.cookies),
                now=self._desk.clock(),
            )
            return await do()
        except SignInError as error:
            problem = _Problem(form=form, field=own, words=str(error))
        except OperatorError as error:
            problem = _Problem(form=form, field=field or own, words=_sentence(error))
        return await self._show(request, operator, problem)


def _sentence(error: OperatorError) -> str:
    """Return an error's words as a sentence."""
    words = str(error)
    return f"{words[:1].upper()}{words[1:]}."
