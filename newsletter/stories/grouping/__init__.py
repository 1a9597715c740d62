"""Which documents tell of one event, and which of them are copies of one another."""
