"""`newsletter demo`: the whole way from documents to inboxes, on this machine alone."""

import asyncio
import secrets
import shutil
import socket
import webbrowser
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import quote

import click
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from newsletter.app import App, sample_documents
from newsletter.cli.common import clip, plural, utc_now
from newsletter.cli.documents import show_ingest
from newsletter.errors import NewsletterError
from newsletter.model.deliveries import DeliverReport, DeliveryState

READERS = (
    ("ada@reader.example.org", "Ada"),
    ("bo@reader.example.org", "Bo"),
    ("chi@reader.example.org", "Chi"),
)

#: Made in the demo's folder so that --reset can tell it from somebody's own.
_MARKER = ".newsletter-demo"


class _Inbox:
    """Receives mail like any server, and keeps each reader's as an .eml file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.received: list[Path] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - aiosmtpd's name
        reader = envelope.rcpt_tos[0].partition("@")[0]
        content = envelope.original_content or b""
        path = self.folder / f"{reader}-{len(list(self.folder.glob(f'{reader}-*.eml'))) + 1}.eml"
        await asyncio.to_thread(path.write_bytes, content)
        self.received.append(path)
        return "250 2.0.0 received by the demo"


def run_demo(folder: Path, *, open_browser: bool, reset: bool) -> None:
    """Run the demo in a folder that it may fill.

    Raises:
        NewsletterError: The folder is somebody's own, or a step failed.
    """
    _prepare(folder, reset=reset)
    inbox = _Inbox(folder / "inbox")
    port = _free_port()
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    app = App.isolated(
        database_url=f"sqlite:///{quote(str(folder / 'newsletter.db'))}",
        folders=(sample_documents(),),
        settle_seconds=0,
        list_name="demo",
        list_title="The Demo Digest",
        list_tagline="Sample documents, summarised with their sources",
        sender_address="digest@newsletter.example.org",
        postal_address=("The Demo Digest", "1 Sample Street, Exampleton"),
        # Where `newsletter web` would serve the pages that the mails link to.
        public_url="http://localhost:8000",
        secret_keys=(_key(folder),),
        smtp_host="127.0.0.1",
        smtp_port=port,
        smtp_security="none",
    )
    try:
        _walk(app, inbox, folder, open_browser=open_browser)
    finally:
        app.close()
        controller.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _prepare(folder: Path, *, reset: bool) -> None:
    ours = (folder / _MARKER).exists()
    if folder.exists() and any(folder.iterdir()) and not ours:
        raise NewsletterError(f"{folder} holds other files: name an empty folder with --folder")
    if reset and ours:
        shutil.rmtree(folder)
    (folder / "inbox").mkdir(parents=True, exist_ok=True)
    (folder / _MARKER).touch()


def _key(folder: Path) -> str:
    """Return the key that signs the demo's links: made at random at its first run, and kept in its folder."""
    file = folder / "secret-key"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(32), encoding="ascii")
    return file.read_text("ascii")


def _walk(app: App, inbox: _Inbox, folder: Path, *, open_browser: bool) -> None:
    mailing_list = app.mailing_list(None)
    _step("1. Documents: newsletter ingest")
    show_ingest(app.ingest(now=utc_now()))
    _step("2. Readers: newsletter subscribers add")
    for address, name in READERS:
        report = app.add_subscriber(mailing_list, address, name=name, now=utc_now())
        click.echo(f"  {address}: {report.outcome.value}")
    _step("3. An edition, sent to a real SMTP server on this machine: newsletter send")
    published = app.publish(mailing_list, now=utc_now())
    if published.edition is None:
        click.echo(f"  {published.run.outcome.value.capitalize()}: {published.run.reason}. Nothing was sent.")
        _say_how_to_go_on(again=True)
        return
    delivered = asyncio.run(_deliver(app))
    accepted = delivered.outcomes.get(DeliveryState.ACCEPTED, 0)
    click.echo(f"  No. {published.edition.number}: “{clip(published.edition.subject, 78)}”")
    click.echo(f"  {plural(accepted, 'message')} accepted by the server.")
    if not inbox.received:
        raise NewsletterError(f"the demo's server received nothing: {delivered.problem}")
    _show_received(min(inbox.received), folder, open_browser=open_browser)
    _say_how_to_go_on(again=False)


async def _deliver(app: App) -> DeliverReport:
    return await app.deliver(clock=utc_now, stopping=asyncio.Event())


def _show_received(path: Path, folder: Path, *, open_browser: bool) -> None:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101 - what this policy makes
    text = message.get_body(preferencelist=("plain",))
    html = message.get_body(preferencelist=("html",))
    assert text is not None  # noqa: S101 - every message of ours has both
    assert html is not None  # noqa: S101 - every message of ours has both
    _step(f"4. What {message['To']} received")
    click.echo(f"From:    {message['From']}\nSubject: {message['Subject']}\n")
    click.echo(text.get_content())
    html_file = folder / "edition.html"
    html_file.write_text(html.get_content(), encoding="utf-8")
    (folder / "edition.txt").write_text(text.get_content(), encoding="utf-8")
    click.echo(f"The mails as received:  {folder / 'inbox'}/*.eml")
    click.echo(f"The mail in a browser:  {html_file.resolve().as_uri()}")
    if open_browser:
        webbrowser.open(html_file.resolve().as_uri())


def _step(title: str) -> None:
    click.echo()
    click.echo(click.style(title, bold=True))


def _say_how_to_go_on(*, again: bool) -> None:
    _step("What next")
    if again:
        click.echo("  newsletter demo --reset            the same again from the start")
    else:
        click.echo("  newsletter demo                    again: nothing is new, so nothing is sent")
        click.echo("  newsletter demo --reset --open     from the start, and look at it in a browser")
    click.echo("  cp .env.example .env               then set FOLDERS, and what `newsletter send` asks for")
    click.echo(
        "  newsletter subscribers add YOU     then: newsletter ingest, newsletter preview, newsletter send"
    )
    click.echo("  newsletter run                     every edition by itself, on schedule")
