"""What there is to tell a list: new documents by event, beside what it was told of each event before."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from newsletter.model.documents import Document
from newsletter.model.editions import DroppedStory, MailingList, weekly_of
from newsletter.model.stories import GroupingRules, OpenStory, Telling
from newsletter.store.store import Store
from newsletter.stories.news import News, NewsDecision, RepeatRules, continued_threads, decide_news
from newsletter.stories.repeats.told import Told


@dataclass(frozen=True, kw_only=True)
class Find:
    """A story that is to be told, before it is summarised."""

    #: Those with something new first, and of these the most central.
    documents: tuple[Document, ...]
    #: Ids of documents that are one text, two or more each.
    copies: tuple[tuple[int, ...], ...]
    decision: NewsDecision
    #: What the list was told of it; None if nothing.
    story: OpenStory | None
    #: What names the story across editions.
    thread: int


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What came of looking through what a list, or its weekly digest, has not told."""

    finds: tuple[Find, ...] = ()
    #: What operators took out of editions that did not go out; it is not told.
    dropped: tuple[DroppedStory, ...] = ()
    #: Documents that say nothing new, each with the latest edition that told their story.
    repeats: Mapping[int, int] = field(default_factory=dict)
    #: Of a weekly digest: since when what it tells came, UTC.
    covers_from: datetime | None = None
    #: Of a weekly digest: documents in whose place a newer version is told.
    outdated_ids: tuple[int, ...] = ()
    #: Of a weekly digest: ids of the editions that told these finds, and what is left to readers of some.
    edition_ids: tuple[int, ...] = ()
    without: "Callable[[frozenset[int]], Findings] | None" = None
    #: By thread, ids of the editions that told a story to readers of the other cadence.
    elsewhere: Mapping[int, tuple[int, ...]] = field(default_factory=dict)

    def told_in(self, story: OpenStory) -> tuple[int, ...]:
        """Return the ids of all editions, of either cadence, that told a story."""
        return (*story.edition_ids, *self.elsewhere.get(story.thread, ()))


def gather(
    store: Store,
    mailing_list: MailingList,
    *,
    grouping: GroupingRules,
    repeats: RepeatRules,
    now: datetime,
    dropped: Sequence[DroppedStory] = (),
) -> Findings:
    """Find what is to be told to a list; nothing is written.

    Args:
        store: Where documents and editions are.
        mailing_list: The list.
        grouping: What makes documents one story.
        repeats: What makes a sentence old.
        now: UTC.
        dropped: Stories that are not to be told.
    """
    documents = store.documents.new_for(
        mailing_list.name, folders=mailing_list.folders, sources=mailing_list.sources
    )
    dropped = still_new(dropped, {document.id for document in documents})
    documents = [document for document in documents if document.id not in ids_of(dropped)]
    if not documents:
        return Findings(dropped=dropped)
    since = now - timedelta(days=grouping.open_days)
    stories = {story.thread: story for story in store.told.open_stories(mailing_list.name, since=since)}
    events = _groups(store, documents, stories, grouping, now)
    findings = replace(sift(events, stories, repeats, mailing_list.language), dropped=dropped)
    digest = weekly_of(mailing_list)
    if digest is None:
        return findings
    return replace(findings, elsewhere=editions_by_thread(store.told.tellings(digest.name, since=since)))


def still_new(dropped: Iterable[DroppedStory], new_ids: Collection[int]) -> tuple[DroppedStory, ...]:
    """Return dropped stories with those of their documents that no edition answers for yet."""
    kept = [
        replace(story, document_ids=tuple(i for i in story.document_ids if i in new_ids)) for story in dropped
    ]
    return tuple(story for story in kept if story.document_ids)


def ids_of(dropped: Iterable[DroppedStory]) -> frozenset[int]:
    """Return the documents of dropped stories."""
    return frozenset(i for story in dropped for i in story.document_ids)


def editions_by_thread(tellings: Iterable[Telling]) -> dict[int, tuple[int, ...]]:
    """Return the ids of the editions that told each story."""
    found: dict[int, tuple[int, ...]] = {}
    for telling in tellings:
        found[telling.thread] = (*found.get(telling.thread, ()), telling.edition_id)
    return found


@dataclass(frozen=True, kw_only=True)
class Event:
    """Documents on one event that were not told, and what was told of it."""

    documents: tuple[Document, ...]
    copies: tuple[tuple[int, ...], ...]
    #: The story that it is; None: one of its own.
    thread: int | None
    #: Its documents that were told.
    known: tuple[Document, ...] = ()
    #: Whether it is that story whatever its documents say.
    keeps_thread: bool = False


def _groups(
    store: Store,
    documents: Sequence[Document],
    stories: Mapping[int, OpenStory],
    grouping: GroupingRules,
    now: datetime,
) -> list[Event]:
    """Group new documents, and find the open stories that they go on."""
    # numpy takes a tenth of a second to load: only whoever composes waits for it.
    from newsletter.stories.group import KnownStory, group_documents

    told_ids = [i for story in stories.values() for i in story.document_ids]
    told = {document.id: document for document in store.documents.get_many(told_ids)}
    known = {
        thread: tuple(told[i] for i in story.document_ids if i in told) for thread, story in stories.items()
    }
    groups = group_documents(
        documents,
        rules=grouping,
        known=[
            KnownStory(thread=thread, documents=known[thread], last_told_at=story.last_told_at)
            for thread, story in stories.items()
        ],
        now=now,
    )
    versions = store.documents.earlier_versions([document.id for document in documents])
    changed = continued_threads(versions, list(stories.values()))
    events = []
    for group in groups:
        thread = group.thread
        if thread is None:
            thread = next((changed[d.id] for d in group.documents if d.id in changed), None)
        before = known.get(thread, ()) if thread is not None else ()
        events.append(Event(documents=group.documents, copies=group.copies, thread=thread, known=before))
    return events


def sift(
    events: Sequence[Event],
    stories: Mapping[int, OpenStory],
    rules: RepeatRules,
    language: str | None,
) -> Findings:
    """Part what is news from what was told.

    Args:
        events: What was not told.
        stories: What was told, by thread.
        rules: What makes a sentence old.
        language: ISO 639-1 code of the list; None where unknown.
    """
    elsewhere = Told.of_all(list(stories.values()), language=language)
    finds, repeats = [], {}
    for event in events:
        story = stories.get(event.thread) if event.thread is not None else None
        decision = decide_news(event.documents, event.known, story, elsewhere=elsewhere, rules=rules)
        if decision.news is News.REPEAT and story is not None:
            repeats.update(dict.fromkeys((d.id for d in event.documents), story.edition_ids[-1]))
            continue
        if decision.news is News.NEW:
            story = None
        finds.append(
            Find(
                documents=_newsworthy_first(event.documents, decision),
                copies=event.copies,
                decision=decision,
                story=story,
                thread=_thread(event, story),
            )
        )
    return Findings(finds=tuple(finds), repeats=repeats)


def _thread(event: Event, story: OpenStory | None) -> int:
    if event.thread is not None and (story is not None or event.keeps_thread):
        return event.thread
    return min(document.id for document in event.documents)


def _newsworthy_first(documents: Sequence[Document], decision: NewsDecision) -> tuple[Document, ...]:
    """Return the documents with those first that say something new: one of them shall lead."""
    new = {sentence.document_id for sentence in decision.sentences}
    return tuple(sorted(documents, key=lambda document: bool(new) and document.id not in new))
