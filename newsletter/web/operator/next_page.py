"""Where somebody goes after signing in: only to pages of the operator's own."""

import re
from urllib.parse import unquote

#: What an address of ours is made of: no backslash, blank or control character: browsers read them otherwise.
_SAFE = re.compile(r"[A-Za-z0-9._~%!$&'()*+,;=:@/?-]*")


def own_path(wanted: str, *, base: str) -> str:
    """Return the path that was asked for if it is an operator's page, else that of the overview.

    Args:
        wanted: As it stands in `next=`: anybody may have written it.
        base: Path that every address begins with, "" or "/news".
    """
    front = f"{base}/operator"
    path = unquote(wanted.partition("?")[0])
    is_own = path == front or path.startswith(f"{front}/")
    if is_own and _SAFE.fullmatch(wanted) and ".." not in path and "//" not in path:
        return wanted
    return front
