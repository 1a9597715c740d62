"""Web addresses of articles: one form for all ways of writing the same one."""

from urllib.parse import urlsplit

#: Longer addresses are kept as they are written.
_LONGEST = 2_000


def canonical_url(url: str | None) -> str | None:
    """Return the form of an article's address that all ways of writing it have.

    Scheme, "www.", fragment, tracking parameters, the order of parameters and a slash at the end make no
    difference. The form names an article and leads nowhere: it has no scheme.

    Returns:
        None for an address that names no article: of a site's front page, or one that cannot be read.
    """
    if not url or len(url) > _LONGEST:
        return None
    from courlan import normalize_url

    try:
        parts = urlsplit(normalize_url(url, strict=False))
        host = (parts.hostname or "").removeprefix("www.")
        port = f":{parts.port}" if parts.port else ""
    except (ValueError, AttributeError):
        return None
    path = parts.path.rstrip("/")
    if not host or not (path or parts.query):
        return None
    return f"{host}{port}{path}" + (f"?{parts.query}" if parts.query else "")
