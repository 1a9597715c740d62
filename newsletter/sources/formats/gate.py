"""Which files of a folder are read: by their names, and by their first bytes where names tell nothing."""

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import RefusalReason
from newsletter.sources.formats.kinds import PLAIN_TO_SEE, Kind, refusal_of
from newsletter.sources.formats.suffixes import READ, UNREAD, suffix_of
from newsletter.sources.formats.telling import tell_kind


def check_name(name: str) -> bool:
    """Look at a file's name before the file is opened.

    Returns:
        Whether the name says that it is a document; if not, its first bytes must.

    Raises:
        DocumentRefusedError: UNSUPPORTED: the name says that it is none.
    """
    suffix = suffix_of(name)
    if kind := UNREAD.get(suffix):
        raise refusal_of(kind)
    return suffix in READ


def check_start(start: bytes, name: str) -> None:
    """Look at the first bytes of a file whose name tells nothing, before the rest is read.

    Args:
        start: At least START_BYTES of it, or all.
        name: The file's name.

    Raises:
        DocumentRefusedError: EMPTY, BINARY, or UNSUPPORTED: plain text might be anything.
    """
    kind = tell_kind(start, name)
    if kind in PLAIN_TO_SEE:
        return
    if not start:
        raise DocumentRefusedError(RefusalReason.EMPTY, "no bytes")
    if kind is not Kind.TEXT:
        raise refusal_of(kind)
    if b"\0" in start:
        raise DocumentRefusedError(RefusalReason.BINARY)
    detail = "plain text under a name that does not end in .txt: rename it if it is a document"
    raise DocumentRefusedError(RefusalReason.UNSUPPORTED, detail)
