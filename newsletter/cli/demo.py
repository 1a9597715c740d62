"""`newsletter demo`: the whole way from documents to inboxes, and back, on this machine alone."""

import asyncio
import secrets
import shutil
import socket
import webbrowser
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from textwrap import indent
from urllib.parse import quote

import click

from newsletter.app import App, sample_documents
from newsletter.cli.common import clip, utc_now
from newsletter.cli.documents import show_ingest
from newsletter.cli.inbox import Inbox, receiving
from newsletter.errors import NewsletterError
from newsletter.model.deliveries import DeliverReport, DeliveryState
from newsletter.model.words import plural

READERS = (
    ("ada@reader.example.org", "Ada"),
    ("bo@reader.example.org", "Bo"),
    ("chi@reader.example.org", "Chi"),
)

#: The demo is for whoever sits at this machine.
_HOST = "127.0.0.1"

#: Who looks at the operator's pages.
_OPERATOR = "demo"

#: Made in the demo's folder so that --reset can tell it from somebody's own.
_MARKER = ".newsletter-demo"


def run_demo(folder: Path, *, open_browser: bool, reset: bool, serve: bool, port: int) -> None:
    """Run the demo in a folder that it may fill.

    Args:
        folder: Where its store and the received mail are kept.
        open_browser: Show the received mail in a browser.
        reset: Forget earlier demos in that folder first.
        serve: Serve the readers' pages afterwards, until SIGTERM or SIGINT.
        port: Where the links of the mails lead to on this machine.

    Raises:
        NewsletterError: The folder is somebody's own, the port is taken, or a step failed.
    """
    if serve:
        _check_port(port)
    _prepare(folder, reset=reset)
    inbox = Inbox(folder / "inbox")
    with receiving(inbox) as smtp_port:
        app = _app(folder, smtp_port=smtp_port, web_port=port)
        try:
            _walk(app, inbox, folder, open_browser=open_browser)
            if serve:
                _serve(app, inbox, folder, port)
            else:
                _say_how_to_go_on()
        finally:
            app.close()


def _check_port(port: int) -> None:
    """Find out before the mails name the port in their links whether it can be had."""
    try:
        socket.create_server((_HOST, port)).close()
    except OSError as error:
        raise NewsletterError(
            f"port {port} of this machine cannot be had ({error.strerror}): name another one with --port"
        ) from error


def _app(folder: Path, *, smtp_port: int, web_port: int) -> App:
    return App.isolated(
        database_url=f"sqlite:///{quote(str(folder / 'newsletter.db'))}",
        folders=(sample_documents(),),
        settle_seconds=0,
        list_name="demo",
        list_title="The Demo Digest",
        list_tagline="Sample documents, summarised with their sources",
        sender_address="digest@newsletter.example.org",
        postal_address=("The Demo Digest", "1 Sample Street, Exampleton"),
        public_url=f"http://localhost:{web_port}",
        secret_keys=(_key(folder),),
        smtp_host=_HOST,
        smtp_port=smtp_port,
        smtp_security="none",
    )


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


def _operator_password(app: App, folder: Path) -> str:
    """Return the password of the demo's operator, made at random with the account and kept in its folder."""
    file = folder / "operator-password"
    if not app.operators.any():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(12), encoding="ascii")
        app.operators.accounts.add(
            _OPERATOR, file.read_text("ascii"), role=None, address=READERS[0][0], by="demo", now=utc_now()
        )
    return file.read_text("ascii")


def _walk(app: App, inbox: Inbox, folder: Path, *, open_browser: bool) -> None:
    mailing_list = app.mailing_list(None)
    _step("1. Documents: newsletter ingest")
    show_ingest(app.ingest(now=utc_now()))
    _step("2. Readers: newsletter subscribers add")
    for address, name in READERS:
        report = app.subscribers.add(mailing_list, address, name=name, now=utc_now())
        click.echo(f"  {address}: {report.outcome.value}")
    _step("3. An edition, sent to a real SMTP server on this machine: newsletter send")
    published = app.publish(mailing_list, now=utc_now())
    if published.edition is None:
        click.echo(f"  {published.run.outcome.value.capitalize()}: {published.run.reason}. Nothing was sent.")
        return
    delivered = asyncio.run(_deliver(app))
    accepted = delivered.outcomes.get(DeliveryState.ACCEPTED, 0)
    click.echo(f"  No. {published.edition.number}: “{clip(published.edition.subject, 78)}”")
    click.echo(f"  {plural(accepted, 'message')} accepted by the server.")
    if not inbox.received:
        raise NewsletterError(f"the demo's server received nothing: {delivered.problem}")
    _show_received(min(inbox.received), folder, open_browser=open_browser)


async def _deliver(app: App) -> DeliverReport:
    return await app.deliver(clock=utc_now, stopping=asyncio.Event())


def _show_received(path: Path, folder: Path, *, open_browser: bool) -> None:
    message = _read(path)
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


def _read(path: Path) -> EmailMessage:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)  # noqa: S101 - what this policy makes
    return message


def _serve(app: App, inbox: Inbox, folder: Path, port: int) -> None:
    from newsletter.web.running import run

    def show(path: Path) -> None:
        """Print a mail that has just come, as the text that its reader sees."""
        message = _read(path)
        text = message.get_body(preferencelist=("plain",))
        click.echo(f"\nMail for {message['To']}: “{message['Subject']}”  ({path})\n")
        if text is not None:
            click.echo(indent(text.get_content(), "    "))

    inbox.on_mail = show
    _step(f"The operator's pages: http://localhost:{port}/operator")
    click.echo(f"  Sign in as {_OPERATOR} with the password {_operator_password(app, folder)}")
    _step(f"The pages that the links lead to: http://localhost:{port}/")
    click.echo("  Sign up, read past editions, press what the mail above offers. Letters that the pages send")
    click.echo("  are shown here. Ctrl-C stops it.")
    run(app, host=_HOST, port=port, clock=utc_now)


def _step(title: str) -> None:
    click.echo()
    click.echo(click.style(title, bold=True))


def _say_how_to_go_on() -> None:
    _step("What next")
    for command, meaning in (
        ("newsletter demo --serve", "serve the pages that the mails' links lead to"),
        ("newsletter demo", "again: nothing is new, so nothing is sent"),
        ("newsletter demo --reset --open", "from the start, and look at the mail in a browser"),
        ("cp .env.example .env", "then set FOLDERS, and what `newsletter send` asks for"),
        ("newsletter subscribers add YOU", "then: newsletter ingest, newsletter preview, newsletter send"),
        ("newsletter run", "every edition by itself, on schedule, and the readers' pages"),
    ):
        click.echo(f"  {command:<32} {meaning}")
