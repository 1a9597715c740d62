"""What lists and readers were told, as the store reads it off the editions, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, text

from newsletter.model.deliveries import DeliveryMark, DeliveryState, UncertainPolicy
from newsletter.model.documents import FoundFile, ParsedDocument, Span
from newsletter.model.editions import Edition, OneLiner, PublishedEdition
from newsletter.model.messages import ListHeaders, Rendering
from newsletter.model.stories import SourceCredit, Story, StoryLabel, Summary, SummarySentence
from newsletter.model.subscribers import SuppressionReason
from newsletter.store.store import Store
from newsletter.store.told import readers_of
from newsletter.subscribe import parse_address

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
    assert store.told.editions_telling([b, c], besides="weekly", since=NOW) == ()


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


def test_a_reader_was_told_what_a_server_took(store: Store, subscribe, put: Put, tell: Tell) -> None:
    subscribe("ada@example.org", "bo@example.org", "chi@example.org")
    a, b, c, d = put(("a", "First"), ("b", "Second"), ("c", "Third"), ("d", "Fourth"))
    tell(story("First", a), also=(line("Second", b),), left_out=(c,))
    deliver(store, bo=S.FAILED, chi=S.UNCERTAIN)
    tell(story("Fourth", d, thread=a), at=NOW + DAY)
    for name in ("ada", "chi"):
        told = store.told.told_to(reader(store, name), since=NOW)
        assert told.document_ids == {a, b}
        assert told.threads == {("daily", a), ("daily", b)}
    assert store.told.told_to(reader(store, "bo"), since=NOW).document_ids == frozenset()
    assert store.told.told_to(reader(store, "ada"), since=NOW, list_name="weekly").threads == frozenset()
    assert store.told.told_to(reader(store, "ada"), since=NOW + DAY).document_ids == frozenset()


def test_who_missed_a_story_is_counted_among_confirmed_readers(
    store: Store, subscribe, put: Put, tell: Tell
) -> None:
    subscribe("ada@example.org", "bo@example.org", "chi@example.org")
    a, b = put(("a", "First"), ("b", "Second"))
    first = tell(story("First", a))
    deliver(store, bo=S.FAILED, chi=S.UNCERTAIN)
    subscribe("dee@example.org")
    assert (store.told.missed("daily", [first.id]), store.told.reached("daily", [first.id])) == (2, 2)
    second = tell(story("Second", b, thread=a), at=NOW + DAY)
    # What is on its way to a reader will have told it.
    assert store.told.missed("daily", [first.id, second.id]) == 0
    assert store.told.missed("daily", []) == 4
    store.subscribers.suppress(parse_address("dee@example.org"), SuppressionReason.BOUNCE, now=NOW)
    store.subscribers.unsubscribe("daily", parse_address("ada@example.org"), now=NOW)
    assert (store.told.missed("daily", [first.id]), store.told.reached("daily", [first.id])) == (1, 1)


def test_who_was_told_by_another_list_is_found_by_document(
    store: Store, subscribe, put: Put, tell: Tell
) -> None:
    subscribe("ada@example.org", "bo@example.org")
    subscribe("ada@example.org", "eve@example.org", list_name="weekly")
    a, b, c = put(("a", "First"), ("b", "Second"), ("c", "Third"))
    weekly = tell(story("First", a, b), left_out=(c,), list_name="weekly")
    deliver(store)
    assert store.told.editions_telling([b, c], besides="daily", since=NOW) == (weekly.id,)
    assert store.told.editions_telling([c], besides="daily", since=NOW) == ()
    assert store.told.editions_telling([b], besides="weekly", since=NOW) == ()
    assert store.told.editions_telling([b], besides="daily", since=NOW + DAY) == ()
    assert store.told.reached("daily", [weekly.id]) == 1
    with store._database.reading() as connection:
        chosen = connection.scalars(readers_of("daily", [weekly.id], reached=True)).all()
    assert chosen == [reader(store, "ada")]


@pytest.mark.parametrize("reached", [True, False])
def test_readers_are_looked_up_in_indexes(
    store: Store, subscribe, put: Put, tell: Tell, reached: bool
) -> None:
    subscribe(*[f"r{n}@example.org" for n in range(40)])
    ids = put(*[(f"{n}", f"Story {n}") for n in range(14)])
    editions = [tell(story(f"Story {n}", n)).id for n in ids]
    statements: list[tuple[str, object]] = []

    def remember(connection, cursor, statement, parameters, context, executemany) -> None:
        statements.append((statement, parameters))

    engine = store._database.engine
    event.listen(engine, "before_cursor_execute", remember)
    with store._database.reading() as connection:
        assert len(connection.scalars(readers_of("daily", editions, reached=reached)).all()) == 40 * reached
    event.remove(engine, "before_cursor_execute", remember)
    query, parameters = next(s for s in statements if "subscriptions" in s[0])
    with store._database.transaction() as connection:
        if not store._database.is_sqlite:
            # With so few rows, PostgreSQL would rightly read them all.
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN " if store._database.is_sqlite else "EXPLAIN "
        plan = str(connection.exec_driver_sql(explain + query, parameters).all())
    assert "ix_subscriptions_list_name_state" in plan
    assert "deliveries_edition_id" in plan or "sqlite_autoindex_deliveries_1" in plan
    assert "Seq Scan" not in plan
    assert "SCAN deliveries" not in plan
    assert "SCAN earlier" not in plan
