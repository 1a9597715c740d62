"""Words that pages put together: names of languages, lists of titles, dates."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

#: Languages by their own names, as their readers look for them.
_LANGUAGES = {
    "ar": "العربية",
    "bg": "Български",
    "ca": "Català",
    "cs": "Čeština",
    "da": "Dansk",
    "de": "Deutsch",
    "el": "Ελληνικά",
    "en": "English",
    "es": "Español",
    "et": "Eesti",
    "fa": "فارسی",
    "fi": "Suomi",
    "fr": "Français",
    "he": "עברית",
    "hi": "हिन्दी",
    "hr": "Hrvatski",
    "hu": "Magyar",
    "id": "Bahasa Indonesia",
    "it": "Italiano",
    "ja": "日本語",
    "ko": "한국어",
    "lt": "Lietuvių",
    "lv": "Latviešu",
    "nb": "Norsk bokmål",
    "nl": "Nederlands",
    "pl": "Polski",
    "pt": "Português",
    "ro": "Română",
    "ru": "Русский",
    "sk": "Slovenčina",
    "sl": "Slovenščina",
    "sr": "Српски",
    "sv": "Svenska",
    "tr": "Türkçe",
    "uk": "Українська",
    "ur": "اردو",
    "vi": "Tiếng Việt",
    "zh": "中文",
}

#: Written from right to left (ISO 639-1).
_RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


def language_name(code: str) -> str:
    """Return a language's own name, or its ISO 639-1 code where we know none."""
    return _LANGUAGES.get(code, code)


def direction(code: str) -> str | None:
    """Return "rtl" for a language written from right to left; None for others, as the pages are."""
    return "rtl" if code in _RIGHT_TO_LEFT else None


def in_a_row(titles: Sequence[str]) -> str:
    """Return titles as a sentence has them: "A", "A and B", "A, B and C"."""
    *first, last = titles
    return f"{', '.join(first)} and {last}" if first else last


def day_words(moment: datetime, time_zone: str) -> str:
    """Return the day of a moment in a time zone (IANA name), "3 March 2026"."""
    day = moment.astimezone(ZoneInfo(time_zone))
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
