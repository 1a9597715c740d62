"""A reader's whole life in a real browser, with JavaScript and without it."""

from __future__ import annotations

import os
import queue
import re
import socket
import subprocess
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from e2e.commands import Commands
from e2e.test_email_in_browser import browser as browser
from e2e.test_web_cli import wait_for

Start = Callable[..., subprocess.Popen[str]]

READER = "ada@reader.example.org"

STORIES = (
    """Harbour reopens

The harbour of Port Aldis opened again on Monday after three weeks of repairs. Forty ships had waited
outside the breakwater, the harbour master said.
""",
    """Library to stay open at night

The town library of Kessaria will stay open until midnight from May on. The council voted for it on Tuesday by
nine votes to four.
""",
)


class Inbox:
    """Receives mail like any server."""

    def __init__(self) -> None:
        self.received: queue.Queue[EmailMessage] = queue.Queue()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.received.put(message)
        return "250 2.0.0 received"

    def next(self) -> EmailMessage:
        return self.received.get(timeout=60)


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    handler = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    controller.stop()


@pytest.fixture
def home(tmp_path: Path, inbox: tuple[Inbox, int]) -> Path:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    (tmp_path / "in").mkdir()
    (tmp_path / ".env").write_text(
        f"PUBLIC_URL=http://localhost:{port}\nPORT={port}\nSECRET_KEYS=signing-key-of-a-test\n"
        "FOLDERS=in\nSETTLE_SECONDS=0\nSCHEDULE=0 7 1 1 *\nLIST_TITLE=The Harbour Brief\n"
        "SENDER_ADDRESS=digest@news.example.org\nPOSTAL_ADDRESS=The Harbour Brief; 1 Quay Street\n"
        f"SMTP_HOST=127.0.0.1\nSMTP_PORT={inbox[1]}\nSMTP_SECURITY=none\n"
    )
    return tmp_path


def link(message: EmailMessage, kind: str) -> str:
    """The first link of a kind in the text of a mail."""
    text = message.get_body(preferencelist=("plain",))
    assert text is not None
    found = re.search(rf"http://localhost:\d+/{kind}/\S+", text.get_content())
    assert found, text.get_content()
    return found[0]


def publish(commands: Commands, home: Path, number: int) -> str:
    (home / "in" / f"{number}.txt").write_text(STORIES[number])
    answer = commands.run_for_text(
        "send", "--ingest", "--yes", folder=home, environment={"PATH": os.environ["PATH"]}
    )
    return answer.stdout + answer.stderr


def press(page: Any, button: str) -> None:
    """Press a button and wait for the page that answers: a click alone returns before it is there."""
    with page.expect_navigation():
        page.get_by_role("button", name=button).click()


@pytest.mark.browser
@pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_reader_comes_reads_chooses_and_leaves(
    browser: Any, start: Start, commands: Commands, home: Path, inbox: tuple[Inbox, int], has_scripts: bool
) -> None:
    mail = inbox[0]
    running = start("run")
    address = re.search(r"http://\S+:(\d+)", wait_for(running, "http://"))
    assert address
    page = browser.new_context(java_script_enabled=has_scripts).new_page()

    page.goto(f"http://localhost:{address[1]}/")
    page.get_by_label("Email address").fill(READER)
    press(page, "Send me the confirmation")
    assert page.get_by_role("heading", name="Look in your inbox").is_visible()

    letter = mail.next()
    assert letter["To"] == READER
    page.goto(link(letter, "c"))
    press(page, "Yes, subscribe me")
    assert page.get_by_role("heading", name="You are subscribed").is_visible()

    publish(commands, home, 0)
    edition = mail.next()
    assert edition["Subject"] == "Harbour reopens"
    page.goto(link(edition, "e"))
    assert page.get_by_role("heading", name="Harbour reopens").first.is_visible()

    page.goto(link(edition, "p"))
    page.get_by_label("Once a week").check()
    press(page, "Save")
    assert page.get_by_text("Your choices are saved").is_visible()
    assert page.get_by_label("Once a week").is_checked()
    page.get_by_label("Every edition").check()
    press(page, "Save")
    assert page.get_by_label("Every edition").is_checked()

    page.goto(link(edition, "u"))
    press(page, "Unsubscribe")
    assert page.get_by_role("heading", name="You have left").is_visible()
    assert "no confirmed subscriber" in publish(commands, home, 1)
    page.context.close()
    running.terminate()
    assert running.wait(60) == 0
    assert mail.received.empty()
