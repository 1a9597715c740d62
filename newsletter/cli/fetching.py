"""Asking sources while somebody looks on; imported only when it is done."""

import asyncio

from newsletter.app import App
from newsletter.cli.common import utc_now
from newsletter.cli.progress import progress
from newsletter.model.sources import FetchReport


def fetch_with_progress(app: App, urls: tuple[str, ...] | None = None) -> FetchReport:
    """Ask the sources that are due, or some of them, or all (`()`); a terminal shows how many have answered.

    Raises:
        SourceError: One of `urls` is no source.
    """
    with progress("sources asked") as on_source:
        fetching = app.sources.fetch(clock=utc_now, urls=urls, on_report=lambda _: on_source())
        return asyncio.run(fetching)
