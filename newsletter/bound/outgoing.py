"""How deliveries of an install go out, in plain values: what a worker process is told of the settings."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from newsletter.deliver.postbag import FindSigner, Postbag, Stationery
from newsletter.deliveries.server import SmtpServer
from newsletter.deliveries.transport import FileTransport, Transport
from newsletter.messages.links import LinkSigner
from newsletter.messages.verp import ReturnPath, unsubscribe_tokens
from newsletter.model.deliveries import RateLimit, RetryPolicy, UncertainPolicy
from newsletter.model.feedback import BouncePolicy
from newsletter.model.keys import KeyFile
from newsletter.store.store import Store


@dataclass(frozen=True, kw_only=True)
class StorePlace:
    """Where the store is, and how it is opened; see `Store.open`."""

    url: str
    synchronous: str
    suppression_key: str

    def open(self) -> Store:
        """Open it.

        Raises:
            StoreError: As `Store.open`.
        """
        return Store.open(self.url, synchronous=self.synchronous, suppression_key=self.suppression_key)


@dataclass(frozen=True, kw_only=True)
class Paper:
    """What is put on each message besides the edition."""

    #: Base address of readers' pages; empty: there are none.
    public_url: str
    #: What bounces come back to, its domain as A-labels; empty: they go to the list's sender.
    bounce_address: str
    #: Secrets that sign links and return paths, the newest first.
    keys: tuple[str, ...]
    dkim_keys: tuple[KeyFile, ...]
    #: What signatures name; empty: the domain of each message's sender.
    dkim_domain: str
    #: The domains that lists send from.
    sender_domains: tuple[str, ...]

    def stationery(self) -> Stationery:
        """Make what signs and addresses messages.

        Raises:
            LinkError: The public address is not fit for links.
            AddressError: The bounce address leaves no room for a token.
            DkimKeyError: A DKIM key cannot be read, or a domain cannot sign.
        """
        return Stationery(
            links=LinkSigner(public_url=self.public_url, keys=self.keys) if self.public_url else None,
            return_path=self._return_path(),
            unsubscribe_tokens=partial(unsubscribe_tokens, keys=self.keys) if self.keys else None,
            find_signer=self._signing(),
        )

    def _return_path(self) -> Callable[[int], str] | None:
        return ReturnPath(self.bounce_address, self.keys).address_for if self.bounce_address else None

    def _signing(self) -> FindSigner | None:
        """Return what finds signers; what they need is imported only where there are keys."""
        if not self.dkim_keys:
            return None
        from newsletter import keys

        return keys.signing(self.dkim_keys, domain=self.dkim_domain, sender_domains=self.sender_domains)


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """How deliveries go out: a `Postbag` before anything of it is made."""

    #: The server that takes them; None: they are written to files.
    server: SmtpServer | None
    outbox_folder: Path
    retry: RetryPolicy
    uncertain: UncertainPolicy
    bounces: BouncePolicy
    account: str
    rates: tuple[RateLimit, ...]
    shared: bool
    domain_connections: int
    paper: Paper

    def postbag(self) -> Postbag:
        """Make all of it.

        Raises:
            NewsletterError: As `transport_to` and `Paper.stationery`.
        """
        return Postbag(
            transport=transport_to(self.server, self.outbox_folder),
            retry=self.retry,
            uncertain=self.uncertain,
            stationery=self.paper.stationery(),
            bounces=self.bounces,
            account=self.account,
            rates=self.rates,
            shared=self.shared,
            domain_connections=self.domain_connections,
        )


def transport_to(server: SmtpServer | None, outbox_folder: Path) -> Transport:
    """Return what messages go through: to a server or, where there is none, into files.

    Raises:
        TransportError: They would go there in clear.
    """
    if server is None:
        return FileTransport(outbox_folder)
    from newsletter.deliveries.smtp import SmtpTransport

    return SmtpTransport(server)
