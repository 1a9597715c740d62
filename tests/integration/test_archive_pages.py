"""The archive over HTTP: what is shown to whom, under which address, and what is not."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import html5lib
import httpx
import pytest
from archives import KEY, NOW, URL, a_list, made_app, pages_of, publish_seeds, put_edition, samples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.app import App
from newsletter.messages.links import LinkSigner
from newsletter.settings.everything import ListSettings

Get = Callable[..., Awaitable[httpx.Response]]

ATOM = {"a": "http://www.w3.org/2005/Atom"}
SIGNER = LinkSigner(public_url=URL, keys=[KEY])
PUBLIC = "public, max-age=300"
LISTS = (
    a_list("daily", title="The Daily Brief"),
    a_list("sport", folders=["/nowhere"]),
    a_list("inside", archive="private"),
    a_list("quiet", show_documents="no", sign_up="closed"),
)


def make_lists() -> tuple[ListSettings, ...]:
    return tuple(ListSettings.model_validate(one) for one in LISTS)


@asynccontextmanager
async def visiting(app: App) -> AsyncIterator[Get]:
    transport = httpx.ASGITransport(app=pages_of(app))
    async with httpx.AsyncClient(transport=transport, base_url=URL) as client:

        async def get(path: str, status: int = 200, **headers: str) -> httpx.Response:
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            answer = await client.get(path, headers=names)
            assert answer.status_code == status, (path, answer.text[:300])
            if answer.headers.get("content-type", "").startswith("text/html"):
                check_html(answer.text)
                assert len(answer.content) < 24_000
            return answer

        yield get


def check_html(text: str) -> None:
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    page = parser.parse(text)
    assert parser.errors == []
    ids = [element.attrib["id"] for element in page.iter() if "id" in element.attrib]
    assert len(ids) == len(set(ids))
    for element in page.iter():
        assert element.tag not in ("script", "iframe", "img", "base")
        assert not any(name.startswith("on") for name in element.attrib)
        assert re.match(r"(https?://|mailto:|/|#)", element.attrib.get("href", "/"))


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Four lists: two public ones with editions, a private one, one whose documents are not shown."""
    with ExitStack() as stack:
        app = stack.enter_context(made_app(tmp_path_factory.mktemp("several"), lists=make_lists()))
        sample = samples()
        publish_seeds(app, "daily", "inside", "quiet")
        put_edition(app, sample.make_full_edition(), days=1)
        put_edition(app, sample.make_hostile_edition(), days=2)
        put_edition(app, sample.make_right_to_left_edition(), days=12)
        put_edition(app, sample.make_edition(8), list_name="daily.weekly", days=13)
        put_edition(app, sample.make_edition(8), list_name="inside.weekly", days=13)
        put_edition(app, sample.make_edition(2), list_name="gone", days=13)
        yield app


@pytest.fixture
async def get(several: App) -> AsyncIterator[Get]:
    async with visiting(several) as get:
        yield get


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """One list, "daily"."""
    with made_app(tmp_path) as app:
        yield app


def of(answer: httpx.Response, path: str) -> list[Any]:
    page = html5lib.parse(answer.text, namespaceHTMLElements=False)
    return list(page.iterfind(path))


def words(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


async def test_all_public_lists_and_their_latest_editions(get: Get) -> None:
    answer = await get("/archive")
    assert [words(one) for one in of(answer, ".//h2")] == ["The Daily Brief", "Sport", "Quiet"]
    links = [one.attrib["href"] for one in of(answer, ".//li/a[@class='t']")]
    assert links == [
        *("/archive/daily.weekly/1", "/archive/daily/4", "/archive/daily/3"),
        "/archive/quiet/1",
    ]
    assert "Inside" not in answer.text
    assert answer.headers["cache-control"] == PUBLIC


async def test_a_list_by_month_with_its_weekly_digest(get: Get) -> None:
    answer = await get("/archive/daily")
    assert [words(one) for one in of(answer, ".//h2")] == ["December 2026", "November 2026"]
    shown = [words(one) for one in of(answer, ".//ul[@class='list']/li")]
    assert shown[0].startswith(
        "Weekly digest No. 1 · Sunday 6 December 2026 · 11 stories The week of 30 November – 6 December"
    )
    assert shown[3].startswith("No. 2 · Tuesday 24 November 2026 · 8 stories Nine harbours agree")
    feed, canonical = "/archive/daily/feed.xml", f"{URL}/archive/daily"
    assert [one.attrib["href"] for one in of(answer, ".//link[@rel='alternate']")] == [feed]
    assert [one.attrib["href"] for one in of(answer, ".//link[@rel='canonical']")] == [canonical]


async def test_pages_of_a_long_archive_follow_one_another(app: App) -> None:
    for day in range(65):
        put_edition(app, samples().make_edition(1), days=day)
    put_edition(app, samples().make_edition(1), list_name="daily.weekly", days=66)
    async with visiting(app) as get:
        found, path = list[str](), "/archive/daily"
        for _ in range(4):
            answer = await get(path)
            found += [one.attrib["href"] for one in of(answer, ".//li/a[@class='t']")]
            following = of(answer, ".//a[@rel='next']")
            if not following:
                break
            path = following[0].attrib["href"]
        numbers = [f"/archive/daily/{number}" for number in range(65, 0, -1)]
        assert found == ["/archive/daily.weekly/1", *numbers]
        assert "Nothing is older" in (await get("/archive/daily?before=1")).text


async def test_one_list_needs_no_overview(app: App) -> None:
    publish_seeds(app)
    async with visiting(app) as get:
        answer = await get("/archive")
        assert [one.attrib["href"] for one in of(answer, ".//li/a[@class='t']")] == ["/archive/daily/1"]
        assert of(answer, ".//link[@rel='canonical']")[0].attrib["href"] == f"{URL}/archive/daily"


async def test_an_archive_without_editions_says_so(app: App) -> None:
    async with visiting(app) as get:
        assert "No edition has been published yet" in (await get("/archive")).text
        assert "No stories found" in (await get("/search?q=x")).text
        feed = ET.fromstring((await get("/archive/daily/feed.xml")).content)
        assert feed.find("a:entry", ATOM) is None


async def test_an_edition_tells_what_the_mail_told(get: Get, several: App) -> None:
    answer = await get("/archive/daily/2")
    text = words(of(answer, ".//main")[0])
    for told in (
        "No. 2, Tuesday 24 November 2026",
        "Covering 21–24 November",
        "2 · Update · first sent Tuesday 17 November",
        "Sources differ on “gates”: 41 of 48 (Northline Wire), 40 (Aldis Evening Post)",
        "A battery in an old paper mill kept 6,200 homes lit for nine hours.",
        "Reworded by a language model from the reports below, sentence 1.",
        "Earlier: The bank cut its rate to 3.25% in September, the third cut of the year.",
        "Aldis Evening Post, citing Northline Wire: Gates stay ours, says harbour master",
        "Update: Tromby plants a thousand elms – Ostby Courier",
        "+9 more stories that found no room",
        "Software chose them, and can choose badly.",
        "Report a mistake in No. 2",
        "Get the next one by email",
    ):
        assert told in text, told
    around = {one.attrib.get("rel"): one.attrib["href"] for one in of(answer, ".//nav[@class='pager']/a")}
    assert around == {"prev": "/archive/daily/1", None: "/archive/daily", "next": "/archive/daily/3"}
    glance = [one.attrib["href"] for one in of(answer, ".//section//li/a")]
    assert glance == [f"#s{number}" for number in range(1, 6)]
    assert {one.attrib["id"] for one in of(answer, ".//article")} == {one[1:] for one in glance}
    assert "ada@reader.example" not in answer.text
    assert answer.headers["cache-control"] == PUBLIC


async def test_stories_that_found_no_room_are_named(several: App, app: App) -> None:
    published = several.store.editions.latest("quiet")[0]
    placement = several.store.editions.content(published.id).ranking[0]
    edition = replace(samples().make_edition(3), left_out_stories=4)
    kept = app.store.editions.content(put_edition(app, edition).id)
    # The next document's id is what the next edition leaves out.
    ids = (kept.left_out_ids[0] + 1,)
    named = tuple(replace(placement, headline=f"Left {n} <b>", document_ids=ids) for n in (1, 2))
    put_edition(app, replace(edition, ranking=named), days=1)
    async with visiting(app) as get:
        (details,) = of(await get("/archive/daily/1"), ".//details")
        assert words(details) == "+4 more stories that found no room 4 stories whose headlines were not kept"
        (details,) = of(await get("/archive/daily/2"), ".//details")
        assert [words(one) for one in details.iterfind(".//li")] == [
            *("Left 1 <b>", "Left 2 <b>", "and 2 stories whose headlines were not kept"),
        ]


async def test_every_sentence_leads_to_its_place_in_its_source(get: Get, several: App) -> None:
    answer = await get("/archive/daily/1")
    cites = [one.attrib["href"] for one in of(answer, ".//a[@class='cite']")]
    edition = several.store.editions.content(several.store.editions.numbered("daily", 1).id)  # type: ignore[union-attr]
    sentences = [sentence for story in edition.stories for sentence in story.summary.sentences]
    assert len(cites) >= len(sentences) >= 10
    names = [one.attrib["aria-label"] for one in of(answer, ".//a[@class='cite']")]
    assert len(set(names)) == len(names)
    for story, told in enumerate(edition.stories, start=1):
        for number, sentence in enumerate(told.summary.sentences, start=1):
            page = await get(f"/archive/daily/1/{story}/{number}")
            marks = of(page, ".//mark")
            assert marks[0].attrib.get("id") == "here"
            assert " ".join(map(words, marks)).split() == sentence.text.split()
            assert page.headers["x-robots-tag"] == "noindex"
            assert of(page, ".//p/a")[0].attrib["href"] == f"/archive/daily/1#s{story}"


async def test_a_document_that_is_not_shown_has_neither_links_nor_pages(get: Get) -> None:
    answer = await get("/archive/quiet/1")
    assert of(answer, ".//article")
    assert of(answer, ".//a[@class='cite']") == []
    assert "Get the next one" not in answer.text
    await get("/archive/quiet/1/1/1", 404)


async def test_a_private_archive_is_read_by_the_link_in_a_mail_alone(get: Get) -> None:
    for path in ("", "/1", "/1/1/1", "/feed.xml", ".weekly/1", ".weekly"):
        assert "no such page" in (await get(f"/archive/inside{path}", 404)).text
    await get("/search?q=bridge&list=inside", 404)
    assert "/inside" not in (await get("/search?q=bridge")).text
    assert "inside" not in (await get("/sitemap.xml")).text
    path = SIGNER.view_url("inside", 1).removeprefix(URL)
    answer = await get(path)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "/archive/inside" not in answer.text
    cite = of(answer, ".//a[@class='cite']")[0].attrib["href"]
    assert cite == f"{path}/1/1#here"
    page = await get(cite)
    assert of(page, ".//mark[@id='here']")
    assert page.headers["cache-control"] == "no-store"
    assert of(page, ".//p/a")[0].attrib["href"] == f"{path}#s1"
    assert "No. 1" in (await get(SIGNER.view_url("inside.weekly", 1))).text


async def test_the_link_in_a_mail_leads_to_the_public_address(get: Get) -> None:
    answer = await get(SIGNER.view_url("daily", 2), 308)
    assert answer.headers["location"] == "/archive/daily/2"
    assert answer.headers["cache-control"] == PUBLIC
    answer = await get(f"{SIGNER.view_url('daily', 1)}/1/2", 308)
    assert answer.headers["location"] == "/archive/daily/1/1/2"
    assert (await get(SIGNER.view_url("daily.weekly", 1), 308)).headers[
        "location"
    ] == "/archive/daily.weekly/1"
    assert (await get("/archive/daily.weekly", 308)).headers["location"] == "/archive/daily"


async def test_a_mistake_in_a_weekly_digest_is_reported_as_one(get: Get) -> None:
    for path, name in (("/archive/daily/1", "No. 1"), ("/archive/daily.weekly/1", "(weekly) No. 1")):
        links = [link.attrib["href"] for link in of(await get(path), ".//a")]
        (report,) = (link for link in links if link.startswith("mailto:") and "Mistake" in link)
        assert unquote(report).endswith(f"=Mistake in The Daily Brief {name}")


async def test_the_link_outlives_its_list(get: Get) -> None:
    answer = await get(SIGNER.view_url("gone", 1))
    assert "The Daily Brief" in answer.text
    assert of(answer, ".//a[@class='cite']") == []
    await get("/archive/gone/1", 404)


async def test_a_wrong_token_shows_nothing(get: Get) -> None:
    good = SIGNER.view_url("inside", 1)
    unsubscribe = SIGNER.unsubscribe_url(subscriber_id=1, list_name="inside").rpartition("/")[2]
    for token in (
        good[:-1],
        f"{good}x",
        f"{URL}/e/{unsubscribe}",
        f"{URL}/e/1.inside.",
        f"{URL}/e/%F0%9F%8C%8A",
    ):
        answer = await get(token, 404)
        assert answer.headers["cache-control"] == "no-store"
    await get(SIGNER.view_url("inside", 99), 404)


async def test_a_search_shows_where_its_words_stand(get: Get) -> None:
    answer = await get("/search?q=bridge+girders")
    assert "1 story found" not in answer.text
    hits = of(answer, ".//ul[@class='list']/li")
    assert {hit.find("a").attrib["href"] for hit in hits} == {"/archive/daily/1#s1", "/archive/quiet/1#s1"}
    assert {words(mark).lower() for mark in of(answer, ".//mark")} == {"bridge", "girders"}
    only = await get("/search?q=bridge+girders&list=quiet")
    assert [hit.find("a").attrib["href"] for hit in of(only, ".//ul[@class='list']/li")] == [
        "/archive/quiet/1#s1"
    ]
    assert of(only, ".//option[@selected]")[0].attrib["value"] == "quiet"
    assert only.headers["x-robots-tag"] == "noindex"
    assert "Every word must be in a story" in (await get("/search?q=nothingness")).text
    await get("/search?q=x&list=nope", 404)
    await get("/search?q=x&page=0", 404)


async def test_the_pages_of_a_search_follow_one_another(app: App) -> None:
    for day in range(6):
        put_edition(app, samples().make_edition(8), days=day)
    async with visiting(app) as get:
        found, path, total = list[str](), "/search?q=the", 0
        for page in range(1, 9):
            answer = await get(path)
            (status,) = of(answer, ".//p[@role='status']")
            total, pages = map(int, re.findall(r"(\d+) stories found, page \d+ of (\d+)", words(status))[0])
            found += [one.attrib["href"] for one in of(answer, ".//li/a[@class='t']")]
            following = of(answer, ".//a[@rel='next']")
            assert bool(following) is (page < pages)
            if not following:
                break
            path = following[0].attrib["href"]
        assert page == pages >= 2
        assert len(found) == len(set(found)) == total
        for beyond in (pages + 1, pages + 5, 51, 999_999_999):
            answer = await get(f"/search?q=the&page={beyond}")
            assert f"{total} stories found" in answer.text
            assert "Every word must be in a story" not in answer.text
            (last,) = of(answer, ".//a[@rel='prev']")
            assert last.attrib["href"] == f"/search?q=the&page={pages}"
        assert not of(await get("/search?q=nothingness&page=2"), ".//nav[@class='pager']/a")


async def test_the_feed_is_atom_with_whole_editions(get: Get) -> None:
    answer = await get("/archive/daily/feed.xml")
    assert answer.headers["content-type"] == "application/atom+xml"
    feed = ET.fromstring(answer.content)
    links = {one.attrib["rel"]: one.attrib["href"] for one in feed.iterfind("a:link", ATOM)}
    assert links == {"self": f"{URL}/archive/daily/feed.xml", "alternate": f"{URL}/archive/daily"}
    entries = feed.findall("a:entry", ATOM)
    assert len(entries) == 5
    dates = [entry.findtext("a:updated", "", ATOM) for entry in entries]
    assert dates == sorted(dates, reverse=True)
    assert feed.findtext("a:updated", "", ATOM) == dates[0] == "2026-12-06T05:30:00Z"
    assert [entry.findtext("a:id", "", ATOM) for entry in entries][:2] == [
        "tag:news.example.org,2026-12-06:daily.weekly/1",
        "tag:news.example.org,2026-12-05:daily/4",
    ]
    for entry in entries:
        content = entry.find("a:content", ATOM)
        assert content is not None
        assert content.attrib["type"] == "html"
        page = html5lib.parseFragment(content.text, namespaceHTMLElements=False)
        for link in page.iterfind(".//a"):
            assert re.match(r"https?://", link.attrib["href"])
        assert list(page.iterfind(".//h2"))
    assert "41 of 48" in str(entries[3].findtext("a:content", "", ATOM))


async def test_a_feed_that_has_not_changed_is_not_sent_again(get: Get) -> None:
    answer = await get("/archive/daily/feed.xml")
    etag, changed = answer.headers["etag"], answer.headers["last-modified"]
    assert changed == "Sun, 06 Dec 2026 05:30:00 GMT"
    for headers in (
        {"if_none_match": etag},
        {"if_none_match": f'"x", W/{etag}'},
        {"if_none_match": "*"},
        {"if_modified_since": changed},
    ):
        again = await get("/archive/daily/feed.xml", 304, **headers)
        assert again.content == b""
        assert again.headers["etag"] == etag
    for headers in (
        {"if_none_match": '"x"', "if_modified_since": changed},
        {"if_modified_since": "Sun, 06 Dec 2026 05:29:59 GMT"},
        {"if_modified_since": "yesterday"},
        {"if_modified_since": ""},
        {"if_modified_since": "Sun, 06 Dec 2026 05:30:00 +99999999999999999"},
        {"if_modified_since": "Sun, 99999999999999 Dec 2026 05:30:00 GMT"},
    ):
        await get("/archive/daily/feed.xml", **headers)


async def test_an_entry_keeps_its_name_when_the_site_moves(tmp_path: Path) -> None:
    names = []
    for url in (URL, "https://elsewhere.example/news"):
        with made_app(tmp_path, public_url=url) as app:
            if not names:
                publish_seeds(app)
            (entry,) = app.archive.feed("daily")
            names.append(entry.id)
    assert names == ["tag:news.example.org,2026-11-23:daily/1"] * 2


async def test_search_engines_are_told_what_is_public(get: Get) -> None:
    answer = await get("/sitemap.xml")
    site = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    places = [one.text for one in ET.fromstring(answer.content).iterfind("s:url/s:loc", site)]
    assert places[:4] == [f"{URL}/", f"{URL}/archive/daily", f"{URL}/archive/sport", f"{URL}/archive/quiet"]
    assert set(places[4:]) == {
        *(f"{URL}/archive/daily/{number}" for number in (1, 2, 3, 4)),
        f"{URL}/archive/daily.weekly/1",
        f"{URL}/archive/quiet/1",
    }
    robots = (await get("/robots.txt")).text
    assert {"Disallow: /e/", "Disallow: /u/", f"Sitemap: {URL}/sitemap.xml"} <= set(robots.splitlines())


async def test_every_address_begins_with_the_path_of_the_site(tmp_path: Path) -> None:
    with made_app(tmp_path, public_url=f"{URL}/news") as app:
        publish_seeds(app)
        async with visiting(app) as get:
            for path in (
                "/news/archive",
                "/news/archive/daily/1",
                "/news/archive/daily/1/1/1",
                "/news/search?q=bridge",
            ):
                answer = await get(path)
                own = [e.attrib["href"] for e in of(answer, ".//a") if e.attrib["href"].startswith("/")]
                own += [e.attrib["href"] for e in of(answer, ".//link[@rel='alternate']")]
                own += [e.attrib["action"] for e in of(answer, ".//form")]
                assert own
                assert all(one.startswith("/news/") for one in own), own
            link = LinkSigner(public_url=f"{URL}/news", keys=["a key of this test alone"]).view_url(
                "daily", 1
            )
            assert (await get(link, 308)).headers["location"] == "/news/archive/daily/1"


async def test_hostile_documents_are_text(get: Get) -> None:
    answer = await get("/archive/daily/3")
    assert '<script>alert(1)</script> & "quotes"' in words(of(answer, ".//article")[0])
    assert "{{ 7 * 7 }}" in answer.text
    assert "\u202e" not in answer.text
    for path in ("/archive/daily/3/1/1", "/search?q=quotes", "/search?q=%3Cscript%3E"):
        await get(path)
    assert of(answer, ".//article[@lang='ar'][@dir='rtl']")
    assert of(answer, ".//article[@lang='ja']")


async def test_a_right_to_left_edition_reads_right_to_left(get: Get) -> None:
    answer = await get("/archive/daily/4")
    assert '<html lang="en" dir="ltr">' in answer.text
    (wrapper,) = of(answer, ".//main/div/div[@dir='rtl'][@lang='ar']")
    assert len(wrapper.findall("article")) == 4
    english = wrapper.find("article[@lang='en']")
    assert english.attrib["dir"] == "ltr"
    assert all(one.attrib["lang"] == "en" for one in wrapper.iterfind("article/p[@class='kick ours']"))


ODD = st.one_of(
    st.sampled_from(
        ["0", "01", "-1", "1e3", "9" * 40, "١", "1.0", "None", "..", "%00", "daily", "inside", "🌊"]
    ),
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="/"), min_size=1, max_size=8),
)


@given(first=ODD, others=st.lists(st.one_of(ODD, st.just("1")), max_size=3), query=ODD)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_odd_addresses_are_never_an_error(
    several: App, first: str, others: list[str], query: str
) -> None:
    path = "/".join(quote(part, safe="") for part in (first, *others))
    asked = quote(query, safe="")
    transport = httpx.ASGITransport(app=pages_of(several))
    async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
        for address in (
            *(f"/archive/{path}", f"/archive/daily/{path}", f"/archive/daily/1/{path}", f"/e/{path}"),
            *(
                f"/archive/daily?before={asked}",
                f"/search?q={asked}",
                f"/search?q=x&page={asked}&list={asked}",
            ),
        ):
            assert (await client.get(address)).status_code in (200, 307, 308, 404), address


async def test_an_edition_that_was_cancelled_in_time_is_gone(app: App) -> None:
    publish_seeds(app)
    async with visiting(app) as get:
        await get("/archive/daily/1")
        app.store.operations.cancel(app.store.editions.latest("daily")[0].id, now=NOW + timedelta(hours=1))
        await get("/archive/daily/1", 404)
        assert "No stories found" in (await get("/search?q=bridge")).text
