"""Readers' pages as browsers, mail programs and link scanners use them."""

from __future__ import annotations

import json
import random
import re
import sqlite3
import string
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from webserver import Browser

from newsletter.app import App
from newsletter.messages.links import LinkPurpose, LinkSigner
from newsletter.model.subscribers import Cadence, SubscriptionState, SuppressionReason
from newsletter.subscribe import parse_address
from newsletter.web.app import make_web

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
BASE = "https://news.example.org"
KEY = "signing-key-of-a-test"
LIST = {"title": "The Harbour Brief", "language": "en"}


class Visitor(Browser):
    """A browser, which goes where it is sent."""

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        return super().ask(method, path, **{"follow_redirects": True} | options)


@dataclass
class Site:
    """A site that is asked without a network, and what lies beneath it."""

    app: App
    file: Path
    links: LinkSigner
    now: datetime = NOW
    woken: list[datetime] = field(default_factory=list)

    def browser(self) -> Visitor:
        """A browser of its own: with a cookie jar, and redirects followed."""
        web = make_web(self.app, clock=lambda: self.now, wake_letters=lambda: self.woken.append(self.now))
        return Visitor(web, BASE)

    def add(self, address: str, list_name: str = "daily") -> int:
        """Put a confirmed reader on a list; returns the reader's number."""
        self.app.subscribers.add(self.app.mailing_list(list_name), address, now=NOW - timedelta(days=9))
        return next(
            one.id for one in self.app.store.subscribers.listed(list_name) if one.address.display == address
        )

    def standing(self, address: str) -> dict[str, SubscriptionState]:
        return self.app.store.subscribers.subscriptions(parse_address(address))

    def rows(self) -> list[str]:
        """Everything in the store, to see that nothing has changed."""
        with sqlite3.connect(self.file) as connection:
            return list(connection.iterdump())

    def path(self, url: str) -> str:
        return url.removeprefix(BASE)

    def leave_path(self, reader: int, list_name: str = "daily") -> str:
        return self.path(self.links.unsubscribe_url(subscriber_id=reader, list_name=list_name))

    def preferences_path(self, reader: int, list_name: str = "daily") -> str:
        return self.path(self.links.preferences_url(subscriber_id=reader, list_name=list_name))


@pytest.fixture
def site(sqlite_url: str, tmp_path: Path) -> Iterator[Site]:
    app = App.isolated(
        database_url=sqlite_url,
        public_url=BASE,
        secret_keys=(KEY,),
        sender_address="digest@news.example.org",
        postal_address=("The Harbour Brief", "1 Quay Street"),
        smtp_host="127.0.0.1",
        signups_per_hour=6,
        lists=(
            {"name": "daily"} | LIST,
            {"name": "tag", "title": "Der Hafenbrief", "language": "de", "translation_of": "daily"},
            {"name": "sport", "title": "Sport", "weekly_schedule": "off"},
            {"name": "staff", "title": "For the staff", "sign_up": "closed"},
        ),
    )
    yield Site(app=app, file=tmp_path / "store.db", links=LinkSigner(public_url=BASE, keys=[KEY]))
    app.close()


def hidden(page: httpx.Response, action: str | None = None) -> dict[str, str]:
    """The hidden fields of a page's first form, or of the one that is sent to an address."""
    forms = re.findall(r"<form[^>]*>.*?</form>", page.text, re.DOTALL)
    form = next(one for one in forms if action is None or f'action="{action}"' in one)
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))


def sign_up(browser: Visitor, address: str, **fields: object) -> httpx.Response:
    page = browser.get("/subscribe")
    return browser.post("/subscribe", data=hidden(page) | {"address": address, "list": "daily"} | fields)


def test_a_sign_up_is_written_down_and_its_letter_woken(site: Site) -> None:
    answer = sign_up(site.browser(), "ada@example.org", list=["daily", "sport"])
    assert answer.status_code == 200
    assert "Look in your inbox" in answer.text
    assert site.woken == [NOW]
    assert site.standing("ada@example.org") == {}
    assert site.app.readers.answer(now=NOW) == 1
    assert set(site.standing("ada@example.org").values()) == {SubscriptionState.UNCONFIRMED}


def test_nobody_learns_from_the_answer_who_reads_along(site: Site) -> None:
    site.add("known@example.org")
    site.add("left@example.org")
    site.app.subscribers.remove(site.app.mailing_list("daily"), "left@example.org", suppress=False, now=NOW)
    site.app.store.subscribers.suppress(
        parse_address("never@example.org"), SuppressionReason.COMPLAINT, now=NOW
    )
    sign_up(site.browser(), "unconfirmed@example.org")
    site.app.readers.answer(now=NOW)
    answers = set()
    for address in ("new", "known", "left", "never", "unconfirmed"):
        browser = site.browser()
        page = browser.get("/subscribe")
        fields = hidden(page) | {"address": f"{address}@example.org", "list": "daily"}
        answer = browser.post("/subscribe", data=fields, follow_redirects=False)
        answers.add((answer.status_code, answer.content, tuple(sorted(answer.headers.items()))))
    assert len(answers) == 1


def test_who_fills_what_people_do_not_see_is_thanked_and_forgotten(site: Site) -> None:
    answer = sign_up(site.browser(), "bot@example.org", website="https://spam.example")
    assert "Look in your inbox" in answer.text
    assert site.woken == []
    assert site.app.readers.answer(now=NOW) == 0


def test_what_is_wrong_is_told_at_its_field_and_in_the_title(site: Site) -> None:
    answer = sign_up(site.browser(), "ada@nowhere@", list="sport")
    assert answer.status_code == 400
    assert "<title>Error: Subscribe" in answer.text
    assert '<a href="#address">' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert 'value="ada@nowhere@"' in answer.text
    assert 'value="sport" checked' in answer.text


def test_a_closed_list_cannot_be_asked_for(site: Site) -> None:
    answer = sign_up(site.browser(), "ada@example.org", list="staff")
    assert answer.status_code == 400
    assert "For the staff" not in answer.text


def test_too_many_sign_ups_from_one_place_are_told_to_wait(site: Site) -> None:
    browser = site.browser()
    codes = [sign_up(browser, f"r{number}@example.org").status_code for number in range(8)]
    assert codes == [200] * 6 + [429] * 2
    site.now += timedelta(hours=2)
    assert sign_up(browser, "later@example.org").status_code == 200


def confirm_path(site: Site, address: str) -> str:
    sign_up(site.browser(), address)
    site.app.readers.answer(now=site.now)
    with sqlite3.connect(site.file) as connection:
        row = connection.execute("SELECT max(id) FROM signups").fetchone()
    return site.path(site.links.confirm_url(signup_id=row[0], list_name="daily"))


def test_confirming_takes_the_button_and_works_once(site: Site) -> None:
    path, browser = confirm_path(site, "ada@example.org"), site.browser()
    page = browser.get(path)
    assert site.standing("ada@example.org")["daily"] is SubscriptionState.UNCONFIRMED
    assert "You are subscribed" in browser.post(path, data=hidden(page)).text
    assert site.standing("ada@example.org")["daily"] is SubscriptionState.CONFIRMED
    assert "You are subscribed" in browser.get(path).text
    reader = next(one.id for one in site.app.store.subscribers.listed("daily"))
    browser.post(site.leave_path(reader), data={"List-Unsubscribe": "One-Click"})
    again = browser.get(path)
    assert (again.status_code, "had its day" in again.text) == (410, True)
    assert site.standing("ada@example.org")["daily"] is SubscriptionState.UNSUBSCRIBED


def test_a_confirmation_is_good_for_two_days(site: Site) -> None:
    path, browser = confirm_path(site, "ada@example.org"), site.browser()
    page = browser.get(path)
    fields = hidden(page)
    site.now += timedelta(hours=49)
    assert browser.get(path).status_code == 410
    assert browser.post(path, data=fields).status_code == 403, "the page itself is too old by then"
    assert site.standing("ada@example.org")["daily"] is SubscriptionState.UNCONFIRMED


@pytest.mark.parametrize("kind", ["urlencoded", "multipart"])
def test_one_click_needs_no_cookie_and_is_not_redirected(site: Site, kind: str) -> None:
    reader = site.add("ada@example.org")
    # As Gmail and as Apple send it (RFC 8058 section 3.2).
    body = (
        {"data": {"List-Unsubscribe": "One-Click"}}
        if kind == "urlencoded"
        else {"files": {"List-Unsubscribe": (None, "One-Click")}}
    )
    for _ in range(3):
        answer = site.browser().post(site.leave_path(reader), follow_redirects=False, **body)  # type: ignore[arg-type]
        assert answer.status_code == 200
        assert site.standing("ada@example.org")["daily"] is SubscriptionState.UNSUBSCRIBED


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (None, b""),
        ("text/plain", b"List-Unsubscribe=One-Click"),
        ("multipart/form-data", b"List-Unsubscribe=One-Click"),
        ("multipart/form-data; boundary=b", b"List-Unsubscribe=One-Click"),
        ("application/x-www-form-urlencoded", b"\xff=%ff&" * 99),
    ],
)
def test_one_click_works_for_programs_that_get_the_form_wrong(
    site: Site, content_type: str | None, body: bytes
) -> None:
    reader = site.add("ada@example.org")
    headers = {"Content-Type": content_type} if content_type else {}
    answer = site.browser().post(site.leave_path(reader), content=body, headers=headers)
    assert answer.status_code == 200
    assert site.standing("ada@example.org")["daily"] is SubscriptionState.UNSUBSCRIBED


def test_an_unsubscribe_link_works_years_later_and_with_an_older_key(site: Site, tmp_path: Path) -> None:
    reader = site.add("ada@example.org")
    old = LinkSigner(public_url=BASE, keys=["a newer key", KEY])
    path = site.path(
        LinkSigner(public_url=BASE, keys=[KEY]).unsubscribe_url(subscriber_id=reader, list_name="daily")
    )
    site.now += timedelta(days=4000)
    assert old.read(path.rpartition("/")[2], LinkPurpose.UNSUBSCRIBE).number == reader
    site.browser().post(path, data={"List-Unsubscribe": "One-Click"})
    assert site.standing("ada@example.org")["daily"] is SubscriptionState.UNSUBSCRIBED


def test_leaving_by_the_page_can_be_taken_back_for_an_hour(site: Site) -> None:
    reader, browser = site.add("ada@example.org"), site.browser()
    page = browser.get(site.leave_path(reader))
    assert "a••@example.org" in page.text
    assert "ada@example.org" not in page.text
    goodbye = browser.post(site.leave_path(reader), data=hidden(page))
    undo = re.search(r'action="(/r/[^"]+)"', goodbye.text)
    assert undo
    fields = hidden(goodbye, undo[1])
    stays = browser.post(undo[1], data=fields)
    assert "You stay with The Harbour Brief" in stays.text
    assert site.standing("ada@example.org")["daily"] is SubscriptionState.CONFIRMED
    browser.post(site.leave_path(reader), data=hidden(page))
    site.now += timedelta(hours=2)
    late = browser.post(undo[1], data=fields)
    assert (late.status_code, "can no longer be taken back" in late.text) == (404, True)
    again = browser.post(site.leave_path(reader), data=hidden(page))
    assert ("You have left" in again.text, "/r/" in again.text) == (True, False)
    assert site.standing("ada@example.org")["daily"] is SubscriptionState.UNSUBSCRIBED


def test_the_erased_are_told_of_newer_mails_and_offered_no_way_back(site: Site) -> None:
    reader, browser = site.add("ada@example.org"), site.browser()
    site.app.subscribers.erase("ada@example.org")
    site.add("ada@example.org")
    for answer in (
        browser.get(site.leave_path(reader)),
        browser.post(site.leave_path(reader), data={"List-Unsubscribe": "One-Click"}),
    ):
        assert answer.status_code == 200
        assert "use the link in the latest mail" in answer.text
        assert ("You have left" in answer.text, "/r/" in answer.text) == (False, False)
    assert site.standing("ada@example.org")["daily"] is SubscriptionState.CONFIRMED


def test_preferences_are_saved_and_shown_again(site: Site) -> None:
    reader, browser = site.add("ada@example.org"), site.browser()
    path = site.preferences_path(reader)
    page = browser.get(path)
    sent = hidden(page, path) | {
        "list.daily": "tag",
        "cadence.daily": "weekly",
        "list": "sport",
        "pause": "2026-12-24",
    }
    saved = browser.post(path, data=sent)
    assert "Your choices are saved" in saved.text
    assert site.standing("ada@example.org") == {
        "daily": SubscriptionState.UNSUBSCRIBED,
        "tag": SubscriptionState.CONFIRMED,
        "sport": SubscriptionState.CONFIRMED,
    }
    german = next(iter(site.app.store.subscribers.listed("tag")))
    assert german.cadence is Cadence.WEEKLY
    assert german.paused_until == datetime(2026, 12, 24, tzinfo=UTC)
    assert 'value="2026-12-24"' in saved.text
    assert re.search(r'name="cadence.daily" value="weekly" checked', saved.text)
    assert re.search(r'name="list" value="sport" checked', saved.text)


def test_a_choice_that_cannot_be_is_told_and_nothing_is_saved(site: Site) -> None:
    reader, browser = site.add("ada@example.org"), site.browser()
    path = site.preferences_path(reader)
    sent = hidden(browser.get(path), path) | {"list.daily": "", "pause": "2020-01-01"}
    answer = browser.post(path, data=sent)
    assert answer.status_code == 400
    assert '<a href="#pause">' in answer.text
    assert site.standing("ada@example.org")["daily"] is SubscriptionState.CONFIRMED


def test_a_reader_can_download_everything_and_be_forgotten(site: Site) -> None:
    reader, browser = site.add("ada@example.org"), site.browser()
    path = site.preferences_path(reader)
    page = browser.get(path)
    record = browser.post(f"{path}/record", data=hidden(page, f"{path}/record"))
    assert "attachment" in record.headers["content-disposition"]
    assert "ada@example.org" in json.dumps(record.json())
    erase = browser.get(f"{path}/erase")
    assert "ada@example.org" in "".join(site.rows())
    assert "You are forgotten" in browser.post(f"{path}/erase", data=hidden(erase)).text
    assert "ada@example.org" not in "".join(site.rows())
    assert browser.get(path).status_code == 404


@pytest.mark.parametrize("visits", [140, pytest.param(1000, marks=pytest.mark.sweep)])
def test_a_link_scanner_changes_nothing(site: Site, visits: int) -> None:
    reader = site.add("ada@example.org")
    confirm = confirm_path(site, "bo@example.org")
    paths = [site.leave_path(reader), site.preferences_path(reader), confirm]
    paths += [f"{site.preferences_path(reader)}/erase", "/", "/subscribe", "/privacy"]
    before, browser = site.rows(), site.browser()
    for number in range(visits):
        path = paths[number % len(paths)]
        answer = browser.ask("HEAD" if number % 5 == 0 else "GET", path)
        assert answer.status_code == 200, path
    assert site.rows() == before


@pytest.mark.parametrize("purpose", ["u", "p", "c", "r"])
def test_a_token_is_good_for_its_purpose_alone(site: Site, purpose: str) -> None:
    reader = site.add("ada@example.org")
    own = {
        "u": site.leave_path(reader),
        "p": site.preferences_path(reader),
        "c": site.path(site.links.confirm_url(signup_id=reader, list_name="daily")),
        "r": f"/r/{site.links.return_token(subscriber_id=reader, list_name='daily')}",
    }
    before, browser = site.rows(), site.browser()
    for other, path in own.items():
        if other != purpose:
            token = path.rpartition("/")[2]
            for method in ("GET", "POST"):
                answer = browser.ask(method, f"/{purpose}/{token}", data={"List-Unsubscribe": "One-Click"})
                assert answer.status_code in {403, 404, 405}, (method, purpose, other)
    assert site.rows() == before


def test_a_token_that_was_tampered_with_is_refused(site: Site) -> None:
    reader = site.add("ada@example.org")
    good, browser = site.leave_path(reader), site.browser()
    foreign = LinkSigner(public_url=BASE, keys=["another key"])
    bad = [good[:-count] for count in range(1, 17)]
    bad += [
        good[:place] + ("A" if good[place] != "A" else "B") + good[place + 1 :]
        for place in range(3, len(good))
    ]
    bad += [site.path(foreign.unsubscribe_url(subscriber_id=reader, list_name="daily"))]
    bad += ["/u/", "/u/%00", "/u/1.daily.", f"{good}%0a", f"{good}/", "/u/" + "9" * 5000, "/u/%ff%fe"]
    for path in bad:
        assert browser.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 404, path
    assert site.standing("ada@example.org")["daily"] is SubscriptionState.CONFIRMED


@pytest.mark.sweep
def test_a_hundred_thousand_random_tokens_are_refused(site: Site) -> None:
    reader = site.add("ada@example.org")
    letters, draw = string.ascii_letters + string.digits + "-_", random.Random(5)
    browser, before = site.browser(), site.rows()
    for number in range(100_000):
        signature = "".join(draw.choices(letters, k=16))
        token = f"{reader}.daily.{signature}" if number % 2 else "".join(draw.choices(letters + ".", k=30))
        purpose = LinkPurpose(draw.choice("upcr"))
        with pytest.raises(ValueError, match="not valid"):
            site.links.read(token, purpose)
        if number % 100 == 0:
            assert browser.post(f"/u/{token}", data={"List-Unsubscribe": "One-Click"}).status_code == 404
    assert site.rows() == before


def test_pages_behind_a_reader_s_link_are_kept_and_listed_nowhere(site: Site) -> None:
    reader, browser = site.add("ada@example.org"), site.browser()
    for path in (site.leave_path(reader), site.preferences_path(reader), "/u/nonsense"):
        answer = browser.get(path)
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "noindex" in answer.headers["x-robots-tag"]
        assert answer.headers["cache-control"] == "no-store"


def test_every_form_but_one_click_needs_its_own_page(site: Site) -> None:
    reader, confirm = site.add("ada@example.org"), confirm_path(site, "bo@example.org")
    path, before = site.preferences_path(reader), site.rows()
    undo = f"/r/{site.links.return_token(subscriber_id=reader, list_name='daily')}"
    for target in ("/subscribe", confirm, path, f"{path}/record", f"{path}/erase", undo):
        answer = site.browser().post(target, data={"address": "eve@example.org", "list": "daily"})
        assert answer.status_code == 403, target
    assert site.rows() == before


def test_pages_are_small(site: Site) -> None:
    reader, browser = site.add("ada@example.org"), site.browser()
    style = len(browser.get("/site.css").content)
    for path in ("/", "/subscribe", "/privacy", site.preferences_path(reader), site.leave_path(reader)):
        assert len(browser.get(path).content) + style < 30_000, path


FIELDS = ("address", "list", "list.daily", "cadence", "cadence.daily", "pause", "website", "List-Unsubscribe")
VALUES = st.one_of(
    st.sampled_from(
        ["daily", "tag", "sport", "staff", "weekly", "each", "2026-12-24", "9999-12-31", "0001-01-01"]
    ),
    st.text(max_size=40),
    st.text(alphabet=st.characters(codec="utf-8", categories=["Cc", "Cf", "Zs", "So"]), max_size=8),
)


@given(draw=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_that_can_be_sent_makes_the_server_fail(site: Site, draw: st.DataObject) -> None:
    reader = 1
    tokens = [
        site.leave_path(reader),
        site.preferences_path(reader),
        site.path(site.links.confirm_url(signup_id=1, list_name="daily")),
        f"/r/{site.links.return_token(subscriber_id=reader, list_name='daily')}",
        site.path(site.links.view_url("daily", 1)),
    ]
    if not site.standing("ada@example.org"):
        site.add("ada@example.org")
        sign_up(site.browser(), "bo@example.org")
        site.app.readers.answer(now=NOW)
    browser = site.browser()
    path = draw.draw(
        st.one_of(
            st.sampled_from(
                [*tokens, "/", "/subscribe", "/subscribe/asked", "/privacy", "/archive", "/sitemap.xml"]
            ),
            st.sampled_from([f"{tokens[1]}/erase", f"{tokens[1]}/record", "/archive/daily/feed.xml"]),
            st.builds("/{}/{}".format, st.sampled_from("upcre"), st.text("abc0.-_%/9", max_size=30)),
            st.builds("/search?q={}".format, st.text('ab"*-() %', max_size=20)),
        )
    )
    method = draw.draw(st.sampled_from(["GET", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS"]))
    fields = draw.draw(st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=6))
    if method == "POST" and draw.draw(st.booleans()):
        page = browser.get(path)
        fields |= next((hidden(page) for _ in [0] if "<form" in page.text and "hidden" in page.text), {})
    body = draw.draw(st.sampled_from(["data", "files", "json", "content"]))
    sent: dict[str, Any] = {
        "data": {"data": fields},
        "files": {"files": {name: (None, value) for name, value in fields.items()}},
        "json": {"json": fields},
        "content": {"content": draw.draw(st.binary(max_size=200)), "headers": {"Content-Type": "x/y"}},
    }[body]
    answer = browser.ask(method, path, **(sent if method not in ("GET", "HEAD") else {}))
    assert answer.status_code < 500, answer.text
    assert "Traceback" not in answer.text
