"""From an edition to messages: rendering, links, and the form of a mail."""
