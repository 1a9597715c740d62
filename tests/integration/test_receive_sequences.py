"""Whatever happens to an account and a folder between two looks, each mail is taken once and none is lost."""

from __future__ import annotations

import mailbox
import os
import random
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from imapd import DROP, Certificates, Script, scripted_server

from newsletter.mailboxes.imap import ImapMailbox
from newsletter.mailboxes.local import Maildir
from newsletter.receive import MailRules, NewsBox, receive
from newsletter.sources.formats.mail import parse_mail
from newsletter.sources.parse import SourceAliases, TextReader
from newsletter.store.store import Store

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PARSE = partial(parse_mail, reader=TextReader(aliases=SourceAliases.with_extra({}), detect=lambda _: None))
RULES = MailRules(max_bytes=100_000, senders=(), first_days=3, every=timedelta(minutes=5))
UID = re.compile(rb"UID FETCH (\d+) \((RFC822|BODY)")


def mail(number: int) -> bytes:
    words = f"Bridge number {number} was closed on Tuesday after a barge struck a pillar."
    return f"Subject: Bridge {number}\r\nFrom: Police <p@t.example>\r\n\r\n{words}\r\n".encode()


def take(store: Store, box: NewsBox, now: datetime) -> list[str]:
    """Look into a mailbox; returns what was wrong."""
    return list(receive(store, [box], RULES, parse=PARSE, force=True, now=now).problems)


def told(store: Store) -> list[int]:
    return [int(document.headline.split()[1]) for document in store.documents.new_for("daily")]


@dataclass
class Account(Script):
    """A folder of an account, with what happens to it."""

    validity: int = 1_000
    #: Number of the mail and when it arrived, by UID.
    mails: dict[int, tuple[int, datetime]] = field(default_factory=dict)
    next_uid: int = 1
    #: Commands that are still answered; None for any number.
    patience: int | None = None
    withheld: set[int] = field(default_factory=set)

    def append(self, number: int, at: datetime) -> None:
        self.mails[self.next_uid] = number, at
        self.next_uid += 1

    def renumber(self, validity: int) -> None:
        kept = list(self.mails.values())
        self.validity, self.mails, self.next_uid = validity, {}, 1
        for number, at in kept:
            self.append(number, at)

    def answer(self, command: bytes) -> bytes:
        if self.patience is not None:
            self.patience -= 1
            if self.patience < 0:
                return DROP
        if command == b"CAPABILITY":
            return b"* CAPABILITY IMAP4rev1\r\nOK done"
        if command.startswith(b"EXAMINE"):
            return b"* OK [UIDVALIDITY %d] x\r\nOK [READ-ONLY] done" % self.validity
        if command.startswith(b"UID SEARCH"):
            uids = self.search(*command.decode().split()[3:])
            return b"* SEARCH %s\r\nOK done" % b" ".join(b"%d" % uid for uid in uids)
        return self.fetch(command)

    def search(self, uids: str, *since: str) -> list[int]:
        first = int(uids.partition(":")[0])
        day = datetime.strptime(since[1], "%d-%b-%Y").replace(tzinfo=UTC) if since else NOW
        # The last one is named even where its UID is smaller.
        return [
            uid
            for uid, (_, at) in self.mails.items()
            if (uid >= first or uid == max(self.mails)) and at >= day
        ]

    def fetch(self, command: bytes) -> bytes:
        found = UID.match(command)
        if not found:
            return b"OK done"
        uid = int(found[1])
        if uid in self.withheld:
            return b"NO [SERVERBUG] cannot"
        number, at = self.mails[uid]
        if found[2] == b"RFC822":
            date = f"{at:%d-%b-%Y %H:%M:%S} +0000".encode()
            return b'* 1 FETCH (UID %d RFC822.SIZE 99 INTERNALDATE "%s")\r\nOK done' % (uid, date)
        content = mail(number)
        return b"* 1 FETCH (UID %d BODY[]<0> {%d}\r\n%s)\r\nOK done" % (uid, len(content), content)


@pytest.fixture(scope="module")
def certificates() -> Certificates:
    return Certificates()


def check_account(store: Store, certificates: Certificates, seed: int) -> None:
    chance, account, now = random.Random(seed), Account(), NOW
    due: set[int] = set()
    with scripted_server(certificates, account) as port:
        values = {"host": "localhost", "port": port, "username": "u", "password": "p"}
        box = NewsBox(
            name=f"imaps://{seed}@localhost/INBOX",
            box=ImapMailbox(**values, context=certificates.client(), timeout_seconds=5),  # type: ignore[arg-type]
        )
        take(store, box, now)
        for number in range(30):
            now += timedelta(hours=chance.choice([0, 1, 30, 300]))
            match chance.randrange(8):
                case 0:
                    account.mails = {uid: m for uid, m in account.mails.items() if chance.random() < 0.5}
                case 1:
                    # Lower ones, too, when an account moves to another server; never one that was.
                    account.renumber(chance.choice([1_000 - number, 1_000 + number]))
                case 2:
                    account.patience = chance.randrange(12)
                    take(store, box, now)
                    account.patience = None
                case 3:
                    account.withheld = set(list(account.mails)[-1:])
                    take(store, box, now)
                    account.withheld = set()
                case 4:
                    assert take(store, box, now) == []
                    due |= {number for number, _ in account.mails.values()}
                case _:
                    account.append(number, now)
        assert take(store, box, now) == []
        due |= {number for number, _ in account.mails.values()}
    found = told(store)
    assert len(found) == len(set(found)), "each once"
    assert due <= set(found), "none is lost"


def check_folder(store: Store, folder: Path, seed: int) -> None:
    mailbox.Maildir(str(folder))
    chance, now = random.Random(seed), NOW
    due: set[int] = set()
    take(store, NewsBox(name=str(folder), box=Maildir(folder)), now)
    for number in range(40):
        now += timedelta(hours=chance.choice([0, 1, 30, 300]))
        there = [path for name in ("new", "cur") for path in sorted((folder / name).iterdir())]
        match chance.randrange(6):
            case 0 if there:
                chance.choice(there).unlink()
            case 1 | 2 if there:
                path = chance.choice(there)
                flags = chance.choice(["S", "FS", "RS", ""])
                path.rename(folder / "cur" / f"{path.name.partition(':2,')[0]}:2,{flags}")
            case 3:
                assert take(store, NewsBox(name=str(folder), box=Maildir(folder)), now) == []
                due |= {int(path.name.split(".")[0]) for path in there}
            case _:
                path = folder / "new" / f"{number}.x.host"
                path.write_bytes(mail(number))
                os.utime(path, (now.timestamp(), now.timestamp()))
    found = told(store)
    assert len(found) == len(set(found)), "each once"
    assert due <= set(found), "none is lost"


@pytest.mark.parametrize("seed", range(3))
def test_each_mail_of_an_account_is_taken_once(
    sqlite_store: Store, certificates: Certificates, seed: int
) -> None:
    check_account(sqlite_store, certificates, seed)


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(100, 112))
def test_each_mail_of_an_account_is_taken_once_many_times(
    sqlite_store: Store, certificates: Certificates, seed: int
) -> None:
    check_account(sqlite_store, certificates, seed)


@pytest.mark.parametrize("seed", range(3))
def test_each_mail_of_a_folder_is_taken_once(sqlite_store: Store, tmp_path: Path, seed: int) -> None:
    check_folder(sqlite_store, tmp_path / "mail", seed)
