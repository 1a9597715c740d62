"""What operators see of editions, and decide about them, by pages."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import httpx
import pytest
from operators import Office, hidden
from reviewed import NOW, SLOT, open_office, proposed, publish, write
from webserver import Browser

from newsletter.model.alerts import AlertDecision, AlertKind, Condition
from newsletter.model.deliveries import DeliveryState
from newsletter.model.editions import Edition, RunOutcome
from newsletter.model.proposals import Proposal, ProposalState
from newsletter.web.security import FRAME_POLICY, MAIL_POLICY

VIEWS = ("mail", "phone", "text", "source", "mail.html", "mail.eml", "why", "why/1", "changes")


@pytest.fixture
def office(sqlite_url: str, folder: Path, tmp_path: Path) -> Iterator[Office]:
    opened = open_office(sqlite_url, folder, transport="file", outbox=tmp_path / "outbox")
    yield opened
    opened.app.close()


def words(page: httpx.Response) -> str:
    """What a page says, without its markup."""
    main = page.text.partition("<main")[2].partition("</main")[0]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", main)).split())


def said(office: Office) -> list[tuple[str, str, str]]:
    """What the log says of decisions about editions, the newest first."""
    found = office.app.audit.entries()
    return [(one.actor, one.action, one.subject) for one in found if one.subject.startswith("daily")]


def decide(office: Office, browser: Browser, proposal: Proposal, do: str, **fields: str) -> httpx.Response:
    """Press a button on a proposal's page as it stands."""
    page = browser.get(office.path(f"/proposals/{proposal.id}"))
    assert page.status_code == 200
    sent = hidden(page, office.path(f"/proposals/{proposal.id}")) | {"do": do}
    return browser.post(office.path(f"/proposals/{proposal.id}"), data=sent | fields)


def edition_of(office: Office, proposal: Proposal) -> Edition:
    proposals = office.app.proposals
    return proposals.content(proposals.get(proposal.id)).edition


def headlines(office: Office, proposal: Proposal) -> list[str]:
    return [item.headline for item in edition_of(office, proposal).told]


def state(office: Office, proposal: Proposal) -> ProposalState:
    return office.app.proposals.get(proposal.id).state


# --- who may see what -----------------------------------------------------------------------------------


def test_nobody_sees_a_page_without_signing_in(office: Office, folder: Path) -> None:
    proposal = proposed(office.app, folder)
    browser = office.browser()
    for below in (
        "",
        "/editions",
        f"/proposals/{proposal.id}",
        *(f"/proposals/{proposal.id}/{v}" for v in VIEWS),
    ):
        answer = browser.get(office.path(below))
        assert (answer.status_code, "sign-in" in answer.headers["location"]) == (303, True), below


def test_no_decision_without_the_forms_own_proof(office: Office, folder: Path) -> None:
    proposal = proposed(office.app, folder)
    browser = office.signed_in("root")
    for below in ("", "/test"):
        fields = {"do": "approve", "version": "1"}
        assert browser.post(office.path(f"/proposals/{proposal.id}{below}"), data=fields).status_code == 403
    assert browser.post(office.path("/editions"), data={"list": "daily"}).status_code == 403
    assert (state(office, proposal), said(office)) == (ProposalState.PROPOSED, [])


def test_what_is_no_edition_is_no_page(office: Office, folder: Path) -> None:
    proposed(office.app, folder)
    browser = office.signed_in("ed")
    for below in (
        "/proposals/9",
        "/proposals/x",
        "/proposals/9/mail.html",
        "/editions/daily/1",
        "/editions/x/1",
    ):
        assert browser.get(office.path(below)).status_code == 404, below
    assert browser.get(office.path("/proposals/1/why/77")).status_code == 404


# --- the overview ---------------------------------------------------------------------------------------


def test_the_overview_leads_with_the_decision(office: Office, folder: Path) -> None:
    proposed(office.app, folder)
    page = words(office.signed_in("ed").get(office.path("")))
    assert "No. 1 of daily is waiting for you Due today, 07:00. If nobody approves it, it is not sent" in page
    assert "from today, 13:00 on it is skipped, and its documents come in the next edition" in page
    assert "3 things to check before it goes Story 1: rests on one source" in page


def test_the_overview_of_an_empty_install_says_what_comes_next(office: Office) -> None:
    page = words(office.signed_in("ed").get(office.path("")))
    assert "Nothing waits for you daily is due today, 07:00" in page
    assert "None has gone out yet" in page


def test_an_edition_is_approved_from_the_overview_and_goes_out_as_it_was_seen(
    office: Office, folder: Path
) -> None:
    proposal = proposed(office.app, folder)
    browser = office.signed_in("ed")
    page = browser.get(office.path(""))
    path = office.path(f"/proposals/{proposal.id}")
    answer = browser.post(path, data=hidden(page, path) | {"do": "approve"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?done=approve")
    assert "is approved It is sent today, 07:00." in words(browser.get(answer.headers["location"]))
    assert said(office)[0] == ("ed", "approve edition", "daily No. 1")
    seen = edition_of(office, proposal)
    reports = office.app.publish_due(office.app.mailing_list(None), now=SLOT)
    assert [one.run.outcome for one in reports] == [RunOutcome.PUBLISHED]
    sent, _ = office.app.copies.edition(office.app.operator.edition("daily", 1).edition)
    assert sent.told == seen.told
    assert browser.get(f"{path}/mail.html").status_code == 200
    gone = browser.get(path)
    assert (gone.status_code, gone.headers["location"]) == (303, office.path("/editions/daily/1"))


def test_figures_say_how_the_last_edition_was_received(office: Office, folder: Path) -> None:
    publish(office.app, folder, "bank")
    edition = office.app.operator.edition("daily", 1).edition
    [claimed] = office.app.store.deliveries.claim(sender="me", limit=4, now=NOW)
    office.app.operator.cancel(edition, now=NOW)
    assert claimed.edition_id == edition.id
    page = words(office.signed_in("ed").get(office.path("")))
    assert "No. 1 accepted 0% 0 of 1 Bounced for good 0% Within the 2% limit" in page


def test_alerts_stand_on_the_overview_with_what_to_do(office: Office) -> None:
    kinds = AlertKind.DISK_LOW, AlertKind.HELD
    raised = [
        Condition(kind=kind, subject=f"<{kind.value}>", what="It is so", repair="mend it") for kind in kinds
    ]
    office.app.store.alerts.record(
        AlertDecision(raised=tuple(raised)), addresses=(), has_webhook=False, now=NOW
    )
    page = words(office.signed_in("ed").get(office.path("")))
    assert "1 alert Disk is nearly full: <disk-low> , since today, 06:30 . It is so. What to do: mend" in page
    assert "<edition-held>" not in page, "the decision itself leads the page"


def test_everything_stands_below_the_path_of_public_url(
    sqlite_url: str, folder: Path, tmp_path: Path
) -> None:
    base = "https://news.example.org/brief"
    office = open_office(sqlite_url, folder, base=base, transport="file", outbox=tmp_path / "outbox")
    proposal = proposed(office.app, folder)
    browser = office.signed_in("ed")
    one = office.path(f"/proposals/{proposal.id}")
    for path in (office.path(""), office.path("/editions"), one, *(f"{one}/{view}" for view in VIEWS)):
        page = browser.get(path)
        assert page.status_code == 200, path
        links = re.findall(r'(?:href|action|src)="(/[^"]*)"', page.text)
        assert [link for link in links if not link.startswith("/brief/")] == [], path
    answer = decide(office, browser, proposal, "hold")
    assert answer.headers["location"] == f"{one}?done=hold"
    office.app.close()


# --- decisions ------------------------------------------------------------------------------------------


def test_hold_skip_and_approve_are_decided_one_after_the_other(office: Office, folder: Path) -> None:
    proposal = proposed(office.app, folder)
    browser = office.signed_in("ed")
    for do, became in (
        ("hold", ProposalState.HELD),
        ("skip", ProposalState.SKIPPED),
        ("approve", ProposalState.APPROVED),
        ("hold", ProposalState.HELD),
    ):
        assert decide(office, browser, proposal, do).status_code == 303
        assert state(office, proposal) is became
    assert [action for _, action, _ in said(office)] == [
        "hold edition",
        "approve edition",
        "skip edition",
        "hold edition",
    ]


def test_stories_are_moved_dropped_and_put_under_another_headline(office: Office, folder: Path) -> None:
    proposal = proposed(office.app, folder)
    browser = office.signed_in("ed")
    first, second, third = headlines(office, proposal)
    answer = decide(office, browser, proposal, "down", story="1")
    assert answer.headers["location"].endswith("?done=down&story=2#s2")
    assert headlines(office, proposal) == [second, first, third]
    decide(office, browser, proposal, "up", story="3")
    assert headlines(office, proposal) == [second, third, first]
    decide(office, browser, proposal, "headline", story="1", headline="  Mine & <yours>  ")
    decide(office, browser, proposal, "drop", story="2")
    assert headlines(office, proposal) == ["Mine & <yours>", first]
    page = browser.get(office.path(f"/proposals/{proposal.id}"))
    assert "Mine &amp; &lt;yours&gt;" in page.text
    assert "1 · Lead" not in words(page)
    assert f"It was: {second}" in words(page)
    assert "Dropped They count as told" in words(page)
    assert "Mine &amp; &lt;yours&gt;" in browser.get(office.path(f"/proposals/{proposal.id}/mail.html")).text
    decide(office, browser, proposal, "renew", with_dropped="1")
    assert sorted(headlines(office, proposal)) == sorted([first, second, third])


def test_a_headline_that_is_refused_can_be_mended(office: Office, folder: Path) -> None:
    proposal = proposed(office.app, folder)
    browser = office.signed_in("ed")
    answer = decide(office, browser, proposal, "headline", story="2", headline="long " * 60)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert 'value="long long' in answer.text
    assert state(office, proposal) is ProposalState.PROPOSED


def test_of_two_operators_at_once_the_second_is_told(office: Office, folder: Path) -> None:
    proposal = proposed(office.app, folder)
    ed, root = office.signed_in("ed"), office.signed_in("root")
    path = office.path(f"/proposals/{proposal.id}")
    seen = hidden(ed.get(path), path) | {"do": "approve"}
    decide(office, root, proposal, "drop", story="1")
    answer = ed.post(path, data=seen)
    assert answer.status_code == 400
    assert "was changed by root since you looked at it" in words(answer)
    assert state(office, proposal) is ProposalState.PROPOSED
    for missing in ({"version": ""}, {"version": "x"}):
        assert ed.post(path, data=seen | missing).status_code == 404


def test_what_came_too_late_cannot_be_approved(office: Office, folder: Path) -> None:
    proposal = proposed(office.app, folder)
    browser = office.signed_in("ed")
    office.now = SLOT + timedelta(hours=7)
    answer = decide(office, browser, proposal, "approve")
    assert (answer.status_code, "was not sent in time" in words(answer)) == (400, True)
    office.app.publish_due(office.app.mailing_list(None), now=office.now)
    page = words(browser.get(office.path(f"/proposals/{proposal.id}")))
    assert "No. 1 of daily is expired Nothing can be decided about it any more." in page
    assert "skipped: nobody approved it" in words(browser.get(office.path("/editions")))


def test_an_edition_is_proposed_by_a_press(office: Office, folder: Path) -> None:
    browser = office.signed_in("ed")
    refused = office.send(browser, "/editions", list="daily")
    assert (refused.status_code, "nothing to propose" in words(refused)) == (400, True)
    write(folder, "bank")
    office.app.ingest(now=NOW)
    answer = office.send(browser, "/editions", list="daily")
    assert answer.headers["location"].endswith("/proposals/1?done=propose")
    assert "It is proposed. Look it over." in words(browser.get(answer.headers["location"]))
    assert said(office) == [("ed", "propose edition", "daily")]


# --- what readers get -----------------------------------------------------------------------------------


@pytest.mark.parametrize("went_out", [False, True])
def test_every_view_shows_the_edition(office: Office, folder: Path, *, went_out: bool) -> None:
    place = "/editions/daily/1"
    if went_out:
        publish(office.app, folder, "bank")
    else:
        place = f"/proposals/{proposed(office.app, folder, 'bank').id}"
    browser = office.signed_in("ed")
    found = {view: browser.get(office.path(f"{place}/{view}")) for view in VIEWS}
    assert {view: page.status_code for view, page in found.items()} == dict.fromkeys(VIEWS, 200)
    for view in ("text", "source", "mail.html", "mail.eml", "why", "why/1", "phone", "mail"):
        assert "Bank cuts its rate" in found[view].text, view
    assert {found[view].headers["content-security-policy"] for view in ("mail", "phone")} == {FRAME_POLICY}
    assert found["mail.html"].headers["content-security-policy"] == MAIL_POLICY
    assert "sandbox></iframe>" in found["phone"].text
    message = message_from_bytes(found["mail.eml"].content, policy=policy.default)
    assert message["To"] == "reader@example.org"
    assert "It is the first" in words(found["changes"])
    assert browser.get(office.path(place)).status_code == 200


def test_an_edition_is_held_beside_the_one_before_it(office: Office, folder: Path) -> None:
    publish(office.app, folder, "bank", now=NOW - timedelta(hours=20))
    proposal = proposed(office.app, folder, "ferry")
    browser = office.signed_in("ed")
    page = words(browser.get(office.path(f"/proposals/{proposal.id}/changes")))
    assert "No. 2 of daily beside No. 1" in page
    assert "Only in this one 1. Ferry to Port Aldis runs again" in page
    assert "Only in No. 1 1. Bank cuts its rate to three percent" in page
    beyond = browser.get(office.path(f"/proposals/{proposal.id}/changes?beside=77"))
    assert "daily has no edition No. 77" in words(beyond)


def test_a_test_copy_goes_to_whoever_asks_and_to_nobody_else(
    office: Office, folder: Path, tmp_path: Path
) -> None:
    proposal = proposed(office.app, folder)
    browser = office.signed_in("ed")
    path = office.path(f"/proposals/{proposal.id}")
    answer = browser.post(
        f"{path}/test", data=hidden(browser.get(path), f"{path}/test") | {"to": "x@example.org"}
    )
    assert answer.headers["location"] == f"{path}?done=test"
    assert "A test copy is on its way to you." in words(browser.get(answer.headers["location"]))
    [copy] = list((tmp_path / "outbox").rglob("*.eml"))
    assert message_from_bytes(copy.read_bytes(), policy=policy.default)["To"] == "ed@news.example.org"
    assert said(office)[0] == ("ed", "send test copy", "daily No. 1")
    assert state(office, proposal) is ProposalState.PROPOSED


def test_whoever_has_no_address_is_told_how_to_get_one(office: Office, folder: Path) -> None:
    proposal = proposed(office.app, folder)
    browser = office.signed_in("root")
    path = office.path(f"/proposals/{proposal.id}")
    answer = browser.post(f"{path}/test", data=hidden(browser.get(path), f"{path}/test"))
    assert (answer.status_code, "newsletter operators email" in words(answer)) == (400, True)
    assert said(office) == []


# --- editions that went out -----------------------------------------------------------------------------


def test_an_edition_in_flight_is_paused_from_its_page(office: Office, folder: Path) -> None:
    publish(office.app, folder, "bank")
    browser = office.signed_in("ed")
    path, deliveries = office.path("/editions/daily/1"), office.path("/deliveries/daily/1")
    page = browser.get(path)
    assert "Going out · 0 of 1 reader have it" in words(page)
    assert browser.post(deliveries, data=hidden(page, deliveries) | {"do": "pause"}).status_code == 200
    assert "Let it go on" in words(browser.get(path))
    assert office.app.operator.edition("daily", 1).count(DeliveryState.QUEUED) == 1


def test_editions_are_listed_with_what_comes_next(office: Office, folder: Path) -> None:
    publish(office.app, folder, "bank")
    proposed(office.app, folder, "ferry")
    page = words(office.signed_in("ed").get(office.path("/editions?list=daily")))
    assert "Proposed Edition Due" in page
    assert "No. 2 of daily Ferry to Port Aldis runs again today, 07:00" in page
    assert "Went out, the newest first" in page
    assert "No. 1 of daily Bank cuts its rate" in page
