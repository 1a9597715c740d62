"""Families: lists that are one another in several languages; a reader is on one of them."""

from collections.abc import Iterable, Sequence

from newsletter.errors import SubscriberError
from newsletter.model.editions import MailingList


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
            families.setdefault(by_name[name].translation_of or name, []).append(name)
    for names in families.values():
        if len(names) > 1 and not before.issuperset(names):
            titles = " and ".join(by_name[name].title for name in names)
            raise SubscriberError(f"{titles} are one newsletter in several languages: choose one of them")
