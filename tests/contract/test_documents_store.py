"""What the store promises about documents, on SQLite and on PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from newsletter.model.documents import Copy, FileOutcome, FoundFile, ParsedDocument, ParsedItem, RefusalReason
from newsletter.model.sources import FetchedItem, Poll, PollOutcome, SeenItem
from newsletter.store.store import Store

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def put(store: Store, path: str, document: ParsedDocument | None, folder: str = "/in") -> FileOutcome:
    file = FoundFile(path=path, fingerprint="1", document=document)
    return store.documents.record(folder, [file], now=NOW)[0].outcome


@pytest.fixture
def statements(store: Store) -> list[str]:
    """What the store is asked, from now on."""
    asked: list[str] = []

    @event.listens_for(store._database.engine, "before_cursor_execute")
    def _(_connection, _cursor, statement: str, *_rest: object) -> None:
        asked.append(statement)

    return asked


def headlines(store: Store, list_name: str = "daily") -> list[str]:
    return [document.headline for document in store.documents.new_for(list_name)]


def test_a_new_text_is_new_once(store: Store, parsed) -> None:
    assert put(store, "a.txt", parsed()) is FileOutcome.NEW
    assert put(store, "a.txt", parsed()) is FileOutcome.KNOWN
    assert headlines(store) == ["Harbour reopens"]


def test_every_field_survives(store: Store, parsed) -> None:
    put(store, "a.txt", parsed("Überfahrt “frei”", "Das Schiff fährt — wieder."))
    document = store.documents.new_for("daily")[0]
    original = parsed("Überfahrt “frei”", "Das Schiff fährt — wieder.")
    for name in ("headline", "text", "paragraphs", "content_hash", "language", "source", "published_at"):
        assert getattr(document, name) == getattr(original, name)
    assert document.first_seen_at == NOW
    assert document.places == ("/in/a.txt",)


def test_the_same_text_in_two_files_is_one_document_with_two_places(store: Store, parsed) -> None:
    put(store, "a.txt", parsed())
    assert put(store, "b.txt", parsed()) is FileOutcome.KNOWN
    assert [d.places for d in store.documents.new_for("daily")] == [("/in/a.txt", "/in/b.txt")]


def test_a_renamed_file_is_not_new(store: Store, parsed) -> None:
    put(store, "a.txt", parsed())
    store.documents.mark_gone("/in", ["a.txt"], now=NOW)
    assert put(store, "renamed.txt", parsed()) is FileOutcome.KNOWN
    assert list(store.documents.known_files("/in")) == ["renamed.txt"]


def test_a_changed_file_supersedes_its_unpublished_version(store: Store, parsed) -> None:
    put(store, "a.txt", parsed("First"))
    assert put(store, "a.txt", parsed("Second")) is FileOutcome.CHANGED
    assert headlines(store) == ["Second"]


def test_a_changed_file_leaves_a_text_that_another_file_still_holds(store: Store, parsed) -> None:
    put(store, "a.txt", parsed("First"))
    put(store, "b.txt", parsed("First"))
    put(store, "a.txt", parsed("Second"))
    assert headlines(store) == ["First", "Second"]


def test_a_renamed_then_changed_file_supersedes(store: Store, parsed) -> None:
    put(store, "a.txt", parsed("First"))
    store.documents.mark_gone("/in", ["a.txt"], now=NOW)
    put(store, "b.txt", parsed("First"))
    put(store, "b.txt", parsed("Second"))
    assert headlines(store) == ["Second"]


def test_another_document_under_a_name_that_was_free_supersedes_nothing(store: Store, parsed) -> None:
    put(store, "a.txt", parsed("First"))
    store.documents.mark_gone("/in", ["a.txt"], now=NOW)
    assert put(store, "a.txt", parsed("Another")) is FileOutcome.NEW
    assert headlines(store) == ["First", "Another"]


def test_a_file_changed_back_stands_for_its_first_text_again(store: Store, parsed) -> None:
    for headline in ("First", "Second", "First"):
        put(store, "a.txt", parsed(headline))
    assert headlines(store) == ["First"]


def test_changing_to_and_fro_ends(store: Store, parsed) -> None:
    for headline in ("A", "B", "C", "A", "C", "B"):
        put(store, "a.txt", parsed(headline))
    assert headlines(store) == ["B"]
    ids = [document.id for document in store.documents.new_for("daily")]
    earlier = store.documents.earlier_versions(ids)
    assert sorted(earlier) == ids
    assert len(set(earlier[ids[0]])) == len(earlier[ids[0]]) == 2


def test_refusals_are_kept_with_their_reason_until_mended(store: Store, parsed) -> None:
    refused = FoundFile(path="a.txt", fingerprint="1", refusal=RefusalReason.BINARY, detail="NUL at 7")
    report = store.documents.record("/in", [refused], now=NOW)[0]
    assert (report.outcome, report.refusal) == (FileOutcome.REFUSED, RefusalReason.BINARY)
    assert [(r.path, r.refusal, r.detail) for r in store.documents.refusals()] == [
        ("a.txt", RefusalReason.BINARY, "NUL at 7")
    ]
    put(store, "a.txt", parsed())
    assert store.documents.refusals() == []


def holding(*items: ParsedItem, fingerprint: str = "1") -> FoundFile:
    return FoundFile(path="alerts.mbox", fingerprint=fingerprint, items=items)


def test_a_file_may_hold_several_documents(store: Store, parsed) -> None:
    one, two = ParsedItem(key="1", document=parsed("One")), ParsedItem(key="2", document=parsed("Two"))
    bad = ParsedItem(key="3", refusal=RefusalReason.EMPTY, detail="no words")
    lines = store.documents.record("/in", [holding(one, two, bad)], now=NOW)
    assert [(line.path, line.outcome) for line in lines] == [
        ("alerts.mbox", FileOutcome.OPENED),
        ("alerts.mbox//1", FileOutcome.NEW),
        ("alerts.mbox//2", FileOutcome.NEW),
        ("alerts.mbox//3", FileOutcome.REFUSED),
    ]
    assert headlines(store) == ["One", "Two"]
    assert [line.path for line in store.documents.refusals()] == ["alerts.mbox//3"]
    known = store.documents.known_files("/in")
    assert known["alerts.mbox"].is_read
    assert {file.container for file in known.values()} == {"", "alerts.mbox"}


def test_a_file_that_grew_is_read_on(store: Store, parsed) -> None:
    one, two = ParsedItem(key="1", document=parsed("One")), ParsedItem(key="2", document=parsed("Two"))
    store.documents.record("/in", [holding(one)], now=NOW)
    again = store.documents.record("/in", [holding(one, two, fingerprint="2")], now=NOW)
    assert [line.outcome for line in again] == [FileOutcome.OPENED, FileOutcome.UNCHANGED, FileOutcome.NEW]
    changed = ParsedItem(key="2", document=parsed("Two, corrected"))
    shorter = store.documents.record("/in", [holding(changed, fingerprint="3")], now=NOW)
    assert [line.outcome for line in shorter] == [FileOutcome.OPENED, FileOutcome.CHANGED]
    assert list(store.documents.known_files("/in")) == ["alerts.mbox", "alerts.mbox//2"]
    assert headlines(store) == ["One", "Two, corrected"], "what was read is not unread"


def test_a_file_that_held_several_and_holds_one_now_holds_those_no_more(store: Store, parsed) -> None:
    store.documents.record("/in", [holding(ParsedItem(key="1", document=parsed("One")))], now=NOW)
    put(store, "alerts.mbox", parsed("Two"))
    assert list(store.documents.known_files("/in")) == ["alerts.mbox"]
    assert headlines(store) == ["One", "Two"]


def test_what_stands_refused_is_not_written_again(store: Store, statements: list[str]) -> None:
    """A folder of pictures, or one that holds the store itself, is looked into every few seconds."""
    refused = FoundFile(path="a.png", fingerprint="1", refusal=RefusalReason.UNSUPPORTED, detail="a picture")
    store.documents.record("/in", [refused], now=NOW)
    statements.clear()
    report = store.documents.record("/in", [refused], now=NOW + timedelta(hours=1))
    assert [line.outcome for line in report] == [FileOutcome.REFUSED]
    assert [statement for statement in statements if statement.startswith(("UPDATE", "INSERT"))] == []
    store.documents.mark_gone("/in", ["a.png"], now=NOW)
    store.documents.record("/in", [refused], now=NOW)
    assert list(store.documents.known_files("/in")) == ["a.png"], "it has come back"


def test_a_document_keeps_its_keywords(store: Store, parsed) -> None:
    put(store, "a.txt", replace(parsed(), tags=("ports", "trade")))
    assert [document.tags for document in store.documents.new_for("daily")] == [("ports", "trade")]


ADDRESS = "harbour.example/news/1"
REST = (
    "Two buses run instead, every hour from the market, and the company refunds tickets bought before noon. "
    "Fishermen said that the damage was seen weeks ago, yet nobody had looked into it."
)
FIRST = "The ferry to Port Aldis stays in harbour until Friday. Its rudder is being mended."


def test_a_text_that_two_papers_carry_is_one_document_with_both(store: Store, parsed) -> None:
    ours = replace(parsed(), source="The Gazette", url="https://gazette.example/1")
    theirs = replace(ours, source="The Herald", url="https://herald.example/9")
    put(store, "a.txt", ours)
    assert put(store, "b.txt", theirs) is FileOutcome.KNOWN
    assert put(store, "c.txt", theirs) is FileOutcome.KNOWN
    (document,) = store.documents.new_for("daily")
    assert (document.source, document.url) == ("The Gazette", "https://gazette.example/1")
    assert document.copies == (Copy(source="The Herald", url="https://herald.example/9"),)
    assert store.documents.get_many([document.id]) == [document]


def test_another_text_under_the_same_address_is_a_version_of_it(store: Store, parsed) -> None:
    put(store, "a", replace(parsed("Ferry stays in harbour", FIRST), canonical_url=ADDRESS))
    longer = replace(
        parsed("Ferry stays in harbour", f"{FIRST} Two buses run instead."), canonical_url=ADDRESS
    )
    assert put(store, "b", longer, folder="/other") is FileOutcome.CHANGED
    (document,) = store.documents.new_for("daily")
    assert document.text.endswith("Two buses run instead.")
    assert list(store.documents.earlier_versions([document.id])) == [document.id]


def test_a_part_of_a_text_under_the_same_address_is_not_new(store: Store, parsed) -> None:
    """A feed carries the first sentences of a page that another source brought whole."""
    whole = replace(
        parsed("Ferry stays in harbour", f"{FIRST} Two buses run instead."), canonical_url=ADDRESS
    )
    put(store, "a", whole)
    part = replace(parsed("Ferry stays in harbour", FIRST), canonical_url=ADDRESS, source="The Herald")
    assert put(store, "b", part) is FileOutcome.KNOWN
    (document,) = store.documents.new_for("daily")
    assert document.text == whole.text
    assert [copy.source for copy in document.copies] == ["The Herald"]


TEASER = "Why the ferry to Port Aldis stays: divers at its rudder."


def test_a_teaser_from_elsewhere_is_told_beside_its_article(store: Store, parsed) -> None:
    whole = replace(parsed("Ferry stays", f"{FIRST} {REST}"), canonical_url=ADDRESS)
    put(store, "a", whole)
    put(store, "b", replace(parsed("Ferry stays", TEASER), canonical_url=ADDRESS), folder="/other")
    assert whole.text in {document.text for document in store.documents.new_for("daily")}


def test_a_page_that_cannot_be_had_for_once_leaves_its_article_as_it_was(store: Store, parsed) -> None:
    """An item was touched, its page did not answer, and all that is left of it is what the feed says."""
    source = store.sources.add("https://feed.example/", is_fetching_pages=True, next_at=NOW, now=NOW)
    assert source is not None
    for number, text in enumerate((f"{FIRST} {REST}", TEASER)):
        item = SeenItem(key="1", fingerprint=f"{number}", alias="")
        document = replace(parsed("Ferry stays", text), canonical_url=ADDRESS)
        fetched = FetchedItem(seen=item, document=document)
        poll = Poll(outcome=PollOutcome.FETCHED, next_at=NOW, items=(fetched,), seen=(item,))
        store.sources.record(source, poll, now=NOW)
    (document,) = store.documents.new_for("daily")
    assert document.text.endswith(REST)


def test_a_passage_cut_from_a_file_is_taken_back(store: Store, parsed) -> None:
    """What a paper withdraws must not be told because another place has an excerpt of the article."""
    whole = replace(parsed("Ferry stays in harbour", f"{FIRST} The owner was drunk."), canonical_url=ADDRESS)
    excerpt = replace(parsed("Ferry stays in harbour", FIRST[:50]), canonical_url=ADDRESS)
    put(store, "a.md", whole)
    assert put(store, "b", excerpt, folder="/other") is FileOutcome.KNOWN
    cut = replace(parsed("Ferry stays in harbour", FIRST), canonical_url=ADDRESS)
    assert put(store, "a.md", cut) is FileOutcome.CHANGED
    (document,) = store.documents.new_for("daily")
    assert "drunk" not in document.text


def test_a_new_headline_over_a_file_replaces_it_though_another_place_has_a_part(store: Store, parsed) -> None:
    put(store, "a.md", replace(parsed("Ferry stays in harbour", f"{FIRST} It rains."), canonical_url=ADDRESS))
    put(store, "b", replace(parsed("Ferry stays in harbour", FIRST), canonical_url=ADDRESS), folder="/other")
    renamed = replace(parsed("Ferry to sail on Friday", f"{FIRST} It rains."), canonical_url=ADDRESS)
    assert put(store, "a.md", renamed) is FileOutcome.CHANGED
    assert headlines(store) == ["Ferry to sail on Friday"]


def test_another_article_under_the_same_address_is_another_document(store: Store, parsed) -> None:
    put(store, "a", replace(parsed("Ferry stays in harbour", FIRST), canonical_url=ADDRESS))
    other = parsed("Museum opens", "Visitors see ninety paintings by a painter of this coast.")
    assert put(store, "b", replace(other, canonical_url=ADDRESS)) is FileOutcome.NEW
    assert headlines(store) == ["Ferry stays in harbour", "Museum opens"]


def test_reports_that_differ_in_a_number_are_two_under_one_address(store: Store, parsed) -> None:
    for magnitude in (4, 5):
        quake = parsed(f"Quake of {magnitude} felt in Tessen", f"A quake of {magnitude} was felt in Tessen.")
        assert put(store, f"{magnitude}", replace(quake, canonical_url=ADDRESS)) is FileOutcome.NEW


def test_an_address_and_a_headline_alone_do_not_take_the_place_of_a_text(store: Store, parsed) -> None:
    put(store, "a", replace(parsed("Ferry stays in harbour", FIRST), canonical_url=ADDRESS))
    claimed = parsed("Ferry stays in harbour", "Buy gold now: our experts expect prices never seen before.")
    assert put(store, "b", replace(claimed, canonical_url=ADDRESS)) is FileOutcome.NEW


def test_texts_without_an_address_are_held_against_none(store: Store, parsed) -> None:
    put(store, "a", parsed("Ferry stays in harbour", FIRST))
    assert put(store, "b", parsed("Ferry stays in harbour", f"{FIRST} Again.")) is FileOutcome.NEW


def test_a_waiting_file_leaves_no_trace(store: Store) -> None:
    waiting = FoundFile(path="a.txt", fingerprint="1", waiting=True)
    assert store.documents.record("/in", [waiting], now=NOW)[0].outcome is FileOutcome.WAITING
    assert store.documents.known_files("/in") == {}


def test_a_file_refused_after_it_was_read_keeps_its_document(store: Store, parsed) -> None:
    put(store, "a.txt", parsed("First"))
    refused = FoundFile(path="a.txt", fingerprint="2", refusal=RefusalReason.EMPTY)
    store.documents.record("/in", [refused], now=NOW)
    assert headlines(store) == ["First"]
    known = store.documents.known_files("/in")["a.txt"]
    assert (known.is_read, known.refusal) == (False, RefusalReason.EMPTY), "it is looked at again"
    assert put(store, "a.txt", parsed("Second")) is FileOutcome.CHANGED
    assert headlines(store) == ["Second"]


def test_a_list_sees_only_its_folders(store: Store, parsed) -> None:
    put(store, "a.txt", parsed("Sport"), folder="/sport")
    put(store, "a.txt", parsed("World"), folder="/world")
    both = store.documents.new_for("daily", folders=["/sport", "/world"])
    assert store.documents.new_count_for("daily", folders=["/sport"]) == 1
    assert store.documents.new_count_for("daily") == len(store.documents.new_ids_for("daily"))
    assert [d.headline for d in both] == ["Sport", "World"]
    assert [d.headline for d in store.documents.new_for("daily", folders=["/sport"])] == ["Sport"]
