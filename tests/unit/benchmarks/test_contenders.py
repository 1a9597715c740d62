"""Contenders of the benchmarks of sending: what a run comes to, and that only what came is counted."""

from __future__ import annotations

import shutil
import smtplib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.mail.contenders import Contender, Run, make_material, ours, python_peer, row, run
from benchmarks.measured import Used, use_of
from benchmarks.sink import Sink

pytestmark = pytest.mark.skipif(
    not (sys.platform == "linux" and shutil.which("cc")), reason="the sink needs Linux and a C compiler"
)


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with Sink() as running:
        yield running


def sender(*, messages: int, sent: int) -> Contender:
    def send(port: int) -> Used:
        with smtplib.SMTP("127.0.0.1", port) as client:
            for _ in range(sent):
                client.sendmail("a@example.org", ["b@example.org"], "Subject: x\r\n\r\nx")
        output = '{"cpu_seconds": 0.5, "seconds": 2}'
        return Used(cpu_seconds=9, seconds=9, peak_megabytes=7, output=output)

    return Contender(name="sender", messages=messages, send=send)


def test_what_the_sender_tells_of_itself_counts(sink: Sink) -> None:
    found = run(sender(messages=4, sent=4), sink)
    assert (found.messages, found.rate, found.cpu, found.peak_megabytes) == (4, 2.0, 125_000, 7)


def test_a_sender_that_sent_too_few_is_no_contender(sink: Sink) -> None:
    with pytest.raises(RuntimeError, match="3 of 4 messages came"):
        run(sender(messages=4, sent=3), sink)


def one(rate: float, cpu: float) -> Run:
    return Run(
        messages=100,
        cpu_seconds=cpu / 1e4,
        seconds=100 / rate,
        peak_megabytes=30,
        octets=60_000,
        sink_cpu_seconds=0.002,
    )


def test_a_row_holds_medians_and_ratios() -> None:
    contender = sender(messages=100, sent=100)
    mine, reference = [one(500, 20), one(400, 30), one(9, 900)], [one(200, 10), one(200, 10)]
    assert row(contender, mine, reference) == (
        "sender",
        "400",
        "30.0",
        "30.0",
        "60.0",
        "20.0",
        "2.00",
        "3.00",
    )
    assert row(contender, mine, None)[-2:] == ("", "")


def test_a_command_that_fails_is_told_with_its_words() -> None:
    with pytest.raises(RuntimeError, match=r"exit 3\nno way"):
        use_of([sys.executable, "-c", "import sys; sys.stderr.write('no way'); sys.exit(3)"])


def test_use_is_that_of_the_command_alone() -> None:
    ballast = b"x" * 90_000_000
    used = use_of([sys.executable, "-c", "import time; time.sleep(0.2); print(1)"])
    assert used.output.strip() == "1"
    assert 0 < used.peak_megabytes < len(ballast) / 1e6
    assert used.cpu_seconds > 0


@pytest.mark.sweep
def test_our_sender_and_a_peer_send_an_edition_of_the_right_size(sink: Sink, tmp_path: Path) -> None:
    material = make_material(tmp_path, readers=30, sessions=4, peers=tmp_path)
    mine = run(ours(material, name="ours", sqlite_synchronous="NORMAL"), sink)
    assert sink.tally().total() == 30
    assert 60_000 < mine.octets < 64_000
    assert mine.first_result_seconds is not None
    peer = run(python_peer(material, "smtplib", name="smtplib", messages=8), sink)
    assert 60_000 < peer.octets < 64_000
