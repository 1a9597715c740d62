"""Checks of an edition before it goes out: what an operator should look at."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class CheckKind(StrEnum):
    """What was looked at; the value names it in settings and to the operator."""

    #: Sources of a story give different numbers.
    NUMBERS = "numbers"
    #: A story rests on one source.
    SOURCE = "source"
    #: The first story tells next to nothing.
    LEAD = "lead"
    #: The mail is near the size at which Gmail would cut it off.
    SIZE = "size"
    #: A story, or the edition, is in a language that the list is not written in.
    LANGUAGE = "language"
    #: Far fewer stories than usual.
    STORIES = "stories"
    #: A source that usually brings news has brought none.
    SILENCE = "silence"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing to look at."""

    kind: CheckKind
    #: What is to be looked at, in one line for the operator.
    words: str
    #: Number of the story in the edition, its lines counted on; None: the whole edition.
    story: int | None = None
    #: Whether an edition that goes out by itself is held for it, where the list asks for that.
    holds: bool = False


@dataclass(frozen=True, kw_only=True)
class QuietSource:
    """A source that has brought nothing for unusually long."""

    #: Address, folder or mailbox.
    name: str
    #: When it last brought something.
    last_day: date
    #: Days from one day with news to the next, as a rule.
    usual_days: float


@dataclass(frozen=True, kw_only=True)
class UsualFacts:
    """What is usual for a list: what its edition is held against."""

    #: Stories of its late editions, the middle one of them; None where there are too few.
    stories: float | None = None
    #: Languages of its late editions, ISO 639-1; empty where there are none yet.
    languages: tuple[str, ...] = ()
    quiet: tuple[QuietSource, ...] = ()
