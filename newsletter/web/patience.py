"""A bound to the time that a request may take to arrive: half a request must not hold a place for ever."""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

#: Longest wait for a request's header, in seconds, from the connection or from the answer before it.
_HEADER_SECONDS = 30.0

#: Longest wait for its body: longer than the routes wait, so that theirs is the answer.
_BODY_SECONDS = 40.0


class ImpatientProtocol(H11Protocol):
    """uvicorn's protocol, which ends connections whose requests do not arrive in time.

    uvicorn itself bounds only the silence between two requests (`timeout_keep_alive`).
    """

    _awaited: object = None
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        # uvicorn's own lines hold whole paths, and would come back with any handler put on its logger.
        self.access_log = False
        super().connection_made(transport)
        self._watch()

    def handle_events(self) -> None:
        """Take what has arrived, and wait for what is still missing of a request."""
        super().handle_events()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _watch(self) -> None:
        state = self.conn.their_state
        if state is self._awaited:
            # More of the same: a byte now and then buys no more time.
            return
        self._stop_waiting()
        seconds = {h11.IDLE: _HEADER_SECONDS, h11.SEND_BODY: _BODY_SECONDS}.get(state)
        if seconds is not None:
            self._awaited = state
            self._deadline = self.loop.call_later(seconds, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._awaited = self._deadline = None
