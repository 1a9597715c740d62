"""Editions that are looked at: those that are proposed, and those that went out."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Route

from newsletter.errors import ProposalChangedError, ProposalError, SettingsError
from newsletter.model.editions import Edition
from newsletter.model.messages import Rendering
from newsletter.model.proposals import Proposal, ProposalState
from newsletter.model.status import EditionStatus
from newsletter.web.desk import Desk
from newsletter.web.operator.gate import Endpoint
from newsletter.web.operator.reading import Times, number_of

#: Where an edition's pages begin: that of a proposal, and that of an edition that went out.
_PLACES = ("/operator/proposals/{id}", "/operator/editions/{list}/{number}")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An edition that is looked at."""

    #: Path of its first page, with the base path.
    path: str
    list_name: str
    edition: Edition
    rendering: Rendering
    #: None of one that went out.
    proposal: Proposal | None = None
    #: None of one that has not gone out.
    published: EditionStatus | None = None

    @property
    def name(self) -> str:
        """What it is called: "No. 43 of daily"."""
        return f"No. {self.edition.number} of {self.list_name}"

    @property
    def subject(self) -> str:
        """What it is called in the audit log."""
        return f"{self.list_name} No. {self.edition.number}"


class Finder:
    """Finds the edition that a request is about."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def find(self, request: Request) -> Shown:
        """Return the edition that a path names.

        Raises:
            HTTPException: 404 if there is none; 409 if it changes at this moment.
        """
        return await run_in_threadpool(self._find, request.path_params)

    def times(self, shown: Shown) -> Times:
        """Return what writes the times of an edition's pages: in the zone of its list."""
        return Times(time_zone=self._desk.app.time_zone(shown.list_name), now=self._desk.clock())

    def _find(self, params: Mapping[str, str]) -> Shown:
        try:
            if "id" in params:
                return self._proposed(number_of(params["id"]))
            return self._published(params["list"], number_of(params["number"]))
        except ProposalChangedError as error:
            raise HTTPException(409, str(error)) from error
        except (ProposalError, SettingsError) as error:
            raise HTTPException(404, str(error)) from error

    def _proposed(self, proposal_id: int) -> Shown:
        proposals = self._desk.app.proposals
        proposal = proposals.get(proposal_id)
        if proposal.state is ProposalState.PUBLISHED:
            return self._published(proposal.list_name, proposal.number)
        draft = proposals.content(proposal)
        return Shown(
            path=path_of(self._desk, proposal),
            list_name=proposal.list_name,
            edition=draft.edition,
            rendering=draft.rendering,
            proposal=proposal,
        )

    def _published(self, list_name: str, number: int) -> Shown:
        state = self._desk.app.operator.edition(list_name, number)
        edition, rendering = self._desk.app.copies.edition(state.edition)
        return Shown(
            path=f"{self._desk.site.base}/operator/editions/{list_name}/{number}",
            list_name=list_name,
            edition=edition,
            rendering=rendering,
            published=state,
        )


def path_of(desk: Desk, proposal: Proposal) -> str:
    """Return the path of a proposal's first page, with the base path."""
    return f"{desk.site.base}/operator/proposals/{proposal.id}"


def both(below: str, endpoint: Endpoint, *, methods: tuple[str, ...] = ("GET",)) -> list[Route]:
    """Return the routes of a page that proposals and editions that went out have alike."""
    return [Route(f"{place}{below}", endpoint, methods=list(methods)) for place in _PLACES]
