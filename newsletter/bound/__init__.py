"""Verbs bound to one install, by noun: what `newsletter.app.App` is made of."""
