"""Pages of made-up news sites, to measure how well their articles are found; no text of anybody goes in."""
