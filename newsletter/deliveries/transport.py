"""What a transport is, and the one that writes files."""

import asyncio
import hashlib
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

from newsletter.errors import TransportError
from newsletter.model.deliveries import Reply, SendOutcome, SendPhase, SendResult
from newsletter.model.messages import Message

#: Called when the server is ready for the content and nothing of it was sent: makes the step durable and
#: says whether to go on.
BeforeContent = Callable[[], Awaitable[bool]]


class Onward(Protocol):
    """A connection on its way from a message that was taken to the next one, which the server waits for."""

    def go_on(self, following: Message | None) -> None:
        """Send the next message, which is durably begun.

        Args:
            following: What will be handed over behind it; as for `Connection.send`.
        """
        ...

    def withdraw(self) -> None:
        """Do not send it: it was taken away meanwhile."""
        ...


#: Called with the reply to a message that was taken, as one line, when the server is ready for the one that
#: was said to follow. True: the result is seen to, and either method of the connection will be called once.
#: False: `send` is to return.
Taken = Callable[[str, Onward], bool]


class Connection(Protocol):
    """An open way to hand over messages, one after another.

    Attributes:
        announces: Whether it is of use to know what follows a message.
    """

    announces: bool

    async def send(
        self,
        message: Message,
        *,
        before_content: BeforeContent,
        following: Message | None = None,
        taken: Taken | None = None,
    ) -> SendResult:
        """Hand over one message; what a server says or does about it is a result, never an error.

        Args:
            message: It.
            before_content: Is asked before anything of its content is sent.
            following: What will be handed over next if this connection can go on; may be announced with it.
                If something else comes instead, the connection ends.
            taken: May be asked to let the following message follow at once, and the one behind that, and so
                on: what is returned is then about the last one.

        Raises:
            SenderRefusedError: The server takes nothing from this sender; nobody's attempt is used up.
            TransportError: The server takes nothing from us, or was lost before it heard of a message;
                nobody's attempt is used up. Neither is raised once `before_content` was called.
        """
        ...

    async def close(self) -> None:
        """Say goodbye; never raises."""
        ...


class Transport(Protocol):
    """Where messages go."""

    #: How many connections may be open at once.
    connections: int

    async def connect(self) -> Connection:
        """Open a connection.

        Raises:
            TransportError: It cannot be opened; no message was touched.
        """
        ...


class FileTransport:
    """Writes each message to a folder as an .eml file, for try-outs.

    A message written twice is one file: its name is made from the Message-ID.
    """

    connections = 1
    announces = False

    def __init__(self, folder: Path) -> None:
        """Write into `folder`, which is made when the first message comes."""
        self._folder = folder

    async def connect(self) -> "FileTransport":
        """Make the folder.

        Raises:
            TransportError: It cannot be made or written to.
        """
        try:
            await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        except OSError as error:
            raise TransportError(f"OUTBOX_FOLDER: {self._folder} cannot be made: {error.strerror}") from error
        return self

    async def send(
        self,
        message: Message,
        *,
        before_content: BeforeContent,
        following: Message | None = None,  # noqa: ARG002 - nobody is there to be told
        taken: Taken | None = None,  # noqa: ARG002 - each is written by itself
    ) -> SendResult:
        """Write one message; a half-written file is never seen under its name."""
        if not await before_content():
            reply = Reply(phase=SendPhase.DATA, code=0, text="taken away before it was written")
            return SendResult(outcome=SendOutcome.WITHDRAWN, reply=reply, reusable=True)
        try:
            path = await asyncio.to_thread(self._write, message)
        except OSError as error:
            # A full disk is not this reader's doing.
            reply = Reply(phase=SendPhase.CONTENT, code=0, text=str(error))
            return SendResult(outcome=SendOutcome.DEFERRED, reply=reply, reusable=True, backs_off=True)
        reply = Reply(phase=SendPhase.CONTENT, code=0, text=f"written to {path}")
        return SendResult(outcome=SendOutcome.ACCEPTED, reply=reply, reusable=True)

    async def close(self) -> None:
        """Nothing is held open."""

    def _write(self, message: Message) -> Path:
        name = hashlib.sha256(message.message_id.encode()).hexdigest()[:24]
        path = self._folder / f"{name}.eml"
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            file.write(message.content)
            file.flush()
            os.fsync(file.fileno())
        return part.replace(path)
