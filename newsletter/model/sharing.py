"""What senders that share one outbox tell each other."""

from collections.abc import Mapping
from dataclasses import dataclass

from newsletter.model.deliveries import Breaker


@dataclass(frozen=True, kw_only=True)
class Room:
    """Messages on their way to readers of one domain at once."""

    #: How many a sender would like to have.
    want: int
    #: How many it may have.
    held: int


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How one sender stands."""

    #: Random name.
    sender: str
    #: How many it has open at most.
    connections: int
    #: By domain; None: it knew of no other, or all together had no more connections than one domain's room.
    rooms: Mapping[str, Room] | None = None
    #: Readers refused for good in a row.
    refused: int = 0


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """What a sender learns when it tells the others how it stands."""

    #: How it stands itself, as it was decided.
    own: Standing
    #: Readers refused for good in a row by the others that live, one after the other each.
    refused_beside: int
    #: Why nothing is to be sent through the account; None: nothing is known against it.
    breaker: Breaker | None
