"""An edition as its readers get it: as mail, on a phone, as text, as it is sent; and a copy of it to try."""

from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from newsletter.errors import NewsletterError, OperatorError
from newsletter.model.deliveries import SendOutcome
from newsletter.model.operators import Role, SignedIn
from newsletter.web.desk import Desk
from newsletter.web.operator.gate import Gate
from newsletter.web.operator.shown import Finder, Shown, both
from newsletter.web.security import FRAME_POLICY, MAIL_POLICY

_NO_STORE = {"Cache-Control": "no-store"}


def routes(desk: Desk, gate: Gate) -> list[Route]:
    """Return the routes, without the base path."""
    pages = _Copies(desk)
    editor = gate.page(Role.EDITOR)
    return [
        *both("/mail", editor(partial(pages.framed, view="mail"))),
        *both("/phone", editor(partial(pages.framed, view="phone"))),
        *both("/text", editor(pages.text)),
        *both("/source", editor(pages.source)),
        *both("/mail.html", editor(pages.html)),
        *both("/mail.eml", editor(pages.eml)),
        *both("/test", editor(pages.test), methods=("POST",)),
    ]


class _Copies:
    """The pages."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._copies = desk.app.copies
        self._finder = Finder(desk)

    async def framed(self, request: Request, operator: SignedIn, *, view: str) -> Response:
        """Show the mail in a frame, as wide as the page or as a phone."""
        shown = await self._finder.find(request)
        response = self._show(operator, shown, view)
        response.headers["Content-Security-Policy"] = FRAME_POLICY
        return response

    async def html(self, request: Request, operator: SignedIn) -> Response:  # noqa: ARG002 - the gate's shape
        """Give the mail's HTML alone, for the frame."""
        shown = await self._finder.find(request)
        html, _ = self._copies.bodies(shown.rendering, now=self._desk.clock())
        return Response(html, media_type="text/html", headers={"Content-Security-Policy": MAIL_POLICY})

    async def text(self, request: Request, operator: SignedIn) -> Response:
        """Show what readers get who read mail as text."""
        shown = await self._finder.find(request)
        _, text = self._copies.bodies(shown.rendering, now=self._desk.clock())
        return self._show(operator, shown, "text", content=text)

    async def source(self, request: Request, operator: SignedIn) -> Response:
        """Show the message as it is sent."""
        shown = await self._finder.find(request)
        try:
            content = await run_in_threadpool(self._message, shown)
        except NewsletterError as error:
            return self._show(operator, shown, "source", error=str(error))
        return self._show(operator, shown, "source", content=content.decode("utf-8", "replace"))

    async def eml(self, request: Request, operator: SignedIn) -> Response:
        """Hand out the message as a file."""
        shown = await self._finder.find(request)
        try:
            content = await run_in_threadpool(self._message, shown)
        except NewsletterError as error:
            return self._show(operator, shown, "source", error=str(error))
        name = f"{shown.list_name}-{shown.edition.number}.eml"
        return Response(
            content,
            media_type="message/rfc822",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    async def test(self, request: Request, operator: SignedIn) -> Response:
        """Send a copy to whoever asks for it, and to nobody else."""
        await self._desk.guard.read(request)
        shown = await self._finder.find(request)
        try:
            await self._send(shown, operator)
        except NewsletterError as error:
            return self._desk.show(
                "operator/done.html",
                status=400,
                operator=operator,
                page="editions",
                title="The test copy did not go out",
                paragraphs=[str(error)],
                back=shown.path.removeprefix(self._desk.site.base),
                back_words=f"Back to {shown.name}",
            )
        return RedirectResponse(f"{shown.path}?done=test", status_code=303, headers=_NO_STORE)

    async def _send(self, shown: Shown, operator: SignedIn) -> None:
        if not operator.address:
            raise OperatorError(
                "your account has no mail address: `newsletter operators email` on the command line sets one"
            )
        app, now = self._desk.app, self._desk.clock()
        await run_in_threadpool(app.check_sending)
        message = await run_in_threadpool(
            partial(self._copies.make, operator.address, shown.rendering, now=now)
        )
        result = await self._copies.send(message)
        if result.outcome is not SendOutcome.ACCEPTED:
            raise OperatorError(f"{operator.address} was not accepted: {result.reply}")
        record = partial(app.audit.record, actor=operator.name, action="send test copy", now=now)
        await run_in_threadpool(partial(record, subject=shown.subject, detail="to themselves"))

    def _message(self, shown: Shown) -> bytes:
        return self._copies.sample(shown.rendering, now=self._desk.clock()).content

    def _show(
        self, operator: SignedIn, shown: Shown, view: str, *, content: str = "", error: str = ""
    ) -> Response:
        return self._desk.show(
            "operator/copy.html",
            status=400 if error else 200,
            operator=operator,
            page="editions",
            shown=shown,
            view=view,
            content=content,
            error=error,
        )
