"""Damaged files of every format that is read, made from sound ones: the same for tests and for `fuzz`."""
