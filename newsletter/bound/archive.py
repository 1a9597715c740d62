"""Past editions of an install."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache

from newsletter import archive, wiring
from newsletter.errors import ArchiveNotFoundError
from newsletter.messages.links import LinkPurpose
from newsletter.model.archive import (
    ArchivedAddress,
    ArchivedHeading,
    ArchivePage,
    EditionLine,
    EditionView,
    FeedEntry,
    Neighbours,
    SearchPage,
    SourcePage,
)
from newsletter.model.editions import Edition, MailingList, audience_name_of, weekly_name
from newsletter.settings import Settings
from newsletter.store.store import Store

#: Editions that are kept read and laid out: the latest, which most visitors want.
_KEPT = 64


class Archive:
    """Past editions of an install, whether anybody may read them or not.

    What belongs to a list and is of its weekly digest bears the list's name with ".weekly" behind it.
    """

    def __init__(
        self, settings: Settings, lists: Sequence[MailingList], open_store: Callable[[], Store]
    ) -> None:
        """Bind the verbs; the store is opened when something is read."""
        self._settings = settings
        self._lists = {mailing_list.name: mailing_list for mailing_list in lists}
        self._open_store = open_store
        # Editions are frozen: what was read once stays true.
        self._content = lru_cache(maxsize=_KEPT)(self._read_content)
        self._view = lru_cache(maxsize=_KEPT)(self._set)
        self._tag = lru_cache(maxsize=_KEPT)(self._make_tag)

    def page(self, list_name: str, *, before: int | None = None, limit: int = 30) -> ArchivePage:
        """Return a page of a list's editions, the newest first; see `newsletter.archive.page`.

        Raises:
            ArchiveNotFoundError: There is no such list.
        """
        return archive.page(self._open_store(), self._list(list_name), before=before, limit=limit)

    def latest(self, list_name: str) -> EditionLine | None:
        """Return a list's latest edition, or None if it has none.

        Raises:
            ArchiveNotFoundError: There is no such list.
        """
        return archive.latest(self._open_store(), self._list(list_name))

    def edition(self, list_name: str, number: int) -> EditionView:
        """Return an edition to be read.

        Raises:
            ArchiveNotFoundError: There is no such edition.
        """
        return self._view(self._heading(list_name, number))

    def neighbours(self, list_name: str, number: int) -> Neighbours:
        """Return the numbers of the editions around one."""
        return self._open_store().archive.neighbours(list_name, number)

    def source(self, list_name: str, number: int, *, story: int, sentence: int) -> SourcePage:
        """Return a document with a sentence marked; see `newsletter.archive.source_page`.

        Raises:
            ArchiveNotFoundError: There is no such sentence, or its document is not shown.
        """
        heading = self._heading(list_name, number)
        edition, mailing_list = self._content(heading.id), self._list_of(heading)
        return archive.source_page(self._open_store(), edition, mailing_list, story=story, sentence=sentence)

    def search(self, query: str, list_names: Sequence[str], *, page: int = 1, now: datetime) -> SearchPage:
        """Find stories in some lists; see `newsletter.archive.search`.

        Raises:
            ArchiveNotFoundError: There is no such list.
        """
        lists = [self._list(name) for name in list_names]
        return archive.search(self._open_store(), lists, query, page=page, now=now)

    def feed(self, list_name: str, *, limit: int = 15) -> list[FeedEntry]:
        """Return a list's latest editions in full, the newest first.

        Raises:
            ArchiveNotFoundError: There is no such list.
        """
        store, mailing_list = self._open_store(), self._list(list_name)
        return [
            FeedEntry(id=self._tag(heading), edition=self._view(heading))
            for heading in store.archive.latest(_names(mailing_list.name), limit=limit)
        ]

    def addresses(self, list_names: Sequence[str], *, limit: int) -> list[ArchivedAddress]:
        """Return where the editions of some lists stand, the newest first."""
        names = [name for list_name in list_names for name in _names(list_name)]
        return self._open_store().archive.addresses(names, limit=limit)

    def read_view_token(self, token: str) -> tuple[str, int]:
        """Return the list and the number of the edition that the link in a mail stands for.

        Raises:
            LinkError: It was not made here.
            ArchiveNotFoundError: This install makes no links.
        """
        signer = wiring.link_signer(self._settings)
        if signer is None:
            raise ArchiveNotFoundError("this install has no web pages: PUBLIC_URL is not set")
        target = signer.read(token, LinkPurpose.VIEW)
        return target.list_name, target.number

    def _heading(self, list_name: str, number: int) -> ArchivedHeading:
        heading = self._open_store().archive.find(list_name, number)
        if heading is None:
            raise ArchiveNotFoundError(f"there is no edition No. {number} of {list_name!r}")
        return heading

    def _list(self, name: str) -> MailingList:
        if name not in self._lists:
            raise ArchiveNotFoundError(f"there is no list {name!r}")
        return self._lists[name]

    def _list_of(self, heading: ArchivedHeading) -> MailingList:
        """Return the list of an edition; of one that is no longer set, what the edition itself says of it."""
        name = audience_name_of(heading.list_name)
        if name in self._lists:
            return self._lists[name]
        headers = self._open_store().editions.rendering(heading.id).headers
        return MailingList(
            name=name,
            title=headers.list_title,
            tagline="",
            schedule="",
            time_zone=headers.time_zone,
            sender_address=headers.sender_address,
            reply_to=headers.reply_to,
            is_open=False,
            archive_is_public=False,
            shows_documents=False,
        )

    def _set(self, heading: ArchivedHeading) -> EditionView:
        return archive.set_edition(heading, self._content(heading.id), self._list_of(heading))

    def _read_content(self, edition_id: int) -> Edition:
        return self._open_store().editions.content(edition_id)

    def _make_tag(self, heading: ArchivedHeading) -> str:
        """Return a tag URI (RFC 4151) for an edition, of what was frozen with it.

        PUBLIC_URL may change; followers of the feed must not get every edition a second time then.
        """
        host = self._open_store().editions.rendering(heading.id).headers.sender_domain or "localhost"
        return f"tag:{host},{heading.created_at:%Y-%m-%d}:{heading.list_name}/{heading.number}"


def _names(list_name: str) -> tuple[str, str]:
    return list_name, weekly_name(list_name)
