"""Domains: which belong to one organisation, and which are everybody's."""

#: Mailbox providers whose domains say that only their own servers send from them.
_FREE = frozenset(
    (
        *("gmail.com", "googlemail.com", "yahoo.com", "ymail.com", "aol.com", "outlook.com", "hotmail.com"),
        *("live.com", "msn.com", "icloud.com", "me.com", "mac.com", "gmx.de", "gmx.net", "web.de", "mail.ru"),
        *("proton.me", "protonmail.com", "yandex.ru", "qq.com", "163.com", "zoho.com", "t-online.de"),
    )
)


def is_free_provider(domain: str) -> bool:
    """Return whether a domain is that of a provider where anybody may have a mailbox."""
    return organisation_of(domain) in _FREE


def organisation_of(domain: str) -> str:
    """Return the organizational domain (RFC 7489 section 3.2): the public suffix and the label before it."""
    from tld import get_fld

    name = domain.lower().rstrip(".")
    known = get_fld(f"http://{name}", fail_silently=True, search_private=True)
    return known or ".".join(name.split(".")[-2:])


def are_aligned(one: str, other: str, *, strict: bool) -> bool:
    """Return whether two domains count as one sender's (RFC 7489 section 3.1).

    Args:
        one: A domain, as A-labels.
        other: Another one.
        strict: Whether they must be the same, or only of one organisation.
    """
    if strict:
        return one.lower() == other.lower()
    return organisation_of(one) == organisation_of(other)
