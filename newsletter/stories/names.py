"""The names of summarizers, for whoever checks one without summarising anything."""

#: Names that `newsletter.stories.summarize.get_summarizer` knows, the default first.
SUMMARIZER_NAMES: tuple[str, ...] = (
    *("editor", "lead"),
    *("luhn", "lexrank", "textrank", "lsa", "kl", "sumbasic", "reduction", "edmundson"),
)
