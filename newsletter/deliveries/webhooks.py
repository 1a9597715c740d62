"""Webhooks: JSON posted to an address that the operator has set, signed so that it can be believed.

As the Standard Webhooks specification has it ("Webhook headers" and "Signature scheme"): any program that
knows it can check what comes from here. The address may be one of this network: the operator alone sets it.
"""

import base64
import binascii
import hmac
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from newsletter.errors import SettingsError, WebhookError

#: Longest time for one post, in seconds; the specification advises 15 to 30.
_PATIENCE_SECONDS = 15

#: Bytes of a secret, as the specification has it.
_SHORTEST_SECRET, _LONGEST_SECRET = 24, 64

_PREFIX = "whsec_"


def read_secret(text: str) -> bytes:
    """Return the bytes of a secret, written in Base64 with or without `whsec_` before it.

    Raises:
        SettingsError: It is none.
    """
    try:
        secret = base64.b64decode(text.strip().removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if not _SHORTEST_SECRET <= len(secret) <= _LONGEST_SECRET:
        raise SettingsError(
            "ALERT_WEBHOOK_SECRET: 24 to 64 bytes in Base64 are expected, with whsec_ before them"
        )
    return secret


def signature(secret: bytes, *, webhook_id: str, timestamp: int, body: bytes) -> str:
    """Return the signature of a body: HMAC-SHA256 over id, time and body, parted by dots.

    Args:
        secret: See `read_secret`.
        webhook_id: Names the message; the same for each attempt.
        timestamp: Seconds since 1970 (UTC).
        body: As it is sent.
    """
    signed = b".".join((webhook_id.encode("ascii"), str(timestamp).encode("ascii"), body))
    return "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode("ascii")


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """Where JSON is posted to."""

    url: str
    secret: bytes

    @classmethod
    def of(cls, url: str, secret: str) -> "Webhook":
        """Return the webhook of an address and a secret as they are written in the settings.

        Raises:
            SettingsError: One of them is wrong.
        """
        try:
            parts = urlsplit(url.strip())
            is_web = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_web = False
        if not is_web:
            raise SettingsError("ALERT_WEBHOOK: an address that begins with https:// is expected")
        return cls(url=url.strip(), secret=read_secret(secret))

    async def post(self, body: bytes, *, webhook_id: str, now: datetime) -> str:
        """Post a body once; return what was answered, as one line.

        Args:
            body: JSON.
            webhook_id: As in `signature`.
            now: UTC.

        Raises:
            WebhookError: Nobody answered, or no answer of 200 to 299.
        """
        import httpx

        timestamp = int(now.timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "newsletter",
            "Webhook-Id": webhook_id,
            "Webhook-Timestamp": str(timestamp),
            "Webhook-Signature": signature(
                self.secret, webhook_id=webhook_id, timestamp=timestamp, body=body
            ),
        }
        try:
            # Redirects are not followed: the secret was agreed upon with this address alone.
            async with httpx.AsyncClient(trust_env=False, timeout=_PATIENCE_SECONDS) as client:
                answer = await client.post(self.url, content=body, headers=headers)
        except httpx.TimeoutException:
            raise WebhookError(f"no answer within {_PATIENCE_SECONDS} seconds") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            raise WebhookError(f"it cannot be reached: {error or type(error).__name__}") from None
        said = f"{answer.status_code} {answer.reason_phrase}".strip()
        if not answer.is_success:
            raise WebhookError(f"it answered {said}", is_answered=True)
        return said
