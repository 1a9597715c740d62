"""How well each sentence stands for its document, by weights fitted on news that editors summarised."""

from collections.abc import Sequence

from newsletter.stories.editor.features import Description, describe
from newsletter.stories.editor.forest import Forest
from newsletter.stories.editor.weights import shipped_weights

#: Sentences behind those that are read follow the worst of these, each this much below the one before.
_STEP_DOWN = 0.001


def score_sentences(sentences: Sequence[str], *, headline: str, language: str | None) -> list[float]:
    """Score sentences by how well they stand for their document.

    Args:
        sentences: All sentences of a document in their order. Those behind `features.SENTENCE_CAP` are not
            read and rated below all others.
        headline: The document's headline; may be empty.
        language: ISO 639-1 code; None: unknown. Every language gives some scores, the same on every machine.

    Returns:
        A score for each sentence, higher is better. Scores of different documents may be compared.
    """
    if not sentences:
        return []
    described = describe(sentences, headline=headline, language=language)
    return rate(described, len(sentences), shipped_weights().forest)


def rate(described: Description, sentence_count: int, forest: Forest) -> list[float]:
    """Score the sentences of a description, and those of the document that it left unread.

    Args:
        described: A document's first sentences.
        sentence_count: All its sentences.
        forest: Trees to score by.
    """
    scores = [round(float(score), 6) for score in forest.score(described.matrix)]
    worst = min(scores)
    unread = sentence_count - len(scores)
    return [*scores, *(round(worst - _STEP_DOWN * (place + 1), 6) for place in range(unread))]
