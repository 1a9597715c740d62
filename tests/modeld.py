"""A server that speaks, or mangles, the chat completions of OpenAI, for one connection at a time."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

#: Plays one connection; the request was read before.
Behaviour = Callable[[socket.socket], None]

#: How long a dripping server waits between two octets for its caller to go away, s.
_DRIP_SECONDS = 0.01


class ModelServer:
    """Answers each request by the next behaviour; the last one repeats."""

    def __init__(self, *behaviours: Behaviour) -> None:
        self._behaviours = list(behaviours)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"
        #: Heads and JSON bodies of all requests.
        self.heads: list[bytes] = []
        self.questions: list[dict[str, Any]] = []
        self._thread = threading.Thread(target=self._serve, name="modeld")

    def __enter__(self) -> ModelServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                self._read(connection)
                behaviour = self._behaviours[min(len(self.heads), len(self._behaviours)) - 1]
                behaviour(connection)
                _let_go(connection)

    def _read(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        content = _more(connection)
        while content.startswith(b"POST") and b"\r\n\r\n" not in content:
            content += _more(connection)
        head, _, body = content.partition(b"\r\n\r\n")
        lengths = [line[15:] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        if not lengths:
            raise ConnectionResetError  # TLS, or no request at all
        length = int(lengths[0])
        while len(body) < length:
            body += _more(connection)
        self.heads.append(head)
        self.questions.append(json.loads(body))


def _more(connection: socket.socket) -> bytes:
    piece = connection.recv(65536)
    if not piece:
        raise ConnectionResetError
    return piece


def _let_go(connection: socket.socket) -> None:
    """Close so that what was said arrives before the end does."""
    connection.shutdown(socket.SHUT_WR)
    connection.settimeout(2)
    while connection.recv(65536):
        pass


def raw(content: bytes) -> Behaviour:
    """Say exactly this, and close."""
    return lambda connection: connection.sendall(content)


def reply(body: bytes, *headers: str, status: str = "200 OK", kind: str = "application/json") -> Behaviour:
    """Say a whole HTTP answer, and close."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers, "", ""]
    return raw("\r\n".join(lines).encode("latin-1") + body)


def answer(value: object) -> Behaviour:
    """Answer with this as JSON."""
    return reply(json.dumps(value).encode())


def choice(message: object, finish_reason: object = "stop") -> Behaviour:
    """Answer with one choice."""
    return answer({"choices": [{"index": 0, "message": message, "finish_reason": finish_reason}]})


def text(content: object, finish_reason: object = "stop") -> Behaviour:
    """Answer with this text, as a good server does."""
    return choice({"role": "assistant", "content": content}, finish_reason)


def silent(before: bytes = b"") -> Behaviour:
    """Say this, then nothing, until the caller has gone."""

    def play(connection: socket.socket) -> None:
        connection.sendall(before)
        connection.recv(1)

    return play


def endless(before: bytes, piece: bytes) -> Behaviour:
    """Say this, then one piece over and over, as fast as it is taken, until the caller has gone."""

    def play(connection: socket.socket) -> None:
        connection.sendall(before)
        while True:
            connection.sendall(piece)

    return play


def dripping(before: bytes, piece: bytes) -> Behaviour:
    """Say this, then one piece after the other with a short while between, until the caller has gone."""

    def play(connection: socket.socket) -> None:
        connection.sendall(before)
        connection.settimeout(_DRIP_SECONDS)
        while True:
            with suppress(TimeoutError):
                if not connection.recv(1):
                    return
            connection.sendall(piece)

    return play
