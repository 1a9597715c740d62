"""The site: what every page says about itself, read off the settings once."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from newsletter.app import App
from newsletter.model.editions import MailingList


@dataclass(frozen=True, kw_only=True)
class Site:
    """What all pages share."""

    #: Base address of the pages without a slash at its end; empty: none are served.
    url: str
    #: Path that every address begins with, "" or "/news".
    base: str
    #: Host names, in lower case, that requests may name; those of this machine included.
    hosts: frozenset[str]
    is_https: bool
    #: What readers see as the name of the whole.
    title: str
    tagline: str
    #: Lines of the postal address.
    postal_address: tuple[str, ...]
    #: Mail address that readers may write to; empty before one is set.
    contact_address: str
    #: The lists that anybody may sign up for, in the operator's order.
    open_lists: tuple[MailingList, ...]
    #: The lists whose past editions anybody may read.
    public_lists: tuple[MailingList, ...]
    #: All lists.
    lists: tuple[MailingList, ...]

    def named(self, name: str) -> MailingList | None:
        """Return the list of a name, or None if it is not, or no longer, set."""
        return next((one for one in self.lists if one.name == name), None)


def site_of(app: App) -> Site:
    """Return the site of an install."""
    settings, lists = app.settings, app.lists
    parts = urlsplit(settings.public_url)
    first = lists[0]
    return Site(
        url=settings.public_url.rstrip("/"),
        base=parts.path.rstrip("/"),
        hosts=frozenset({(parts.hostname or "").lower(), "localhost", "127.0.0.1", "[::1]"} - {""}),
        is_https=parts.scheme == "https",
        title=first.title if len(lists) == 1 else settings.list_title,
        tagline=first.tagline if len(lists) == 1 else settings.list_tagline,
        postal_address=first.postal_address,
        contact_address=first.contact_address,
        open_lists=tuple(one for one in lists if one.is_open),
        public_lists=tuple(one for one in lists if one.archive_is_public),
        lists=lists,
    )
