"""Editions: those that are proposed, those that went out, and each of the latter."""

from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from newsletter.errors import NewsletterError, ProposalError, StoreError
from newsletter.model.editions import EditionState
from newsletter.model.operators import Role, SignedIn
from newsletter.model.proposals import PendingProposal
from newsletter.model.voices import voice_of
from newsletter.web.desk import Desk
from newsletter.web.forms import text_of
from newsletter.web.operator.documents import times_of
from newsletter.web.operator.gate import Gate
from newsletter.web.operator.outlook import outlook_of
from newsletter.web.operator.reading import Times, number_in
from newsletter.web.operator.shown import Finder, path_of

_DONE = {
    "test": "A test copy is on its way to you.",
    "withdrawn": "Nothing is left to tell: the edition is withdrawn.",
}


def routes(desk: Desk, gate: Gate) -> list[Route]:
    """Return the routes, without the base path."""
    pages = _Editions(desk)
    editor = gate.page(Role.EDITOR)
    return [
        Route("/operator/editions", editor(pages.all), methods=["GET", "POST"]),
        Route("/operator/editions/{list}/{number}", editor(pages.one), methods=["GET"]),
    ]


class _Editions:
    """The pages."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._app = desk.app
        self._finder = Finder(desk)

    async def all(self, request: Request, operator: SignedIn) -> Response:
        """List what is proposed and what went out; POST proposes a list's next edition."""
        error = ""
        if request.method == "POST":
            sent = await self._desk.guard.read(request)
            propose = partial(self._propose, operator, text_of(sent, "list"))
            try:
                return RedirectResponse(await run_in_threadpool(propose), 303, {"Cache-Control": "no-store"})
            except StoreError:
                raise
            except NewsletterError as refusal:
                error = str(refusal)
        values = await run_in_threadpool(self._values, request)
        return self._desk.show(
            "operator/editions.html",
            status=400 if error else 200,
            form=self._desk.guard.open(request),
            operator=operator,
            page="editions",
            times=times_of(self._desk),
            error=error,
            done="" if error else _DONE.get(request.query_params.get("done", ""), ""),
            **values,
        )

    def _values(self, request: Request) -> dict[str, Any]:
        """Return what the list of editions shows; what comes next on its first page alone."""
        query, now = request.query_params, self._desk.clock()
        before, list_name = number_in(query.get("before")), query.get("list", "")
        lookups, here = self._app.lookups, f"{self._desk.site.base}/operator/editions"
        found = lookups.editions(list_name=list_name, before=before)
        kept = {"list": list_name} if list_name else {}
        waiting = self._waiting(now)
        return {
            "waiting": [
                (one, outlook_of(one, self._times(one.proposal.list_name)), path_of(self._desk, one.proposal))
                for one in waiting
            ],
            "coming": () if before else lookups.coming(self._app.series, now=now),
            "open_lists": {one.proposal.list_name for one in waiting},
            "found": found,
            "list_names": lookups.published_lists(),
            "list_name": list_name,
            "is_later_page": before is not None,
            "here": here,
            "newest": f"{here}?{urlencode(kept)}" if kept else here,
            "older": f"{here}?{urlencode(kept | {'before': found.next_id})}" if found.next_id else "",
        }

    def _waiting(self, now: datetime) -> tuple[PendingProposal, ...]:
        try:
            return self._app.proposals.waiting(now=now)
        except ProposalError as error:
            # It is decided about at this moment.
            raise HTTPException(409, str(error)) from error

    async def one(self, request: Request, operator: SignedIn) -> Response:
        """Show an edition that went out."""
        shown = await self._finder.find(request)
        state = shown.published
        assert state is not None  # noqa: S101 - the route has the number of one
        guard, base = self._desk.guard, self._desk.site.base
        form = guard.open(request, action=f"{shown.path}/test")
        deliveries = f"{base}/operator/deliveries/{shown.list_name}/{shown.edition.number}"
        return self._desk.show(
            "operator/edition.html",
            form=form,
            delivery_form=guard.open(request, action=deliveries, beside=form),
            operator=operator,
            page="editions",
            times=self._finder.times(shown),
            shown=shown,
            state=state,
            deliveries=deliveries,
            can_pause=state.edition.state is EditionState.OPEN and state.waiting > 0,
            done=_DONE.get(request.query_params.get("done", ""), ""),
            voice_of=voice_of,
        )

    def _propose(self, operator: SignedIn, list_name: str) -> str:
        """Propose the next edition of a list; returns where it can be looked at."""
        app, now = self._app, self._desk.clock()
        app.check_sending()
        mailing_list = app.mailing_list(list_name or None)
        proposal = app.proposals.propose(mailing_list, by=operator.name, now=now)
        return f"{path_of(self._desk, proposal)}?done=propose"

    def _times(self, list_name: str) -> Times:
        return Times(time_zone=self._app.time_zone(list_name), now=self._desk.clock())
