"""What is handed over is on the wire as it is, octet for octet, whatever stands in it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from faults.server import FaultServer
from faults.turns import READERS, Clock, MakeApp, deliver, publish
from stores import postgres_in_the_sweep

from newsletter.deliver.desk import EditionCopies
from newsletter.deliveries.conversation import normalised, stuffed
from newsletter.messages.dkim_keys import DkimKey
from newsletter.model.deliveries import Delivery
from newsletter.model.keys import KeyType
from newsletter.model.messages import Message

#: What could end a message early, or a line of it another: dots, lone line ends, long lines, odd octets.
ODD = (
    ".\n\n..two\n.\r\n\rlone\r.\r\n.\n" + "." * 2000 + "\n\u2028.\x0b.\x85.\n" + "\u00fc=2E " * 300 + "\n.",
    "." * 75 + "\n" + ("." * 76 + "\n") * 3 + "=\n=.\n" + "a" * 74 + " .b\n" + "a" * 75 + " .b\n",
)


@postgres_in_the_sweep
@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("is_signed", [True, pytest.param(False, marks=pytest.mark.sweep)])
async def test_every_message_goes_over_the_wire_as_it_was_written(
    make_app: MakeApp,
    clock: Clock,
    server: FaultServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_signed: bool,
) -> None:
    handed_over: dict[str, Message] = {}
    write = EditionCopies.of

    def note(self: EditionCopies, delivery: Delivery, *, now: datetime) -> Message:
        message = handed_over[delivery.address] = write(self, delivery, now=now)
        return message

    monkeypatch.setattr(EditionCopies, "of", note)
    (tmp_path / "s1.pem").write_bytes(DkimKey.generate(KeyType.ED25519, selector="s1").to_pem())
    (tmp_path / "s1.pem").chmod(0o600)
    app = make_app(smtp_connections=1, dkim_keys=(f"s1:{tmp_path / 's1.pem'}",) if is_signed else ())
    folder = Path(app.settings.folders[0])
    for number, words in enumerate(ODD):
        (folder / f"odd{number}.txt").write_bytes(f".Dots in line {number}\n\n{words}".encode())
    publish(app)
    report = await deliver(app, clock)
    assert report.problem is None
    taken = {copy.recipient: copy.content for copy in server.book.taken}
    assert len(taken) == len(handed_over) >= len(READERS)
    for recipient, message in handed_over.items():
        assert message.is_wire
        assert message.content.startswith(b"DKIM-Signature:") is is_signed
        assert message.content == normalised(message.content)
        assert stuffed(message.content) == message.content
        assert taken[recipient] == message.content
