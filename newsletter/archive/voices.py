"""Voices: in which language, and in which direction, a text is read."""

from newsletter.messages.setting import is_right_to_left
from newsletter.messages.text import reads_right_to_left
from newsletter.model.archive import Voice

#: What the pages themselves are written in.
PAGE_LANGUAGE = "en"


def direction_of(language: str) -> str:
    """Return "rtl" or "ltr"."""
    return "rtl" if is_right_to_left(language) else "ltr"


def voice_of(text: str, language: str | None, *, beside: str = PAGE_LANGUAGE) -> Voice:
    """Return how a text is marked that stands in one of another language.

    Args:
        text: Tells the direction where the language is not known.
        language: ISO 639-1 code; None: not known.
        beside: Language of what stands around it.
    """
    rtl = is_right_to_left(language) if language else reads_right_to_left(text)
    return Voice(
        language=language if language and language != beside else None,
        direction=("rtl" if rtl else "ltr") if rtl != is_right_to_left(beside) else None,
    )
