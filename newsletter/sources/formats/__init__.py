"""Formats: what documents may be written in; each is one parser from bytes, and reads nothing else."""
