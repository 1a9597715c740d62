"""The sink of the benchmarks: it counts what comes, however it comes, and ends with its parent."""

from __future__ import annotations

import os
import shutil
import smtplib
import socket
import ssl
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.sink import Sink, tls_front

pytestmark = pytest.mark.skipif(
    not (sys.platform == "linux" and shutil.which("cc")), reason="the sink needs Linux and a C compiler"
)

#: Lines that look like the end of a content and are not; dots are stuffed (RFC 5321 section 4.5.2).
LINES = [b"", b"..", b"..\r", b".. \r", b"text.", b"a\n.\nb", b"\r", b".x", b"x" * 3000]


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with Sink() as running:
        yield running


@settings(max_examples=40, deadline=None)
@given(
    contents=st.lists(st.lists(st.sampled_from(LINES), max_size=6), min_size=1, max_size=4),
    cuts=st.lists(st.integers(min_value=1, max_value=40), max_size=40),
)
def test_each_message_counts_once_however_its_octets_are_parted(
    sink: Sink, contents: list[list[bytes]], cuts: list[int]
) -> None:
    sink.reset()
    wire = b"EHLO here\r\n"
    for number, lines in enumerate(contents):
        wire += b"MAIL FROM:<a@example.org>\r\nRCPT TO:<r%d@example.org>\r\nDATA\r\n" % (number % 2)
        wire += b"".join(line + b"\r\n" for line in lines) + b".\r\n"
    with socket.create_connection(("127.0.0.1", sink.port)) as client:
        for cut in cuts:
            client.sendall(wire[:cut])
            wire = wire[cut:]
        client.sendall(wire + b"QUIT\r\n")
        replies = b"".join(iter(lambda: client.recv(65536), b"")).split(b"\r\n")
    assert sum(reply.startswith(b"354") for reply in replies) == len(contents)
    assert sink.counts().messages == sink.counts().recipients == len(contents)
    assert sink.tally() == Counter(f"r{number % 2}@example.org" for number in range(len(contents)))


def test_a_message_that_is_not_ended_does_not_count(sink: Sink) -> None:
    sink.reset()
    with smtplib.SMTP("127.0.0.1", sink.port) as client:
        client.ehlo()
        client.mail("a@example.org")
        client.rcpt("b@example.org")
        client.putcmd("DATA")
        client.getreply()
        client.send(b"half a message\r\n.")
        client.sock.close()
        client.sock = None
    assert sink.counts().messages == 0
    assert not sink.tally()


def test_a_message_to_two_counts_for_both(sink: Sink) -> None:
    sink.reset()
    with smtplib.SMTP("127.0.0.1", sink.port) as client:
        client.sendmail("a@example.org", ["b@example.org", "c@example.org"], "Subject: x\r\n\r\n.\r\n")
        client.sendmail("a@example.org", ["c@example.org"], "Subject: x\r\n\r\nx")
    assert (sink.counts().messages, sink.counts().recipients) == (2, 3)
    assert sink.tally() == {"b@example.org": 1, "c@example.org": 2}


def test_pipelining_is_offered_unless_it_is_not_to_be(sink: Sink) -> None:
    with Sink(pipelining=False) as plain:
        for one, offered in ((sink, True), (plain, False)):
            with smtplib.SMTP("127.0.0.1", one.port) as client:
                client.ehlo()
                assert client.has_extn("PIPELINING") is offered


def test_delayed_replies_keep_their_order() -> None:
    with Sink(delay_milliseconds=2) as slow, socket.create_connection(("127.0.0.1", slow.port)) as client:
        client.sendall(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n")
        client.sendall(b"x\r\n.\r\nQUIT\r\n")
        replies = b"".join(iter(lambda: client.recv(65536), b""))
        assert [line[:3] for line in replies.split(b"\r\n")] == [
            b"220", b"250", b"250", b"354", b"250", b"221", b"",
        ]  # fmt: skip


def test_it_ends_when_its_parent_is_killed() -> None:
    script = "from benchmarks.sink import Sink; sink = Sink(); print(sink._process.pid, flush=True); input()"
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 20
    while _runs(pid):
        assert time.monotonic() < deadline, "the sink has outlived its parent"
        time.sleep(0.01)


def _runs(pid: int) -> bool:
    """Tell whether a process runs; one that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_its_front_takes_off_tls(sink: Sink) -> None:
    sink.reset()
    with tls_front(sink) as front:
        context = ssl.create_default_context(cafile=front.certificate)
        with smtplib.SMTP_SSL("localhost", front.port, context=context) as client:
            client.sendmail("a@example.org", ["b@example.org"], "Subject: x\r\n\r\n" + "x\r\n" * 50_000)
    assert sink.tally() == {"b@example.org": 1}
