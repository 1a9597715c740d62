"""The overview and the editions in a real browser: accessibility, width, and a whole life by the keyboard.

What they need: see test_email_in_browser.py.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from archives import put_edition, samples
from click.testing import CliRunner
from e2e.accessible import check_views
from e2e.test_email_in_browser import axe, browser, test_the_html_is_valid
from lookedup import BAD
from operators import CHEAP, PASSWORD, Office
from reviewed import NOW, open_office, publish, write
from webserver import served

from newsletter.app import App
from newsletter.cli import commands as newsletter
from newsletter.cli.common import utc_now
from newsletter.web.app import make_web

__all__ = ["axe", "browser", "test_the_html_is_valid"]

ONE = ("", "/mail", "/phone", "/text", "/source", "/why", "/why/1", "/changes")
PAGES = (
    *("", "?list=weekend", "/editions", "/editions?list=daily&before=1"),
    *(f"/proposals/1{below}" for below in ONE),
    "/proposals/1?done=up&story=2",
    *(f"/editions/weekend/1{below}" for below in ONE if not below.startswith("/why")),
    "/editions/daily/1?done=test",
)
ENV = """PUBLIC_URL=http://127.0.0.1
SECRET_KEYS=signing-key-of-a-test
FOLDERS=in
SETTLE_SECONDS=0
APPROVAL=required
LIST_TITLE=The Harbour Brief
SENDER_ADDRESS=digest@news.example.org
POSTAL_ADDRESS=The Harbour Brief; 1 Quay Street
SMTP_HOST=127.0.0.1
SMTP_SECURITY=none
"""
#: What the control says that has the focus, or its name.
FOCUSED = """(() => {
  const at = document.activeElement;
  return at === document.body ? "" : at.textContent + at.name;
})()"""
LONG = "Donaudampfschifffahrtsgesellschaftskapitän" * 3


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An install with an edition that went out, one that waits, and hostile names in both."""
    root = tmp_path_factory.mktemp("office")
    (root / "in").mkdir()
    opened = open_office(
        f"sqlite:///{root / 'store.db'}",
        root / "in",
        base="http://127.0.0.1",
        lists=({"name": "daily"}, {"name": "weekend", "title": LONG}),
        transport="file",
        outbox=root / "outbox",
    )
    app = opened.app
    app.store.sources.add(f"http://a.example/{'feed' * 30}", title=BAD, next_at=NOW, now=NOW)
    put_edition(app, samples().make_full_edition(), list_name="weekend")
    publish(app, root / "in", "bank")
    write(root / "in")
    (root / "in/bad.txt").write_text(f"{BAD} {LONG}\n\n{BAD} {LONG} said nothing at all.\n\nSource: {LONG}\n")
    opened.now = NOW + timedelta(days=1)
    app.ingest(now=opened.now)
    app.publish_due(app.mailing_list("daily"), now=opened.now)
    yield opened
    app.close()


@pytest.fixture(scope="module")
def port(office: Office) -> Iterator[int]:
    with served(office.web) as number:
        yield number


def signed_in(browser: Any, port: int, **options: Any) -> Any:
    """A page of a browser in which ed has signed in, by the keyboard alone."""
    page = browser.new_context(base_url=f"http://127.0.0.1:{port}", **options).new_page()
    page.goto("/operator/sign-in?next=/operator")
    page.locator("[name=name]").focus()
    page.keyboard.type("ed")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("navigation", name="Operator").wait_for()
    return page


@pytest.fixture(scope="module")
def seen(browser: Any, port: int) -> Iterator[Any]:
    """A page that lets axe in, which the policy of ours would keep out."""
    page = signed_in(browser, port, bypass_csp=True)
    yield page
    page.context.close()


@pytest.fixture(scope="module")
def files(seen: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every page as it is sent."""
    folder = tmp_path_factory.mktemp("pages")
    written = {}
    for number, path in enumerate(PAGES):
        written[path] = folder / f"{number}.html"
        written[path].write_text(seen.request.get(f"/operator{path}").text(), "utf-8")
    return written


@pytest.mark.browser
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(path: str, seen: Any, axe: str) -> None:
    rules = {"target-size": {"enabled": True}, "link-in-text-block": {"enabled": True}}
    answer = seen.goto(f"/operator{path}")
    assert (answer.status, answer.request.redirected_from) == (200, None)
    for details in seen.locator("summary").all():
        details.click()
    # The mail in a frame has its own tests, and lets no script in.
    check_views(seen, axe, rules, also=(390,), where={"exclude": [["iframe"]]})


@pytest.mark.browser
def test_a_decision_that_is_refused_says_why(seen: Any, axe: str) -> None:
    seen.goto("/operator/proposals/1")
    seen.evaluate("document.querySelector('[name=version]').value = '99'")
    seen.get_by_role("button", name="Approve").click()
    assert "since you looked at it" in seen.get_by_role("alert").inner_text()
    seen.add_script_tag(content=axe)
    result = seen.evaluate("axe.run(document)")
    assert [rule["id"] for rule in result["violations"]] == []


@pytest.mark.browser
def test_the_mail_is_shown_in_a_frame_that_runs_nothing_and_leads_nowhere(browser: Any, port: int) -> None:
    page = signed_in(browser, port)
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.goto("/operator/proposals/1/phone")
    mail = page.frame_locator("iframe")
    mail.get_by_text("At a glance").first.wait_for()
    assert page.locator("iframe").bounding_box()["width"] == 390
    assert wrong == []
    mail.get_by_role("link", name="View in browser").first.click()
    assert page.url.endswith("/phone")
    assert len(page.context.pages) == 1
    page.context.close()


# --- a whole life ---------------------------------------------------------------------------------------


class Sink:
    """Takes mail like any server."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.received.append(message)
        return "250 2.0.0 received"


@pytest.fixture
def sink() -> Iterator[tuple[Sink, int]]:
    handler = Sink()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    controller.stop()


class Operator:
    """Somebody who runs an install, and what they have done, step by step."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.steps: list[str] = []

    def run(self, *arguments: str, stdin: str = "") -> None:
        """Type a command."""
        with ThreadPoolExecutor(1) as pool:
            result = pool.submit(CliRunner().invoke, newsletter, list(arguments), input=stdin).result()
        assert result.exit_code == 0, result.output
        self.steps.append(" ".join(arguments[:2]))

    def press(self, words: str, *, then: str) -> None:
        """Tab to what says so, press it, and read what the next page says."""
        self.tab_to(words)
        self.page.keyboard.press("Enter")
        self.page.get_by_text(then).first.wait_for()
        self.steps.append(words)

    def tab_to(self, words: str) -> None:
        """Press the tabulator until a control has the focus that says so."""
        for _ in range(80):
            self.page.keyboard.press("Tab")
            if words in self.page.evaluate(FOCUSED):
                return
        raise AssertionError(f"the keyboard does not reach {words!r}")


@pytest.mark.browser
def test_from_an_empty_install_to_an_approved_edition_by_the_keyboard_alone(
    browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sink: tuple[Sink, int]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("newsletter.bound.operators.Passwords", lambda: CHEAP)
    (tmp_path / ".env").write_text(f"{ENV}SMTP_PORT={sink[1]}\n")
    (tmp_path / "in").mkdir()
    write(tmp_path / "in")
    page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    ada = Operator(page)
    ada.run("operators", "add", "ada", "--email", "ada@news.example.org", stdin=PASSWORD)
    ada.run("subscribers", "add", "bo@reader.example.org")
    ada.run("ingest")
    app = App.load(folder=tmp_path)
    with served(make_web(app, clock=utc_now)) as port:
        page.goto(f"http://127.0.0.1:{port}/operator")
        ada.tab_to("name")
        page.keyboard.type("ada")
        ada.tab_to("password")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Nothing waits for you").wait_for()
        ada.steps.append("sign in")
        ada.press("Look at the next edition", then="What comes next")
        ada.press("Propose it now", then="It is proposed. Look it over.")
        ada.press("Send a test to me", then="A test copy is on its way to you.")
        ada.press("Drop story 3", then="The story is dropped.")
        ada.press("Approve", then="It is approved.")
        with ThreadPoolExecutor(1) as pool:
            pool.submit(reach_the_slot, app).result()
        page.reload()
        page.get_by_text("Finished · 1 of 1 reader have it").wait_for()
    page.context.close()
    app.close()
    assert [message["To"] for message in sink[0].received] == [
        "ada@news.example.org",
        "bo@reader.example.org",
    ]
    assert len({message["Subject"] for message in sink[0].received}) == 1
    assert ada.steps == [
        *("operators add", "subscribers add", "ingest", "sign in", "Look at the next edition"),
        *("Propose it now", "Send a test to me", "Drop story 3", "Approve"),
    ]


def reach_the_slot(app: App) -> None:
    """Do what `newsletter run` does at the slot."""
    [pending] = app.proposals.waiting(now=utc_now())
    slot = pending.proposal.slot_at
    app.publish_due(app.mailing_list(None), now=slot)
    asyncio.run(app.deliver(clock=lambda: slot, stopping=asyncio.Event()))
