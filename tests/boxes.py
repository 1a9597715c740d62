"""What a mailbox yields, for tests of all kinds of them."""

from __future__ import annotations

import pytest

from newsletter.errors import MailboxError
from newsletter.mailboxes.local import Mailbox, Unreadable


def read(box: Mailbox, *, mark: bool = False) -> list[bytes | str]:
    """Everything that a mailbox yields: contents, and problems as text."""
    found: list[bytes | str] = []
    for arrival in box.unread():
        if isinstance(arrival, Unreadable):
            found.append(arrival.problem)
            continue
        found.append(arrival.content)
        if mark:
            arrival.mark_read()
    return found


def problem(box: Mailbox) -> str:
    """Why a mailbox cannot be read at all, as one line."""
    with pytest.raises(MailboxError) as caught:
        read(box)
    assert "\n" not in str(caught.value)
    return str(caught.value)
