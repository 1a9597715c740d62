"""What lists and their readers were told, read off the frozen editions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, func, or_, select

from newsletter.model.deliveries import DeliveryState
from newsletter.model.editions import Edition, EditionState, OneLiner
from newsletter.model.stories import OpenStory, Story, SummarySentence
from newsletter.model.subscribers import SubscriptionState
from newsletter.store import tables
from newsletter.store.codec import from_json
from newsletter.store.database import VALUES_PER_STATEMENT, Database
from newsletter.store.variants import has_had

_deliveries = tables.deliveries
_editions = tables.editions
_subscribers = tables.subscribers
_subscriptions = tables.subscriptions
_suppressions = tables.suppressions
_told = tables.edition_documents

#: States in which a server has a message, may have it, or is being given it.
_HANDED_OVER = (DeliveryState.SENDING.value, DeliveryState.ACCEPTED.value, DeliveryState.UNCERTAIN.value)


@dataclass(frozen=True, kw_only=True)
class ReaderTold:
    """What one reader was told."""

    #: Documents of the stories and one-liners that reached the reader.
    document_ids: frozenset[int]
    #: List and thread of each of these stories.
    threads: frozenset[tuple[str, int]]


class ToldStories:
    """Stories as lists and readers were told them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open_stories(self, list_name: str, *, since: datetime) -> list[OpenStory]:
        """Return the stories that a list was told in its editions since then, by thread.

        What was told by headline alone has no sentences. Documents that found no place in an edition were not
        told, nor was anything in an edition that was cancelled before a server had any of it.

        Args:
            list_name: The list.
            since: UTC.
        """
        where = (
            _editions.c.list_name == list_name,
            _editions.c.created_at >= since,
            or_(_editions.c.state != EditionState.CANCELLED.value, _was_handed_over()),
        )
        threads: dict[int, list[_Telling]] = {}
        for edition_id, edition in self._contents(*where):
            for telling in _tellings(edition_id, edition):
                threads.setdefault(telling.thread, []).append(telling)
        return [_open_story(threads[thread]) for thread in sorted(threads)]

    def told_to(self, subscriber_id: int, *, since: datetime, list_name: str | None = None) -> ReaderTold:
        """Return what a reader was told in editions since then.

        A copy counts once a server has it or may have it.

        Args:
            subscriber_id: The reader.
            since: UTC.
            list_name: Only by this list; None: by any.
        """
        handed_over = exists().where(
            _deliveries.c.edition_id == _editions.c.id,
            _deliveries.c.subscriber_id == subscriber_id,
            _deliveries.c.state.in_(_HANDED_OVER),
        )
        where = [_editions.c.created_at >= since, handed_over]
        if list_name is not None:
            where.append(_editions.c.list_name == list_name)
        documents: set[int] = set()
        threads: set[tuple[str, int]] = set()
        for edition_id, edition in self._contents(*where):
            for telling in _tellings(edition_id, edition):
                documents.update(telling.document_ids)
                threads.add((edition.list_name, telling.thread))
        return ReaderTold(document_ids=frozenset(documents), threads=frozenset(threads))

    def editions_telling(
        self, document_ids: Sequence[int], *, besides: str, since: datetime
    ) -> tuple[int, ...]:
        """Return the editions of other lists since then that told any of these documents.

        Args:
            document_ids: Documents of one story.
            besides: The list whose own editions do not count.
            since: UTC.
        """
        wanted = set(document_ids)
        candidates: set[int] = set()
        ids = sorted(wanted)
        with self._database.reading() as connection:
            for start in range(0, len(ids), VALUES_PER_STATEMENT):
                query = select(_told.c.edition_id).where(
                    _told.c.document_id.in_(ids[start : start + VALUES_PER_STATEMENT]),
                    _told.c.list_name != besides,
                )
                candidates.update(connection.scalars(query))
        # An edition answers for documents that it had no room for as well: only its content knows.
        contents = self._contents(_editions.c.id.in_(sorted(candidates)), _editions.c.created_at >= since)
        return tuple(
            edition_id
            for edition_id, edition in contents
            if any(wanted.intersection(t.document_ids) for t in _tellings(edition_id, edition))
        )

    def missed(self, list_name: str, edition_ids: Sequence[int]) -> int:
        """Return how many confirmed readers of a list got none of these editions, and are not about to."""
        with self._database.reading() as connection:
            query = readers_of(list_name, edition_ids, reached=False).subquery()
            return connection.scalar(select(func.count()).select_from(query)) or 0

    def reached(self, list_name: str, edition_ids: Sequence[int]) -> int:
        """Return how many confirmed readers of a list got one of these editions, of whatever list."""
        with self._database.reading() as connection:
            query = readers_of(list_name, edition_ids, reached=True).subquery()
            return connection.scalar(select(func.count()).select_from(query)) or 0

    def _contents(self, *where: ColumnElement[bool]) -> Iterator[tuple[int, Edition]]:
        """Yield id and content of the editions that match, the oldest first."""
        query = select(_editions.c.id, _editions.c.content).where(*where).order_by(_editions.c.id)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        for row in rows:
            yield row.id, from_json(Edition, row.content)


def readers_of(list_name: str, edition_ids: Sequence[int], *, reached: bool) -> Select[tuple[int]]:
    """Select the ids of a list's confirmed readers by whether one of some editions has reached them.

    To be used within a statement: `INSERT ... SELECT`, or `subscriber_id IN (...)` of an `UPDATE`. An edition
    that is on its way counts as one that has reached the reader.

    Args:
        list_name: The list whose readers are asked about.
        edition_ids: The editions, of whatever list.
        reached: Whether to select those who got one of them, or those who got none.
    """
    had = has_had(edition_ids, reader=_subscriptions.c.subscriber_id)
    suppressed = exists().where(
        _subscribers.c.id == _subscriptions.c.subscriber_id,
        _suppressions.c.address_hash == _subscribers.c.address_hash,
    )
    return select(_subscriptions.c.subscriber_id).where(
        _subscriptions.c.list_name == list_name,
        _subscriptions.c.state == SubscriptionState.CONFIRMED.value,
        ~suppressed,
        had if reached else ~had,
    )


def _was_handed_over() -> ColumnElement[bool]:
    """Return the condition that a server has, or may have, somebody's copy of an edition."""
    return exists().where(_deliveries.c.edition_id == _editions.c.id, _deliveries.c.state.in_(_HANDED_OVER))


@dataclass(frozen=True, kw_only=True)
class _Telling:
    """One story as one edition told it."""

    thread: int
    headline: str
    sentences: tuple[SummarySentence, ...]
    document_ids: tuple[int, ...]
    edition_id: int
    told_at: datetime
    #: When the list was first told of it, as the edition has it.
    first_told_at: datetime


def _tellings(edition_id: int, edition: Edition) -> list[_Telling]:
    """Return what an edition told: its stories, then its one-liners, which are told by headline alone."""
    return [
        *(_telling(edition_id, edition, story, story.summary.sentences) for story in edition.stories),
        *(_telling(edition_id, edition, line, ()) for line in edition.also),
    ]


def _telling(
    edition_id: int, edition: Edition, told: Story | OneLiner, sentences: tuple[SummarySentence, ...]
) -> _Telling:
    first_told_at = told.first_told_at if isinstance(told, Story) else None
    return _Telling(
        # Editions of earlier releases name no thread.
        thread=min(told.document_ids) if told.thread is None else told.thread,
        headline=told.headline,
        sentences=sentences,
        document_ids=told.document_ids,
        edition_id=edition_id,
        told_at=edition.created_at,
        first_told_at=first_told_at or edition.created_at,
    )


def _open_story(tellings: Sequence[_Telling]) -> OpenStory:
    """Put together what several editions, the oldest first, told of one story."""
    return OpenStory(
        thread=tellings[0].thread,
        headline=tellings[-1].headline,
        told=tuple(dict.fromkeys(sentence for t in tellings for sentence in t.sentences)),
        headlines=tuple(dict.fromkeys(t.headline for t in tellings)),
        document_ids=tuple(dict.fromkeys(i for t in tellings for i in t.document_ids)),
        first_told_at=min(t.first_told_at for t in tellings),
        last_told_at=max(t.told_at for t in tellings),
        edition_ids=tuple(dict.fromkeys(t.edition_id for t in tellings)),
    )
