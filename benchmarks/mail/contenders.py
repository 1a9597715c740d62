"""Who takes part in the benchmarks of sending, and how each is run and measured."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.figures import number
from benchmarks.mail import bed
from benchmarks.measured import Used, use_of
from benchmarks.sink import Sink
from newsletter.settings import Settings

_ROOT = Path(__file__).parents[2]

#: A sentence of the mark that stands for a reader's name in the bodies that peers send.
_GREETING = "Good morning, @@NAME@@."


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one run came to."""

    messages: int
    cpu_seconds: float
    seconds: float
    peak_megabytes: float
    #: Of a message as it came, envelope and commands included.
    octets: float
    sink_cpu_seconds: float
    #: From the first line of the process to the first result, where it tells.
    first_result_seconds: float | None = None

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds

    @property
    def cpu(self) -> float:
        """Microseconds of the sender's CPU a message."""
        return 1e6 * self.cpu_seconds / self.messages

    @property
    def sink_cpu(self) -> float:
        """Microseconds of the sink's CPU a message."""
        return 1e6 * self.sink_cpu_seconds / self.messages


@dataclass(frozen=True, kw_only=True)
class Contender:
    """Something that sends messages to a port."""

    name: str
    messages: int
    #: Sends so many messages; what the process used, and what it printed.
    send: Callable[[int], Used]
    #: Why it cannot be run here; empty: it can.
    absent: str = ""


@dataclass(frozen=True, kw_only=True)
class Material:
    """What is sent: a store with its edition, and the same message for peers."""

    bed: bed.Bed
    folder: Path
    sessions: int
    #: Where peers were set up that are no part of this environment; see benchmarks/README.md.
    peers: Path
    workplace: Path = field(default_factory=Path)


def make_material(folder: Path, *, readers: int, sessions: int, peers: Path, url: str = "") -> Material:
    """Publish an edition for so many readers, and write down what peers are to send."""
    made = bed.make(folder, readers=readers, url=url, smtp_connections=sessions)
    app = made.app()
    published, rendering = app.copies.latest(app.lists[0]) or (None, None)
    assert published is not None
    assert rendering is not None
    edition, _ = app.copies.edition(published)
    html, text = app.copies.bodies(rendering, now=bed.now())
    message = app.copies.make(bed.address_of(1), rendering, now=bed.now())
    (folder / "message.eml").write_bytes(message.content)
    (folder / "page.html").write_text(html.replace("</body>", f"<p>{_GREETING}</p></body>"))
    (folder / "page.txt").write_text(f"{_GREETING}\n{text}")
    stories = [
        {
            "headline": story.headline,
            "source": story.sources[0].name,
            "url": f"https://news.example.org/{place}",
            "sentences": [sentence.text for sentence in story.summary.sentences],
        }
        for place, story in enumerate(edition.stories)
    ]
    (folder / "stories.json").write_text(json.dumps(stories))
    app.close()
    return Material(bed=made, folder=folder, sessions=sessions, peers=peers)


def run(contender: Contender, sink: Sink, *, port: int = 0) -> Run:
    """Let a contender send, and see that everything came.

    Args:
        contender: Who sends.
        sink: What takes it.
        port: Where to send to; 0: to the sink itself.

    Raises:
        RuntimeError: It failed, or did not send what it was to send.
    """
    sink.reset()
    before = sink.counts().cpu_seconds
    used = contender.send(port or sink.port)
    after = sink.counts()
    if after.messages != contender.messages:
        raise RuntimeError(f"{contender.name}: {after.messages} of {contender.messages} messages came")
    told = json.loads(used.output) if used.output.strip() else {}
    return Run(
        messages=after.messages,
        cpu_seconds=told.get("cpu_seconds", used.cpu_seconds),
        seconds=told.get("seconds", used.seconds),
        peak_megabytes=used.peak_megabytes,
        octets=after.octets / after.messages,
        sink_cpu_seconds=after.cpu_seconds - before,
        first_result_seconds=told.get("first_result_seconds"),
    )


# --- Ours -----------------------------------------------------------------------------------------------


def ours(
    material: Material,
    *,
    name: str,
    uvloop: bool = False,
    workers: int = 1,
    environment: Mapping[str, str] | None = None,
    **settings: object,
) -> Contender:
    """Return our sender over a copy of the material's store.

    Args:
        material: What to send.
        name: What the table calls it.
        uvloop: Over uvloop instead of asyncio's own loop.
        workers: Processes.
        environment: Variables that it is run with.
        settings: Of the app, besides the material's.
    """

    def send(port: int) -> Used:
        """Send to everybody in a fresh copy of the store."""
        with TemporaryDirectory(dir=material.folder) as folder:
            store = Path(folder) / "newsletter.db"
            shutil.copy(material.folder / "newsletter.db", store)
            own: dict[str, Any] = {"database_url": f"sqlite:///{store}", "smtp_port": port}
            if workers > 1:
                own["send_workers"] = workers
            return run_ours(
                Path(folder),
                {**material.bed.settings, **own, **settings},
                uvloop=uvloop,
                environment=environment,
            )

    absent = ""
    if uvloop and not _is_installed("uvloop"):
        absent = "uvloop is not installed (pip install 'newsletter[speed]')"
    if workers > 1 and "send_workers" not in Settings.model_fields:
        absent = "this version sends with one process"
    return Contender(name=name, messages=material.bed.readers, send=send, absent=absent)


def run_ours(
    folder: Path,
    settings: Mapping[str, Any],
    *,
    uvloop: bool = False,
    slices: int = 0,
    environment: Mapping[str, str] | None = None,
) -> Used:
    """Run our sender to its end, with settings that are written to a folder."""
    command = ours_command(folder, settings, uvloop=uvloop, slices=slices)
    return use_of(command, environment=environment, folder=_ROOT)


def ours_command(
    folder: Path,
    settings: Mapping[str, Any],
    *,
    uvloop: bool = False,
    slices: int = 0,
) -> list[str]:
    """Return the command that runs our sender in this repository's root."""
    path = folder / "settings.json"
    path.write_text(json.dumps(settings))
    options = [*(["--uvloop"] if uvloop else []), "--slices", str(slices)]
    return [sys.executable, "-m", "benchmarks.mail.ours", str(path), *options]


# --- Peers ----------------------------------------------------------------------------------------------


def smtp_source(material: Material, messages: int) -> Contender:
    """Return Postfix's own generator of mail: one message, made before, as fast as C sends it."""
    unpacked = material.peers / "postfix"
    own = unpacked / "usr" / "sbin" / "smtp-source"
    program = str(own) if own.exists() else shutil.which("smtp-source", path=_with_sbin())
    octets = (material.folder / "message.eml").stat().st_size
    options = ["-d", "-s", str(material.sessions), "-m", str(messages), "-l", str(octets)]
    addresses = ["-f", "digest@news.example.org", "-t", "reader@mail1.example.org"]
    environment = {"LD_LIBRARY_PATH": str(unpacked / "usr" / "lib" / "postfix")} if own.exists() else None

    def send(port: int) -> Used:
        """Send it so many times."""
        command = [str(program), *options, *addresses, f"127.0.0.1:{port}"]
        return use_of(command, environment=environment)

    absent = "" if program else "smtp-source (Postfix) was not found"
    return Contender(name="smtp-source", messages=messages, send=send, absent=absent)


def nodemailer(material: Material, messages: int) -> Contender:
    """Return nodemailer with a pool of connections."""
    node, modules = shutil.which("node"), material.peers / "node_modules"
    script = Path(__file__).with_name("nodemailer.cjs")

    def send(port: int) -> Used:
        """Send html and text to so many readers."""
        arguments = [port, messages, material.sessions, material.folder]
        environment = {"NODE_PATH": str(modules)}
        return use_of([str(node), str(script), *map(str, arguments)], environment=environment)

    found = node and (modules / "nodemailer").exists()
    absent = "" if found else "Node.js or nodemailer was not found"
    return Contender(name="nodemailer, html+text", messages=messages, send=send, absent=absent)


def python_peer(
    material: Material,
    peer: str,
    *,
    name: str,
    messages: int,
    needs: str = "",
    certificate: Path | None = None,
) -> Contender:
    """Return one of `benchmarks.mail.peers`."""
    own = material.peers / "venv" / "bin" / "python"
    python = own if needs and own.exists() else Path(sys.executable)

    def send(port: int) -> Used:
        """Send to so many readers."""
        arguments = [peer, str(port), str(messages), str(material.sessions), str(material.folder)]
        rest = [str(certificate)] if certificate else []
        return use_of([python, "-m", "benchmarks.mail.peers", *arguments, *rest], folder=_ROOT)

    absent = "" if not needs or own.exists() or _is_installed(needs) else f"{needs} is not installed"
    return Contender(name=name, messages=messages, send=send, absent=absent)


def row(contender: Contender, runs: list[Run], reference: list[Run] | None) -> tuple[str, ...]:
    """Return a table's row; the last two cells are its rate and CPU in those of the reference."""
    rate, cpu = median(one.rate for one in runs), median(one.cpu for one in runs)
    times = ("", "")
    if reference:
        times = (
            number(rate / median(one.rate for one in reference)),
            number(cpu / median(one.cpu for one in reference)),
        )
    return (
        contender.name,
        f"{rate:,.0f}",
        number(cpu),
        number(median(one.peak_megabytes for one in runs)),
        number(median(one.octets for one in runs) / 1000),
        number(median(one.sink_cpu for one in runs)),
        *times,
    )


def _is_installed(module: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(module) is not None


def _with_sbin() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
