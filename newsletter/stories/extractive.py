"""Summarizers of our own."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class LeadSummarizer:
    """Ranks sentences by their place.

    News is written with the main thing first; no algorithm of sumy does as well as this.
    """

    name: str = "lead"

    def rank(self, sentences: Sequence[str], *, language: str | None, headline: str) -> list[int]:  # noqa: ARG002
        """Return the indices of `sentences` in their own order."""
        return list(range(len(sentences)))
