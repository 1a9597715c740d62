"""A mail's own words: quoted mails, signatures and what surrounds a newsletter are left out."""

import re
from collections.abc import Sequence

from newsletter.sources.formats.mailfurniture import (
    is_closing,
    is_foot,
    is_greeting,
    is_navigation,
    may_be_foot,
    trimmed,
)
from newsletter.sources.mailtext import FORWARD_MARK, QUOTE, MailText, read_mail, without_signature
from newsletter.sources.normalise import ends_sentence, normalise

#: More words than this above a forwarded mail are what the mail is about, in words.
_LONGEST_NOTE = 120
_MOST_LINES_OF_NOTE = 200
#: No newsletter has more; what follows them is left out.
_MOST_LINES = 20_000
#: Prose below the line that says how to unsubscribe is its small print up to so many words.
_MOST_PROSE_BELOW = 60
_PROSE_WORDS = 12
_HEAD_PARAGRAPHS = 4
_MOST_LINES_BELOW_CLOSING = 8

_ATTRIBUTION = re.compile(
    r"(?:On|Am|Le|El|Il|Op|Em|Den|W dniu|Dne) (?=.{0,250}(?:@|<|\d[:.h]\d\d)).{5,250}?"
    r"\b(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef|escreveu|skrev|napisał\(?a?\)?"
    r"|napsal)\b.{0,120}?:",
)
#: Fewer words above a cited mail are no text of their own.
_FEWEST_OWN_WORDS = 3
_ATTRIBUTION_STARTS = ("On ", "Am ", "Le ", "El ", "Il ", "Op ", "Em ", "Den ", "W dniu ", "Dne ")
_LONGEST_ATTRIBUTION = 400
_LINK_LIST = re.compile(r"^ ?\[\d{1,3}\] ?<?https?://", re.MULTILINE)
_FROM, _SENT, _TO, _SUBJECT = (
    r"(?:From|Von|De|Da|Van|Från|Fra|Od)",
    r"(?:Sent|Date|Gesendet|Datum|Envoyé|Enviado(?: el)?|Fecha|Inviato|Data|Verzonden|Skickat|Sendt|Wysłano)",
    r"(?:To|An|À|Para|A|Aan|Till|Til|Do)",
    r"(?:Subject|Betreff|Objet|Asunto|Oggetto|Assunto|Onderwerp|Ämne|Emne|Temat)",
)
_HEADER_LABELS = tuple(
    (re.compile(rf"\**{label} ?:\** ?"), f"{name}: ")
    for label, name in (
        (_FROM, "From"),
        (_SENT, "Sent"),
        (_TO, "To"),
        (_SUBJECT, "Subject"),
        ("Cc|Kopie", "Cc"),
    )
)


def forwarded(text: str, *, says_so: bool) -> MailText | None:
    """Return the mail that a normalised text forwards, or None.

    Args:
        text: A mail's words.
        says_so: Whether its subject says that it is forwarded; without that, only a line that announces a
            forwarded mail counts.
    """
    lines = text.split("\n", _MOST_LINES)[:_MOST_LINES]
    words = 0
    for at, line in enumerate(lines[:_MOST_LINES_OF_NOTE]):
        bare = QUOTE.sub("", line).strip()
        announced = len(bare) < 100 and FORWARD_MARK.fullmatch(bare)
        if announced or (says_so and _is_header(lines[at : at + 8])):
            below = lines[at + bool(announced) :]
            if _mostly_quoted(below):
                below = QUOTE.sub("", "\n".join(below)).split("\n")
            inner = read_mail("\n".join(_in_english(below)))
            if inner.subject or inner.credits.source:
                return inner
        words += len(line.split())
        if words > _LONGEST_NOTE:
            return None
    return None


def own_words(text: str) -> str:
    """Return a mail's words without quoted mails, signature, and what surrounds a newsletter.

    Args:
        text: Any characters; normalised here.
    """
    lines = _without_history(normalise(text).split("\n", _MOST_LINES)[:_MOST_LINES])
    body = without_signature("\n".join(lines))
    has_notes = bool(_LINK_LIST.search(body))
    paragraphs: list[list[str]] = [[]]
    for line in body.split("\n"):
        kept = trimmed(line, has_notes=has_notes)
        if kept:
            paragraphs[-1].append(kept)
        elif kept is not None and paragraphs[-1]:
            paragraphs.append([])
    return "\n\n".join("\n".join(lines) for lines in _without_surroundings([p for p in paragraphs if p]))


def _is_header(lines: Sequence[str]) -> bool:
    """Tell whether lines begin as the header that a mail program puts above a mail that it cites."""
    if not lines or not _HEADER_LABELS[0][0].match(QUOTE.sub("", lines[0]).strip()):
        return False
    rest = [QUOTE.sub("", line).strip() for line in lines[1:]]
    return sum(any(pattern.match(line) for pattern, _ in _HEADER_LABELS[1:4]) for line in rest) >= 2


def _in_english(lines: Sequence[str]) -> list[str]:
    """Return a forwarded mail with the labels of its header in English, as `read_mail` knows them."""
    found = list(lines)
    for at, line in enumerate(found[:12]):
        bare = line.strip()
        for pattern, label in _HEADER_LABELS:
            if match := pattern.match(bare):
                found[at] = label + bare[match.end() :].strip("* ")
                break
    return found


def _mostly_quoted(lines: Sequence[str]) -> bool:
    written = [line for line in lines if line.strip()]
    return 2 * sum(bool(QUOTE.match(line)) for line in written) > len(written)


def _without_history(lines: Sequence[str]) -> list[str]:
    """Leave out what is quoted of earlier mails, and the lines that introduce it.

    A text of which most is quoted is somebody's way of passing it on: it loses its marks alone.
    """
    if _mostly_quoted(lines):
        return QUOTE.sub("", "\n".join(lines)).split("\n")
    kept: list[str] = []
    at = words = 0
    while at < len(lines):
        length = _attribution(lines, at)
        below = next((line for line in lines[at + length :] if line.strip()), "") if length else ""
        if QUOTE.match(below):
            at += length
        elif words >= _FEWEST_OWN_WORDS and (
            _names_address(lines[at : at + length]) or _starts_citation(lines, at)
        ):
            break
        elif QUOTE.match(lines[at]):
            at += 1
        else:
            kept.append(lines[at])
            words += len(lines[at].split())
            at += 1
    return kept


def _starts_citation(lines: Sequence[str], at: int) -> bool:
    return _is_header(lines[at : at + 8]) or bool(FORWARD_MARK.fullmatch(lines[at].strip()[:100]))


def _names_address(lines: Sequence[str]) -> bool:
    """Tell whether lines above what nobody marked as a quote name its sender: news may say who wrote what."""
    return any("@" in line for line in lines)


def _attribution(lines: Sequence[str], at: int) -> int:
    """Return how many lines from one on say who wrote what is quoted below them."""
    if not lines[at].startswith(_ATTRIBUTION_STARTS):
        return 0
    for length in (1, 2, 3):
        words = " ".join(" ".join(lines[at : at + length]).split())
        if len(words) <= _LONGEST_ATTRIBUTION and _ATTRIBUTION.fullmatch(words):
            return length
    return 0


def _without_surroundings(paragraphs: Sequence[list[str]]) -> list[list[str]]:
    """Leave out what stands above and below the news of a newsletter, and what is about the mail itself."""
    kept = list(paragraphs)
    feet = [is_foot(_line(paragraph)) for paragraph in kept]
    for at, foot in enumerate(feet):
        if foot and _is_small_print(kept[at + 1 :], above=kept[:at]):
            kept, feet = kept[:at], feet[:at]
            while kept and may_be_foot(_line(kept[-1])):
                kept, feet = kept[:-1], feet[:-1]
            break
    kept = [paragraph for paragraph, foot in zip(kept, feet, strict=True) if not foot]
    while kept and is_navigation(_line(kept[-1])):
        kept.pop()
    kept = _without_closing(kept)
    head = [
        paragraph
        for paragraph in kept[:_HEAD_PARAGRAPHS]
        if not (is_greeting(_line(paragraph)) or is_navigation(_line(paragraph)))
    ]
    return head + kept[_HEAD_PARAGRAPHS:]


def _is_small_print(below: Sequence[list[str]], *, above: Sequence[list[str]]) -> bool:
    """Tell whether what stands below a line about unsubscribing is no news."""
    prose = sum(_prose(_line(paragraph)) for paragraph in below)
    return prose <= _MOST_PROSE_BELOW and 2 * prose <= sum(
        len(_line(paragraph).split()) for paragraph in above
    )


def _prose(text: str) -> int:
    words = len(text.split())
    return words if words >= _PROSE_WORDS and not may_be_foot(text) else 0


def _without_closing(paragraphs: list[list[str]]) -> list[list[str]]:
    """Leave out the last greeting and the names below it."""
    lines_below = 0
    for at in range(len(paragraphs) - 1, 0, -1):
        for place, line in enumerate(paragraphs[at]):
            if is_closing(line.strip()) and _may_be_names(paragraphs[at:], place + 1):
                return [*paragraphs[:at], *([paragraphs[at][:place]] if place else [])]
        lines_below += len(paragraphs[at])
        if lines_below > _MOST_LINES_BELOW_CLOSING:
            break
    return paragraphs


def _may_be_names(paragraphs: Sequence[list[str]], start: int) -> bool:
    """Tell whether what stands below a last greeting is short, and no news below a heading such as "Best"."""
    if sum(map(len, paragraphs)) - start >= _MOST_LINES_BELOW_CLOSING:
        return False
    texts = map(_line, [paragraphs[0][start:], *paragraphs[1:]])
    return not any(_prose(text) and ends_sentence(text) for text in texts)


def _line(paragraph: Sequence[str]) -> str:
    return " ".join(" ".join(paragraph).split())
