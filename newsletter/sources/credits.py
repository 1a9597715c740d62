"""Lines about a document that are not news: who wrote it, where, when, for whom, and its address."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from newsletter.sources.bylines import read_byline, read_names
from newsletter.sources.dates import parse_date
from newsletter.sources.outlets import SourceAliases

#: Longer lines are prose, in characters.
_LONGEST_LINE = 300
_LONGEST_URL = 2_000
_LONGEST_NAME = 120

_MOST_SOURCE_WORDS = 10
_MOST_WORDS_OF_ONE = 3
#: What a name seldom has: a word in small letters that is no particle of names.
_SMALL_WORD = re.compile(
    r"(?<![\w’'.])(?:to|is|are|was|were|will|has|have|had|says?|said|not|no|may|could|would)\b"
)

_SOURCE = re.compile(
    r"[(\[]?(?:Sources?|Publisher|Publication|Outlet|Newspaper|Via|Quelle|Fuente|Fonte|Bron|Källa|Kilde|Lähde"
    r"|Źródło|Zdroj|Forrás|Kaynak|Πηγή|Источник|Джерело"
    r"|المصدر|来源|來源|出典|출처) ?[:：] ?(?P<value>.+?)[)\]]?\.?",
    re.IGNORECASE,
)
_URL_LABEL = re.compile(
    r"(?:(?:(?:Source|Article|Original|Canonical) )?(?:URL|Link)|Web(?:site)?|Permalink|Original"
    r"(?: article)?|Read (?:more|the original)(?: at)?|Full (?:story|article)|Lien|Enlace|Adresse|Ссылка"
    r"|Посилання) ?: ?(?P<value>\S+)",
    re.IGNORECASE,
)
_BARE_URL = re.compile(r"<?(?P<value>(?:https?://|www\.)[^\s<>]+)>?", re.IGNORECASE)
_PUBLISHED = re.compile(
    r"(?:(?:First )?(?:Published|Posted)(?: (?:on|at))?|Date|Datum|Veröffentlicht(?: am)?|Erschienen(?: am)?"
    r"|Publiée?(?: le)?|Publicado(?: (?:el|em))?|Pubblicato(?: il)?|Fecha|Data|Gepubliceerd|Publicerad|Дата)"
    r"\b ?:? ?(?P<value>.+)",
    re.IGNORECASE,
)
_UPDATED = re.compile(
    r"(?:(?:Last )?(?:Updated|Modified)(?: (?:on|at))?|Aktualisiert(?: am)?|Stand|Mis(?:e)? à jour(?: le)?"
    r"|Actualizado(?: el)?|Aggiornato(?: il)?)\b ?:? ?(?P<value>.+)",
    re.IGNORECASE,
)
#: Between "Published 3 May 2026" and "Updated 4 May 2026" in one line.
_SECOND_LABEL = re.compile(
    r"(?<=[\w.)])(?<!first)(?<!last)[ ,;(/–-]{1,4}"
    r"(?=(?:(?:Last )?(?:Updated|Modified|Published|Posted)|Aktualisiert|Mise? à jour|Actualizado)\b)",
    re.IGNORECASE,
)
_DATE_AND_NAMES = re.compile(r"(?P<date>.{6,80}?),? [Bb]y (?P<names>.{3,100})")
_AMBIGUOUS_DATE = re.compile(r"\d{1,2}[/-]\d{1,2}[/-]\d{4}")
_STAFF = re.compile(
    r"[(\[](?:Reporting|Additional reporting|Writing|Editing) by (?P<names>[^;).]+)[^\n]*|Reporting by "
    r"(?P<bare>[^;.]+)(?:[;.] ?(?:Additional reporting|Writing|Editing) by .+)?"
    r"|With reporting by [^.;]{1,80}\.?",
)
_RIGHTS = re.compile(
    r"(?:©|\(c\)|Copyright (?:©|\(c\)|\d{4})).{0,160}|.{0,120}\ball rights reserved\.?", re.IGNORECASE
)
_TIME_PART = re.compile(r"\d{1,2}[:.]\d{2}(?: ?[ap]\.?m\.?)?(?: [A-Z]{1,5})?", re.IGNORECASE)
_LABEL_BREAK = re.compile(r" +[|•·] +")


@dataclass(frozen=True, kw_only=True)
class Credits:
    """What lines said about the document; None where none did."""

    byline: str | None = None
    dateline: str | None = None
    source: str | None = None
    #: The agency in a dateline or behind a byline.
    agency: str | None = None
    url: str | None = None
    published_at: datetime | None = None
    updated_at: datetime | None = None

    def or_else(self, other: "Credits") -> "Credits":
        """Return these credits with what they lack taken from `other`."""
        return Credits(
            **{name: mine if mine is not None else vars(other)[name] for name, mine in vars(self).items()}
        )


def read_credits(line: str, aliases: SourceAliases, *, near_headline: bool) -> Credits | None:
    """Tell whether a whole line is about the document.

    Args:
        line: With single spaces.
        aliases: Names of outlets.
        near_headline: True before the first sentence of news, where a byline may stand.

    Returns:
        What it says, possibly nothing that can be used; None if it is news.
    """
    if _is_prose(line):
        return None
    parts = _parts(line)
    if len(parts) == 1:
        return _read_part(line, aliases, near_headline=near_headline)
    return _join(parts, [_read_part(part, aliases, near_headline=near_headline) for part in parts], aliases)


def _is_prose(line: str) -> bool:
    return len(line) > _LONGEST_LINE and not _BARE_URL.fullmatch(line[: _LONGEST_URL * 2])


def read_credits_above(line: str, aliases: SourceAliases) -> Credits | None:
    """Tell whether a line above all others is about the document; anything in doubt is its headline.

    Args:
        line: With single spaces.
        aliases: Names of outlets.

    Returns:
        What it says if it is a date, an address, or a label before a known outlet; None if not.
    """
    if _is_prose(line):
        return None
    parts = _parts(line)
    found = [_read_certain(part, aliases) for part in parts]
    sections = (part for part, said in zip(parts, found, strict=True) if said is None)
    if any(part.count(" ") > 1 and not aliases.outlet(part) for part in sections):
        return None
    return found[0] if len(parts) == 1 else _join(parts, found, aliases)


def _parts(line: str) -> list[str]:
    """Return the pieces of a line between its strokes, a time in one piece with its day."""
    parts: list[str] = []
    for part in _LABEL_BREAK.split(line):
        if parts and _TIME_PART.fullmatch(part):
            parts[-1] = f"{parts[-1]} {part}"
        else:
            parts.append(part)
    return parts


def _read_certain(line: str, aliases: SourceAliases) -> Credits | None:
    if match := _BARE_URL.fullmatch(line) or _URL_LABEL.fullmatch(line):
        address = match["value"].strip("<>")
        return Credits(url=sane_url(address)) if "." in address or ":" in address else None
    if match := _SOURCE.fullmatch(line):
        said = _source(match["value"], aliases)
        return said if said and (said.url or aliases.outlet(said.source or "")) else None
    return Credits() if line.startswith("©") else _read_date_line(line)


def _join(parts: Sequence[str], found: Sequence[Credits | None], aliases: SourceAliases) -> Credits | None:
    known = [credit for credit in found if credit is not None]
    # One piece beside them may be a section's name ("World | 24 November 2026").
    if not known or len(parts) - len(known) > 1:
        return None
    result = Credits()
    for part, credit in zip(parts, found, strict=True):
        result = result.or_else(credit or Credits(source=aliases.outlet(part)))
    return result


def _read_part(line: str, aliases: SourceAliases, *, near_headline: bool) -> Credits | None:
    if match := _BARE_URL.fullmatch(line) or _URL_LABEL.fullmatch(line):
        return Credits(url=sane_url(match["value"].strip("<>")))
    if match := _SOURCE.fullmatch(line):
        several = line.lower().startswith(("sources", "(sources", "[sources"))
        return (
            _source(match["value"], aliases) if not several or _are_sources(match["value"], aliases) else None
        )
    if dated := _read_date_line(line) or _read_date_and_names(line):
        return dated
    if match := _STAFF.fullmatch(line):
        return Credits(byline=read_names(match["names"] or match["bare"] or ""))
    if _RIGHTS.fullmatch(line):
        return Credits()
    if near_headline or line.startswith("By "):
        written = read_byline(line, aliases)
        return Credits(byline=written.names, agency=written.agency) if written else None
    return None


def _read_date_and_names(line: str) -> Credits | None:
    match = _DATE_AND_NAMES.fullmatch(line)
    dated, names = (_read_date_line(match["date"]), read_names(match["names"])) if match else (None, None)
    return replace(dated, byline=names) if dated and names else None


def _read_date_line(line: str) -> Credits | None:
    second = _SECOND_LABEL.search(line)
    if second:
        first, more = _read_date_line(line[: second.start()]), _read_date_line(line[second.end() :])
        return first.or_else(more) if first and more else None
    if match := _PUBLISHED.fullmatch(line):
        moment = parse_date(match["value"], day_suffices=True)
        return Credits(published_at=moment) if moment or _is_date_like(match["value"]) else None
    if match := _UPDATED.fullmatch(line):
        moment = parse_date(match["value"], day_suffices=True)
        return Credits(updated_at=moment) if moment or _is_date_like(match["value"]) else None
    if moment := parse_date(line):
        return Credits(published_at=moment)
    return Credits() if _AMBIGUOUS_DATE.fullmatch(line) else None


def _is_date_like(value: str) -> bool:
    """Tell whether a value is a date that cannot be read or could mean two days."""
    return bool(re.fullmatch(r"[\d\s./:,-]{6,30}(?: ?[A-Z]{1,4})?", value))


def _source(value: str, aliases: SourceAliases) -> Credits | None:
    url = None
    if match := re.search(r"[(<\[]?(https?://[^\s<>()]+)[)>\]]?", value):
        url = sane_url(match[1])
        value = f"{value[: match.start()]} {value[match.end() :]}"
    name = " ".join(value.split()).strip(" ,;:–—-")
    published_at = None
    if ", " in name:
        first, _, rest = name.partition(", ")
        published_at = parse_date(rest)
        name = first if published_at else name
    if len(name) > _LONGEST_NAME or not (aliases.outlet(name) or _may_be_source(name)):
        return None
    return Credits(source=aliases.display(name) if name else None, url=url, published_at=published_at)


def _may_be_source(name: str) -> bool:
    """Tell a name from a sentence behind a colon ("Sources: Kell to sell its ferry")."""
    return len(name.split()) <= _MOST_SOURCE_WORDS and not _SMALL_WORD.search(name)


def _are_sources(value: str, aliases: SourceAliases) -> bool:
    """Tell several names from a headline ("Sources: Holm Quits As Mayor")."""
    return all(
        aliases.outlet(piece) or piece.count(" ") < _MOST_WORDS_OF_ONE or _BARE_URL.fullmatch(piece)
        for piece in re.split(r"\s*(?:[,;&]|\band\b)\s*", value)
    )


def sane_url(text: str) -> str | None:
    """Return an absolute http(s) address fit to be a link (RFC 3986), or None.

    Refused are other schemes, sign-in parts, hosts without a dot or with private numbers, bad ports, and
    anything over 2,000 characters.
    """
    text = text.rstrip(".,;")
    if len(text) > _LONGEST_URL or re.search(r"[\s\"<>\\^`{|}]", text):
        return None
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in {"http", "https"} or "@" in parts.netloc or port == 0:
        return None
    if not re.fullmatch(r"(?:[\w-]{1,63}\.)+[\w-]{2,63}|\d{1,3}(?:\.\d{1,3}){3}", host):
        return None
    if host[-1].isdigit():
        try:
            return text if ip_address(host).is_global else None
        except ValueError:
            return None
    return text
