"""Readers' own pages, behind links from their mails: confirm, choose, leave, be forgotten."""

from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from newsletter.errors import LinkError, SubscriberError
from newsletter.model.dates import date_words, local_day
from newsletter.model.readers import Confirmation, ConfirmationState, Leaving, Preferences
from newsletter.web import choices
from newsletter.web.bodies import read_body
from newsletter.web.desk import Desk
from newsletter.web.forms import FormTokens
from newsletter.web.origin import client_address

_NOT_VALID = "This link is not valid. Copy the whole of it from the mail, or sign up again."

#: Largest body of a one-click POST, in bytes, and longest wait for it, in seconds, as for forms.
_MOST_BYTES, _BODY_SECONDS = 16_384, 30.0

_NOBODY_TITLE = "Nobody is subscribed by this link"

_NO_WAY_BACK = "That can no longer be taken back. To get it again, sign up again."

_Page = Callable[[Desk, Request], Awaitable[Response]]

_CONFIRM_TITLES = {
    ConfirmationState.OPEN: "One press, and you are subscribed",
    ConfirmationState.CONFIRMED: "You are subscribed",
    ConfirmationState.EXPIRED: "This link has had its day",
}


def routes(desk: Desk) -> list[Route]:
    """Return the routes, without the base path."""
    return [
        Route("/c/{token}", _of_link(desk, _confirm), methods=["GET", "POST"]),
        Route("/u/{token}", _of_link(desk, _leave), methods=["GET", "POST"]),
        Route("/r/{token}", _of_link(desk, _come_back), methods=["POST"]),
        Route("/p/{token}", _of_link(desk, _preferences), methods=["GET", "POST"]),
        Route("/p/{token}/record", _of_link(desk, _record), methods=["POST"]),
        Route("/p/{token}/erase", _of_link(desk, _erase), methods=["GET", "POST"]),
    ]


def _of_link(desk: Desk, page: _Page) -> Callable[[Request], Awaitable[Response]]:
    """Return a page as an endpoint; a link that is not ours is answered alike, whatever is wrong with it."""

    async def endpoint(request: Request) -> Response:
        """Answer a request for the page."""
        try:
            return await page(desk, request)
        except LinkError as error:
            raise HTTPException(404, _NOT_VALID) from error

    return endpoint


async def _confirm(desk: Desk, request: Request) -> Response:
    """Show what a sign-up was for; POST confirms it."""
    token, now = request.path_params["token"], desk.clock()
    if request.method == "POST":
        await desk.guard.read(request)
        confirmed = await run_in_threadpool(
            desk.app.readers.confirm, token, origin=client_address(request), now=now
        )
        return _confirmation_page(desk, request, confirmed)
    asked = await run_in_threadpool(desk.app.readers.confirmation, token, now=now)
    return _confirmation_page(desk, request, asked)


def _confirmation_page(desk: Desk, request: Request, confirmation: Confirmation) -> Response:
    is_open = confirmation.state is ConfirmationState.OPEN
    return desk.show(
        "confirm.html",
        form=desk.guard.open(request) if is_open else None,
        # A link that was once good is gone, not unknown (RFC 9110 section 15.5.11).
        status=410 if confirmation.state is ConfirmationState.EXPIRED else 200,
        title=_CONFIRM_TITLES[confirmation.state],
        state=confirmation.state.value,
        titles=desk.titles(confirmation.list_names),
        cadence=confirmation.cadence.value,
    )


async def _leave(desk: Desk, request: Request) -> Response:
    """Show what leaving means; POST leaves: by the page's button, or by one click of a mail program.

    RFC 8058 section 3.2: no cookie, no sign-in, no redirect. The token is all the proof that is asked for,
    so that this one form goes without `FormGuard`; whoever has the token holds the mail.
    """
    token = request.path_params["token"]
    if request.method == "POST":
        # To its end, so that the connection can go on. What it says is not looked at: whoever posts here
        # wants to leave, and a program that gets the form wrong must not keep its reader subscribed.
        await read_body(request, most_bytes=_MOST_BYTES, seconds=_BODY_SECONDS)
        left = await run_in_threadpool(
            desk.app.readers.leave, token, origin=client_address(request), now=desk.clock()
        )
        return _goodbye(desk, request, left, desk.app.readers.return_token(token))
    leaving = await run_in_threadpool(desk.app.readers.leaving, token)
    if not leaving.masked_address:
        return _leaving_page(desk, leaving, "nobody", _NOBODY_TITLE)
    if not leaving.is_subscribed:
        return _leaving_page(desk, leaving, "gone", f"You are not on {desk.title(leaving.list_name)}")
    return _leaving_page(desk, leaving, "asked", f"Unsubscribe from {desk.title(leaving.list_name)}?")


def _goodbye(desk: Desk, request: Request, left: Leaving, return_token: str) -> Response:
    if not left.masked_address:
        return _leaving_page(desk, left, "nobody", _NOBODY_TITLE)
    title = f"You have left {desk.title(left.list_name)}"
    if not left.can_return:
        return _leaving_page(desk, left, "left", title)
    address = f"{desk.site.base}/r/{return_token}"
    form = desk.guard.open(request, action=address)
    return _leaving_page(desk, left, "left", title, form=form, undo=address)


def _leaving_page(
    desk: Desk, leaving: Leaving, state: str, title: str, *, form: FormTokens | None = None, undo: str = ""
) -> Response:
    return desk.show(
        "leave.html",
        form=form,
        undo=undo,
        title=title,
        state=state,
        masked_address=leaving.masked_address,
        list_title=desk.title(leaving.list_name),
    )


async def _come_back(desk: Desk, request: Request) -> Response:
    """Take back that a reader has just left."""
    await desk.guard.read(request)
    token = request.path_params["token"]
    try:
        stays = await run_in_threadpool(
            desk.app.readers.come_back, token, origin=client_address(request), now=desk.clock()
        )
    except LinkError as error:
        raise HTTPException(404, _NO_WAY_BACK) from error
    return _leaving_page(desk, stays, "stays", f"You stay with {desk.title(stays.list_name)}")


async def _preferences(desk: Desk, request: Request) -> Response:
    """Show a reader's choices; POST saves them."""
    token, now = request.path_params["token"], desk.clock()
    current = await run_in_threadpool(desk.app.readers.preferences, token, now=now)
    if request.method != "POST":
        return _preferences_page(desk, request, current, is_saved="saved" in request.query_params)
    sent = await desk.guard.read(request)
    families = choices.families_of(desk.site.lists, current)
    try:
        chosen = choices.read_choices(
            sent,
            families,
            {one.name: one for one in desk.site.lists},
            time_zone=_time_zone(desk, current),
            now=now,
        )
        await run_in_threadpool(
            desk.app.readers.choose, token, chosen, origin=client_address(request), now=now
        )
    except choices.ChoiceError as error:
        return _preferences_page(desk, request, current, error=str(error), error_field=error.field)
    except SubscriberError as error:
        return _preferences_page(desk, request, current, error=str(error), error_field="family-1")
    return RedirectResponse(
        f"{request.url.path}?saved", status_code=303, headers={"Cache-Control": "no-store"}
    )


def _preferences_page(
    desk: Desk,
    request: Request,
    preferences: Preferences,
    *,
    is_saved: bool = False,
    error: str = "",
    error_field: str = "",
) -> Response:
    here, zone, now = request.url.path, _time_zone(desk, preferences), desk.clock()
    form = desk.guard.open(request)
    pause = choices.paused_until(preferences, now=now)
    first_day, last_day = choices.pause_bounds(zone, now=now)
    return desk.show(
        "preferences.html",
        form=form,
        record_form=desk.guard.open(request, action=f"{here}/record", beside=form),
        status=400 if error else 200,
        here=here,
        is_saved=is_saved,
        error=error,
        error_field=error_field,
        masked_address=preferences.masked_address,
        since=date_words(local_day(preferences.since, zone)),
        families=choices.families_of(desk.site.lists, preferences),
        paused_until=choices.field_day(pause, zone),
        first_day=first_day,
        last_day=last_day,
    )


def _time_zone(desk: Desk, preferences: Preferences) -> str:
    """Return the time zone that a reader's days are counted in: that of the list the link came from."""
    known = desk.site.named(preferences.list_name)
    return known.time_zone if known else "UTC"


async def _record(desk: Desk, request: Request) -> Response:
    """Hand out everything that is stored about a reader, as a JSON file."""
    await desk.guard.read(request)
    record = await run_in_threadpool(desk.app.readers.own_record, request.path_params["token"])
    return JSONResponse(
        record,
        headers={
            "Content-Disposition": 'attachment; filename="what-we-store-about-you.json"',
            "Cache-Control": "no-store",
        },
    )


async def _erase(desk: Desk, request: Request) -> Response:
    """Show what erasing means; POST erases."""
    token = request.path_params["token"]
    back = request.url.path.removesuffix("/erase")
    if request.method == "POST":
        await desk.guard.read(request)
        await run_in_threadpool(desk.app.readers.erase, token)
        return desk.show(
            "message.html",
            title="You are forgotten",
            paragraphs=["Your address, your choices and the record of your consent are deleted."],
        )
    current = await run_in_threadpool(desk.app.readers.preferences, token, now=desk.clock())
    form = desk.guard.open(request)
    return desk.show("erase.html", form=form, back=back, masked_address=current.masked_address)
