"""One story from several documents: what others add to the leading one, and where their numbers differ."""
