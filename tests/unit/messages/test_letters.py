"""Letters to those who sign up: they keep the rules of mails, and carry nothing that a visitor typed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from newsletter.errors import MessageRefusedError, TemplateError
from newsletter.messages.letters import write_letter
from newsletter.messages.markup import Markup
from newsletter.messages.render import Renderer
from newsletter.messages.text import WIDTH, cells
from newsletter.model.editions import MailingList
from newsletter.model.messages import Message
from newsletter.model.readers import Letter, LetterKind
from newsletter.model.subscribers import Address, Cadence

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
URL = "https://news.example.org/c/" + "x" * 70
LETTER = Letter(
    id=7,
    kind=LetterKind.CONFIRM,
    address=Address(display="someone.typed@example.org", key="someone.typed@example.org"),
    list_names=("daily",),
    cadence=Cadence.EACH,
    asked_at=NOW,
    attempts=0,
    subscriber_id=3,
)
TITLES = (
    "The Daily Brief",
    '<script>alert(1)</script> & {{ x }} " onclick="x',
    "T" * 80,
    "نشرة الميناء اليومية",
    "港湾だより" * 12,
    "a\r\nBcc: eve@example.org",
)


def write(renderer: Renderer, *lists: MailingList, letter: Letter = LETTER, now: datetime = NOW) -> Message:
    return write_letter(renderer, letter, lists, page_url=URL, now=now)


def parts(message: Message) -> tuple[EmailMessage, str, str]:
    mail = message_from_bytes(message.content, policy=policy.default)
    text, html = (part.get_content() for part in mail.iter_parts())
    return mail, text, html


@pytest.mark.parametrize("kind", LetterKind)
@pytest.mark.parametrize("cadence", Cadence)
@pytest.mark.parametrize("title", TITLES)
def test_every_letter_is_fit_to_send(
    renderer: Renderer, mailing_list: MailingList, kind: LetterKind, cadence: Cadence, title: str
) -> None:
    one = replace(mailing_list, title=title)
    several = (one, replace(mailing_list, name="b", tagline=""), replace(one, name="c"))
    for lists in ((one,), several):
        letter = replace(LETTER, kind=kind, cadence=cadence)
        mail, text, html = parts(write(renderer, *lists, letter=letter))
        assert mail["Bcc"] is None
        assert "script" not in {tag for tag, _ in Markup(html).elements}
        assert URL in text.splitlines()
        assert all(cells(line) <= WIDTH for line in text.splitlines() if line != URL)
        for part in (text, html):
            assert "typed" not in part
            assert ("once a week" in part) == (kind is LetterKind.CONFIRM and cadence is Cadence.WEEKLY)


def test_all_lists_are_named(renderer: Renderer, mailing_list: MailingList) -> None:
    lists = [replace(mailing_list, name=name, title=f"List {name}") for name in "abc"]
    mail, text, _ = parts(write(renderer, *lists))
    assert mail["Subject"] == "Confirm your subscription to List a, List b and List c"
    assert "* List b: " in text


def test_the_message_id_is_the_same_each_time_and_anothers_is_not(
    renderer: Renderer, mailing_list: MailingList
) -> None:
    first = write(renderer, mailing_list)
    assert write(renderer, mailing_list, now=NOW.replace(hour=9)).message_id == first.message_id
    assert write(renderer, mailing_list, letter=replace(LETTER, id=8)).message_id != first.message_id


def test_it_is_signed_as_a_whole(renderer: Renderer, mailing_list: MailingList) -> None:
    seen: list[bytes] = []

    def sign(content: bytes) -> bytes:
        seen.append(content)
        return b"DKIM-Signature: x\r\n"

    message = write_letter(renderer, LETTER, [mailing_list], page_url=URL, sign=sign, now=NOW)
    assert message.content == b"DKIM-Signature: x\r\n" + seen[0]
    assert b"Message-ID: " in seen[0]


def test_a_letter_that_breaks_a_rule_is_not_sent(mailing_list: MailingList, tmp_path: Path) -> None:
    ours = Path(__file__).parents[3] / "templates"
    own = tmp_path / "email" / "confirm"
    own.mkdir(parents=True)
    (own / "body.txt").write_text("No link is here.")
    with pytest.raises(MessageRefusedError, match="the text part lacks the link"):
        write(Renderer(folders=(tmp_path, ours)), mailing_list)
    (own / "body.txt").write_text("{{ address }}")
    with pytest.raises(TemplateError, match="body.txt, line 1"):
        write(Renderer(folders=(tmp_path, ours)), mailing_list)
