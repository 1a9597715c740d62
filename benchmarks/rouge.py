"""ROUGE as the fitting needs it: counted once for each sentence, added up for each candidate."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

Grams = Counter[tuple[str, ...]]


@cache
def _tokenizer() -> Any:  # noqa: ANN401 - rouge-score is untyped
    from rouge_score import tokenizers

    return tokenizers.DefaultTokenizer(use_stemmer=True)


def tokens(text: str) -> list[str]:
    """Return the stemmed tokens of rouge-score."""
    return list(_tokenizer().tokenize(text))


def grams(found: Sequence[str], size: int) -> Grams:
    return Counter(zip(*[found[at:] for at in range(size)], strict=False))


def f_measure(told: Grams, reference: Grams) -> float:
    shared = sum((told & reference).values())
    return 2 * shared / (told.total() + reference.total()) if shared else 0.0


@dataclass(frozen=True, kw_only=True)
class Judge:
    """What sentences of one article are worth by its reference."""

    reference: tuple[Grams, Grams]
    sentences: tuple[tuple[Grams, Grams], ...]

    @classmethod
    def of(cls, sentences: Sequence[str], reference: str) -> "Judge":
        """Count the tokens of an article's sentences and of one reference."""
        spelt = [tokens(sentence) for sentence in sentences]
        target = tokens(reference)
        return cls(
            reference=(grams(target, 1), grams(target, 2)),
            sentences=tuple((grams(found, 1), grams(found, 2)) for found in spelt),
        )

    def worth(self, chosen: Sequence[int]) -> float:
        """Return ROUGE-1 plus ROUGE-2, from 0 to 2; word pairs across sentences are left out."""
        total = 0.0
        for size, reference in enumerate(self.reference):
            told: Grams = Counter()
            for index in chosen:
                told.update(self.sentences[index][size])
            total += f_measure(told, reference)
        return total

    def oracle(self, count: int, *, deepest: int = 60) -> list[int]:
        """Return up to `count` sentences among the first `deepest`, each the one that adds most."""
        chosen: list[int] = []
        best = 0.0
        for _ in range(count):
            found = [
                (self.worth([*chosen, index]), -index)
                for index in range(min(deepest, len(self.sentences)))
                if index not in chosen
            ]
            if not found or max(found)[0] <= best:
                break
            best, negative = max(found)
            chosen.append(-negative)
        return chosen
