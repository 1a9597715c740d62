"""The desk: what the routes of readers' pages work with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from newsletter.app import App
from newsletter.web.forms import FormGuard
from newsletter.web.limits import SignUpLimits
from newsletter.web.pages import Pages
from newsletter.web.site import Site

Clock = Callable[[], datetime]


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
    #: guard.read(request)` where it arrives; a one-click POST is read by `web.forms.read_form`.
    guard: FormGuard
    #: `allows(client_address(request), now=...)` before a sign-up is taken, else 429 with Retry-After.
    limits: SignUpLimits
    #: To be called after a sign-up: its letter is then written at once.
    wake_letters: Callable[[], None]
    #: Returns the time, UTC.
    clock: Clock
