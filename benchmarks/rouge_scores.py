"""ROUGE by rouge-score, and how sure one may be of a difference."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

METRICS = ("rouge1", "rouge2", "rougeLsum")
SEED = 11
RESAMPLES = 2000


class _Tokenizer:
    """rouge-score's own tokenizer, with a memory: sentences come again and again."""

    def __init__(self) -> None:
        from rouge_score import tokenizers

        self._tokenizer = tokenizers.DefaultTokenizer(use_stemmer=True)
        self._known: dict[str, list[str]] = {}

    def tokenize(self, text: str) -> list[str]:
        if text not in self._known:
            self._known[text] = list(self._tokenizer.tokenize(text))
        return self._known[text]


@cache
def _scorer() -> Any:  # noqa: ANN401 - rouge-score is untyped
    from rouge_score import rouge_scorer

    return rouge_scorer.RougeScorer(list(METRICS), tokenizer=_Tokenizer())


def score(told: Sequence[str], references: Sequence[str]) -> tuple[float, ...]:
    """Return the F1 of a summary by each of `METRICS`, 0 to 100, stemmed; the mean over the references.

    Args:
        told: Its sentences.
        references: A sentence a line.
    """
    summary = "\n".join(told)
    found = [_scorer().score(reference, summary) for reference in references]
    return tuple(100 * sum(one[name].fmeasure for one in found) / len(found) for name in METRICS)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How much better one method does than another on the same articles."""

    mean: float
    #: Bounds of the 95 % interval.
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:+.2f} [{self.low:+.2f}, {self.high:+.2f}]"


def compare(one: Sequence[float], other: Sequence[float]) -> Difference:
    """Compare two methods by a paired bootstrap over articles, always with the same resamples."""
    differences = np.array(one) - np.array(other)
    count = len(differences)
    drawn = np.random.default_rng(SEED).integers(0, count, (RESAMPLES, count))
    low, high = np.percentile(differences[drawn].mean(axis=1), [2.5, 97.5])
    return Difference(mean=float(differences.mean()), low=float(low), high=float(high))
