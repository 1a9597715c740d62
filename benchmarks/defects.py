"""Defects of summaries that a reader notices, found without the product's own checks.

The product passes over sentences that its rules call faulty. Counted by the same rules, it would be measured
by itself; so these are written apart, on the finished summary and the sentences that it was chosen from.
"""

import re
from collections.abc import Sequence
from itertools import combinations

FEWEST_WORDS = 5
MOST_WORDS = 45
#: Two sentences are near-duplicates that share more than this of the shorter one's words.
SHARED = 0.6


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


_OPENING = r"[\W_]*"
_PRONOUN = re.compile(
    _OPENING + r"(?:he|she|it|they|him|her|them|his|hers|its|their|theirs|this|that|these|those|such|both)"
    r"(?:['’](?:s|d|ll|re|ve))?(?![\w'’])",
    re.IGNORECASE,
)
_CONNECTIVE = re.compile(
    _OPENING + r"(?:but|and|or|so|yet|however|also|meanwhile|still|then|instead|nevertheless|nonetheless"
    r"|moreover|furthermore|besides|therefore|thus|otherwise|another|other|others|in addition|for example"
    r"|for instance|as a result|on the other hand|the (?:latter|former))(?![\w'’])",
    re.IGNORECASE,
)
#: Somebody speaks whom the sentence does not name.
_PRONOUN_SPEAKS = re.compile(r"[\"“][^\"“”]+[\"”],?\s+(?:he|she|they)\b", re.IGNORECASE)
_PAGE = re.compile(
    r"\bclick (?:here|on|below)|\bscroll (?:down|through)|\bread more\b|\bsign up (?:for|to)\b|\bsubscribe\b"
    r"|\bfollow (?:us|@)|\bshare this\b|\bpublished:|\bupdated:|\blast updated\b|https?:|www\."
    r"|\bcopyright\W{0,3}(?:\d|©)|all rights reserved|\bcontributed to this\b"
    r"|\bmedia playback\b|\bimage (?:copyright|caption)\b"
    r"|^\W*by\W*$|^\W*by [A-Z][a-z]+ [A-Z][a-z]+\W*$|\bgetty\b|\bfile (?:photo|picture|image)|\(CNN\)"
    r"|\bwatch (?:the )?video\b|\bvideo:|\bphotos?:|\bnewsletter\b.{0,30}\bsign",
    re.IGNORECASE,
)
_CAPTION = re.compile(
    r"\(?\bpictured\b(?! (?:himself|herself|themselves|as)\b)"
    r"|\((?:left|right|above|below|centre|center|top|bottom|l|r)[,) ]"
    r"|^\W*(?:above|below|left|right|top|bottom|photo|image|picture|caption)\s?[:,|]",
    re.IGNORECASE,
)
_STOPPED = re.compile(r"[.!?…][\"'”’)\]]*$")
_ASKED = re.compile(r"\?[\"'”’)\]]*$")
_WORD = re.compile(r"[^\W_]+(?:['’.,-][^\W_]+)*")
_STOP_WORDS = _listed(
    """
    a an the of in on at to for from by with about into over after before as and or but if that which
    who whom whose this these those it its he she they his her their him them i you we our your my me us
    is are was were be been being has have had having do does did will would can could may might must
    shall should not no so than then there here when where while what how why also just more most very
    all any some such only own up down out off said says say
    """
)
_HEIGHT = re.compile(r"(?<=\d)[\"”]")
#: "Ana K. Ruiz", "Jean-Luc Roe", "Ursula von der Leyen": a first name and what people are called afterwards.
_NAMED = re.compile(
    r"\b([A-Z][a-zé'’-]+)(?: [A-Z]\.)?(?: (?:de|da|van|von|der|den|bin|al|el|la))* (?=([A-Z][\w'’-]{2,})\b)"
)
_CAPITAL = re.compile(r"\b[A-Z][\w'’-]{2,}")
#: Capitalised words that make no full name with what follows, and are no surnames themselves.
_NO_NAMES = _listed(
    """
    The A An In On At Of By For From With To As And But Or If When While After Before Since During
    Although This That These Those His Her Their Its Our My Your It He She They We You Is Was Are Were
    Has Have Had Mr Mrs Ms Miss Dr Mister New North South East West Great Los Las San Santa Saint St High
    White Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June
    July August September October November December Christmas Easter English British American French
    German Russian Chinese European Street Road Avenue University College School Hospital City County
    Council House Party League Cup Club Bank Group Company Department Office
    """
)
#: With one of these a surname needs no first name, yet they are none themselves.
_OFFICES = _listed(
    """
    President Prime Minister Secretary Chief Senator Sen Rep Gov Governor Mayor Judge Justice King Queen
    Prince Princess Pope General Gen Colonel Captain Sergeant Sgt Detective Inspector Officer Director
    Chairman Former Foreign Home Deputy Vice State National United Supreme Police Court Sir Lord Lady Dame
    Prof Professor
    """
)


def find_defects(sentences: Sequence[str], chosen: Sequence[int]) -> set[str]:
    """Return the kinds of defect of a summary.

    Args:
        sentences: All sentences of the document in their order.
        chosen: The indices of those told, in source order.
    """
    told = [sentences[index] for index in chosen]
    checks = {
        "fragment": lambda text: len(text.split()) < FEWEST_WORDS,
        "over 45 words": lambda text: len(text.split()) > MOST_WORDS,
        "half quotation": _is_half_quoted,
        "page or caption": lambda text: bool(_PAGE.search(text) or _CAPTION.search(text)),
        "no end mark": lambda text: not _STOPPED.search(text.strip()),
        "question": lambda text: bool(_ASKED.search(text.strip())),
    }
    found = {kind for kind, check in checks.items() if any(map(check, told))}
    alone = [sentences[index] for index in chosen if index > 0 and index - 1 not in chosen]
    if any(_PRONOUN.match(text) or _PRONOUN_SPEAKS.match(text) for text in alone):
        found.add("pronoun")
    if any(map(_CONNECTIVE.match, alone)):
        found.add("connective")
    if any(_share(one, other) > SHARED for one, other in combinations(map(_told_words, told), 2)):
        found.add("said twice")
    if _has_bare_surname(sentences, chosen):
        found.add("bare surname")
    return found


def _is_half_quoted(text: str) -> bool:
    text = _HEIGHT.sub("", text)
    straight, opening, closing = (text.count(mark) for mark in '"“”')
    return bool((straight + opening + closing) % 2 or (not straight and opening != closing))


def _told_words(text: str) -> frozenset[str]:
    return frozenset(word[:6] for word in map(str.lower, _WORD.findall(text)) if word not in _STOP_WORDS)


def _share(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(1, min(len(one), len(other)))


def _surnames(text: str, *, not_behind: frozenset[str]) -> set[str]:
    """Return the surnames that a text gives behind a first name, or behind another word than those given."""
    found = ((match[1], _plain(match[2])) for match in _NAMED.finditer(text))
    return {last for first, last in found if first not in not_behind and last not in _NO_NAMES | _OFFICES}


def _plain(name: str) -> str:
    return re.sub(r"['’]s?$", "", name)


def _has_bare_surname(sentences: Sequence[str], chosen: Sequence[int]) -> bool:
    """Return whether a surname is told before the full name, though the document gives that first."""
    introduced: dict[str, int] = {}
    for index, text in enumerate(sentences[: max(chosen, default=-1) + 1]):
        for name in _surnames(text, not_behind=_NO_NAMES | _OFFICES):
            introduced.setdefault(name, index)
    known: set[str] = set()
    for index in chosen:
        known |= _surnames(sentences[index], not_behind=_NO_NAMES)
        bare = {_plain(name) for name in _CAPITAL.findall(sentences[index])} - known
        if any(introduced.get(name, index) < index for name in bare):
            return True
    return False
