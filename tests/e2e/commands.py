"""The command as its user sees it: started, or forked from a process that has imported it already."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO, TextIOWrapper
from pathlib import Path
from types import TracebackType

Result = subprocess.CompletedProcess[bytes]

#: How long a command may take before it is killed, in seconds.
MOST_SECONDS = 120


class Commands:
    """Runs commands to their end, each a process of its own with its folder, environment and streams.

    It spares them what an interpreter and the imports take; for tests of other things than the start itself.
    """

    def __enter__(self) -> Commands:
        self._channel, theirs = socket.socketpair()
        # Threads of a numerical library would not survive the fork.
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        places = [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, places))
        with theirs:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "e2e.commandserver", str(theirs.fileno())],
                # Buffered as the streams of a command are that is not on a terminal.
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=environment,
                pass_fds=[theirs.fileno()],
            )
        self._answers = self._channel.makefile("r")
        self._answer()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._answers.close()
        self._channel.close()
        self._server.wait()

    def _answer(self) -> str:
        line = self._answers.readline()
        if not line:
            raise RuntimeError("the process that commands are forked from has ended")
        return line.strip()

    def run(
        self, *arguments: str, folder: Path, environment: dict[str, str], stdin: bytes | None = None
    ) -> Result:
        """Run a command to its end, and return what it wrote and its exit code.

        Args:
            arguments: What stands behind `newsletter`.
            folder: Working directory.
            environment: The whole of it.
            stdin: What is piped into it; None for /dev/null.
        """
        pipes = [os.pipe() for _ in range(3)]
        (their_in, ours), (out, their_out), (error, their_error) = pipes
        if stdin is None:
            os.close(their_in)
            their_in = os.open(os.devnull, os.O_RDONLY)
        theirs = [their_in, their_out, their_error]
        order = {"arguments": arguments, "folder": str(folder), "environment": environment}
        socket.send_fds(self._channel, [f"{json.dumps(order)}\n".encode()], theirs)
        for stream in theirs:
            os.close(stream)
        overdue = threading.Timer(MOST_SECONDS, os.kill, (int(self._answer()), signal.SIGKILL))
        overdue.start()
        with ThreadPoolExecutor(2) as readers:
            written = [readers.submit(_read_to_end, stream) for stream in (out, error)]
            with suppress(BrokenPipeError), os.fdopen(ours, "wb") as pipe:
                pipe.write(stdin or b"")
        code = int(self._answer())
        overdue.cancel()
        return Result(arguments, code, *(text.result() for text in written))

    def run_for_text(
        self, *arguments: str, folder: Path, environment: dict[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """Run a command that reads nothing, and return what it wrote as text, its line ends as newlines."""
        result = self.run(*arguments, folder=folder, environment=environment)
        out, error = (TextIOWrapper(BytesIO(text)).read() for text in (result.stdout, result.stderr))
        return subprocess.CompletedProcess(arguments, result.returncode, out, error)


def _read_to_end(stream: int) -> bytes:
    with os.fdopen(stream, "rb") as pipe:
        return pipe.read()
