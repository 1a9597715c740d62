"""Deliveries: how each edition goes out, live; who failed and why; and what an operator decides about it."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from newsletter.errors import NewsletterError, SettingsError
from newsletter.model.deliveries import DeliveryState, Resolution
from newsletter.model.editions import EditionState
from newsletter.model.operators import Role, SignedIn
from newsletter.model.status import EditionStatus
from newsletter.model.words import plural
from newsletter.web.desk import Desk
from newsletter.web.forms import text_of
from newsletter.web.operator.documents import times_of
from newsletter.web.operator.gate import Gate
from newsletter.web.operator.live import Paces, Progress, Telling, progress_of
from newsletter.web.operator.reading import edition_number_in, number_in
from newsletter.web.security import LIVE_POLICY

#: What can be done with a whole edition, and what is written into the log.
_ACTIONS = {
    "pause": "pause edition",
    "resume": "resume edition",
    "cancel": "cancel edition",
    "retry": "retry deliveries",
    "hurry": "try deferred deliveries now",
    Resolution.ARRIVED.value: "settle deliveries as arrived",
    Resolution.RESEND.value: "send deliveries once more",
    Resolution.ABANDON.value: "abandon deliveries",
}

#: What is tried again.
_AGAIN = {"retry": DeliveryState.FAILED, "hurry": DeliveryState.DEFERRED}

#: Which state is shown first: what needs somebody before what does not.
_FIRST = (
    *(DeliveryState.UNCERTAIN, DeliveryState.FAILED, DeliveryState.DEFERRED, DeliveryState.SENDING),
    *(DeliveryState.CLAIMED, DeliveryState.QUEUED, DeliveryState.SUPPRESSED, DeliveryState.ACCEPTED),
)

#: Editions whose failures are shown together.
_FAILURES_OF = 10


def routes(desk: Desk, gate: Gate) -> list[Route]:
    """Return the routes, without the base path."""
    pages = _Deliveries(desk)
    editor = gate.page(Role.EDITOR)
    one = "/operator/deliveries/{list}/{number}"
    return [
        Route("/operator/deliveries", editor(pages.all), methods=["GET"]),
        Route("/operator/deliveries/failures", editor(pages.failures), methods=["GET"]),
        Route("/operator/live.js", editor(pages.script), methods=["GET"]),
        Route(one, editor(pages.one), methods=["GET", "POST"]),
        Route(f"{one}/cancel", editor(pages.cancel), methods=["GET"]),
        Route(f"{one}/live", editor(pages.live), methods=["GET"]),
    ]


class _Deliveries:
    """The pages."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._app = desk.app
        self._show = partial(desk.show, page="deliveries")
        self._paces = Paces()
        self._telling = Telling(self._look, stopping=desk.stopping)

    async def all(self, request: Request, operator: SignedIn) -> Response:
        """List editions with their counts, the newest first."""
        list_names = await run_in_threadpool(self._app.lookups.published_lists)
        list_name = _known(request, list_names)
        before = number_in(request.query_params.get("before"))
        editions = partial(self._app.lookups.editions, list_name=list_name, before=before)
        return self._show(
            "operator/deliveries.html",
            operator=operator,
            times=times_of(self._desk),
            found=await run_in_threadpool(editions),
            list_names=list_names,
            list_name=list_name,
            is_later_page=before is not None,
            states=list(DeliveryState),
        )

    async def one(self, request: Request, operator: SignedIn) -> Response:
        """Show how an edition goes out; POST decides about it."""
        state, done, error = await self._state(request), "", ""
        if request.method == "POST":
            sent = await self._desk.guard.read(request)
            change = partial(self._change, operator, state, text_of(sent, "do"))
            try:
                done = await run_in_threadpool(change)
            except NewsletterError as refusal:
                error = str(refusal)
            state = await self._state(request)
        progress = await self._progress(state)
        form = self._desk.guard.open(request)
        response = self._show(
            "operator/delivery.html",
            status=400 if error else 200,
            form=form,
            operator=operator,
            times=times_of(self._desk),
            state=state,
            here=request.url.path,
            states=[one for one in _FIRST if state.count(one)],
            progress=progress,
            done=done,
            error=error,
            **await self._readers(request, operator, state),
        )
        response.headers["Content-Security-Policy"] = LIVE_POLICY
        return response

    async def _readers(self, request: Request, operator: SignedIn, state: EditionStatus) -> dict[str, Any]:
        """Return the readers in one state, for those who may see addresses."""
        wanted = request.query_params.get("state", "")
        first = next((one for one in _FIRST if state.count(one)), DeliveryState.ACCEPTED)
        shown = DeliveryState(wanted) if wanted in set(DeliveryState) else first
        after = number_in(request.query_params.get("after"))
        readers = None
        if operator.role.allows(Role.ADMIN):
            listed = self._app.lookups.deliveries
            readers = await run_in_threadpool(listed, state.edition.id, shown, after=after)
        return {"shown": shown, "readers": readers, "is_later_page": after is not None}

    async def cancel(self, request: Request, operator: SignedIn) -> Response:
        """Ask whether an edition is to end for everybody who waits for it."""
        state = await self._state(request)
        back = request.url.path.removesuffix("/cancel")
        form = self._desk.guard.open(request, action=back)
        return self._show("operator/cancel.html", form=form, operator=operator, state=state, back=back)

    async def failures(self, request: Request, operator: SignedIn) -> Response:
        """Show why deliveries were refused, and whose, of one edition or of the latest ones."""
        lookups = self._app.lookups
        list_name = _known(request, await run_in_threadpool(lookups.published_lists))
        number = edition_number_in(request.query_params.get("number"))
        if number is not None:
            state = await run_in_threadpool(self._edition, list_name, number)
            editions = [state.edition]
        else:
            page = await run_in_threadpool(partial(lookups.editions, list_name=list_name, limit=_FAILURES_OF))
            editions = [row.edition for row in page.rows]
        return self._show(
            "operator/failures.html",
            operator=operator,
            times=times_of(self._desk),
            editions=editions,
            is_one=number is not None,
            failures=await run_in_threadpool(lookups.failures, [one.id for one in editions]),
        )

    async def live(self, request: Request, operator: SignedIn) -> Response:  # noqa: ARG002 - the gate's shape
        """Tell how an edition goes on, as server-sent events."""
        state = await self._state(request)
        if self._telling.is_full:
            raise HTTPException(
                503, "Too many watch at once: reload the page instead.", {"Retry-After": "60"}
            )
        return StreamingResponse(
            self._telling.stream(state.edition.id),
            media_type="text/event-stream",
            # nginx would keep the events back.
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    async def script(self, request: Request, operator: SignedIn) -> Response:  # noqa: ARG002 - the gate's shape
        """Give the script that writes what `live` tells into the page."""
        script = self._desk.pages.read("web/operator/live.js")
        return Response(script, media_type="text/javascript")

    async def _state(self, request: Request) -> EditionStatus:
        number = edition_number_in(request.path_params["number"])
        return await run_in_threadpool(self._edition, request.path_params["list"], number)

    def _edition(self, list_name: str, number: int | None) -> EditionStatus:
        if list_name not in self._app.lookups.published_lists() or number is None:
            raise HTTPException(404)
        try:
            return self._app.operator.edition(list_name, number)
        except SettingsError as error:
            raise HTTPException(404, str(error)) from error

    async def _look(self, edition_id: int) -> Progress:
        return await self._progress(await run_in_threadpool(self._app.lookups.edition, edition_id))

    async def _progress(self, state: EditionStatus) -> Progress:
        now = self._desk.clock()
        trouble = await run_in_threadpool(self._app.lookups.trouble, state.edition.id, now=now)
        return progress_of(state, per_second=self._paces.per_second(state, now=now), trouble=trouble)

    def _change(self, operator: SignedIn, state: EditionStatus, do: str) -> str:
        """Do what was asked for, put it on record, and return it as a sentence."""
        if do not in _ACTIONS:
            raise SettingsError("choose what is to be done")
        is_changed, words = self._ruled(state, do)
        if is_changed:
            name = f"{state.edition.list_name} No. {state.edition.number}"
            self._app.audit.record(
                actor=operator.name, action=_ACTIONS[do], subject=name, detail=words, now=self._desk.clock()
            )
        return words

    def _ruled(self, state: EditionStatus, do: str) -> tuple[bool, str]:
        """Do it, and return whether anything was changed by it, and what became of it as a sentence."""
        ruling, edition, now = self._app.operator, state.edition, self._desk.clock()
        if do == "pause":
            is_paused = ruling.pause(edition)
            return is_paused, "It is paused." if is_paused else "It was paused already, or is over."
        if do == "resume":
            waiting = ruling.resume(edition, now=now)
            if waiting is None:
                return False, "It is not paused."
            return True, f"It goes on: {plural(waiting, 'reader')} waiting."
        if do == "cancel":
            if edition.state is EditionState.OPEN and not state.waiting:
                return False, "It is finished: there is nobody left to spare it."
            spared = plural(ruling.cancel(edition, now=now), "reader")
            return True, f"It is cancelled: {spared} will not get it."
        if do in _AGAIN:
            count = ruling.retry(edition, states=[_AGAIN[do]], now=now)
            queued = plural(count, "delivery", "deliveries")
            return bool(count), f"{queued} queued again; suppressed readers stay out."
        count = ruling.resolve(edition, Resolution(do), now=now)
        became = {
            Resolution.ARRIVED: "counted as accepted",
            Resolution.RESEND: "queued once more, with the same Message-ID",
            Resolution.ABANDON: "counted as failed",
        }[Resolution(do)]
        return bool(count), f"{plural(count, 'uncertain delivery', 'uncertain deliveries')} {became}."


def _known(request: Request, list_names: Sequence[str]) -> str:
    """Return the list that a page is asked for; empty for all, and for one that is none."""
    wanted = request.query_params.get("list", "")
    return wanted if wanted in list_names else ""
