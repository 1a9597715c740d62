"""The archive in the store: what is in it, in which order, and what a search finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from alembic import command
from alembic.config import Config
from conftest import make_parsed
from contract.conftest import NOW, Publish, make_edition, make_rendering
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from newsletter.model.archive import Term
from newsletter.model.deliveries import UncertainPolicy
from newsletter.model.documents import FoundFile
from newsletter.model.editions import Edition, OneLiner
from newsletter.model.stories import SourceCredit, Story
from newsletter.store.archive import _postgres_matches, _postgres_score, _sqlite_matches
from newsletter.store.database import Database
from newsletter.store.migrate import MIGRATIONS, migrate
from newsletter.store.store import Store
from newsletter.store.words import hits, terms_of, words_of

#: Everything that means something to FTS5 or to PostgreSQL's own language of searches.
SYNTAX = [
    *(
        "AND",
        "OR",
        "NOT",
        "NEAR(a b)",
        "NEAR",
        "*",
        "^",
        ":",
        "headline_words:",
        "(",
        ")",
        "ab*",
        "{a}",
        "a:b*",
    ),
    *("&", "|", "!", "<->", "'", "\\", '"', "--", "%", "+", "\0", "\ud800", "½", "⑴", "ﹰ", "ŉ", "x" * 3000),
]


class Press:
    """Publishes editions of a store, a day apart."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.count = 0

    def __call__(
        self, *told: tuple[str, str], list_name: str = "daily", also: Sequence[str] = (), **changes: object
    ) -> int:
        """Publish stories of headline and summary; returns the edition's id."""
        self.store.editions.know_list(list_name, now=NOW)
        self.count += 1
        edition = replace(
            make_edition([], list_name=list_name, number=self.store.editions.next_number(list_name)),
            stories=tuple(make_story(*one) for one in told),
            also=tuple(
                OneLiner(headline=line, source=SourceCredit(name="Post", title=line), document_ids=())
                for line in also
            ),
            left_out_ids=(self._new_document(),),
            created_at=NOW + timedelta(days=self.count),
            **changes,  # type: ignore[arg-type]
        )
        rendering = make_rendering(list_name)
        return self.store.editions.publish(edition, rendering, uid=f"archived-{self.count}").id

    def _new_document(self) -> int:
        """An edition answers for one document at least."""
        file = FoundFile(path=f"{self.count}.txt", fingerprint="1", document=make_parsed(f"No. {self.count}"))
        self.store.documents.record("/in", [file], now=NOW)
        return max(document.id for document in self.store.documents.new_for("nobody"))


def make_story(headline: str, body: str) -> Story:
    (story,) = make_edition([(1, headline)]).stories
    (sentence,) = story.summary.sentences
    summary = replace(story.summary, sentences=(replace(sentence, text=body),))
    return replace(story, summary=summary, document_ids=())


@pytest.fixture
def press(store: Store) -> Press:
    return Press(store)


@pytest.fixture
def find(store: Store) -> Callable[..., list[str]]:
    def search(
        query: str, *list_names: str, now: datetime = NOW, limit: int = 20, offset: int = 0
    ) -> list[str]:
        names = list_names or ("daily",)
        _, stories = store.archive.search(terms_of(query), names, now=now, limit=limit, offset=offset)
        return [story.headline for story in stories]

    return search


Find = Callable[..., list[str]]


def test_words_are_found_whatever_their_case_and_accents(press: Press, find: Find) -> None:
    press(("Museum returns figures to Sámara", "Four YEARS of talks."), ("Über Züge", "Straße frei."))
    for query in ("samara", "SÁMARA museum", "years of", "figures talks"):
        assert find(query) == ["Museum returns figures to Sámara"], query
    for query in ("uber", "zuge", "STRASSE", "strasse"):
        assert find(query) == ["Über Züge"], query


def test_every_word_must_be_there_and_the_last_may_go_on(press: Press, find: Find) -> None:
    press(("Harbour opens", "Ferries run."), ("Harbour closes", "Storm."))
    assert set(find("harbour")) == {"Harbour opens", "Harbour closes"}
    assert find("harbour ferr") == ["Harbour opens"]
    assert find("ferr harbour") == []
    assert find('"ferr"') == []


def test_a_quoted_phrase_stands_in_a_row(press: Press, find: Find) -> None:
    press(("The old bridge", "It was shut."), ("A bridge so old", "It was shut."))
    assert find('"old bridge"') == ["The old bridge"]
    assert find("“old bridge” shut") == ["The old bridge"]
    assert len(find("old bridge")) == 2


def test_scripts_without_spaces_are_found(press: Press, find: Find) -> None:
    press(("港の九つが一つの高潮予報を共有", "当局が発表した。"), ("สะพานเก่าเปิดอีกครั้ง", "เปิดแล้ว"))
    assert find("高潮予報") == ["港の九つが一つの高潮予報を共有"]
    assert find("報予") == []
    assert find("สะพาน") == ["สะพานเก่าเปิดอีกครั้ง"]


def test_one_liners_are_found_and_nothing_of_other_lists(press: Press, find: Find) -> None:
    press(("Budget passes", "Yes."), also=["Elms planted"])
    press(("Budget fails", "No."), list_name="other")
    assert find("elms") == ["Elms planted"]
    assert find("budget") == ["Budget passes"]
    assert set(find("budget", "daily", "other")) == {"Budget passes", "Budget fails"}


def test_a_headline_counts_more_and_a_new_story_more_than_one_of_years_ago(press: Press, find: Find) -> None:
    filler = "The council met and talked about a great many things that evening."
    press(("Ferry sinks", filler), ("Council meets", f"{filler} One was the ferry."))
    press(("Ferry raised", filler))
    assert find("ferry", now=NOW + timedelta(days=3)) == ["Ferry raised", "Ferry sinks", "Council meets"]
    press(("Old ferry news", filler))
    press.count += 365 * 12
    press(("Council again", f"{filler} One was the ferry."))
    assert find("ferry", now=NOW + timedelta(days=press.count))[0] == "Council again"


def test_pages_go_on_where_the_one_before_ended(press: Press, store: Store, find: Find) -> None:
    for _ in range(5):
        press(*((f"Ferry {n}", "It sails.") for n in range(5)))
    total, _ = store.archive.search(terms_of("ferry"), ["daily"], now=NOW, limit=20)
    pages = [find("ferry", limit=10, offset=offset) for offset in (0, 10, 20, 30)]
    assert total == 25
    assert [len(page) for page in pages] == [10, 10, 5, 0]
    hits = [
        (story.number, story.position)
        for offset in (0, 10, 20)
        for story in store.archive.search(terms_of("ferry"), ["daily"], now=NOW, limit=10, offset=offset)[1]
    ]
    assert len(set(hits)) == 25


def test_editions_come_newest_first_with_what_they_hold(press: Press, store: Store) -> None:
    press(("One", "a"), ("Two", "b"), also=["Three"])
    press(("Four", "c"), list_name="daily.weekly")
    press(("Five", "d"))
    headings = store.archive.latest(["daily", "daily.weekly"], limit=10)
    assert [(h.list_name, h.number, h.story_count, h.language) for h in headings] == [
        ("daily", 2, 1, "en"),
        ("daily.weekly", 1, 1, "en"),
        ("daily", 1, 3, "en"),
    ]
    older = store.archive.latest(["daily", "daily.weekly"], limit=10, before=headings[0].id)
    assert older == headings[1:]
    assert store.archive.latest(["daily", "daily.weekly"], limit=1) == headings[:1]
    assert store.archive.find("daily", 2) == headings[0]
    assert [(a.list_name, a.number) for a in store.archive.addresses(["daily"], limit=9)] == [
        ("daily", 2),
        ("daily", 1),
    ]


def test_a_cancelled_edition_that_nobody_got_is_not_there(
    subscribe: Callable[..., None], publish: Publish, store: Store, find: Find
) -> None:
    subscribe("ada@example.org")
    editions = [publish(headline) for headline in ("Harbour one", "Harbour two", "Harbour three")]
    (delivery,) = store.deliveries.claim(sender="s", limit=1, now=NOW)
    assert delivery.edition_id == editions[0].id
    store.deliveries.advance(begin=[delivery.id], marks=[], sender="s", policy=UncertainPolicy.HOLD, now=NOW)
    for edition in editions[:2]:
        store.operations.cancel(edition.id, now=NOW)
    assert store.archive.find("daily", 1) is not None
    assert store.archive.find("daily", 2) is None
    assert store.archive.neighbours("daily", 3).previous == 1
    assert find("harbour") == ["Harbour three", "Harbour one"]
    assert [heading.number for heading in store.archive.latest(["daily"], limit=9)] == [3, 1]
    assert [address.number for address in store.archive.addresses(["daily"], limit=9)] == [3, 1]


def test_an_edition_without_readers_is_there(press: Press, store: Store) -> None:
    press(("One", "a"))
    press(("Two", "b"))
    press(("Three", "c"))
    assert store.archive.find("daily", 2) is not None
    assert store.archive.find("daily", 4) is None
    assert store.archive.find("other", 1) is None
    around = store.archive.neighbours("daily", 2)
    assert (around.previous, around.next) == (1, 3)
    assert store.archive.neighbours("daily", 3).next is None


ANYTHING = st.one_of(
    st.text(max_size=60), st.lists(st.sampled_from([*SYNTAX, "ferry", "old"]), max_size=8).map(" ".join)
)


@pytest.fixture(params=["sqlite", "postgres"], scope="module")
def one_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store for searches, which change nothing."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('archive') / 'store.db'}"
    else:
        server = request.getfixturevalue("postgres_server")
        request.getfixturevalue("run_sql")("CREATE DATABASE archive_searches")
        url = server.replace("/postgres?", "/archive_searches?")
    store = Store.open(url)
    press = Press(store)
    for headline, body in CORPUS:
        press((headline, body))
    yield store
    store.close()


CORPUS = [
    ("Old ferry sinks", "The ferry was 40.5 years old; it's gone."),
    ("Ferry AND bridge NOT old", "a:b* NEAR(a b) 1e5 x1 ½ ⑴"),
    ("Sámara’s museum", "Ærø’s fœtus ŉ ﬁne Straße ИЙ ёлка"),
    ("高潮予報を共有", "คืน สะพาน किताब पढ़ना עִבְרִית عَرَبِيّ"),
    ("\0\x01", "\\ ' \" -- %"),
]


def test_no_phrase_goes_on_from_a_headline_into_its_summary(one_store: Store) -> None:
    for words in ('"not old a b"', '"sinks the"', '"éé"', '"old ee"'):
        assert one_store.archive.search(terms_of(words), ["daily"], now=NOW, limit=20) == (0, []), words


@given(query=ANYTHING)
def test_nothing_that_can_be_typed_is_wrong(one_store: Store, query: str) -> None:
    if terms := terms_of(query):
        one_store.archive.search(terms, ["daily"], now=NOW, limit=20)


PARTS = sorted({word for headline, body in CORPUS for word in f"{headline} {body}".split()})


@given(
    parts=st.lists(st.sampled_from([*PARTS, "ferry", "ol", "b", "saMA"]), min_size=1, max_size=3),
    is_quoted=st.booleans(),
)
def test_both_databases_find_what_the_words_say(one_store: Store, parts: list[str], is_quoted: bool) -> None:
    words = " ".join(parts).replace('"', "")
    terms = terms_of(f'"{words}"' if is_quoted else words)
    if not terms:
        return
    total, found = one_store.archive.search(terms, ["daily"], now=NOW, limit=20)
    wanted = {number for number, story in enumerate(CORPUS, start=1) if holds(story, terms)}
    assert {story.number for story in found} == wanted
    assert total == len(wanted)


def holds(story: tuple[str, str], terms: Sequence[Term]) -> bool:
    return all(any(hits(list(words_of(part)), [term]) for part in story) for term in terms)


def test_the_index_is_used(press: Press, store: Store) -> None:
    """PostgreSQL compares the words of an index with those of a query."""
    press(("Ferry", "It sails."))
    is_sqlite = store._database.is_sqlite
    matches = _sqlite_matches if is_sqlite else _postgres_matches
    query = matches(terms_of("ferry")).compile(store._database.engine, compile_kwargs={"literal_binds": True})
    with store._database.transaction() as connection:
        if not is_sqlite:
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
        rows = connection.execute(text(f"{explain} {query}".replace(":", "\\:"))).all()
    plan = " ".join(str(part) for row in rows for part in row)
    assert ("VIRTUAL TABLE INDEX" if is_sqlite else "ix_archived_stories_words") in plan


@pytest.mark.parametrize("store_url", ["postgres"], indirect=True)
def test_a_search_cuts_no_words_again(press: Press, store: Store) -> None:
    """What PostgreSQL finds is ranked by vectors that are kept: making them took most of a search's time."""
    press(("Ferry", "It sails."))
    terms = terms_of("ferry")
    query = _postgres_matches(terms).order_by(_postgres_score(terms, NOW))
    with store._database.reading() as connection:
        compiled = query.compile(store._database.engine, compile_kwargs={"literal_binds": True})
        rows = connection.execute(text(f"EXPLAIN VERBOSE {compiled}".replace(":", "\\:"))).all()
    assert "to_tsvector" not in " ".join(str(row) for row in rows)


def test_editions_of_before_are_taken_into_the_archive(
    publish: Publish, press: Press, store: Store, store_url: str, find: Find
) -> None:
    publish("Harbour one")
    press(("Sámara", "Four years."), also=["Elms planted"])
    kept = archived(store)
    database = Database(store_url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.transaction() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0004")
    migrate(database)
    database.close()
    assert archived(store) == kept
    assert len(kept) == 3
    assert find("samara") == ["Sámara"]
    assert find("elms") == ["Elms planted"]


def archived(store: Store) -> list[tuple[object, ...]]:
    with store._database.reading() as connection:
        rows = connection.execute(text("SELECT * FROM archived_stories ORDER BY id")).all()
    return [tuple(row) for row in rows]


def test_a_story_may_hold_any_character(press: Press, store: Store, find: Find) -> None:
    press(("Nul \0 and more", "x" * 5000 + " \x07"))
    assert find("nul more") == ["Nul   and more"]
    assert isinstance(store.editions.content(1), Edition)
