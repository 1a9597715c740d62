"""Where quotations begin and end in a paragraph, so that none is ever cut in half."""

import re
from dataclasses import dataclass

#: Closing marks for each opening mark; several languages use one mark in both roles.
_CLOSERS = {
    '"': '"”',
    "“": '”"',
    "”": "”",
    "„": '“”"',
    "«": "»",
    "»": "«",
    "「": "」",
    "『": "』",
    "＂": "＂",
}
_MARKS = re.compile("[" + "".join(sorted({*_CLOSERS, *"".join(_CLOSERS.values())})) + "]")
#: Always closing, whatever stands around them.
_ONLY_CLOSING = frozenset("」』")
_ONLY_OPENING = frozenset("「『„")
#: A quotation in single marks begins like a sentence and ends like one; anything else is an apostrophe.
_SINGLE_OPENING = re.compile(r"[‘'](?<![\w’'].)(?=[^\W\d_])(?![a-zß-ÿ])")
_SINGLE_CLOSING = re.compile(r"[’'](?<=[.,!?…].)(?!\w)")
_LONGEST_SINGLE = 600


@dataclass(frozen=True, kw_only=True)
class Quotation:
    """A range of a paragraph that somebody else says, with its marks."""

    #: Offset of the opening mark.
    start: int
    #: One past the closing mark, or where the paragraph or the quotation gives out.
    end: int
    #: False where the closing or the opening mark is missing.
    closed: bool = True

    def cut_by(self, start: int, end: int) -> bool:
        """Return whether the range from `start` to `end` holds a part of the quotation, but not all of it."""
        overlaps = self.start < end and start < self.end
        return overlaps and not (self.closed and start <= self.start and self.end <= end)


def _opens(text: str, at: int) -> bool:
    before = text[at - 1] if at else " "
    after = text[at + 1] if at + 1 < len(text) else " "
    if text[at] in _ONLY_OPENING | _ONLY_CLOSING:
        return text[at] in _ONLY_OPENING
    spaced = text[at] in "«»" and before.isspace()
    return (not before.isalnum() and before not in ".,!?…;:%)]”’»") and (spaced or not after.isspace())


def _shuts(text: str, at: int) -> bool:
    before = text[at - 1] if at else " "
    after = text[at + 1] if at + 1 < len(text) else " "
    return text[at] in _ONLY_CLOSING or (not before.isspace() and not after.isalnum())


def find_quotations(text: str) -> list[Quotation]:
    """Find the quotations of one paragraph.

    Args:
        text: The paragraph.

    Returns:
        Quotations in the order of their ends; those in double marks do not overlap. A mark without a partner
        makes one that is not closed.
    """
    found: list[Quotation] = []
    opened: int | None = None
    for match in _MARKS.finditer(text):
        at, mark = match.start(), match[0]
        if opened is None:
            if _opens(text, at) or (mark == '"' and not _shuts(text, at)):
                opened = at
            elif not (mark == '"' and at and text[at - 1].isdigit()):  # 6'2" is a height
                found.append(Quotation(start=at, end=at + 1, closed=False))
        elif mark in _CLOSERS[text[opened]] and (
            mark != text[opened] or _shuts(text, at) or not _opens(text, at)
        ):
            found.append(Quotation(start=opened, end=at + 1))
            opened = None
        elif mark == text[opened] and _opens(text, at):
            found.append(Quotation(start=opened, end=at, closed=False))
            opened = at
    if opened is not None:
        found.append(Quotation(start=opened, end=len(text), closed=False))
    return found + _single_quotations(text)


def _single_quotations(text: str) -> list[Quotation]:
    """Find the quotations in single marks, none of which overlap."""
    found: list[Quotation] = []
    openings = _SINGLE_OPENING.finditer(text)
    opening = next(openings, None)
    for closing in _SINGLE_CLOSING.finditer(text) if opening else ():
        while opening and (
            closing.end() - opening.start() > _LONGEST_SINGLE
            or "\n" in text[opening.start() : closing.start()]
        ):
            opening = next(openings, None)
        if opening and opening.start() + 2 < closing.start():
            found.append(Quotation(start=opening.start(), end=closing.end()))
            while opening and opening.start() < closing.end():
                opening = next(openings, None)
    return found
