"""Where mail leaves from, as far as that can be known from here."""

from dataclasses import dataclass

from newsletter.doctor.spfrecord import IpAddress


@dataclass(frozen=True, kw_only=True)
class SendingHosts:
    """The addresses that receivers see our mail come from."""

    #: The relay's name, or "this machine".
    name: str
    addresses: tuple[IpAddress, ...] = ()
    #: Whether a relay sends, which may use other addresses than it takes mail at. A mail server of this
    #: machine may pass mail on to one, too, and nobody can see that from here.
    is_relay: bool = True
