"""Subscribers: looked for, added, suppressed, handed out and erased; by admins alone, for they are people."""

from collections.abc import Iterator
from functools import partial
from itertools import islice

from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from newsletter.errors import AddressError, SettingsError, SubscriberError
from newsletter.model.lookups import SubscriberFilter
from newsletter.model.operators import Role, SignedIn
from newsletter.model.subscribers import AddOutcome, SubscriptionState
from newsletter.web.desk import Desk
from newsletter.web.forms import text_of
from newsletter.web.operator.documents import times_of
from newsletter.web.operator.gate import Gate
from newsletter.web.operator.reading import number_in

#: Longest text that is looked for, in characters: the longest address.
_LONGEST_SEARCH = 320

#: Rows of a file that are handed over at once.
_ROWS_AT_ONCE = 500

_NO_STORE = {"Cache-Control": "no-store"}


def routes(desk: Desk, gate: Gate) -> list[Route]:
    """Return the routes, without the base path."""
    pages = _Subscribers(desk)
    admin = gate.page(Role.ADMIN)
    return [
        Route("/operator/subscribers", admin(pages.all), methods=["GET", "POST"]),
        Route("/operator/subscribers/export", admin(pages.export), methods=["POST"]),
    ]


class _Subscribers:
    """The pages about all of them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._app = desk.app

    async def all(self, request: Request, operator: SignedIn) -> Response:
        """List subscribers; POST looks for some, puts an address on a list, or suppresses one.

        What is looked for may be an address, so it is posted: it stands in no address of a page, which
        proxies log and browsers remember.
        """
        if request.method != "POST":
            query = request.query_params
            wanted = _wanted(query.get("list", ""), query.get("state", ""), query.get("suppressed", ""))
            return await self._page(request, operator, wanted, before=number_in(query.get("before")))
        sent = await self._desk.guard.read(request)
        field = partial(text_of, sent)
        if field("do") == "search":
            wanted = _wanted(field("list"), field("state"), field("suppressed"), field("q"))
            return await self._page(request, operator, wanted, before=number_in(field("before")))
        change = self._add if field("do") == "add" else self._suppress
        address = field("address").strip()
        try:
            done = await run_in_threadpool(change, operator, address, field("name").strip(), field("list"))
        except (AddressError, SettingsError, SubscriberError) as error:
            return await self._page(
                request, operator, _wanted(), error=str(error), address=address, wrong=field("do")
            )
        number = await run_in_threadpool(self._app.lookups.reader_of, address)
        if number is None:
            return await self._page(request, operator, _wanted(), done=done)
        base = f"{self._desk.site.base}/operator/subscribers/{number}"
        return RedirectResponse(f"{base}?done={field('do')}", status_code=303, headers=_NO_STORE)

    def _add(self, operator: SignedIn, address: str, name: str, list_name: str) -> str:
        """Put an address on a list."""
        app, now = self._app, self._desk.clock()
        mailing_list = app.mailing_list(list_name or None)
        report = app.subscribers.add(mailing_list, address, name=name[:_LONGEST_SEARCH], now=now)
        if report.outcome is AddOutcome.REFUSED:
            raise SubscriberError(f"{report.address} was not added: {report.reason}")
        self._record(operator, "add subscriber", address, mailing_list.name)
        return f"{report.address}: {report.outcome.value}"

    def _suppress(self, operator: SignedIn, address: str, _name: str, _list_name: str) -> str:
        """Never mail an address again, whether anybody has it or not."""
        app = self._app
        done = app.subscribers.suppress(address, now=self._desk.clock())
        self._record(operator, "suppress address", address)
        return done

    def _record(self, operator: SignedIn, action: str, address: str, detail: str = "") -> None:
        number = self._app.lookups.reader_of(address)
        subject = f"reader {number}" if number else "an address that nobody has"
        self._app.audit.record(
            actor=operator.name, action=action, subject=subject, detail=detail, now=self._desk.clock()
        )

    async def _page(
        self,
        request: Request,
        operator: SignedIn,
        wanted: SubscriberFilter,
        *,
        before: int | None = None,
        error: str = "",
        wrong: str = "",
        address: str = "",
        done: str = "",
    ) -> Response:
        form = self._desk.guard.open(request)
        export = self._desk.guard.open(request, action=f"{request.url.path}/export", beside=form)
        return self._desk.show(
            "operator/subscribers.html",
            status=400 if error else 200,
            form=form,
            export=export,
            page="subscribers",
            operator=operator,
            times=times_of(self._desk),
            wanted=wanted,
            found=await run_in_threadpool(self._app.lookups.subscribers, wanted, before=before),
            suppressed=await run_in_threadpool(self._app.lookups.suppressed_counts),
            states=[state.value for state in SubscriptionState],
            is_later_page=before is not None,
            error=error,
            wrong=wrong,
            address=address,
            done=done,
        )

    async def export(self, request: Request, operator: SignedIn) -> Response:
        """Hand out a list's subscribers as a CSV file, in flat memory."""
        sent = await self._desk.guard.read(request)
        mailing_list = self._app.mailing_list(text_of(sent, "list") or None)
        await run_in_threadpool(
            self._app.audit.record,
            actor=operator.name,
            action="export subscribers",
            subject=mailing_list.name,
            now=self._desk.clock(),
        )
        rows = iterate_in_threadpool(_portions(self._app.lookups.csv_of(mailing_list)))
        named = f'attachment; filename="{mailing_list.name}-subscribers.csv"'
        return StreamingResponse(
            rows, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": named} | _NO_STORE
        )


def _portions(rows: Iterator[str]) -> Iterator[str]:
    """Yield rows some at a time: each turn from the thread that reads them costs more than a row."""
    while some := "".join(islice(rows, _ROWS_AT_ONCE)):
        yield some


def _wanted(list_name: str = "", state: str = "", suppressed: str = "", text: str = "") -> SubscriberFilter:
    return SubscriberFilter(
        text=text.strip()[:_LONGEST_SEARCH],
        list_name=list_name,
        state=SubscriptionState(state) if state in set(SubscriptionState) else None,
        is_suppressed=bool(suppressed),
    )
