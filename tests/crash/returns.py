"""What comes back to the list's owner: bounces, a complaint and a wish to leave, dropped into a Maildir."""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path

from crash.sink import Copy

HARD, SOFT, COMPLAINT, LEAVES = "hard bounce", "soft bounce", "complaint", "unsubscribe"

_STATUS = {HARD: "5.1.1", SOFT: "4.2.2"}


class Returns:
    """The world that mail goes into: some of what arrives there comes back.

    Args:
        maildir: Where it comes back to.
        fates: By recipient, what comes back for every message to them.
    """

    def __init__(self, maildir: Path, fates: dict[str, str]) -> None:
        self.maildir, self._fates = maildir, fates
        self._numbers = count(1)
        self.renew()

    def renew(self) -> None:
        """Empty the Maildir."""
        shutil.rmtree(self.maildir, ignore_errors=True)
        for name in ("new", "cur", "tmp"):
            (self.maildir / name).mkdir(parents=True)

    def come_back(self, copy: Copy) -> None:
        """Write down what a message brings about, as a whole or not at all."""
        fate = self._fates.get(copy.recipient)
        if fate is None:
            return
        name = f"{next(self._numbers):09}.sink"
        message = _leaving(copy, name) if fate == LEAVES else _report(copy, fate, name)
        (self.maildir / "tmp" / name).write_text(message)
        (self.maildir / "tmp" / name).rename(self.maildir / "new" / name)

    def count(self, folder: str) -> int:
        """Return how many messages lie in `new` or `cur`."""
        return sum(1 for _ in (self.maildir / folder).iterdir())


def _leaving(copy: Copy, name: str) -> str:
    return (
        f"From: {copy.recipient}\nTo: digest@news.example.org\nSubject: unsubscribe daily\n"
        f"Message-ID: <{name}@sink.test>\n\n"
    )


def _report(copy: Copy, fate: str, name: str) -> str:
    """Return a delivery status notification (RFC 3464) or an abuse report (RFC 5965)."""
    if fate == COMPLAINT:
        kind = "feedback-report"
        fields = "Feedback-Type: abuse\nUser-Agent: sink/1\nVersion: 1\n"
    else:
        kind = "delivery-status"
        fields = (
            "Reporting-MTA: dns; sink.test\n\n"
            f"Final-Recipient: rfc822; {copy.recipient}\nAction: failed\nStatus: {_STATUS[fate]}\n"
        )
    return (
        f"From: Mail Delivery System <mailer-daemon@sink.test>\nTo: {copy.return_path}\n"
        f"Subject: Report on your mail\nMessage-ID: <{name}@sink.test>\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/report; report-type={kind}; boundary="-part"\n\n'
        "---part\nContent-Type: text/plain\n\nThis is a report on a mail of yours.\n"
        f"---part\nContent-Type: message/{kind}\n\n{fields}\n"
        "---part\nContent-Type: text/rfc822-headers\n\n"
        f"Message-ID: {copy.message_id}\nTo: {copy.recipient}\n"
        "---part--\n"
    )
