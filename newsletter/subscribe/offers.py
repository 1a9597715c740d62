"""What can be had: open lists, at the cadences that they offer; of one list in several languages, one."""

from collections.abc import Iterable, Sequence

from newsletter.errors import SubscriberError
from newsletter.model.editions import MailingList
from newsletter.model.subscribers import Cadence


def check_offer(
    mailing_list: MailingList | None, name: str, cadence: Cadence, *, is_on: bool = False
) -> None:
    """See that a list can be had at a cadence.

    Args:
        mailing_list: The list; None: no list is so named.
        name: What it was asked for by.
        cadence: How often its reader wants to be mailed.
        is_on: Whether the reader is on it already; such may stay, whether others can sign up or not.

    Raises:
        SubscriberError: It cannot.
    """
    if mailing_list is None or not (mailing_list.is_open or is_on):
        raise SubscriberError(f"nobody can sign up for {name!r} here")
    if cadence is Cadence.WEEKLY and not mailing_list.weekly_schedule:
        raise SubscriberError(f"{mailing_list.title} has no weekly mail: choose every edition")


def check_families(
    lists: Sequence[MailingList], chosen: Iterable[str], *, before: frozenset[str] = frozenset()
) -> None:
    """See that no list is chosen together with the same one in another language.

    Args:
        lists: All lists of the install.
        chosen: Names of lists.
        before: Those that the reader is on already; whoever came to be on two may stay so.

    Raises:
        SubscriberError: It is.
    """
    by_name = {mailing_list.name: mailing_list for mailing_list in lists}
    families: dict[str, list[str]] = {}
    for name in chosen:
        if name in by_name:
            families.setdefault(by_name[name].family, []).append(name)
    for names in families.values():
        if len(names) > 1 and not before.issuperset(names):
            titles = " and ".join(by_name[name].title for name in names)
            raise SubscriberError(f"{titles} are one newsletter in several languages: choose one of them")
