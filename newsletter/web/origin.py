"""Where a request comes from: the visitor's address, which a visitor must not be able to choose."""

import ipaddress
import re
from collections.abc import Sequence

from starlette.requests import Request

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: More proxies than stand before any server.
_MOST_HOPS = 20

#: "192.0.2.1:443", "[2001:db8::1]" and "[2001:db8::1]:443".
_WITH_PORT = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.%\w-]+)\]|(?P<four>[0-9.]+))(?::[0-9]{1,5})?")


def client_address(request: Request) -> str:
    """Return the IP address that a request comes from, in its shortest form.

    X-Forwarded-For is believed as far as it was written by TRUSTED_PROXIES. Without them, and where they
    wrote no address, it is that of the connection.
    """
    peer = request.client.host if request.client else ""
    return forwarded_address(
        peer, request.headers.getlist("x-forwarded-for"), trusted=request.app.state.trusted_proxies
    )


def forwarded_address(peer: str, forwarded: Sequence[str], *, trusted: Sequence[Network]) -> str:
    """Return the address of the visitor behind proxies: the first from the right that is not one of them.

    Args:
        peer: Address of the connection.
        forwarded: The X-Forwarded-For headers, in their order. Each proxy adds at the end whom it was asked
            by; what stands before that may be the visitor's own invention.
        trusted: Networks of the proxies that are believed.
    """
    connected = parse_address(peer)
    if connected is None:
        return peer
    hops = ",".join(forwarded).rsplit(",", _MOST_HOPS)[-_MOST_HOPS:] if forwarded else []
    asker = connected
    while hops and any(asker in network for network in trusted):
        named = parse_address(hops.pop())
        if named is None:
            return str(connected)
        asker = named
    return str(asker)


def parse_address(text: str) -> Address | None:
    """Read an IP address as proxies write it: with a port, in brackets, with a zone, IPv4 mapped into IPv6.

    Returns:
        None if it is none. An IPv4 address is one of IPv4, however it is written.
    """
    text = text.strip().strip('"')
    if found := _WITH_PORT.fullmatch(text):
        text = found["six"] or found["four"]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
