"""The process that lives are forked from, as its user sees it."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from crash.life import Order, Story


class ForkServer:
    """The process that lives are forked from."""

    def __enter__(self) -> ForkServer:
        # Threads of a numerical library would not survive the fork.
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        places = [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, places))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "crash.forkserver"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            bufsize=0,
        )
        self._answer()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._process as process:
            assert process.stdin is not None
            process.stdin.close()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the fork server has ended")
        return line.decode()

    def begin(self, order: Order) -> int:
        """Begin a life; return its process id."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{json.dumps(order)}\n".encode())
        return int(self._answer())

    def has_ended(self) -> bool:
        """Return whether the life that was begun has ended."""
        assert self._process.stdout is not None
        return bool(select.select([self._process.stdout], [], [], 0)[0])

    def end(self) -> Story:
        """Wait for the end of the life that was begun; return its story.

        Raises:
            RuntimeError: It failed, with its traceback.
        """
        story: Story = json.loads(self._answer())
        if "error" in story:
            raise RuntimeError(story["error"])
        return story
