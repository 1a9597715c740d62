"""Documents: what came in, which edition told it, and what was refused."""

from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.model.operators import Role, SignedIn
from newsletter.model.refusals import REPAIRS
from newsletter.model.voices import voice_of
from newsletter.web.desk import Desk
from newsletter.web.operator.gate import Gate
from newsletter.web.operator.reading import Times, number_in, number_of

#: Longest search that is read, in characters.
_LONGEST_SEARCH = 200


def routes(desk: Desk, gate: Gate) -> list[Route]:
    """Return the routes, without the base path."""
    lookups = desk.app.lookups
    show = partial(desk.show, page="documents", voice_of=voice_of)

    @gate.page(Role.EDITOR)
    async def documents(request: Request, operator: SignedIn) -> Response:
        """List documents, the newest first, or those that a search finds."""
        text = request.query_params.get("q", "")[:_LONGEST_SEARCH]
        before = number_in(request.query_params.get("before"))
        found = await run_in_threadpool(lookups.documents, text=text, before=before)
        refused = await run_in_threadpool(lookups.refused_count)
        return show(
            "operator/documents.html",
            operator=operator,
            times=times_of(desk),
            text=text,
            found=found,
            is_later_page=before is not None,
            refused_count=refused,
        )

    @gate.page(Role.EDITOR)
    async def document(request: Request, operator: SignedIn) -> Response:
        """Show one document, where it lies and which editions told it."""
        found = await run_in_threadpool(lookups.document, number_of(request.path_params["id"]))
        if found is None:
            raise HTTPException(404)
        one, told = found
        return show(
            "operator/document.html", operator=operator, times=times_of(desk), document=one, told=told
        )

    @gate.page(Role.EDITOR)
    async def refused(request: Request, operator: SignedIn) -> Response:
        """List what was refused, with the reason and what to do."""
        before = number_in(request.query_params.get("before"))
        found = await run_in_threadpool(lookups.refused, before=before)
        return show(
            "operator/refused.html",
            operator=operator,
            times=times_of(desk),
            found=found,
            is_later_page=before is not None,
            repairs=REPAIRS,
        )

    return [
        Route("/operator/documents", documents, methods=["GET"]),
        Route("/operator/documents/refused", refused, methods=["GET"]),
        Route("/operator/documents/{id}", document, methods=["GET"]),
    ]


def times_of(desk: Desk) -> Times:
    """Return what writes the times of a page: in the zone of the first list."""
    return Times(time_zone=desk.site.lists[0].time_zone, now=desk.clock())
