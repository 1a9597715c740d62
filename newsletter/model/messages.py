"""Messages: an edition rendered once, and what differs from reader to reader."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


@dataclass(frozen=True, kw_only=True)
class Reader:
    """The values in a message that differ from reader to reader."""

    subscriber_id: int
    #: Mail address as the reader wrote it.
    address: str
    name: str
    #: When the subscription was confirmed, UTC.
    since: datetime
    #: http(s) page or mailto address that ends the subscription.
    unsubscribe_url: str
    #: Mailto address that ends the subscription, for List-Unsubscribe.
    unsubscribe_mail: str
    #: http(s) page for cadence and lists; None where no web pages are served.
    preferences_url: str | None = None


@dataclass(frozen=True, kw_only=True)
class ListHeaders:
    """What the header of every message of an edition is made from."""

    list_name: str
    list_title: str
    sender_address: str
    sender_name: str
    reply_to: str
    #: Address that takes unsubscribe requests by mail.
    unsubscribe_address: str
    #: When the edition was made, UTC: the Date of its messages.
    date: datetime
    #: IANA name of the zone in which readers are told dates.
    time_zone: str = "UTC"

    @property
    def sender_domain(self) -> str:
        """The part of the sender's address after the at sign."""
        return self.sender_address.rpartition("@")[2]


@dataclass(frozen=True, kw_only=True)
class Rendering:
    """An edition rendered for everybody: the reader's values stand as marks that `personalise` replaces.

    A mark cannot occur in a document: it holds a random token made for this edition.
    """

    subject: str
    preheader: str
    html: str
    text: str
    #: The random token inside every mark.
    token: str
    #: What a reply, a bounce or a mail program needs to know about the list.
    headers: ListHeaders


class Message(NamedTuple):
    """One reader's finished mail; a tuple: a dataclass takes longer to make than much of what it holds."""

    #: Envelope sender, the return path.
    sender: str
    #: Envelope recipient.
    recipient: str
    #: With angle brackets; the same for every attempt to reach this reader with this edition.
    message_id: str
    #: RFC 5322 bytes with CRLF line ends, ready for DATA (not dot-stuffed), in pieces to be put together: one
    #: of 60 KB is copied once, when it is sent.
    pieces: tuple[bytes, ...]
    #: Whether the content goes over the wire as it is: it is known to hold no bare CR or LF, and no line that
    #: begins with a dot.
    is_wire: bool = False
    #: Whether sender and recipient are known to be plain ASCII addresses, which stand in a command as they
    #: are.
    is_plain: bool = False

    @property
    def size(self) -> int:
        """How long the content is, in octets."""
        return sum(map(len, self.pieces))

    @property
    def content(self) -> bytes:
        """The pieces, put together."""
        return b"".join(self.pieces)
