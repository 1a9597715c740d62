"""The rules for a message's form, one test for each, held against mails made the whole way from files.

Standards: RFC 5322 (header), 2047 (encoded words), 2919 and 2369 (lists), 8058 (one-click), 3834 (automatic),
2045 and 2046 (MIME), 5890 and 6531 (international addresses).
"""

from __future__ import annotations

import asyncio
import itertools
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path

import html5lib
import pytest

from newsletter.app import App
from newsletter.messages.headers import list_id_field

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
SENDER = "digest@news.example.org"
#: By what they are: web pages with one-click, pages on this machine, none.
PUBLIC_URLS = ("https://news.example.org/brief", "http://localhost:8000", "")
REPLY_TO = ("", "editor@bücher.example")
TITLES = (
    "The Daily Brief",
    'Brief, The: "Daily" (A\\B) <x@y.example>',
    "=?utf-8?q?Not=20an=20encoded=20word?=",
    "Unbrechbar" * 12,
    "Die täglichen Nachrichten über alles, was sich in Küstenstädten begibt, für jeden verständlich erzählt",
    "港湾だよりと海の便り、毎朝七時に届く九つの港の出来事をまとめた小さな新聞、第二部",
    "Щоденний огляд новин із дев’яти портів узбережжя, коротко та з посиланнями",
    "نشرة الميناء اليومية: أخبار الموانئ التسعة كل صباح في السابعة مع مصادرها",
    "🌊 सुबह की ख़बरें 👩\u200d👩\u200d👧 e\u0301 " + "क्षितिज " * 15,
)
LONG_LOCAL = "l" * 64 + "@reader.example"
LONG_DOMAIN = "a@" + ".".join(("d" * 60,) * 4) + ".example"
IDN, UTF8 = "ada@straße.example", "jörg@bücher.example"
ADDRESSES = ("ada@reader.example", "o'neil+a=b/c@reader.example", LONG_LOCAL, LONG_DOMAIN, IDN, UTF8)
NAMES = ("", "Ada Example", 'O\'Neil, "Ada"', "=?utf-8?q?=0D=0A?=", "x" * 200, "é" * 200, "港 太郎 " * 30)

LONG_HEADLINE = (
    "Größere Fähren für kleine Häfen: die Küstenbehörde bestellt vier Schiffe, deren Namen noch fehlen"
)
DOCUMENTS = (
    "Nine harbours open a gate\n\nNine harbours opened a gate.\n\nSource: Quay Post\nhttps://quay.example/\n",
    f"{LONG_HEADLINE}\n\nDie Küstenbehörde hat am Montag vier Fähren bestellt.\n\nQuelle: Küstenbote\n",
    "港の新しい橋が開通した\n\n港の新しい橋が月曜日に開通した。市長は橋を渡った。\n",
    "أعيد فتح الجسر القديم أمام المشاة\n\nأعيد فتح الجسر القديم أمام المشاة يوم الاثنين.\n",
)


@dataclass(frozen=True)
class Made:
    """One mail and what it was made from."""

    public_url: str
    reply_to: str
    title: str
    address: str
    name: str
    content: bytes

    @property
    def mail(self) -> EmailMessage:
        mail = message_from_bytes(self.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        return mail

    @property
    def head(self) -> list[bytes]:
        return self.content.partition(b"\r\n\r\n")[0].split(b"\r\n")

    def field(self, name: str) -> str:
        """Return a field as it is on the wire, unfolded."""
        text = b"\r\n".join(self.head).decode("utf-8")
        found = re.findall(
            rf"^{name}:[ ]?([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", text, re.MULTILINE | re.IGNORECASE
        )
        assert len(found) == 1, (name, found)
        return str(found[0]).replace("\r\n", "").strip()

    def decoded(self, name: str) -> tuple[str, str]:
        shown, address = parseaddr(self.field(name))
        return str(make_header(decode_header(shown))), address


def app_for(folder: Path, **settings: object) -> App:
    return App.isolated(
        database_url=f"sqlite:///{folder / 'store.db'}",
        folders=(folder / "in",),
        settle_seconds=0,
        secret_keys=("a key of this test alone",),
        postal_address=("1 Quay Street",),
        **settings,
    )


def copies(folder: Path) -> Iterator[Made]:
    """Make copies of an edition of every list, with web pages and without; the addresses take turns."""
    combined = list(itertools.product(REPLY_TO, TITLES))
    tables = [
        {"name": f"list-{number}", "title": title, "reply_to": reply_to, "sender_address": SENDER}
        for number, (reply_to, title) in enumerate(combined)
    ]
    for public_url in PUBLIC_URLS:
        app = app_for(folder, public_url=public_url, lists=tables)
        app.ingest(now=NOW)
        for number, mailing_list in enumerate(app.lists):
            reply_to, title = combined[number]
            made = app.draft(mailing_list, now=NOW)
            assert made is not None
            for address in (
                ADDRESSES[number % len(ADDRESSES)],
                ADDRESSES[(number // 2 + 3) % len(ADDRESSES)],
            ):
                content = app.copies.make(address, made.rendering, now=NOW).content
                yield Made(public_url, reply_to, title, address, "", content)
        app.close()


def delivered(folder: Path) -> Iterator[Made]:
    """Publish an edition and send it to readers with names of all kinds."""
    readers = {f"reader{number}@reader.example": name for number, name in enumerate(NAMES)}
    settings = {"transport": "file", "outbox_folder": folder / "outbox", "sender_address": SENDER}
    app = app_for(folder, list_title=TITLES[0], public_url=PUBLIC_URLS[0], **settings)
    mailing_list = app.mailing_list(None)
    for address, name in readers.items():
        app.subscribers.add(mailing_list, address, name=name, now=NOW)
    app.publish(mailing_list, now=NOW)
    asyncio.run(app.deliver(clock=lambda: NOW, stopping=asyncio.Event()))
    app.close()
    for path in (folder / "outbox").rglob("*.eml"):
        made = Made(PUBLIC_URLS[0], "", TITLES[0], "", "", path.read_bytes())
        address = made.decoded("To")[1]
        yield Made(PUBLIC_URLS[0], "", TITLES[0], address, readers.pop(address), made.content)
    assert not readers


@pytest.fixture(scope="module")
def mails(tmp_path_factory: pytest.TempPathFactory) -> list[Made]:
    folder = tmp_path_factory.mktemp("checklist")
    (folder / "in").mkdir()
    for number, text in enumerate(DOCUMENTS):
        (folder / "in" / f"{number}.txt").write_text(text, "utf-8")
    made = [*copies(folder), *delivered(folder)]
    assert {mail.address for mail in made} >= set(ADDRESSES)
    assert len(made) == 2 * len(PUBLIC_URLS) * len(REPLY_TO) * len(TITLES) + len(NAMES)
    return made


def test_no_field_stands_there_twice_and_none_is_missing(mails: list[Made]) -> None:
    once = {"from", "date", "message-id", "subject", "to", "mime-version", "content-type", "auto-submitted"}
    once |= {"list-id", "list-help", "list-post", "list-unsubscribe"}
    for made in mails:
        names = [line.partition(b":")[0].decode().lower() for line in made.head if line[:1] not in b" \t"]
        assert len(names) == len(set(names))
        optional = {"reply-to"} if made.reply_to else set()
        optional |= {"list-unsubscribe-post"} if made.public_url.startswith("https:") else set()
        assert set(names) == once | optional


def test_lines_are_short_and_folded_where_they_can_be(mails: list[Made]) -> None:
    for made in mails:
        for line in made.head:
            assert len(line) <= 998
            words = line.strip() if line[:1] == b" " else line.partition(b": ")[2]
            assert words, "RFC 5322 section 3.2.2: no line of white space alone"
            assert len(line) <= 78 or b" " not in words, line


def test_encoded_words_are_short_and_never_in_an_address(mails: list[Made]) -> None:
    seen = 0
    for made in mails:
        for line in made.head:
            for word in re.findall(rb"=\?\S*", line):
                assert re.fullmatch(rb"=\?utf-8\?[bq]\?[!-><@-~]+\?=", word), word
                assert len(word) <= 75
                seen += 1
        for name in ("From", "To", "List-Id"):
            assert "=?" not in made.field(name).rpartition("<")[2]
    assert seen > 100


def test_names_and_subjects_are_read_back(mails: list[Made]) -> None:
    for made in mails:
        title = " ".join(made.title.split())
        assert made.decoded("From") == (title, SENDER)
        assert made.decoded("To")[0] == " ".join(made.name.split())
        assert made.mail["Subject"].startswith(("Nine harbours", "Größere", "港の", "أعيد"))
        assert made.mail["Subject"] == str(make_header(decode_header(made.field("Subject"))))


def test_the_date_is_when_the_edition_was_made(mails: list[Made]) -> None:
    assert {made.field("Date") for made in mails} == {"Mon, 23 Nov 2026 06:00:00 +0000"}


def test_list_id_is_short_and_tells_lists_apart(mails: list[Made]) -> None:
    found = {}
    for made in mails:
        value = made.field("List-Id")
        assert len(value) <= 255
        ident = re.search(r"<([a-z0-9-]+\.news\.example\.org)>$", value)
        assert ident, value
        assert found.setdefault(ident[1], (made.title, made.reply_to)) == (made.title, made.reply_to)
    assert len(found) == len(TITLES) * len(REPLY_TO) + 1


def test_a_domain_that_leaves_list_id_no_room_gives_way_to_the_one_above() -> None:
    domain = ".".join(("d" * 60,) * 4) + ".example"
    field = list_id_field("The Daily Brief", f"{'l' * 32}.{domain}")
    assert field.endswith(f"<{'l' * 32}.{domain.partition('.')[2]}>")
    assert len(field.replace("\r\n", "")) - len("List-Id: ") <= 255


def test_help_goes_to_whoever_answers_and_nobody_posts(mails: list[Made]) -> None:
    for made in mails:
        editor = "editor@xn--bcher-kva.example" if made.reply_to else SENDER
        assert made.field("List-Help") == f"<mailto:{editor}?subject=help>"
        assert made.field("List-Post") == "NO"
        if made.reply_to:
            assert made.field("Reply-To") == editor


def test_unsubscribing_goes_by_page_first_and_by_mail(mails: list[Made]) -> None:
    for made in mails:
        ways = re.fullmatch(r"(?:<(http[^<>\s]+)>, )?<(mailto:[^<>\s]+)>", made.field("List-Unsubscribe"))
        assert ways, made.field("List-Unsubscribe")
        assert bool(ways[1]) == bool(made.public_url)
        assert (ways[1] or "").startswith(made.public_url)
        assert "unsubscribe" in ways[2]
        assert all(part.count(b"<") == part.count(b">") for part in made.head), "an address was folded"


def test_one_click_is_offered_exactly_with_https(mails: list[Made]) -> None:
    for made in mails:
        lines = [line for line in made.head if line.lower().startswith(b"list-unsubscribe-post")]
        offered = [b"List-Unsubscribe-Post: List-Unsubscribe=One-Click"]
        assert lines == (offered if made.public_url.startswith("https:") else [])


def test_machines_are_told_that_a_machine_wrote_it(mails: list[Made]) -> None:
    assert {made.field("Auto-Submitted") for made in mails} == {"auto-generated"}


def test_two_parts_in_short_lines_of_ascii(mails: list[Made]) -> None:
    for made in mails:
        assert made.field("MIME-Version") == "1.0"
        body = made.content.partition(b"\r\n\r\n")[2]
        assert body.isascii()
        assert all(len(line) <= 76 for line in body.split(b"\r\n"))
        assert not re.search(rb"[ \t]\r\n", body), "white space at a line's end may be lost (RFC 2045 6.7)"
        text, html = made.mail.iter_parts()
        assert made.mail.get_content_type() == "multipart/alternative"
        assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
        for part in (text, html):
            assert part["Content-Transfer-Encoding"] == "quoted-printable"
            assert part.get_content_charset() == "utf-8"
            assert made.address in part.get_content().replace("&#x27;", "'")


def test_no_byte_of_a_mail_is_out_of_place(mails: list[Made]) -> None:
    for made in mails:
        content = made.content
        assert content.endswith(b"\r\n")
        assert content.count(b"\r\n") == content.count(b"\r") == content.count(b"\n")
        assert not re.search(rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]", content)
        assert content.isascii() == (made.address != UTF8), "RFC 6532: only for servers that take SMTPUTF8"


def test_international_domains_are_ascii_in_the_header(mails: list[Made]) -> None:
    wire = {IDN: "ada@xn--strae-oqa.example", UTF8: "jörg@xn--bcher-kva.example"}
    for made in mails:
        assert made.decoded("To")[1] == wire.get(made.address, made.address)


def test_parsers_find_nothing_amiss(mails: list[Made]) -> None:
    for made in mails:
        assert [part.defects for part in made.mail.walk()] == [[], [], []]
        for name, value in made.mail.items():
            assert value.defects == () or (name == "To" and made.address == UTF8), name
        parser = html5lib.HTMLParser()
        _, html = made.mail.iter_parts()
        parser.parse(html.get_content())
        assert parser.errors == []


def test_a_readers_message_id_stays_and_is_nobody_elses(mails: list[Made], tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text(DOCUMENTS[0])
    settings = {"transport": "file", "sender_address": SENDER}
    app = app_for(tmp_path, **settings)
    for name in ("ada", "bo", "cy"):
        app.subscribers.add(app.mailing_list(None), f"{name}@reader.example", now=NOW)
    app.ingest(now=NOW)
    app.publish(app.mailing_list(None), now=NOW)
    app.close()
    found: list[dict[str, str]] = []
    for turn in ("first", "restored from a copy"):
        place = tmp_path / turn
        shutil.copytree(tmp_path / "in", place / "in")
        shutil.copy(tmp_path / "store.db", place)
        again = app_for(place, outbox_folder=place / "outbox", **settings)
        asyncio.run(again.deliver(clock=lambda: NOW, stopping=asyncio.Event()))
        again.close()
        sent = [message_from_bytes(path.read_bytes()) for path in (place / "outbox").rglob("*.eml")]
        found.append({mail["To"]: mail["Message-ID"] for mail in sent})
    assert found[0] == found[1]
    assert len(found[0]) == len(set(found[0].values())) == 3
    assert all(re.fullmatch(r"<[0-9a-f]{32}@news\.example\.org>", ident) for ident in found[0].values())
    assert {made.field("Message-ID")[-len("@news.example.org>") :] for made in mails} == {
        "@news.example.org>"
    }
