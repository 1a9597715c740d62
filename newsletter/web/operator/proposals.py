"""One proposed edition: what is in it, what to look at, and what an operator decides about it."""

from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from newsletter.errors import NewsletterError, ProposalError, StoreError
from newsletter.model.checks import Check
from newsletter.model.operators import Role, SignedIn
from newsletter.model.proposals import Proposal
from newsletter.model.voices import voice_of
from newsletter.web.desk import Desk
from newsletter.web.forms import text_of
from newsletter.web.operator.gate import Gate
from newsletter.web.operator.outlook import outlook_of
from newsletter.web.operator.reading import number_of
from newsletter.web.operator.shown import Finder, Shown

#: What was done, as the page says it afterwards.
DONE = {
    "propose": "It is proposed. Look it over.",
    "approve": "It is approved.",
    "hold": "It is held until somebody approves it.",
    "skip": "It is skipped.",
    "renew": "It is made anew, of all that is new now.",
    "drop": "The story is dropped.",
    "up": "It has moved up.",
    "down": "It has moved down.",
    "headline": "The headline is yours now.",
    "test": "A test copy is on its way to you.",
}

#: What is said beside the story that it was done to.
_BESIDE_STORY = frozenset({"up", "down", "headline"})

#: Longest headline that a page shows again when it was refused.
_LONGEST = 1000

_NO_STORE = {"Cache-Control": "no-store"}


def routes(desk: Desk, gate: Gate) -> list[Route]:
    """Return the routes, without the base path."""
    pages = _Proposals(desk)
    one = gate.page(Role.EDITOR)(pages.one)
    return [Route("/operator/proposals/{id}", one, methods=["GET", "POST"])]


class _Proposals:
    """The page."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._app = desk.app
        self._finder = Finder(desk)

    async def one(self, request: Request, operator: SignedIn) -> Response:
        """Show a proposed edition; POST decides about it."""
        error, typed = "", (0, "")
        if request.method == "POST":
            sent = await self._desk.guard.read(request)
            proposal_id = number_of(request.path_params["id"])
            decide = partial(self._decide, operator, proposal_id, sent)
            try:
                return RedirectResponse(await run_in_threadpool(decide), 303, _NO_STORE)
            except StoreError:
                raise
            except NewsletterError as refusal:
                error = str(refusal)
            if text_of(sent, "do") == "headline":
                typed = number_of(text_of(sent, "story")), text_of(sent, "headline")[:_LONGEST]
        shown = await self._finder.find(request)
        if shown.published is not None:
            return RedirectResponse(shown.path, 303, _NO_STORE)
        values = await run_in_threadpool(self._values, shown)
        form, done = self._desk.guard.open(request), request.query_params.get("done", "")
        return self._desk.show(
            "operator/proposal.html",
            status=400 if error else 200,
            form=form,
            test_form=self._desk.guard.open(request, action=f"{shown.path}/test", beside=form),
            operator=operator,
            page="editions",
            shown=shown,
            times=self._finder.times(shown),
            voice_of=voice_of,
            error=error,
            typed=typed,
            done="" if error or done in _BESIDE_STORY else DONE.get(done, ""),
            done_at=text_of_query(request, "story") if done in _BESIDE_STORY else "",
            done_words=DONE.get(done, ""),
            **values,
        )

    def _values(self, shown: Shown) -> dict[str, Any]:
        """Return what the page says about what will become of an edition."""
        proposal, times = shown.proposal, self._finder.times(shown)
        assert proposal is not None  # noqa: S101 - the route has the id of one
        by_story = _by_story(proposal)
        values: dict[str, Any] = {"checks": by_story, "has_checks": bool(proposal.checks)}
        if proposal.settled_at is not None:
            return values | {"pending": None, "outlook": None}
        try:
            pending = self._app.proposals.pending(proposal)
        except ProposalError:
            # Its list is no longer set.
            return values | {"pending": None, "outlook": None}
        return values | {"pending": pending, "outlook": outlook_of(pending, times)}

    def _decide(self, operator: SignedIn, proposal_id: int, sent: FormData) -> str:
        """Do what was asked for; returns where the browser goes then."""
        proposals, do = self._app.proposals, text_of(sent, "do")
        version, now = number_of(text_of(sent, "version")), self._desk.clock()
        seen: dict[str, Any] = {"version": version, "by": operator.name, "now": now}
        here = f"{self._desk.site.base}/operator/proposals/{proposal_id}"
        whole: dict[str, Callable[..., Proposal | None]] = {
            "approve": proposals.approve,
            "hold": proposals.hold,
            "skip": proposals.skip,
            "renew": partial(proposals.renew, with_dropped=bool(text_of(sent, "with_dropped"))),
        }
        if do in whole:
            if whole[do](proposal_id, **seen) is None:
                return f"{self._desk.site.base}/operator/editions?done=withdrawn"
            return f"{here}?done={do}"
        story = number_of(text_of(sent, "story"))
        if do == "drop":
            proposals.drop_story(proposal_id, story, **seen)
            return f"{here}?done=drop#stories"
        if do in ("up", "down"):
            to = story - 1 if do == "up" else story + 1
            proposals.move_story(proposal_id, story, to=to, **seen)
            story = to
        elif do == "headline":
            proposals.replace_headline(proposal_id, story, text_of(sent, "headline"), **seen)
        else:
            raise ProposalError("choose what is to be done")
        return f"{here}?done={do}&story={story}#s{story}"


def _by_story(proposal: Proposal) -> dict[int | None, list[Check]]:
    """Return what is to be looked at by the story's number; None: of the whole edition."""
    found: dict[int | None, list[Check]] = {}
    for check in proposal.checks:
        found.setdefault(check.story, []).append(check)
    return found


def text_of_query(request: Request, name: str) -> str:
    """Return a short value of a page's address."""
    return request.query_params.get(name, "")[:20]
