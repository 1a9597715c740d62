"""Hostile texts through every door: the header of a mail stays the same, and its HTML stays inert.

Each payload goes the whole way: a file that is ingested, a row of a CSV file, a setting; then an edition is
made and a reader's message written. What comes out is read by parsers that are not ours, and compared with a
harmless twin of the same shape.
"""

from __future__ import annotations

import asyncio
import csv
import io
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any

import idna
import pytest
from examples import spread_out
from hostile.making import DOCUMENT_DOORS, NOW, READER, SENDER, document, isolated
from hostile.payloads import PAYLOADS, SURROGATE
from hostile.reading import NAMES, Skeleton, bodies, mailbox, read_html, read_mail, skeleton

from newsletter.app import App
from newsletter.errors import LinkError, MessageRefusedError
from newsletter.messages.text import clean
from newsletter.model.deliveries import DeliveryState
from newsletter.model.documents import FileOutcome
from newsletter.model.editions import Draft, MailingList
from newsletter.model.messages import Rendering
from newsletter.model.subscribers import AddOutcome

Expected = tuple[list[str], Skeleton]
Twin = Callable[[Draft, MailingList], Expected]


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """Returns field names and skeleton of a harmless mail of the same shape, made of files as well."""
    known: dict[object, Expected] = {}
    place = tmp_path_factory.mktemp("twins")
    app = isolated(place)

    def make(made: Draft, mailing_list: MailingList) -> Expected:
        tagline = "News" if clean(mailing_list.tagline) else ""
        postal_address = tuple("1 Quay" for line in mailing_list.postal_address if clean(line))
        assert all(len(story.sources) == 1 for story in made.edition.stories)
        forms = [
            (bool(story.sources[0].url), clean(story.summary.text) != clean(story.headline))
            for story in made.edition.stories
        ]
        forms += [(bool(line.source.url), True) for line in made.edition.also]
        shape = (*forms, tagline, postal_address)
        if shape not in known:
            folder = place / f"{len(known)}"
            folder.mkdir()
            for number, (linked, told) in enumerate(forms, start=1):
                content = document("title" if linked else "source", f"gate{len(known)}n{number}", number)
                if not told:
                    headline, _, rest = content.partition(b"\n\n")
                    content = headline + b"\n\n" + rest[rest.index(b"Source:") :]
                (folder / f"{number:03}.txt").write_bytes(content)
            app.ingest(now=NOW, folders=[folder])
            plain = replace(
                app.mailing_list(None),
                tagline=tagline,
                postal_address=postal_address,
                word_weights=tuple(in_order(len(forms))),
            )
            other = app.draft(replace(plain, folders=(str(folder.resolve()),)), now=NOW)
            assert other is not None
            mail = read_mail(app.copies.make(READER, other.rendering, now=NOW).content)
            known[shape] = list(mail), skeleton(read_html(bodies(mail)[1]))
        return known[shape]

    yield make
    app.close()


def in_order(count: int) -> Iterator[tuple[str, float]]:
    """Yield weights for words of numbered documents, so that they are ranked by number."""
    for number in range(1, count + 1):
        for word in ("quay", "opens"):
            yield f"{word}{number}", 10 * 0.4**number


def check_draft(app: App, made: Draft, mailing_list: MailingList, twin: Twin) -> str:
    """Hold a reader's mail of an edition against its harmless twin; return the HTML."""
    edition = made.edition
    assert not edition.left_out_ids
    names, bones = twin(made, mailing_list)
    content = app.copies.make(READER, made.rendering, now=NOW).content
    mail = read_mail(content)
    assert list(mail) == names
    assert mail["Subject"] == clean(edition.subject)
    assert mailbox(content, "From") == (clean(mailing_list.sender_name) or clean(mailing_list.title), SENDER)
    text, html = bodies(mail)
    page = read_html(html)
    assert skeleton(page) == bones
    hrefs = {element.attrib["href"] for element in page if element.tag == "a"}
    own = {href for href in hrefs if href.startswith(("https://news.example.org/", f"mailto:{SENDER}?"))}
    credited = [story.sources[0] for story in edition.stories] + [line.source for line in edition.also]
    assert hrefs - own == {source.url for source in credited} - {None}
    named = ("h1", "h2", "li")
    found = [" ".join("".join(element.itertext()).split()) for element in page if element.tag in named]
    assert found[0] == clean(mailing_list.title)
    assert {" ".join(clean(story.headline).split()) for story in edition.stories} <= set(found)
    assert "Unsubscribe:" in text
    return html


@dataclass
class Count:
    """What came of the payloads."""

    sent: int = 0
    refused: int = 0
    #: Payloads with words, and those of them that the HTML shows: else nothing was tested.
    worded: int = 0
    seen: int = 0

    def look_for(self, payload: str, html: str) -> None:
        words = re.findall(r"[A-Za-z0-9]{4,}", payload)
        self.worded += bool(words)
        self.seen += bool(words) and max(words, key=len)[:60] in html


def share(payloads: Sequence[str], *, of: int, number: int = 0) -> Sequence[str]:
    """Return every so manieth payload: a plain run gives each to one door at most, the sweep all to all."""
    return payloads[number % of :: of]


def in_company(payloads: Sequence[str]) -> list[str]:
    """Return the payloads, those that are short and of one line three by three.

    What one of them breaks, the others do not mend; and none of them ends the line before the next.
    """
    small = [p for p in payloads if len(p) < 25 and len(p.splitlines()) < 2 and not SURROGATE.search(p)]
    rest = set(payloads).difference(small)
    threes = [" ".join(small[start : start + 3]) for start in range(0, len(small), 3)]
    return [*threes, *(payload for payload in payloads if payload in rest)]


# Documents


def check_documents(
    tmp_path: Path, twin: Twin, door: str, payloads: Sequence[str], *, together: int
) -> Count:
    """Ingest a file for each payload, and make an edition of every few of them."""
    count = Count()
    batches = [payloads[start : start + together] for start in range(0, len(payloads), together)]
    folders = [tmp_path / f"{number}" for number in range(len(batches))]
    for number, (folder, batch) in enumerate(zip(folders, batches, strict=True)):
        folder.mkdir()
        for place, payload in enumerate(batch):
            content = document(door, payload, together * number + place + 1)
            (folder / f"{place:02}.txt").write_bytes(content)
    app = isolated(tmp_path, folders=tuple(folders))
    report = app.ingest(now=NOW)
    count.refused = sum(file.outcome is FileOutcome.REFUSED for file in report.files)
    for folder, batch in zip(folders, batches, strict=True):
        mailing_list = replace(app.mailing_list(None), folders=(str(folder.resolve()),))
        made = app.draft(mailing_list, now=NOW)
        if made is not None:
            html = check_draft(app, made, mailing_list, twin)
            count.sent += len(made.edition.document_ids)
            for payload in batch:
                count.look_for(payload, html)
    app.close()
    assert count.sent + count.refused == len(payloads)
    return count


@pytest.mark.parametrize("door", DOCUMENT_DOORS)
def test_documents_hold_what_they_like(door: str, tmp_path: Path, twin: Twin) -> None:
    number = DOCUMENT_DOORS.index(door)
    payloads = share(PAYLOADS, of=4 * len(DOCUMENT_DOORS), number=number)
    # What stands in a text is seen in summaries alone, and only so few stories have all a summary.
    count = check_documents(tmp_path, twin, door, payloads, together=5 if door == "body" else 12)
    assert count.sent > 0.95 * len(payloads)
    assert count.seen > (0.3 if door == "address" else 0.7) * count.worded, "the payloads did not get through"


@pytest.mark.sweep
@pytest.mark.parametrize("door", DOCUMENT_DOORS)
def test_every_payload_through_every_door(door: str, tmp_path: Path, twin: Twin) -> None:
    """A title stands alone in its edition, so that each comes to be the subject."""
    is_title = door == "title"
    payloads = in_company(PAYLOADS) if is_title else PAYLOADS
    count = check_documents(tmp_path, twin, door, payloads, together=1 if is_title else 8)
    assert count.sent > 0.95 * len(payloads)


@pytest.mark.sweep
@pytest.mark.parametrize("door", DOCUMENT_DOORS)
def test_payloads_strung_together(door: str, tmp_path: Path, twin: Twin) -> None:
    chance = random.Random(door)
    strung = ["".join(chance.sample(PAYLOADS, 3)) for _ in range(200)]
    count = check_documents(tmp_path, twin, door, strung, together=5)
    assert count.sent > 0.8 * len(strung)


# Settings


def check_settings(tmp_path: Path, twin: Twin, payloads: Sequence[str]) -> Count:
    """Make an edition of a list for every four payloads, each in another setting."""
    count = Count()
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_bytes(document("title", "", 1))
    groups = [payloads[start : start + 4] for start in range(0, len(payloads) - 3, 4)]
    tables: list[dict[str, object]] = [
        {
            "name": f"list-{number}",
            "title": f"The {title} Daily",
            "tagline": tagline,
            "sender_name": name,
            "postal_address": ("1 Quay", postal),
        }
        for number, (title, tagline, name, postal) in enumerate(groups)
    ]
    app = isolated(tmp_path, folders=(folder,), lists=tables)
    app.ingest(now=NOW)
    for group, mailing_list in zip(groups, app.lists, strict=True):
        made = app.draft(mailing_list, now=NOW)
        assert made is not None
        html = check_draft(app, made, mailing_list, twin)
        for payload in (group[0], group[1], group[3]):
            count.look_for(payload, html)
        count.sent += len(group)
    app.close()
    return count


def test_settings_hold_what_they_like(tmp_path: Path, twin: Twin) -> None:
    payloads = share(PAYLOADS, of=spread_out(6))
    count = check_settings(tmp_path, twin, payloads)
    assert count.sent > 0.95 * len(payloads)
    assert count.seen == count.worded


@pytest.mark.sweep
@pytest.mark.parametrize("turn", range(4))
def test_every_payload_in_every_setting(turn: int, tmp_path: Path, twin: Twin) -> None:
    """Turn by turn each payload comes to stand in another setting."""
    payloads = in_company(PAYLOADS)
    count = check_settings(tmp_path, twin, payloads[turn:] + payloads[:turn])
    assert count.sent > 0.99 * len(payloads)
    assert count.seen == count.worded


def odd_addresses(payload: str, stem: str) -> Iterator[str]:
    local, at, domain = stem.rpartition("@")
    if not SURROGATE.search(payload):
        yield from (f"{stem}{payload}", f"{payload}{stem}")
        yield from (
            f"{local}{payload}{at}{domain}",
            f"{local}{at}{payload}.example",
            f'"{payload}"{at}{domain}',
        )


@pytest.mark.parametrize("key", ["sender_address", "reply_to"])
def test_an_address_in_the_settings_is_taken_whole_or_refused(key: str, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_bytes(document("title", "", 1))
    values = [
        value for payload in share(PAYLOADS, of=spread_out(40)) for value in odd_addresses(payload, SENDER)
    ]
    tables = [{"name": f"list-{number}", key: value} for number, value in enumerate(values)]
    app = isolated(tmp_path, folders=(folder,), lists=tables)
    app.ingest(now=NOW)
    made = 0
    for mailing_list in app.lists:
        try:
            drafted = app.draft(mailing_list, now=NOW)
            assert drafted is not None
            mail = read_mail(app.copies.make(READER, drafted.rendering, now=NOW).content)
        except MessageRefusedError:
            continue
        made += 1
        assert [name for name in mail if name != "Reply-To"] == NAMES
        assert len(mail["From"].addresses) == 1
        bodies(mail)
    app.close()
    assert 0 < made < len(values) / 2


def test_a_public_address_is_taken_whole_or_refused(desk: Desk, tmp_path: Path) -> None:
    made = 0
    for payload in (*share(PAYLOADS, of=spread_out(20)), "x" * 3000):
        for base in (
            f"https://news.example.org/{payload}",
            f"https://{payload}.example",
            f"{payload}https://x.example",
        ):
            try:
                mail = read_mail(
                    isolated(tmp_path, public_url=base).copies.make(READER, desk.rendering, now=NOW).content
                )
            except (LinkError, MessageRefusedError):
                continue
            made += 1
            assert list(mail) in (NAMES, [name for name in NAMES if name != "List-Unsubscribe-Post"])
            bodies(mail)
    assert 0 < made < 0.6 * len(share(PAYLOADS, of=spread_out(20)))


# Readers


@dataclass(frozen=True)
class Desk:
    """An app without readers, and an edition for whoever comes."""

    app: App
    rendering: Rendering
    outbox: Path

    def send(self) -> list[bytes]:
        """Publish, write to every reader, and return the files."""
        assert self.app.publish(self.app.mailing_list(None), now=NOW).edition
        report = asyncio.run(self.app.deliver(clock=lambda: NOW, stopping=asyncio.Event()))
        assert report.problem is None
        assert set(report.outcomes) <= {DeliveryState.ACCEPTED}
        return [path.read_bytes() for path in sorted(self.outbox.rglob("*.eml"))]

    def take_in(self, rows: Sequence[tuple[str, str]]) -> int:
        """Import readers from a CSV file; return how many were refused."""
        file = io.StringIO(newline="")
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerows([("address", "name"), *rows])
        file.seek(0)
        reports = self.app.subscribers.import_csv(self.app.mailing_list(None), file, source="test", now=NOW)
        return sum(report.outcome is AddOutcome.REFUSED for report in reports)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_bytes(document("title", "", 1))
    outbox = tmp_path / "outbox"
    app = isolated(tmp_path, folders=(folder,), transport="file", outbox_folder=outbox)
    app.ingest(now=NOW)
    made = app.draft(app.mailing_list(None), now=NOW)
    assert made is not None
    yield Desk(app, made.rendering, outbox)
    app.close()


def check_readers(desk: Desk) -> int:
    """Write to every reader: nothing but To, the links and the address differs from a harmless mail."""
    readers = {
        reader.address.display: reader for reader in desk.app.subscribers.listed(desk.app.mailing_list(None))
    }
    plain = read_mail(desk.app.copies.make(READER, desk.rendering, now=NOW).content)
    bones = skeleton(read_html(bodies(plain)[1]))
    contents = desk.send()
    seen = set()
    for content in contents:
        mail = read_mail(content)
        assert list(mail) == NAMES
        name, address = mailbox(content, "To")
        local, _, domain = address.rpartition("@")
        address = f"{local}@{idna.decode(domain)}"
        assert name == clean(readers[address].name)
        text, html = bodies(mail)
        assert f"\n{address}\n" in text
        assert escape(address) in html
        if name == "":
            assert skeleton(read_html(html)) == bones
        seen.add(address)
    assert seen == set(readers)
    return len(seen)


def check_export(app: App) -> None:
    """Export the readers: no cell is a formula to a spreadsheet, and all can be read in again."""
    file = io.StringIO(newline="")
    mailing_list = app.mailing_list(None)
    app.subscribers.export_csv(mailing_list, file)
    file.seek(0)
    for row in csv.reader(file):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row), row
    file.seek(0)
    reports = app.subscribers.import_csv(mailing_list, file, source="test", now=NOW, dry_run=True)
    assert {report.outcome for report in reports} == {AddOutcome.ALREADY_THERE}


def check_names(desk: Desk, payloads: Sequence[str]) -> None:
    names = [payload for payload in payloads if not SURROGATE.search(payload)]
    assert desk.take_in([(f"reader{number}@reader.example", name) for number, name in enumerate(names)]) == 0
    check_export(desk.app)
    assert check_readers(desk) == len(names)


def test_names_hold_what_they_like(desk: Desk) -> None:
    check_names(desk, share(PAYLOADS, of=spread_out(10)))


@pytest.mark.sweep
def test_every_payload_as_a_name(desk: Desk) -> None:
    check_names(desk, PAYLOADS)


def test_lone_surrogates_come_from_the_command_line(desk: Desk) -> None:
    app = desk.app
    mailing_list = app.mailing_list(None)
    assert (
        app.subscribers.add(mailing_list, READER, name="Bo\udc0d\udc0aBcc: x", now=NOW).outcome
        is AddOutcome.ADDED
    )
    for address in ("bo\udc0a@reader.example", "bo@reader\ud800.example", "\udcff"):
        assert app.subscribers.add(mailing_list, address, now=NOW).outcome is AddOutcome.REFUSED
    assert check_readers(desk) == 1


def check_addresses(desk: Desk, payloads: Sequence[str]) -> int:
    """Import addresses with each payload in every place; return how many readers are mailed."""
    rows = [(address, "") for payload in payloads for address in odd_addresses(payload, "ada@reader.example")]
    assert desk.take_in(rows) > 0.9 * len(rows)
    return check_readers(desk)


def test_an_address_is_taken_whole_or_refused(desk: Desk) -> None:
    assert check_addresses(desk, share(PAYLOADS, of=4)) > 10


@pytest.mark.sweep
def test_every_payload_in_an_address(desk: Desk) -> None:
    assert check_addresses(desk, PAYLOADS) > 100


# A real server


async def test_a_server_hears_one_message_for_each_reader(
    script: Any, smtp_port: int, tmp_path: Path
) -> None:
    """No dot on a line of its own ends a message early, and no command is smuggled in (RFC 5321 4.5.2)."""
    folder = tmp_path / "in"
    folder.mkdir()
    dotted = [payload for payload in PAYLOADS if "." in payload and re.search("[\r\n]", payload)]
    for number, payload in enumerate(dotted, start=1):
        (folder / f"{number:03}.txt").write_bytes(document("body", payload, number))
    server = {"smtp_host": "127.0.0.1", "smtp_port": smtp_port, "smtp_security": "none"}
    app = isolated(tmp_path, folders=(folder,), **server)
    for number, payload in enumerate(dotted[:40]):
        app.subscribers.add(app.mailing_list(None), f"reader{number}@reader.example", name=payload, now=NOW)
    app.ingest(now=NOW)
    app.publish(app.mailing_list(None), now=NOW)
    report = await app.deliver(clock=lambda: NOW, stopping=asyncio.Event())
    app.close()
    assert report.outcomes == {DeliveryState.ACCEPTED: 40}
    assert sorted(script.received()) == sorted(f"reader{number}@reader.example" for number in range(40))
    for address, content in script.accepted:
        mail = read_mail(content)
        assert list(mail) == NAMES
        assert mailbox(content, "To")[1] == address
        assert bodies(mail)[0].endswith("1 Quay Street\n")
    assert {command.partition(" ")[0] for command in script.commands} <= {
        "MAIL",
        "RCPT",
        "CONTENT",
        "TAKE",
        "DATA",
    }
    assert not any("evil" in command for command in script.commands)
