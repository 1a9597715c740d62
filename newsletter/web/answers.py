"""Answers to what went wrong: a page for a visitor, JSON for a machine; never an error's own inside."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import JSONResponse, Response

from newsletter.web.pages import Pages
from newsletter.web.site import Site

#: What machines ask, below the base path and at the root: first parts of paths.
MACHINE_PATHS = ("hooks", "healthz", "readyz", "metrics")

_TITLES = {
    403: "That was not accepted",
    404: "There is no such page",
    405: "That cannot be done here",
    408: "That took too long",
    413: "That is too much",
    421: "This is not the right address",
    429: "Too many at once",
    500: "Something went wrong here",
    503: "This does not work just now",
}

#: What a visitor is told where whoever raised the error says nothing more.
_WORDS = {
    404: "The address may be mistyped, or the page is gone.",
    405: "Go back, and use the links and buttons of the page.",
    429: "Wait a while, and try again.",
    500: "It is not your fault. Try again later.",
    503: "Try again in a minute.",
}


def is_for_machines(path: str, *, base: str) -> bool:
    """Tell whether a path, with or without the base path, is one that machines ask."""
    inner = path[len(base) :] if base and path.startswith(f"{base}/") else path
    return inner.split("/", 2)[1:2] in ([first] for first in MACHINE_PATHS)


class Answers:
    """Makes the answers.

    Args:
        site: Whose.
        pages: Renders pages; None where none are served.
    """

    def __init__(self, *, site: Site, pages: Pages | None) -> None:
        self._site = site
        self._pages = pages

    def to(
        self, path: str, *, status: int, words: str = "", headers: Mapping[str, str] | None = None
    ) -> Response:
        """Return the answer to a request that failed.

        Args:
            path: What was asked for.
            status: HTTP status, 400 or above.
            words: What the visitor is told besides; empty: what fits the status.
            headers: More of them.
        """
        words = words if words != HTTPStatus(status).phrase else ""
        if self._pages is None or is_for_machines(path, base=self._site.base):
            error = "unexpected error" if status == 500 else words or HTTPStatus(status).phrase
            return JSONResponse({"error": error}, status_code=status, headers=dict(headers or {}))
        front = f"{self._site.base}/operator"
        # Where there is no such page, there may be no operator's pages at all.
        is_operators = status != 404 and path.startswith(f"{front}/")
        return self._pages.respond(
            "message.html",
            status=status,
            # Its address may be a reader's own, mistyped.
            of_one_reader=True,
            headers=headers,
            title=_TITLES.get(status, "That did not work"),
            paragraphs=[words or _WORDS.get(status, "")],
            link={"url": front, "words": "To the overview"}
            if is_operators
            else {"url": f"{self._site.base}/", "words": "To the front page"},
        )
