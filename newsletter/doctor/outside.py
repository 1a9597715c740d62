"""How the world outside this machine is reached; a test has one of its own."""

import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from newsletter.sources.reachable import is_public
from newsletter.sources.web import Resolve, resolve

#: Addresses of documentation (RFC 5737, RFC 3849): no packet is sent, and the route to them is the usual one.
_FAR_AWAY = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))


def own_addresses() -> list[str]:
    """Return the addresses that this machine would speak from to the world, of IPv4 and of IPv6."""
    found = []
    for family, far_away in _FAR_AWAY:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as sock:
                sock.connect((far_away, 9))
                found.append(str(sock.getsockname()[0]))
        except OSError:
            continue
    return found


@dataclass(frozen=True, kw_only=True)
class Outside:
    """How the network is reached."""

    #: Verifies certificates; None: by the authorities of the system.
    tls: ssl.SSLContext | None = None
    #: Tells whether an address is one that everybody can reach.
    is_public: Callable[[IPv4Address | IPv6Address], bool] = is_public
    #: Returns the addresses of a host that this machine knows, be it by a file of its own.
    resolve: Resolve = resolve
    #: Addresses that this machine speaks from.
    own_addresses: Callable[[], Sequence[str]] = own_addresses
