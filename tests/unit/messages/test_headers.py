"""Header fields as lines on the wire."""

from __future__ import annotations

from itertools import product

import pytest

from newsletter.messages.headers import list_id_field, mailbox_field


@pytest.mark.parametrize("letter", ["é", "日", "🙂"])
def test_no_line_with_an_encoded_word_is_longer_than_76(letter: str) -> None:
    for count, letters in product(range(1, 60), range(1, 20)):
        domain = f"{'d' * letters}.example"
        for field in (
            mailbox_field("From", letter * count, f"news@{domain}"),
            list_id_field(letter * count, f"daily.{domain}"),
        ):
            assert all(len(line) <= 76 for line in field.split("\r\n") if "=?" in line), field


def test_a_line_of_plain_words_may_have_78() -> None:
    field = mailbox_field("From", "n" * 50, "news@dddd.example")
    assert len(field) == 76
    assert mailbox_field("From", "n" * 52, "news@dddd.example").count("\r\n") == 0
    assert mailbox_field("From", "n" * 53, "news@dddd.example").count("\r\n") == 1
