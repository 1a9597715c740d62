"""What must be right in the settings of an install before it can be used, or can send."""

from collections.abc import Sequence

from newsletter import wiring
from newsletter.editions.slots import check_schedule
from newsletter.errors import SettingsError
from newsletter.model.editions import MailingList
from newsletter.settings import Settings
from newsletter.stories.names import SUMMARIZER_NAMES


def check_lists(lists: Sequence[MailingList]) -> None:
    """Check what can be checked of lists without opening anything.

    Raises:
        SettingsError: A name stands twice; a schedule, a time zone or a summarizer is wrong; or a list is in
            another language what is no list.
    """
    names = [mailing_list.name for mailing_list in lists]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise SettingsError(f"LISTS: {', '.join(repeated)} is there more than once; names must differ")
    for mailing_list in lists:
        check_schedule(mailing_list.schedule, mailing_list.time_zone)
        if mailing_list.weekly_schedule:
            check_schedule(mailing_list.weekly_schedule, mailing_list.time_zone, setting="WEEKLY_SCHEDULE")
        _check_translation(mailing_list, lists)
        if mailing_list.summarizer not in SUMMARIZER_NAMES:
            raise SettingsError(
                f"SUMMARIZER: {mailing_list.summarizer!r} is not one of {', '.join(SUMMARIZER_NAMES)}"
            )


def _check_translation(mailing_list: MailingList, lists: Sequence[MailingList]) -> None:
    """See that what a list is in another language is another list, which stands for itself."""
    original = mailing_list.translation_of
    if not original:
        return
    others = {one.name: one for one in lists if one is not mailing_list}
    if original not in others:
        known = ", ".join(others) or "there is none"
        raise SettingsError(
            f"TRANSLATION_OF: {mailing_list.name} names {original!r}, which is not another list ({known})"
        )
    if others[original].translation_of:
        raise SettingsError(
            f"TRANSLATION_OF: {mailing_list.name} names {original!r}, which is a translation itself: "
            f"name {others[original].translation_of!r}"
        )


def check_sending(values: Settings, lists: Sequence[MailingList]) -> None:
    """Check that everything is set that sending needs.

    Raises:
        SettingsError: With one line for each setting that is missing or wrong.
    """
    problems = []
    if values.transport == "smtp" and not values.smtp_host:
        problems.append("SMTP_HOST is not set: the server that takes your mail, such as smtp.example.org")
    if values.smtp_username and not values.smtp_password.get_secret_value():
        problems.append("SMTP_PASSWORD is not set, and SMTP_USERNAME is")
    for mailing_list in lists:
        problems += _check_addresses(mailing_list, values)
    problems += _check_links(values)
    if problems:
        raise SettingsError(*dict.fromkeys(problems))
    wiring.transport(values)
    wiring.stationery(values, lists)


def _check_links(values: Settings) -> list[str]:
    """Return one line for each setting without which the links in mails would lead nowhere."""
    problems = []
    if not values.public_url:
        problems.append(
            "PUBLIC_URL is not set: the https address of the readers' web pages, such as "
            "https://news.example.org, that the links in every mail lead to"
        )
    try:
        wiring.secret_keys(values, "PUBLIC_URL")
    except SettingsError as error:
        problems += error.problems
    return problems


def _check_addresses(mailing_list: MailingList, values: Settings) -> list[str]:
    """Return one line for each address of a list that is missing or wrong."""
    if not mailing_list.sender_address:
        return ["SENDER_ADDRESS is not set: the address that your mail comes from"]
    # As in `wiring.ascii_domain`: a sender has no address to read.
    from newsletter.subscribe import parse_address

    problems = []
    for key, value in (
        ("SENDER_ADDRESS", mailing_list.sender_address),
        ("REPLY_TO", mailing_list.reply_to),
        ("UNSUBSCRIBE_ADDRESS", values.unsubscribe_address),
        ("BOUNCE_ADDRESS", values.bounce_address),
    ):
        try:
            if value and not parse_address(value).key.isascii():
                problems.append(f"{key}: {value!r}: the part before the @ must be of ASCII letters")
        except ValueError as error:
            problems.append(f"{key}: {error}")
    return problems
