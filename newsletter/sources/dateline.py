"""Datelines: the place, and often the day and the agency, before the first sentence of news."""

import re

from newsletter.sources.credits import AGENCY, PARTICLES, Credits
from newsletter.sources.dates import parse_date
from newsletter.sources.outlets import SourceAliases

_DASH = re.compile(r"(?<=[\w).])(?: ?— ?| (?:–|--?) )")
#: A dateline that ends with its agency instead of a dash ("Tunis (CNN)The talks").
_DASHLESS = re.compile(r"[^()]{0,60}?\((?P<agency>[^()]{2,40})\) ?(?=[^\W_]|[\"'“‘„«])")
#: Longest dateline, in characters.
_DATELINE_REACH = 90
_PLACE = re.compile(r"[^\W\d_a-z][^\W\d_]*(?:(?:[ '’/-]|\. ?)[^\W\d_]+)*\.?")
_NO_PLACE = re.compile(
    r"BREAKING|UPDATED?|EXCLUSIVE|ANALYSIS|OPINION|EDITORIAL|LIVE|VIDEO|WATCH|CORRECTION|NOTE|COMMENT"
)
_OPENING = " \"'“”‘’„«»‹¿¡([「『"
_DAY_OF_YEAR = re.compile(r"\d{1,2}\.? [^\W\d_]{3,12}\.?|[^\W\d_]{3,12}\.? \d{1,2}|\d{4}")


def read_dateline(paragraph: str, aliases: SourceAliases) -> tuple[int, Credits] | None:
    """Read the dateline at the start of a paragraph ("KYIV, 24 Feb (AP) — ").

    Returns:
        Where the news begins in the paragraph, and the credits; None if there is no dateline.
    """
    for dash in _DASH.finditer(paragraph[:_DATELINE_REACH]):
        rest = paragraph[dash.end() :]
        said = _dateline(paragraph[: dash.start()], aliases)
        if said is not None:
            return (dash.end(), said) if starts_sentence(rest) else None
    return _read_dashless(paragraph, aliases)


def _read_dashless(paragraph: str, aliases: SourceAliases) -> tuple[int, Credits] | None:
    match = _DASHLESS.match(paragraph)
    if not match or not aliases.outlet(match["agency"]) or not starts_sentence(paragraph[match.end() :]):
        return None
    said = _dateline(match[0].strip(), aliases)
    return (match.end(), said) if said else None


def starts_sentence(text: str) -> bool:
    """Tell whether `text` starts as sentences do: with no small letter, opening quotes set aside."""
    first = text[:40].lstrip(_OPENING)[:1]
    return first.isalnum() and not first.islower()


def _dateline(text: str, aliases: SourceAliases) -> Credits | None:
    agency = None
    if match := AGENCY.search(text):
        agency = aliases.display(match["agency"])
        text = text[: match.start()]
        if not text:
            return Credits(agency=agency) if aliases.outlet(agency) else None
    elif lone_agency := aliases.known(text):
        return Credits(agency=lone_agency)
    place, *others = [part.strip() for part in text.split(",")]
    moment = parse_date(", ".join(others)) or parse_date(", ".join(others[1:]))
    regions = [part for part in others if not _is_day(part)]
    # In small letters "Paris – the city of light" is prose, unless a day or an agency says otherwise.
    certain = moment is not None or len(regions) < len(others) or bool(agency and aliases.outlet(agency))
    if not _is_place(place, shouted=not certain) or len(regions) > 2:
        return None
    if not all(_is_place(region, shouted=False) for region in regions):
        return None
    return Credits(dateline=text.strip(), agency=agency, published_at=moment)


def _is_day(text: str) -> bool:
    return bool(_DAY_OF_YEAR.fullmatch(text)) or parse_date(text) is not None


def _is_place(text: str, *, shouted: bool) -> bool:
    words = text.split(" ")
    if len(words) > 5 or not _PLACE.fullmatch(text) or _NO_PLACE.fullmatch(text):
        return False
    if shouted:
        return len(text) > 2 and text.isupper()
    return all(word[:1].isupper() or word in PARTICLES for word in words)


def read_dateline_alone(line: str, aliases: SourceAliases) -> Credits | None:
    """Read a line that is nothing but a dateline: a place with its day or its agency."""
    if len(line) > _DATELINE_REACH or not line.partition(",")[0].partition("(")[0].isupper():
        return None
    said = _dateline(line.strip(" –—-"), aliases)
    return said if said and said.dateline and (said.agency or any(char.isdigit() for char in line)) else None
