"""Connections that outlive a turn of sending: the next batch finds them open, greeted and signed in.

A turn says goodbye to its connections when it ends. Behind this transport they are kept for some seconds.
"""

import asyncio
from collections import deque
from dataclasses import dataclass

from newsletter.deliveries.transport import BeforeContent, Connection, Taken, Transport
from newsletter.errors import SenderRefusedError, TransportError
from newsletter.model.deliveries import SendOutcome, SendPhase, SendResult
from newsletter.model.messages import Message

#: How long an idle connection is kept, in seconds: less than servers wait for the next word.
KEPT_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class _Idle:
    """A connection that nobody uses."""

    connection: Connection
    #: By the event loop's clock.
    ends_at: float


class KeptTransport:
    """A transport whose connections are kept for a while after they are closed.

    One that has taken as many messages as it may, or is too old, is closed at once, as is one in trouble.

    Attributes:
        connections: How many may be open at once, idle ones included.
    """

    def __init__(self, transport: Transport, *, kept_seconds: float = KEPT_SECONDS) -> None:
        """Keep connections of a transport.

        Args:
            transport: Opens them.
            kept_seconds: How long an idle one is kept.
        """
        self.connections = transport.connections
        self._transport = transport
        self._kept_seconds = kept_seconds
        self._idle: deque[_Idle] = deque()
        self._tidying: asyncio.Task[None] | None = None

    async def connect(self) -> Connection:
        """Return an idle connection, or open one.

        Raises:
            TransportError: It cannot be opened.
        """
        now = asyncio.get_running_loop().time()
        while self._idle:
            # The one used last has been idle for the shortest time.
            idle = self._idle.pop()
            if idle.ends_at > now:
                return _Kept(self, idle.connection, is_fresh=False)
            await idle.connection.close()
        return _Kept(self, await self._transport.connect(), is_fresh=True)

    async def open_afresh(self) -> Connection:
        """Open a connection of the transport itself.

        Raises:
            TransportError: It cannot be opened.
        """
        return await self._transport.connect()

    def keep(self, connection: Connection) -> None:
        """Keep a connection for whoever needs one next."""
        ends_at = asyncio.get_running_loop().time() + self._kept_seconds
        self._idle.append(_Idle(connection=connection, ends_at=ends_at))
        if self._tidying is None or self._tidying.done():
            self._tidying = asyncio.create_task(self._tidy())

    async def close(self) -> None:
        """Say goodbye to all that are idle."""
        if self._tidying is not None:
            self._tidying.cancel()
        while self._idle:
            await self._idle.pop().connection.close()

    async def _tidy(self) -> None:
        """Say goodbye to each that nobody has needed for long enough."""
        loop = asyncio.get_running_loop()
        while self._idle:
            oldest = self._idle[0]
            if oldest.ends_at > loop.time():
                await asyncio.sleep(oldest.ends_at - loop.time())
            elif self._idle.popleft() is oldest:
                await oldest.connection.close()


class _Kept:
    """A connection that is kept once its user closes it, if it can go on.

    Attributes:
        announces: As of the connection that was had first.
    """

    def __init__(self, shelf: KeptTransport, connection: Connection, *, is_fresh: bool) -> None:
        self.announces = connection.announces
        self._shelf = shelf
        self._connection = connection
        self._is_fresh = is_fresh
        #: Nothing was said over it that leaves it in doubt.
        self._is_sound = True

    async def send(
        self,
        message: Message,
        *,
        before_content: BeforeContent,
        following: Message | None = None,
        taken: Taken | None = None,
    ) -> SendResult:
        """Hand over one message; see `Connection.send`.

        A server that had ended the connection while nobody used it has not heard of the message: it goes over
        a new one.
        """
        self._is_sound = False
        may_be_gone, self._is_fresh = not self._is_fresh, True
        result = None
        try:
            result = await self._connection.send(
                message, before_content=before_content, following=following, taken=taken
            )
        except TransportError as error:
            if isinstance(error, SenderRefusedError) or not may_be_gone:
                raise
        if result is None or (may_be_gone and _lost_before_envelope(result)):
            await self._connection.close()
            self._connection = await self._shelf.open_afresh()
            result = await self._connection.send(
                message, before_content=before_content, following=following, taken=taken
            )
        self._is_sound = result.reusable
        return result

    async def close(self) -> None:
        """Keep it, or say goodbye; never raises."""
        if self._is_sound:
            self._is_sound = False
            self._shelf.keep(self._connection)
        else:
            await self._connection.close()


def _lost_before_envelope(result: SendResult) -> bool:
    return (
        result.outcome is SendOutcome.DEFERRED
        and result.reply.phase is SendPhase.MAIL
        and not result.reusable
    )
