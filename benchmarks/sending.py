"""How fast an edition goes out, beside others that send the same mail to the same server.

    python -m benchmarks sending [--parts plain signed unpipelined tls] [--messages 20000] [--rounds 5]
                                 [--sessions 16] [--only NAME ...] [--peers FOLDER] [--json FILE]

Our sender is run as `newsletter` runs it: an app over a SQLite store of so many confirmed readers and one
published edition, as a process of its own, every step durable. Peers keep no outbox. The server is
`benchmarks/sink.c` on this machine. Contenders take turns, round by round; medians are shown. CPU is the
sender's alone, without its start. What peers need, and where, is told in benchmarks/README.md; those that are
not there are left out and named.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.figures import Findings, Goal, Table, at_least, at_most, command, interleaved
from benchmarks.mail.contenders import (
    Contender,
    Material,
    Run,
    make_material,
    nodemailer,
    ours,
    python_peer,
    row,
    run,
    smtp_source,
)
from benchmarks.mail.signing import bare_seconds, bare_seconds_beside, write_keys
from benchmarks.sink import Sink, tls_front

_PARTS = ("plain", "signed", "unpipelined", "tls")
_COLUMNS = ("sender", "messages/s", "CPU us", "RSS MB", "kB", "sink's CPU us", "rate, times", "CPU, times")

#: The store's durability, as the tables name it: what a killed process may lose, and what a power cut may.
_DURABILITIES = ("NORMAL", "FULL")

#: By how much other senders must be outdone, in messages a second.
_PEER_GOALS = {
    "nodemailer, html+text": 30.0,
    "Django send_messages": 25.0,
    "aiosmtplib pool, ready octets": 15.0,
    "obvious loop": 100.0,
}


@dataclass(frozen=True, kw_only=True)
class Part:
    """Contenders that were measured in turns, with what was found."""

    title: str
    contenders: list[Contender]
    runs: list[list[Run]]
    #: Whose rate and CPU the others are compared with; empty: the first.
    reference: str = ""
    goals: list[Goal] = field(default_factory=list)

    def of(self, name: str) -> list[Run]:
        """Return a contender's runs; none if it was not there."""
        return next(
            (runs for one, runs in zip(self.contenders, self.runs, strict=True) if one.name == name), []
        )

    def rate(self, name: str) -> float:
        """Return a contender's messages a second; 0 if it was not there."""
        return median(one.rate for one in self.of(name)) if self.of(name) else 0.0

    def cpu(self, name: str) -> float:
        """Return a contender's microseconds of CPU a message; 0 if it was not there."""
        return median(one.cpu for one in self.of(name)) if self.of(name) else 0.0

    def table(self) -> Table:
        """Return it for reading."""
        reference = self.of(self.reference)
        rows = zip(self.contenders, self.runs, strict=True)
        return Table(
            title=self.title, columns=_COLUMNS, rows=tuple(row(one, runs, reference) for one, runs in rows)
        )


class Benchmark:
    """The parts, over one store."""

    def __init__(self, material: Material, *, messages: int, rounds: int, only: Sequence[str] = ()) -> None:
        self._material = material
        self._only = only
        self._messages = messages
        self._rounds = rounds
        self.notes: list[str] = []

    def plain(self) -> Part:
        """Measure unsigned mail, beside everybody."""
        material, messages = self._material, self._messages
        ready = python_peer(
            material, "aiosmtplib", name="aiosmtplib pool, ready octets", messages=max(1, messages // 10)
        )
        threads = python_peer(
            material, "smtplib", name="smtplib threads, ready octets", messages=max(1, messages // 5)
        )
        django = python_peer(
            material, "django", name="Django send_messages", messages=max(1, messages // 20), needs="django"
        )
        obvious = python_peer(material, "obvious", name="obvious loop", messages=max(1, messages // 80))
        part = self._measure(
            "Plain, over loopback",
            [
                smtp_source(material, messages),
                *(ours(material, name=f"ours, {one}", sqlite_synchronous=one) for one in _DURABILITIES),
                ours(material, name="ours, NORMAL, uvloop", uvloop=True, sqlite_synchronous="NORMAL"),
                ready,
                threads,
                django,
                nodemailer(material, max(1, messages // 20)),
                obvious,
            ],
            reference="smtp-source",
        )
        part.goals.extend(self._plain_goals(part))
        return part

    def _plain_goals(self, part: Part) -> Iterator[Goal]:
        for durability in _DURABILITIES:
            name = f"ours, {durability}"
            if not part.of(name):
                continue
            if part.of("smtp-source"):
                rate = part.rate(name) / part.rate("smtp-source")
                yield at_least(f"{name}: rate against smtp-source", rate, 1.0)
                cpu = part.cpu(name) / part.cpu("smtp-source")
                yield at_most(f"{name}: CPU against smtp-source", cpu, 2.0)
            for peer, goal in _PEER_GOALS.items():
                if part.of(peer):
                    yield at_least(f"{name}: rate against {peer}", part.rate(name) / part.rate(peer), goal)

    def signed(self) -> Part:
        """Measure mail with DKIM signatures, beside bare signatures."""
        material = self._material
        rsa, ed25519 = write_keys(material.folder)
        contenders = [
            ours(
                material,
                name=f"ours, {durability}, {kind}{'' if workers == 1 else f', {workers} processes'}",
                workers=workers,
                dkim_keys=f"s1:{key}",
                sqlite_synchronous=durability,
            )
            for durability in _DURABILITIES
            for kind, key, workers in (("RSA-2048", rsa, 1), ("RSA-2048", rsa, 2), ("Ed25519", ed25519, 1))
        ]
        bare: dict[Path, list[float]] = {rsa: [], ed25519: []}
        side_by_side: list[float] = []

        def sign() -> None:
            """Measure signatures alone, as often as messages."""
            for key, found in bare.items():
                found.append(1e6 * bare_seconds(key, 300))
            side_by_side.append(1e6 * bare_seconds_beside(rsa, 600, processes=2))

        part = self._measure("With DKIM", contenders, reference="ours, NORMAL, RSA-2048", before=sign)
        if not part.contenders:
            return part
        alone = {key.stem: median(found) for key, found in bare.items()}
        beside = median(side_by_side)
        self.notes.append(
            f"A signature alone: RSA-2048 {alone['rsa']:.0f} us, in two processes at once {beside:.0f} us; "
            f"Ed25519 {alone['ed25519']:.0f} us of CPU."
        )
        part.goals.extend(self._signed_goals(part, alone["rsa"], beside))
        return part

    def _signed_goals(self, part: Part, alone: float, beside: float) -> Iterator[Goal]:
        for durability in _DURABILITIES:
            for suffix, goal, bare in (("", 2500.0, alone), (", 2 processes", 4500.0, beside)):
                name = f"ours, {durability}, RSA-2048{suffix}"
                if part.of(name):
                    yield _either(name, part.rate(name), goal, part.cpu(name) / bare)

    def unpipelined(self) -> Part:
        """Measure a server that takes one command at a time."""
        with Sink(pipelining=False) as sink:
            return self._against_aiosmtplib("Server without PIPELINING", sink)

    def tls(self) -> Part:
        """Measure TLS from the first octet on."""
        with Sink() as sink, tls_front(sink) as front:
            return self._against_aiosmtplib(
                "TLS from the first octet on (the front before the sink is the limit: read the CPU)",
                sink,
                port=front.port,
                certificate=front.certificate,
            )

    def _against_aiosmtplib(
        self, title: str, sink: Sink, *, port: int = 0, certificate: Path | None = None
    ) -> Part:
        secure: dict[str, Any] = {"smtp_host": "localhost", "smtp_security": "tls"} if certificate else {}
        environment = {"SSL_CERT_FILE": str(certificate)} if certificate else None
        peer = python_peer(
            self._material,
            "aiosmtplib",
            name="aiosmtplib pool, ready octets",
            messages=max(1, self._messages // 10),
            certificate=certificate,
        )
        mine = [
            ours(
                self._material,
                name=f"ours, {one}",
                sqlite_synchronous=one,
                environment=environment,
                **secure,
            )
            for one in _DURABILITIES
        ]
        part = self._measure(title, [peer, *mine], reference=peer.name, sink=sink, port=port)
        part.goals.extend(
            at_least(
                f"{one.name}: {title.partition(' (')[0]}, less CPU than aiosmtplib",
                part.cpu(peer.name) / part.cpu(one.name),
                5.0,
            )
            for one in mine
            if part.of(one.name) and part.of(peer.name)
        )
        return part

    def _measure(
        self,
        title: str,
        contenders: list[Contender],
        *,
        reference: str,
        sink: Sink | None = None,
        port: int = 0,
        before: Callable[[], None] = lambda: None,
    ) -> Part:
        wanted = [one for one in contenders if not self._only or any(word in one.name for word in self._only)]
        self.notes += [f"{title}: {one.name} was left out, {one.absent}." for one in wanted if one.absent]
        present = [one for one in wanted if not one.absent]
        with ExitStack() as opened:
            target = sink or opened.enter_context(Sink())

            def measure(contender: Contender) -> Run:
                """Run one, and say so."""
                before()
                found = run(contender, target, port=port)
                print(f"  {contender.name}: {found.rate:,.0f}/s, {found.cpu:,.0f} us", flush=True)
                return found

            runs = interleaved(present, measure, rounds=self._rounds)
        return Part(title=title, contenders=present, runs=runs, reference=reference)


def _either(what: str, rate: float, goal: float, cpu: float) -> Goal:
    """Return a goal that is reached by rate or by CPU, whichever the machine allows."""
    return Goal(
        what=what,
        figure=f"{rate:,.0f}/s; CPU {cpu:.2f}x a bare signature",
        goal=f">= {goal:,.0f}/s or CPU <= 1.5x",
        is_reached=rate >= goal or cpu <= 1.5,
    )


def main() -> None:
    """Measure, show the tables, write the JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parts", nargs="+", choices=_PARTS, default=_PARTS)
    parser.add_argument("--messages", type=int, default=20_000, help="of ours; slow peers send fewer")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sessions", type=int, default=16)
    parser.add_argument("--only", nargs="+", default=(), help="contenders whose names hold one of these")
    parser.add_argument("--peers", type=Path, default=Path("peers"), metavar="FOLDER")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the findings there as well")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        material = make_material(
            Path(folder),
            readers=options.messages,
            sessions=options.sessions,
            peers=options.peers.resolve(),
        )
        benchmark = Benchmark(material, messages=options.messages, rounds=options.rounds, only=options.only)
        parts = [getattr(benchmark, name)() for name in options.parts]
    findings = Findings(
        benchmark="sending",
        command=command("sending"),
        tables=tuple(part.table() for part in parts),
        goals=tuple(goal for part in parts for goal in part.goals),
        notes=tuple(benchmark.notes),
    )
    print(findings.show())
    findings.write(options.json)


if __name__ == "__main__":
    main()
