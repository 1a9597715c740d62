"""What an install's operator is told of at once."""

import asyncio
import base64
import secrets
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from newsletter import alert, places, subscribe, wiring
from newsletter.alert import AlertDesk, disks_of
from newsletter.bound.feedback import bounce_box_name, mailboxes
from newsletter.bound.operators import Operators
from newsletter.bound.proposals import Proposals
from newsletter.deliveries.webhooks import Webhook
from newsletter.errors import AddressError, NewsletterError, SettingsError
from newsletter.messages.alerts import AlertSender
from newsletter.model.alerts import (
    Alert,
    AlertFacts,
    AlertKind,
    AlertLimits,
    AlertNotice,
    Channel,
    Condition,
    NoticeResult,
    ReturnFacts,
    SlotFacts,
)
from newsletter.model.clock import Clock
from newsletter.model.deliveries import DeliveryState
from newsletter.model.editions import MailingList, Run, RunOutcome, SlotDecision
from newsletter.model.mailboxes import MailboxState
from newsletter.model.operators import Role
from newsletter.model.places import PlaceHealth
from newsletter.model.proposals import ProposalState, Ruling
from newsletter.publish import slots_due
from newsletter.settings import Settings
from newsletter.settings.values import mailbox_name
from newsletter.status import troubles
from newsletter.store.store import Store

#: How often places are looked at: their news of months is counted for it.
_PLACES_EVERY = timedelta(minutes=10)

#: A list's name, and the slot.
_Slot = tuple[str, datetime]

_PUBLISH = SlotDecision.PUBLISH

#: Latest editions among which one is looked for that enough mails of went out.
_EDITIONS = 3


class Alerts:
    """Alerts: open ones, a look for new ones, and telling of them."""

    def __init__(
        self,
        settings: Settings,
        series: Sequence[MailingList],
        open_store: Callable[[], Store],
        proposals: Proposals,
        operators: Operators,
    ) -> None:
        """Bind the verbs; the store is opened when something is asked.

        Args:
            settings: What is in force.
            series: The lists and their weekly digests.
            open_store: Opens the store at first use.
            proposals: Editions that may wait for approval.
            operators: Who is told if nobody else is named.
        """
        self._settings = settings
        self._series = tuple(series)
        self._open_store = open_store
        self._proposals = proposals
        self._operators = operators
        self._places: tuple[PlaceHealth, ...] = ()
        self._places_at: datetime | None = None

    def open(self) -> list[Alert]:
        """Return the alerts that are not over, the oldest first."""
        if not Store.exists(self._settings.database_url):
            return []
        return self._open_store().alerts.open()

    def latest(self, *, limit: int) -> list[Alert]:
        """Return alerts, open or over, the newest first."""
        if not Store.exists(self._settings.database_url):
            return []
        return self._open_store().alerts.latest(limit=limit)

    def check_settings(self) -> None:
        """Check what is set of alerts.

        Raises:
            SettingsError: An address, the webhook or its secret is wrong.
        """
        self._named()
        self._webhook()

    def look(self, *, since: datetime, now: datetime) -> list[Alert]:
        """Raise what is wrong, give the all-clear for what is over; see `newsletter.alert.look`.

        Args:
            since: Since when the service runs: slots that came before wait for it, UTC.
            now: UTC.
        """
        settings = self._settings
        limits = AlertLimits(
            bounce_percent=settings.bounce_alert_percent,
            complaint_percent=settings.complaint_alert_percent,
            disk_bytes=settings.disk_alert_megabytes * 1_000_000,
        )
        return alert.look(
            self._open_store(),
            self._facts(limits, since, now),
            limits,
            addresses=self.addresses(now=now),
            has_webhook=self._webhook() is not None,
            now=now,
        )

    async def tell(self, *, clock: Clock, stopping: asyncio.Event) -> list[NoticeResult]:
        """Hand over the messages that are due; see `newsletter.alert.tell`."""
        return await alert.tell(self._open_store(), self._desk(clock()), clock=clock, stopping=stopping)

    async def test(self, *, clock: Clock) -> list[NoticeResult]:
        """Tell everybody who would be told that this is a test; return what came of it."""
        now = clock()
        condition = Condition(
            kind=AlertKind.TEST,
            subject="this is only a test",
            what="Nothing is wrong: alerts arrive here.",
            repair="nothing",
        )
        tested = Alert(id=0, condition=condition, raised_at=now)
        targets = [(Channel.MAIL, address) for address in self.addresses(now=now)]
        targets += [(Channel.WEBHOOK, "")] if self._webhook() else []
        notices = [
            AlertNotice(
                id=number,
                uid=secrets.token_hex(16),
                channel=channel,
                target=target,
                alerts=(tested,),
                attempts=1,
                created_at=now,
            )
            for number, (channel, target) in enumerate(targets, start=1)
        ]
        return await alert.hand_over(self._desk(now), notices, clock=clock)

    def addresses(self, *, now: datetime) -> tuple[str, ...]:
        """Return who is told by mail: nobody as long as no mail can be sent.

        Raises:
            SettingsError: ALERT_ADDRESS holds no address.
        """
        named = self._named()
        if self._sending_list() is None or named is None:
            return ()
        if named:
            return named
        if not Store.exists(self._settings.database_url):
            return ()
        admins = [one for one in self._operators.all(now=now) if one.role is Role.ADMIN]
        return tuple(dict.fromkeys(one.address for one in admins if one.address))

    def _named(self) -> tuple[str, ...] | None:
        """Return the addresses of ALERT_ADDRESS; None: nobody is to get mail."""
        values = self._settings.alert_address
        if [value.lower() for value in values] == ["off"]:
            return None
        try:
            return tuple(subscribe.parse_address(value).display for value in values)
        except AddressError as error:
            raise SettingsError(f"ALERT_ADDRESS: {error}") from error

    def _webhook(self) -> Webhook | None:
        url = self._settings.alert_webhook.get_secret_value()
        secret = self._settings.alert_webhook_secret.get_secret_value()
        if not url:
            return None
        if not secret:
            fresh = base64.b64encode(secrets.token_bytes(32)).decode("ascii")
            raise SettingsError(
                "ALERT_WEBHOOK_SECRET is not set, and ALERT_WEBHOOK needs it: "
                f"ALERT_WEBHOOK_SECRET=whsec_{fresh} is a fresh one"
            )
        return Webhook.of(url, secret)

    def _sending_list(self) -> MailingList | None:
        """Return the list whose sender sends alerts; None as long as no mail can be sent."""
        if self._settings.transport == "smtp" and not self._settings.smtp_host:
            return None
        return next((one for one in self._series if one.sender_address), None)

    def _desk(self, now: datetime) -> AlertDesk:
        first = self._sending_list()
        return AlertDesk(
            transport=wiring.transport(self._settings) if first else None,
            sender=self._sender(first, now) if first else None,
            account=wiring.account(self._settings),
            webhook=self._webhook(),
        )

    def _sender(self, first: MailingList, now: datetime) -> AlertSender:
        sign = None
        # A key that cannot be read is trouble that must be told of all the same.
        with suppress(NewsletterError):
            sign = wiring.stationery(self._settings, self._series).signing(first.sender_domain, now=now)
        base = self._settings.public_url.rstrip("/")
        return AlertSender(
            address=first.sender_address,
            name=f"{first.title} alerts",
            pages_url=f"{base}/operator" if base and self._operators.any() else "",
            sign=sign,
        )

    def _facts(self, limits: AlertLimits, since: datetime, now: datetime) -> AlertFacts:
        store = self._open_store()
        zones = {one.name: one.time_zone for one in self._series}
        waiting = self._proposals.waiting(now=now)
        held = [one for one in waiting if one.ruling is Ruling.WAITS]
        calm = {
            (one.proposal.list_name, one.proposal.slot_at)
            for one in waiting
            if one.ruling is not Ruling.GOES_OUT
        }
        return AlertFacts(
            watching_since=since,
            slots=[_slot(store, one, calm, now) for one in self._series],
            held=[(one, zones[one.proposal.list_name]) for one in held],
            troubles=troubles(store, wiring.account(self._settings)),
            returns=[found for one in self._series if (found := _returned(store, one.name, limits))],
            places=self._places_of(store, now),
            bounce_boxes=self._bounce_boxes(store, now),
            disks=disks_of(self._folders(store)) if limits.disk_bytes else (),
        )

    def _places_of(self, store: Store, now: datetime) -> tuple[PlaceHealth, ...]:
        if self._places_at is None or not timedelta() <= now - self._places_at < _PLACES_EVERY:
            names = [mailbox_name(value) for value in self._settings.mailboxes]
            self._places = (
                *_feeds(store, now),
                *places.folders(store, self._settings.all_folders(), now=now),
                *places.mailboxes(store, names, now=now),
            )
            self._places_at = now
        return self._places

    def _bounce_boxes(self, store: Store, now: datetime) -> list[MailboxState]:
        # One that is set by half keeps the service from starting.
        with suppress(SettingsError):
            names = map(bounce_box_name, mailboxes(self._settings))
            return [store.mailboxes.state(name, since=now, now=now) for name in names]
        return []

    def _folders(self, store: Store) -> list[Path]:
        settings = self._settings
        own = [store.file.parent] if store.file else []
        outbox = [settings.outbox_folder] if settings.transport == "file" else []
        return [*own, *settings.all_folders(), *outbox]


def _feeds(store: Store, now: datetime) -> list[PlaceHealth]:
    found: list[PlaceHealth] = []
    page, is_more = 1, True
    while is_more:
        shown, is_more = places.feeds(store, page=page, now=now)
        found += shown
        page += 1
    return found


def _slot(store: Store, mailing_list: MailingList, calm: Collection[_Slot], now: datetime) -> SlotFacts:
    """Return how a list stands with its slots.

    Args:
        store: Where everything is.
        mailing_list: The list.
        calm: Slots that wait for an operator, or get no edition because one said so.
        now: UTC.
    """
    name = mailing_list.name
    last = next(iter(store.editions.runs(name, limit=1)), None)
    due = [one.slot_at for one in slots_due(store, mailing_list, now=now) if one.decision is _PUBLISH]
    late = next((slot_at for slot_at in due if (name, slot_at) not in calm), None)
    is_skipped = last is not None and last.outcome is RunOutcome.SKIPPED and not _is_left_out(store, last)
    is_failed = last is not None and last.outcome is RunOutcome.FAILED
    return SlotFacts(
        list_name=name,
        time_zone=mailing_list.time_zone,
        grace=mailing_list.grace,
        unanswered=late,
        failure=last.reason if last is not None and is_failed else "",
        skipped=last.slot_at if last is not None and is_skipped else None,
        reason=last.reason if last is not None and is_skipped else "",
    )


def _is_left_out(store: Store, run: Run) -> bool:
    """Return whether an operator wanted a slot to pass without its edition."""
    if run.slot_at is None:
        return False
    proposal = store.proposals.of_slot(run.list_name, run.slot_at)
    return proposal is not None and proposal.state is ProposalState.SKIPPED


def _returned(store: Store, list_name: str, limits: AlertLimits) -> ReturnFacts | None:
    """Return what came back of a list's latest edition that enough mails of went out."""
    for edition in store.editions.latest(list_name, limit=_EDITIONS):
        counts = store.deliveries.counts(edition.id)
        refused = counts.get(DeliveryState.FAILED, 0)
        deliveries = counts.get(DeliveryState.ACCEPTED, 0) + refused
        if deliveries >= limits.least_deliveries:
            bounces, complaints = store.alerts.returned(edition.id, since=edition.created_at)
            return ReturnFacts(
                list_name=list_name,
                number=edition.number,
                deliveries=deliveries,
                bounces=refused + bounces,
                complaints=complaints,
            )
    return None
