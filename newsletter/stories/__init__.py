"""From documents to stories: sentences, summaries, and what belongs together."""
