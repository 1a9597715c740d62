"""Addresses: links that may be pressed, and mail addresses in the form that mail servers take."""

import ipaddress
import re
from urllib.parse import quote, urlsplit

import idna

from newsletter.errors import MessageRefusedError
from newsletter.messages.text import clean

_ATOM = r"[^\s\x00-\x1f\x7f()<>\[\]:;@\\,\".]+"
#: RFC 5322 section 3.2.3 (dot-atom) and RFC 6531 section 3.3 (beyond ASCII).
_LOCAL_PART = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
#: RFC 5321 section 4.5.3.1.1.
_MAX_LOCAL_OCTETS = 64
#: Characters between two dots of a host name (RFC 1035 section 2.3.4).
_MAX_LABEL = 63
_HOST_NAME = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", re.IGNORECASE
)
_NOT_IN_LINK = re.compile(r"[\s<>\"\\]")


def web_link(url: str | None, *, mail: bool = False) -> str:
    """Return a link as it is, if it is safe to press.

    Args:
        url: An absolute http or https address.
        mail: Whether a mailto address will do as well.

    Raises:
        MessageRefusedError: It is something else: relative, `javascript:`, without a host, with spaces.
    """
    if url and _is_web_link(url):
        return url
    if mail and url and url.startswith("mailto:") and "@" in url and not _NOT_IN_LINK.search(url):
        return url
    kinds = "an absolute http, https or mailto address" if mail else "an absolute http or https address"
    raise MessageRefusedError(f"the link {url!r} is not {kinds}: correct it or leave it out")


def _is_web_link(url: str) -> bool:
    if _NOT_IN_LINK.search(url) or clean(url) != url:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def mailto(address: str, *, subject: str) -> str:
    """Return a link that opens a mail to an address (RFC 6068).

    Raises:
        MessageRefusedError: It is not a mail address.
    """
    local, _, domain = wire_address(address).rpartition("@")
    return f"mailto:{quote(local, safe='+-._!$*')}@{domain}?subject={quote(clean(subject), safe='')}"


def wire_address(address: str) -> str:
    """Return a mail address with its domain as A-labels (RFC 5890), as envelopes and headers hold it.

    Nothing is repaired: an altered address is somebody else's.

    Raises:
        MessageRefusedError: It is not a mail address.
    """
    local, at, domain = address.rpartition("@")
    host = ascii_host(domain)
    if not at or not _is_local_part(local) or host is None:
        raise MessageRefusedError(f"{address!r} is not a mail address")
    return f"{local}@{host}"


def _is_local_part(local: str) -> bool:
    # Programs would decode an encoded word, although none may stand here (RFC 2047 section 5).
    if not _LOCAL_PART.fullmatch(local) or "=?" in local or clean(local) != local:
        return False
    return len(local.encode("utf-8")) <= _MAX_LOCAL_OCTETS


def ascii_host(host: str) -> str | None:
    """Return a host name in lower case with international labels as A-labels, or None if it is none."""
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except idna.IDNAError:
            return None
    if len(host) > 253 or max(map(len, host.split("."))) > _MAX_LABEL or not _HOST_NAME.fullmatch(host):
        return None
    return host.lower()


def is_loopback(host: str) -> bool:
    """Tell whether a host can only be this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
