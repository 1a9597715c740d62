"""One examination of an install: a method for each group of checks, bound to the settings."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from newsletter import wiring
from newsletter.bound import checks
from newsletter.bound.copies import Copies
from newsletter.bound.facts import Facts
from newsletter.bound.feedback import mailboxes
from newsletter.bound.keys import Keys
from newsletter.bound.mail import news_boxes
from newsletter.bound.press import press
from newsletter.bound.readers import letter_desk
from newsletter.deliveries.server import Timeouts, is_local
from newsletter.deliveries.smtp import SmtpTransport
from newsletter.doctor.dns import Names
from newsletter.doctor.imap import examine_account
from newsletter.doctor.machine import (
    judge_disks,
    judge_folders,
    judge_mailbox,
    judge_outbox,
    judge_store,
    judge_times,
)
from newsletter.doctor.mail import examine_edition, examine_letter, judge_size
from newsletter.doctor.outside import Outside
from newsletter.doctor.sample import sample_edition
from newsletter.doctor.sender import Sender, examine_dns, sending_hosts
from newsletter.doctor.sending import SendingHosts
from newsletter.doctor.setup import Setup, judge_settings
from newsletter.doctor.smtp import examine_smtp
from newsletter.doctor.web import Pages, examine_web
from newsletter.editions.slots import next_slot
from newsletter.errors import (
    AddressError,
    DkimKeyError,
    LinkError,
    MessageRefusedError,
    NewsletterError,
    SettingsError,
    StoreError,
    TransportError,
)
from newsletter.mailboxes.imap import ImapMailbox
from newsletter.messages.checks import check_rendering
from newsletter.model.clock import Clock
from newsletter.model.editions import MailingList
from newsletter.model.findings import Finding, fail, ok, warn
from newsletter.model.keys import PublishedKey
from newsletter.model.readers import Letter, LetterKind
from newsletter.model.subscribers import Cadence
from newsletter.settings import Settings
from newsletter.store.patience import apart
from newsletter.store.store import Store
from newsletter.subscribe import parse_address

#: Longest wait for one reply of a mail server, and for all of a visit, s: nobody waits minutes for a doctor.
_REPLY_SECONDS, _VISIT_SECONDS = 6.0, 15.0
#: What an edition is taken to be as long as there is none, bytes.
_USUAL_BYTES = 200_000
#: Stand for what is not set yet, and for a reader: a sample goes to nobody.
_STAND_IN_SENDER, _STAND_IN_KEY = "sender@example.org", "stands in for a key"
_NOBODY_ADDRESS, _NOBODY = "reader@example.org", 0


class Looks:
    """One examination: a method for each group of checks.

    Args:
        settings: What is in force.
        lists: Those whose senders are looked at.
        every_list: All lists of the install.
        outside: How the network is reached.
        clock: Returns the time, UTC.
        facts: What the store shows.
    """

    def __init__(
        self,
        settings: Settings,
        lists: Sequence[MailingList],
        *,
        every_list: Sequence[MailingList],
        outside: Outside,
        clock: Clock,
        facts: Facts,
    ) -> None:
        self._settings = settings
        # What is missing or wrong is told once, by the settings; mails can be tried all the same.
        self._known = [one for one in lists if _is_address(one.sender_address)]
        self._lists = [
            one if one in self._known else replace(one, sender_address=_STAND_IN_SENDER) for one in lists
        ]
        self._every_list = every_list
        self._outside = outside
        self._clock = clock
        self._facts = facts
        self._names = Names(settings.dns_servers)

    async def settings(self, oddities: Sequence[str], env_file: Path) -> list[Finding]:
        """Look at the settings."""
        values, now = self._settings, self._clock()
        problems = await apart(partial(_problems, values, self._every_list))
        lengths = map(len, values.signing_keys)
        return judge_settings(
            Setup(
                problems=problems,
                oddities=tuple(oddities),
                shortest_key=min(lengths, default=None),
                without_address=tuple(one.name for one in self._lists if not one.postal_address),
                slots=tuple(_slot_in_words(one, now) for one in self._lists),
                env_file=env_file,
                has_secrets=bool(values.secret_values()),
            )
        )

    async def store(self) -> list[Finding]:
        """Look at the store and at the room for it."""
        condition, values = self._facts.condition, self._settings
        places = [condition.file.parent] if condition.file else []
        if values.transport == "file":
            places.append(values.outbox_folder)
        times = judge_times(self._facts.newest, now=self._clock())
        return [*judge_store(condition), *times, *await apart(partial(judge_disks, places))]

    async def folders(self) -> list[Finding]:
        """Look at the folders that are read, and at the one that is written."""
        return await apart(self._folders)

    def _folders(self) -> list[Finding]:
        values = self._settings
        is_set = "folders" in values.model_fields_set or any(one.folders for one in values.lists)
        found = judge_folders(values.all_folders(), setting="FOLDERS", is_set=is_set)
        maildirs = [Path(box).expanduser() for box in values.mailboxes if "://" not in box]
        found += judge_folders(maildirs, setting="MAILBOXES")
        try:
            news_boxes(values)
        except SettingsError as error:
            found.append(fail("folders.mailboxes", str(error), "write the password into its address"))
        found.append(self._bounces())
        if values.transport == "file":
            found.append(judge_outbox(values.outbox_folder))
        try:
            wiring.template_folders(values)
        except SettingsError as error:
            found.append(
                fail("folders.templates", str(error), "correct TEMPLATE_FOLDER, or empty it to use ours")
            )
        return found

    def _bounces(self) -> Finding:
        values, check = self._settings, "folders.bounces"
        try:
            places = mailboxes(values)
        except SettingsError as error:
            return fail(check, str(error), "set it, in .env")
        if values.bounce_mailbox is not None:
            return judge_mailbox(values.bounce_mailbox.expanduser())
        if places or values.webhook_key.get_secret_value():
            return ok(check, "bounces are read, or posted to us")
        what = "bounces are read from nowhere: who is gone is mailed again and again"
        return warn(check, what, "set BOUNCE_MAILBOX or BOUNCE_IMAP_HOST, or let your provider post bounces")

    async def imap(self) -> list[Finding]:
        """Sign in to the accounts that bounces and news are read from."""
        looks = [
            apart(partial(examine_account, check, self._hurried(box))) for check, box in self._accounts()
        ]
        return list(await asyncio.gather(*looks))

    @property
    def has_accounts(self) -> bool:
        """Whether any mailbox is on a server."""
        return bool(self._accounts())

    def _hurried(self, box: ImapMailbox) -> ImapMailbox:
        tls = self._outside.tls
        return replace(box, timeout_seconds=_REPLY_SECONDS, session_seconds=_VISIT_SECONDS, context=tls)

    def _accounts(self) -> list[tuple[str, ImapMailbox]]:
        """Return the accounts by the name of their check; what is set by half is told of with the folders."""
        found: list[tuple[str, object]] = []
        with suppress(SettingsError):
            found += [("imap.bounces", box) for box in mailboxes(self._settings)]
        with suppress(SettingsError):
            found += [("imap.news", one.box) for one in news_boxes(self._settings)]
        return [(check, box) for check, box in found if isinstance(box, ImapMailbox)]

    async def mail(self) -> list[Finding]:
        """Make a mail of each kind."""
        return await apart(self._mails)

    async def smtp(self) -> list[Finding]:
        """Visit the mail server."""
        values = self._settings
        if values.transport != "smtp" or not values.smtp_host:
            return []
        server = replace(
            wiring.smtp_server(values),
            timeouts=Timeouts.scaled(min(values.smtp_timeout_seconds, _REPLY_SECONDS)),
            message_deadline_seconds=_VISIT_SECONDS,
        )
        try:
            transport = SmtpTransport(server, tls_context=self._outside.tls)
        except TransportError as error:
            return [fail("smtp.tls", str(error), "set SMTP_SECURITY=starttls, or tls with SMTP_PORT=465")]
        senders = list(dict.fromkeys(self._envelope_sender(one) for one in self._known))
        size = max(
            [_USUAL_BYTES, *(len(one.html) + len(one.text) for one in self._facts.renderings.values())]
        )
        return await examine_smtp(transport, server, senders=senders, size=size, clock=self._clock)

    async def web(self) -> list[Finding]:
        """Look readers' pages up."""
        links = wiring.link_signer(self._settings) if self._settings.signing_keys else None
        if links is None:
            return []
        link = links.unsubscribe_url(subscriber_id=_NOBODY, list_name=self._lists[0].audience_name)
        pages = Pages(url=self._settings.public_url, link_of_nobody=link)
        return await examine_web(pages, self._names, self._outside, clock=self._clock)

    async def dns(self) -> list[Finding]:
        """Look up what receivers look up."""
        values = self._settings
        if not self._known:
            return []
        found: list[Finding] = []
        keys: list[PublishedKey] = []
        try:
            keys = await apart(Keys(values, self._known).published)
        except DkimKeyError as error:
            found.append(
                fail("dns.dkim", str(error), "correct DKIM_KEYS, or make keys: newsletter dkim generate")
            )
        signs = bool(values.dkim_keys)
        return found + await examine_dns(self._senders(), keys, self._names, await self._hosts(), signs=signs)

    async def _hosts(self) -> SendingHosts | None:
        """Return where mail leaves from; None while it goes nowhere."""
        values = self._settings
        if values.transport != "smtp" or not values.smtp_host:
            return None
        own = await apart(self._own_addresses) if is_local(values.smtp_host) else None
        return await sending_hosts(values.smtp_host, self._names, own=own)

    def _senders(self) -> list[Sender]:
        senders = []
        for one in self._known:
            sender = Sender(
                domain=one.sender_domain,
                envelope_domain=self._envelope_sender(one).rpartition("@")[2],
                reply_domain=wiring.ascii_domain(one.contact_address).rpartition("@")[2],
                reports_to=one.contact_address,
            )
            senders.append(sender)
        return list(dict.fromkeys(senders))

    def _envelope_sender(self, mailing_list: MailingList) -> str:
        return wiring.ascii_domain(self._settings.bounce_address) or mailing_list.sender_address

    def _own_addresses(self) -> list[str]:
        """Return the public addresses of this machine."""
        own = self._outside.own_addresses()
        return [address for address in own if self._outside.is_public(ip_address(address))]

    def _mails(self) -> list[Finding]:
        now = self._clock()
        values = self._settings
        if values.public_url and not values.signing_keys:
            values = values.model_copy(update={"secret_keys": (SecretStr(_STAND_IN_KEY),)})
        try:
            wiring.stationery(values, self._lists)
            wiring.template_folders(values)
        except NewsletterError as error:
            return [warn("mail.edition", f"no mail was tried: {error}", "correct the setting that it names")]
        found: list[Finding] = []
        for one in self._lists:
            found += examine_edition(one.name, partial(_sample, values, one, now))
            latest = self._facts.renderings.get(one.name)
            if latest is not None:
                found += judge_size(len(latest.html.encode("utf-8")), one.name)
        if values.public_url:
            kinds = list(LetterKind)
            found += [
                examine_letter(kind.value, partial(_letter, values, self._lists, kind, now)) for kind in kinds
            ]
        return found


def _problems(values: Settings, lists: Sequence[MailingList]) -> tuple[str, ...]:
    """Return what keeps an install from sending, a line for each setting."""
    try:
        checks.check_sending(values, lists)
    except LinkError as error:
        return (f"PUBLIC_URL: {error}",)
    except AddressError as error:
        return (f"BOUNCE_ADDRESS: {error}",)
    except NewsletterError as error:
        return tuple(str(error).splitlines())
    return ()


def _is_address(text: str) -> bool:
    try:
        return bool(parse_address(text))
    except AddressError:
        return False


def _sample(values: Settings, mailing_list: MailingList, now: datetime) -> bytes:
    """Return a message of a sample edition, as a reader would get it.

    Raises:
        NewsletterError: It cannot be made.
    """
    own_press = press(values, mailing_list)
    edition = sample_edition(mailing_list, now=now)
    rendering = own_press.renderer.render_edition(
        edition,
        mailing_list,
        view_url=own_press.view_url(mailing_list.name, edition.number),
        has_preferences=own_press.has_preferences,
        unsubscribe_address=own_press.unsubscribe_address,
    )
    if problems := check_rendering(rendering, edition):
        raise MessageRefusedError(*problems)
    return Copies(values, [mailing_list], _unopened).make(_NOBODY_ADDRESS, rendering, now=now).content


def _unopened() -> Store:
    """Stand for the store, which a sample does not need."""
    raise StoreError("a sample edition is not in the store")


def _letter(values: Settings, lists: Sequence[MailingList], kind: LetterKind, now: datetime) -> bytes:
    """Return a letter to nobody.

    Raises:
        NewsletterError: It cannot be made.
    """
    links = wiring.link_signer(values)
    assert links is not None  # noqa: S101 - only asked for where there are pages
    letter = Letter(
        id=_NOBODY,
        kind=kind,
        address=parse_address(_NOBODY_ADDRESS),
        list_names=(lists[0].name,),
        cadence=Cadence.EACH,
        asked_at=now,
        attempts=0,
        subscriber_id=_NOBODY,
    )
    return letter_desk(values, lists, links).write(letter, now=now).content


def _slot_in_words(mailing_list: MailingList, now: datetime) -> str:
    slot = next_slot(mailing_list.schedule, mailing_list.time_zone, now)
    there = slot.astimezone(ZoneInfo(mailing_list.time_zone))
    return f"{mailing_list.name} comes next on {there:%a %d %b %Y at %H:%M}, {mailing_list.time_zone}"
