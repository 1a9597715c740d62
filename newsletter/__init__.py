"""New documents become a summarised digest in a reader's inbox."""
