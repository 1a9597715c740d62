"""Voices: in which language, and in which direction, a text is read."""

import unicodedata
from dataclasses import dataclass

#: What our own words are written in, in mails and on pages.
OUR_LANGUAGE = "en"

#: Languages written from right to left (ISO 639-1 and 639-2 codes).
_RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "iw", "ps", "sd", "ug", "ur", "yi"})


@dataclass(frozen=True, kw_only=True)
class Voice:
    """Language and direction of a text, where they differ from what stands around it."""

    #: ISO 639-1 code; None if it is that of what stands around it, or not known.
    language: str | None = None
    #: "ltr" or "rtl"; None if it is that of what stands around it.
    direction: str | None = None


def voice_of(text: str, language: str | None, *, beside: str = OUR_LANGUAGE) -> Voice:
    """Return how a text is marked that stands in one of another language.

    Args:
        text: Tells the direction where the language is not known.
        language: ISO 639-1 code; None or empty: not known.
        beside: Language of what stands around it.
    """
    direction = direction_of(language) if language else _base_direction(text)
    return Voice(
        language=language if language and language != beside else None,
        direction=direction if direction != direction_of(beside) else None,
    )


def direction_of(language: str) -> str:
    """Return in which direction a language is written, "rtl" or "ltr"."""
    return "rtl" if language.partition("-")[0].lower() in _RIGHT_TO_LEFT else "ltr"


def _base_direction(text: str) -> str:
    return "rtl" if reads_right_to_left(text) else "ltr"


def reads_right_to_left(text: str) -> bool:
    """Tell the base direction of a text by its first strong character (UAX 9, rules P2 and P3)."""
    for ch in text:
        kind = unicodedata.bidirectional(ch)
        if kind in ("R", "AL"):
            return True
        if kind == "L":
            return False
    return False
