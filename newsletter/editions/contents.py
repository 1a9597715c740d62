"""What an edition holds, story by story, with what was kept about each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from newsletter.model.editions import Edition
from newsletter.model.explanations import Entry, StoryRole
from newsletter.model.ranking import Placement
from newsletter.model.stories import Story, StoryForm, StoryLabel


@dataclass(frozen=True, kw_only=True)
class _Told:
    role: StoryRole
    headline: str
    label: StoryLabel
    document_ids: tuple[int, ...]
    thread: int | None
    story: Story | None = None
    original_headline: str | None = None


def entries(edition: Edition) -> tuple[Entry, ...]:
    """Return the stories of an edition: those told, then the lines, those left out of it, and those dropped.

    Args:
        edition: Of those left out, the ones whose place in the ranking it has kept are returned.
    """
    ranks = {placement.document_ids[0]: rank for rank, placement in enumerate(edition.ranking, start=1)}
    found = []
    for number, told in enumerate(_told(edition), start=1):
        rank = _rank(told.document_ids, ranks)
        found.append(
            Entry(
                number=number,
                role=told.role,
                headline=told.headline,
                label=told.label,
                document_ids=told.document_ids,
                thread=told.thread,
                story=told.story,
                original_headline=told.original_headline,
                rank=rank,
                placement=None if rank is None else edition.ranking[rank - 1],
            )
        )
    return tuple(found)


def _told(edition: Edition) -> Iterator[_Told]:
    for story in edition.stories:
        role = StoryRole.LEAD if story.form is StoryForm.LEAD else StoryRole.SECOND
        yield _Told(
            role=role,
            headline=story.headline,
            label=story.label,
            document_ids=story.document_ids,
            thread=story.thread,
            story=story,
            original_headline=story.original_headline,
        )
    for line in edition.also:
        yield _Told(
            role=StoryRole.LINE,
            headline=line.headline,
            label=line.label,
            document_ids=line.document_ids,
            thread=line.thread,
            original_headline=line.original_headline,
        )
    for placement in _left_out(edition):
        yield _Told(
            role=StoryRole.LEFT_OUT,
            headline=placement.headline,
            label=placement.label,
            document_ids=placement.document_ids,
            thread=placement.thread,
        )
    for dropped in edition.dropped:
        yield _Told(
            role=StoryRole.DROPPED,
            headline=dropped.headline,
            label=dropped.label,
            document_ids=dropped.document_ids,
            thread=dropped.thread,
        )


def _left_out(edition: Edition) -> list[Placement]:
    left_out = frozenset(edition.left_out_ids)
    return [placement for placement in edition.ranking if placement.document_ids[0] in left_out]


def _rank(document_ids: Sequence[int], ranks: dict[int, int]) -> int | None:
    return next((ranks[i] for i in document_ids if i in ranks), None)
