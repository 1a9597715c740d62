"""How well each sentence stands for its document, by weights fitted on news that editors summarised."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from newsletter.errors import SummarizerError
from newsletter.stories.editor.features import FEATURES, Description, describe
from newsletter.stories.editor.forest import Forest

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
    return rate(describe(sentences, headline=headline, language=language), len(sentences))


def rate(described: Description, sentence_count: int, forest: Forest | None = None) -> list[float]:
    """Score the sentences of a description, and those of the document that it left unread.

    Args:
        described: A document's first sentences.
        sentence_count: All its sentences.
        forest: Trees to score by; None: those of `weights.json`.
    """
    chosen = forest or sentence_forest()
    scores = [round(float(score), 6) for score in chosen.score(described.matrix)]
    worst = min(scores)
    unread = sentence_count - len(scores)
    return [*scores, *(round(worst - _STEP_DOWN * (place + 1), 6) for place in range(unread))]


@cache
def sentence_forest() -> Forest:
    """Return the trees that rate sentences; their columns are `features.FEATURES`."""
    return Forest.of(weights()["trees"])


@cache
def weights() -> Mapping[str, Any]:
    """Return the fitted weights, as `weights.json` holds them.

    Raises:
        SummarizerError: They were fitted for other features than these.
    """
    read = json.loads(Path(__file__).with_name("weights.json").read_text("utf-8"))
    if tuple(read["features"]) != FEATURES:
        raise SummarizerError("weights.json was fitted for other features; run benchmarks/fit_editor.py")
    return MappingProxyType(read)
