"""Who wrote a document: the line with the names, told from a sentence or headline that starts like one."""

import re
from dataclasses import dataclass

from newsletter.sources.outlets import SourceAliases

_LONGEST = 120
_BY = re.compile(r"(?:By|BY|by|Von|VON|Par|PAR|Por|POR|Di|Door|Av|Autor|Author|Text)(?: ?: ?| )(?P<names>.+)")
_ROLE_NOUN = (
    r"(?:writers?|reporters?|correspondents?|editors?|bureau chief|contributors?|columnists?"
    r"|redakteur(?:in)?|korrespondent(?:in)?|correspondante?|envoyée?s? spécia(?:le?s?|ux))"
)
_ROLE = re.compile(rf"\b(?:staff|bureau|chief|analyst|special to|{_ROLE_NOUN})\b", re.IGNORECASE)
#: The whole of what follows a name that no "By" announces.
_WHOLE_ROLE = re.compile(
    r"(?:(?:[A-Z][\w-]*|staff|senior|chief|deputy|managing|political|foreign|business|sports|science|special"
    rf"|contributing) ){{0,3}}(?i:{_ROLE_NOUN})(?: (?:of|for|at|in|à) (?P<place>.+))?"
)
_MOST_ROLE_WORDS = 6
#: With "By" before the name there is room for "special correspondent for ... in ...".
_MOST_WORDS_AFTER_BY = 10
_NAME_PARTS = re.compile(r"\s*(?:,|;|&| and | und | et | y | e | en | och )\s*", re.IGNORECASE)
_NAME_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['’.-](?!$))*\.?")
#: Small words within names of people and places.
PARTICLES = frozenset(
    "de da do dos das del della der den di du la le van von v. d. zu zur bin al el ibn ter ten y e".split(" ")  # noqa: SIM905 - one line reads better
)
#: Words that "By" is followed by in headlines without naming anybody.
_NO_NAME = re.compile(
    r"(?:mon|tues|wednes|thurs|fri|satur|sun|to|yester)day|tomorrow|noon|midnight|law|then|now|montag|dienstag"
    r"|mittwoch|donnerstag|freitag|january|february|march|april|june|july|august|(?:sept|nov|dec)ember|october"
    r"|popular|demand|christmas|easter|night|day|train|land|sea|air",
    re.IGNORECASE,
)
#: "in Port Aldis", "for Northline Wire" behind the names.
_PLACE_OR_CLIENT = re.compile(r" (?:in|for|für|pour|para) [A-Z].*$")
#: An agency in brackets at the end.
AGENCY = re.compile(r" ?\((?P<agency>[^()]{2,40})\)$")
_DESK = re.compile(r"(?P<outlet>.{2,60}?)['’]s? (?:[\w-]+ ){0,3}(?:Service|Desk|Bureau|Newsroom|Staff)")
_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’»)\]]*$")


@dataclass(frozen=True, kw_only=True)
class Byline:
    """Who wrote it; nobody by name where only an office is printed ("By Staff Writer")."""

    names: str | None = None
    #: The outlet that the authors work for.
    agency: str | None = None


def read_byline(line: str, aliases: SourceAliases) -> Byline | None:
    """Read a line that names the authors; None if it is anything else."""
    if len(line) > _LONGEST:
        return None
    by = _BY.fullmatch(line)
    return _after_by(by["names"], aliases) if by else _unannounced(line, aliases)


def _after_by(text: str, aliases: SourceAliases) -> Byline | None:
    if (desk := _DESK.fullmatch(text)) and (outlet := aliases.outlet(desk["outlet"])):
        return Byline(agency=outlet)
    text = _PLACE_OR_CLIENT.sub("", text)
    if match := AGENCY.search(text):
        text = f"{text[: match.start()]}, {match['agency']}"
    first, comma, rest = text.partition(",")
    if not comma and (agency := aliases.outlet(first)):
        return Byline(agency=agency)
    employer = aliases.outlet(rest) if comma else None
    if employer or (_ROLE.search(rest) and _is_short(rest, words=_MOST_WORDS_AFTER_BY)):
        text = first
    elif _ROLE.search(rest):
        return None
    if _WHOLE_ROLE.fullmatch(text):
        return Byline(agency=employer)
    names = read_names(text)
    return Byline(names=names, agency=employer) if names else None


def _unannounced(line: str, aliases: SourceAliases) -> Byline | None:
    first, comma, rest = (part.strip() for part in line.partition(","))
    if not comma or not _is_short(rest, words=_MOST_ROLE_WORDS):
        return None
    outlet = aliases.known(first)
    if outlet and _is_name(rest) and " " not in rest:
        return Byline(agency=outlet)
    employer = aliases.outlet(rest)
    role = _WHOLE_ROLE.fullmatch(rest)
    if not employer and role:
        place = role["place"] or ""
        employer = aliases.outlet(place.removeprefix("the "))
        if place and not employer and not _is_name(place):
            return None
    names = read_names(first) if employer or role else None
    return Byline(names=names, agency=employer) if names and " " in names else None


def _is_short(text: str, *, words: int) -> bool:
    return len(text.split()) <= words and not _SENTENCE_END.search(text)


def read_names(text: str) -> str | None:
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
