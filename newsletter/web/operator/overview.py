"""The overview: what is to be decided, what happens if nobody does, and how everything goes."""

from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.errors import ProposalError
from newsletter.model.alerts import AlertKind
from newsletter.model.deliveries import DeliveryState
from newsletter.model.operators import Role, SignedIn
from newsletter.model.overview import LatestEdition
from newsletter.model.places import PlaceHealth, PlaceState
from newsletter.model.proposals import PendingProposal
from newsletter.web.desk import Desk
from newsletter.web.forms import FormTokens
from newsletter.web.operator.gate import Gate
from newsletter.web.operator.outlook import Outlook, outlook_of
from newsletter.web.operator.reading import Times
from newsletter.web.operator.shown import path_of

#: Editions that are shown.
_EDITIONS = 5

_TROUBLED = frozenset({PlaceState.FAILING, PlaceState.ENDED, PlaceState.SILENT})


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A proposed edition as the overview shows it."""

    pending: PendingProposal
    outlook: Outlook
    #: Of its own page, with the base path.
    path: str
    form: FormTokens
    test_form: FormTokens


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A share of an edition's readers beside what is still well."""

    #: In percent.
    percent: float
    limit: float

    @property
    def is_fine(self) -> bool:
        """Whether it is within the limit."""
        return self.percent <= self.limit


def routes(desk: Desk, gate: Gate) -> list[Route]:
    """Return the routes, without the base path."""
    page = gate.page(Role.EDITOR)(_Overview(desk).show)
    return [Route("/operator", page, methods=["GET"])]


class _Overview:
    """The page."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._app = desk.app

    async def show(self, request: Request, operator: SignedIn) -> Response:
        """Show what is to be decided, and how everything goes."""
        try:
            values = await run_in_threadpool(self._values, request)
        except ProposalError as error:
            # It is decided about at this moment.
            raise HTTPException(409, str(error)) from error
        decisions = values["decisions"]
        return self._desk.show(
            "operator/overview.html",
            form=decisions[0].form if decisions else None,
            operator=operator,
            page="overview",
            **values,
        )

    def _values(self, request: Request) -> dict[str, Any]:
        app, now = self._app, self._desk.clock()
        decisions = self._decisions(request)
        wanted = request.query_params.get("list", "")
        coming = app.lookups.coming(app.series, now=now)
        names = [one.mailing_list.name for one in coming]
        urgent = decisions[0].pending.proposal.list_name if decisions else ""
        name = wanted if wanted in names else urgent
        chosen = next((one for one in coming if one.mailing_list.name == name), coming[0])
        mailing_list = chosen.mailing_list
        figures = app.lookups.figures(mailing_list, now=now)
        times = Times(time_zone=mailing_list.time_zone, now=now)
        return {
            "times": times,
            "decisions": decisions,
            "made": self._made(decisions),
            "coming": coming,
            "list_names": names,
            "mailing_list": mailing_list,
            "readership": chosen.readership,
            "figures": figures,
            "rates": self._rates(figures.latest) if figures.latest else None,
            "alerts": [one for one in app.alerts.open() if one.condition.kind is not AlertKind.HELD],
            "troubled": self._troubled(),
            "latest": app.lookups.editions(limit=_EDITIONS).rows,
            "sending": app.lookups.sending(now=now),
        }

    def _decisions(self, request: Request) -> list[Decision]:
        """Return what is proposed: first what waits for somebody, the most urgent before the others."""
        guard, now = self._desk.guard, self._desk.clock()
        found: list[Decision] = []
        for pending in self._app.proposals.waiting(now=now):
            path = path_of(self._desk, pending.proposal)
            beside = found[0].form if found else None
            form = guard.open(request, action=path, beside=beside)
            times = Times(time_zone=self._app.time_zone(pending.proposal.list_name), now=now)
            decision = Decision(
                pending=pending,
                outlook=outlook_of(pending, times),
                path=path,
                form=form,
                test_form=guard.open(request, action=f"{path}/test", beside=form),
            )
            found.append(decision)
        return sorted(found, key=lambda one: (not one.outlook.is_waiting, one.pending.closes_at))

    def _made(self, decisions: list[Decision]) -> dict[str, Any] | None:
        """Return of what the first of the proposed editions was made."""
        if not decisions:
            return None
        proposal = decisions[0].pending.proposal
        draft = self._app.proposals.content(proposal)
        edition = draft.edition
        return {
            "edition": edition,
            "readers": draft.audience,
            "stories": len(edition.told) + edition.left_out_stories + len(edition.dropped),
            "html_bytes": len(draft.rendering.html.encode("utf-8")),
            "text_bytes": len(draft.rendering.text.encode("utf-8")),
        }

    def _rates(self, latest: LatestEdition) -> dict[str, Any]:
        """Return how an edition was received, in shares of its mails and beside the limits of alerts."""
        counts, settings = latest.row.counts, self._app.settings
        accepted = counts.get(DeliveryState.ACCEPTED, 0)
        failed = counts.get(DeliveryState.FAILED, 0)
        bounced = _percent(failed + latest.bounced, accepted + failed)
        complained = _percent(latest.complained, accepted + failed)
        return {
            "accepted": _percent(accepted, latest.row.edition.audience),
            "accepted_count": accepted,
            "bounced": Rate(percent=bounced, limit=settings.bounce_alert_percent),
            "complaints": Rate(percent=complained, limit=settings.complaint_alert_percent),
        }

    def _troubled(self) -> list[PlaceHealth]:
        """Return the places that documents should come from, and do not."""
        lookups, now = self._app.lookups, self._desk.clock()
        feeds, _ = lookups.feeds(page=1, now=now)
        places = (*feeds, *lookups.folders(now=now), *lookups.mailboxes(now=now))
        return [place for place in places if place.state in _TROUBLED]


def _percent(count: int, of: int) -> float:
    return round(100 * count / of, 2) if of else 0.0
