"""Lines around the news that are neither news nor credits: captions, tags, notes to editors."""

import re

_LONGEST = 200
_CAPTION = r"(?:Image|Photo|Picture) ?(?:caption|credit|source|copyright)|(?:Media|Video) caption|File photo"
#: What a press release or a page may print above its headline.
_ANNOUNCED = (
    r"(?i:for immediate release)[.:]?|(?:UNDER EMBARGO|EMBARGOED)(?: UNTIL .+)?|ADVERTISEMENT"
    r"|(?i:(?:(?:media|press) )?contacts?) ?: ?.*(?:@|\d{3}).*"
)
_FURNITURE = re.compile(
    r"[(\[](?:(?:Corrects?|Adds?|Updates?|Recasts?|Repeats?|Refiles?|Removes?|Clarifies|Deletes) [^()\[\]]+"
    r"|(?i:photo|image|picture|file photo|foto|bild|video) ?: ?[^()\[\]]+)[)\]]"
    rf"|(?i:{_CAPTION}) ?: ?.+"
    r"|(?i:tags?|topics|keywords|categories|filed under|share this) ?: ?[^.!?]{1,120}"
    r"|(?i:section|category|topic) ?: ?[^\W_]+(?: [^\W_]+)?"
    rf"|{_ANNOUNCED}|LIVE|BREAKING"
    r"|(?i:\d{1,3} min(?:ute)?s? read|(?:reading|read) time:? ?\d{1,3} min(?:ute)?s?)"
)
_CAPTION_START = re.compile(rf"(?:{_CAPTION}) ?: ", re.IGNORECASE)
_ABOVE_HEADLINE = re.compile(_ANNOUNCED)


def is_furniture(line: str) -> bool:
    """Tell whether a whole line above the first sentence of news is clearly none."""
    return len(line) <= _LONGEST and bool(_FURNITURE.fullmatch(line))


def stands_above_headline(line: str) -> bool:
    """Tell whether a whole line announces a press release, its contact or an advertisement."""
    return len(line) <= _LONGEST and bool(_ABOVE_HEADLINE.fullmatch(line))


def starts_caption(line: str) -> bool:
    """Tell whether a line is the caption of a picture, by its label."""
    return bool(_CAPTION_START.match(line))
