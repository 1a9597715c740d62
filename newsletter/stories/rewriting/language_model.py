"""A language model behind any address that speaks the chat completions of OpenAI: one question, one text.

The only door to httpx. Whatever the server does, `complete` ends in time, with a text or one clear error.
"""

import asyncio
import json
import logging
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from newsletter.errors import NewsletterError, SettingsError
from newsletter.stories.rewriting.outcomes import RewriteOutcome

#: Octets of an answer that are read; a summary with all its wrapping has some thousand.
MOST_OCTETS = 1_000_000
#: Failures in a row after which a run stops asking.
MOST_FAILURES = 3
#: How much longer than the server's time its thread is waited for, s.
_GRACE_SECONDS = 0.5
_DIGITS_OF_A_NUMBER = 400


class LanguageModelError(NewsletterError):
    """A language model gave no text.

    Attributes:
        outcome: What happened.
    """

    def __init__(self, outcome: RewriteOutcome, message: str) -> None:
        super().__init__(f"{outcome.value}: {message}" if message else outcome.value)
        self.outcome = outcome


@dataclass(frozen=True, kw_only=True)
class Message:
    """One turn of a conversation."""

    #: "system" or "user".
    role: str
    content: str


@dataclass(frozen=True, kw_only=True)
class _Reply:
    """An answer as it came."""

    status: int
    packing: str
    body: bytes


class LanguageModel:
    """A model at an address. Make one for each run: it counts the run's failures and seconds.

    Args:
        url: Base address with its version, as in `https://llm.example.org/v1`.
        model: Name of the model, as the server knows it.
        key: Sent as bearer token; empty for none. It stands in no error, no log and no `repr`.
        timeout_seconds: Most time for one answer, from the first step to the last octet.
        run_seconds: Most time for all answers together.
        most_tokens: Most tokens that the server is asked to write.
        clock: Seconds that only go forward.

    Raises:
        SettingsError: httpx is not installed, or the address, the name or the key cannot be used.
    """

    def __init__(
        self,
        *,
        url: str,
        model: str,
        key: str = "",
        timeout_seconds: float = 30.0,
        run_seconds: float = 300.0,
        most_tokens: int = 2000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if find_spec("httpx") is None:
            raise SettingsError("LLM_URL: needs httpx, which is not installed: pip install 'newsletter[llm]'")
        for library in ("httpx", "httpcore"):  # they write addresses and headers
            logging.getLogger(library).setLevel(logging.WARNING)
        self._address = _address(url)
        self._model = model.strip()
        if not self._model:
            raise SettingsError("LLM_MODEL: the name of a model is expected with LLM_URL")
        self._key = key.strip()
        if not all("!" <= char <= "~" for char in self._key):
            raise SettingsError("LLM_KEY: (hidden) is wrong: it holds a character that no key has")
        self._timeout_seconds = timeout_seconds
        self._left_seconds = run_seconds
        self._most_tokens = most_tokens
        self._clock = clock
        self._failures = 0

    def __repr__(self) -> str:
        """Name the model and its server."""
        return f"LanguageModel({self._model!r} at {urlsplit(self._address).hostname!r})"

    def complete(self, messages: Sequence[Message]) -> str:
        """Ask for one text.

        Args:
            messages: The conversation so far.

        Returns:
            The text, as it came, not empty.

        Raises:
            LanguageModelError: There is none, or the run has no time or patience left.
        """
        self._check_patience()
        began = self._clock()
        try:
            text = read_completion(self._post(messages, min(self._timeout_seconds, self._left_seconds)))
        except LanguageModelError:
            self._failures += 1
            raise
        finally:
            self._left_seconds -= self._clock() - began
        self._failures = 0
        return text

    def _check_patience(self) -> None:
        if self._failures >= MOST_FAILURES:
            raise LanguageModelError(RewriteOutcome.NOT_TRIED, f"{self._failures} failures in a row")
        if self._left_seconds <= 0:
            raise LanguageModelError(RewriteOutcome.NOT_TRIED, "the time of this run is used up")

    def _post(self, messages: Sequence[Message], seconds: float) -> bytes:
        """Post in a thread that nobody has to wait for: a name that is looked up cannot be interrupted."""
        found: list[_Reply | LanguageModelError] = []

        def work() -> None:
            """Post, and leave the reply or the error in `found`."""
            try:
                found.append(asyncio.run(self._exchange(messages, seconds)))
            except LanguageModelError as error:
                found.append(error)

        thread = threading.Thread(target=work, name="language-model", daemon=True)
        thread.start()
        thread.join(seconds + _GRACE_SECONDS)
        if not found:
            raise LanguageModelError(RewriteOutcome.TIMED_OUT, f"{seconds:g} s")
        reply = found[0]
        if isinstance(reply, LanguageModelError):
            raise reply
        return _body(reply)

    async def _exchange(self, messages: Sequence[Message], seconds: float) -> _Reply:
        import httpx

        try:
            async with asyncio.timeout(seconds):
                return await self._request(messages, seconds)
        except TimeoutError:
            raise LanguageModelError(RewriteOutcome.TIMED_OUT, f"{seconds:g} s") from None
        except httpx.TimeoutException:
            raise LanguageModelError(RewriteOutcome.TIMED_OUT, f"{seconds:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            raise LanguageModelError(RewriteOutcome.UNREACHABLE, type(error).__name__) from None

    async def _request(self, messages: Sequence[Message], seconds: float) -> _Reply:
        import httpx

        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        # A connection is given up before the whole is: one cancelled in its handshake would stay open.
        patience = httpx.Timeout(seconds, connect=seconds / 3)
        secure = ssl.create_default_context() if self._address.startswith("https:") else False
        async with (
            httpx.AsyncClient(verify=secure, trust_env=False, timeout=patience) as client,
            client.stream("POST", self._address, headers=headers, json=self._question(messages)) as response,
        ):
            body = bytearray()
            async for piece in response.aiter_raw():
                body += piece
                if len(body) > MOST_OCTETS:
                    raise LanguageModelError(RewriteOutcome.ANSWER_TOO_LARGE, f"over {MOST_OCTETS} octets")
            packing = response.headers.get("content-encoding", "identity")
            return _Reply(status=response.status_code, packing=packing.strip().lower(), body=bytes(body))

    def _question(self, messages: Sequence[Message]) -> dict[str, object]:
        return {
            "model": self._model,
            "messages": [{"role": message.role, "content": message.content} for message in messages],
            "temperature": 0,
            "max_tokens": self._most_tokens,
            "stream": False,
        }


def _address(url: str) -> str:
    """Return the address that is posted to.

    Raises:
        SettingsError: It is none; the error does not repeat it, for a key may stand in it.
    """
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if (
        parts.scheme not in {"http", "https"}
        or not host
        or not url.strip().isprintable()
        or " " in url.strip()
    ):
        raise SettingsError("LLM_URL: an address is expected, as in https://llm.example.org/v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise SettingsError("LLM_URL: user, query and fragment do not belong in it; put the key into LLM_KEY")
    base = url.strip().rstrip("/")
    return base if base.endswith("/chat/completions") else f"{base}/chat/completions"


def _body(reply: _Reply) -> bytes:
    """Return what a good answer holds; what a bad one says is not repeated, for it may repeat the key.

    Raises:
        LanguageModelError: The status is another than 200, or the body is packed.
    """
    status = reply.status
    if status in {401, 403}:
        raise LanguageModelError(RewriteOutcome.SIGN_IN_REFUSED, f"status {status}; check LLM_KEY")
    if status == 429:
        raise LanguageModelError(RewriteOutcome.TOO_MANY_REQUESTS, f"status {status}")
    if 300 <= status < 400:
        raise LanguageModelError(
            RewriteOutcome.REDIRECTED, f"status {status}; set LLM_URL to the last address"
        )
    if status >= 500:
        raise LanguageModelError(RewriteOutcome.SERVER_ERROR, f"status {status}")
    if status != 200:
        raise LanguageModelError(
            RewriteOutcome.REQUEST_REFUSED, f"status {status}; check LLM_URL and LLM_MODEL"
        )
    if reply.packing not in {"", "identity"}:
        raise LanguageModelError(RewriteOutcome.UNREADABLE, "packed, which was not asked for")
    return reply.body


def read_completion(body: bytes) -> str:
    """Read the text out of an answer.

    Args:
        body: JSON in UTF-8.

    Returns:
        The text of the first choice, not empty.

    Raises:
        LanguageModelError: It has another shape, no text, a refusal, a tool call, or a text that was cut off.
    """
    choice = _first_choice(_json(body))
    message = choice.get("message")
    if not isinstance(message, dict):
        raise LanguageModelError(RewriteOutcome.UNREADABLE, "no message")
    finish = choice.get("finish_reason")
    if not isinstance(finish, str | None):
        raise LanguageModelError(RewriteOutcome.UNREADABLE, "an unknown finish_reason")
    if finish == "content_filter" or message.get("refusal"):
        raise LanguageModelError(RewriteOutcome.DECLINED, "")
    if message.get("tool_calls") or message.get("function_call") or finish in {"tool_calls", "function_call"}:
        raise LanguageModelError(RewriteOutcome.TOOL_CALL, "")
    if finish == "length":
        raise LanguageModelError(RewriteOutcome.CUT_OFF, "")
    if finish not in {"stop", None}:
        raise LanguageModelError(RewriteOutcome.UNREADABLE, "an unknown finish_reason")
    text = message.get("content")
    if text is None or (isinstance(text, str) and not text.strip()):
        raise LanguageModelError(RewriteOutcome.EMPTY, "")
    if not isinstance(text, str):
        raise LanguageModelError(RewriteOutcome.UNREADABLE, "content is no text")
    return text


def _json(body: bytes) -> object:
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_no_number, parse_int=_number)
    except (ValueError, RecursionError):
        raise LanguageModelError(RewriteOutcome.UNREADABLE, "no JSON") from None


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _number(digits: str) -> int:
    if len(digits) > _DIGITS_OF_A_NUMBER:
        raise ValueError("a number of too many digits")
    return int(digits)


def _first_choice(answer: object) -> dict[str, Any]:
    choices = answer.get("choices") if isinstance(answer, dict) else None
    if not isinstance(choices, list):
        raise LanguageModelError(RewriteOutcome.UNREADABLE, "no choices")
    if not choices:
        raise LanguageModelError(RewriteOutcome.EMPTY, "no choice")
    first = choices[0]
    if not isinstance(first, dict):
        raise LanguageModelError(RewriteOutcome.UNREADABLE, "a choice of another shape")
    return first
