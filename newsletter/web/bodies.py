"""Bodies of requests, which may be neither too large nor too slow."""

import asyncio

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request


def content_type_of(request: Request) -> str:
    """Return the type of a request's body, in lower case, without parameters; empty if it is not said."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_body(request: Request, *, most_bytes: int, seconds: float) -> bytes:
    """Return the whole body of a request.

    Args:
        request: Whose.
        most_bytes: Largest size.
        seconds: Longest wait; below what `web.patience` allows, so that there is an answer.

    Raises:
        HTTPException: 413 or 408 where it breaks a bound, 400 if the connection has ended before it.
    """
    announced = request.headers.get("content-length", "0")
    # Of a number with more digits than any size has, Python would refuse to make an int.
    if announced.isdecimal() and (len(announced) > len(str(most_bytes)) or int(announced) > most_bytes):
        raise _too_large(most_bytes)
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most_bytes:
                    raise _too_large(most_bytes)
    except TimeoutError as error:
        raise HTTPException(408, f"the body took longer than {seconds:g} s") from error
    except ClientDisconnect as error:
        raise HTTPException(400, "the connection ended before the body did") from error
    return bytes(body)


def _too_large(most_bytes: int) -> HTTPException:
    return HTTPException(413, f"at most {most_bytes:,} bytes are taken")
