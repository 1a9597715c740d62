"""An SMTP server that takes everything and costs little: `sink.c`, compiled when it is first needed.

    python -m benchmarks sink [--delay MILLISECONDS] [--without-pipelining] [--tls]

Run by hand it prints its port and serves until it is interrupted, then says what came. Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import shutil
import smtplib
import ssl
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path

_SOURCE = Path(__file__).with_suffix(".c")


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What a sink has taken."""

    messages: int
    recipients: int
    octets: int
    #: CPU time that the sink itself used.
    cpu_seconds: float


class Sink:
    """A sink that runs until it is closed, or its parent dies.

    Attributes:
        port: Where it listens, on 127.0.0.1.
    """

    def __init__(self, *, delay_milliseconds: float = 0, pipelining: bool = True) -> None:
        """Start it.

        Args:
            delay_milliseconds: How long it waits before each reply.
            pipelining: Whether it offers PIPELINING (RFC 2920).

        Raises:
            SystemExit: There is no C compiler.
        """
        options = ["-d", str(delay_milliseconds), *([] if pipelining else ["-N"])]
        # It ends when its standard input does: with this process, however that ends.
        self._process = subprocess.Popen(
            [compiled(), *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def __enter__(self) -> Sink:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate("")

    def counts(self) -> Counts:
        """Return what came since the start, or since it was reset."""
        messages, recipients, octets, microseconds = map(int, self._ask("XCOUNT").split())
        return Counts(messages=messages, recipients=recipients, octets=octets, cpu_seconds=microseconds / 1e6)

    def tally(self) -> Counter[str]:
        """Return how many copies each recipient got."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "tally"
            self._ask(f"XTALLY {path}")
            lines = (line.rsplit(" ", 1) for line in path.read_text().splitlines())
            return Counter({address: int(copies) for address, copies in lines})

    def reset(self) -> None:
        """Forget what came."""
        self._ask("XRESET")

    def _ask(self, command: str) -> str:
        with smtplib.SMTP("127.0.0.1", self.port, timeout=60) as client:
            code, reply = client.docmd(command)
        if code != 250:
            raise RuntimeError(f"the sink answered {command!r} with {reply!r}")
        return reply.decode()


@cache
def compiled() -> Path:
    """Return the program, compiled once for each version of its source.

    Raises:
        SystemExit: There is no C compiler, or it refused.
    """
    folder = Path(tempfile.gettempdir()) / f"newsletter-sink-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    program = folder / f"sink-{_SOURCE.stat().st_mtime_ns}"
    if not program.exists():
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if compiler is None:
            raise SystemExit("these benchmarks need a C compiler for their mail server: install gcc or clang")
        made = program.with_suffix(f".{os.getpid()}")
        if subprocess.run([compiler, "-O2", "-o", made, _SOURCE], check=False).returncode:
            raise SystemExit(f"{compiler} cannot compile {_SOURCE}: see above")
        made.replace(program)
    return program


# --- TLS ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class TlsFront:
    """A process that takes off TLS before a sink; what it costs is its own."""

    port: int
    #: PEM file that clients must trust.
    certificate: Path


@contextlib.contextmanager
def tls_front(sink: Sink) -> Iterator[TlsFront]:
    """Serve a sink with TLS from the first byte on a port of its own, certified for localhost."""
    with tempfile.TemporaryDirectory() as folder:
        certificate = _certify(Path(folder))
        command = [sys.executable, "-m", "benchmarks.sink", "--front", str(sink.port), str(certificate)]
        root = Path(__file__).parents[1]
        process = subprocess.Popen(
            command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        try:
            yield TlsFront(port=int(process.stdout.readline()), certificate=certificate)
        finally:
            process.communicate("")


def _certify(folder: Path) -> Path:
    """Make a key and a certificate for localhost, both in one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "localhost.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


async def _serve_front(sink_port: int, certificate: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection on to the sink."""
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", sink_port)
        await asyncio.gather(_carry(reader, inner_writer), _carry(inner_reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Ends with its parent, as the sink does.
    await asyncio.to_thread(sys.stdin.read)
    os._exit(0)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while octets := await reader.read(2**18):
            writer.write(octets)
            await writer.drain()
    writer.close()


# --- By hand --------------------------------------------------------------------------------------------


def main() -> None:
    """Serve until interrupted, or in front of a sink as its TLS."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--delay", type=float, default=0, metavar="MILLISECONDS", help="before each reply")
    parser.add_argument("--without-pipelining", action="store_true")
    parser.add_argument("--tls", action="store_true", help="TLS from the first byte")
    parser.add_argument("--front", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.front:
        asyncio.run(_serve_front(int(options.front[0]), Path(options.front[1])))
        return
    with Sink(delay_milliseconds=options.delay, pipelining=not options.without_pipelining) as sink:
        with tls_front(sink) if options.tls else contextlib.nullcontext() as front:
            if front is not None:
                print(f"certificate: {front.certificate}")
            print(f"port: {front.port if front else sink.port}", flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                while True:
                    input()
        print(sink.counts())


if __name__ == "__main__":
    main()
