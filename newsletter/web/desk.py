"""The desk: what the routes of readers' pages work with."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from newsletter.app import App
from newsletter.model.clock import Clock
from newsletter.model.words import in_a_row
from newsletter.web.forms import FormGuard, FormTokens
from newsletter.web.limits import SignUpLimits
from newsletter.web.pages import Pages
from newsletter.web.site import Site


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What the routes of readers' pages work with.

    Pages without forms need `pages`, `site` and `clock` alone. What a route raises becomes a page: an
    `HTTPException` with its status, headers and words (`detail`, one plain sentence or two, is shown);
    `LinkError` a 404 with its words; `StoreError` a 503. `web.origin.client_address(request)` is the
    visitor's address.
    """

    app: App
    #: Renders `templates/web`.
    pages: Pages
    site: Site
    #: `form = guard.open(request)` and `guard.stamp(response, form)` where a form is shown, `await
    #: guard.read(request)` where it arrives; a one-click POST goes without.
    guard: FormGuard
    #: `allows(client_address(request), now=...)` before a sign-up is taken, else 429 with Retry-After.
    limits: SignUpLimits
    #: To be called after a sign-up: its letter is then written at once.
    wake_letters: Callable[[], None]
    #: Returns the time, UTC.
    clock: Clock
    #: Once set, answers that go on and on end.
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def show(
        self,
        template: str,
        *,
        form: FormTokens | None = None,
        status: int = 200,
        of_one_reader: bool = True,
        **values: Any,  # noqa: ANN401 - whatever the template prints
    ) -> Response:
        """Return a page, with the cookie of its form if it has one.

        Args:
            template: As `Pages.respond` takes it.
            form: What its form proves itself with; the template sees it as `form`.
            status: HTTP status.
            of_one_reader: As `Pages.respond` takes it.
            values: What the template sees besides.
        """
        response = self.pages.respond(
            template, status=status, of_one_reader=of_one_reader, form=form, **values
        )
        if form is not None:
            self.guard.stamp(response, form)
        return response

    def title(self, list_name: str) -> str:
        """Return what readers know a list as; its name if it is no longer set."""
        known = self.site.named(list_name)
        return known.title if known else list_name

    def titles(self, list_names: Sequence[str]) -> str:
        """Return several lists' titles in a row."""
        return in_a_row([self.title(name) for name in list_names])
