"""ROUGE as the fitting needs it: counted once for each sentence, added up for each candidate."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@cache
def _tokenizer() -> Any:  # noqa: ANN401 - rouge-score is untyped
    from rouge_score import tokenizers

    return tokenizers.DefaultTokenizer(use_stemmer=True)


def tokens(text: str) -> list[str]:
    """Return the stemmed tokens of rouge-score."""
    return list(_tokenizer().tokenize(text))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Overlap:
    """ROUGE-N of one article: how often its sentences hold what the reference holds."""

    #: Of each n-gram of the reference, how often it stands there; shape (n-grams,).
    reference: Floats
    #: Of each sentence likewise; shape (sentences, n-grams).
    held: Floats
    #: All n-grams of each sentence.
    sizes: Floats

    @classmethod
    def of(cls, spelt: Sequence[Sequence[str]], target: Sequence[str], size: int) -> "_Overlap":
        wanted = grams(target, size)
        held = np.zeros((len(spelt), len(wanted)))
        sizes = np.zeros(len(spelt))
        for row, found in enumerate(spelt):
            counted = grams(found, size)
            sizes[row] = counted.total()
            held[row] = [counted[gram] for gram in wanted]
        return cls(reference=np.array(list(wanted.values()), dtype=np.float64), held=held, sizes=sizes)

    def f_measures(self, chosen: npt.NDArray[np.int64]) -> Floats:
        """Return the F1 of summaries of one size, one row of sentences each."""
        shared = np.minimum(self.held[chosen].sum(axis=1), self.reference).sum(axis=1)
        sizes = self.sizes[chosen].sum(axis=1) + self.reference.sum()
        return np.asarray(2 * shared / np.maximum(1.0, sizes))


def grams(found: Sequence[str], size: int) -> Counter[tuple[str, ...]]:
    """Count the runs of so many tokens."""
    return Counter(zip(*[found[at:] for at in range(size)], strict=False))


def f_measure(told: Counter[tuple[str, ...]], wanted: Counter[tuple[str, ...]]) -> float:
    """Return the F1 of what a summary tells beside what a reference holds, 0 to 1."""
    return 2 * (told & wanted).total() / max(1, told.total() + wanted.total())


@dataclass(frozen=True, kw_only=True, eq=False)
class Judge:
    """What sentences of one article are worth by its reference."""

    overlaps: tuple[_Overlap, _Overlap]
    sentence_count: int

    @classmethod
    def of(cls, sentences: Sequence[str], reference: str) -> "Judge":
        """Count the tokens of an article's sentences and of one reference."""
        spelt = [tokens(sentence) for sentence in sentences]
        target = tokens(reference)
        overlaps = (_Overlap.of(spelt, target, 1), _Overlap.of(spelt, target, 2))
        return cls(overlaps=overlaps, sentence_count=len(spelt))

    def worths(self, proposals: Sequence[Sequence[int]]) -> Floats:
        """Return ROUGE-1 plus ROUGE-2 of each, 0 to 2; word pairs across sentences are left out."""
        worths = np.zeros(len(proposals))
        for size in sorted({len(chosen) for chosen in proposals}):
            places = [place for place, chosen in enumerate(proposals) if len(chosen) == size]
            chosen = np.array([proposals[place] for place in places], dtype=np.int64)
            worths[places] = sum(overlap.f_measures(chosen) for overlap in self.overlaps)
        return worths

    def oracle(self, count: int, *, deepest: int = 60) -> list[int]:
        """Return up to `count` sentences among the first `deepest`, each the one that adds most."""
        chosen: list[int] = []
        best = 0.0
        for _ in range(count):
            left = [index for index in range(min(deepest, self.sentence_count)) if index not in chosen]
            worths = self.worths([[*chosen, index] for index in left]).round(9)
            if not left or worths.max() <= best:
                break
            best = float(worths.max())
            chosen.append(left[int(worths.argmax())])
        return chosen
