"""Summaries by the summarizer `editor` with any weights, made as the product makes them."""

from collections.abc import Sequence

from benchmarks.articles import Article
from newsletter.stories.editor.choose import Draft
from newsletter.stories.editor.ranking import choose_sentences
from newsletter.stories.editor.weights import Weights
from newsletter.stories.text.cleaning import clean_sentences

#: Words of a summary, the product's default.
WORD_LIMIT = 110


def cleaned(article: Article) -> list[str]:
    """Return the sentences of an article that a summary may tell."""
    return [sentence.of(article.document.text) for sentence in clean_sentences(article.document)]


def edit(article: Article, sentences: Sequence[str], weights: Weights) -> list[int]:
    """Choose as `summarize` does, by the weights given; `sentences` are those that `cleaned` returned."""
    limits = {"sentence_count": article.sentence_count, "word_limit": WORD_LIMIT}
    draft = Draft.of(sentences, headline=article.document.headline, language="en")
    return draft.whole(**limits) or choose_sentences(
        draft, headline=article.document.headline, language="en", weights=weights, **limits
    )
