"""Operators, for admins: listed, added, their role changed, signed out, unlocked, removed."""

from collections.abc import Callable
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from newsletter.errors import AddressError, OperatorError, PasswordRefusedError, SignInError
from newsletter.model.operators import Role, SignedIn
from newsletter.web.desk import Desk
from newsletter.web.forms import text_of
from newsletter.web.operator.gate import Gate
from newsletter.web.operator.turns import Turns
from newsletter.web.operator.visits import visit_of

_PAGE = "/operator/operators"

_NOTICES = {
    "add": "The operator is added.",
    "admin": "The operator is an admin now, and signs in anew.",
    "editor": "The operator is an editor now, and signs in anew.",
    "sign-out": "The operator is signed out everywhere.",
    "unlock": "The operator can try again at once.",
    "remove": "The operator is removed.",
}


def routes(desk: Desk, gate: Gate, turns: Turns) -> list[Route]:
    """Return the routes, without the base path; passwords are looked at by turns."""
    pages = _People(desk, gate, turns)
    wrap = gate.page(Role.ADMIN)
    return [
        Route(_PAGE, wrap(pages.people), methods=["GET", "POST"]),
        Route(f"{_PAGE}/{{name}}", wrap(pages.person), methods=["GET", "POST"]),
    ]


class _People:
    """The list, with the form that adds somebody; and a page for each."""

    def __init__(self, desk: Desk, gate: Gate, turns: Turns) -> None:
        self._desk = desk
        self._gate = gate
        self._turns = turns
        self._operators = desk.app.operators

    async def people(self, request: Request, operator: SignedIn) -> Response:
        """List all operators; POST adds one."""
        if request.method != "POST":
            return await self._list(request, operator)
        sent = await self._desk.guard.read(request)
        try:
            if text_of(sent, "password") != text_of(sent, "again"):
                return await self._list(request, operator, sent, field="again", error="The passwords differ.")
            await self._confirm(request, operator, sent)
            await self._turns.take(
                self._operators.accounts.add,
                text_of(sent, "name"),
                text_of(sent, "password"),
                role=Role.ADMIN if text_of(sent, "role") == Role.ADMIN.value else Role.EDITOR,
                address=text_of(sent, "address").strip(),
                by=operator.name,
                now=self._desk.clock(),
            )
        except SignInError as error:
            return await self._list(request, operator, sent, field="own", error=str(error))
        except AddressError as error:
            return await self._list(request, operator, sent, field="address", error=_sentence(error))
        except PasswordRefusedError as error:
            return await self._list(request, operator, sent, field="password", error=_sentence(error))
        except OperatorError as error:
            return await self._list(request, operator, sent, field="name", error=_sentence(error))
        return self._done("add")

    async def _list(
        self,
        request: Request,
        operator: SignedIn,
        sent: FormData | None = None,
        *,
        field: str = "",
        error: str = "",
    ) -> Response:
        sent = sent or FormData()
        return self._desk.show(
            "operator/people.html",
            form=self._desk.guard.open(request),
            status=400 if error else 200,
            operator=operator,
            page="operators",
            here=f"{self._desk.site.base}{_PAGE}",
            people=await run_in_threadpool(self._operators.all, now=self._desk.clock()),
            field=field,
            error=error,
            typed={name: text_of(sent, name)[:320] for name in ("name", "address", "role")},
            notice=_NOTICES.get(request.query_params.get("done", ""), ""),
        )

    async def person(self, request: Request, operator: SignedIn) -> Response:
        """Show an operator; POST changes the role, signs out, unlocks or removes."""
        try:
            found = await run_in_threadpool(
                self._operators.accounts.find, request.path_params["name"], now=self._desk.clock()
            )
        except OperatorError as error:
            raise HTTPException(404, "There is no such operator.") from error
        field = words = ""
        if request.method == "POST":
            sent = await self._desk.guard.read(request)
            do = text_of(sent, "do")
            try:
                await self._confirm(request, operator, sent)
                await self._change(do, found.name, operator)
                return self._done(do)
            except SignInError as error:
                field, words = "own", str(error)
            except OperatorError as error:
                field, words = "do", _sentence(error)
        return self._desk.show(
            "operator/person.html",
            form=self._desk.guard.open(request),
            status=400 if words else 200,
            operator=operator,
            page="operators",
            person=found,
            field=field,
            error=words,
            back=f"{self._desk.site.base}{_PAGE}",
        )

    async def _change(self, do: str, name: str, operator: SignedIn) -> None:
        """Do what a button says.

        Raises:
            OperatorError: It cannot be done.
            HTTPException: There is no such button.
        """
        accounts = self._operators.accounts
        if name == operator.name and do in (*Role, "remove"):
            raise OperatorError("ask another admin: nobody changes or removes the own account here")
        changes: dict[str, Callable[..., None]] = {
            **{role.value: partial(accounts.set_role, role=role) for role in Role},
            "sign-out": accounts.end_sessions,
            "unlock": accounts.unlock,
            "remove": accounts.remove,
        }
        if do not in changes:
            raise HTTPException(400, "There is no such button.")
        await run_in_threadpool(changes[do], name, by=operator.name, now=self._desk.clock())

    async def _confirm(self, request: Request, operator: SignedIn, sent: FormData) -> None:
        await self._turns.take(
            self._operators.signing_in.confirm,
            operator.name,
            text_of(sent, "own"),
            visit_of(request, self._gate.cookies),
            now=self._desk.clock(),
        )

    def _done(self, what: str) -> Response:
        return RedirectResponse(f"{self._desk.site.base}{_PAGE}?done={what}", status_code=303)


def _sentence(error: Exception) -> str:
    words = str(error)
    return f"{words[:1].upper()}{words[1:]}."
