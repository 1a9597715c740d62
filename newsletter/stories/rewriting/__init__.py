"""Rewriting by a language model, and what must hold before a rewrite is believed."""
