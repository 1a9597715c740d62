"""Who is on an install's lists, as its operator has it."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TextIO

from newsletter import subscribe
from newsletter.model.editions import MailingList
from newsletter.model.subscribers import AddReport, Address, Subscriber, SubscriptionState
from newsletter.store.store import Store


class Subscribers:
    """Who is put on lists, taken off them, imported, exported and erased by the operator.

    A weekly digest has no subscribers of its own: its verbs are about those of its list.
    """

    def __init__(self, open_store: Callable[[], Store]) -> None:
        """Bind the verbs; the store is opened at first use."""
        self._open_store = open_store

    def address(self, text: str) -> Address:
        """Read a mail address; see `newsletter.subscribe.parse_address`.

        Raises:
            AddressError: It is not a usable address, with the reason.
        """
        return subscribe.parse_address(text)

    def listed(
        self, mailing_list: MailingList, state: SubscriptionState | None = None
    ) -> Iterator[Subscriber]:
        """Yield a list's subscribers, or those in one state, in the order they came."""
        return self._open_store().subscribers.listed(mailing_list.audience_name, state)

    def add(self, mailing_list: MailingList, address: str, *, name: str = "", now: datetime) -> AddReport:
        """Put one address on a list; see `newsletter.subscribe.add`."""
        return subscribe.add(
            self._open_store(),
            mailing_list.audience_name,
            address,
            name=name,
            source="added by the operator",
            now=now,
        )

    def import_csv(
        self,
        mailing_list: MailingList,
        lines: Iterable[str],
        *,
        source: str,
        now: datetime,
        dry_run: bool = False,
    ) -> Iterator[AddReport]:
        """Put the addresses of a CSV file on a list; see `newsletter.subscribe.import_csv`."""
        return subscribe.import_csv(
            self._open_store(),
            mailing_list.audience_name,
            lines,
            source=source,
            now=now,
            dry_run=dry_run,
            offers_weekly=bool(mailing_list.weekly_schedule),
        )

    def export_csv(self, mailing_list: MailingList, file: TextIO) -> int:
        """Write a list's subscribers as CSV; see `newsletter.subscribe.export_csv`."""
        return subscribe.export_csv(self._open_store(), mailing_list.audience_name, file)

    def remove(self, mailing_list: MailingList, address: str, *, suppress: bool, now: datetime) -> str:
        """Take an address off a list; see `newsletter.subscribe.remove`."""
        store, name = self._open_store(), mailing_list.audience_name
        return subscribe.remove(store, name, address, suppress=suppress, now=now)

    def suppress(self, address: str, *, now: datetime) -> str:
        """Never mail an address again, on any list; see `newsletter.subscribe.suppress`."""
        return subscribe.suppress(self._open_store(), address, now=now)

    def lift(self, address: str) -> str:
        """Let a suppressed address be mailed again; see `newsletter.subscribe.lift`."""
        return subscribe.lift(self._open_store(), address)

    def erase(self, address: str) -> str:
        """Forget an address on all lists; see `newsletter.subscribe.erase`."""
        return subscribe.erase(self._open_store(), address)
