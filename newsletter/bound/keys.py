"""The keys that sign an install's messages."""

from collections.abc import Sequence
from pathlib import Path

from newsletter import wiring
from newsletter.model.editions import MailingList
from newsletter.model.keys import KeyType, PublishedKey
from newsletter.settings import Settings


class Keys:
    """The DKIM keys of an install."""

    def __init__(self, settings: Settings, lists: Sequence[MailingList]) -> None:
        """Bind the verbs."""
        self._settings = settings
        self._lists = lists

    def domains(self) -> list[str]:
        """Return the domains that sign messages: the one that is set, or those of the lists' senders."""
        own = self._settings.dkim_domain
        return [own] if own else wiring.sender_domains(self._lists)

    def generate(
        self, folder: Path, *, domains: Sequence[str], selector: str, key_types: Sequence[KeyType]
    ) -> list[PublishedKey]:
        """Make DKIM keys; see `newsletter.keys.generate`."""
        # What signs takes long to load, and most commands sign nothing.
        from newsletter import keys

        return keys.generate(folder, domains=domains, selector=selector, key_types=key_types)

    def published(self) -> list[PublishedKey]:
        """Return what the DNS must say about the keys in use; see `newsletter.keys.published`."""
        from newsletter import keys

        return keys.published(self._settings.dkim_keys, domains=self.domains())

    def oddities(self) -> list[str]:
        """Return what is odd about the keys in use without being wrong; see `newsletter.keys.oddities`."""
        values = self._settings
        if not (values.dkim_keys or values.dkim_domain):
            return []
        from newsletter import keys

        senders = wiring.sender_domains(self._lists)
        return list(keys.oddities(values.dkim_keys, domain=values.dkim_domain, sender_domains=senders))
