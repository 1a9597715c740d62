"""The pages of operators' accounts, and the log."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import httpx
import pyotp
import pytest
from operators import NOW, PASSWORD, Office, hidden
from webserver import Browser

from newsletter.model.operators import Role

NEW = "another row of words"


@pytest.fixture
def office(sqlite_url: str) -> Iterator[Office]:
    opened = Office.open(sqlite_url)
    opened.add("ada", address="ada@example.org")
    opened.add("bob")
    yield opened
    opened.app.close()


@pytest.fixture
def ada(office: Office) -> Browser:
    return office.signed_in("ada")


def main_of(answer: httpx.Response) -> str:
    """The words of a page's main part."""
    inner = answer.text.partition("<main")[2].partition("</main>")[0]
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", inner).split()))


def do(office: Office, browser: Browser, form: str, **fields: str) -> httpx.Response:
    """Send one of the forms of the own account."""
    return office.send(browser, "/account", button=f"/account/{form}", **({"own": PASSWORD} | fields))


def test_the_account_shows_where_one_is_signed_in(office: Office, ada: Browser) -> None:
    office.later(hours=1)
    other = office.signed_in("ada")
    office.later(minutes=5)
    shown = main_of(ada.get("/operator/account"))
    assert "ada, admin, ada@example.org" in shown
    assert "192.0.2.1 2026-11-23 06:00 2026-11-23 07:05 This one" in shown
    assert "192.0.2.1 2026-11-23 07:00 2026-11-23 07:00 End the session" in shown
    number = re.search(r'name="session" value="(\d+)"', ada.get("/operator/account").text)
    assert number
    answer = do(office, ada, "sessions", session=number[1])
    assert "The session has ended." in ada.get(answer.headers["location"]).text
    assert [one.get("/operator/account").status_code for one in (ada, other)] == [200, 303]


def test_a_session_of_somebody_else_is_not_ended(office: Office, ada: Browser) -> None:
    office.signed_in("ada")
    bob = office.signed_in("bob")
    [of_bob] = office.app.operators.sessions("bob", now=NOW)
    for number in (str(of_bob.id), "", "x", "9" * 30, "²"):
        assert do(office, ada, "sessions", session=number).status_code == 303
    assert bob.get("/operator/account").status_code == 200


def test_the_password_is_changed(office: Office, ada: Browser) -> None:
    answer = do(office, ada, "password", new=NEW, again=NEW)
    assert "The password is changed" in ada.get(answer.headers["location"]).text
    assert office.sign_in(office.browser(), "ada").status_code == 400
    assert office.sign_in(office.browser(), "ada", NEW).status_code == 303


@pytest.mark.parametrize(
    ("fields", "words", "field"),
    [
        ({"own": "wrong", "new": NEW, "again": NEW}, "Your own password is wrong.", "password-own"),
        ({"new": NEW, "again": f"{NEW}!"}, "The two new passwords differ.", "again"),
        ({"new": "short", "again": "short"}, "A password has at least 12 characters", "new"),
        ({}, "A password has at least 12 characters", "new"),
    ],
)
def test_a_wrong_password_form_says_what_is_wrong_and_where(
    office: Office, ada: Browser, fields: dict[str, str], words: str, field: str
) -> None:
    answer = do(office, ada, "password", **fields)
    assert answer.status_code == 400
    assert "<title>Error: My account" in answer.text
    assert re.search(rf'<a href="#{field}">{words}', answer.text)
    assert re.search(rf'id="{field}"[^>]*aria-invalid="true"', answer.text)
    assert office.sign_in(office.browser(), "ada").status_code == 303


def test_the_second_factor_is_set_up_used_renewed_and_switched_off(office: Office, ada: Browser) -> None:
    assert ada.get("/operator/account/second-factor").status_code == 303
    assert do(office, ada, "second-factor/begin", own="wrong").status_code == 400
    page = ada.get(do(office, ada, "second-factor/begin").headers["location"])
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", page.text)
    assert secret
    made = pyotp.TOTP(secret[1])
    # Until it is confirmed, the password is enough.
    assert office.sign_in(office.browser(), "ada").headers["location"] == "/operator"
    wrong = ada.post("/operator/account/second-factor", data=hidden(page) | {"code": "000000"})
    assert "That is not the code of now" in main_of(wrong)
    right = ada.post("/operator/account/second-factor", data=hidden(page) | {"code": made.at(NOW)})
    first = re.findall(r"<code>(\S+)</code>", right.text)
    assert len(first) == 10
    assert first[0] not in ada.get("/operator/account").text
    assert "10 of 10 recovery codes are left" in main_of(ada.get("/operator/account"))
    renewed = re.findall(r"<code>(\S+)</code>", do(office, ada, "recovery-codes").text)
    assert len(set(first) | set(renewed)) == 20
    for code, status in ((first[0], 400), (renewed[0], 303)):
        browser = office.browser()
        assert office.sign_in(browser, "ada").headers["location"].startswith("/operator/sign-in/code")
        assert office.send(browser, "/sign-in/code", code=code).status_code == status
    assert do(office, ada, "second-factor/off", own="wrong").status_code == 400
    assert do(office, ada, "second-factor/off").headers["location"] == "/operator/account?done=off"
    assert office.sign_in(office.browser(), "ada").headers["location"] == "/operator"


def test_a_page_for_a_code_keeps_where_one_was_going(office: Office, ada: Browser) -> None:
    made = pyotp.TOTP(office.app.operators.accounts.begin_second_factor("bob", now=NOW).secret)
    office.app.operators.accounts.confirm_second_factor("bob", made.at(NOW), by="test", now=NOW)
    office.later(minutes=1)
    browser = office.browser()
    query = "?next=/operator/log%3Factor%3Dada"
    there = office.sign_in(browser, "bob", query=query).headers["location"]
    page = browser.get(there)
    wrong = browser.post(there, data=hidden(page) | {"code": "1"})
    action = re.search(r'action="([^"]+)"', wrong.text)
    assert action
    answer = browser.post(html.unescape(action[1]), data=hidden(wrong) | {"code": made.at(office.now)})
    assert answer.headers["location"] == "/operator/log?actor=ada"


def test_an_admin_adds_an_operator(office: Office, ada: Browser) -> None:
    fields = {"name": "Eve", "address": "eve@example.org", "role": "admin", "password": NEW, "again": NEW}
    answer = office.send(ada, "/operators", own=PASSWORD, **fields)
    shown = main_of(ada.get(answer.headers["location"]))
    assert "The operator is added." in shown
    assert "eve admin eve@example.org off never signed out" in shown
    assert office.sign_in(office.browser(), "eve", NEW).status_code == 303
    entry = office.app.audit.entries()[1]
    assert (entry.actor, entry.action, entry.subject, entry.detail) == (
        *("ada", "add operator", "eve", "as admin"),
    )


@pytest.mark.parametrize(
    ("fields", "words", "field"),
    [
        ({"own": "wrong"}, "Your own password is wrong.", "own"),
        ({"again": "other"}, "The passwords differ.", "again"),
        ({"password": "eve", "again": "eve"}, "A password has at least 12", "password"),
        ({"name": "bob"}, "There is an operator bob already.", "name"),
        ({"name": "<script>"}, "cannot be an operator&#39;s name", "name"),
        ({"address": "eve"}, "is not a usable address", "address"),
    ],
)
def test_an_operator_who_cannot_be_added_is_not(
    office: Office, ada: Browser, fields: dict[str, str], words: str, field: str
) -> None:
    good = {"name": "eve", "address": "", "password": NEW, "again": NEW, "own": PASSWORD}
    answer = office.send(ada, "/operators", **good | fields)
    assert answer.status_code == 400
    assert words in answer.text
    assert f'href="#{field}"' in answer.text
    assert re.search(rf'id="{field}"[^>]*aria-invalid="true"', answer.text)
    assert [one.name for one in office.app.operators.all(now=NOW)] == ["ada", "bob"]


def test_an_admin_changes_another_operator(office: Office, ada: Browser) -> None:
    bob = office.signed_in("bob")
    for number in range(5):
        office.sign_in(office.browser(), "bob", f"guess {number}")
    assert "locked until" in main_of(ada.get("/operator/operators/bob"))
    for button, done in (
        ("unlock", "can try again at once"),
        ("admin", "is an admin now"),
        ("editor", "is an editor now"),
        ("sign-out", "is signed out everywhere"),
        ("remove", "is removed"),
    ):
        assert office.send(ada, "/operators/bob", own="wrong", do=button).status_code == 400
        answer = office.send(ada, "/operators/bob", own=PASSWORD, do=button)
        assert done in main_of(ada.get(answer.headers["location"]))
        # Changing a role signs out.
        assert bob.get("/operator/account").status_code == (200 if button == "unlock" else 303)
        office.later(minutes=1)
    assert ada.get("/operator/operators/bob").status_code == 404
    actions = [entry.action for entry in office.app.audit.entries() if entry.subject == "bob"]
    assert actions == [
        *("remove operator", "end all sessions", "change role", "change role", "unlock operator"),
        *("lock operator", "sign in", "add operator"),
    ]


def test_nobody_changes_or_removes_the_own_account_there(office: Office, ada: Browser) -> None:
    page = ada.get("/operator/operators/ada").text
    assert "Remove ada" not in page
    for button in ("editor", "remove"):
        answer = office.send(ada, "/operators/ada", own=PASSWORD, do=button)
        assert (answer.status_code, "ask another admin" in answer.text.lower()) == (400, True)
    assert office.send(ada, "/operators/ada", own=PASSWORD, do="nonsense").status_code == 400
    assert office.app.operators.accounts.find("ada", now=NOW).role is Role.ADMIN


def test_the_log_is_shown_page_by_page(office: Office, ada: Browser) -> None:
    for number in range(120):
        office.app.audit.record(
            actor="bob", action="drop story", subject=f"daily No. {number}", detail="<b>", now=NOW
        )
    seen, page = [], ada.get("/operator/log?actor=bob")
    while True:
        seen.append(re.findall(r">daily No. (\d+)<", page.text))
        assert "<b>" not in page.text
        older = re.search(r'href="([^"]+)">Older', page.text)
        if not older:
            break
        page = ada.get(html.unescape(older[1]))
    assert [len(numbers) for numbers in seen] == [50, 50, 20]
    assert [int(number) for numbers in seen for number in numbers] == [*range(119, -1, -1)]
    newest = re.search(r'href="([^"]+)">Newest', page.text)
    assert newest
    assert ada.get(html.unescape(newest[1])).text.count("<tr>") == 51


@pytest.mark.parametrize(
    "query", ["before=x", "before=99999999999999999999", "before=²", "actor=%00", "words=%25"]
)
def test_any_query_of_the_log_is_answered(office: Office, ada: Browser, query: str) -> None:
    assert ada.get(f"/operator/log?{query}").status_code == 200


def test_an_editor_reads_the_log_and_keeps_the_own_account(office: Office) -> None:
    bob = office.signed_in("bob")
    assert "add operator" in main_of(bob.get("/operator/log"))
    assert do(office, bob, "password", new=NEW, again=NEW).status_code == 303
    assert office.sign_in(office.browser(), "bob", NEW).status_code == 303


def test_below_a_path_every_link_and_form_stays_there(sqlite_url: str) -> None:
    office = Office.open(sqlite_url, base="https://news.example.org/news")
    office.add("ada")
    browser = office.signed_in("ada")
    for below in ("/account", "/operators", "/operators/ada", "/log", "/sign-out"):
        text = browser.get(office.path(below)).text
        for address in re.findall(r'(?:href|action)="(/[^"]*)"', text):
            assert address.startswith("/news/"), (below, address)
    assert office.send(browser, "/sign-out", where="here").headers["location"].startswith("/news/operator/")
    office.app.close()


def test_a_lock_is_told_to_the_second(office: Office, ada: Browser) -> None:
    for number in range(5):
        office.sign_in(office.browser(), "bob", f"guess {number}")
    for page in ("/operator/operators", "/operator/operators/bob"):
        assert "locked until 2026-11-23 06:00:30 UTC" in main_of(ada.get(page))


def test_what_is_refused_on_the_operators_pages_leads_back_to_them(sqlite_url: str) -> None:
    office = Office.open(sqlite_url, base="https://example.org/news")
    office.add("ada")
    ada = office.signed_in("ada")
    answer = ada.post("/news/operator/account/password", data={"own": PASSWORD})
    assert (answer.status_code, '"/news/operator">To the overview' in answer.text) == (403, True)
    for path in ("/news/subscribe", "/news/operator/nowhere"):
        assert '"/news/">To the front page' in ada.post(path).text
    office.app.close()
