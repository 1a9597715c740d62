"""Addresses as people type them, and as pages may show them."""

import re
import unicodedata
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from newsletter.errors import AddressError
from newsletter.model.subscribers import Address

#: Octets before the at sign (RFC 5321 section 4.5.3.1.1); email-validator leaves longer ones through.
_MAX_LOCAL_OCTETS = 64

#: Octets of a whole address (RFC 5321 section 4.5.3.1.3, less the angle brackets).
_MAX_OCTETS = 254

#: What most addresses look like: dot-atoms (RFC 5322 section 3.2.3) of ASCII, with nothing to normalise but
#: the domain's case. Domains are few, so that such an address is read much faster than octet by octet.
_PLAIN = re.compile(r"([a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*)@([A-Za-z0-9.-]+)")


def parse_address(text: str) -> Address:
    """Read a mail address; the domain may be international.

    No look-up is made: whether the domain takes mail shows when mail is sent.

    Raises:
        AddressError: It is not a usable address, with the reason.
    """
    trimmed = text.strip()
    plain = _PLAIN.fullmatch(trimmed)
    if plain and len(trimmed) <= _MAX_OCTETS and len(plain[1]) <= _MAX_LOCAL_OCTETS:
        domain = _plain_domain(plain[2])
        if domain:
            return Address(display=f"{plain[1]}@{domain}", key=f"{plain[1]}@{domain}")
    return _parse(trimmed)


@lru_cache(maxsize=1024)
def _plain_domain(domain: str) -> str:
    """Return a domain as addresses show it; empty if it is none, or is compared in another form."""
    try:
        address = _parse(f"a@{domain}")
    except AddressError:
        return ""
    return address.display.removeprefix("a@") if address.display == address.key else ""


def _parse(trimmed: str) -> Address:
    try:
        valid = validate_email(trimmed, check_deliverability=False)
    except EmailNotValidError as error:
        raise AddressError(trimmed, _lower_first(str(error))) from error
    if len(valid.local_part.encode("utf-8")) > _MAX_LOCAL_OCTETS:
        raise AddressError(trimmed, f"the part before the @ is longer than {_MAX_LOCAL_OCTETS} octets")
    if "=?" in valid.local_part:
        # RFC 2047 section 5 forbids it; mail programs would decode it, line ends and all.
        raise AddressError(trimmed, "the part before the @ looks like an encoded word")
    domain = valid.ascii_domain.lower()
    display = f"{valid.local_part}@{valid.domain.lower()}"
    return Address(display=display, key=f"{valid.local_part.casefold()}@{domain}")


def masked(address: str) -> str:
    """Return an address as its owner knows it again and nobody else can use it: "a••@example.org".

    The first character stands as it is read, with the marks on it; of an address with a single one before
    the at sign nothing does.
    """
    local, at, domain = address.rpartition("@")
    if not at:
        return ""
    end = 1
    while end < len(local) and unicodedata.category(local[end]).startswith("M"):
        end += 1
    shown = local[:end] if end < len(local) else ""
    return f"{shown}••@{domain}"


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")
