"""The best of a mail's parts: what a reader would see of it, as plain text."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from newsletter.sources.formats.html import text_of_html
from newsletter.sources.formats.mime import Part

#: A plain part may be this much poorer than the page beside it, in words, before the page is taken.
_POOREST_SHARE = 0.5
_FEW_WORDS = 60
_STUB = re.compile(
    r"\b(?:view|read|see|open|display|click|visit|download)\b.{0,80}\b(?:brow[sz]er|online|web ?page|HTML"
    r"|here)\b"
    r"|\b(?:does|do|can|could) ?(?:not|n['’]t) (?:support|display|show|view|read|see)\b.{0,60}\b(?:HTML"
    r"|e?-?mail|message)"
    r"|\bHTML (?:e-?mail|version|format|message)\b|\bim Browser\b|\bdans (?:votre|un) navigateur\b"
    r"|\ben (?:su|tu|el) navegador\b",
    re.IGNORECASE | re.DOTALL,
)
_LINK = re.compile(r"https?://\S{1,2000}")
_SIGNED = re.compile(
    r"-----BEGIN PGP SIGNED MESSAGE-----\n(?:Hash: [^\n]*\n)*\n(?P<text>.*?)"
    r"(?:\n-----BEGIN PGP SIGNATURE-----.*|\Z)",
    re.DOTALL,
)
_DASH_ESCAPE = re.compile(r"^- ", re.MULTILINE)
#: Most parts looked at in one mail.
_MOST_PARTS = 1_000


@dataclass(frozen=True, kw_only=True)
class Body:
    """What is to be read of a mail."""

    text: str
    #: Pages among its parts, as they were sent.
    pages: tuple[str, ...]
    #: Mails attached to it.
    attached: tuple[Part, ...]


def read_body(mail: Part, parts: Sequence[Part]) -> Body:
    """Choose among a mail's parts.

    Of alternatives the plain text is read, unless it is a stub or much poorer than the page beside it; parts
    that follow one another are read in order. Attachments are left out.

    Args:
        mail: The whole of it.
        parts: All of its parts, see `all_parts`.
    """
    text = _words(mail)
    signed = _SIGNED.search(text)
    if signed:
        # RFC 9580 section 7.1: lines that begin with a hyphen were given another one and a blank.
        text = text[: signed.start()] + _DASH_ESCAPE.sub("", signed["text"])
    return Body(
        text=text,
        pages=tuple(part.text() for part in parts if _is_page(part)),
        attached=tuple(
            inner
            for part in parts
            if part.kind in {"message/rfc822", "message/global"}
            for inner in part.parts()
        ),
    )


def all_parts(mail: Part) -> Iterator[Part]:
    """Yield a mail and every part within it, those of attached mails left out; outer ones come first."""
    waiting, count = [mail], 0
    while waiting and count < _MOST_PARTS:
        part = waiting.pop()
        count += 1
        yield part
        if part.kind.startswith("multipart/") or part.is_smime:
            waiting += reversed(list(part.parts()))


def _is_page(part: Part) -> bool:
    return part.kind == "text/html" and not part.is_attachment


def _words(part: Part) -> str:
    """Return what is to be read of a part, parts within it included."""
    if part.is_smime:
        return "".join(map(_words, part.parts()))
    if part.is_attachment:
        return ""
    if _is_page(part):
        return text_of_html(part.text())
    if part.kind == "text/plain":
        return _unflowed(part)
    if not part.kind.startswith("multipart/"):
        return ""
    inner = list(part.parts())
    if not inner and part.body.strip():
        # It says that it has parts, and has none: whatever it is was written to be read.
        return Part(fields={}, body=part.body).text()
    if part.kind == "multipart/alternative":
        return _best(inner)
    if part.kind in {"multipart/related", "multipart/signed"}:
        inner = [child for child in inner if _words_may_be_in(child)][:1]
    return "\n\n".join(filter(None, (_words(child).strip() for child in inner)))


def _words_may_be_in(part: Part) -> bool:
    return part.is_smime or (part.kind.startswith(("text/", "multipart/")) and not part.is_attachment)


def _best(alternatives: list[Part]) -> str:
    plain = next((_words(part) for part in alternatives if part.kind == "text/plain"), "")
    others = (_words(part) for part in reversed(alternatives) if part.kind != "text/plain")
    rich = next(filter(None, others), "")
    if not plain.strip() or not rich.strip():
        return plain if plain.strip() else rich
    count, rich_count = (len(_LINK.sub(" ", text).split()) for text in (plain, rich))
    is_stub = count < _FEW_WORDS and rich_count > count and _STUB.search(plain)
    return rich if is_stub or count < _POOREST_SHARE * rich_count else plain


def _unflowed(part: Part) -> str:
    """Return plain text; lines that flow (RFC 3676) are joined."""
    text = part.text()
    if part.parameter("format").lower() != "flowed":
        return text
    glue = "" if part.parameter("delsp").lower() == "yes" else " "
    paragraphs: list[str] = []
    flows = False
    for line in text.split("\n"):
        stuffed = line.removeprefix(" ")
        if flows and not line.startswith(">"):
            paragraphs[-1] += stuffed
        else:
            paragraphs.append(stuffed)
        flows = line.endswith(" ") and line != "-- " and not line.startswith(">")
        if flows:
            paragraphs[-1] = paragraphs[-1][:-1] + glue
    return "\n".join(paragraphs)
