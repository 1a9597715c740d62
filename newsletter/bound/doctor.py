"""The examination of an install before it sends, bound to its settings."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from newsletter.bound.copies import Copies
from newsletter.bound.facts import Facts
from newsletter.doctor import Look, examine
from newsletter.doctor.outside import Outside
from newsletter.doctor.setup import unreadable_settings
from newsletter.errors import SettingsError, StoreError
from newsletter.model.clock import Clock
from newsletter.model.editions import MailingList
from newsletter.model.findings import Examination, Finding, warn
from newsletter.settings import Settings
from newsletter.store.condition import Condition, condition_of
from newsletter.store.patience import apart
from newsletter.store.store import Store

#: Longest wait for the store, s.
_STORE_SECONDS = 8.0
#: Groups of checks that need the network.
_NETWORK_GROUPS = ("smtp", "imap", "web", "dns")


class Doctor:
    """Looks an install over; nothing is changed, and nobody is mailed.

    Args:
        settings: What is in force.
        lists: The lists of the install.
        open_store: Opens the store; called only where its tables are up to date.
        outside: How the network is reached.
    """

    def __init__(
        self,
        settings: Settings,
        lists: Sequence[MailingList],
        open_store: Callable[[], Store],
        outside: Outside | None = None,
    ) -> None:
        self._settings = settings
        self._lists = tuple(lists)
        self._open_store = open_store
        self._outside = outside or Outside()

    async def examine(
        self,
        *,
        clock: Clock,
        lists: Sequence[MailingList] = (),
        only: Collection[str] = (),
        network: bool = True,
        oddities: Sequence[str] = (),
        folder: Path | None = None,
    ) -> Examination:
        """Look at everything, or at some of it.

        Args:
            clock: Returns the time, UTC.
            lists: Those whose senders are looked at; empty: all.
            only: Groups or checks that are wanted; empty: all.
            network: Whether anything outside this machine may be asked.
            oddities: What is odd about the settings, a line for each.
            folder: Where `.env` is; the working directory when None.
        """
        # What asks servers takes long to import.
        from newsletter.bound.looks import Looks

        own = Looks(
            self._settings,
            lists or self._lists,
            every_list=self._lists,
            outside=self._outside,
            clock=clock,
            facts=await self._facts_in_time(),
        )
        looks: dict[str, Look] = {
            "settings": partial(own.settings, oddities, (folder or Path()) / ".env"),
            "store": own.store,
            "folders": own.folders,
            "mail": own.mail,
            "smtp": own.smtp,
            "imap": own.imap,
            "web": own.web,
            "dns": own.dns,
        }
        if not network:
            asking = [one for one in _NETWORK_GROUPS if one != "imap" or own.has_accounts]
            looks |= {group: partial(_left_out, group) for group in asking}
        return await examine(looks, only=only, now=clock())

    @staticmethod
    def unreadable(error: SettingsError, *, now: datetime) -> Examination:
        """Return what an examination comes to where the settings cannot be read."""
        return Examination(at=now, findings=tuple(unreadable_settings(error.problems)))

    async def _facts_in_time(self) -> Facts:
        try:
            async with asyncio.timeout(_STORE_SECONDS):
                return await apart(self._facts)
        except TimeoutError:
            problem = f"it does not answer in {_STORE_SECONDS:g} s"
            return Facts(condition=Condition(place="DATABASE_URL", problem=problem))

    def _facts(self) -> Facts:
        """Look at the store, and read the latest editions if it can be read."""
        try:
            condition = condition_of(self._settings.database_url)
        except StoreError as error:
            return Facts(condition=Condition(place="DATABASE_URL", problem=str(error)))
        if condition.problem or condition.revision != condition.newest_revision:
            return Facts(condition=condition)
        copies = Copies(self._settings, self._lists, self._open_store)
        try:
            latest = {one.name: copies.latest(one) for one in self._lists}
        except StoreError as error:
            return Facts(condition=replace(condition, problem=str(error)))
        found = {name: edition for name, edition in latest.items() if edition is not None}
        return Facts(
            # Opening a SQLite file gives it a write-ahead log, where its disk can have one.
            condition=condition if condition.journal == "wal" else condition_of(self._settings.database_url),
            renderings={name: rendering for name, (_, rendering) in found.items()},
            newest=max((edition.created_at for edition, _ in found.values()), default=None),
        )


async def _left_out(group: str) -> list[Finding]:
    return [warn(f"{group}.time", "not looked at (--no-network)", "look again without --no-network")]
