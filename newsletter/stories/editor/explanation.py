"""Why the editor told these sentences of a document and not others, number by number."""

import math
from collections.abc import Iterable, Sequence
from itertools import islice

from newsletter.errors import SummarizerError
from newsletter.model.documents import ParsedDocument
from newsletter.stories.editor.choose import Draft
from newsletter.stories.editor.features import FEATURES
from newsletter.stories.editor.proposals import PROPOSAL_FEATURES, PROPOSAL_PARTS
from newsletter.stories.editor.ranking import MOST_SENTENCES, Desk, Proposal
from newsletter.stories.editor.reasons import (
    Choice,
    Contribution,
    ProposalExplanation,
    SentenceExplanation,
    SummaryExplanation,
)
from newsletter.stories.editor.weights import Weights, shipped_weights
from newsletter.stories.text.cleaning import clean_sentences

#: Proposals that are named, best first, and the best of another length if it is not among them.
_PROPOSALS_NAMED = 3


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
        proposals=tuple(map(_proposal, _named(proposals))),
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


def _named(proposals: Sequence[Proposal]) -> list[Proposal]:
    """Return the best proposals, and the best of another length: why two sentences, why three."""
    named = list(proposals[:_PROPOSALS_NAMED])
    sizes = {len(proposal.indices) for proposal in named}
    others = (proposal for proposal in proposals if len(proposal.indices) not in sizes)
    return [*named, *islice(others, 1 if len(sizes) == 1 else 0)]


def _proposal(proposal: Proposal) -> ProposalExplanation:
    *numbers, all_sentences = proposal.parts
    # First, because it is what lets a last sentence in.
    length = _parts(PROPOSAL_PARTS[-1:], (all_sentences,))
    parts = (*length, *_parts(PROPOSAL_FEATURES, numbers))
    return ProposalExplanation(places=proposal.indices, score=_sum(parts), contributions=parts)


def _parts(names: Sequence[str], values: Sequence[float]) -> tuple[Contribution, ...]:
    found = [Contribution(name=name, value=value) for name, value in zip(names, values, strict=True) if value]
    return tuple(sorted(found, key=lambda part: (-abs(part.value), part.name)))


def _sum(parts: Iterable[Contribution]) -> float:
    return math.fsum(part.value for part in parts)
