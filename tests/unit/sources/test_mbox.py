"""Mailboxes in one file: a document for each mail, whatever wrote the file."""

from __future__ import annotations

import time

import pytest

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import ParsedItem, RefusalReason
from newsletter.sources.formats.mbox import parse_mbox
from newsletter.sources.parse import SourceAliases, TextReader

READER = TextReader(aliases=SourceAliases.with_extra({}), detect=lambda _: None)
LINE = "From press@tessen.example Mon Nov 23 10:00:00 2026\n"
NEWS = "The bridge at Tessen was closed on Tuesday after a barge struck a pillar."


def mail(number: int, body: str = NEWS) -> str:
    head = f"{LINE}Subject: Bridge {number}\nFrom: Police <p@t.example>\nMessage-ID: <{number}@t.example>"
    return f"{head}\n\n{body}\n\n"


def items(content: str | bytes) -> tuple[ParsedItem, ...]:
    return parse_mbox(content.encode() if isinstance(content, str) else content, READER).items


def headlines(content: str | bytes) -> list[str]:
    return [item.document.headline if item.document else "" for item in items(content)]


def test_each_mail_is_a_document_named_by_its_message_id() -> None:
    found = items(mail(1) + mail(2))
    assert [item.key for item in found] == ["1@t.example", "2@t.example"]
    assert all(item.document and item.document.body == NEWS for item in found)


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_lines_that_begin_as_a_new_mail_would_are_put_right(line_end: str) -> None:
    body = f"{NEWS}\n\n>From Tessen the mayor sent thanks.\n\n>>From below."
    (one, two) = items((mail(1, body) + mail(2)).replace("\n", line_end))
    assert one.document is not None
    assert "From Tessen the mayor sent thanks." in one.document.body
    assert two.key == "2@t.example"


@pytest.mark.parametrize(
    "lines",
    [
        "From Tessen the mayor sent thanks.\nHe said so at 10:00.",
        "From Monday on the ferry sails again.\nTickets: 12 crowns.",
        "From Monday at 10:30 on the ferry sails again.\nTickets: 12 crowns.",
    ],
)
def test_a_line_that_nobody_marked_begins_no_mail(lines: str) -> None:
    (one,) = items(mail(1, f"{NEWS}\n\n{lines}"))
    assert one.document is not None
    assert lines.split("\n")[0] in one.document.body


@pytest.mark.parametrize(
    "line",
    [
        "From - Mon Nov 23 10:00:00 2026",
        "From 1234@xxx Mon Nov 23 10:00:00 +0000 2026",
        "From MAILER-DAEMON Mon Nov 23 10:00:00 2026 +0100",
        "From p@t.example Mon Nov 23 10:00 2026",
    ],
)
@pytest.mark.parametrize("between", ["\n\n", "\n"])
def test_a_mail_begins_as_programs_write_it(line: str, between: str) -> None:
    one, two = mail(1).rstrip(), mail(2).replace(LINE, f"{line}\n")
    assert [item.key for item in items(one + between + two)] == ["1@t.example", "2@t.example"]


def test_a_mail_cut_off_is_read_as_far_as_it_goes() -> None:
    whole = mail(1) + mail(2) + mail(3)
    assert headlines(whole[:-60])[:2] == ["Bridge 1", "Bridge 2"]
    cut = mail(1)[:-30] + "\n" + mail(2)
    assert headlines(cut) == ["Bridge 1", "Bridge 2"]


def test_one_bad_mail_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = mail(2).replace("Bridge 2", "Out of office: Bridge")
    found = items(mail(1) + answer + mail(3))
    assert [item.refusal for item in found] == [None, RefusalReason.NO_NEWS, None]

    def poisoned(content: bytes, reader: TextReader) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr("newsletter.sources.formats.mbox.parse_mail", poisoned)
    assert {item.refusal for item in items(mail(1))} == {RefusalReason.UNSUPPORTED}


def test_copies_are_left_out_and_keys_stay_apart() -> None:
    other = mail(1, f"{NEWS} It opened again on Friday.")
    assert [item.key for item in items(mail(1) + mail(1) + other)] == ["1@t.example", "1@t.example#2"]


def test_mails_without_a_message_id_are_named_by_what_they_say() -> None:
    bare = mail(1).replace("Message-ID: <1@t.example>\n", "")
    assert items(bare + mail(2))[0].key == items(mail(2) + bare)[1].key


def test_a_file_without_mails_is_refused() -> None:
    with pytest.raises(DocumentRefusedError) as caught:
        parse_mbox(b"\n\n", READER)
    assert caught.value.reason is RefusalReason.EMPTY


@pytest.mark.sweep
def test_thousands_of_mails_take_time_that_grows_with_their_number_alone() -> None:
    content = "".join(mail(number, f"{NEWS} It was number {number}.") for number in range(2_000))
    started = time.process_time()
    assert len(items(content)) == 2_000
    assert time.process_time() - started < 20
