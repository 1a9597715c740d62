"""Advancing: the steps of deliveries that a sender holds, many in one transaction."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from newsletter.errors import StoreError
from newsletter.model.deliveries import DeliveryMark, DeliveryState, UncertainPolicy
from newsletter.model.feedback import BounceKind, BouncePolicy
from newsletter.store.accounts import Spending, spend
from newsletter.store.database import Database
from newsletter.store.keys import AddressHasher
from newsletter.store.marks import (
    OvertakenError,
    begin_sending,
    lock,
    settle_uncertain,
    subscriber_of,
    withhold_unwanted,
    write_mark,
    write_marks,
)
from newsletter.store.prepared import driver_of
from newsletter.store.rounds import advance_in_one_round
from newsletter.store.vouching import Vouched, accept_held, begin_vouched

log = logging.getLogger(__name__)

_BOUNCES = BouncePolicy()


@dataclass(frozen=True, kw_only=True)
class Advance:
    """What a group of steps came to."""

    #: Deliveries that may be handed to the server now.
    begun: frozenset[int]
    #: Results that came too late: another sender has taken the delivery over.
    overtaken: frozenset[int] = frozenset()


class Advancing:
    """Writes the steps of a sender at work."""

    def __init__(self, database: Database, hasher: AddressHasher) -> None:
        self._database = database
        self._hasher = hasher
        #: By the connection that writes at once.
        self._vouched = Vouched()

    def vouch(self, connection: Connection, ids: Iterable[int]) -> None:
        """Note that readers want what is being claimed, if it can be known how long that holds."""
        if self._database.writes_at_once:
            self._vouched.add(driver_of(connection), ids)

    def advance(
        self,
        *,
        begin: Sequence[int],
        marks: Sequence[DeliveryMark],
        accepted: Sequence[tuple[int, str]] = (),
        sender: str,
        policy: UncertainPolicy,
        bounces: BouncePolicy = _BOUNCES,
        spending: Spending | None = None,
        now: datetime,
    ) -> Advance:
        """Make the steps of several deliveries durable in one transaction.

        Args:
            begin: Deliveries that are about to be handed to a server.
            marks: Results of others.
            accepted: Others that were accepted, and the server's words as one line: the same as their marks,
                in less time.
            sender: The sender that claimed them all.
            policy: What to do with uncertain ones.
            bounces: When refusals suppress an address.
            spending: Whose rates the begun ones count for; None without rates.
            now: UTC.

        Returns:
            Which may go on, and which results came too late. A delivery that another sender has taken over,
            whose reader has left or paused, or whose edition was paused meanwhile, may not.
        """
        if not (begin or marks or accepted):
            return Advance(begun=frozenset())
        if not marks:
            with suppress(OvertakenError):
                if self._database.writes_at_once:
                    return self._advance_at_once(begin, accepted, sender, spending, now)
                if not self._database.is_sqlite and spending is None:
                    return self._advance_in_one_round(begin, accepted, sender, now)
        results = [*marks, *(DeliveryMark.accepted(*each) for each in accepted)]
        # Whoever erases a reader, or takes in a bounce, locks the same rows from the other end.
        return self._database.repeated(
            lambda: self._advance(begin, results, sender, policy, bounces, spending, now)
        )

    def _advance_at_once(
        self,
        begin: Sequence[int],
        accepted: Sequence[tuple[int, str]],
        sender: str,
        spending: Spending | None,
        now: datetime,
    ) -> Advance:
        """Do what most groups of steps come to, with as little ado as there can be.

        Raises:
            OvertakenError: It is more than that; nothing was done.
        """
        with self._database.transaction() as connection:
            if accepted and not accept_held(connection, accepted, sender, now):
                raise OvertakenError
            if not self._vouched.hold(driver_of(connection), begin):
                begun = begin_sending(connection, begin, sender, now)
            elif begin_vouched(connection, begin, sender, now):
                begun = frozenset(begin)
            else:
                raise OvertakenError
            if spending is not None and begun:
                spend(connection, spending, len(begun), now=now)
            return Advance(begun=begun)

    def _advance_in_one_round(
        self, begin: Sequence[int], accepted: Sequence[tuple[int, str]], sender: str, now: datetime
    ) -> Advance:
        """The same on PostgreSQL.

        Raises:
            OvertakenError: It is more than that; nothing was done.
        """

        def go() -> frozenset[int]:
            """Do it."""
            with self._database.single() as connection:
                return advance_in_one_round(
                    connection, accepted=accepted, begin=begin, sender=sender, now=now
                )

        begun = self._database.repeated(go)
        rest = [delivery_id for delivery_id in begin if delivery_id not in begun]
        if rest:
            self._leave_out(rest, sender, now)
        return Advance(begun=begun)

    def _leave_out(self, delivery_ids: Sequence[int], sender: str, now: datetime) -> None:
        """Take out of what could not be begun what its readers do not want; the others wait as they are."""

        def leave_out() -> None:
            """Do it in one transaction."""
            with self._database.transaction() as connection:
                lock(connection, delivery_ids)
                withhold_unwanted(connection, delivery_ids, sender, now)

        try:
            self._database.repeated(leave_out)
        except StoreError as error:
            # What was begun beside them is durable, and goes out. They are looked at again when claimed anew.
            log.warning("deliveries that may not go out are still held: %s", error)

    def _advance(
        self,
        begin: Sequence[int],
        marks: Sequence[DeliveryMark],
        sender: str,
        policy: UncertainPolicy,
        bounces: BouncePolicy,
        spending: Spending | None,
        now: datetime,
    ) -> Advance:
        try:
            with self._database.transaction() as connection:
                write_marks(connection, marks, sender, now)
                return self._follow_up(connection, begin, marks, sender, policy, bounces, spending, now)
        except OvertakenError:
            log.debug("results that came too late are among others: each is written by itself")
        with self._database.transaction() as connection:
            written = [mark for mark in marks if write_mark(connection, mark, sender, now)]
            done = self._follow_up(connection, begin, written, sender, policy, bounces, spending, now)
            late = {mark.delivery_id for mark in marks if mark not in written}
            return replace(done, overtaken=frozenset(late))

    def _follow_up(
        self,
        connection: Connection,
        begin: Sequence[int],
        written: Sequence[DeliveryMark],
        sender: str,
        policy: UncertainPolicy,
        bounces: BouncePolicy,
        spending: Spending | None,
        now: datetime,
    ) -> Advance:
        """Do what results call for, and begin others."""
        for mark in written:
            if mark.state is DeliveryState.UNCERTAIN:
                settle_uncertain(connection, mark.delivery_id, policy, now)
            elif mark.bounce is not BounceKind.NONE:
                self._count_bounce(connection, mark.delivery_id, mark.bounce, bounces, now)
        begun = begin_sending(connection, begin, sender, now)
        if spending is not None and begun:
            spend(connection, spending, len(begun), now=now)
        return Advance(begun=begun)

    def count_bounces(
        self, refused: Mapping[int, BounceKind], *, bounces: BouncePolicy, now: datetime
    ) -> None:
        """Count refusals for the addresses that they are about, which their marks had left out.

        Args:
            refused: What each refusal says about the mailbox, by delivery.
            bounces: When refusals suppress an address.
            now: UTC.
        """

        def count() -> None:
            """Count them all in one transaction."""
            with self._database.transaction() as connection:
                for delivery_id, kind in refused.items():
                    self._count_bounce(connection, delivery_id, kind, bounces, now)

        self._database.repeated(count)

    def _count_bounce(
        self,
        connection: Connection,
        delivery_id: int,
        kind: BounceKind,
        bounces: BouncePolicy,
        now: datetime,
    ) -> None:
        # Most turns meet none, and what keeps them knows all that readers do.
        from newsletter.store.feedback import count_bounce

        reader = subscriber_of(connection, delivery_id)
        # It may suppress the addresses of others, too.
        self._vouched.end()
        count_bounce(connection, self._hasher, reader, kind, bounces, now=now)
