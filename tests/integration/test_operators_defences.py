"""Attacks on the operator's pages, each by its name."""

from __future__ import annotations

import random
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from lookedup import send_some
from operators import BASE, CHEAP, NOW, PASSWORD, Office, hidden
from sqlalchemy import event
from starlette.routing import Route
from webserver import Browser

from newsletter.admit import SigningIn
from newsletter.errors import OperatorError, SignInError
from newsletter.model.operators import Role, SessionRules, Visit

RULES = SessionRules(idle_seconds=43_200, most_seconds=1_209_600)


@pytest.fixture
def office(sqlite_url: str) -> Iterator[Office]:
    opened = Office.open(sqlite_url, list_name="daily")
    opened.add("ada")
    opened.add("bob")
    yield opened
    opened.app.close()


def second_factor(office: Office, name: str) -> tuple[pyotp.TOTP, list[str]]:
    """Give an operator a second factor; returns it and its recovery codes."""
    accounts = office.app.operators.accounts
    made = pyotp.TOTP(accounts.begin_second_factor(name, now=office.now).secret)
    return made, accounts.confirm_second_factor(name, made.at(office.now), by="test", now=office.now)


def session_of(browser: Browser) -> str | None:
    return browser.cookies.get("__Host-operator")


def operator_routes(office: Office) -> list[Route]:
    found = [route for route in office.web.routes if isinstance(route, Route)]
    return [route for route in found if route.path.startswith("/operator")]


#: Reached without having signed in.
OPEN = {"/operator/sign-in", "/operator/sign-in/code"}


def filled(route: Route) -> str:
    """A path that a route answers to."""
    return re.sub(r"\{[^}]+\}", "1", route.path)


@pytest.mark.parametrize(
    ("guesses", "seconds", "from_one_network"),
    [
        pytest.param(10_000, 1, False, id="10,000, each from another network", marks=pytest.mark.sweep),
        pytest.param(200, 50, False, id="in the same time 200, each from another network"),
        pytest.param(200, 50, True, id="in the same time 200, from one network"),
    ],
)
def test_brute_force_of_10_000_guesses_is_locked_out(
    office: Office, guesses: int, seconds: int, from_one_network: bool
) -> None:
    """Few of them are looked at. The right operator gets in meanwhile, and anywhere soon after."""
    verified = []

    class Counting(type(CHEAP)):  # type: ignore[misc]
        def verify(self, password_hash: str | None, password: str) -> bool:
            verified.append(password)
            return bool(super().verify(password_hash, password))

    signing_in = SigningIn(office.app.store, Counting(time_cost=1, memory_kib=8), RULES)
    at_home = Visit(origin="198.51.100.1", network="198.51.100.0/24", browser="")
    known = signing_in.with_password("ada", PASSWORD, at_home, now=NOW).known
    verified.clear()
    now = NOW
    for number in range(guesses):
        now += timedelta(seconds=seconds)
        network = "192.0.2.0/24" if from_one_network else f"10.{number // 256}.{number % 256}.0/24"
        visit = Visit(origin="192.0.2.1", network=network, browser="")
        with pytest.raises(SignInError):
            signing_in.with_password("ada", f"guess {number}", visit, now=now)
    assert 5 < len(verified) < 30
    with pytest.raises(SignInError) as caught:
        signing_in.with_password("ada", PASSWORD, at_home, now=now)
    assert 0 < caught.value.wait_seconds <= 900
    in_known_browser = Visit(origin="192.0.2.1", network="192.0.2.0/24", browser="", known=known)
    assert signing_in.with_password("ada", PASSWORD, in_known_browser, now=now).token
    now += timedelta(seconds=caught.value.wait_seconds)
    assert signing_in.with_password("ada", PASSWORD, at_home, now=now).token


def test_brute_force_lock_survives_a_restart_and_ends_by_unlocking(office: Office, sqlite_url: str) -> None:
    for number in range(5):
        assert office.sign_in(office.browser(), "ada", f"guess {number}").status_code == 400
    again = Office.open(sqlite_url)
    refused = again.sign_in(again.browser(), "ada")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "30")
    assert "Too many wrong tries. Try again in 30 seconds." in refused.text
    again.app.operators.accounts.unlock("ada", by="test", now=NOW)
    assert again.sign_in(again.browser(), "ada").status_code == 303
    again.app.close()


def test_brute_force_of_codes_is_locked_out_although_the_password_is_known(office: Office) -> None:
    made, _ = second_factor(office, "ada")
    office.later(minutes=5)
    right = {made.at(office.now + timedelta(seconds=seconds)) for seconds in (-30, 0, 30)}
    wrong = (code for code in (f"{number:06}" for number in range(1_000_000)) if code not in right)
    statuses: Counter[int] = Counter()
    for _ in range(12):
        browser = office.browser()
        answer = office.sign_in(browser, "ada")
        statuses[answer.status_code] += 1
        if answer.status_code == 303:
            statuses[office.send(browser, "/sign-in/code", code=next(wrong)).status_code] += 1
    assert statuses == {303: 5, 400: 5, 429: 7}


def test_brute_force_of_the_own_password_by_a_stolen_session_is_locked_out(office: Office) -> None:
    browser = office.signed_in("ada")
    answers = [
        office.send(
            browser, "/account", button="/account/password", own=f"guess {number}", new="x", again="x"
        )
        for number in range(6)
    ]
    assert ["Your own password is wrong." in answer.text for answer in answers] == [*[True] * 5, False]
    assert "Too many wrong tries" in answers[5].text
    assert CHEAP.verify(office.app.store.operators.recognise("ada", "")[0].password_hash, PASSWORD)  # type: ignore[union-attr]


@pytest.mark.parametrize("planted", ["", "a-session-that-an-attacker-has-chosen", "half"])
def test_session_fixation_no_session_of_before_is_worth_anything_after(office: Office, planted: str) -> None:
    """A browser that is given a cookie, and then signed in with, has another session than the giver."""
    made, _ = second_factor(office, "ada")
    office.later(minutes=1)
    if planted == "half":
        attacker = office.browser()
        office.sign_in(attacker, "ada")
        planted = session_of(attacker) or ""
    browser = office.browser()
    if planted:
        browser.cookies.set("__Host-operator", planted, domain="news.example.org", path="/")
    assert office.sign_in(browser, "ada").headers["location"].startswith("/operator/sign-in/code")
    half = session_of(browser)
    assert office.send(browser, "/sign-in/code", code=made.at(office.now)).status_code == 303
    full = session_of(browser)
    assert len({planted, half, full}) == 3
    for token in (planted, half or ""):
        thief = office.browser()
        thief.cookies.set("__Host-operator", token, domain="news.example.org", path="/")
        assert thief.get("/operator/account").status_code == 303
    assert browser.get("/operator/account").status_code == 200


def test_csrf_every_post_of_the_operators_pages_needs_its_own_form(office: Office) -> None:
    send_some(office.app)
    browser = office.signed_in("ada")
    before = dump(office)
    posts = [route for route in operator_routes(office) if "POST" in (route.methods or ())]
    assert len(posts) >= 9
    foreign = hidden(browser.get("/operator/account"), "/operator/account/password")
    for route in posts:
        path = filled(route).replace("/operators/1", "/operators/bob").replace("/1/1", "/daily/1")
        for fields, headers in (
            ({}, {}),
            ({"form_token": "x"}, {}),
            # A form of another page.
            (foreign if path != "/operator/account/password" else {}, {}),
            (
                hidden(browser.get("/operator/account"), "/operator/account/password"),
                {"Origin": "https://evil"},
            ),
            (foreign, {"Sec-Fetch-Site": "cross-site"}),
        ):
            sent = fields | {"own": PASSWORD, "do": "remove", "where": "everywhere", "session": "1"}
            answer = browser.post(path, data=sent, headers=headers)
            assert answer.status_code == 403, (path, fields, headers)
    assert dump(office) == before


def dump(office: Office) -> list[str]:
    place = office.app.settings.database_url.removeprefix("sqlite:///")
    with sqlite3.connect(place) as connection:
        return list(connection.iterdump())


def test_csrf_nobody_is_signed_in_by_another_sites_form(office: Office) -> None:
    victim, attacker = office.browser(), office.browser()
    stolen = hidden(attacker.get("/operator/sign-in"))
    answer = victim.post("/operator/sign-in", data=stolen | {"name": "ada", "password": PASSWORD})
    assert answer.status_code == 403
    assert session_of(victim) is None


def test_role_escalation_nobody_reaches_a_page_without_signing_in(office: Office) -> None:
    browser = office.browser()
    for route in operator_routes(office):
        if route.path not in OPEN:
            for method in ("GET", "POST") if "POST" in (route.methods or ()) else ("GET",):
                answer = browser.ask(method, filled(route))
                assert answer.status_code in (303, 405), route.path
                if answer.status_code == 303:
                    assert answer.headers["location"].startswith("/operator/sign-in")


def test_role_escalation_an_editor_reaches_nothing_of_admins(office: Office) -> None:
    browser = office.signed_in("bob")
    before = {one.name: one.role for one in office.app.operators.all(now=NOW)}
    for path in ("/operator/operators", "/operator/operators/bob", "/operator/operators/ada"):
        assert browser.get(path).status_code == 403
        sent = hidden(browser.get("/operator/sign-out")) | {"own": PASSWORD, "do": "admin", "name": "eve"}
        assert browser.post(path, data=sent).status_code == 403
    assert "/operator/operators" not in browser.get("/operator/account").text
    assert {one.name: one.role for one in office.app.operators.all(now=NOW)} == before


def test_role_escalation_an_admin_who_is_made_editor_has_lost_it_at_once(office: Office) -> None:
    accounts = office.app.operators.accounts
    accounts.set_role("bob", Role.ADMIN, by="test", now=NOW)
    browser = office.signed_in("bob")
    assert browser.get("/operator/operators").status_code == 200
    accounts.set_role("bob", Role.EDITOR, by="test", now=NOW)
    assert browser.get("/operator/operators").status_code == 303
    browser = office.signed_in("bob")
    assert browser.get("/operator/operators").status_code == 403


def test_replayed_totp_each_code_is_taken_once(office: Office) -> None:
    made, _ = second_factor(office, "ada")
    # The code that has confirmed it is used, too.
    for later, code_of, status in ((0, 0, 400), (30, 0, 303), (0, 0, 400), (5, -30, 400), (30, 0, 303)):
        office.later(seconds=later)
        browser = office.browser()
        office.sign_in(browser, "ada")
        code = made.at(office.now + timedelta(seconds=code_of))
        assert office.send(browser, "/sign-in/code", code=code).status_code == status


def test_a_recovery_code_is_taken_once(office: Office) -> None:
    _, fresh = second_factor(office, "ada")
    for status in (303, 400):
        browser = office.browser()
        office.sign_in(browser, "ada")
        typed = fresh[3].upper().replace("-", " ")
        assert office.send(browser, "/sign-in/code", code=typed).status_code == status
    assert office.app.operators.accounts.find("ada", now=NOW).recovery_codes == 9


def test_a_code_that_comes_too_late_is_for_nothing(office: Office) -> None:
    made, _ = second_factor(office, "ada")
    browser = office.browser()
    office.sign_in(browser, "ada")
    page = browser.get("/operator/sign-in/code")
    office.later(minutes=10)
    answer = browser.post("/operator/sign-in/code", data=hidden(page) | {"code": made.at(office.now)})
    assert "That took too long. Sign in again." in answer.text
    assert browser.get("/operator/sign-in/code").headers["location"].startswith("/operator/sign-in?")


@contextmanager
def watched(office: Office, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is done for a try: hashes that are made, and statements, the values left out."""
    done: list[str] = []
    verify = type(CHEAP).verify
    monkeypatch.setattr(
        type(CHEAP), "verify", lambda self, *given: (done.append("hash"), verify(self, *given))[1]
    )
    engine = office.app.store._database.engine

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        done.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield done
    event.remove(engine, "before_cursor_execute", note)


def test_timing_shape_an_unknown_name_takes_the_same_work(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def try_(name: str) -> None:
        assert office.sign_in(office.browser(), name, "wrong").status_code == 400

    # The first try of a process makes what both need, and of a network its row.
    try_("bob")
    work = {}
    with watched(office, monkeypatch) as done:
        for name in ("ada", "nobody"):
            try_(name)
            try_(name)
            work[name] = [*done]
            done.clear()
    assert work["ada"] == work["nobody"]
    assert work["ada"].count("hash") == 2
    assert len(work["ada"]) > 10


def test_open_redirect_signing_in_leads_only_to_our_own_pages(office: Office) -> None:
    for wanted in ("https://evil.example/", "//evil.example/operator", "/%5Cevil.example", "/subscribe"):
        answer = office.sign_in(office.browser(), "ada", query=f"?next={wanted}")
        assert answer.headers["location"] == "/operator"
    answer = office.sign_in(office.browser(), "ada", query="?next=/operator/log%3Factor%3Dada")
    assert answer.headers["location"] == "/operator/log?actor=ada"


@pytest.mark.parametrize(
    ("base", "name", "path"),
    [
        (BASE, "__Host-operator", "/"),
        (f"{BASE}/news", "__Secure-operator", "/news"),
        ("http://localhost:8000", "operator", "/"),
    ],
)
def test_cookie_flags(sqlite_url: str, base: str, name: str, path: str) -> None:
    office = Office.open(sqlite_url, base=base)
    office.add("ada")
    answer = office.sign_in(office.browser(), "ada")
    set_cookies = {one.partition("=")[0]: one for one in answer.headers.get_list("set-cookie")}
    for cookie in (name, f"{name}-browser"):
        flags = {flag.strip().lower() for flag in set_cookies[cookie].split(";")[1:]}
        assert {"httponly", "samesite=lax", f"path={path}"} <= flags
        assert ("secure" in flags) == base.startswith("https")
        assert not any(flag.startswith("domain") for flag in flags)
    assert "max-age" not in set_cookies[name].lower()
    token = set_cookies[name].partition("=")[2].partition(";")[0]
    assert len(token) == 43
    assert token not in "\n".join(dump(office))
    office.app.close()


def test_security_headers_of_every_page(office: Office) -> None:
    browser = office.signed_in("ada")
    answers = [
        browser.get(filled(route)) for route in operator_routes(office) if "GET" in (route.methods or ())
    ]
    answers.append(office.browser().get("/operator/sign-in"))
    assert {answer.status_code for answer in answers} >= {200, 303}
    for answer in answers:
        headers = answer.headers
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]
        if answer.status_code == 200:
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["x-robots-tag"] == "noindex, nofollow"
            assert "style=" not in answer.text
            assert "<script" not in answer.text


def test_a_session_ends_by_signing_out_everywhere_by_the_password_and_by_removal(office: Office) -> None:
    ends = {
        "everywhere": lambda browser: office.send(browser, "/sign-out", where="everywhere"),
        "password": lambda browser: office.send(
            browser,
            "/account",
            button="/account/password",
            own=PASSWORD,
            new="another row of words",
            again="another row of words",
        ),
        "removal": lambda _: office.app.operators.accounts.remove("bob", by="test", now=office.now),
    }
    password = PASSWORD
    for name, end in ends.items():
        here, there = office.browser(), office.browser()
        for browser in (here, there):
            assert office.sign_in(browser, "bob", password).status_code == 303
        end(here)
        assert [one.get("/operator/account").status_code for one in (here, there)] == [303, 303], name
        password = "another row of words" if name == "password" else password


def test_hostile_names_and_passwords_break_nothing(office: Office) -> None:
    """Whatever is typed is answered by the page, or by a 400 of the form."""
    odd = random.Random(7)
    letters = "a'\"<>\\%\0\n\u202e\ud7ff\U0001f600 _"
    for _ in range(40):
        name = "".join(odd.choices(letters, k=odd.randrange(40)))
        answer = office.sign_in(office.browser(), name, name[::-1])
        assert answer.status_code in (400, 429)
        assert "<>" not in answer.text.replace("&lt;&gt;", "")


def test_a_busy_entrance_says_so(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsletter.web.operator.turns._MOST_WAITING", 0)
    answer = office.sign_in(office.browser(), "ada")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")


def test_second_factor_that_was_switched_on_while_a_password_was_looked_at_is_asked_for(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify = type(CHEAP).verify

    def slow(*given: Any) -> bool:
        monkeypatch.setattr(type(CHEAP), "verify", verify)
        second_factor(office, "ada")
        return verify(*given)

    monkeypatch.setattr(type(CHEAP), "verify", slow)
    browser = office.browser()
    answer = office.sign_in(browser, "ada")
    assert (answer.status_code, "The account has changed. Sign in again." in answer.text) == (400, True)
    assert office.sign_in(browser, "ada").headers["location"].startswith("/operator/sign-in/code")


def test_nobody_is_asked_for_a_code_of_a_second_factor_that_was_switched_off(office: Office) -> None:
    second_factor(office, "ada")
    browser = office.browser()
    office.sign_in(browser, "ada")
    page = browser.get("/operator/sign-in/code")
    office.app.operators.accounts.drop_second_factor("ada", by="test", now=NOW)
    assert browser.get("/operator/sign-in/code").headers["location"].startswith("/operator/sign-in?")
    answer = browser.post("/operator/sign-in/code", data=hidden(page) | {"code": "123456"})
    assert (answer.status_code, session_of(browser) is not None) == (400, True)
    assert browser.get("/operator/account").status_code == 303


def test_a_second_factor_that_was_left_unconfirmed_is_no_way_around_the_password(office: Office) -> None:
    """Whoever has found a session, and does not know the password, sets up no second factor of his own."""
    browser = office.signed_in("ada")
    begun = pyotp.TOTP(office.app.operators.accounts.begin_second_factor("ada", now=office.now).secret)
    page = browser.get("/operator/account/second-factor")
    assert begun.secret in page.text
    office.later(minutes=11)
    assert browser.get("/operator/account/second-factor").headers["location"] == "/operator/account"
    sent = hidden(page) | {"code": begun.at(office.now)}
    assert browser.post("/operator/account/second-factor", data=sent).status_code == 303
    assert not office.app.operators.accounts.find("ada", now=office.now).has_second_factor


def test_the_log_says_that_a_recovery_code_let_somebody_in(office: Office) -> None:
    made, fresh = second_factor(office, "ada")
    for code in (fresh[0], made.at(NOW + timedelta(minutes=1))):
        office.now = NOW + timedelta(minutes=1)
        browser = office.browser()
        office.sign_in(browser, "ada")
        assert office.send(browser, "/sign-in/code", code=code).status_code == 303
    by_app, by_recovery = office.app.audit.entries(limit=2)
    assert by_app.detail == "from 192.0.2.1"
    assert by_recovery.detail == "from 192.0.2.1, by a recovery code"


def test_no_mail_address_of_an_operator_outlives_the_account_in_the_log(office: Office) -> None:
    accounts = office.app.operators.accounts
    office.add("eve", address="eve@example.org")
    accounts.set_address("eve", "eve.other@example.org", by="test", now=NOW)
    accounts.remove("eve", by="test", now=NOW)
    entries = office.app.audit.entries()
    assert [one.detail for one in entries if one.action == "change address"] == ["to e••@example.org"]
    assert not [one for one in entries if "eve@" in one.detail or "other@" in one.detail]


def test_no_operator_is_called_what_the_log_calls_the_program(office: Office) -> None:
    with pytest.raises(OperatorError, match="choose another name"):
        office.add(" Newsletter")
