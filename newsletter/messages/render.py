"""Render: an edition becomes subject, HTML and text, once for everybody, then each reader's copy.

Letters to one reader are rendered the same way.
"""

import html
import re
import secrets
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from types import CodeType
from typing import Any

import css_inline
import jinja2
from jinja2.bccache import Bucket

from newsletter.errors import NewsletterError, TemplateError
from newsletter.messages.addresses import web_link
from newsletter.messages.layout import lay_out
from newsletter.messages.letterpage import LetterPage
from newsletter.messages.marks import Marks, reader_values, split_at_marks
from newsletter.messages.text import clean, longest, nowidow, wrap
from newsletter.model.editions import Edition, MailingList
from newsletter.model.messages import ListHeaders, Reader, Rendering

#: The three templates of a mail, below its folder; that of an edition, below a template folder.
_SUBJECT, _TEXT, _HTML = "subject.txt", "body.txt", "body.html"
_EDITION = "email/edition"

#: Keeps a style block in the head while what it holds is not inlined.
_KEPT_STYLE = re.compile(r"<style data-css-inline=\"keep\">")


class _Compiled(jinja2.BytecodeCache):
    """Templates as compiled before in this process, as long as their text stays the same."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Put into the bucket what is known for its text."""
        checksum, code = self._known.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled, in the place of what the template was before."""
        assert bucket.code is not None  # noqa: S101 - Jinja2 has just compiled it
        self._known[bucket.key] = bucket.checksum, bucket.code


#: For the environments of this room alone: how they differ is no part of a bucket's key.
_COMPILED = _Compiled()


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """What three templates make of a page."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Bodies:
    """The two parts of one reader's copy."""

    html: str
    text: str


class Renderer:
    """Renders editions and letters from templates; the only door of Jinja2 in this room.

    Args:
        folders: Where templates lie; a file is taken from the first folder that has it, so that an operator
            may replace one file and keep the others.
    """

    def __init__(self, *, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)
        # Escaping is switched on by name below, for every template that is not plain text.
        self._jinja = jinja2.Environment(
            loader=jinja2.FileSystemLoader(self._folders),
            autoescape=_escapes,  # noqa: S701 - by name: all but plain text
            undefined=jinja2.StrictUndefined,
            finalize=_never_none,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            bytecode_cache=_COMPILED,
        )
        self._jinja.filters.update(wrap=wrap, longest=longest, nowidow=nowidow, href=web_link)
        self._inliner = css_inline.CSSInliner(minify_css=True, load_remote_stylesheets=False)

    def render_edition(
        self,
        edition: Edition,
        mailing_list: MailingList,
        *,
        view_url: str | None,
        has_preferences: bool,
        unsubscribe_address: str,
        token: str | None = None,
    ) -> Rendering:
        """Render an edition for everybody; `personalise` and `build_message` make readers' copies of it.

        Args:
            edition: What to tell.
            mailing_list: The list that it belongs to.
            view_url: The edition as a web page; None where no web pages are served.
            has_preferences: Whether every reader will have a page for their choices.
            unsubscribe_address: Takes unsubscribe requests by mail.
            token: Hexadecimal digits that no document can know; random when None.

        Raises:
            TemplateError: A template is missing or broken; carries its file and line.
            MessageRefusedError: A link is not a web link, or an address no mail address.
        """
        token = token or secrets.token_hex(8)
        marks = Marks.made_of(token, has_preferences=has_preferences)
        page = vars(lay_out(edition, mailing_list, view_url=view_url, marks=marks))
        rendered = self._mail(_EDITION, page)
        return Rendering(
            subject=rendered.subject,
            preheader=clean(edition.preheader),
            html=rendered.html,
            text=rendered.text,
            token=token,
            headers=_list_headers(edition, mailing_list, unsubscribe_address),
        )

    def render_letter(self, page: LetterPage) -> Rendered:
        """Render a letter to one reader.

        Raises:
            TemplateError: A template is missing or broken; carries its file and line.
            MessageRefusedError: A link is not a web link.
        """
        return self._mail(f"email/{page.kind}", vars(page))

    def _mail(self, folder: str, page: dict[str, Any]) -> Rendered:
        return Rendered(
            subject=clean(self._render(f"{folder}/{_SUBJECT}", page)),
            html=self._html(f"{folder}/{_HTML}", page),
            text=_tidy(self._render(f"{folder}/{_TEXT}", page)),
        )

    def _html(self, name: str, page: dict[str, Any]) -> str:
        """Render the HTML part and move its CSS into it, because Gmail's apps may drop style sheets."""
        source = self._render(name, page)
        try:
            inlined = self._inliner.inline(source)
        except (ValueError, css_inline.InlineError) as error:
            raise TemplateError(f"its CSS cannot be inlined: {error}", path=self._file_of(name)) from error
        return re.sub(r"\n\s*\n+", "\n", _KEPT_STYLE.sub("<style>", inlined))

    def _render(self, name: str, page: dict[str, Any]) -> str:
        try:
            return self._jinja.get_template(name).render(page)
        except NewsletterError:
            raise
        # A template may raise anything that an expression in it can raise.
        except Exception as error:
            path, line = self._place(error, name)
            raise TemplateError(_reason(error), path=path, line=line) from error

    def _place(self, error: Exception, name: str) -> tuple[Path | str, int | None]:
        """Return the file and line of a template that an error comes from; Jinja2 puts them in its trace."""
        if isinstance(error, jinja2.TemplateSyntaxError):
            return Path(error.filename) if error.filename else error.name or name, error.lineno
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            file = Path(frame.filename)
            if file.suffix != ".py" and any(file.is_relative_to(folder) for folder in self._folders):
                return file, frame.lineno
        return self._file_of(name), None

    def _file_of(self, name: str) -> Path | str:
        files = (folder / name for folder in self._folders)
        return next((file for file in files if file.is_file()), name)


def personalise(rendering: Rendering, reader: Reader) -> Bodies:
    """Return the two parts with a reader's values in place of the marks.

    Args:
        rendering: The edition, rendered for everybody.
        reader: Whose copy it is.

    Raises:
        MessageRefusedError: A link of the reader cannot be pressed.
    """
    values = reader_values(rendering, reader)
    escaped = {name: html.escape(value) for name, value in values.items()}
    html_pieces = split_at_marks(rendering.html, rendering.token)
    html_pieces[1::2] = [escaped[name] for name in html_pieces[1::2]]
    text_pieces = split_at_marks(rendering.text, rendering.token)
    text_pieces[1::2] = [values[name] for name in text_pieces[1::2]]
    return Bodies(html="".join(html_pieces), text="".join(text_pieces))


def _list_headers(edition: Edition, mailing_list: MailingList, unsubscribe_address: str) -> ListHeaders:
    return ListHeaders(
        list_name=mailing_list.audience_name,
        list_title=clean(mailing_list.title),
        sender_address=mailing_list.sender_address,
        sender_name=clean(mailing_list.sender_name) or clean(mailing_list.title),
        reply_to=mailing_list.contact_address,
        unsubscribe_address=unsubscribe_address,
        date=edition.created_at,
        time_zone=mailing_list.time_zone,
    )


def _escapes(name: str | None) -> bool:
    """Tell whether a template escapes: all do but plain text, whatever their last suffix ("body.html.j2")."""
    suffixes = PurePath(name or "").suffixes
    return ".html" in suffixes or ".txt" not in suffixes


def _never_none(value: object) -> object:
    """Let no mail say "None": what may be missing is asked for with `{% if %}`."""
    if value is None:
        raise jinja2.UndefinedError("a value that is missing here is printed; ask for it with {% if %} first")
    return value


def _reason(error: Exception) -> str:
    """Return one line that says what is wrong."""
    if isinstance(error, jinja2.TemplatesNotFound):
        return f"no template folder has {error.message}"
    if isinstance(error, jinja2.TemplateNotFound):
        return f"no template folder has the file {error.name!r}"
    text = " ".join((getattr(error, "message", None) or str(error)).split())
    return text if isinstance(error, jinja2.TemplateError) else f"{type(error).__name__}: {text}"


def _tidy(text: str) -> str:
    """Return the text part with no more than one empty line in a row, and none at its ends."""
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip() + "\n"
