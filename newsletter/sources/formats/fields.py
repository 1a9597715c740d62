"""Named fields that formats carry beside a text (front matter, JSON), made into facts about a document."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

from newsletter.sources.credits import sane_url
from newsletter.sources.dates import parse_date
from newsletter.sources.formats.htmltext import text_of_html
from newsletter.sources.normalise import normalise
from newsletter.sources.parse import Given

#: Names of each fact in order of preference, in small letters, without anything but letters and digits.
HEADLINE = ("headline", "title", "webtitle", "name", "subject")
_BYLINE = ("byline", "author", "authors", "creator", "by")
_SOURCE = ("source", "publisher", "publication", "outlet", "sitename", "site")
_URL = ("url", "link", "canonicalurl", "canonical", "permalink", "externalurl", "weburl")
_PUBLISHED = (
    *("publishedat", "published", "datepublished", "publishdate", "pubdate", "publicationdate"),
    *("webpublicationdate", "dategmt", "date", "createdat", "created", "datecreated"),
    *("updatedat", "updated", "datemodified", "modified", "lastmod"),
)
_LANGUAGE = ("language", "lang", "inlanguage", "locale")
_TAGS = ("tags", "keywords", "categories", "category", "topics")
#: Where an object that stands for a name keeps it.
_NAMES = ("name", "title", "rendered", "term", "label", "value")

_MARKUP = re.compile(r"</?[A-Za-z][^<>]{0,500}>|&(?:#\w{1,8}|[A-Za-z]\w{1,30});")
_BY = re.compile(r"by:? +", re.IGNORECASE)
_ADDRESS = re.compile(r"\s*[<(]?[^\s<>()]+@[^\s<>()]+[>)]?\s*")
_LANGUAGE_CODE = re.compile(r"(?P<code>[A-Za-z]{2})(?:[-_].{1,20})?")
_LONGEST_NAME = 120
_LONGEST_BYLINE = 300
_LONGEST_TAG = 80
_MOST_TAGS = 50
_MOST_NAMES = 20
#: A smaller number is no date, or one without hyphens: 20260503.
_FIRST_SECOND = 100_000_000
#: Seconds since 1970 beyond which a number counts milliseconds, and beyond which it is no date.
_MILLISECONDS_FROM = 100_000_000_000
_LAST_MILLISECOND = 4_102_444_800_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def named(fields: Mapping[str, object]) -> dict[str, object]:
    """Return fields under plain names: "Published-At" is "publishedAt"; the first of equals stays."""
    plain: dict[str, object] = {}
    for name, value in fields.items():
        plain.setdefault("".join(char for char in name.lower() if char.isalnum()), value)
    return plain


def given_by(fields: Mapping[str, object]) -> Given:
    """Return what fields say about a document.

    Args:
        fields: From `named`; values of any type, those that cannot be used are left out.
    """
    source = _first_line(fields, _SOURCE)
    return Given(
        headline=_first_line(fields, HEADLINE),
        byline=_byline(fields),
        source=source if 0 < len(source) <= _LONGEST_NAME and not sane_url(source) else None,
        url=next(filter(None, (sane_url(line_of(fields.get(name))) for name in _URL)), None),
        published_at=next(filter(None, (moment_of(fields.get(name)) for name in _PUBLISHED)), None),
        language=_language(fields),
        tags=_tags(fields),
    )


def line_of(value: object) -> str:
    """Return a value as one line of plain text: a string, a number, an object's name, or several names."""
    return ", ".join(_lines(value, depth=0))


def moment_of(value: object) -> datetime | None:
    """Return the instant, in UTC, that a value names: a date, text, or seconds since 1970; else None."""
    if isinstance(value, datetime):
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value
        return parse_date(moment.isoformat())
    if isinstance(value, date):
        return parse_date(value.isoformat())
    if isinstance(value, bool) or not isinstance(value, int | float):
        return parse_date(line_of(value))
    if not _FIRST_SECOND <= value < _LAST_MILLISECOND:
        return None
    seconds = value / 1000 if value >= _MILLISECONDS_FROM else value
    return _EPOCH + timedelta(seconds=int(seconds))


def _lines(value: object, *, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        text = text_of_html(value) if _MARKUP.search(value) else value
        if line := " ".join(normalise(text).split()):
            yield line
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
    elif isinstance(value, Mapping) and depth < 2:
        fields = named(value)
        inner = next((fields[name] for name in _NAMES if fields.get(name)), None)
        yield from _lines(inner, depth=depth + 1)
    elif isinstance(value, list) and depth < 2:
        for item in value[:_MOST_NAMES]:
            yield from _lines(item, depth=depth + 1)


def _first_line(fields: Mapping[str, object], names: tuple[str, ...]) -> str:
    return next(filter(None, (line_of(fields.get(name)) for name in names)), "")


def _byline(fields: Mapping[str, object]) -> str | None:
    line = _first_line(fields, _BYLINE)
    if by := _BY.match(line):
        line = line[by.end() :]
    line = _ADDRESS.sub(" ", line).strip(" ,()")
    return line if 0 < len(line) <= _LONGEST_BYLINE else None


def _language(fields: Mapping[str, object]) -> str | None:
    code = _LANGUAGE_CODE.fullmatch(_first_line(fields, _LANGUAGE))
    return code["code"].lower() if code else None


def _tags(fields: Mapping[str, object]) -> tuple[str, ...]:
    tags: dict[str, str] = {}
    for name in _TAGS:
        value = fields.get(name)
        values = re.split(r"[,;]", value) if isinstance(value, str) else value
        for each in values if isinstance(values, list) else [values]:
            tag = line_of(each).lstrip("#")
            if 0 < len(tag) <= _LONGEST_TAG:
                tags.setdefault(tag.casefold(), tag)
    return tuple(tags.values())[:_MOST_TAGS]
