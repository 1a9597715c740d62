"""The command line as a person meets it: a process, its words, its exit code."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from choosing import choose
from e2e.commands import Commands

from newsletter.model.subscribers import Cadence
from newsletter.store.store import Store

ROOT = Path(__file__).parents[2]

Result = subprocess.CompletedProcess[str]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A working directory of an operator who writes .eml files."""
    (tmp_path / "in").mkdir()
    (tmp_path / ".env").write_text(
        "FOLDERS=in\nSETTLE_SECONDS=0\nTRANSPORT=file\nLIST_NAME=daily\nLIST_TITLE=The Daily Brief\n"
        "SENDER_ADDRESS=digest@news.example.org\n"
        "PUBLIC_URL=https://news.example.org\nSECRET_KEYS=a key of this test alone\nPORT=0\n"
    )
    return tmp_path


@pytest.fixture
def newsletter(home: Path, commands: Commands) -> Callable[..., Result]:
    def call(*arguments: str, code: int = 0, **environment: str) -> Result:
        result = commands.run_for_text(*arguments, folder=home, environment={**os.environ, **environment})
        assert result.returncode == code, result.stdout + result.stderr
        assert "Traceback" not in result.stderr
        return result

    return call


def drop(home: Path, name: str, text: str) -> None:
    (home / "in" / name).write_text(text)


STORY = "Harbour reopens\n\nThe harbour of Port Aldis opened again on Monday.\n\nSource: The Aldis Gazette\n"


def test_the_demo_shows_a_finished_digest_and_then_nothing_new(newsletter, start, home: Path) -> None:
    first = start("demo", SMTP_PORT="nonsense")
    out, error = first.communicate(timeout=120)
    assert first.returncode == 0, out + error
    assert "Traceback" not in error
    assert "3 messages accepted by the server" in out
    assert "THE DEMO DIGEST" in out
    inbox = sorted((home / "newsletter-demo" / "inbox").glob("*.eml"))
    assert [path.name for path in inbox] == ["ada-1.eml", "bo-1.eml", "chi-1.eml"]
    message = message_from_bytes(inbox[0].read_bytes(), policy=policy.default)
    assert message["To"] == "Ada <ada@reader.example.org>"
    assert not message.defects
    page = (home / "newsletter-demo" / "edition.html").read_text()
    assert page.startswith("<!DOCTYPE html>")
    again = newsletter("demo")
    assert "Nothing new" in again.stdout
    assert "newsletter run" in again.stdout
    assert len(list((home / "newsletter-demo" / "inbox").glob("*.eml"))) == 3
    reset = newsletter("demo", "--reset")
    assert "3 messages accepted" in reset.stdout


def test_the_demo_serves_the_pages_that_its_mails_link_to(newsletter, start, home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = newsletter("demo", "--serve", f"--port={port}", code=1)
        assert f"port {port} of this machine cannot be had" in refused.stderr
        assert "--port" in refused.stderr
    running = start("demo", "--serve", f"--port={port}")
    password = read_until(running, "Sign in as demo").split()[-1]
    read_until(running, "Ctrl-C")
    mail = message_from_bytes((home / "newsletter-demo/inbox/ada-1.eml").read_bytes(), policy=policy.default)
    links = re.findall(rf"http://localhost:{port}/\S+", mail.get_body(("plain",)).get_content())
    assert len(links) >= 3
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    for link in links:
        assert browser.open(link, timeout=20).status == 200
    form = browser.open(f"http://localhost:{port}/subscribe", timeout=20).read().decode()
    fields = {
        "form_token": re.search(r'name="form_token" value="([^"]+)"', form)[1],
        "address": "a/zoe@reader.example.org",
        "list": "demo",
    }
    browser.open(
        f"http://localhost:{port}/subscribe", urllib.parse.urlencode(fields).encode(), timeout=20
    ).close()
    assert "inbox/a-zoe-1.eml" in read_until(running, "Mail for a/zoe@reader.example.org")
    assert browser.open(read_until(running, f"http://localhost:{port}/c/").strip(), timeout=20).status == 200
    form = browser.open(f"http://localhost:{port}/operator", timeout=20)
    token = re.search(r'name="form_token" value="([^"]+)"', form.read().decode())[1]
    fields = {"form_token": token, "name": "demo", "password": password}
    overview = browser.open(form.url, urllib.parse.urlencode(fields).encode(), timeout=20)
    assert "Signed in as demo (admin)" in overview.read().decode()
    running.send_signal(signal.SIGINT)
    out, error = running.communicate(timeout=60)
    assert running.returncode == 0, out + error
    assert "Traceback" not in error


def read_until(running: subprocess.Popen[str], words: str) -> str:
    """Read what a command says until a line holds some words."""
    overdue = threading.Timer(60, running.kill)
    overdue.start()
    try:
        return next(line for line in running.stdout if words in line)
    finally:
        overdue.cancel()


def test_the_demo_leaves_other_peoples_folders_alone(newsletter, home: Path) -> None:
    result = newsletter("demo", "--folder", "in", "--reset", code=0)
    assert "accepted" in result.stdout
    (home / "mine").mkdir()
    (home / "mine" / "precious.txt").write_text("mine")
    result = newsletter("demo", "--folder", "mine", "--reset", code=1)
    assert "mine holds other files" in result.stderr
    assert (home / "mine" / "precious.txt").exists()


def test_from_a_folder_to_an_inbox(newsletter, home: Path) -> None:
    drop(home, "a.txt", STORY)
    drop(home, "b.txt", "")
    result = newsletter("ingest")
    assert "new        a.txt: Harbour reopens" in result.stdout
    assert "refused    b.txt: empty" in result.stdout
    assert result.stdout.endswith("1 new, 1 refused.\n")
    assert newsletter("ingest").stdout.endswith("1 unchanged, 1 refused.\n")
    preview = newsletter("preview", "--html", "preview.html")
    assert "Subject: Harbour reopens" in preview.stdout
    assert "The harbour of Port Aldis opened again on Monday." in preview.stdout
    assert "0 subscribers" in preview.stderr
    assert "<h1" in (home / "preview.html").read_text()
    assert "no confirmed subscriber" in newsletter("send", "--yes").stdout
    newsletter("subscribers", "add", "ada@example.org", "bo@example.org")
    dry = newsletter("send", "--dry-run")
    assert "Would send No. 1, “Harbour reopens”, with 1 story to 2 subscribers." in dry.stdout
    assert not (home / "outbox").exists()
    sent = newsletter("send", "--yes")
    assert "No. 1 is published for 2 subscribers." in sent.stdout
    assert "Delivered: 2 accepted." in sent.stdout
    assert len(list((home / "outbox").glob("*.eml"))) == 2
    again = newsletter("send", "--yes")
    assert "Nothing is new since the last edition" in again.stdout
    assert len(list((home / "outbox").glob("*.eml"))) == 2
    status = newsletter("status")
    assert "No. 1" in status.stdout
    assert "2 readers: 2 accepted" in status.stdout
    assert "in/b.txt: empty" in status.stdout


def test_a_weekly_digest_from_the_folder_to_the_inbox(newsletter, home: Path) -> None:
    drop(home, "a.txt", STORY)
    newsletter("ingest")
    newsletter("subscribers", "add", "wim@example.org")
    assert "weekly" not in newsletter("status").stdout
    store = Store.open(f"sqlite:///{home / 'newsletter.db'}")
    choose(store, "wim@example.org", cadence=Cadence.WEEKLY)
    store.close()
    assert (
        "Would send No. 1, “Harbour reopens”, with 1 story to 0 subscribers."
        in newsletter("send", "--dry-run").stdout
    )
    assert "No. 1 is published for 0 subscribers." in newsletter("send", "--yes").stdout
    status = newsletter("status").stdout
    assert "The Daily Brief (daily): 1 subscriber (0 each edition, 1 weekly, 0 paused)" in status
    assert "The Daily Brief, weekly digest (daily.weekly): 1 subscriber\n  next slot: Sat " in status
    preview = newsletter("preview", "--list", "daily.weekly")
    assert "Subject: Harbour reopens" in preview.stdout
    assert "Covering 7 days:" in preview.stdout
    assert "This would go to 1 subscriber of daily.weekly." in preview.stderr
    assert "as it would be published now" in newsletter("explain", "--list", "daily.weekly").stdout
    sent = newsletter("send", "--list", "daily.weekly", "--yes").stdout
    assert "No. 1 is published for 1 subscriber.\nDelivered: 1 accepted." in sent
    assert "wim@example.org" in newsletter("deliveries", "--list", "daily.weekly").stdout
    (mail,) = (home / "outbox").glob("*.eml")
    message = message_from_bytes(mail.read_bytes(), policy=policy.default)
    assert "<daily.news.example.org>" in message["List-Id"]
    again = newsletter("status").stdout
    assert "no longer set" not in again
    assert "1 reader: 1 accepted" in again
    assert "Nothing is new" in newsletter("send", "--list", "daily.weekly", "--yes").stdout
    assert "switched off" not in again
    stranded = newsletter("status", WEEKLY_SCHEDULE="off").stdout
    assert "Nothing is sent to 1 reader who chose the weekly digest, which is switched off" in stranded


def test_an_edition_and_its_stories_are_explained(newsletter, home: Path) -> None:
    assert "Nothing is new" in newsletter("explain").stdout
    drop(home, "a.txt", STORY)
    drop(
        home, "b.txt", "Bank cuts its rate\n\nThe bank of Tessen cut its rate on Tuesday. Savers lose most.\n"
    )
    newsletter("ingest")
    edition = newsletter("explain").stdout
    assert "No. 1 of daily, as it would be published now" in edition
    assert re.search(r"^2 +summary +\d\.\d\d .*Harbour reopens$", edition, re.MULTILINE)
    story = newsletter("explain", "harbour").stdout
    assert story.startswith("2. Harbour reopens\n")
    assert "The harbour of Port Aldis opened again on Monday." in story
    assert "nearest of the others: Bank cuts its rate, likeness 0." in story
    assert "told\n" in story
    found = json.loads(newsletter("explain", "1", "--json").stdout)
    assert found["entry"]["headline"] == "Bank cuts its rate"
    assert [s["fate"] for s in found["sentences"]] == ["told", "told"]
    wrong = newsletter("explain", "7", code=1)
    assert wrong.stderr == (
        "newsletter: no story of this edition is '7': give a number from 1 to 2, or words of its headline\n"
    )
    newsletter("subscribers", "add", "ada@example.org")
    newsletter("send", "--yes")
    assert "as it was published" in newsletter("explain", "--edition", "1").stdout
    assert json.loads(newsletter("explain", "--json").stdout) is None


def test_a_look_at_an_edition_needs_no_settings(newsletter, home: Path) -> None:
    (home / ".env").unlink()
    drop(home, "a.txt", STORY)
    newsletter("ingest", "--folder", "in")
    assert "Subject: Harbour reopens" in newsletter("preview").stdout
    assert "Would send No. 1" in newsletter("send", "--dry-run").stdout


def test_mail_in_a_maildir_is_taken_in_and_a_mailbox_that_is_gone_is_told(newsletter, home: Path) -> None:
    for name in ("new", "cur", "tmp"):
        (home / "alerts" / name).mkdir(parents=True)
    (home / "alerts" / "new" / "1.a.host").write_text(
        f"From: Port <p@port.example>\nSubject: Ferries run\n\n{STORY}"
    )
    environment = {"MAILBOXES": "alerts, gone", "MAIL_FIRST_DAYS": "365"}
    told = newsletter("ingest", code=1, **environment)
    assert "Ferries run" in told.stdout
    assert "gone" in told.stderr
    status = newsletter("status", **environment).stdout
    assert "Ferries run" in status
    assert "No mail is read since" in status
    assert "No mail is read since" not in newsletter("status", MAILBOXES="alerts").stdout, "no longer set"


def test_names_in_a_file_from_windows_are_read(newsletter, home: Path) -> None:
    (home / "readers.csv").write_bytes(
        "Email;First Name;Last Name\nzoe@example.org;Zoë;Brontë\n".encode("cp1252")
    )
    newsletter("subscribers", "import", "readers.csv")
    (home / "more.csv").write_text("email\tname\nada@example.org\tÅda\n", encoding="utf-16")
    newsletter("subscribers", "import", "more.csv")
    listed = newsletter("subscribers", "list").stdout
    assert "Zoë Brontë" in listed
    assert "Åda" in listed


def test_a_look_makes_no_store(newsletter, home: Path) -> None:
    for arguments in (["preview"], ["send", "--dry-run"]):
        assert "Nothing is new" in newsletter(*arguments).stdout
    assert not list(home.glob("*.db*"))


def test_a_dry_run_changes_not_one_byte_of_the_store(newsletter, home: Path) -> None:
    drop(home, "a.txt", STORY)
    newsletter("ingest")
    newsletter("subscribers", "add", "ada@example.org")
    before = dump(home / "newsletter.db")
    newsletter("send", "--dry-run")
    newsletter("preview")
    assert dump(home / "newsletter.db") == before


def dump(path: Path) -> list[str]:
    with sqlite3.connect(path) as connection:
        return list(connection.iterdump())


def test_a_test_copy_counts_as_nothing(newsletter, home: Path) -> None:
    drop(home, "a.txt", STORY)
    newsletter("ingest")
    before = dump(home / "newsletter.db")
    result = newsletter("send", "--to", "editor@example.org")
    assert "A test copy went to editor@example.org" in result.stdout
    assert dump(home / "newsletter.db") == before
    assert len(list((home / "outbox").glob("*.eml"))) == 1
    assert "is not a usable address" in newsletter("send", "--to", "editor", code=1).stderr


def test_a_changed_document_comes_back_as_an_update(newsletter, home: Path) -> None:
    drop(home, "a.txt", STORY)
    newsletter("subscribers", "add", "ada@example.org")
    newsletter("send", "--ingest", "--yes")
    more = "Harbour master Ann Lode resigned over the delay; the council named Pia Vance in her place.\n"
    drop(home, "a.txt", f"{STORY}\n{more}")
    newsletter("ingest")
    assert "Update" in newsletter("preview").stdout


def test_sending_without_a_server_says_what_is_missing_and_points_at_the_demo(newsletter, home: Path) -> None:
    (home / ".env").write_text("FOLDERS=in\n")
    error = newsletter("send", "--yes", code=1).stderr
    assert "SMTP_HOST is not set" in error
    assert "SENDER_ADDRESS is not set" in error
    assert "PUBLIC_URL is not set: the https address of the readers' web pages" in error
    assert "SECRET_KEYS is not set" in error
    assert "newsletter demo" in error
    assert "SMTP_HOST is not set" in newsletter("run", code=1).stderr


def test_nobody_is_mailed_without_being_asked(newsletter, home: Path) -> None:
    drop(home, "a.txt", STORY)
    newsletter("ingest")
    newsletter("subscribers", "add", "ada@example.org")
    assert "add --yes" in newsletter("send", code=1).stderr
    assert not (home / "outbox").exists()


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        (["status"], {"SMTP_PORT": "abc"}, "newsletter: SMTP_PORT: 'abc' is wrong"),
        (["status"], {"DATABASE_URL": "mysql://x"}, "newsletter: DATABASE_URL: 'mysql' is not supported"),
        (["status"], {"SCHEDULE": "daily"}, "newsletter: SCHEDULE: 'daily' is not a schedule"),
        (["ingest"], {"FOLDERS": "nowhere"}, "newsletter: FOLDERS:"),
        (["ingest", "--folder", "nowhere"], {}, "does not exist"),
        (["preview", "--list", "weekly"], {}, "newsletter: there is no list 'weekly'; known: daily"),
        (["subscribers", "add", "nonsense"], {}, "nonsense: refused"),
        (
            ["subscribers", "remove", "ada@example.org"],
            {},
            "newsletter: ada@example.org is not on the list daily",
        ),
        (["summarize", "nowhere.txt"], {}, "nowhere.txt"),
        (["ingest"], {"FOLDERS": "~nobody-of-that-name/in"}, "newsletter: FOLDERS:"),
        (["subscribers", "export", "no/such/folder.csv"], {}, "newsletter: no/such/folder.csv: No such file"),
        (["summarize", ".env", "-s", "magic"], {}, "magic"),
        (
            ["preview"],
            {"TEMPLATE_FOLDER": "nowhere"},
            "newsletter: TEMPLATE_FOLDER: 'nowhere' is not a folder",
        ),
        (["preview"], {"TEMPLATE_FOLDER": "in"}, "newsletter: TEMPLATE_FOLDER: 'in' holds none of"),
        (["send", "--yes"], {"SECRET_KEYS": ","}, "newsletter: SECRET_KEYS is not set"),
        (
            ["send", "--yes"],
            {"TRANSPORT": "smtp", "SMTP_HOST": "smtp.example.org", "SMTP_SECURITY": "none"},
            "would send mail to smtp.example.org in clear",
        ),
    ],
)
def test_a_mistake_gets_plain_words(newsletter, arguments, environment, message: str) -> None:
    result = newsletter(*arguments, code=1, **environment)
    assert message in result.stderr
    assert len(result.stderr.splitlines()) <= 3


def test_a_broken_template_is_told_with_file_and_line_and_nothing_is_queued(newsletter, home: Path) -> None:
    template = home / "own" / "email" / "edition" / "body.txt"
    template.parent.mkdir(parents=True)
    template.write_text("Hello\n{{ edition.no_such_thing }}\n")
    drop(home, "a.txt", STORY)
    newsletter("ingest")
    newsletter("subscribers", "add", "ada@example.org")
    error = newsletter("send", "--yes", code=1, TEMPLATE_FOLDER="own").stderr
    assert "own/email/edition/body.txt, line 2" in error
    assert "Would send No. 1" in newsletter("send", "--dry-run").stdout


def test_summaries_can_be_traced(newsletter, home: Path) -> None:
    drop(home, "a.txt", STORY)
    result = newsletter("summarize", "in/a.txt", "--trace")
    start, end = map(int, re.findall(r"\[(\d+):(\d+)\]", result.stdout)[0])
    assert STORY[start:end] == "The harbour of Port Aldis opened again on Monday."
    assert "The Aldis Gazette" in result.stdout


@pytest.mark.parametrize("name", ["lead", pytest.param("lexrank", marks=pytest.mark.sweep)])
def test_a_summarizer_works_by_name(newsletter, name: str) -> None:
    document = ROOT / "seeds" / "bridge-closed-northline.txt"
    result = newsletter("summarize", str(document), "-s", name)
    assert len(result.stdout.split()) > 30


def test_subscribers_come_from_a_file_and_go_to_one(newsletter, home: Path) -> None:
    (home / "readers.csv").write_text("email;name\nada@example.org;Ada\nnonsense;X\nbo@example.org;Bo\n")
    dry = newsletter("subscribers", "import", "readers.csv", "--dry-run")
    assert "2 would be added, 0 already there, 1 refused." in dry.stdout
    result = newsletter("subscribers", "import", "readers.csv", "--report", "report.csv")
    assert "2 added, 0 already there, 1 refused." in result.stdout
    assert "line 3: nonsense: refused" in result.stderr
    assert len((home / "report.csv").read_text().splitlines()) == 4
    assert "bo@example.org has left daily" in newsletter("subscribers", "remove", "bo@example.org").stdout
    assert "2 already there" not in newsletter("subscribers", "import", "readers.csv").stdout
    listed = newsletter("subscribers", "list", "--state", "confirmed").stdout
    assert listed.startswith("ada@example.org  Ada  confirmed since ")
    assert len(listed.splitlines()) == 1
    assert "2 subscribers written to out.csv" in newsletter("subscribers", "export", "out.csv").stdout
    assert (home / "out.csv").read_text() == newsletter("subscribers", "export").stdout


def test_a_report_does_not_overwrite_what_it_reports_on(newsletter, home: Path) -> None:
    (home / "readers.csv").write_text("address\nada@example.org\n")
    assert (
        "--report"
        in newsletter("subscribers", "import", "readers.csv", "--report", "readers.csv", code=2).stderr
    )
    assert (home / "readers.csv").read_text() == "address\nada@example.org\n"


def test_the_settings_in_force_are_shown_without_secrets(newsletter) -> None:
    result = newsletter("config", SMTP_PASSWORD="hunter2", SMTP_HOST="smtp.example.org")
    assert "SMTP_HOST=smtp.example.org" in result.stdout
    assert "hunter2" not in result.stdout
    assert "SMTP_PASSWORD=********" in result.stdout
    assert "LIST_TITLE=The Daily Brief" in result.stdout


def test_a_misspelt_setting_is_noticed(newsletter, home: Path) -> None:
    with (home / ".env").open("a") as file:
        file.write("SMTP_HOTS=x\n")
    assert "SMTP_HOTS in .env is not a setting" in newsletter("status").stderr


# --- processes that are stopped ---------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.sweep)])
def test_the_service_stops_cleanly_on_a_signal(start, number: signal.Signals) -> None:
    process = start("run", SMTP_PASSWORD="hunter2")
    lines = []
    for line in process.stderr:
        lines.append(json.loads(line))
        if lines[-1]["message"].startswith("next edition"):
            break
    process.send_signal(number)
    rest = process.communicate(timeout=30)[1]
    assert process.returncode == 0
    messages = [json.loads(line)["message"] for line in rest.splitlines()]
    assert messages[-1] == "stopped"
    assert lines[0]["level"] == "info"
    assert "hunter2" not in rest


def test_logs_for_people_are_lines(start) -> None:
    process = start("run", "--no-web", LOG_FORMAT="text")
    line = process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert re.match(r"\d\d:\d\d:\d\d INFO    running; the store is sqlite:///newsletter.db\n", line)


class Inbox:
    """Accepts each message, and tells when it is in the midst of it."""

    def __init__(self, *, midst: int) -> None:
        self.accepted: list[str] = []
        self.midst = midst
        self.is_in_midst = threading.Event()

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        self.accepted.append(envelope.rcpt_tos[0])  # type: ignore[attr-defined]
        if len(self.accepted) >= self.midst:
            self.is_in_midst.set()
        return "250 ok"


@pytest.mark.parametrize(
    ("number", "most_duplicates"),
    [pytest.param(signal.SIGTERM, 0, marks=pytest.mark.sweep), (signal.SIGKILL, 4)],
)
def test_a_send_that_is_stopped_is_finished_by_the_next(
    newsletter, start, home: Path, number: signal.Signals, most_duplicates: int
) -> None:
    readers = [f"r{n}@example.org" for n in range(300)]
    (home / "readers.csv").write_text("\n".join(["address", *readers]) + "\n")
    drop(home, "a.txt", STORY)
    newsletter("ingest")
    newsletter("subscribers", "import", "readers.csv")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    handler = Inbox(midst=20)
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    smtp = {"TRANSPORT": "smtp", "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(port), "SMTP_SECURITY": "none"}
    try:
        process = start("send", "--yes", **smtp)
        assert handler.is_in_midst.wait(60)
        process.send_signal(number)
        process.communicate(timeout=60)
        stopped_at = len(handler.accepted)
        assert 20 <= stopped_at < 300
        assert "Delivered:" in newsletter("send", "--yes", **smtp).stdout
    finally:
        controller.stop()
    assert set(handler.accepted) == set(readers), "nobody is skipped"
    assert len(handler.accepted) - 300 <= most_duplicates


# --- what is written about it -------------------------------------------------------------------------------


def commands() -> list[list[str]]:
    from newsletter.cli import commands as root

    found = []
    for name, command in root.commands.items():
        found.append([name])
        found += [[name, sub] for sub in getattr(command, "commands", {})]
    return found


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_has_help(command: list[str]) -> None:
    from click.testing import CliRunner

    from newsletter.cli import commands as root

    result = CliRunner().invoke(root, [*command, "--help"])
    assert result.exit_code == 0
    for option in re.findall(r"^  (--?[a-z-]+).*$", result.output, re.MULTILINE):
        assert option


def test_every_option_has_help() -> None:
    import click

    from newsletter.cli import commands as root

    for path in commands():
        command: click.Command = root
        for name in path:
            command = command.commands[name]  # type: ignore[attr-defined]
        assert command.help
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, (path, parameter.name)


def test_every_setting_stands_in_the_readme_or_the_example_it_points_to() -> None:
    from newsletter.settings import Settings

    words = (ROOT / "README.md").read_text("utf-8") + (ROOT / ".env.example").read_text("utf-8")
    assert ".env.example" in (ROOT / "README.md").read_text("utf-8")
    for name in Settings.model_fields:
        assert name.upper() in words or f"[[{name}]]" in words, name
