"""The sign-up: the front page, the form, and the one answer that everybody gets."""

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from newsletter.errors import AddressError, SubscriberError
from newsletter.web import signup
from newsletter.web.desk import Desk
from newsletter.web.forms import FormTokens
from newsletter.web.latest import latest_of
from newsletter.web.origin import client_address

_ASKED = (
    (
        "If mail can reach the address, a letter with a link is on its way to it. Press the link, then the "
        "button on its page, and you are subscribed."
    ),
    (
        "Nothing there after some minutes? Look into the folder for spam. At most one such letter is sent to "
        "an address in a day."
    ),
)

_TOO_MANY = "Too many sign-ups have come from your network. Try again in an hour."


def routes(desk: Desk) -> list[Route]:
    """Return the routes, without the base path."""

    async def front(request: Request) -> Response:
        """Show the form, under what this is."""
        return await _form_page(desk, request, page="")

    async def subscribe(request: Request) -> Response:
        """Show the form; POST takes a sign-up."""
        if request.method == "POST":
            return await _take(desk, request)
        return await _form_page(desk, request, page="subscribe")

    async def asked(_request: Request) -> Response:
        """Say what happens next: the same to everybody, so that nobody learns who reads along."""
        return desk.show(
            "message.html",
            title="Look in your inbox",
            paragraphs=_ASKED,
        )

    async def privacy(_request: Request) -> Response:
        """Say what is stored about readers."""
        return desk.pages.respond("privacy.html", headers={"Cache-Control": "public, max-age=3600"})

    return [
        Route("/", front, methods=["GET"]),
        Route("/subscribe", subscribe, methods=["GET", "POST"]),
        Route("/subscribe/asked", asked, methods=["GET"]),
        Route("/privacy", privacy, methods=["GET"]),
    ]


async def _take(desk: Desk, request: Request) -> Response:
    """Take a sign-up: what is said does not depend on who has the address, nor does how long it takes."""
    sent = await desk.guard.read(request)
    origin, lists = client_address(request), desk.site.open_lists
    blank = _blank(desk, request)
    asked, shown = signup.read_sign_up(sent, blank, lists, origin=origin)
    thanks = RedirectResponse(f"{desk.site.base}/subscribe/asked", status_code=303)
    if signup.is_trapped(sent):
        return thanks
    if asked is None:
        return await _form_page(desk, request, page="subscribe", form=shown)
    now = desk.clock()
    if not desk.limits.allows(origin, now=now):
        seconds = desk.limits.seconds_until_allowed(origin, now=now)
        raise HTTPException(429, _TOO_MANY, headers={"Retry-After": str(seconds)})
    try:
        await run_in_threadpool(desk.app.readers.ask, asked, now=now)
    except (AddressError, SubscriberError) as error:
        wrong = signup.refused(shown, error)
        return await _form_page(desk, request, page="subscribe", form=wrong)
    desk.wake_letters()
    return thanks


def _blank(desk: Desk, request: Request) -> signup.SignUpForm:
    chosen = request.query_params.get("list", "")
    return signup.blank_form(desk.site.open_lists, chosen=chosen)


async def _form_page(
    desk: Desk, request: Request, *, page: str, form: signup.SignUpForm | None = None
) -> Response:
    tokens: FormTokens = desk.guard.open(request, action=f"{desk.site.base}/subscribe")
    shown = form or _blank(desk, request)
    return desk.show(
        "subscribe.html",
        form=tokens,
        status=400 if shown.has_error else 200,
        of_one_reader=False,
        page=page,
        heading=desk.site.tagline or f"Subscribe to {desk.site.title}",
        lede=signup.promise(desk.site.open_lists),
        signup=shown,
        latest=await run_in_threadpool(latest_of, desk),
    )
