"""Signing in to the operator's pages, as operators and as those who are none."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from operators import CHEAP, NOW, PASSWORD, Office, hidden

from newsletter.admit import Passwords
from newsletter.bound.operators import Operators
from newsletter.model.operators import Role


@pytest.fixture
def office(sqlite_url: str) -> Iterator[Office]:
    opened = Office.open(sqlite_url)
    yield opened
    opened.app.close()


def test_without_an_operator_there_are_no_operators_pages(office: Office) -> None:
    browser = office.browser()
    for path in ("/sign-in", "/sign-in/code", "/sign-out"):
        assert browser.get(office.path(path)).status_code == 404
    office.add("ada")
    assert browser.get(office.path("/sign-in")).status_code == 200


def test_whoever_has_not_signed_in_is_led_to_the_page_for_it(office: Office) -> None:
    office.add("ada")
    answer = office.browser().get(office.path("/sign-out?a=b"))
    assert answer.status_code == 303
    assert answer.headers["location"] == "/operator/sign-in?next=%2Foperator%2Fsign-out%3Fa%3Db"


def test_signing_in_and_out(office: Office) -> None:
    office.add("ada")
    browser = office.browser()
    answer = office.sign_in(browser, " Ada ", query="?next=/operator/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/operator/sign-out")
    assert "Signed in as ada (admin)" in browser.get("/operator/sign-out").text
    assert office.send(browser, "/sign-out", where="here").status_code == 303
    assert browser.get("/operator/sign-out").status_code == 303
    said = [(entry.actor, entry.action) for entry in office.app.audit.entries()]
    assert said == [("ada", "sign out"), ("ada", "sign in"), ("test", "add operator")]


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(office: Office) -> None:
    office.add("ada")
    answers = [
        office.sign_in(office.browser(), name, "not the password").text.replace(f'value="{name}"', "")
        for name in ("ada", "bob")
    ]
    assert "The name or the password is wrong." in answers[0]
    without_tokens = [page.partition("<h1>")[2].partition("<form")[0] for page in answers]
    assert without_tokens[0] == without_tokens[1]


def test_the_first_operator_is_an_admin_and_others_are_editors(office: Office) -> None:
    office.add("ada")
    office.add("bob")
    roles = {one.name: one.role for one in office.app.operators.all(now=NOW)}
    assert roles == {"ada": Role.ADMIN, "bob": Role.EDITOR}
    assert PASSWORD not in repr(office.app.operators.all(now=NOW))
    assert hidden(office.browser().get("/operator/sign-in")).keys() == {"form_token"}


def test_a_password_of_older_parameters_is_hashed_anew_at_the_next_sign_in(office: Office) -> None:
    office.add("ada")
    stronger = Passwords(time_cost=2, memory_kib=8)
    office.app.operators = Operators(office.app.settings, lambda: office.app.store, passwords=stronger)
    assert office.sign_in(office.browser(), "ada", "wrong").status_code == 400
    assert hash_of_ada(office).startswith("$argon2id$v=19$m=8,t=1,")
    for _ in range(2):
        assert office.sign_in(office.browser(), "ada").status_code == 303
        assert hash_of_ada(office).startswith("$argon2id$v=19$m=8,t=2,")
    assert CHEAP.verify(hash_of_ada(office), PASSWORD)


def hash_of_ada(office: Office) -> str:
    credentials, _ = office.app.store.operators.recognise("ada", "")
    assert credentials is not None
    return credentials.password_hash


def test_how_long_a_session_lasts_is_set(sqlite_url: str) -> None:
    office = Office.open(sqlite_url, operator_idle_hours=2, operator_session_days=0.5)
    office.add("ada")
    browser = office.signed_in("ada")
    statuses = []
    for _ in range(7):
        office.later(minutes=110)
        statuses.append(browser.get("/operator/account").status_code)
    assert statuses == [200] * 6 + [303]
    browser = office.signed_in("ada")
    office.later(minutes=121)
    assert browser.get("/operator/account").status_code == 303
    office.app.close()
