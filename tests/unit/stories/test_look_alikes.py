"""Events of one kind at another place, in another year or of another person stay two stories."""

from __future__ import annotations

from reports import look_alikes

from newsletter.model.documents import Document
from newsletter.stories.group import group_documents

KINDS = look_alikes()
TRUE = [(kind, event + "1", event + "2") for kind in KINDS for event in "ab"]
FALSE = [(kind, "a" + one, "b" + other) for kind in KINDS for one in "12" for other in "12"]
Pair = tuple[str, str, str]


def joined_in(batch: list[Document]) -> dict[int, int]:
    """Return the number of the group of each document's id."""
    groups = group_documents(batch)
    return {document.id: number for number, group in enumerate(groups) for document in group.documents}


def documents(pair: Pair) -> list[Document]:
    kind, one, other = pair
    return [KINDS[kind][one], KINDS[kind][other]]


def test_the_set_is_large_enough() -> None:
    assert len(KINDS) >= 25
    assert all(set(reports) == {"a1", "a2", "b1", "b2"} for reports in KINDS.values())
    assert len(TRUE) >= 60
    assert len(FALSE) >= 60
    foreign = {reports["a1"].language for reports in KINDS.values()} - {"en"}
    assert foreign == {"de", "fr", "es", "ru", "uk"}


def test_each_pair_alone() -> None:
    missed = [pair for pair in TRUE if len(group_documents(documents(pair))) != 1]
    mixed = [pair for pair in FALSE if len(group_documents(documents(pair))) != 2]
    assert len(missed) <= 0.05 * len(TRUE), missed
    assert len(mixed) <= 0.05 * len(FALSE), mixed


def test_all_in_one_batch() -> None:
    group_of = joined_in([report for reports in KINDS.values() for report in reports.values()])

    def together(pair: Pair) -> bool:
        one, other = documents(pair)
        return group_of[one.id] == group_of[other.id]

    missed = [pair for pair in TRUE if not together(pair)]
    mixed = [pair for pair in FALSE if together(pair)]
    assert len(missed) <= 0.05 * len(TRUE), missed
    assert len(mixed) <= 0.05 * len(FALSE), mixed


def test_different_kinds_never_meet() -> None:
    group_of = joined_in([report for reports in KINDS.values() for report in reports.values()])
    kinds = {
        number: {
            kind
            for kind, reports in KINDS.items()
            for report in reports.values()
            if group_of[report.id] == number
        }
        for number in set(group_of.values())
    }
    assert all(len(found) == 1 for found in kinds.values())
