"""The archive: past editions, and a search over what they told."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Select,
    bindparam,
    column,
    func,
    insert,
    literal_column,
    select,
    table,
    text,
)

from newsletter.model.archive import (
    ArchivedAddress,
    ArchivedHeading,
    ArchivedStory,
    Neighbours,
    Term,
)
from newsletter.model.editions import Edition, EditionState
from newsletter.store import tables
from newsletter.store.database import Database
from newsletter.store.told import was_handed_over
from newsletter.store.words import folded_text

_editions = tables.editions
_stories = tables.archived_stories

#: SQLite's index over the stories' words (FTS5, external content).
_INDEX = table("archived_stories_fts", column("rowid"))

#: PostgreSQL's: a column that it keeps itself (migration 0006). Folded words have no accent, so that the "éé"
#: in it is found by nobody: it keeps phrases from going on from a headline into its summary.
_VECTOR: ColumnElement[Any] = literal_column("archived_stories.words_vector")

#: How much more a word in a headline counts than one in a summary.
_HEADLINE_WEIGHT = 4.0

#: A story so old counts half as much as one of today, in days.
_HALF_AFTER_DAYS = 365.0


class Archive:
    """What was published, to be read again and searched.

    An edition that was cancelled before a server had any of it was not published, and is not found.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, list_name: str, number: int) -> ArchivedHeading | None:
        """Return a list's edition of that number, or None if there is none."""
        with self._database.reading() as connection:
            row = connection.execute(_ONE, {"list_name": list_name, "number": number}).one_or_none()
        return ArchivedHeading(**row._mapping) if row else None  # noqa: SLF001 - SQLAlchemy's public name

    def latest(
        self, list_names: Sequence[str], *, limit: int, before: int | None = None
    ) -> list[ArchivedHeading]:
        """Return the latest editions of some lists together, the newest first.

        Args:
            list_names: The lists.
            limit: How many at most.
            before: Only editions whose id is lower.
        """
        found: list[ArchivedHeading] = []
        with self._database.reading() as connection:
            # One query for each list: the index over list and number then gives them in order.
            for name in list_names:
                query = _headings().where(_editions.c.list_name == name, _is_out(_editions.c.id))
                if before is not None:
                    query = query.where(_editions.c.id < before)
                rows = connection.execute(query.order_by(_editions.c.number.desc()).limit(limit))
                found += [ArchivedHeading(**row._mapping) for row in rows]  # noqa: SLF001
        return sorted(found, key=lambda heading: heading.id, reverse=True)[:limit]

    def neighbours(self, list_name: str, number: int) -> Neighbours:
        """Return the numbers of the editions of a list around one."""
        with self._database.reading() as connection:
            row = connection.execute(_AROUND, {"list_name": list_name, "number": number}).one()
        return Neighbours(previous=row.previous, next=row.next)

    def addresses(self, list_names: Sequence[str], *, limit: int) -> list[ArchivedAddress]:
        """Return where the editions of some lists stand, the newest first."""
        c = _editions.c
        query = (
            select(c.list_name, c.number, c.created_at)
            .where(c.list_name.in_(list_names), _is_out(c.id))
            .order_by(c.id.desc())
            .limit(limit)
        )
        with self._database.reading() as connection:
            return [ArchivedAddress(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001

    def search(
        self, terms: Sequence[Term], list_names: Sequence[str], *, now: datetime, limit: int, offset: int = 0
    ) -> tuple[int, list[ArchivedStory]]:
        """Find the stories that hold every term, the best and newest first.

        Args:
            terms: What to look for, at least one.
            list_names: Where.
            now: What age is counted from, UTC.
            limit: How many at most.
            offset: How many to pass over.

        Returns:
            How many there are, and those.
        """
        matching = _sqlite_matches(terms) if self._database.is_sqlite else _postgres_matches(terms)
        where = (_stories.c.list_name.in_(list_names), _is_out(_stories.c.edition_id))
        score = _sqlite_score(now) if self._database.is_sqlite else _postgres_score(terms, now)
        best = (
            matching.with_only_columns(_stories.c.id)
            .where(*where)
            .order_by(score.desc(), _stories.c.id.desc())
            .limit(limit)
            .offset(offset)
        )
        with self._database.reading() as connection:
            total = connection.scalar(matching.with_only_columns(func.count()).where(*where)) or 0
            ids = list(connection.scalars(best)) if offset < total else []
            return total, _read_stories(connection, ids)


def keep_stories(connection: Connection, edition: Edition, edition_id: int) -> None:
    """Put what an edition tells into the archive, in the transaction that publishes it."""
    common = {"edition_id": edition_id, "list_name": edition.list_name, "told_at": edition.created_at}
    rows = [common | {"position": position} | story for position, story in enumerate(_told(edition), start=1)]
    if not rows:
        return
    connection.execute(insert(_stories), rows)
    if connection.dialect.name == "sqlite":
        connection.execute(
            text(
                "INSERT INTO archived_stories_fts (rowid, headline_words, body_words) "
                "SELECT id, headline_words, body_words FROM archived_stories WHERE edition_id = :edition_id"
            ),
            {"edition_id": edition_id},
        )


def _told(edition: Edition) -> Iterator[dict[str, str | None]]:
    for story in edition.stories:
        yield _row(story.headline, story.summary.rewrite or story.summary.text, story.language)
    for line in edition.also:
        yield _row(line.headline, "", None)


def _row(headline: str, body: str, language: str | None) -> dict[str, str | None]:
    return {
        "language": language,
        # The one character that PostgreSQL cannot keep.
        "headline": headline.replace("\0", " "),
        "body": body.replace("\0", " "),
        "headline_words": folded_text(headline),
        "body_words": folded_text(body),
    }


def _is_out(edition_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Return the condition that an edition went out, or may go out still.

    Those that did not are few and have an index: they are looked up once, and no edition's own row is read.
    """
    withdrawn = select(_editions.c.id).where(
        _editions.c.state != EditionState.OPEN.value,
        _editions.c.state == EditionState.CANCELLED.value,
        ~was_handed_over(),
    )
    return edition_id.not_in(withdrawn)


def _headings() -> Select[Any]:
    c, told = _editions.c, _stories.c
    of_edition = told.edition_id == c.id
    return select(
        *(c.id, c.list_name, c.number, c.subject, c.preheader, c.created_at, c.slot_at),
        select(func.count()).select_from(_stories).where(of_edition).scalar_subquery().label("story_count"),
        select(told.language).where(of_edition, told.position == 1).scalar_subquery().label("language"),
    )


def _around() -> Select[Any]:
    c = _editions.c
    of_list = select(c.number).where(c.list_name == bindparam("list_name"), _is_out(c.id)).limit(1)
    number = bindparam("number", type_=c.number.type)
    before = of_list.where(c.number < number).order_by(c.number.desc())
    after = of_list.where(c.number > number).order_by(c.number)
    return select(before.scalar_subquery().label("previous"), after.scalar_subquery().label("next"))


# Asked for with every page: putting a query together takes longer than the answer.
_ONE = _headings().where(
    _editions.c.list_name == bindparam("list_name"),
    _editions.c.number == bindparam("number"),
    _is_out(_editions.c.id),
)
_AROUND = _around()


def _read_stories(connection: Connection, ids: Sequence[int]) -> list[ArchivedStory]:
    s = _stories.c
    query = (
        select(s.id, s.list_name, _editions.c.number, s.position, s.headline, s.body, s.language, s.told_at)
        .join(_editions, _editions.c.id == s.edition_id)
        .where(s.id.in_(ids))
    )
    found = {
        row.id: ArchivedStory(**{name: value for name, value in row._mapping.items() if name != "id"})  # noqa: SLF001
        for row in connection.execute(query)
    }
    return [found[story_id] for story_id in ids]


def _sqlite_matches(terms: Sequence[Term]) -> Select[Any]:
    """Ask FTS5; words hold letters, digits and marks alone, so that nothing of them is its syntax."""
    words = " AND ".join(f'"{" ".join(term.words)}"{" *" if term.is_prefix else ""}' for term in terms)
    return (
        select(_stories.c.id)
        .select_from(_INDEX.join(_stories, _stories.c.id == _INDEX.c.rowid))
        .where(text("archived_stories_fts MATCH :words").bindparams(words=words))
    )


def _sqlite_score(now: datetime) -> ColumnElement[Any]:
    # FTS5's bm25 is the lower the better the match is.
    relevance = literal_column(f"-bm25(archived_stories_fts, {_HEADLINE_WEIGHT}, 1.0)", Float)
    days = func.julianday(bindparam("now", now, tables.UtcDateTime)) - func.julianday(_stories.c.told_at)
    return relevance / (1.0 + func.max(days, 0.0) / _HALF_AFTER_DAYS)


def _postgres_query(terms: Sequence[Term]) -> ColumnElement[Any]:
    phrases = []
    for term in terms:
        *others, last = (f"'{word}'" for word in term.words)
        phrases.append(" <-> ".join((*others, f"{last}:*" if term.is_prefix else last)))
    return func.to_tsquery(literal_column("'simple'::regconfig"), " & ".join(f"({one})" for one in phrases))


def _postgres_matches(terms: Sequence[Term]) -> Select[Any]:
    return select(_stories.c.id).select_from(_stories).where(_VECTOR.op("@@")(_postgres_query(terms)))


def _postgres_score(terms: Sequence[Term], now: datetime) -> ColumnElement[Any]:
    weights: ColumnElement[Any] = literal_column(f"'{{0, 0, {1 / _HEADLINE_WEIGHT}, 1}}'::float4[]")
    relevance = func.ts_rank(weights, _VECTOR, _postgres_query(terms))
    age = bindparam("now", now, tables.UtcDateTime) - _stories.c.told_at
    days = func.extract("epoch", age) / 86_400
    return relevance / (1.0 + func.greatest(days, 0.0) / _HALF_AFTER_DAYS)
