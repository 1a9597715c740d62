"""How deliveries go out: where to, how fast, when again, and what each message carries."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Protocol

from newsletter.deliveries.transport import Transport
from newsletter.messages.links import LinkSigner
from newsletter.messages.signing import MessageSigner
from newsletter.model.deliveries import Delivery, RateLimit, RetryPolicy, UncertainPolicy
from newsletter.model.feedback import BouncePolicy
from newsletter.model.messages import Message

#: Finds the signer of messages by the domain of their sender.
FindSigner = Callable[[str], MessageSigner]


@dataclass(frozen=True, kw_only=True)
class Stationery:
    """What is put on each message besides the edition."""

    #: Signs the links to readers' pages; None without web pages.
    links: LinkSigner | None = None
    #: Makes a delivery's envelope sender, whose bounces name it; None: bounces go to the list's sender.
    return_path: Callable[[int], str] | None = None
    #: Returns what makes the tokens by which unsubscribe mails name their readers, from subscribers' ids, for
    #: a list; None: without.
    unsubscribe_tokens: Callable[[str], Callable[[int], str]] | None = None
    #: DKIM; None: not signed here.
    find_signer: FindSigner | None = None

    def signer(self, domain: str) -> MessageSigner | None:
        """Return what signs messages of a sender's domain; None: they are not signed here."""
        return None if self.find_signer is None else self.find_signer(domain)

    def signing(self, domain: str, *, now: datetime) -> Callable[[bytes], bytes] | None:
        """Return what signs a message of a sender's domain; None: messages are not signed here.

        Args:
            domain: Of the sender.
            now: When it is signed, UTC.
        """
        signer = self.signer(domain)
        return None if signer is None else partial(signer.sign, now=now)


class Writer(Protocol):
    """Writes messages; several at once may ask it."""

    async def write(self, delivery: Delivery, *, now: datetime) -> Message:
        """Write the message of one delivery; `now` in UTC."""
        ...

    def write_at_once(self, delivery: Delivery, *, now: datetime) -> Message | None:
        """The same, if its edition is ready; None if it has to be read first."""
        ...


@dataclass(frozen=True, kw_only=True)
class Postbag:
    """How deliveries go out."""

    transport: Transport
    retry: RetryPolicy
    uncertain: UncertainPolicy
    stationery: Stationery = field(default_factory=Stationery)
    bounces: BouncePolicy = field(default_factory=BouncePolicy)
    #: Writes the messages of turn after turn, and keeps their editions ready; None: each turn has its own.
    desk: Writer | None = None
    #: Whose rates and breaker they are: server and sign-in name.
    account: str = "default"
    rates: tuple[RateLimit, ...] = ()
    #: Whether others, which count in the store with us, may be sending through the account at the same time.
    shared: bool = False
    #: Messages on their way to readers of one domain at once.
    domain_connections: int = 20
