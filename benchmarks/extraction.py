"""Print how well articles are found on pages of made-up news sites, by us and by others.

    python -m benchmarks extraction [tuned|kept] [PAGES] [--each] [--nameless]

Says for each extractor the mean F1 of the words of the body over the pages with an article (a multiset of
tokens; the standfirst may be taken or left), how many pages without one it refused, and how often it has the
headline, the author and the day. `tuned` are the pages that the rules were made with, `kept` those that
were written before and looked at afterwards. PAGES of each template, 2 unless given; `--each` prints every
page. With `--nameless` every class and id is replaced by a number, as build tools do: what is left of an
extractor that goes by names. The author of the pages knew how sites name things, and so do the rules; the
truth lies between the two figures. Others are measured if they are installed (`newsletter[peers]`).
"""

import re
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from statistics import mean
from zlib import crc32

from benchmarks.sites import kept, tuned
from benchmarks.sites.page import Page
from benchmarks.sites.prose import Desk
from newsletter.errors import DocumentRefusedError
from newsletter.sources.formats.html import read_page
from newsletter.sources.parse import SourceAliases, TextReader

_TOKEN = re.compile(r"[\u2e80-\u9fff]|[^\W_]+")
_READER = TextReader(aliases=SourceAliases.with_extra({}))


@dataclass(frozen=True, kw_only=True)
class Found:
    """What an extractor found; "" for nothing."""

    body: str = ""
    headline: str = ""
    author: str = ""
    #: The day as printed, "2025-05-04".
    day: str = ""


Extractor = Callable[[Page, bytes], Found]


def ours(page: Page, content: bytes) -> Found:
    try:
        document = read_page(content, url=page.story.url, charset=page.header_charset, reader=_READER)
    except DocumentRefusedError:
        return Found()
    at = document.published_at
    return Found(
        body=document.body,
        headline=document.headline,
        author=document.byline or "",
        day=_day(at) if at else "",
    )


def _trafilatura(**options: bool) -> Extractor:
    from trafilatura import bare_extraction

    def extract(page: Page, content: bytes) -> Found:
        found = bare_extraction(
            content, url=page.story.url, include_comments=False, with_metadata=True, **options
        )
        if found is None:
            return Found()
        return Found(
            body=found.text or "", headline=found.title or "", author=found.author or "", day=found.date or ""
        )

    return extract


def _readability(_: Page, content: bytes) -> Found:
    import lxml.html
    from readability import Document

    document = Document(content)
    tree = lxml.html.fromstring(document.summary(html_partial=True))
    # Words of neighbouring blocks must not run together.
    return Found(body="\n".join(tree.itertext()), headline=document.short_title())


def _newspaper(page: Page, content: bytes) -> Found:
    import newspaper

    article = newspaper.Article(page.story.url, fetch_images=False)
    article.download(
        input_html=content.decode("utf-8", "replace")
        if page.charset == "utf-8"
        else content.decode(page.charset)
    )
    article.parse()
    at = article.publish_date
    return Found(
        body=article.text,
        headline=article.title or "",
        author=", ".join(article.authors),
        day=str(at)[:10] if at else "",
    )


def _extractors() -> dict[str, Extractor]:
    found: dict[str, Extractor] = {
        "ours": ours,
        "trafilatura": _trafilatura(),
        "trafilatura, favor_precision": _trafilatura(favor_precision=True),
    }
    for name, module, extract in (
        ("readability-lxml", "readability", _readability),
        ("newspaper4k", "newspaper", _newspaper),
    ):
        try:
            __import__(module)
        except ImportError:
            print(f"{name} is not installed")
        else:
            found[name] = extract
    return found


def _tokens(text: str) -> Counter[str]:
    return Counter(_TOKEN.findall(unicodedata.normalize("NFKC", text).casefold()))


def f1(found: str, page: Page) -> float:
    """Return the F1 of the tokens found; those of the headline and of what is optional are never wrong."""
    gold = _tokens(" ".join(page.body))
    got = _tokens(found)
    extra = got - gold
    allowed = extra & (_tokens(page.optional) + _tokens(page.story.headline))
    shared = (got & gold).total()
    size = got.total() - allowed.total() + gold.total()
    return 2 * shared / size if size else 0.0


def _day(at: datetime) -> str:
    # A page that gives a day without a time means its own day, ours are two hours east.
    return (at if at.time() == datetime.min.time() else at + timedelta(hours=2)).strftime("%Y-%m-%d")


def _is_day(found: str, page: Page) -> bool:
    days = {page.story.at.astimezone(UTC).strftime("%Y-%m-%d"), page.story.iso[:10]}
    return found[:10] in days


def _same(one: str, other: str) -> bool:
    return " ".join(_TOKEN.findall(one.casefold())) == " ".join(_TOKEN.findall(other.casefold()))


def _pages(
    templates: Iterable[Callable[[Desk], Page]], count: int, *, nameless: bool
) -> list[tuple[str, Page]]:
    pages = [(t.__name__, t(Desk(f"{t.__name__} {number}"))) for t in templates for number in range(count)]
    return [(name, _without_names(page) if nameless else page) for name, page in pages]


def _without_names(page: Page) -> Page:
    names = re.compile(r"""\b(class|id|data-[\w-]+)=("[^"]*"|'[^']*'|[^\s>]+)""")
    return replace(
        page, html=names.sub(lambda match: f'{match[1]}="c{crc32(match[2].encode()):x}"', page.html)
    )


def _measure(name: str, extract: Extractor, pages: list[tuple[str, Page]], *, each: bool) -> None:
    scores, refused, right = [], [], Counter[str]()
    possible = Counter[str]()
    seconds = 0.0
    for template, page in pages:
        content = page.html.encode(page.charset)
        start = time.process_time()
        try:
            found = extract(page, content)
        except Exception as error:  # noqa: BLE001 - whatever another library raises is a page not read
            print(f"  {name}: {template}: {error!r}"[:150])
            found = Found()
        seconds += time.process_time() - start
        if not page.has_article:
            refused.append(not found.body.strip())
            continue
        scores.append(f1(found.body, page))
        checks = {"headline": _same(found.headline, page.story.headline)}
        if page.has_author:
            checks["author"] = _same(found.author, page.story.author)
        if page.has_date:
            checks["day"] = _is_day(found.day, page)
        right.update(key for key, is_right in checks.items() if is_right)
        possible.update(checks.keys())
        if each:
            wrong = ", ".join(
                f"{key} {getattr(found, key)!r}" for key, is_right in checks.items() if not is_right
            )
            print(f"  {template:<22} {scores[-1]:.3f} {wrong}")
    shares = "  ".join(f"{right[key] / possible[key]:>8.2f}" for key in ("headline", "author", "day"))
    print(
        f"{name:<30}{mean(scores):>7.3f}{min(scores):>7.3f}"
        f"{sum(score >= 0.95 for score in scores):>5}/{len(scores)}"
        f"{sum(refused):>6}/{len(refused)}  {shares}{seconds / len(pages) * 1000:>8.1f}"
    )


def main(arguments: list[str]) -> None:
    halves = {"tuned": tuned.TEMPLATES, "kept": kept.TEMPLATES}
    chosen = [word for word in arguments if word in halves] or list(halves)
    count = next((int(word) for word in arguments if word.isdecimal()), 2)
    extractors = _extractors()
    for half in chosen:
        pages = _pages(halves[half], count, nameless="--nameless" in arguments)
        print(f"\n{half}: {len(pages)} pages of {len(halves[half])} templates")
        print(
            f"{'':<30}{'F1':>7}{'least':>7}{'>=.95':>8}{'refused':>9}  headline    author       day   ms/page"
        )
        for name, extract in extractors.items():
            _measure(name, extract, pages, each="--each" in arguments and name == "ours")


if __name__ == "__main__":
    main(sys.argv[1:])
