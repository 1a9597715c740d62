"""Why the editor told these sentences of a document and not others, number by number."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from newsletter.errors import SummarizerError
from newsletter.model.documents import ParsedDocument
from newsletter.stories.editor.choose import Draft, Flaw
from newsletter.stories.editor.features import FEATURES
from newsletter.stories.editor.proposals import PROPOSAL_FEATURES
from newsletter.stories.editor.ranking import MOST_SENTENCES, Desk, Proposal
from newsletter.stories.editor.weights import Weights, shipped_weights
from newsletter.stories.text.cleaning import clean_sentences

#: Proposals that are named, best first.
_PROPOSALS_NAMED = 3


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

    #: One of `FEATURES` or `PROPOSAL_FEATURES`; "average" is what any sentence has, "not read" what stands
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
    #: What each number brings, the strongest first; those that bring nothing are left out.
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True, kw_only=True)
class SummaryExplanation:
    """Why the editor told these sentences."""

    choice: Choice
    #: In source order; none where cleaning leaves nothing.
    sentences: tuple[SentenceExplanation, ...]
    #: The best few whole summaries, the best first; none unless they were weighed.
    proposals: tuple[ProposalExplanation, ...]

    @property
    def chosen(self) -> tuple[SentenceExplanation, ...]:
        """The sentences of the summary, in source order."""
        return tuple(sentence for sentence in self.sentences if sentence.chosen)


def explain_summary(
    document: ParsedDocument,
    *,
    language: str | None = None,
    sentence_count: int = 3,
    word_limit: int = 110,
) -> SummaryExplanation:
    """Explain the summary that `summarize` makes with the summarizer `editor`.

    Args:
        document: The document.
        language: ISO 639-1 code; None: the document's own.
        sentence_count: Most sentences, at least 1.
        word_limit: Most words of all sentences together.

    Raises:
        SummarizerError: A number is below 1.
    """
    if sentence_count < 1 or word_limit < 1:
        raise SummarizerError("a summary needs at least 1 sentence and 1 word; raise the number")
    language = language or document.language
    texts = [sentence.of(document.text) for sentence in clean_sentences(document)]
    if not texts:
        return SummaryExplanation(choice=Choice.NOTHING, sentences=(), proposals=())
    weights = shipped_weights()
    draft = Draft.of(texts, headline=document.headline, language=language)
    desk = Desk.of(draft, headline=document.headline, language=language, weights=weights)
    chosen = draft.whole(sentence_count=sentence_count, word_limit=word_limit)
    choice, proposals = Choice.WHOLE, list[Proposal]()
    if not chosen and sentence_count <= MOST_SENTENCES:
        proposals = desk.propose(weights, sentence_count=sentence_count, word_limit=word_limit)
    if proposals:
        choice, chosen = Choice.WEIGHED, list(proposals[0].indices)
    elif not chosen:
        chosen = draft.choose(desk.ranked, sentence_count=sentence_count, word_limit=word_limit)
        choice = Choice.ONE_BY_ONE if chosen else Choice.NOTHING
    return SummaryExplanation(
        choice=choice,
        sentences=tuple(_sentences(desk, weights, chosen)),
        proposals=tuple(map(_proposal, proposals[:_PROPOSALS_NAMED])),
    )


def _sentences(desk: Desk, weights: Weights, chosen: Sequence[int]) -> Iterable[SentenceExplanation]:
    brought = weights.forest.contributions(desk.described.matrix)
    for place, text in enumerate(desk.draft.texts):
        if place < len(brought):
            parts = _parts(("average", *FEATURES), (weights.forest.bias, *brought[place].tolist()))
        else:
            parts = _parts(("not read",), (desk.scores[place],))
        yield SentenceExplanation(
            text=text,
            place=place,
            score=_sum(parts),
            contributions=parts,
            flaws=desk.draft.flaws_of(place, chosen),
            chosen=place in chosen,
        )


def _proposal(proposal: Proposal) -> ProposalExplanation:
    parts = _parts(PROPOSAL_FEATURES, proposal.parts)
    return ProposalExplanation(places=proposal.indices, score=_sum(parts), contributions=parts)


def _parts(names: Sequence[str], values: Sequence[float]) -> tuple[Contribution, ...]:
    found = [Contribution(name=name, value=value) for name, value in zip(names, values, strict=True) if value]
    return tuple(sorted(found, key=lambda part: (-abs(part.value), part.name)))


def _sum(parts: Iterable[Contribution]) -> float:
    return math.fsum(part.value for part in parts)
