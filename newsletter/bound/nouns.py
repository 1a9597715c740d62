"""The nouns of an install: each bound to the settings and to the store, and made at first use."""

from datetime import datetime
from functools import cached_property

from newsletter import wiring
from newsletter.bound import checks
from newsletter.bound.alerts import Alerts
from newsletter.bound.archive import Archive
from newsletter.bound.backups import Backups
from newsletter.bound.copies import Copies
from newsletter.bound.doctor import Doctor
from newsletter.bound.feedback import Feedback
from newsletter.bound.keys import Keys
from newsletter.bound.lookups import Lookups
from newsletter.bound.mail import Mail
from newsletter.bound.operators import Audit, Operators
from newsletter.bound.places import with_written_sources
from newsletter.bound.proposals import Proposals
from newsletter.bound.readers import Readers
from newsletter.bound.sources import Sources
from newsletter.bound.subscribers import Subscribers
from newsletter.operate import Operator
from newsletter.settings import Settings
from newsletter.sources.parse import SourceAliases, TextReader
from newsletter.store.store import Store


class Nouns:
    """What `newsletter.app.App` is made of.

    Attributes:
        settings: What is in force.
        lists: The lists of this install, at least one.
        series: What editions are numbered by: each list, and behind it its weekly digest, if it offers one.
    """

    def __init__(self, settings: Settings) -> None:
        """Check what can be checked without opening anything.

        Raises:
            SettingsError: A schedule, a time zone, a summarizer or a list's name is wrong.
        """
        self.settings = settings
        self._forgot_at: datetime | None = None
        named = (with_written_sources(mailing_list) for mailing_list in settings.mailing_lists())
        self.lists = tuple(map(wiring.with_ascii_domains, named))
        checks.check_lists(self.lists)
        self.series = wiring.series(self.lists)

    @cached_property
    def store(self) -> Store:
        """The store, opened at first use."""
        return Store.open(
            self.settings.database_url,
            synchronous=self.settings.sqlite_synchronous,
            suppression_key=self.settings.suppression_key.get_secret_value(),
        )

    def close(self) -> None:
        """Close what was opened."""
        if "store" in self.__dict__:
            self.store.close()

    @cached_property
    def _text_reader(self) -> TextReader:
        return TextReader(aliases=SourceAliases.with_extra(self.settings.source_aliases))

    @cached_property
    def keys(self) -> Keys:
        """The keys that sign messages."""
        return Keys(self.settings, self.lists)

    @cached_property
    def mail(self) -> Mail:
        """The mailboxes that news arrives in."""
        return Mail(self.settings, lambda: self.store, lambda: self._text_reader)

    @cached_property
    def sources(self) -> Sources:
        """The feeds that documents are fetched from."""
        return Sources(self.settings, lambda: self.store)

    @cached_property
    def proposals(self) -> Proposals:
        """Editions before they go out."""
        return Proposals(self.settings, self.series, lambda: self.store)

    @cached_property
    def operator(self) -> Operator:
        """What looks at deliveries and rules over them; see `newsletter.operate`."""
        return Operator(self.store)

    @cached_property
    def lookups(self) -> Lookups:
        """What the operator looks up."""
        return Lookups(self.settings, lambda: self.store)

    @cached_property
    def copies(self) -> Copies:
        """Previews of editions, and test copies."""
        return Copies(self.settings, self.lists, lambda: self.store)

    @cached_property
    def doctor(self) -> Doctor:
        """What looks the install over before it sends."""
        return Doctor(self.settings, self.lists, lambda: self.store)

    @cached_property
    def subscribers(self) -> Subscribers:
        """Who is on the lists."""
        return Subscribers(lambda: self.store)

    @cached_property
    def feedback(self) -> Feedback:
        """What comes back from readers' servers."""
        return Feedback(self.settings, lambda: self.store)

    @cached_property
    def readers(self) -> Readers:
        """What readers do on the web pages, and the letters that answer them."""
        return Readers(self.settings, self.lists, lambda: self.store)

    @cached_property
    def archive(self) -> Archive:
        """Past editions, to be read and searched."""
        return Archive(self.settings, self.lists, lambda: self.store)

    @cached_property
    def operators(self) -> Operators:
        """Who may use the operator's pages."""
        return Operators(self.settings, lambda: self.store)

    @cached_property
    def audit(self) -> Audit:
        """The log of what operators decide."""
        return Audit(lambda: self.store)

    @cached_property
    def alerts(self) -> Alerts:
        """What the operator is told of at once."""
        return Alerts(self.settings, self.series, lambda: self.store, self.proposals, self.operators)

    @cached_property
    def backups(self) -> Backups:
        """Copies of the store, and how one is put back."""
        return Backups(self.settings, self.series, lambda: self.store)
