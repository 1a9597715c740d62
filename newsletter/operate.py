"""Operate: what an operator looks up and decides about the deliveries of an edition."""

from collections.abc import Collection, Iterator
from datetime import datetime

from newsletter import model
from newsletter.errors import SettingsError, SubscriberError
from newsletter.model.deliveries import DeliveryRecord, DeliveryState, Resolution
from newsletter.model.editions import EditionState, PublishedEdition
from newsletter.model.subscribers import Address
from newsletter.store.store import Store


class Operator:
    """Looks at the outbox and rules over it, also while another process is sending from it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def edition(self, list_name: str, number: int | None = None) -> "model.status.EditionStatus":
        """Return one of a list's editions, the latest if no number is given, and how it stands.

        Raises:
            SettingsError: There is no such edition.
        """
        latest = self._store.editions.latest(list_name)
        if not latest:
            raise SettingsError(f"{list_name} has no edition yet: newsletter send publishes one")
        found = latest[0] if number is None else self._store.editions.numbered(list_name, number)
        if found is None:
            raise SettingsError(
                f"{list_name} has no edition No. {number}; the latest is No. {latest[0].number}"
            )
        from newsletter.model.status import EditionStatus

        return EditionStatus(edition=found, counts=self._store.deliveries.counts(found.id))

    def deliveries(
        self,
        edition: PublishedEdition,
        *,
        states: Collection[DeliveryState] = (),
        address: Address | None = None,
        limit: int | None = None,
    ) -> Iterator[DeliveryRecord]:
        """Yield an edition's deliveries, in flat memory.

        Args:
            edition: The edition.
            states: Only in these states; empty: in any.
            address: Only this reader's.
            limit: How many at most.

        Raises:
            SubscriberError: The reader was not among its audience.
        """
        if address is not None:
            self._check_reader(edition, address)
        key = address.key if address else None
        return self._store.operations.listed(edition.id, states=states, address_key=key, limit=limit)

    def reader(self, address: Address, *, limit: int) -> "model.status.ReaderStatus":
        """Return how a reader stands with all lists, with the latest deliveries.

        Raises:
            SubscriberError: Nobody has the address, and it is not suppressed.
        """
        from newsletter.model.status import ReaderStatus

        status = ReaderStatus(
            address=address,
            suppressed=self._store.subscribers.suppression(address),
            subscriptions=self._store.subscribers.subscriptions(address),
            deliveries=tuple(self._store.operations.of_reader(address.key, limit=limit)),
        )
        if not (status.suppressed or status.subscriptions or status.deliveries):
            raise SubscriberError(f"nobody has the address {address.display}, on any list")
        return status

    def retry(
        self,
        edition: PublishedEdition,
        *,
        states: Collection[DeliveryState],
        address: Address | None = None,
        now: datetime,
    ) -> int:
        """Queue failed or deferred deliveries again, as if they had never been tried; return how many.

        Raises:
            SettingsError: The edition is cancelled.
            SubscriberError: The reader was not among its audience, or is suppressed.
        """
        self._check_not_cancelled(edition)
        if address is not None:
            self._check_reader(edition, address)
            self._check_not_suppressed(address)
        return self._store.operations.retry(
            edition.id, states=states, address_key=address.key if address else None, now=now
        )

    def resolve(
        self,
        edition: PublishedEdition,
        resolution: Resolution,
        *,
        address: Address | None = None,
        now: datetime,
    ) -> int:
        """Settle what became of uncertain deliveries; return how many there were.

        Raises:
            SettingsError: They are to be sent again, and the edition is cancelled.
            SubscriberError: The reader was not among its audience, or is suppressed and was to get it again.
        """
        if resolution is Resolution.RESEND:
            self._check_not_cancelled(edition)
        if address is not None:
            self._check_reader(edition, address)
            if resolution is Resolution.RESEND:
                self._check_not_suppressed(address)
        return self._store.operations.resolve(
            edition.id, resolution, address_key=address.key if address else None, now=now
        )

    def pause(self, edition: PublishedEdition) -> bool:
        """Let nothing more of an edition be begun; return False if it is paused already.

        Raises:
            SettingsError: The edition is cancelled.
        """
        self._check_not_cancelled(edition)
        return self._store.operations.pause(edition.id)

    def resume(self, edition: PublishedEdition, *, now: datetime) -> int | None:
        """Let a paused edition go on; return how many readers wait, or None if it is not paused.

        Raises:
            SettingsError: The edition is cancelled.
        """
        self._check_not_cancelled(edition)
        return self._store.operations.resume(edition.id, now=now)

    def cancel(self, edition: PublishedEdition, *, now: datetime) -> int:
        """End an edition for everybody who is waiting for it; return how many that were."""
        return self._store.operations.cancel(edition.id, now=now) or 0

    def _check_not_cancelled(self, edition: PublishedEdition) -> None:
        if edition.state is EditionState.CANCELLED:
            name = f"No. {edition.number} of {edition.list_name}"
            raise SettingsError(f"{name} was cancelled, and nothing of it goes out any more")

    def _check_reader(self, edition: PublishedEdition, address: Address) -> None:
        if not any(self._store.operations.listed(edition.id, address_key=address.key, limit=1)):
            raise SubscriberError(
                f"{address.display} is not among the readers of No. {edition.number} of {edition.list_name}"
            )

    def _check_not_suppressed(self, address: Address) -> None:
        reason = self._store.subscribers.suppression(address)
        if reason is not None:
            raise SubscriberError(
                f"{address.display} is suppressed ({reason.value}) and would not be mailed; "
                f"newsletter subscribers lift {address.display} ends that"
            )
