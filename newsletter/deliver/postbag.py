"""How deliveries go out: where to, how fast, when again, and what each message carries."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from newsletter.deliveries.transport import Transport
from newsletter.messages.links import LinkSigner
from newsletter.model.deliveries import RateLimit, RetryPolicy, UncertainPolicy
from newsletter.model.feedback import BouncePolicy

#: Signs a message's bytes for the domain of its sender; returns the fields to put before it.
Sign = Callable[[bytes, str, datetime], bytes]


@dataclass(frozen=True, kw_only=True)
class Stationery:
    """What is put on each message besides the edition."""

    #: Signs the links to readers' pages; None without web pages.
    links: LinkSigner | None = None
    #: Makes a delivery's envelope sender, whose bounces name it; None: bounces go to the list's sender.
    return_path: Callable[[int], str] | None = None
    #: Makes the token by which an unsubscribe mail names its reader, from subscriber and list; None: without.
    unsubscribe_token: Callable[[int, str], str] | None = None
    #: DKIM; None: not signed here.
    sign: Sign | None = None

    def signing(self, domain: str, *, now: datetime) -> Callable[[bytes], bytes] | None:
        """Return what signs a message of a sender's domain; None: messages are not signed here.

        Args:
            domain: Of the sender.
            now: When it is signed, UTC.
        """
        sign = self.sign
        return None if sign is None else lambda content: sign(content, domain, now)


@dataclass(frozen=True, kw_only=True)
class Postbag:
    """How deliveries go out."""

    transport: Transport
    retry: RetryPolicy
    uncertain: UncertainPolicy
    stationery: Stationery = field(default_factory=Stationery)
    bounces: BouncePolicy = field(default_factory=BouncePolicy)
    #: Whose rates and breaker they are: server and sign-in name.
    account: str = "default"
    rates: tuple[RateLimit, ...] = ()
    #: Messages on their way to readers of one domain at once.
    domain_connections: int = 20
