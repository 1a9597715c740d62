"""The webhook: mail services and mail servers post what came back."""

import hmac
import json
from collections.abc import Callable
from dataclasses import fields
from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from newsletter.app import App
from newsletter.model.clock import Clock
from newsletter.model.feedback import FeedbackOutcome, Notice
from newsletter.web.bodies import content_type_of, read_body
from newsletter.web.security import bears

#: Largest body, in bytes.
_MOST_BYTES = 1_000_000

#: Longest wait for a whole body, in seconds; below what `web.patience` allows, so that there is an answer.
_BODY_SECONDS = 30.0

#: What a notice may say, each as text.
_TEXT_FIELDS = frozenset(field.name for field in fields(Notice)) - {"is_complaint"}
_KINDS = ("bounce", "complaint")


def routes(app: App, *, clock: Clock) -> list[Route]:
    """Return the webhook's routes; none without WEBHOOK_KEY."""
    key = app.settings.webhook_key.get_secret_value()
    if not key:
        return []

    async def take(request: Request) -> Response:
        """Take in one message or notice."""
        body = await _body(request)
        if not _is_authentic(request, body, key.encode("utf-8")):
            raise HTTPException(
                401,
                "not authenticated: send Authorization: Bearer WEBHOOK_KEY, or X-Newsletter-Signature",
                headers={"WWW-Authenticate": "Bearer"},
            )
        outcome = await run_in_threadpool(_taker(app, request, body, clock()))
        answer = {"kind": outcome.kind.value, "action": outcome.action.value, "reason": outcome.reason}
        return JSONResponse(answer)

    return [Route("/hooks/feedback", take, methods=["POST"])]


def _taker(app: App, request: Request, body: bytes, now: datetime) -> Callable[[], FeedbackOutcome]:
    """Return what is to be done with a body of its type.

    Raises:
        HTTPException: The body is of another type, or not what it says.
    """
    content_type = content_type_of(request)
    if content_type == "message/rfc822":
        if not body.strip():
            raise HTTPException(400, "the message is empty")
        return lambda: app.feedback.take_message(body, now=now)
    if content_type == "application/json":
        notice = _notice(body)
        return lambda: app.feedback.take_notice(notice, now=now)
    raise HTTPException(415, "expected Content-Type: message/rfc822 or application/json")


async def _body(request: Request) -> bytes:
    return await read_body(request, most_bytes=_MOST_BYTES, seconds=_BODY_SECONDS)


def _is_authentic(request: Request, body: bytes, key: bytes) -> bool:
    """Tell whether a request knows the key: as a bearer token, or by an HMAC-SHA256 of its body."""
    if bears(request.headers, key):
        return True
    signature = request.headers.get("x-newsletter-signature", "").encode("latin-1")
    expected = b"sha256=" + hmac.digest(key, body, "sha256").hex().encode("ascii")
    return hmac.compare_digest(signature.strip().lower(), expected)


def _notice(body: bytes) -> Notice:
    """Read a notice.

    Raises:
        HTTPException: It is not one, with the reason.
    """
    try:
        values = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, f"not JSON: {error}") from error
    if not isinstance(values, dict):
        raise HTTPException(400, "expected a JSON object")
    if values.get("kind") not in _KINDS:
        raise HTTPException(400, 'expected "kind": "bounce" or "complaint"')
    texts = {name: values[name] for name in _TEXT_FIELDS & values.keys() if values[name] is not None}
    for name, value in sorted(texts.items()):
        if not isinstance(value, str):
            raise HTTPException(400, f'expected "{name}" to be text')
    if not any(texts.get(name) for name in ("return_path", "message_id")):
        raise HTTPException(400, 'expected "return_path", or "message_id" with "recipient"')
    return Notice(is_complaint=values["kind"] == "complaint", **texts)
