"""Which addresses of the network may be asked: those that everybody can reach, and no machine of our own.

What a feed or a redirect names is chosen by strangers. A request that ends on this machine or in its network
would let them read what only insiders may (server-side request forgery).
"""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit, urlunsplit

from newsletter.errors import FetchError

IpAddress = IPv4Address | IPv6Address

#: Besides what `ipaddress` calls not global: relays, benchmarks and the whole of class E (RFC 6890), and what
#: tells machines at Azure about themselves.
_NOT_PUBLIC = tuple(
    IPv4Network(network)
    for network in (
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "240.0.0.0/4",
        "100.64.0.0/10",
        "168.63.129.16/32",
    )
)
#: The only unicast addresses of IPv6 that are handed out (RFC 4291, section 2.4), and what in them is not.
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "3fff::/20", "3ffe::/16")
)
#: Addresses of IPv4 in the last 32 bits of one of IPv6 (RFC 6052, section 2.1).
_TRANSLATED = IPv6Network("64:ff9b::/96")

#: As in WHATWG's URL standard: a host whose last label is a number is an address, however it is written.
_NUMBER = re.compile(r"(?:\d+|0x[0-9a-f]*)", re.IGNORECASE)
_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*")
_LONGEST_URL = 4_000
_LONGEST_NAME = 253
_PORTS = {"http": 80, "https": 443}


def is_public(address: IpAddress) -> bool:
    """Return whether an address is one that everybody can reach.

    An address of IPv6 that carries one of IPv4 (mapped, RFC 4291; 6to4, RFC 3056; NAT64, RFC 6052) is as
    public as that; Teredo (RFC 4380) never is.
    """
    if isinstance(address, IPv4Address):
        is_special = address.is_multicast or any(address in network for network in _NOT_PUBLIC)
        return address.is_global and not is_special
    if address.scope_id:
        return False
    carried = address.ipv4_mapped or address.sixtofour
    if carried is None and address in _TRANSLATED:
        carried = IPv4Address(int(address) & 0xFFFFFFFF)
    if carried is not None:
        return is_public(carried)
    return address in _GLOBAL_UNICAST and not any(address in network for network in _NOT_PUBLIC_6)


def literal_address(host: str) -> IpAddress | None:
    """Return the address that a host is, or None if it is a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def read_url(text: str) -> SplitResult:
    """Check a web address and write it in one form: lower case host in ASCII, a path, no fragment.

    Raises:
        FetchError: It is no http or https address, carries credentials, or hides an address in its host.
    """
    stripped = text.strip()
    if len(stripped) > _LONGEST_URL or not stripped.isprintable() or " " in stripped:
        raise FetchError("it is too long for a web address, or holds spaces or characters that none has")
    try:
        parts = urlsplit(stripped)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise FetchError(f"{stripped} is not a web address") from None
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not host:
        raise FetchError(f"{stripped} is not an address that begins with http:// or https://")
    if "@" in parts.netloc:
        raise FetchError("user and password do not belong in a web address")
    host = _ascii_host(host)
    place = f"[{host}]" if ":" in host else host
    if port == 0:
        raise FetchError("port 0 cannot be asked")
    netloc = place if port in {None, _PORTS[scheme]} else f"{place}:{port}"
    return SplitResult(scheme, netloc, _ascii(parts.path) or "/", _ascii(parts.query), "")


def write_url(text: str) -> str:
    """Return a web address in its one form.

    Raises:
        FetchError: It is none.
    """
    return urlunsplit(read_url(text))


def write_host(text: str) -> str:
    """Return the name or the address of a host in its one form.

    Raises:
        FetchError: It is neither.
    """
    return _ascii_host(text.strip().strip("[]"))


def port_of(parts: SplitResult) -> int:
    """Return the port of a checked address."""
    return parts.port or _PORTS[parts.scheme]


def _ascii(text: str) -> str:
    return "".join(char if char.isascii() else _percent(char) for char in text)


def _percent(char: str) -> str:
    return "".join(f"%{octet:02X}" for octet in char.encode("utf-8", "replace"))


def _ascii_host(host: str) -> str:
    """Return a host in ASCII.

    Raises:
        FetchError: It is neither a name nor an address in the usual form.
    """
    address = literal_address(host)
    if address is not None:
        return str(address)
    name = host.rstrip(".").lower()
    if not name.isascii():
        import idna

        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except idna.IDNAError:
            raise FetchError(f"{host} is not the name of a host") from None
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name) or _NUMBER.fullmatch(name.rpartition(".")[2]):
        raise FetchError(f"{host} is not the name of a host")
    return name
