"""What an inbox shows of an edition: its subject, and the words that follow it."""

from collections.abc import Sequence

from newsletter.editions.words import cut_at_word
from newsletter.model.stories import StoryLabel, Summary

SUBJECT_CHARACTERS = 78
PREHEADER_CHARACTERS = 140

#: Less of a second headline tells nothing.
_LEAST_CHARACTERS = 24

_BETWEEN = "; "


def compose_subject(headlines: Sequence[str], *, label: StoryLabel = StoryLabel.NEW) -> str:
    """Return the top two headlines, or the first alone if too little of the second would fit.

    Args:
        headlines: At least one, the weightiest first.
        label: The first story's; an update says so.
    """
    first = _first(headlines, label)
    if not _holds_second(headlines, label):
        return cut_at_word(first, limit=SUBJECT_CHARACTERS)
    return cut_at_word(f"{first}{_BETWEEN}{headlines[1]}", limit=SUBJECT_CHARACTERS)


def compose_preheader(headlines: Sequence[str], lead: Summary, *, label: StoryLabel = StoryLabel.NEW) -> str:
    """Return the three headlines after the subject's, or else the lead's first words.

    Empty where the lead says no more than its headline.
    """
    start = 2 if _holds_second(headlines, label) else 1
    following = headlines[start : start + 3]
    if following:
        return cut_at_word(f"Also: {_BETWEEN.join(following)}", limit=PREHEADER_CHARACTERS)
    told = lead.rewrite or lead.text
    return "" if told == headlines[0] else cut_at_word(told, limit=PREHEADER_CHARACTERS)


def _first(headlines: Sequence[str], label: StoryLabel) -> str:
    first = " ".join(headlines[0].split())
    return f"{label.value}: {first}" if label is StoryLabel.UPDATE else first


def _holds_second(headlines: Sequence[str], label: StoryLabel) -> bool:
    if len(headlines) < 2:
        return False
    room = SUBJECT_CHARACTERS - len(_first(headlines, label)) - len(_BETWEEN)
    return room >= min(_LEAST_CHARACTERS, len(" ".join(headlines[1].split())))
