"""The operator's pages: what is due, what is wrong, and who decided what; for those who have signed in.

Each file has `routes(desk, gate)`. Pages extend `web/operator/base.html`, and see `operator` and `page`:

    def routes(desk: Desk, gate: Gate) -> list[Route]:
        @gate.page(Role.EDITOR)
        async def editions(request: Request, operator: SignedIn) -> Response:
            return desk.show("operator/editions.html", operator=operator, page="editions", ...)

        return [Route("/operator/editions", editions, methods=["GET"])]
"""

from starlette.routing import Route

from newsletter.web.desk import Desk
from newsletter.web.operator import (
    account,
    charts,
    copies,
    deliveries,
    documents,
    editions,
    explaining,
    log,
    overview,
    people,
    proposals,
    reader,
    sign_in,
    sources,
    subscribers,
)
from newsletter.web.operator.gate import Gate
from newsletter.web.operator.turns import Turns


def routes(desk: Desk) -> list[Route]:
    """Return the routes, without the base path."""
    gate, turns = Gate(desk), Turns()
    return [
        *sign_in.routes(desk, gate, turns),
        *account.routes(desk, gate, turns),
        *people.routes(desk, gate, turns),
        *log.routes(desk, gate),
        *overview.routes(desk, gate),
        *editions.routes(desk, gate),
        *proposals.routes(desk, gate),
        *copies.routes(desk, gate),
        *explaining.routes(desk, gate),
        *documents.routes(desk, gate),
        *sources.routes(desk, gate),
        *subscribers.routes(desk, gate),
        *reader.routes(desk, gate),
        *deliveries.routes(desk, gate),
        *charts.routes(desk, gate),
    ]
