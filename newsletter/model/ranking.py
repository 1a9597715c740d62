"""Where stories came in an edition's ranking, and why."""

from dataclasses import dataclass
from enum import StrEnum

from newsletter.model.stories import StoryLabel


@dataclass(frozen=True, kw_only=True)
class Weight:
    """What a story weighs, part by part."""

    #: From 1.4 for a single source, growing with the logarithm of independent ones.
    sources: float
    #: 1 for what has just come, halved every day, in a weekly digest every week.
    recency: float
    #: 0 to 0.5, by its likeness to the other news.
    centrality: float
    #: 0 to 1, by the length of what there is to tell.
    substance: float
    #: 0, or for an update -0.5 to -1: the less is new, the lower.
    already_told: float
    #: The operator's for the best of its sources.
    source_factor: float
    #: The operator's for words that it names.
    word_factor: float

    @property
    def own(self) -> float:
        """The weight before the operator's; above 0."""
        return self.sources + self.recency + self.centrality + self.substance + self.already_told

    @property
    def is_sunk(self) -> bool:
        """Whether the operator wants it last."""
        return self.source_factor * self.word_factor == 0

    @property
    def total(self) -> float:
        """What counts."""
        return round(self.own * self.source_factor * self.word_factor, 6)


class Standing(StrEnum):
    """Why a story stands where it stands; the value is what the operator reads."""

    #: Nothing but its weight.
    WEIGHT = "by its weight"
    #: It was raised to the top.
    CONFIRMED = "leads as the weightiest that two independent sources confirm"
    #: It gave way to weaker stories.
    SOURCE_FULL = "below its weight: other sources have their turn first"
    #: The operator gave one of its words, or all its sources, the weight 0.
    SUNK = "last: the operator's weight is 0"


@dataclass(frozen=True, kw_only=True)
class Placement:
    """A story's place in the ranking, as the edition keeps it."""

    #: The leading document's, verbatim.
    headline: str
    #: Every document of the story, the leading one first.
    document_ids: tuple[int, ...]
    label: StoryLabel
    #: As `Story.thread`.
    thread: int | None
    weight: Weight
    standing: Standing
