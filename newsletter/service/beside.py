"""Processes beside this one that only send: where workers share a queue, each is one of them."""

import asyncio
import logging
import sys
from asyncio.subprocess import PIPE

log = logging.getLogger(__name__)

#: What such a process is started as: it ends when this one does, however that ends.
_COMMAND = (
    *(sys.executable, "-m", "newsletter", "run", "--no-web"),
    *("--queues", "deliver", "--workers", "1", "--until-closed"),
)

#: After how long one that died is started again, in seconds.
_REST_SECONDS = 5.0


async def send_beside(count: int, *, stopping: asyncio.Event) -> None:
    """Keep so many processes running that take batches; return when `stopping` is set and all have ended."""
    await asyncio.gather(*(_keep_one(stopping) for _ in range(count)))


async def heed_parent(stopping: asyncio.Event) -> None:
    """Stop when standard input ends: whoever started us is gone, or wants it so."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    reading, told = asyncio.create_task(reader.read()), asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait((reading, told), return_when=asyncio.FIRST_COMPLETED)
    finally:
        reading.cancel()
        told.cancel()
        transport.close()
    stopping.set()


async def _keep_one(stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        told = asyncio.create_task(stopping.wait())
        try:
            process = await asyncio.create_subprocess_exec(*_COMMAND, stdin=PIPE)
            ended = asyncio.create_task(process.wait())
            await asyncio.wait((ended, told), return_when=asyncio.FIRST_COMPLETED)
            if process.stdin is not None:
                process.stdin.close()
            code = await ended
            if not stopping.is_set():
                log.warning("a process that sends has died (%d): another one is started", code)
                await asyncio.wait((told,), timeout=_REST_SECONDS)
        except OSError as error:
            log.error("a process that sends cannot be started: %s", error.strerror)  # noqa: TRY400 - a line says it
            await asyncio.wait((told,), timeout=_REST_SECONDS)
        finally:
            told.cancel()
