"""Summarizers of our own."""

from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.stories.editor.choose import Draft


@dataclass(frozen=True, kw_only=True)
class LeadSummarizer:
    """Ranks sentences by their place.

    News is written with the main thing first; no algorithm of sumy does as well as this.
    """

    name: str = "lead"

    def rank(self, sentences: Sequence[str], *, language: str | None, headline: str) -> list[int]:  # noqa: ARG002
        """Return the indices of `sentences` in their own order."""
        return list(range(len(sentences)))


@dataclass(frozen=True, kw_only=True)
class EditorSummarizer:
    """Scores sentences by trained weights, and weighs whole summaries made of the best of them."""

    name: str = "editor"

    def rank(self, sentences: Sequence[str], *, language: str | None, headline: str) -> list[int]:
        """Return the indices of `sentences`, those that stand best for the document first."""
        from newsletter.stories.editor.scorer import score_sentences

        scores = score_sentences(sentences, headline=headline, language=language)
        return sorted(range(len(scores)), key=lambda index: (-scores[index], index))

    def choose(
        self, draft: Draft, *, headline: str, language: str | None, sentence_count: int, word_limit: int
    ) -> list[int]:
        """Choose the best whole summary.

        Args:
            draft: All sentences of a document, at least one.
            headline: The document's headline; may be empty.
            language: ISO 639-1 code; None: unknown.
            sentence_count: Most sentences.
            word_limit: Most words; passed only where no sentence is short enough.

        Returns:
            Indices in source order; empty only if no sentence is of bearable length.
        """
        # numpy takes a tenth of a second to load, which commands that summarise nothing need not wait for.
        from newsletter.stories.editor.ranking import choose_sentences

        return choose_sentences(
            draft,
            headline=headline,
            language=language,
            sentence_count=sentence_count,
            word_limit=word_limit,
        )
