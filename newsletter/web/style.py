"""The one style sheet, which browsers may keep for as long as its address stays."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from newsletter.web.pages import Pages


def routes(pages: Pages) -> list[Route]:
    """Return the route of the style sheet."""

    async def style(request: Request) -> Response:
        """Give the style sheet; under the address that its version is part of, to be kept for ever."""
        is_current = request.query_params.get("v") == pages.style_version
        kept = "public, max-age=31536000, immutable" if is_current else "public, max-age=300"
        return Response(pages.style, media_type="text/css", headers={"Cache-Control": kept})

    return [Route("/site.css", style, methods=["GET"])]
