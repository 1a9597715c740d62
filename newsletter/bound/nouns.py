"""The nouns of an install: each bound to the settings and to the store, and made at first use.

Each is imported at first use, too, and its type is quoted for that: a process that only sends needs none of
them, and all together take as long to import as everything else.
"""

from functools import cached_property

from newsletter import bound, wiring
from newsletter.bound import checks
from newsletter.bound.places import with_written_sources
from newsletter.operate import Operator
from newsletter.settings import Settings
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
        named = (with_written_sources(mailing_list) for mailing_list in settings.mailing_lists())
        self.lists = tuple(map(wiring.with_ascii_domains, named))
        checks.check_lists(self.lists)
        self.series = wiring.series(self.lists)

    @cached_property
    def store(self) -> Store:
        """The store, opened at first use."""
        return wiring.store_place(self.settings).open()

    def close(self) -> None:
        """Close what was opened."""
        if "store" in self.__dict__:
            self.store.close()

    @cached_property
    def documents(self) -> "bound.documents.Documents":
        """What arrives in the folders."""
        from newsletter.bound.documents import Documents

        return Documents(self.settings, lambda: self.store)

    @cached_property
    def keys(self) -> "bound.keys.Keys":
        """The keys that sign messages."""
        from newsletter.bound.keys import Keys

        return Keys(self.settings, self.lists)

    @cached_property
    def mail(self) -> "bound.mail.Mail":
        """The mailboxes that news arrives in."""
        from newsletter.bound.mail import Mail

        return Mail(self.settings, lambda: self.store, lambda: self.documents.parse_mail)

    @cached_property
    def sources(self) -> "bound.sources.Sources":
        """The feeds that documents are fetched from."""
        from newsletter.bound.sources import Sources

        return Sources(self.settings, lambda: self.store)

    @cached_property
    def proposals(self) -> "bound.proposals.Proposals":
        """Editions before they go out."""
        from newsletter.bound.proposals import Proposals

        return Proposals(self.settings, self.series, lambda: self.store)

    @cached_property
    def batches(self) -> "bound.batches.Batches":
        """What workers that share a queue send."""
        from newsletter.bound.batches import Batches

        return Batches(self.settings, self.lists, self.store)

    @cached_property
    def explanations(self) -> "bound.explanations.Explanations":
        """Why editions are as they are."""
        from newsletter.bound.explanations import Explanations

        return Explanations(self.settings, lambda: self.store, self.proposals.due)

    @cached_property
    def operator(self) -> Operator:
        """What looks at deliveries and rules over them; see `newsletter.operate`."""
        return Operator(self.store)

    @cached_property
    def lookups(self) -> "bound.lookups.Lookups":
        """What the operator looks up."""
        from newsletter.bound.lookups import Lookups

        return Lookups(self.settings, lambda: self.store)

    @cached_property
    def copies(self) -> "bound.copies.Copies":
        """Previews of editions, and test copies."""
        from newsletter.bound.copies import Copies

        return Copies(self.settings, self.lists, lambda: self.store)

    @cached_property
    def doctor(self) -> "bound.doctor.Doctor":
        """What looks the install over before it sends."""
        from newsletter.bound.doctor import Doctor

        return Doctor(self.settings, self.lists, lambda: self.store)

    @cached_property
    def subscribers(self) -> "bound.subscribers.Subscribers":
        """Who is on the lists."""
        from newsletter.bound.subscribers import Subscribers

        return Subscribers(lambda: self.store)

    @cached_property
    def feedback(self) -> "bound.feedback.Feedback":
        """What comes back from readers' servers."""
        from newsletter.bound.feedback import Feedback

        return Feedback(self.settings, lambda: self.store)

    @cached_property
    def readers(self) -> "bound.readers.Readers":
        """What readers do on the web pages, and the letters that answer them."""
        from newsletter.bound.readers import Readers

        return Readers(self.settings, self.lists, lambda: self.store)

    @cached_property
    def archive(self) -> "bound.archive.Archive":
        """Past editions, to be read and searched."""
        from newsletter.bound.archive import Archive

        return Archive(self.settings, self.lists, lambda: self.store)

    @cached_property
    def operators(self) -> "bound.operators.Operators":
        """Who may use the operator's pages."""
        from newsletter.bound.operators import Operators

        return Operators(self.settings, lambda: self.store)

    @cached_property
    def audit(self) -> "bound.operators.Audit":
        """The log of what operators decide."""
        from newsletter.bound.operators import Audit

        return Audit(lambda: self.store)

    @cached_property
    def alerts(self) -> "bound.alerts.Alerts":
        """What the operator is told of at once."""
        from newsletter.bound.alerts import Alerts

        return Alerts(self.settings, self.series, lambda: self.store, self.proposals, self.operators)

    @cached_property
    def backups(self) -> "bound.backups.Backups":
        """Copies of the store, and how one is put back."""
        from newsletter.bound.backups import Backups

        return Backups(self.settings, self.series, lambda: self.store)
