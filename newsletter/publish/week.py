"""What a weekly digest tells: what the list's editions told since the digest before it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from newsletter.model.documents import Document
from newsletter.model.editions import DroppedStory, MailingList, RunOutcome
from newsletter.model.stories import GroupingRules, Telling
from newsletter.publish.gathering import Event, Findings, editions_by_thread, ids_of, sift, still_new
from newsletter.store.store import Store
from newsletter.store.told import stories_of
from newsletter.stories.news import RepeatRules

#: How far back a list's first digest looks unless one was missed, and any digest at most: two weeks after one
#: was missed, with room for a digest that comes late, and for clocks that went back.
_FIRST_REACH, _REACH = timedelta(days=7), timedelta(days=15)

#: An edition may have been on its way into the store while the digest before was made.
_OVERLAP = timedelta(hours=1)

#: Editions that a digest is made of at most, the latest: what readers have had of each is looked up.
_MOST_EDITIONS = 500


@dataclass(frozen=True, kw_only=True)
class Week:
    """What a list's editions told of late that its weekly digest has not told."""

    #: Since when it came, UTC: the day of the digest before has had its digest.
    since: datetime
    #: The documents of each story by its thread, the leading one first, with those that are one text.
    events: Mapping[int, Event]
    #: Which edition told a document.
    told_in: Mapping[int, int]
    #: Documents of these stories as newer versions have replaced them.
    outdated_ids: tuple[int, ...]
    #: What operators took out of digests that did not go out.
    dropped: tuple[DroppedStory, ...]
    #: What the list's editions told, and what the digests told.
    by_editions: tuple[Telling, ...]
    by_digests: tuple[Telling, ...]
    #: Every document that is named here.
    documents: Mapping[int, Document]

    @property
    def edition_ids(self) -> tuple[int, ...]:
        """The editions that it is made of, the oldest first."""
        return tuple(sorted({self.told_in[d.id] for event in self.events.values() for d in event.documents}))


def gather_week(
    store: Store,
    mailing_list: MailingList,
    *,
    grouping: GroupingRules,
    repeats: RepeatRules,
    now: datetime,
    dropped: Sequence[DroppedStory] = (),
) -> Findings:
    """Find what is to be told in a weekly digest; nothing is written.

    Args:
        store: Where documents and editions are.
        mailing_list: The weekly digest.
        grouping: How long a story goes on, and which texts are copies; the stories stay as the editions had
            them.
        repeats: What makes a sentence old.
        now: UTC.
        dropped: Stories that are not to be told.
    """
    week = look_back(store, mailing_list, grouping=grouping, now=now, dropped=dropped)
    without = partial(findings_without, week, mailing_list=mailing_list, rules=repeats)
    return replace(
        without(frozenset()),
        covers_from=week.since,
        outdated_ids=week.outdated_ids,
        dropped=week.dropped,
        edition_ids=week.edition_ids,
        without=without,
        elsewhere=editions_by_thread(week.by_editions),
    )


def look_back(
    store: Store,
    mailing_list: MailingList,
    *,
    grouping: GroupingRules,
    now: datetime,
    dropped: Sequence[DroppedStory] = (),
) -> Week:
    """Return what the list's editions told that its digest has not told."""
    since, read_from = _since(store, mailing_list, now)
    remembered = now - timedelta(days=grouping.open_days)
    by_editions = store.told.tellings(mailing_list.audience_name, since=min(read_from, remembered))
    by_digests = store.told.tellings(mailing_list.name, since=remembered)
    carried = _latest([telling for telling in by_editions if telling.told_at >= read_from])
    told_in = {i: telling.edition_id for telling in carried for i in telling.document_ids}
    answered = store.told.answered(mailing_list.name, list(told_in))
    earlier = store.documents.earlier_versions(list(told_in))
    outdated = {i for ids in earlier.values() for i in ids if i in told_in}
    dropped = still_new(dropped, set(told_in) - answered)
    left_out = answered | outdated | ids_of(dropped)
    named = {i for telling in (*by_editions, *by_digests) for i in telling.document_ids}
    documents = {document.id: document for document in store.documents.get_many(sorted(named))}
    threads: dict[int, list[Document]] = {}
    for telling in carried:
        fresh = [i for i in telling.document_ids if i in documents and i not in left_out]
        threads.setdefault(telling.thread, []).extend(documents[i] for i in fresh)
    return Week(
        since=since,
        events={thread: _event(thread, found, grouping, now) for thread, found in threads.items() if found},
        told_in=told_in,
        outdated_ids=tuple(sorted(outdated - answered - ids_of(dropped))),
        dropped=dropped,
        by_editions=tuple(by_editions),
        by_digests=tuple(by_digests),
        documents=documents,
    )


def findings_without(
    week: Week, had: frozenset[int], *, mailing_list: MailingList, rules: RepeatRules
) -> Findings:
    """Find what is to be told to readers of a digest who have had some of the list's editions.

    Args:
        week: What there is.
        had: Ids of the editions that they have had.
        mailing_list: The weekly digest.
        rules: What makes a sentence old.
    """
    known = [*(telling for telling in week.by_editions if telling.edition_id in had), *week.by_digests]
    stories = {story.thread: story for story in stories_of(sorted(known, key=lambda one: one.told_at))}
    events = []
    for thread, event in week.events.items():
        left = tuple(document for document in event.documents if week.told_in[document.id] not in had)
        if left:
            told = stories[thread].document_ids if thread in stories else ()
            before = tuple(week.documents[i] for i in told if i in week.documents)
            events.append(replace(event, documents=left, known=before))
    return sift(events, stories, rules, mailing_list.language)


def _since(store: Store, mailing_list: MailingList, now: datetime) -> tuple[datetime, datetime]:
    """Return since when a digest tells, by when the one before was made, and from when editions are read."""
    latest = store.editions.latest(mailing_list.name)
    if not latest:
        was_missed = any(run.outcome is RunOutcome.SKIPPED for run in store.editions.runs(mailing_list.name))
        since = now - (_REACH if was_missed else _FIRST_REACH)
        return since, since
    # What came after it was proposed is not in it.
    before = store.editions.content(latest[0].id).gathered_at or latest[0].created_at
    # One that a clock made that was ahead says nothing.
    if not now - _REACH < before <= now:
        return now - _REACH, now - _REACH
    return before, before - _OVERLAP


def _latest(tellings: Sequence[Telling]) -> list[Telling]:
    """Return the tellings of the latest editions."""
    kept = set(sorted({telling.edition_id for telling in tellings})[-_MOST_EDITIONS:])
    return [telling for telling in tellings if telling.edition_id in kept]


def _event(thread: int, documents: Iterable[Document], grouping: GroupingRules, now: datetime) -> Event:
    """Return a story's documents as those of one event, with the one first that leads."""
    # numpy takes a tenth of a second to load: only whoever composes waits for it.
    from newsletter.stories.group import group_documents

    found = list(documents)
    rules = replace(grouping, story_cutoff=0.0)
    # What editions told as one story stays one, also where nothing but its thread holds it together.
    groups = sorted(group_documents(found, rules=rules, now=now), key=lambda group: -len(group.documents))
    return Event(
        documents=tuple(document for group in groups for document in group.documents),
        copies=tuple(copies for group in groups for copies in group.copies),
        thread=thread,
        keeps_thread=True,
    )
