"""Pages: templates of `templates/web` become answers; the web's one door of Jinja2."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

import jinja2
from starlette.responses import Response

from newsletter.web.site import Site

#: The style sheet of every page, below a template folder.
STYLE = "web/site.css"

#: On pages behind a reader's own link: nobody may keep, list, or be told of their addresses.
_OF_ONE_READER = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
}


class Pages:
    """Renders pages from templates.

    Args:
        folders: Where templates lie; a file is taken from the first folder that has it.
        site: What every page sees as `site`.
    """

    def __init__(self, *, folders: Sequence[Path], site: Site) -> None:
        self._site = site
        self._jinja = jinja2.Environment(
            loader=jinja2.FileSystemLoader(tuple(folders)),
            autoescape=_escapes,  # noqa: S701 - by name: all but plain text, style sheets and scripts
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.style = self._jinja.get_template(STYLE).render().encode("utf-8")
        #: Changes with the style sheet, so that browsers may keep it for ever.
        self.style_version = hashlib.sha256(self.style).hexdigest()[:12]

    def read(self, name: str) -> str:
        """Return a file that is no page, such as a script, by its name below the template folders."""
        return self._jinja.get_template(name).render()

    def respond(
        self,
        template: str,
        *,
        status: int = 200,
        of_one_reader: bool = False,
        headers: Mapping[str, str] | None = None,
        media_type: str = "text/html",
        **values: object,
    ) -> Response:
        """Return a page as an answer.

        Args:
            template: Name below `templates/web`, "edition.html".
            status: HTTP status.
            of_one_reader: Whether its address is one reader's own: then it is not kept, not listed by search
                engines, and not told to the sites that it links to.
            headers: More of them; they win over those of `of_one_reader`.
            media_type: Of what the template makes.
            values: What the template sees, besides `site` and `style_version`.
        """
        content = self._jinja.get_template(f"web/{template}").render(
            site=self._site,
            style_version=self.style_version,
            of_one_reader=of_one_reader,
            **values,
        )
        own = _OF_ONE_READER if of_one_reader else {}
        return Response(
            content, status_code=status, media_type=media_type, headers={**own, **(headers or {})}
        )


def _escapes(name: str | None) -> bool:
    """Tell whether a template escapes: HTML and XML do."""
    return PurePath(name or "").suffix not in (".txt", ".css", ".js")
