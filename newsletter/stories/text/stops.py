"""Which stops of a paragraph end a sentence: full stops, question marks, ellipses and their like."""

import re

from newsletter.stories.text.abbreviations import (
    ABBREVIATIONS,
    AFTER_TIMES,
    BEFORE_FIGURES,
    CAPITALISED,
    COMPANIES,
    COMPANY_STARTERS,
    DATES,
    NEVER_LAST,
    ORDINAL_LANGUAGES,
    SELDOM_LAST,
    SHOUTED_NAMES,
    SPEECH_VERBS,
    STARTERS,
    TIMES,
    TITLES,
)

_FULL_WIDTH = "。！？｡"
_STOPS = f".!?…؟۔।॥։።;{_FULL_WIDTH}"
#: In German and Danish the opening marks of others close.
_QUOTES = "\"'”’“»«」』"
_OPENERS = "\"'“‘„«»([{¿¡「『（—–-"
#: The look-behind stands second, so that the search for the first character stays fast.
_STOP = re.compile(
    rf"(?P<stop>[{_STOPS}](?<![{_STOPS}].)[{_STOPS}]*+(?: ?[.…!?]{{2,}}+)?)"
    rf"(?P<close>(?:[{re.escape(_QUOTES)})\]）】》](?<![“«](?=\w)))*+(?:\s?»(?=\s|$)[{re.escape(_QUOTES)}]*)?)(?P<space>\s*+)",
    re.DOTALL,
)
#: What stands behind an abbreviation within a sentence: "Calif. -- ", "24 Feb. (".
_NO_SENTENCE = frozenset("(—–-")
_OPENING = re.compile(rf"[{re.escape(_OPENERS)}\s]*")
#: Where the word before a stop may begin: behind white space, an opening mark or a dash.
_WORD_EDGE = re.compile(r"[\s()\[\]{\"“„«»‘¿¡/—–]")
_TOKEN_BEFORE = re.compile(r"([^\s()\[\]\"“„«»]+)\s+\Z")
_NEXT_WORD = re.compile(r"[^\W_][\w.'’&-]*")
_POSSESSIVE = re.compile(r"['’]\w*$")
_LOWER_BRAND = re.compile(r"(?:[a-z][A-Z]|al-[A-Z]|de [A-Z])")
_INITIAL_AHEAD = re.compile(r"[^\W\d_]\.")
_DOTTED = re.compile(r"(?:[^\W\d_]{1,2}\.-?)+[^\W\d_]{1,2}")
#: The first number of a list within a sentence: "three parts: 1. Close the road."
_LISTED = re.compile(r": \d{1,2}\Z")
#: Before the last dot of an ellipsis that is written with spaces.
_SPACED_DOTS = re.compile(r"\. \Z")
_STREET = "str"
_DAY = re.compile(r"\d{1,2}")
_ATTRIBUTION = re.compile(
    rf"[A-Z][\w.'’-]*(?:\s[A-Z][\w.'’-]*){{0,3}}(?: of(?: the)?(?: [\w'’-]+){{1,3}}?)?"
    rf"(?:,[^!?\"“”]{{1,60}}?,)?\s(?:{SPEECH_VERBS})\b"
)
#: Abbreviations in one language that are words or names in others.
_LANGUAGE_ABBREVIATIONS = frozenset({("fr", "M"), ("pl", "ok")})
_NUMBERED = re.compile(r"No\.\s?\d")
_COMMON_NOUN = re.compile(r"[A-Z][a-z]+ (?!(?:and|of|for) )[a-z]")
#: All of a sentence so far: "At 5 a.m.", "In the U.S.".
_PHRASE = re.compile(
    r"[\"“'‘(]?(?:At|By|In|On|From|Since|Until|Around|About|Before|After|Near|Outside) "
    r"(?:[^\s.]+ ){0,2}[^\s]+\Z"
)
_LONGEST_PHRASE = 40
_FULL_WIDTH_ATTRIBUTION = re.compile(
    r"[とっ，、,]|.{0,12}?(?:说|說|道[:：，。]|表示|指出|称|稱|问|問|言|述べ|語)"
)
_RUN_ON = re.compile(r"[\"“]?(?P<word>[A-Z][a-z]+(?![\w.]|\s?@)|[AI](?= [a-z]))")
_SMALL_WORD = re.compile(r"\b[a-z]{3,}\Z")
_ANY_WORD = re.compile(r"\b(?:[A-Z][a-z]{2,}|\d{2,})\Z")
_DOMAINS = frozenset({"com", "net", "org", "co"})

_UNSPACED = (
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
)
_IDEOGRAPH = re.compile(rf"[{_UNSPACED}]")
#: One letter alone is an initial or the mark of a list: "M. Le Goff", "A. The first".
_SENTENCE_LETTERS = re.compile(rf"[{_UNSPACED}]|[^\W\d_](?:[^\W\d_]|\W*+\w)")
_WORD_REACH = 40
_BRACKET_BEHIND = 300
_BRACKET_AHEAD = 200


def sentence_ends(paragraph: str, language: str | None) -> list[tuple[int, int]]:
    """Find where the sentences of a paragraph end, but for the last.

    Args:
        paragraph: Text without blank lines.
        language: ISO 639-1 code, or None.

    Returns:
        For each sentence the offset just past its last mark, and the offset where the next one begins;
        between them is white space or nothing.
    """
    cased = any(letter.isupper() for letter in paragraph)
    ends: list[tuple[int, int]] = []
    start, length = 0, len(paragraph)
    quotes, counted = 0, 0
    letters = _SENTENCE_LETTERS.search(paragraph)
    for match in _STOP.finditer(paragraph):
        if letters is None or match.end() >= length:
            break
        if letters.end() > match.start():
            continue
        if _ends_sentence(paragraph, start, match, cased=cased, language=language) and not _in_brackets(
            paragraph, start, match
        ):
            start = match.end()
            if match["close"] == '"' and not match["space"]:
                quotes += paragraph.count('"', counted, match.end("stop"))
                counted = match.end("stop")
                start -= 1 - quotes % 2  # the mark opens what follows
            ends.append((min(start, match.start("space")), start))
            letters = _SENTENCE_LETTERS.search(paragraph, start)
    return ends


def _in_brackets(paragraph: str, start: int, match: re.Match[str]) -> bool:
    """Return whether the stop stands inside brackets that close soon after."""
    first = max(start, match.start() - _BRACKET_BEHIND)
    opened = paragraph.rfind("(", first, match.start())
    if opened < 0:
        return False
    if paragraph.count("(", first, match.end("close")) <= paragraph.count(")", first, match.end("close")):
        return False
    return paragraph.find(")", match.end(), match.end() + _BRACKET_AHEAD) >= 0


def _ends_sentence(
    paragraph: str, start: int, match: re.Match[str], *, cased: bool, language: str | None
) -> bool:
    """Return whether the stop at `match` ends the sentence that begins at `start`."""
    stop, close, space = match.groups()
    if stop == "." and space and not close:
        first = paragraph[match.end()]
        if "A" <= first <= "Z" and _is_plain_word(paragraph, match.start()):
            return True
    elif stop[-1] in _FULL_WIDTH:
        closed = close.strip("\"'")
        return not (closed and _FULL_WIDTH_ATTRIBUTION.match(paragraph, match.end()))
    elif ";" in stop:
        return _is_greek_question(paragraph, match)
    if not space:
        return _runs_on(paragraph, match)
    following = _OPENING.match(paragraph, match.end())
    at = following.end() if following else match.end()
    opener = paragraph[match.end() : at]
    rest = paragraph[at : at + 80]
    if not rest or rest[0] in ",;:)]}%" or (rest[0] in ".…" and not opener):
        return False
    if cased and rest[0].islower() and not _LOWER_BRAND.match(rest):
        return False
    if stop == ".":
        return _full_stop_ends(paragraph, start, match, opener, rest, language)
    return _other_stop_ends(paragraph, match, rest)


def _is_plain_word(paragraph: str, at: int) -> bool:
    """Return whether the word that ends at `at` is in small ASCII letters and no abbreviation."""
    word = paragraph[max(0, at - _WORD_REACH) : at].rpartition(" ")[2]
    return (
        len(word) > 1 and word.isascii() and word.isalpha() and word.islower() and word not in ABBREVIATIONS
    )


def _word_before(paragraph: str, at: int) -> str:
    """Return the word that ends at `at` as written, marks around it left out."""
    text = paragraph[max(0, at - _WORD_REACH) : at]
    return _WORD_EDGE.split(text)[-1].strip("'’")


def _full_stop_ends(
    paragraph: str, start: int, match: re.Match[str], opener: str, rest: str, language: str | None
) -> bool:
    """Decide about a single full stop with white space behind it."""
    written = _word_before(paragraph, match.start())
    word = written.casefold().replace("’", "'")
    if match["close"] and not (match["close"] == ")" and word in ABBREVIATIONS):
        return True
    following = _NEXT_WORD.match(rest)
    next_word = _POSSESSIVE.sub("", following[0].rstrip(".-").casefold()) if following else ""
    starts = (next_word in STARTERS and not _NUMBERED.match(rest)) or any(
        mark in '"“„«「¿¡' for mark in opener
    )
    if word in ABBREVIATIONS or word == "ok" or _is_letter(word) or _DOTTED.fullmatch(word):
        if opener[:1] in _NO_SENTENCE or _is_phrase(paragraph, start, match.start()):
            return False
        if following and _is_acronym(written, following[0]):
            return True
        return _abbreviation_ends(
            paragraph, match.start(), written, rest, next_word, starts=starts, language=language
        )
    if _SPACED_DOTS.search(paragraph[max(0, match.start() - 3) : match.start()]):
        return starts
    if _LISTED.search(paragraph[max(0, match.start() - 5) : match.start()]):
        return False
    if language in ORDINAL_LANGUAGES and (_DAY.fullmatch(word) or word.endswith(_STREET)):
        return starts and not rest[0].isdigit()
    return True


def _is_phrase(paragraph: str, start: int, at: int) -> bool:
    """Return whether the sentence so far is no more than "At 5 a.m" or "In the U.S"."""
    return at - start <= _LONGEST_PHRASE and bool(_PHRASE.match(paragraph[start:at]))


def _is_acronym(written: str, following: str) -> bool:
    """Return whether a word is in capitals ("7 p.m. EST. Tickets") where what follows is not."""
    return len(written) > 2 and written.isalpha() and written.isupper() and following[1:2].islower()


def _abbreviation_ends(
    paragraph: str, at: int, written: str, rest: str, next_word: str, *, starts: bool, language: str | None
) -> bool:
    """Decide about the full stop at `at` behind an abbreviation, an initial or a single letter."""
    word = written.casefold().replace("’", "'")
    figure = rest[0].isdigit()
    if next_word == word and word in SELDOM_LAST:
        return True
    if word in CAPITALISED and not written[:1].isupper():
        return True
    if word in NEVER_LAST or (language, written) in _LANGUAGE_ABBREVIATIONS:
        return False
    if word in TIMES:
        return not figure and next_word not in AFTER_TIMES
    if word in BEFORE_FIGURES or word in DATES:
        return not figure and (len(word) > 1 or starts)
    if word in COMPANIES and (next_word in COMPANY_STARTERS or _COMMON_NOUN.match(rest)):
        return True
    if len(word) > 1:
        return starts
    if _within_name(paragraph, at - 1, rest):
        return False
    return starts or (written == "I" and not next_word)


def _within_name(paragraph: str, at: int, rest: str) -> bool:
    """Return whether the initial at `at` has another behind it, or another or a title before it."""
    if rest[0].isupper() and _INITIAL_AHEAD.match(rest):
        return True
    found = _TOKEN_BEFORE.search(paragraph[max(0, at - _WORD_REACH) : at])
    before = found[1].casefold() if found else ""
    if not before.endswith("."):
        return before in TITLES
    word = before.removesuffix(".")
    return word in NEVER_LAST or _is_letter(word)


def _is_letter(word: str) -> bool:
    return len(word) == 1 and word.isalpha()


def _other_stop_ends(paragraph: str, match: re.Match[str], rest: str) -> bool:
    """Decide about question and exclamation marks, ellipses and runs of stops."""
    following = _NEXT_WORD.match(rest)
    starts = bool(following) and following[0].casefold() in STARTERS if following else False
    before = paragraph[max(0, match.start() - 20) : match.start()]
    if match["stop"] == "!" and not match["close"]:
        name = before.rsplit(None, 1)[-1].casefold() if before.strip() else ""
        return starts or name not in SHOUTED_NAMES
    if match["stop"][-1] in ".…" and before[-1:].isspace() and not match["close"]:
        return starts
    quoted = any(mark in _QUOTES for mark in match["close"])
    return not (quoted and _ATTRIBUTION.match(rest))


def _is_greek_question(paragraph: str, match: re.Match[str]) -> bool:
    """Return whether a semicolon is the Greek question mark, which NFC turns into one."""
    before = paragraph[match.start() - 1 : match.start()]
    after = paragraph[match.end() : match.end() + 1]
    return "\u0370" <= before <= "\u03ff" and bool(match["space"]) and not after.islower()


def _runs_on(paragraph: str, match: re.Match[str]) -> bool:
    """Return whether a sentence ends although the space behind it is missing."""
    if _IDEOGRAPH.match(paragraph, match.end()):
        return match["stop"][-1] in "!?؟"
    if match["stop"] not in {".", "!", "?"}:
        return match["stop"][-1] in "؟۔।॥"
    if any(mark not in '"”' for mark in match["close"]):
        return False
    following = _RUN_ON.match(paragraph, match.end())
    word = following["word"].casefold() if following else ""
    if not word or word in _DOMAINS:
        return False
    text = paragraph[max(0, match.start() - 30) : match.start()]
    before = _SMALL_WORD.search(text) or (word in STARTERS and _ANY_WORD.search(text))
    return bool(before) and before[0].casefold() not in ABBREVIATIONS if before else False
