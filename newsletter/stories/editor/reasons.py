"""Shapes that say why the editor told some sentences of a document and not others."""

from dataclasses import dataclass
from enum import StrEnum

from newsletter.stories.editor.choose import Flaw


class Choice(StrEnum):
    """How a summary came about; the value is what an operator reads."""

    WHOLE = "the document is short enough to be given whole"
    WEIGHED = "whole summaries were weighed against each other"
    ONE_BY_ONE = "sentences were taken one by one, best first"
    #: The summary is the headline then.
    NOTHING = "no sentence is fit to be told"


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """What one number brings to a score."""

    #: One of `FEATURES` or `PROPOSAL_PARTS`; "average" is what any sentence has, "not read" what stands
    #: too far behind to be read.
    name: str
    value: float


@dataclass(frozen=True, kw_only=True)
class SentenceExplanation:
    """One sentence of the document as the editor sees it."""

    #: As told, without agency tags and asides.
    text: str
    #: Its place among the sentences that are left after cleaning, from 0.
    place: int
    #: Higher is better; the sum of the contributions.
    score: float
    #: What each number brings, the strongest first; those that bring nothing are left out.
    contributions: tuple[Contribution, ...]
    #: What is wrong with it, or would be, beside the chosen sentences.
    flaws: tuple[Flaw, ...]
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class ProposalExplanation:
    """One whole summary that could be told."""

    #: Places of its sentences, in source order.
    places: tuple[int, ...]
    #: Higher is better; the sum of the contributions. Compares with the document's other proposals only.
    score: float
    #: First what it brings that all sentences are there that may be, then what each number brings, the
    #: strongest first; what brings nothing is left out.
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True, kw_only=True)
class SummaryExplanation:
    """Why the editor told these sentences."""

    choice: Choice
    #: In source order; none where cleaning leaves nothing.
    sentences: tuple[SentenceExplanation, ...]
    #: The best few whole summaries, the best first, and the best of another length; none unless they were
    #: weighed.
    proposals: tuple[ProposalExplanation, ...]

    @property
    def chosen(self) -> tuple[SentenceExplanation, ...]:
        """The sentences of the summary, in source order."""
        return tuple(sentence for sentence in self.sentences if sentence.chosen)
