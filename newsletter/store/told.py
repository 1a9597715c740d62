"""What lists were told, read off the frozen editions."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, exists, or_, select

from newsletter.model.deliveries import HELD_STATES, DeliveryState
from newsletter.model.editions import Edition, EditionState, OneLiner
from newsletter.model.stories import OpenStory, Story, SummarySentence, Telling
from newsletter.store import tables
from newsletter.store.codec import from_json
from newsletter.store.database import Database
from newsletter.store.statements import in_portions
from newsletter.store.steps import of_states

_deliveries = tables.deliveries
_editions = tables.editions
_told = tables.edition_documents

#: States in which a server has a message, may have it, or is being given it.
HANDED_OVER = frozenset({DeliveryState.SENDING, DeliveryState.ACCEPTED, DeliveryState.UNCERTAIN})


class ToldStories:
    """Stories as lists were told them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open_stories(
        self, list_name: str, *, since: datetime, before: datetime | None = None
    ) -> list[OpenStory]:
        """Return the stories that a list was told in its editions since then, by thread.

        Args:
            list_name: The list.
            since: UTC.
            before: Only what was told before then, UTC; None: all.
        """
        return stories_of(self.tellings(list_name, since=since, before=before))

    def tellings(self, list_name: str, *, since: datetime, before: datetime | None = None) -> list[Telling]:
        """Return what each of a list's editions since then told of each story, the oldest edition's first.

        What was told by headline alone has no sentences. Documents that found no place in an edition were not
        told, nor was anything in an edition that was cancelled before a server had any of it.

        Args:
            list_name: The list.
            since: UTC.
            before: Only what was told before then, UTC; None: all.
        """
        where = (
            _editions.c.list_name == list_name,
            _editions.c.created_at >= since,
            or_(_editions.c.state != EditionState.CANCELLED.value, was_handed_over()),
            *([] if before is None else [_editions.c.created_at < before]),
        )
        return [
            telling
            for edition_id, edition in self._contents(*where)
            for telling in _tellings(edition_id, edition)
        ]

    def answered(self, list_name: str, document_ids: Sequence[int]) -> set[int]:
        """Return those of some documents that a list's editions answer for, be it as left out."""
        found: set[int] = set()
        with self._database.reading() as connection:
            for some in in_portions(document_ids):
                query = select(_told.c.document_id).where(
                    _told.c.list_name == list_name, _told.c.document_id.in_(some)
                )
                found.update(connection.scalars(query))
        return found

    def _contents(self, *where: ColumnElement[bool]) -> Iterator[tuple[int, Edition]]:
        """Yield id and content of the editions that match, the oldest first."""
        query = select(_editions.c.id, _editions.c.content).where(*where).order_by(_editions.c.id)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        for row in rows:
            yield row.id, from_json(Edition, row.content)


def was_handed_over() -> ColumnElement[bool]:
    """Return the condition that a server has somebody's copy of an edition, may have it, or is given it."""
    took = exists().where(_deliveries.c.edition_id == _editions.c.id, of_states(HANDED_OVER - HELD_STATES))
    takes = select(_deliveries.c.edition_id).where(of_states(HANDED_OVER & HELD_STATES))
    return or_(took, _editions.c.id.in_(takes))


def _tellings(edition_id: int, edition: Edition) -> list[Telling]:
    """Return what an edition told: its stories, then its one-liners, which are told by headline alone."""
    return [
        *(_telling(edition_id, edition, story, story.summary.sentences) for story in edition.stories),
        *(_telling(edition_id, edition, line, ()) for line in edition.also),
    ]


def _telling(
    edition_id: int, edition: Edition, told: Story | OneLiner, sentences: tuple[SummarySentence, ...]
) -> Telling:
    first_told_at = told.first_told_at if isinstance(told, Story) else None
    return Telling(
        # Editions of earlier releases name no thread.
        thread=min(told.document_ids) if told.thread is None else told.thread,
        headline=told.headline,
        sentences=sentences,
        document_ids=told.document_ids,
        edition_id=edition_id,
        told_at=edition.created_at,
        first_told_at=first_told_at or edition.created_at,
    )


def stories_of(tellings: Iterable[Telling]) -> list[OpenStory]:
    """Return the stories that some tellings, the oldest first, make together, by thread."""
    threads: dict[int, list[Telling]] = {}
    for telling in tellings:
        threads.setdefault(telling.thread, []).append(telling)
    return [_open_story(threads[thread]) for thread in sorted(threads)]


def _open_story(tellings: Sequence[Telling]) -> OpenStory:
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
