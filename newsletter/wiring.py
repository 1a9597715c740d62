"""From settings to parts: transport, press, stationery.

Together with `newsletter.app` it is the composition root: nothing else chooses a back end.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from newsletter import settings as settings_room
from newsletter import subscribe
from newsletter.deliver import FindSigner, LetterDesk, Postbag, Stationery
from newsletter.deliveries.server import Habits, SmtpSecurity, SmtpServer, Timeouts
from newsletter.deliveries.transport import FileTransport, Transport
from newsletter.errors import AddressError, SettingsError
from newsletter.feedback import Intake
from newsletter.mailboxes.imap import ImapMailbox
from newsletter.mailboxes.local import Mailbox
from newsletter.messages.links import LinkSigner
from newsletter.messages.render import Renderer
from newsletter.messages.verp import ReturnPath, read_unsubscribe_token, unsubscribe_token
from newsletter.model.deliveries import RetryPolicy
from newsletter.model.editions import MailingList, weekly_of
from newsletter.model.feedback import BouncePolicy
from newsletter.model.stories import GroupingRules
from newsletter.publish import Newsroom, Press
from newsletter.settings import Settings
from newsletter.settings.values import mailbox_name
from newsletter.stories.news import RepeatRules
from newsletter.stories.rewriting.language_model import LanguageModel


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
    path = return_path(values)
    own_keys = values.signing_keys
    return Stationery(
        links=link_signer(values),
        return_path=path.address_for if path else None,
        unsubscribe_token=partial(unsubscribe_token, keys=own_keys) if own_keys else None,
        find_signer=_signing(values, lists),
    )


def _signing(values: Settings, lists: Sequence[MailingList]) -> FindSigner | None:
    """Return what finds signers of messages; what they need is imported only where there are keys."""
    if not values.dkim_keys:
        return None
    from newsletter import keys

    domains = sender_domains(lists)
    return keys.signing(values.dkim_keys, domain=values.dkim_domain, sender_domains=domains)


def _language_model(values: Settings) -> Callable[[], LanguageModel] | None:
    """Return what makes the language model of one draft, checked once; None where none is set."""
    if not values.llm_url:
        return None
    if not values.llm_model:
        raise SettingsError("LLM_MODEL: LLM_URL is set, so the model's name there is needed")
    make = partial(
        LanguageModel,
        url=values.llm_url,
        model=values.llm_model,
        key=values.llm_key.get_secret_value(),
        timeout_seconds=values.llm_timeout_seconds,
    )
    make()
    return make


def press(values: Settings, mailing_list: MailingList) -> Press:
    """Return what turns documents into a list's edition."""
    links = link_signer(values)

    def view_url(list_name: str, number: int) -> str | None:
        """Return the public address of an edition; None without web pages."""
        return links.view_url(list_name, number) if links else None

    return Press(
        renderer=Renderer(folders=template_folders(values)),
        view_url=view_url,
        has_preferences=links is not None,
        unsubscribe_address=ascii_domain(values.unsubscribe_address) or mailing_list.contact_address,
        places=_places(values, mailing_list),
        newsroom=newsroom(values),
    )


def _places(values: Settings, mailing_list: MailingList) -> tuple[str, ...]:
    """Return the folders and mailboxes that a list carries, by their names in the store."""
    if mailing_list.folders or mailing_list.sources is not None:
        return mailing_list.folders
    return (*map(str, values.all_folders()), *map(mailbox_name, values.mailboxes))


def template_folders(values: Settings) -> tuple[Path, ...]:
    """Return where templates lie: the operator's own folder, if there is one, before ours.

    Raises:
        SettingsError: The operator's own holds no template.
    """
    own = [values.template_folder] if values.template_folder else []
    for folder in own:
        _check_template_folder(folder)
    return (*own, settings_room.packaged("templates"))


def newsroom(values: Settings) -> Newsroom:
    """Return how documents become stories.

    Raises:
        SettingsError: A language model is set by half.
    """
    return Newsroom(
        grouping=GroupingRules(
            story_cutoff=values.story_cutoff,
            copy_cutoff=values.copy_cutoff,
            open_days=values.story_days,
        ),
        repeats=RepeatRules(repeat_cutoff=values.repeat_cutoff),
        document_seconds=values.document_seconds,
        language_model=_language_model(values),
    )


def transport(values: Settings) -> Transport:
    """Return where messages go.

    Raises:
        TransportError: They would go there in clear.
    """
    if values.transport == "file":
        return FileTransport(values.outbox_folder)
    from newsletter.deliveries.smtp import SmtpTransport

    return SmtpTransport(smtp_server(values))


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


def postbag(values: Settings, lists: Sequence[MailingList]) -> Postbag:
    """Return how deliveries go out."""
    return Postbag(
        transport=transport(values),
        retry=RetryPolicy(
            delays_seconds=tuple(round(60 * minutes) for minutes in values.retry_minutes),
            give_up_after_seconds=int(values.give_up_hours * 3600),
        ),
        uncertain=values.uncertain_policy,
        stationery=stationery(values, lists),
        bounces=bounce_policy(values),
        account=account(values),
        rates=values.smtp_rates if values.transport == "smtp" else (),
        shared=values.send_workers > 1,
        domain_connections=values.smtp_domain_connections,
    )


def letter_desk(values: Settings, lists: Sequence[MailingList], links: LinkSigner) -> LetterDesk:
    """Return how letters to those who sign up are written and go out."""
    return LetterDesk(
        bag=postbag(values, lists),
        renderer=Renderer(folders=template_folders(values)),
        links=links,
        lists=lists,
        return_path=return_path(values),
    )


def return_path(values: Settings) -> ReturnPath | None:
    """Return what makes and reads envelope senders with a token; None without BOUNCE_ADDRESS.

    Raises:
        SettingsError: There is no key.
        AddressError: A token has no place in the address.
    """
    if not values.bounce_address:
        return None
    return ReturnPath(ascii_domain(values.bounce_address), secret_keys(values, "BOUNCE_ADDRESS"))


def intake(values: Settings) -> Intake:
    """Return how what comes back is read, and when it is believed."""
    from newsletter.deliveries.bounces import parse_feedback

    keys = values.signing_keys
    path = return_path(values)
    return Intake(
        parse=parse_feedback,
        read_return_path=path.read if path else lambda _: None,
        read_letter=path.read_letter if path else lambda _: None,
        read_unsubscribe=lambda subject: read_unsubscribe_token(subject, keys) if keys else None,
        parse_address=subscribe.parse_address,
        policy=bounce_policy(values),
    )


def mailboxes(values: Settings) -> list[Path | Mailbox]:
    """Return where bounces are looked for.

    Raises:
        SettingsError: What the IMAP server needs is missing.
    """
    places: list[Path | Mailbox] = []
    if values.bounce_mailbox is not None:
        places.append(values.bounce_mailbox.expanduser())
    if values.bounce_imap_host:
        password = values.bounce_imap_password.get_secret_value()
        if not values.bounce_imap_username or not password:
            raise SettingsError(
                "BOUNCE_IMAP_USERNAME or BOUNCE_IMAP_PASSWORD is not set, and BOUNCE_IMAP_HOST is"
            )
        places.append(
            ImapMailbox(
                host=values.bounce_imap_host,
                port=values.bounce_imap_port,
                username=values.bounce_imap_username,
                password=password,
                folder=values.bounce_imap_folder,
            )
        )
    return places


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
    try:
        return f"{address.rpartition('@')[0]}@{subscribe.parse_address(address).domain}" if address else ""
    except AddressError:
        return address
