"""What a page says about its article besides the text: headline, authors, time, site, address, keywords."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

from newsletter.sources.bylines import read_names
from newsletter.sources.credits import sane_url
from newsletter.sources.dates import parse_date
from newsletter.sources.formats.htmltree import Element, names_of, words_of
from newsletter.sources.formats.linkeddata import LinkedArticle

_PUBLISHED = (
    *(
        "article:published_time",
        "datepublished",
        "article.published",
        "parsely-pub-date",
        "og:published_time",
    ),
    *("sailthru.date", "cxenseparse:recs:publishtime", "publish-date", "publish_date", "publication_date"),
    *(
        "pubdate",
        "dc.date.issued",
        "dcterms.issued",
        "dcterms.created",
        "dc.date",
        "date",
        "originalpublicationdate",
    ),
)
_MODIFIED = ("article:modified_time", "datemodified", "og:updated_time", "dcterms.modified", "last-modified")
_AUTHORS = (
    "author",
    "article:author",
    "parsely-author",
    "sailthru.author",
    "dc.creator",
    "dcterms.creator",
    "byl",
)
_SITES = ("og:site_name", "application-name", "dc.publisher", "twitter:app:name:iphone")
_KEYWORDS = ("article:tag", "news_keywords", "parsely-tags", "keywords")

#: What parts a headline from the name of the site, in titles.
_TITLE_PARTS = re.compile(r"\s+[|–—·»:•-]{1,2}\s+")
_BYLINE = re.compile(
    r"(?<![a-z])(?:byline|author|autor|auteur|writer)(?:s|[-_]{1,2}name|[-_]{1,2}link)?(?![a-z])"
)
_BY = re.compile(r"(?:by|von|par|por|di|door|text|author|autor(?:in)?|auteur|من|بقلم)\s*:?\s+", re.IGNORECASE)
_DATED = re.compile(
    r"(?<![a-z])(?:publish|published|pubdate|posted|date|datum|timestamp|time|dateline)(?![a-z])"
)
_UPDATED = re.compile(r"(?:updat|modif|aktualis|mis[-_ ]à[-_ ]jour)", re.IGNORECASE)
#: Words that print before a date.
_DATE_LABEL = re.compile(
    r"(?:published|posted|publié|veröffentlicht|stand|on|am|le|date|issued)\b\s*(?:on|am|le)?\s*:?\s*",
    re.IGNORECASE,
)
_DATE_IN_ADDRESS = re.compile(r"/(?P<year>(?:19|20)\d\d)[/-](?P<month>\d{1,2})[/-](?P<day>\d{1,2})(?:[/-]|$)")
_WORD = re.compile(r"[^\W_]+")
_MOST_TAGS = 20
_LONGEST_TAG = 60
_LONGEST_NAMES = 150
_LONGEST_HEADLINE = 400


@dataclass(frozen=True, kw_only=True)
class PageFacts:
    """What a page says about its article."""

    #: "" if it says nothing.
    headline: str
    byline: str | None
    #: The site's name.
    source: str | None
    #: Canonical address, absolute, http or https.
    url: str | None
    #: UTC.
    published_at: datetime | None
    #: What it declares, ISO 639-1 in lower case.
    language: str | None
    tags: tuple[str, ...]


def read_facts(
    tree: Element, *, metas: Mapping[str, list[str]], linked: LinkedArticle, url: str | None
) -> PageFacts:
    """Read what a page says about its article.

    Args:
        tree: The whole page.
        metas: From `metas_of`.
        linked: From `read_linked`.
        url: Where it was fetched; None if that is not known.
    """
    address = _address(tree, metas, linked, url)
    site = _site(metas, linked)
    return PageFacts(
        headline=_headline(tree, metas, linked, site, address),
        byline=_byline(tree, metas, linked, site),
        source=site,
        url=address,
        published_at=_published(tree, metas, linked, address),
        language=_language(tree, metas, linked),
        tags=_tags(tree, metas, linked),
    )


def _first(metas: Mapping[str, list[str]], names: Iterable[str]) -> str:
    return next((metas[name][0] for name in names if name in metas), "")


def _site(metas: Mapping[str, list[str]], linked: LinkedArticle) -> str | None:
    name = _first(metas, _SITES[:1]) or linked.publisher or _first(metas, _SITES[1:])
    return name if 0 < len(name) <= 80 and "://" not in name else None


def _address(
    tree: Element, metas: Mapping[str, list[str]], linked: LinkedArticle, url: str | None
) -> str | None:
    links = (
        link.get("href", "")
        for link in tree.iter("link")
        if "canonical" in link.get("rel", "").lower().split()
    )
    for said in (*links, *metas.get("og:url", ()), linked.url):
        try:
            found = sane_url(urljoin(url or "", said.strip())) if said else None
        except ValueError:
            continue
        # Careless sites name their front page on every page.
        if found and (not url or urlsplit(found).path.strip("/") or not urlsplit(url).path.strip("/")):
            return found
    return sane_url(url) if url else None


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))


def _headline(
    tree: Element,
    metas: Mapping[str, list[str]],
    linked: LinkedArticle,
    site: str | None,
    address: str | None,
) -> str:
    """Return the headline as printed: the heading that titles elsewhere agree with, else such a title."""
    told = [linked.headline, *metas.get("og:title", ())[:1], *metas.get("twitter:title", ())[:1]]
    title = next((words_of(found) for found in tree.iter("title")), "")
    titles = [_without_site(text, site, address) for text in (*told, title) if text]
    titles = [text for text in titles if text]
    headings = [
        text
        for heading in tree.iter("h1", "h2")
        if (text := words_of(heading))
        and len(text) <= _LONGEST_HEADLINE
        and not _is_site(text, site, address)
    ]
    for heading in headings:
        if any(_agree(heading, text) for text in titles):
            return heading
    first = next((words_of(heading) for heading in tree.iter("h1")), "")
    if titles:
        return titles[0]
    return first if first and not _is_site(first, site, address) else ""


def _agree(one: str, other: str) -> bool:
    """Tell whether two texts are the same headline, one of them perhaps cut or reworded a little."""
    if one.casefold() == other.casefold():
        return True
    ours, theirs = _words(one), _words(other)
    shared = len(ours & theirs)
    return shared >= 3 and shared >= 0.6 * max(len(ours), len(theirs))


def _without_site(title: str, site: str | None, address: str | None) -> str:
    parts = _TITLE_PARTS.split(title)
    while len(parts) > 1 and _is_site(parts[-1], site, address):
        parts.pop()
    while len(parts) > 1 and _is_site(parts[0], site, address):
        parts.pop(0)
    if len(parts) == 1 and _is_site(parts[0], site, address):
        return ""
    start = title.find(parts[0])
    return title[start : title.rfind(parts[-1]) + len(parts[-1])] if len(parts) > 1 else parts[0]


def _is_site(text: str, site: str | None, address: str | None) -> bool:
    plain = "".join(_WORD.findall(text.casefold()))
    host = (urlsplit(address).hostname or "").removeprefix("www.") if address else ""
    names = {
        "".join(_WORD.findall(name.casefold()))
        for name in (site or "", host, host.rpartition(".")[0])
        if name
    }
    return not plain or plain in names


def _byline(
    tree: Element, metas: Mapping[str, list[str]], linked: LinkedArticle, site: str | None
) -> str | None:
    """Return the names of people, from what is most sure to what is least."""
    if linked.authors and (names := _people(linked.authors, site)):
        return names
    for name in _AUTHORS:
        if names := _people(metas.get(name, ()), site):
            return names
    for element in _byline_elements(tree):
        if names := _people([words_of(element)], site):
            return names
    return None


def _byline_elements(tree: Element) -> Iterator[Element]:
    likely = []
    for element in tree.iter("a", "span", "p", "div", "address", "cite", "strong", "li"):
        prop = element.get("itemprop", "")
        if "author" in element.get("rel", "").split() or prop == "author":
            yield element
        elif _BYLINE.search(names_of(element)) and len(words_of(element)) <= _LONGEST_NAMES:
            likely.append(element)
    yield from likely


def _people(names: Iterable[str], site: str | None) -> str | None:
    found: list[str] = []
    for said in names:
        name = _BY.sub("", said.strip(), count=1) if _BY.match(said.strip()) else said.strip()
        name = re.split(r"\s*[|•·\n]\s*|\s{2,}|, (?=[a-zäöü])", name)[0]
        if not name or len(name) > _LONGEST_NAMES or "://" in name or "@" in name or name.isdigit():
            continue
        if site and name.casefold() == site.casefold():
            continue
        if (read := read_names(name)) and read not in found and (" " in read or not read.isascii()):
            found.append(read)
    return ", ".join(found) or None


def _published(
    tree: Element, metas: Mapping[str, list[str]], linked: LinkedArticle, address: str | None
) -> datetime | None:
    said = [linked.published, *(value for name in _PUBLISHED for value in metas.get(name, ()))]
    said += list(_printed_dates(tree))
    found = next((moment for text in said if (moment := read_moment(text))), None)
    if found:
        return found
    if address and (match := _DATE_IN_ADDRESS.search(urlsplit(address).path)):
        found = read_moment("{year}-{month:0>2}-{day:0>2}".format(**match.groupdict()))
    changed = [linked.modified, *(value for name in _MODIFIED for value in metas.get(name, ()))]
    return found or next((moment for text in changed if (moment := read_moment(text))), None)


def _printed_dates(tree: Element) -> Iterator[str]:
    """Yield what the page's `time` elements and lines of dates say, those about changes left out."""
    times = [time for time in tree.iter("time") if not _says_updated(time)]
    times.sort(
        key=lambda time: not (time.get("pubdate") is not None or time.get("itemprop") == "datePublished")
    )
    yield from (value for time in times if (value := time.get("datetime") or words_of(time)))
    for element in tree.iter("span", "p", "div", "li", "td"):
        if _DATED.search(names_of(element)) and not _says_updated(element):
            text = words_of(element)
            if len(text) <= 100:
                yield text[match.end() :] if (match := _DATE_LABEL.match(text)) else text


def _says_updated(element: Element) -> bool:
    near = [element, *element.iterancestors()][:2]
    before = (element.getprevious().text if element.getprevious() is not None else None) or ""
    text = (near[-1].text or "") if len(near) > 1 else ""
    return any(_UPDATED.search(names_of(one) + (one.get("itemprop") or "")) for one in near[:1]) or bool(
        _UPDATED.search(f"{element.text or ''} {before} {text}")
    )


def read_moment(text: str) -> datetime | None:
    """Return a date, with or without a time, in UTC; a time without a zone is taken as UTC."""
    text = text.strip()
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return _read_written(text)
    return _in_utc(found)


def _read_written(text: str) -> datetime | None:
    if match := re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", text):
        # Fractions of seconds and zones that Python does not read.
        return _in_utc(datetime.fromisoformat(match[0])) if _is_moment(match[0]) else None
    try:
        return _in_utc(parsedate_to_datetime(text))
    except (ValueError, TypeError, IndexError, OverflowError):
        return parse_date(text, day_suffices=True)


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _in_utc(moment: datetime) -> datetime | None:
    try:
        found = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (OverflowError, ValueError):
        return None
    return found if 1900 <= found.year <= 2100 else None


def _language(tree: Element, metas: Mapping[str, list[str]], linked: LinkedArticle) -> str | None:
    said = (
        linked.language,
        tree.get("lang", ""),
        _first(metas, ("og:locale", "content-language", "language")),
    )
    codes = (re.match(r"([a-zA-Z]{2})(?:[-_]|$)", text.strip()) for text in said)
    return next((code[1].lower() for code in codes if code), None)


def _tags(tree: Element, metas: Mapping[str, list[str]], linked: LinkedArticle) -> tuple[str, ...]:
    linked_tags = [words_of(link) for link in tree.iter("a") if "tag" in link.get("rel", "").lower().split()]
    lists = ([*linked.keywords], linked_tags, *(_split(metas.get(name, ())) for name in _KEYWORDS))
    said = next((tags for tags in lists if tags), [])
    unique = {tag.casefold(): tag for tag in reversed(said) if 0 < len(tag) <= _LONGEST_TAG}
    return tuple(reversed(unique.values()))[:_MOST_TAGS]


def _split(values: Iterable[str]) -> list[str]:
    return [part.strip() for value in values for part in re.split(r"[,;،]", value) if part.strip()]
