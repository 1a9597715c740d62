"""Places: how the feeds, folders and mailboxes stand that documents come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from newsletter.model.lookups import PAGE_ROWS
from newsletter.model.mailboxes import MailboxState
from newsletter.model.places import PlaceHealth, PlaceKind, PlaceState
from newsletter.model.silence import Habit, habit_of
from newsletter.model.sources import Source
from newsletter.sources.folder import problem_of
from newsletter.store.store import Store

#: How far back habits are read off.
_REMEMBERED = timedelta(days=90)


@dataclass(frozen=True, kw_only=True)
class _News:
    """What came from a place lately."""

    last: date | None = None
    habit: Habit | None = None

    @property
    def usual_gap(self) -> float | None:
        return self.habit.usual_gap if self.habit else None


_NOTHING = _News()


def feeds(store: Store, *, page: int, now: datetime) -> tuple[tuple[PlaceHealth, ...], bool]:
    """Return how some feeds stand, those first that fail or have ended, and whether there are more.

    Args:
        store: Where they are.
        page: Counted from 1.
        now: UTC.
    """
    ordered = sorted(store.sources.all(), key=lambda source: (not _is_in_trouble(source), source.id))
    first = (page - 1) * PAGE_ROWS
    shown = ordered[first : first + PAGE_ROWS]
    news = _news(store, [source.added_url for source in shown], now)
    found = tuple(_feed(source, news.get(source.added_url, _NOTHING), now) for source in shown)
    return found, len(ordered) > first + PAGE_ROWS


def feed(store: Store, source: Source, *, now: datetime) -> PlaceHealth:
    """Return how one feed stands."""
    return _feed(source, _news(store, [source.added_url], now).get(source.added_url, _NOTHING), now)


def folders(store: Store, paths: Sequence[Path], *, now: datetime) -> tuple[PlaceHealth, ...]:
    """Return how folders stand, in the order given."""
    news = _news(store, [str(path) for path in paths], now)
    return tuple(_folder(path, news.get(str(path), _NOTHING), now) for path in paths)


def mailboxes(store: Store, names: Sequence[str], *, now: datetime) -> tuple[PlaceHealth, ...]:
    """Return how mailboxes stand, in the order given."""
    news = _news(store, names, now)
    states = (store.mailboxes.state(name, since=now, now=now) for name in names)
    return tuple(_mailbox(state, news.get(state.name, _NOTHING), now) for state in states)


def _is_in_trouble(source: Source) -> bool:
    return source.failing_since is not None or source.ended_at is not None


def _news(store: Store, names: Sequence[str], now: datetime) -> dict[str, _News]:
    """Return what came from each place lately, where anything did."""
    days = store.lookups.documents.news_days(names, since=now - _REMEMBERED)
    return {name: _News(last=found[-1], habit=habit_of(found)) for name, found in days.items()}


def _feed(source: Source, news: _News, now: datetime) -> PlaceHealth:
    state = PlaceState.GOOD
    if source.ended_at is not None:
        state = PlaceState.ENDED
    elif source.failing_since is not None:
        state = PlaceState.FAILING
    elif source.checked_at is None:
        state = PlaceState.NEW
    return PlaceHealth(
        kind=PlaceKind.FEED,
        state=_or_silent(state, news, now),
        name=source.added_url,
        title=source.title or source.url,
        source_id=source.id,
        succeeded_at=source.succeeded_at,
        failing_since=source.failing_since,
        problem=source.problem,
        next_at=None if source.ended_at else source.next_at,
        last_news=news.last,
        usual_gap=news.usual_gap,
    )


def _folder(path: Path, news: _News, now: datetime) -> PlaceHealth:
    problem = problem_of(path)
    state = PlaceState.FAILING if problem else PlaceState.GOOD
    return PlaceHealth(
        kind=PlaceKind.FOLDER,
        state=_or_silent(state, news, now),
        name=str(path),
        title=str(path),
        problem=problem,
        last_news=news.last,
        usual_gap=news.usual_gap,
    )


def _mailbox(box: MailboxState, news: _News, now: datetime) -> PlaceHealth:
    state = PlaceState.GOOD if box.succeeded_at else PlaceState.NEW
    if box.failing_since is not None:
        state = PlaceState.FAILING
    return PlaceHealth(
        kind=PlaceKind.MAILBOX,
        state=_or_silent(state, news, now),
        name=box.name,
        title=box.name,
        succeeded_at=box.succeeded_at,
        failing_since=box.failing_since,
        problem=box.problem,
        next_at=box.next_at,
        last_news=news.last,
        usual_gap=news.usual_gap,
    )


def _or_silent(state: PlaceState, news: _News, now: datetime) -> PlaceState:
    """Return SILENT for a place that is in order and has brought nothing for long."""
    is_silent = news.habit is not None and news.habit.is_silent(now.astimezone(UTC).date())
    return PlaceState.SILENT if state is PlaceState.GOOD and is_silent else state
