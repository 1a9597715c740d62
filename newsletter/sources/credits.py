"""Lines about a document that are not news: who wrote it, where, when, for whom, and its address."""

import re
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from newsletter.sources.dates import parse_date
from newsletter.sources.outlets import SourceAliases

#: Longer lines are prose, in characters.
_LONGEST_LINE = 300
_LONGEST_URL = 2_000
_LONGEST_NAME = 120

_SOURCE = re.compile(
    r"[(\[]?(?:Sources?|Publisher|Publication|Outlet|Newspaper|Via|Quelle|Fuente|Fonte|Bron|Källa|Kilde|Lähde"
    r"|Źródło|Zdroj|Forrás|Kaynak|Πηγή|Источник|Джерело) ?: ?(?P<value>.+?)[)\]]?\.?",
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
_AMBIGUOUS_DATE = re.compile(r"\d{1,2}[/-]\d{1,2}[/-]\d{4}")
_BY = re.compile(r"(?:By|BY|by|Von|VON|Par|PAR|Por|POR|Di|Door|Av|Autor|Author|Text)(?: ?: ?| )(?P<names>.+)")
_STAFF = re.compile(
    r"[(\[](?:Reporting|Additional reporting|Writing|Editing) by (?P<names>[^;).]+)[^\n]*|Reporting by "
    r"(?P<bare>[^;.]+)(?:[;.] ?(?:Additional reporting|Writing|Editing) by .+)?",
)
_RIGHTS = re.compile(
    r"(?:©|\(c\)|Copyright (?:©|\(c\)|\d{4})).{0,160}|.{0,120}\ball rights reserved\.?", re.IGNORECASE
)
_ROLE = re.compile(
    r"\b(?:staff|writers?|reporters?|correspondents?|editors?|bureau|chief|contributors?|columnist|analyst"
    r"|redakteur(?:in)?|korrespondent(?:in)?|correspondante?|envoyée? spéciale?|special to)\b",
    re.IGNORECASE,
)
_NAME_PARTS = re.compile(r"\s*(?:,|;|&| and | und | et | y | e | en | och )\s*", re.IGNORECASE)
_NAME_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['’.-](?!$))*\.?")
#: Small words within names of people and places.
PARTICLES = frozenset(
    "de da do dos das del della der den di du la le van von zu zur bin al el ibn ter ten y e".split(" ")  # noqa: SIM905 - one line reads better
)
#: Words that "By" is followed by in headlines without naming anybody.
_NO_NAME = re.compile(
    r"(?:mon|tues|wednes|thurs|fri|satur|sun|to|yester)day|tomorrow|noon|midnight|law|then|now|montag|dienstag"
    r"|mittwoch|donnerstag|freitag|january|february|march|april|june|july|august|(?:sept|nov|dec)ember|october",
    re.IGNORECASE,
)
#: "in Port Aldis", "for Northline Wire" behind the names.
_PLACE_OR_CLIENT = re.compile(r" (?:in|for|für|pour|para) [A-Z].*$")
#: An agency in brackets at the end.
AGENCY = re.compile(r" ?\((?P<agency>[^()]{2,40})\)$")
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
    if len(line) > _LONGEST_LINE and not _BARE_URL.fullmatch(line[: _LONGEST_URL * 2]):
        return None
    parts = _LABEL_BREAK.split(line)
    if len(parts) == 1:
        return _read_part(line, aliases, near_headline=near_headline)
    found = [_read_part(part, aliases, near_headline=near_headline) for part in parts]
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
        return _source(match["value"], aliases)
    if match := _PUBLISHED.fullmatch(line):
        moment = parse_date(match["value"], day_suffices=True)
        return Credits(published_at=moment) if moment or _is_date_like(match["value"]) else None
    if match := _UPDATED.fullmatch(line):
        moment = parse_date(match["value"], day_suffices=True)
        return Credits(updated_at=moment) if moment or _is_date_like(match["value"]) else None
    if moment := parse_date(line):
        return Credits(published_at=moment)
    if _AMBIGUOUS_DATE.fullmatch(line):
        return Credits()
    if match := _STAFF.fullmatch(line):
        return Credits(byline=_names(match["names"] or match["bare"]))
    if _RIGHTS.fullmatch(line):
        return Credits()
    if near_headline or line.startswith("By "):
        return _byline(line, aliases)
    return None


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
    if len(name) > _LONGEST_NAME:
        return None
    return Credits(source=aliases.display(name) if name else None, url=url, published_at=published_at)


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


def _byline(line: str, aliases: SourceAliases) -> Credits | None:
    if len(line) > _LONGEST_NAME:
        return None
    by = _BY.fullmatch(line)
    names_and_more = _PLACE_OR_CLIENT.sub("", by["names"] if by else line)
    in_brackets = AGENCY.search(names_and_more) if by else None
    if in_brackets:
        names_and_more = f"{names_and_more[: in_brackets.start()]}, {in_brackets['agency']}"
    first, comma, rest = names_and_more.partition(",")
    agency = aliases.outlet(first) if by and not comma else None
    if agency:
        return Credits(agency=agency)
    employer = aliases.outlet(rest) if comma else None
    if employer or (comma and _ROLE.search(rest)):
        names = _names(first)
        return Credits(byline=names, agency=employer) if names and (by or " " in names) else None
    names = _names(names_and_more) if by else None
    return Credits(byline=names) if names else None


def _names(text: str) -> str | None:
    """Return people's names as printed, or None if the words are not names."""
    text = " ".join(text.split()).strip(" ,")
    parts = _NAME_PARTS.split(text)
    if not text or not all(_is_name(part) for part in parts):
        return None
    return text


def _is_name(text: str) -> bool:
    words = text.split(" ")
    if len(words) > 5 or words[0] in PARTICLES or not all(_NAME_WORD.fullmatch(word) for word in words):
        return False
    if any(_NO_NAME.fullmatch(word) for word in words):
        return False
    return all(word in PARTICLES or not word[0].islower() for word in words)
