"""Datelines: the place, and often the day and the agency, before the first sentence of news."""

import re

from newsletter.sources.bylines import AGENCY, PARTICLES
from newsletter.sources.credits import Credits
from newsletter.sources.dates import parse_date
from newsletter.sources.outlets import SourceAliases

_DASH = re.compile(r"(?<=[\w).])(?: ?— ?| (?:–|--?) )|(?<=\)) ?\.[–-] ?")
#: "NEW DELHI: Schools": only where the place is in capitals.
_COLON = re.compile(r"(?P<place>[^:\n]{4,40}): (?=\S)")
_MOST_WORDS_BEFORE_COLON = 4
#: Words in capitals before a colon that name no place.
_NO_PLACE_BEFORE_COLON = re.compile(
    r"\b(?:QUESTION|ANSWER|ALERT|WARNING|ADVISORY|FACTBOX|INTERVIEW|PROFILE|REVIEW|QUOTE|NATO|OPEC|UNESCO|UNICEF"
    r"|COVID|FIFA|UEFA|NASA|POLLS?|RESULTS?|SCORES?|WEATHER|SPORTS?|MARKETS?|STOCKS|UPDATES?|EXPLAINER|TIMELINE"
    r"|NEWS|TOLL|DEATHS?|EXIT|LIVE|KEY|FACTS?|WHAT|WHO|WHY|HOW|TOP|BREAKING|EXCLUSIVE|VIDEO|WATCH|LATEST|NOTE"
    r"|OPINION|EDITORIAL|ANALYSIS|COMMENT|CORRECTION|FULL|FINAL|TODAY|TOMORROW|MORE|SUMMARY|WINNERS?|THE)\b"
)
#: "新华社北京5月4日电（记者王明）".
_CHINESE = re.compile(
    r"(?P<agency>[^\W\d_]{2,4}?社|中新网|人民网)(?P<dateline>[^\W\d_]{0,10}(?:\d{4}年)?\d{1,2}月\d{1,2}日)"
    r"(?:电|電|讯|訊|消息)[:： ]?(?:[（(](?:记者|記者)? ?(?P<names>[^（）()]{1,40})[)）])?[ :：]?"
)
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


def read_dateline(
    paragraph: str, aliases: SourceAliases, *, following: str = ""
) -> tuple[int, Credits] | None:
    """Read the dateline at the start of a paragraph ("KYIV, 24 Feb (AP) — ").

    Args:
        paragraph: With single spaces.
        aliases: Names of outlets.
        following: The paragraph after it; where both start "NAME: " it is somebody's turn to speak.

    Returns:
        Where the news begins in the paragraph, and the credits; None if there is no dateline.
    """
    for dash in _DASH.finditer(paragraph[:_DATELINE_REACH]):
        rest = paragraph[dash.end() :]
        said = _dateline(paragraph[: dash.start()], aliases)
        if said is not None:
            return (dash.end(), said) if starts_sentence(rest) else None
    return (
        _read_dashless(paragraph, aliases)
        or _read_chinese(paragraph, aliases)
        or _read_colon(paragraph, aliases, following)
    )


def _read_chinese(paragraph: str, aliases: SourceAliases) -> tuple[int, Credits] | None:
    match = _CHINESE.match(paragraph)
    if not match or not starts_sentence(paragraph[match.end() :]):
        return None
    said = Credits(dateline=match["dateline"], agency=aliases.display(match["agency"]), byline=match["names"])
    return match.end(), said


def _read_colon(paragraph: str, aliases: SourceAliases, following: str) -> tuple[int, Credits] | None:
    match = _COLON.match(paragraph)
    if not match or not starts_sentence(paragraph[match.end() :]):
        return None
    if len(match["place"].split()) > _MOST_WORDS_BEFORE_COLON or _is_shouted(_COLON.match(following)):
        return None
    if _NO_PLACE_BEFORE_COLON.search(match["place"]):
        return None
    said = _dateline(match["place"], aliases) if match["place"].isupper() else None
    return (match.end(), said) if said and said.dateline else None


def _is_shouted(match: re.Match[str] | None) -> bool:
    return match is not None and match["place"].isupper()


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
        agency = _agency(match["agency"], aliases)
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


def _agency(text: str, aliases: SourceAliases) -> str:
    """Return an agency's name for readers, its regional service ("dpa/lnw") left out."""
    first, slash, _ = text.partition("/")
    return aliases.known(text) or (aliases.known(first) if slash else None) or text.strip()


def _is_day(text: str) -> bool:
    return bool(_DAY_OF_YEAR.fullmatch(text)) or parse_date(text) is not None


def _is_place(text: str, *, shouted: bool) -> bool:
    words = text.split(" ")
    if len(words) > 5 or not _PLACE.fullmatch(text) or _NO_PLACE.fullmatch(text):
        return False
    if shouted:
        return len(text) > 2 and text.isupper()
    return all(not word[:1].islower() or word in PARTICLES for word in words)


def read_dateline_alone(line: str, aliases: SourceAliases) -> Credits | None:
    """Read a line that is nothing but a dateline: a place with its day or its agency."""
    if len(line) > _DATELINE_REACH or not line.partition(",")[0].partition("(")[0].isupper():
        return None
    said = _dateline(line.strip(" –—-"), aliases)
    return said if said and said.dateline and (said.agency or any(char.isdigit() for char in line)) else None
