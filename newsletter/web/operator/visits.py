"""Where a request comes from, as what lets operators in is told."""

import ipaddress

from starlette.requests import Request

from newsletter.model.operators import Visit
from newsletter.web.operator.cookies import Cookies
from newsletter.web.origin import client_address, parse_address

#: Longest name of a browser that is kept.
_LONGEST_BROWSER = 200

#: Bits that addresses of one network share, by IP version; as for sign-ups.
_NETWORK_BITS = {4: 24, 6: 48}


def visit_of(request: Request, cookies: Cookies) -> Visit:
    """Return where a request comes from."""
    origin = client_address(request)
    return Visit(
        origin=origin,
        network=network_of(origin),
        browser=request.headers.get("user-agent", "")[:_LONGEST_BROWSER],
        known=cookies.known(request),
    )


def network_of(address: str) -> str:
    """Return the network that an IP address belongs to, "192.0.2.0/24"; the address if it cannot be read."""
    parsed = parse_address(address)
    if parsed is None:
        return address
    return str(ipaddress.ip_network((parsed, _NETWORK_BITS[parsed.version]), strict=False))
