"""What operators look up and decide about documents, sources, subscribers and deliveries, by pages."""

from __future__ import annotations

import asyncio
import csv
import html
import http.client
import io
import json
import re
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest
from archives import put_edition, samples
from lookedup import BAD, READERS, note_document, send_some
from operators import NOW, Office, hidden
from webserver import Browser, served

from newsletter.model.documents import FoundFile, RefusalReason
from newsletter.model.operators import Role
from newsletter.model.subscribers import SubscriptionState, SuppressionReason
from newsletter.subscribe import parse_address
from newsletter.web.app import make_web
from newsletter.web.operator import live
from newsletter.web.server import listen, serve

PAGES = (
    *("/documents", "/documents/1", "/documents/refused", "/sources", "/sources/1", "/subscribers"),
    *("/subscribers/1", "/subscribers/1/erase", "/deliveries", "/deliveries/daily/1", "/live.js", "/charts"),
    *("/deliveries/daily/1/cancel", "/deliveries/daily/1/live", "/deliveries/failures"),
)
FOR_ADMINS = ("/subscribers", "/subscribers/1", "/subscribers/1/erase")


@pytest.fixture(scope="module")
def made(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    """Stores to be copied, with an operator of each role: one with the edition of `sent`, and one without."""
    files = {}
    for is_sent in (False, True):
        files[is_sent] = Path(shutil.copy(sqlite_template, tmp_path_factory.mktemp("made") / "store.db"))
        opened = Office.open(f"sqlite:///{files[is_sent]}", list_name="daily", list_title="The Daily Brief")
        opened.add("root", Role.ADMIN)
        opened.add("ed", Role.EDITOR)
        if is_sent:
            assert send_some(opened.app) == 1
        opened.app.close()
    return files


@pytest.fixture
def office(made: dict[bool, Path], tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Office]:
    """An install with an operator of each role."""
    file = shutil.copy(made["sent" in request.fixturenames], tmp_path.with_suffix(".db"))
    opened = Office.open(
        f"sqlite:///{file}",
        list_name="daily",
        list_title="The Daily Brief",
        timezone="Europe/Berlin",
        folders=(tmp_path,),
        fetch_allowed_hosts=("127.0.0.1",),
    )
    yield opened
    opened.app.close()


@pytest.fixture
def sent() -> int:
    """No. 1 of daily, whose readers stand differently: see `send_some`."""
    return 1


def said(office: Office) -> list[tuple[str, str, str]]:
    """What the log says of what root has done on these pages, the newest first."""
    entries = [entry for entry in office.app.audit.entries() if entry.actor == "root"]
    return [(one.action, one.subject, one.detail) for one in entries if one.action != "sign in"]


def words(page: httpx.Response) -> str:
    """What a page says, without its markup."""
    main = page.text.partition("<main")[2].partition("</main")[0]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", main)).split())


def states(office: Office, edition_id: int) -> dict[str, int]:
    counts = office.app.store.deliveries.counts(edition_id)
    return {state.value: count for state, count in counts.items()}


# --- who may see what -----------------------------------------------------------------------------------


def test_nobody_sees_a_page_without_signing_in(office: Office) -> None:
    browser = office.browser()
    for page in PAGES:
        answer = browser.get(office.path(page))
        assert (answer.status_code, "sign-in" in answer.headers["location"]) == (303, True), page


def test_an_editor_sees_no_readers_address(office: Office, sent: int) -> None:
    browser = office.signed_in("ed")
    for page in FOR_ADMINS:
        assert browser.get(office.path(page)).status_code == 403, page
    for page in ("/subscribers/export", "/subscribers/1/record"):
        assert browser.post(office.path(page)).status_code == 403, page
    assert browser.post(office.path("/subscribers/1"), data={"do": "suppress"}).status_code == 403
    assert "Subscribers" not in browser.get(office.path("/documents")).text
    for page in ("/deliveries", "/deliveries/daily/1", "/deliveries/daily/1?state=accepted"):
        answer = browser.get(office.path(page))
        assert answer.status_code == 200
        assert not [address for address in READERS if address in answer.text]


def test_no_change_without_the_forms_own_proof(office: Office, sent: int) -> None:
    browser, before = office.signed_in("root"), states(office, sent)
    for page, do in (("/subscribers/1", "suppress"), ("/deliveries/daily/1", "cancel"), ("/sources/1", "x")):
        assert browser.post(office.path(page), data={"do": do}).status_code == 403
    for page in ("/subscribers/1/erase", "/subscribers/1/record", "/subscribers/export", "/sources"):
        assert browser.post(office.path(page), data={"list": "daily"}).status_code == 403
    assert (states(office, sent), said(office)) == (before, [])
    assert office.app.lookups.reader(1).address.display == READERS[0]


def test_an_editor_reads_why_deliveries_were_refused_without_the_readers_addresses(
    office: Office, sent: int
) -> None:
    store = office.app.settings.database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(store)) as connection, connection:
        reply = f"RCPT: 550 5.1.1 <{READERS[1]}>: user unknown"
        connection.execute("UPDATE deliveries SET reply = ? WHERE state = 'failed'", (reply,))
    for name, sees in (("ed", False), ("root", True)):
        page = office.signed_in(name).get(office.path("/deliveries/failures"))
        assert "550 5.1.1" in words(page)
        assert (READERS[1] in page.text) is sees


def test_numbers_that_are_none_are_no_page(office: Office, sent: int) -> None:
    browser = office.signed_in("root")
    for page in ("documents", "sources", "subscribers", "deliveries/daily"):
        for number in ("0", "-1", "x", "1e3", "٣", "9" * 30, "999"):
            assert browser.get(office.path(f"/{page}/{number}")).status_code == 404, (page, number)
    for query in ("before=x", "before=-1", "before=" + "9" * 40):
        assert browser.get(office.path(f"/deliveries?{query}")).status_code == 404


def test_what_no_store_can_hold_is_no_failure(postgres_url: str) -> None:
    office = Office.open(postgres_url, list_name="daily")
    office.add("root", Role.ADMIN)
    send_some(office.app)
    browser, big = office.signed_in("root"), 10**17
    for page, status in (
        (f"/deliveries/daily/{big}", 404),
        ("/deliveries/%00/1", 404),
        ("/deliveries?list=%00", 200),
        (f"/deliveries?before={big}", 200),
        ("/deliveries/failures?list=%00", 200),
        (f"/deliveries/failures?list=daily&number={big}", 404),
        (f"/documents/{big}", 404),
        ("/documents?q=%00", 200),
        (f"/subscribers/{big}", 404),
        ("/subscribers?list=%00&state=%00", 200),
        ("/charts?list=%00&days=%00", 200),
        ("/sources?page=999999999999999", 200),
        ("/log?actor=%00&action=%00&words=a%00b", 200),
        ("/operators/%00", 404),
    ):
        assert browser.get(office.path(page)).status_code == status, page
    assert office.sign_in(office.browser(), "ro\0ot").status_code == 400
    assert office.send(browser, "/subscribers", do="search", q="a\0d\0a").status_code == 200
    for fields in ({"do": "retry", "list": "daily", "edition": f"{big}"}, {"do": "leave", "list": "\0"}):
        assert office.send(browser, "/subscribers/1", **fields).status_code in (400, 404)
    assert office.send(browser, "/subscribers", do="add", address="a\0@b.example").status_code == 400
    assert office.send(browser, "/subscribers", do="add", address="a@b.org", name="\0").status_code == 303
    office.app.close()


# --- documents ------------------------------------------------------------------------------------------


def test_documents_are_found_by_headline_and_say_who_told_them(office: Office, sent: int) -> None:
    note_document(office.app, f"Überfahrt {BAD}")
    browser = office.signed_in("ed")
    page = browser.get(office.path("/documents"), params={"q": "überFAHRT"})
    assert "Überfahrt &lt;script&gt;" in page.text
    assert "<script" not in page.text
    assert "No. 1 of daily" not in page.text
    told = browser.get(office.path("/documents")).text
    assert 'href="/operator/deliveries/daily/1">daily No. 1</a>' in told
    assert "Nothing was found." in browser.get(office.path("/documents?q=nowhere")).text


def test_what_was_refused_says_why_and_what_to_do(office: Office) -> None:
    refused = FoundFile(path=f"{BAD}.pdf", fingerprint="1", refusal=RefusalReason.LOCKED, detail=BAD)
    office.app.store.documents.record("/in", [refused], now=NOW)
    page = office.signed_in("ed").get(office.path("/documents/refused"))
    assert "locked with a password" in page.text
    assert "Save it without the password." in page.text
    assert "<script" not in page.text


def test_pages_of_documents_follow_each_other(office: Office) -> None:
    for n in range(60):
        note_document(office.app, f"News {n:02}")
    browser, seen = office.signed_in("ed"), []
    path = office.path("/documents")
    while path:
        page = browser.get(path).text
        seen += re.findall(r">(News \d\d)</a>", page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        path = following[1] if following else ""
    assert seen == [f"News {n:02}" for n in range(59, -1, -1)]


# --- sources --------------------------------------------------------------------------------------------

FEED = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>Harbour &lt;b&gt; Feed</title>
<link>http://127.0.0.1/</link><description>News</description>
<item><title>Ferry stuck at the pier for hours</title><link>http://127.0.0.1/1</link><guid>1</guid>
<pubDate>Mon, 23 Nov 2026 05:00:00 GMT</pubDate>
<description>The ferry was stuck at the pier for three hours on Monday after its engine had failed. Nobody was
hurt, the company said. The passengers were taken ashore by small boats before noon.</description></item>
</channel></rss>"""


@pytest.fixture
def feed() -> Iterator[str]:
    """The address of a feed on this machine; whatever else is asked for is not found."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_feed = self.path == "/feed"
            self.send_response(200 if is_feed else 404)
            self.send_header("Content-Type", "application/rss+xml")
            self.end_headers()
            self.wfile.write(FEED if is_feed else b"")

        def log_message(self, *arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/feed"
        server.shutdown()
        thread.join()


def test_a_feed_is_added_asked_and_removed(office: Office, feed: str) -> None:
    browser = office.signed_in("root")
    added = office.send(browser, "/sources", url=feed)
    assert "Added. It brought 1 new document." in words(added)
    assert "Harbour" in added.text
    again = office.send(browser, "/sources", url=feed)
    assert (again.status_code, "is a source already" in again.text) == (400, True)
    assert 'aria-invalid="true"' in again.text
    asked = office.send(browser, "/sources/1", do="ask")
    assert "It brought 0 new documents." in words(asked)
    assert "In order" in words(asked)
    removed = office.send(browser, "/sources/1", do="remove")
    assert "Its documents stay." in removed.text
    assert browser.get(office.path("/sources/1")).status_code == 404
    assert office.app.store.documents.count() == 1
    assert [action for action, _, _ in said(office)] == ["remove source", "ask source", "add source"]


def test_places_that_fail_say_why(office: Office, tmp_path: Path) -> None:
    app = office.app
    app.store.sources.add("http://gone.example/feed", title=BAD, next_at=NOW, now=NOW)
    browser = office.signed_in("ed")
    assert "Not asked yet" in words(browser.get(office.path("/sources")))
    assert "It could not be read" in words(office.send(browser, "/sources/1", do="ask"))
    page = browser.get(office.path("/sources"))
    assert "Failing since today, 07:00" in words(page)
    assert "<script>" not in page.text
    assert f"{tmp_path} In order at every turn" in words(page)


def test_a_folder_that_is_not_there_and_one_that_is_silent(office: Office, tmp_path: Path) -> None:
    for n in range(5):
        note_document(office.app, f"News {n}", folder=str(tmp_path), now=office.now)
        office.later(days=1)
    assert "In order" in words(office.signed_in("ed").get(office.path("/sources")))
    office.later(days=10)
    page = words(office.signed_in("ed").get(office.path("/sources")))
    assert "Silent" in page
    assert "as a rule daily" in page
    tmp_path.rename(tmp_path.with_name("elsewhere"))
    page = words(office.signed_in("ed").get(office.path("/sources")))
    tmp_path.with_name("elsewhere").rename(tmp_path)
    assert "it does not exist: create it, or correct FOLDERS" in page


# --- subscribers ----------------------------------------------------------------------------------------


def test_subscribers_are_looked_for_without_an_address_in_the_path(office: Office, sent: int) -> None:
    browser = office.signed_in("root")
    found = office.send(browser, "/subscribers", do="search", q="SAMPLE.net")
    assert found.status_code == 200
    assert [address for address in READERS if address in found.text] == list(READERS[2:])
    assert 'method="post"' in found.text
    assert "q=" not in str(found.url)
    nobody = office.send(browser, "/subscribers", do="search", q="nobody", state="confirmed")
    assert "Nobody was found." in nobody.text


def test_an_address_is_added_and_shown(office: Office) -> None:
    browser = office.signed_in("root")
    answer = office.send(browser, "/subscribers", do="add", address=" Zoe@Example.org ", name="Zoe")
    assert (answer.status_code, answer.headers["location"]) == (303, "/operator/subscribers/1?done=add")
    assert "The address is on the list." in browser.get(answer.headers["location"]).text
    assert said(office) == [("add subscriber", "reader 1", "daily")]
    wrong = office.send(browser, "/subscribers", do="add", address="zoe@")
    assert (wrong.status_code, "zoe@ was not added: " in words(wrong)) == (400, True)
    assert 'href="#add-address"' in wrong.text


def test_who_left_is_not_added_again(office: Office, sent: int) -> None:
    browser = office.signed_in("root")
    there = office.send(browser, "/subscribers", do="add", address="ada@example.org")
    assert there.status_code == 303
    assert said(office) == []
    left = office.send(browser, "/subscribers/1", do="leave", list="daily")
    assert "ada@example.org has left daily" in words(left)
    again = office.send(browser, "/subscribers", do="add", address="ada@example.org")
    assert "only the reader may sign up again" in words(again)
    office.send(browser, "/subscribers/1", do="add", list="daily")
    standing = office.app.store.subscribers.subscriptions(parse_address("ada@example.org"))
    assert standing == {"daily": SubscriptionState.UNSUBSCRIBED}


def test_an_address_is_suppressed_and_lifted_and_stays_on_its_list(office: Office, sent: int) -> None:
    browser, address = office.signed_in("root"), parse_address("ada@example.org")
    page = office.send(browser, "/subscribers/1", do="suppress")
    assert "will never be mailed again" in words(page)
    assert "Lift the suppression" in page.text
    assert office.app.store.subscribers.suppression(address) is SuppressionReason.OPERATOR
    page = office.send(browser, "/subscribers/1", do="lift")
    assert "it gets the next edition of daily" in words(page)
    assert office.app.store.subscribers.suppression(address) is None
    answer = office.send(browser, "/subscribers", do="suppress", address="nobody@example.org")
    assert "nobody@example.org will never be mailed again" in words(answer)
    assert said(office) == [
        ("suppress address", "an address that nobody has", ""),
        ("lift suppression", "reader 1", ""),
        ("suppress reader", "reader 1", ""),
    ]


def test_a_readers_record_and_a_lists_file_are_handed_out(office: Office, sent: int) -> None:
    browser = office.signed_in("root")
    record = office.send(browser, "/subscribers/1", button="/subscribers/1/record")
    assert "attachment" in record.headers["content-disposition"]
    assert record.json()["address"] == "ada@example.org"
    assert len(record.json()["deliveries"]) == 1
    export = office.send(browser, "/subscribers", button="/subscribers/export", list="daily")
    assert export.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(export.text)))
    assert [row["address"] for row in rows] == list(READERS)
    fields = hidden(browser.get(office.path("/subscribers")), "/operator/subscribers/export")
    nowhere = browser.post(office.path("/subscribers/export"), data=fields | {"list": "nowhere"})
    assert (nowhere.status_code, "there is no list" in nowhere.text) == (400, True)
    file = io.StringIO(newline="")
    assert office.app.subscribers.export_csv(office.app.mailing_list(None), file) == len(rows)
    assert file.getvalue() == export.text
    assert [action for action, _, _ in said(office)] == ["export subscribers", "export reader's record"]


def test_erasing_is_asked_for_and_leaves_no_name_anywhere(office: Office, sent: int) -> None:
    browser = office.signed_in("root")
    office.send(browser, "/subscribers/1", do="suppress")
    asked = browser.get(office.path("/subscribers/1/erase"))
    assert "Erase this reader for good?" in asked.text
    done = office.send(browser, "/subscribers/1/erase")
    assert "The reader is erased" in done.text
    assert browser.get(office.path("/subscribers/1")).status_code == 404
    page = browser.get(office.path("/deliveries/daily/1?state=accepted"))
    assert "a reader who was erased" in page.text
    assert not [entry for entry in said(office) if "ada" in str(entry)]
    assert said(office)[0] == ("erase reader", "reader 1", "")


def test_what_a_reader_was_called_is_never_markup(office: Office, sent: int) -> None:
    page = office.signed_in("root").get(office.path("/subscribers/2")).text
    assert "&lt;script&gt;" in page
    assert "<script" not in page


@pytest.mark.parametrize(
    ("reader", "do", "expected"),
    [(2, "retry", "queued"), (3, "retry", "queued"), (4, "arrived", "accepted"), (4, "abandon", "failed")],
)
def test_one_readers_delivery_is_decided_about(
    office: Office, sent: int, reader: int, do: str, expected: str
) -> None:
    browser = office.signed_in("root")
    answer = office.send(browser, f"/subscribers/{reader}", do=do, list="daily", edition="1")
    assert answer.status_code == 200, words(answer)
    (_, record), *_ = office.app.operator.reader(parse_address(READERS[reader - 1]), limit=1).deliveries
    assert record.state == expected
    assert said(office)[0][1:] == (f"reader {reader}", "daily No. 1")


def test_what_changed_nothing_is_not_logged_as_a_decision(office: Office, sent: int) -> None:
    browser = office.signed_in("root")
    # Reader 1 has got it, and reader 2 was refused: neither is uncertain, and the first needs no other try.
    for path, fields in (
        ("/subscribers/1", {"do": "retry", "list": "daily", "edition": "1"}),
        ("/subscribers/2", {"do": "abandon", "list": "daily", "edition": "1"}),
        ("/deliveries/daily/1", {"do": "resume"}),
    ):
        assert office.send(browser, path, **fields).status_code == 200
    assert said(office) == []


def test_a_reader_whom_somebody_else_erases_meanwhile_is_gone(
    office: Office, sent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, subscribers = office.signed_in("root"), office.app.subscribers
    pages = [hidden(browser.get(office.path(f"/subscribers/{one}/erase"))) for one in (1, 2)]
    erase, suppress = subscribers.erase, subscribers.suppress
    monkeypatch.setattr(subscribers, "erase", lambda address: (erase(address), erase(address))[1])
    answer = browser.post(office.path("/subscribers/1/erase"), data=pages[0])
    assert (answer.status_code, "nobody has the address" in words(answer)) == (404, True)
    monkeypatch.setattr(
        subscribers, "suppress", lambda address, now: (erase(address), suppress(address, now=now))[1]
    )
    answer = office.send(browser, "/subscribers/2", do="suppress")
    assert (answer.status_code, "may have been erased" in words(answer)) == (404, True)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"do": "explode"},
        {"do": "retry", "list": "daily"},
        {"do": "leave", "list": ""},
        {"do": "add", "list": "none"},
    ],
)
def test_what_cannot_be_done_is_refused_and_not_logged(office: Office, sent: int, fields: dict) -> None:
    answer = office.send(office.signed_in("root"), "/subscribers/1", **fields)
    assert answer.status_code == 400
    assert said(office) == []


# --- deliveries -----------------------------------------------------------------------------------------


def test_an_edition_is_paused_resumed_and_cancelled(office: Office, sent: int) -> None:
    browser, page = office.signed_in("root"), "/deliveries/daily/1"
    assert "It is paused." in words(office.send(browser, page, do="pause"))
    assert "Let it go on" in browser.get(office.path(page)).text
    assert "It goes on: 2 readers waiting." in words(office.send(browser, page, do="resume"))
    asked = browser.get(office.path(f"{page}/cancel"))
    assert "2 of 5 readers will never get it." in words(asked)
    sure = browser.post(office.path(page), data=hidden(asked) | {"do": "cancel"})
    assert "It is cancelled: 2 readers will not get it." in words(sure)
    assert states(office, sent) == {"accepted": 1, "failed": 1, "suppressed": 2, "uncertain": 1}
    refused = browser.post(office.path(page), data=hidden(asked) | {"do": "resume"})
    assert (refused.status_code, "was cancelled" in refused.text) == (400, True)
    assert [entry[:2] for entry in said(office)] == [
        ("cancel edition", "daily No. 1"),
        ("resume edition", "daily No. 1"),
        ("pause edition", "daily No. 1"),
    ]


@pytest.mark.parametrize(
    ("do", "expected"),
    [
        ("retry", {"accepted": 1, "deferred": 1, "queued": 2, "uncertain": 1}),
        ("hurry", {"accepted": 1, "failed": 1, "queued": 2, "uncertain": 1}),
        ("arrived", {"accepted": 2, "deferred": 1, "queued": 1, "failed": 1}),
        ("resend", {"accepted": 1, "deferred": 1, "queued": 2, "failed": 1}),
        ("abandon", {"accepted": 1, "deferred": 1, "queued": 1, "failed": 2}),
    ],
)
def test_what_failed_or_is_uncertain_is_decided_about(
    office: Office, sent: int, do: str, expected: dict[str, int]
) -> None:
    answer = office.send(office.signed_in("root"), "/deliveries/daily/1", do=do)
    assert answer.status_code == 200
    assert states(office, sent) == expected
    assert "1 " in said(office)[0][2]


def test_failures_are_shown_by_reason_and_by_domain(office: Office, sent: int) -> None:
    for query in ("", "?list=daily&number=1"):
        page = office.signed_in("ed").get(office.path(f"/deliveries/failures{query}"))
        text = words(page)
        assert "550 5.1.1 the address 1 1 failed" in text
        assert "450 4.2.2 the mailbox 1 1 deferred" in text
        assert "No server answered 1 1 uncertain" in text
        assert "sample.net 2 1 deferred, 1 uncertain" in text
        assert "<script" not in page.text


def test_the_list_of_editions_counts_as_the_edition_does(office: Office, sent: int) -> None:
    browser = office.signed_in("ed")
    row = words(browser.get(office.path("/deliveries"))).partition("daily No. 1")[2]
    assert "Going out 5 1 2 1 0 1" in row
    one = words(browser.get(office.path("/deliveries/daily/1")))
    assert "Accepted 1 Queued 1 Sending 0 Deferred 1 Failed 1 Suppressed 0 Uncertain 1" in one
    assert "1 of 5 readers accepted; 1 to go. 1 to be tried again." in one


def test_an_edition_of_which_nothing_waits_has_no_script(office: Office, sent: int) -> None:
    browser = office.signed_in("ed")
    page = browser.get(office.path("/deliveries/daily/1"))
    assert page.text.count("<script") == 1
    assert '<script src="/operator/live.js" defer></script>' in page.text
    assert page.headers["content-security-policy"].endswith("; script-src 'self'; connect-src 'self'")
    assert "script-src" not in browser.get(office.path("/deliveries")).headers["content-security-policy"]
    office.app.operator.cancel(office.app.operator.edition("daily", 1).edition, now=NOW)
    assert "<script" not in browser.get(office.path("/deliveries/daily/1")).text


def cookies(browser: Browser) -> str:
    return "; ".join(f"{one.name}={one.value}" for one in browser.cookies.jar)


def test_events_come_over_a_real_connection_until_the_edition_is_over(
    office: Office, sent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "EVERY_SECONDS", 0.02)
    browser = office.signed_in("ed")
    with served(office.web) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request(
            "GET", office.path("/deliveries/daily/1/live"), headers={"Cookie": cookies(browser)}
        )
        answer = connection.getresponse()
        assert answer.getheader("Content-Type", "").startswith("text/event-stream")
        assert answer.getheader("Cache-Control") == "no-store"
        assert answer.readline() == b"event: progress\n"
        told = json.loads(answer.readline().removeprefix(b"data: "))
        assert told["words"]["accepted"] == "1"
        assert (told["share"], told["over"]) == (80.0, False)
        office.app.operator.cancel(office.app.operator.edition("daily", 1).edition, now=NOW)
        rest = answer.read().decode()
        connection.close()
    assert '"over": true' in rest
    assert "Cancelled. 1 of 5 readers accepted." in rest


def test_a_server_that_stops_does_not_wait_for_those_who_watch(
    office: Office, sent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "EVERY_SECONDS", 1000)
    request = (
        f"GET {office.path('/deliveries/daily/1/live')} HTTP/1.1\r\n"
        f"Host: 127.0.0.1\r\nCookie: {cookies(office.signed_in('ed'))}\r\n\r\n"
    )
    asyncio.run(_watch_and_stop(office, request.encode()))


async def _watch_and_stop(office: Office, request: bytes) -> None:
    stopping = asyncio.Event()
    web = make_web(office.app, clock=lambda: office.now, stopping=stopping)
    with closing(listen("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        serving = asyncio.create_task(serve(web, listener, stopping=stopping))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        await reader.readuntil(b"event: progress\n")
        stopping.set()
        # uvicorn would wait 20 s for an answer that does not end.
        async with asyncio.timeout(15):
            await serving
        writer.close()
        await writer.wait_closed()


# --- charts ---------------------------------------------------------------------------------------------


def test_a_chart_names_an_edition_by_the_day_it_had_where_its_list_is(sqlite_url: str) -> None:
    office = Office.open(sqlite_url, list_name="daily", timezone="Pacific/Auckland")
    office.add("ed")
    edition = put_edition(office.app, samples().make_full_edition())
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute("UPDATE editions SET created_at = '2026-11-22 18:00:00.000000'")
    text = words(office.signed_in("ed").get(office.path("/charts")))
    assert f"No. {edition.number}, 23 November 2026" in text
    assert "22 November" not in text
    office.app.close()


def test_charts_say_in_a_table_what_they_show(office: Office, sent: int) -> None:
    office.app.subscribers.remove(
        office.app.mailing_list(None), "ada@example.org", suppress=False, now=office.now
    )
    page = office.signed_in("ed").get(office.path("/charts?days=30"))
    assert page.text.count('role="img"') == page.text.count("<figure") - page.text.count("None.")
    text = words(page)
    assert "Readers each edition was queued for" in text
    assert "When Readers Accepted, % Failed Suppressed Uncertain Waiting" in text
    assert re.search(r"No\. 1, \S+ \w+ \d{4} 5 20 1 0 1 2", text)
    assert "23 November 2026 5 1 0" in text
    drawn = re.findall(r'aria-labelledby="([^" ]+) ([^" ]+)"', page.text)
    assert all(f'id="{name}"' in page.text for pair in drawn for name in pair)
    assert 'style="' not in page.text
    assert "365" in office.signed_in("ed").get(office.path("/charts?days=365&list=nowhere")).text
