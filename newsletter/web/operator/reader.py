"""One reader: how they stand, what they were sent, and what an admin can do for them."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from newsletter.errors import NewsletterError, SettingsError, SubscriberError
from newsletter.model.deliveries import DeliveryState, Resolution
from newsletter.model.lookups import ReaderFile
from newsletter.model.operators import Role, SignedIn
from newsletter.model.subscribers import AddOutcome
from newsletter.web.desk import Desk
from newsletter.web.forms import text_of
from newsletter.web.operator.documents import times_of
from newsletter.web.operator.gate import Gate
from newsletter.web.operator.reading import edition_number_in, number_in, number_of

#: What the page before may say of itself.
_NOTICES = {"add": "The address is on the list.", "suppress": "The address will never be mailed again."}


def routes(desk: Desk, gate: Gate) -> list[Route]:
    """Return the routes, without the base path."""
    pages = _Reader(desk)
    admin = gate.page(Role.ADMIN)
    return [
        Route("/operator/subscribers/{id}", admin(pages.one), methods=["GET", "POST"]),
        Route("/operator/subscribers/{id}/record", admin(pages.record), methods=["POST"]),
        Route("/operator/subscribers/{id}/erase", admin(pages.erase), methods=["GET", "POST"]),
    ]


class _Reader:
    """The pages."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._app = desk.app

    async def one(self, request: Request, operator: SignedIn) -> Response:
        """Show a reader; POST changes how they stand with a list, or what becomes of a delivery."""
        reader = await self._reader(request)
        done, error = _NOTICES.get(request.query_params.get("done", ""), ""), ""
        if request.method == "POST":
            sent = await self._desk.guard.read(request)
            change = partial(self._change, operator, reader, text_of(sent, "do"), text_of(sent, "list"))
            try:
                done = await run_in_threadpool(change, edition=edition_number_in(text_of(sent, "edition")))
            except NewsletterError as refusal:
                error = str(refusal)
            reader = await self._reader(request)
        before = number_in(request.query_params.get("before"))
        form = self._desk.guard.open(request)
        return self._desk.show(
            "operator/reader.html",
            status=400 if error else 200,
            form=form,
            record=self._desk.guard.open(request, action=f"{request.url.path}/record", beside=form),
            page="subscribers",
            operator=operator,
            times=times_of(self._desk),
            reader=reader,
            deliveries=await run_in_threadpool(self._app.lookups.reader_deliveries, reader.id, before=before),
            is_later_page=before is not None,
            other_lists=_others(self._desk, reader),
            done=done,
            error=error,
        )

    async def _reader(self, request: Request) -> ReaderFile:
        number = number_of(request.path_params["id"])
        with _gone_is_404():
            return await run_in_threadpool(self._app.lookups.reader, number)

    def _change(
        self, operator: SignedIn, reader: ReaderFile, do: str, list_name: str, *, edition: int | None
    ) -> str:
        """Do what was asked for, put it on record, and return it as a sentence."""
        if do in ("retry", *Resolution):
            is_changed, words = self._change_delivery(reader, do, list_name, edition)
            detail = f"{list_name} No. {edition}"
        else:
            is_changed, words = True, self._change_standing(reader, do, list_name)
            detail = "" if do in ("suppress", "lift") else list_name
        if is_changed:
            self._record(operator, _ACTIONS[do], reader, detail)
        return words

    def _change_standing(self, reader: ReaderFile, do: str, list_name: str) -> str:
        subscribers, address, now = self._app.subscribers, reader.address.display, self._desk.clock()
        if do == "suppress":
            return subscribers.suppress(address, now=now)
        if do == "lift":
            return subscribers.lift(address)
        if do not in _ACTIONS or not list_name:
            raise SettingsError("choose what is to be done")
        mailing_list = self._app.mailing_list(list_name)
        if do == "leave":
            return subscribers.remove(mailing_list, address, suppress=False, now=now)
        report = subscribers.add(mailing_list, address, name=reader.name, now=now)
        if report.outcome is AddOutcome.REFUSED:
            raise SubscriberError(f"{address} was not added to {list_name}: {report.reason}")
        return f"{address} is on {list_name}"

    def _change_delivery(
        self, reader: ReaderFile, do: str, list_name: str, edition: int | None
    ) -> tuple[bool, str]:
        """Send a delivery of the reader again, or settle what became of it; return whether that was done."""
        if edition is None or list_name not in self._app.lookups.published_lists():
            raise SettingsError("choose an edition")
        ruling, now = self._app.operator, self._desk.clock()
        published = ruling.edition(list_name, edition).edition
        if do == "retry":
            states = (DeliveryState.FAILED, DeliveryState.DEFERRED)
            count = ruling.retry(published, states=states, address=reader.address, now=now)
        else:
            count = ruling.resolve(published, Resolution(do), address=reader.address, now=now)
        name = f"No. {published.number} of {published.list_name}"
        if not count:
            return False, f"{name} stands otherwise by now; nothing was done"
        return True, f"{name}: {_OUTCOMES[do]}"

    async def record(self, request: Request, operator: SignedIn) -> Response:
        """Hand out everything that is stored about a reader, as a JSON file."""
        await self._desk.guard.read(request)
        reader = await self._reader(request)
        with _gone_is_404():
            record = await run_in_threadpool(self._app.lookups.reader_record, reader.id)
        await run_in_threadpool(self._record, operator, "export reader's record", reader)
        named = f'attachment; filename="reader-{reader.id}.json"'
        return JSONResponse(record, headers={"Content-Disposition": named, "Cache-Control": "no-store"})

    async def erase(self, request: Request, operator: SignedIn) -> Response:
        """Show what erasing means; POST erases."""
        reader = await self._reader(request)
        if request.method == "POST":
            await self._desk.guard.read(request)
            with _gone_is_404():
                words = await run_in_threadpool(self._app.subscribers.erase, reader.address.display)
            await run_in_threadpool(self._record, operator, "erase reader", reader)
            return self._desk.show(
                "operator/done.html",
                page="subscribers",
                operator=operator,
                title="The reader is erased",
                paragraphs=[f"{words}."],
                back="/operator/subscribers",
                back_words="All subscribers",
            )
        return self._desk.show(
            "operator/erase.html",
            form=self._desk.guard.open(request),
            page="subscribers",
            operator=operator,
            reader=reader,
        )

    def _record(self, operator: SignedIn, action: str, reader: ReaderFile, detail: str = "") -> None:
        # By number: an address in the log would outlive the reader's erasing.
        self._app.audit.record(
            actor=operator.name,
            action=action,
            subject=f"reader {reader.id}",
            detail=detail,
            now=self._desk.clock(),
        )


#: What is written into the log, by what a button says.
_ACTIONS = {
    "add": "add subscriber",
    "leave": "remove subscriber",
    "suppress": "suppress reader",
    "lift": "lift suppression",
    "retry": "retry delivery",
    Resolution.ARRIVED.value: "settle delivery as arrived",
    Resolution.RESEND.value: "send delivery once more",
    Resolution.ABANDON.value: "abandon delivery",
}

_OUTCOMES = {
    "retry": "queued again",
    Resolution.ARRIVED.value: "counts as accepted",
    Resolution.RESEND.value: "is sent once more, with the same Message-ID",
    Resolution.ABANDON.value: "counts as failed",
}


@contextmanager
def _gone_is_404() -> Iterator[None]:
    """Answer 404 about a reader who is not there, or whom somebody else has just erased."""
    try:
        yield
    except SubscriberError as error:
        raise HTTPException(404, str(error)) from error


def _others(desk: Desk, reader: ReaderFile) -> list[str]:
    """Return the names of the lists that a reader was never on."""
    known = {one.list_name for one in reader.subscriptions}
    return [one.name for one in desk.site.lists if one.name not in known]
