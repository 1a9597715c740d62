"""From settings to parts: transport, press, stationery.

Together with `newsletter.app` it is the composition root: nothing else chooses a back end.
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from newsletter import settings as settings_room
from newsletter.bound.outgoing import Outgoing, Paper, StorePlace, transport_to
from newsletter.deliver.postbag import Postbag, Stationery
from newsletter.deliveries.server import Habits, SmtpSecurity, SmtpServer, Timeouts
from newsletter.deliveries.transport import Transport
from newsletter.errors import AddressError, SettingsError
from newsletter.messages.links import LinkSigner
from newsletter.messages.verp import ReturnPath
from newsletter.model.deliveries import RetryPolicy
from newsletter.model.editions import MailingList, weekly_of
from newsletter.model.feedback import BouncePolicy
from newsletter.settings import Settings


def link_signer(values: Settings) -> LinkSigner | None:
    """Return what signs readers' links, or None without web pages.

    Raises:
        SettingsError: There is no key.
    """
    if not values.public_url:
        return None
    return LinkSigner(public_url=values.public_url, keys=secret_keys(values, "PUBLIC_URL"))


def secret_keys(values: Settings, needed_by: str) -> list[str]:
    """Return the keys that sign links and return paths.

    Raises:
        SettingsError: There is none.
    """
    keys = values.signing_keys
    if not keys:
        raise SettingsError(
            f"SECRET_KEYS is not set, and {needed_by} needs it to sign readers' links: "
            f"SECRET_KEYS={secrets.token_urlsafe(32)} is a fresh one"
        )
    return keys


def stationery(values: Settings, lists: Sequence[MailingList]) -> Stationery:
    """Return what is put on each message besides the edition.

    Raises:
        SettingsError: A key is missing that signs links or return paths.
        DkimKeyError: A DKIM key cannot be read, or a domain cannot sign.
        AddressError: BOUNCE_ADDRESS leaves no room for a token.
    """
    return _paper(values, lists).stationery()


def _paper(values: Settings, lists: Sequence[MailingList]) -> Paper:
    for needed_by, value in (("BOUNCE_ADDRESS", values.bounce_address), ("PUBLIC_URL", values.public_url)):
        if value:
            secret_keys(values, needed_by)
    return Paper(
        public_url=values.public_url,
        bounce_address=ascii_domain(values.bounce_address),
        keys=tuple(values.signing_keys),
        dkim_keys=tuple(values.dkim_keys),
        dkim_domain=values.dkim_domain,
        sender_domains=tuple(sender_domains(lists)),
    )


def template_folders(values: Settings) -> tuple[Path, ...]:
    """Return where templates lie: the operator's own folder, if there is one, before ours.

    Raises:
        SettingsError: The operator's own holds no template.
    """
    own = [values.template_folder] if values.template_folder else []
    for folder in own:
        _check_template_folder(folder)
    return (*own, settings_room.packaged("templates"))


def transport(values: Settings) -> Transport:
    """Return where messages go.

    Raises:
        TransportError: They would go there in clear.
    """
    return transport_to(_server(values), values.outbox_folder)


def _server(values: Settings) -> SmtpServer | None:
    return None if values.transport == "file" else smtp_server(values)


def smtp_server(values: Settings) -> SmtpServer:
    """Return how the mail server is reached."""
    return SmtpServer(
        host=values.smtp_host,
        port=values.smtp_port,
        security=SmtpSecurity(values.smtp_security),
        username=values.smtp_username,
        password=values.smtp_password.get_secret_value(),
        connections=values.smtp_connections,
        messages_per_connection=values.smtp_messages_per_connection,
        connection_seconds=values.smtp_connection_seconds,
        timeouts=Timeouts.scaled(values.smtp_timeout_seconds),
        message_deadline_seconds=values.smtp_deadline_seconds,
        habits=_habits(values.smtp_host, values.smtp_port),
    )


@cache
def _habits(_host: str, _port: int) -> Habits:
    """Return what is known of a server, for as long as this process lives."""
    return Habits()


def bounce_policy(values: Settings) -> BouncePolicy:
    """Return when soft bounces suppress an address."""
    return BouncePolicy(limit=values.bounce_score_limit, stale_days=values.bounce_stale_days)


def account(values: Settings) -> str:
    """Return the name under which the store keeps the rates and the troubles of the account in use."""
    if values.transport == "file":
        return "file"
    return f"{values.smtp_username}@{values.smtp_host}:{values.smtp_port}".removeprefix("@")


def outgoing(values: Settings, lists: Sequence[MailingList]) -> Outgoing:
    """Return how deliveries go out, in plain values.

    Raises:
        SettingsError: A key is missing that signs links or return paths.
    """
    return Outgoing(
        server=_server(values),
        outbox_folder=values.outbox_folder,
        retry=RetryPolicy(
            delays_seconds=tuple(round(60 * minutes) for minutes in values.retry_minutes),
            give_up_after_seconds=int(values.give_up_hours * 3600),
        ),
        uncertain=values.uncertain_policy,
        bounces=bounce_policy(values),
        account=account(values),
        rates=values.smtp_rates if values.transport == "smtp" else (),
        shared=values.send_workers > 1,
        domain_connections=values.smtp_domain_connections,
        paper=_paper(values, lists),
    )


def store_place(values: Settings) -> StorePlace:
    """Return where the store is."""
    return StorePlace(
        url=values.database_url,
        synchronous=values.sqlite_synchronous,
        suppression_key=values.suppression_key.get_secret_value(),
    )


def postbag(values: Settings, lists: Sequence[MailingList]) -> Postbag:
    """Return how deliveries go out.

    Raises:
        NewsletterError: As `outgoing` and `Outgoing.postbag`.
    """
    return outgoing(values, lists).postbag()


def return_path(values: Settings) -> ReturnPath | None:
    """Return what makes and reads envelope senders with a token; None without BOUNCE_ADDRESS.

    Raises:
        SettingsError: There is no key.
        AddressError: A token has no place in the address.
    """
    if not values.bounce_address:
        return None
    return ReturnPath(ascii_domain(values.bounce_address), secret_keys(values, "BOUNCE_ADDRESS"))


def _check_template_folder(folder: Path) -> None:
    """See that a folder holds at least one template: a misspelt name would be passed over in silence."""
    if not folder.is_dir():
        raise SettingsError(f"TEMPLATE_FOLDER: {str(folder)!r} is not a folder")
    own = settings_room.packaged("templates")
    names = sorted(str(path.relative_to(own)) for path in own.rglob("*") if path.is_file())
    if not any((folder / name).is_file() for name in names):
        raise SettingsError(f"TEMPLATE_FOLDER: {str(folder)!r} holds none of {', '.join(names)}")


def series(lists: Sequence[MailingList]) -> tuple[MailingList, ...]:
    """Return each list, and behind it its weekly digest: of two slots at once, the list's comes first."""
    found = [one for mailing_list in lists for one in (mailing_list, weekly_of(mailing_list))]
    return tuple(filter(None, found))


def sender_domains(lists: Sequence[MailingList]) -> list[str]:
    """Return the domains that lists send from, each once."""
    return list(dict.fromkeys(one.sender_domain for one in lists if one.sender_domain))


def with_ascii_domains(mailing_list: MailingList) -> MailingList:
    """Return a list with the domains of its addresses as A-labels."""
    return replace(
        mailing_list,
        sender_address=ascii_domain(mailing_list.sender_address),
        reply_to=ascii_domain(mailing_list.reply_to),
    )


def ascii_domain(address: str) -> str:
    """Return an address with its domain as A-labels, the form that every header can hold."""
    mailbox, _, domain = address.rpartition("@")
    if address.isascii():
        return f"{mailbox}@{domain.lower()}" if mailbox else address
    # What reads addresses takes as long to load as it takes to send a thousand mails.
    from newsletter.subscribe import parse_address

    try:
        return f"{mailbox}@{parse_address(address).domain}"
    except AddressError:
        return address
