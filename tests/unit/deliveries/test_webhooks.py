"""Webhooks are signed as the Standard Webhooks specification has it."""

from __future__ import annotations

import base64

import pytest

from newsletter.deliveries.webhooks import Webhook, read_secret, signature
from newsletter.errors import SettingsError

#: The example of the specification's own libraries.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_a_known_body_has_the_known_signature() -> None:
    signed = signature(
        read_secret(SECRET),
        webhook_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_may_be_written_without_its_prefix() -> None:
    assert read_secret(SECRET.removeprefix("whsec_")) == read_secret(f" {SECRET} ")


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "not base64!", base64.b64encode(b"short").decode(), "ä" * 40]
)
def test_a_secret_that_is_none_is_refused(secret: str) -> None:
    with pytest.raises(SettingsError, match="24 to 64 bytes"):
        read_secret(secret)


@pytest.mark.parametrize(
    "url", ["", "example.org", "ftp://example.org", "https://", "https://x:0", "http://["]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="ALERT_WEBHOOK"):
        Webhook.of(url, SECRET)
