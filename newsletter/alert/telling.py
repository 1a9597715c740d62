"""Telling operators: messages about alerts are handed over, by mail and to the webhook.

Each is tried again for about a day. One that was handed over and not noted, because the process died in
between, is handed over once more, under the same Message-ID or Webhook-Id.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from newsletter.deliveries.breaker import holds
from newsletter.deliveries.retry import decide_retry
from newsletter.deliveries.transport import Connection, Transport
from newsletter.deliveries.webhooks import Webhook
from newsletter.errors import NewsletterError, TransportError, WebhookError
from newsletter.messages.alerts import AlertSender, alert_json, write_alert
from newsletter.model.alerts import AlertNotice, Channel, NoticeResult
from newsletter.model.clock import Clock
from newsletter.model.deliveries import RetryPolicy, SendOutcome
from newsletter.store.store import Store

#: Messages handed over in one turn.
_BATCH = 20

#: How long a message in flight is waited for once the process is to stop, in seconds.
_STOP_SECONDS = 10

_RETRY = RetryPolicy(delays_seconds=(60, 300, 1800, 7200), give_up_after_seconds=24 * 3600)


@dataclass(frozen=True, kw_only=True)
class AlertDesk:
    """By what operators are told."""

    #: None: no mail can be sent from here.
    transport: Transport | None
    #: None: no mail has a sender.
    sender: AlertSender | None
    #: Whose breaker it is; see `newsletter.deliver.postbag`.
    account: str
    webhook: Webhook | None


async def tell(store: Store, desk: AlertDesk, *, clock: Clock, stopping: asyncio.Event) -> list[NoticeResult]:
    """Hand over the messages that are due, and note what came of it.

    While the mail server is in trouble, mail waits, as editions do.

    Args:
        store: Where the messages are.
        desk: By what they are told.
        clock: Returns the time, UTC.
        stopping: Once set, what is not through some seconds later is left to be told again.

    Raises:
        StoreError: The database refused, or is gone.
    """
    telling = asyncio.ensure_future(_tell(store, desk, clock))
    told = asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait((telling, told), return_when=asyncio.FIRST_COMPLETED)
        if not telling.done():
            await asyncio.wait((telling,), timeout=_STOP_SECONDS)
        return telling.result() if telling.done() else []
    finally:
        told.cancel()
        telling.cancel()


async def _tell(store: Store, desk: AlertDesk, clock: Clock) -> list[NoticeResult]:
    channels = await _open_channels(store, desk, clock)
    taken = await store.in_time(store.alerts.take, channels, limit=_BATCH, now=clock())
    results = await hand_over(desk, taken, clock=clock) if taken else []
    for notice, result in zip(taken, results, strict=True):
        if result.is_told:
            await store.in_time(store.alerts.told, notice, reply=result.reply, now=clock())
            continue
        # Counted from the first attempt: what waited for a service that was off has its day before it.
        retry = decide_retry(
            _RETRY,
            delivery_id=notice.id,
            attempts=notice.attempts,
            waits_since=notice.created_at if notice.attempts > 1 else clock(),
            now=clock(),
        )
        until = None if result.is_refused else retry.next_attempt_at
        reply = result.reply if until else f"given up: {result.reply}"
        await store.in_time(store.alerts.put_off, notice, until, reply=reply)
    return results


async def _open_channels(store: Store, desk: AlertDesk, clock: Clock) -> list[Channel]:
    channels = [Channel.WEBHOOK] if desk.webhook else []
    if desk.transport and desk.sender:
        breaker = (await store.in_time(store.accounts.breakers)).get(desk.account)
        if breaker is None or not holds(breaker, now=clock()):
            channels.append(Channel.MAIL)
    return channels


async def hand_over(desk: AlertDesk, notices: Sequence[AlertNotice], *, clock: Clock) -> list[NoticeResult]:
    """Hand over messages, each once; return what came of each, in their order."""
    mail, posts = _MailRound(desk, clock), _WebhookRound(desk, clock)
    results = []
    try:
        for notice in notices:
            is_mail = notice.channel is Channel.MAIL
            results.append(await (mail.send(notice) if is_mail else posts.post(notice)))
    finally:
        await mail.hang_up()
    return results


class _MailRound:
    """One turn of sending mails; a server that is in trouble is asked once."""

    def __init__(self, desk: AlertDesk, clock: Clock) -> None:
        self._desk = desk
        self._clock = clock
        self._connection: Connection | None = None
        self._problem = ""

    async def send(self, notice: AlertNotice) -> NoticeResult:
        """Send one mail, unless an earlier one met trouble."""
        if self._desk.transport is None or self._desk.sender is None:
            return _result(notice, "no sender, or no mail server, is set")
        if self._problem:
            return _result(notice, self._problem)
        try:
            message = write_alert(notice, self._desk.sender, now=self._clock())
            if self._connection is None:
                self._connection = await self._desk.transport.connect()
            sent = await self._connection.send(message, before_content=_go_on)
        except TransportError as error:
            self._problem = "" if error.of_recipient else str(error)
            await self.hang_up()
            return _result(notice, str(error))
        except NewsletterError as error:
            return _result(notice, str(error))
        if not sent.reusable:
            await self.hang_up()
        return replace(
            _result(notice, str(sent.reply), is_told=sent.outcome is SendOutcome.ACCEPTED),
            is_refused=sent.outcome is SendOutcome.FAILED,
        )

    async def hang_up(self) -> None:
        """Close the connection, if one is open."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.close()


async def _go_on() -> bool:
    """Let a mail go out: that it was taken is on record."""
    return True


class _WebhookRound:
    """One turn of posting; a webhook that nobody answers at is asked once."""

    def __init__(self, desk: AlertDesk, clock: Clock) -> None:
        self._webhook = desk.webhook
        self._clock = clock
        self._problem = ""

    async def post(self, notice: AlertNotice) -> NoticeResult:
        """Post one message, unless nobody answered an earlier one."""
        if self._webhook is None:
            return _result(notice, "ALERT_WEBHOOK is not set any more")
        if self._problem:
            return _result(notice, self._problem)
        try:
            body = alert_json(notice.alerts[0])
            reply = await self._webhook.post(body, webhook_id=f"msg_{notice.uid}", now=self._clock())
        except WebhookError as error:
            # One that is refused for what it says must not hold up the others until they are given up.
            self._problem = "" if error.is_answered else str(error)
            return _result(notice, str(error))
        return _result(notice, reply, is_told=True)


def _result(notice: AlertNotice, reply: str, *, is_told: bool = False) -> NoticeResult:
    return NoticeResult(channel=notice.channel, target=notice.target, is_told=is_told, reply=reply)
