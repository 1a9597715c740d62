"""The log: who decided what, the newest first."""

from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.model.audit import AuditFilter
from newsletter.model.operators import Role, SignedIn
from newsletter.web.desk import Desk
from newsletter.web.operator.gate import Gate

#: Entries on a page.
_ENTRIES = 50

#: Longest text that is looked for.
_LONGEST = 100


def routes(desk: Desk, gate: Gate) -> list[Route]:
    """Return the routes, without the base path."""

    @gate.page(Role.EDITOR)
    async def log(request: Request, operator: SignedIn) -> Response:
        """Show a page of the log, of all entries or of those that are looked for."""
        query = request.query_params
        # No entry holds a NUL, and PostgreSQL none in a text.
        asked = {
            name: query.get(name, "").replace("\0", "").strip()[:_LONGEST]
            for name in ("actor", "action", "words")
        }
        # One more than is shown tells whether there are older ones.
        found = await run_in_threadpool(
            desk.app.audit.entries,
            AuditFilter(**asked),
            before=_before(query.get("before", "")),
            limit=_ENTRIES + 1,
        )
        entries, has_older = found[:_ENTRIES], len(found) > _ENTRIES
        kept = {name: value for name, value in asked.items() if value}
        here = f"{desk.site.base}/operator/log"
        return desk.show(
            "operator/log.html",
            operator=operator,
            page="log",
            here=here,
            asked=asked,
            entries=entries,
            newest=f"{here}?{urlencode(kept)}" if "before" in query else "",
            older=f"{here}?{urlencode(kept | {'before': entries[-1].id})}" if has_older else "",
        )

    return [Route("/operator/log", log, methods=["GET"])]


def _before(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
