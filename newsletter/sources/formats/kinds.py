"""Kinds of content, told by what it is; the file's name only helps where several would do."""

from enum import StrEnum

#: What the names of files end with that are read in folders.
SUFFIXES = (".txt",)


class Kind(StrEnum):
    """What some bytes are written in; the value is what the operator reads."""

    #: Anything that is none of the others.
    TEXT = "plain text"


def tell_kind(content: bytes, name: str) -> Kind:  # noqa: ARG001 - so far there is one
    """Return what some bytes are.

    Args:
        content: All of them.
        name: The file's name; "" for none.
    """
    return Kind.TEXT
