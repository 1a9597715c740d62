"""What lists were told, as the store reads it off the editions, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from newsletter.model.deliveries import DeliveryMark, DeliveryState, UncertainPolicy
from newsletter.model.documents import FoundFile, ParsedDocument, Span
from newsletter.model.editions import Edition, OneLiner, PublishedEdition
from newsletter.model.messages import ListHeaders, Rendering
from newsletter.model.stories import SourceCredit, Story, StoryLabel, Summary, SummarySentence
from newsletter.store.store import Store

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
DAY = timedelta(days=1)
S = DeliveryState

Put = Callable[..., list[int]]
Tell = Callable[..., PublishedEdition]


def story(headline: str, *document_ids: int, thread: int | None = None, **more: object) -> Story:
    sentence = SummarySentence(
        text=f"{headline}, they say.", span=Span(start=0, end=9), document_id=document_ids[0]
    )
    return Story(
        headline=headline,
        label=StoryLabel.NEW,
        summary=Summary(sentences=(sentence,), method="lead"),
        sources=(SourceCredit(name="Harbour Gazette", title=headline),),
        document_ids=document_ids,
        language="en",
        dated_at=NOW,
        independent_sources=1,
        thread=thread,
        **more,
    )


def line(headline: str, *document_ids: int, thread: int | None = None) -> OneLiner:
    credit = SourceCredit(name="Harbour Gazette", title=headline)
    return OneLiner(headline=headline, source=credit, document_ids=document_ids, thread=thread)


@pytest.fixture
def put(store: Store, parsed: Callable[..., ParsedDocument]) -> Put:
    """Take in a text under each path and return the documents' ids."""

    def add(*texts: tuple[str, str]) -> list[int]:
        files = [FoundFile(path=path, fingerprint=words, document=parsed(words)) for path, words in texts]
        store.documents.record("/in", files, now=NOW)
        ids = {document.headline: document.id for document in store.documents.new_for("nobody")}
        return [ids[words] for _, words in texts]

    return add


@pytest.fixture
def tell(store: Store) -> Tell:
    def publish(
        *stories: Story,
        also: tuple[OneLiner, ...] = (),
        left_out: tuple[int, ...] = (),
        repeated: tuple[int, ...] = (),
        list_name: str = "daily",
        at: datetime = NOW,
    ) -> PublishedEdition:
        store.editions.know_list(list_name, now=NOW)
        edition = Edition(
            list_name=list_name, number=store.editions.next_number(list_name), created_at=at, slot_at=None,
            subject="A subject", preheader="More", language="en", stories=stories, also=also,
            left_out_ids=left_out, repeated_ids=repeated, word_count=10, reading_minutes=1,
        )  # fmt: skip
        headers = ListHeaders(
            list_name=list_name, list_title="The Daily Brief", sender_address="digest@news.example.org",
            sender_name="", reply_to="", unsubscribe_address="digest@news.example.org", date=at,
        )  # fmt: skip
        rendering = Rendering(
            subject="A subject", preheader="More", html="<p>Hello</p>", text="Hello", token="t0k3n",
            headers=headers,
        )  # fmt: skip
        return store.editions.publish(edition, rendering, uid=f"{list_name}-{edition.number}")

    return publish


def deliver(store: Store, **outcomes: S) -> None:
    """Give all that is due an outcome, ACCEPTED if none is named."""
    claimed = store.deliveries.claim(sender="me", limit=100, now=NOW + 30 * DAY)
    ids = [delivery.id for delivery in claimed]
    marks = [
        DeliveryMark(delivery_id=d.id, state=outcomes.get(d.address.partition("@")[0], S.ACCEPTED))
        for d in claimed
    ]
    for begin, results in ((ids, []), ([], marks)):
        store.deliveries.advance(
            begin=begin, marks=results, sender="me", policy=UncertainPolicy.HOLD, now=NOW + 30 * DAY
        )


def reader(store: Store, name: str, list_name: str = "daily") -> int:
    return next(s.id for s in store.subscribers.listed(list_name) if s.address.key.startswith(f"{name}@"))


def test_what_editions_told_of_one_thread_is_one_story(store: Store, put: Put, tell: Tell) -> None:
    a, b, c = put(("a", "Bridge falls"), ("b", "Toll rises"), ("c", "Rates go up"))
    first = tell(story("Bridge falls", a, thread=a), story("Rates go up", c, thread=c))
    second = tell(story("Toll rises", b, thread=a), at=NOW + DAY)
    bridge, rates = store.told.open_stories("daily", since=NOW)
    assert (bridge.thread, bridge.headline) == (a, "Toll rises")
    assert bridge.headlines == ("Bridge falls", "Toll rises")
    assert [sentence.text for sentence in bridge.told] == ["Bridge falls, they say.", "Toll rises, they say."]
    assert bridge.document_ids == (a, b)
    assert (bridge.first_told_at, bridge.last_told_at) == (NOW, NOW + DAY)
    assert bridge.edition_ids == (first.id, second.id)
    assert rates.edition_ids == (first.id,)


def test_only_the_lists_own_editions_since_then_count(store: Store, put: Put, tell: Tell) -> None:
    a, b, c = put(("a", "Old"), ("b", "Recent"), ("c", "Elsewhere"))
    tell(story("Old", a), at=NOW - 15 * DAY)
    tell(story("Recent", b), at=NOW)
    tell(story("Elsewhere", c), list_name="weekly", at=NOW)
    assert [s.headline for s in store.told.open_stories("daily", since=NOW - 14 * DAY)] == ["Recent"]
    assert store.told.open_stories("unheard-of", since=NOW) == []


def test_an_update_remembers_when_the_story_began(store: Store, put: Put, tell: Tell) -> None:
    a, b = put(("a", "First"), ("b", "Second"))
    tell(story("First", a, thread=a), at=NOW - 20 * DAY)
    tell(story("Second", b, thread=a, first_told_at=NOW - 20 * DAY), at=NOW)
    (found,) = store.told.open_stories("daily", since=NOW - 14 * DAY)
    assert (found.first_told_at, found.last_told_at) == (NOW - 20 * DAY, NOW)


def test_a_story_without_thread_is_named_by_its_lowest_document(store: Store, put: Put, tell: Tell) -> None:
    a, b = put(("a", "First"), ("b", "Second"))
    tell(story("Second", b, a))
    assert [s.thread for s in store.told.open_stories("daily", since=NOW)] == [a]


def test_a_one_liner_is_told_by_its_headline_alone(store: Store, put: Put, tell: Tell) -> None:
    a, b = put(("a", "First"), ("b", "Second"))
    tell(story("First", a), also=(line("Second", b),))
    found = store.told.open_stories("daily", since=NOW)[1]
    assert (found.headlines, found.told, found.document_ids) == (("Second",), (), (b,))


def test_what_found_no_place_or_said_nothing_new_was_not_told(store: Store, put: Put, tell: Tell) -> None:
    a, b, c = put(("a", "First"), ("b", "Second"), ("c", "Third"))
    tell(story("First", a), left_out=(b,), repeated=(c,))
    assert [s.document_ids for s in store.told.open_stories("daily", since=NOW)] == [(a,)]


def test_an_edition_cancelled_before_anybody_had_it_told_nothing(
    store: Store, subscribe, put: Put, tell: Tell
) -> None:
    subscribe("ada@example.org", "bo@example.org")
    a, b = put(("a", "First"), ("b", "Second"))
    unsent = tell(story("First", a))
    store.operations.cancel(unsent.id, now=NOW)
    assert store.told.open_stories("daily", since=NOW) == []
    begun = tell(story("Second", b))
    deliver(store, bo=S.FAILED)
    store.operations.cancel(begun.id, now=NOW)
    assert [s.headline for s in store.told.open_stories("daily", since=NOW)] == ["Second"]


def test_all_editions_are_read_at_once(store: Store, put: Put, tell: Tell) -> None:
    ids = put(*[(f"{n}", f"Story {n}") for n in range(40)])
    for day in range(20):
        first, second = ids[2 * day : 2 * day + 2]
        told = (story(f"Story {first}", first), story(f"Story {second}", second, thread=ids[0]))
        tell(*told, at=NOW + day * DAY)
    statements: list[str] = []
    engine = store._database.engine

    def remember(connection, cursor, statement, parameters, context, executemany) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", remember)
    found = store.told.open_stories("daily", since=NOW)
    event.remove(engine, "before_cursor_execute", remember)
    assert (len(found), len(found[0].edition_ids)) == (20, 20)
    assert sum("SELECT" in statement for statement in statements) == 1


def test_a_changed_document_leads_back_to_all_its_versions(store: Store, put: Put, tell: Tell) -> None:
    (first,) = put(("a", "First"))
    tell(story("First", first))
    (second,) = put(("a", "Second"))
    tell(repeated=(second,))
    third, other = put(("a", "Third"), ("b", "Other"))
    assert store.documents.earlier_versions([third, other]) == {third: (second, first)}
    assert store.documents.earlier_versions([]) == {}


def test_documents_come_in_the_order_asked_for(store: Store, put: Put) -> None:
    a, b = put(("a", "First"), ("b", "Second"))
    assert [d.headline for d in store.documents.get_many([b, 999, a, b])] == ["Second", "First"]
    assert store.documents.get_many([a])[0].places == ("/in/a",)
    assert store.documents.get_many([]) == []
