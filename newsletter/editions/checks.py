"""Checks: what an operator should look at before an edition goes out; pure."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from newsletter.editions.words import count_words
from newsletter.model.checks import Check, CheckKind, QuietSource, UsualFacts
from newsletter.model.dates import date_words
from newsletter.model.editions import Edition
from newsletter.model.words import plural

#: A lead of fewer words says little more than its headline.
_LEAD_WORDS = 20

#: From this share of the size at which a mail is told more briefly.
_NEAR = 0.9

#: Past editions that say what is usual, at least.
_LEAST_EDITIONS = 4

#: A language of less than one story in so many is unusual.
_RARE = 10


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large the HTML part is, in bytes."""

    html: int
    #: Above it, no edition is sent.
    limit: int


def check_edition(
    edition: Edition, *, size: Size, usual: UsualFacts, hold_on: Collection[CheckKind]
) -> tuple[Check, ...]:
    """Return what is to be looked at in an edition, the whole of it first, then story by story.

    Args:
        edition: As it would go out.
        size: Of its mail.
        usual: What is usual for its list.
        hold_on: Kinds of checks that hold back an edition which would go out by itself.
    """
    found = [
        *_few_stories(edition, usual),
        *_languages(edition, usual),
        *_size(size),
        *map(_quiet, usual.quiet),
        *_short_lead(edition),
        *_stories(edition),
    ]
    return tuple(
        Check(kind=kind, words=words, story=story, holds=kind in hold_on) for kind, story, words in found
    )


def usual_stories(editions: Sequence[Edition]) -> float | None:
    """Return how many stories a list's editions have, the middle one of them; None of too few editions."""
    if len(editions) < _LEAST_EDITIONS:
        return None
    return float(median(map(_count, editions)))


def usual_languages(editions: Sequence[Edition], own: str | None) -> tuple[str, ...]:
    """Return the languages that a list is written in: its own, and those of its editions and their stories.

    A language of fewer than one story in ten is not usual.

    Args:
        editions: The list's late ones.
        own: ISO 639-1 code that is set for the list; None: none is.
    """
    spoken = Counter(story.language for edition in editions for story in edition.stories if story.language)
    often = {language for language, count in spoken.items() if _RARE * count >= spoken.total()}
    return tuple(sorted({*often, *(edition.language for edition in editions), *([own] if own else [])}))


_Found = tuple[CheckKind, int | None, str]


def _count(edition: Edition) -> int:
    return len(edition.stories) + len(edition.also) + edition.left_out_stories


def _few_stories(edition: Edition, usual: UsualFacts) -> Iterator[_Found]:
    count = _count(edition)
    if usual.stories is not None and 2 * count < usual.stories:
        words = f"only {plural(count, 'story', 'stories')}, where {usual.stories:g} are usual"
        yield CheckKind.STORIES, None, words


def _languages(edition: Edition, usual: UsualFacts) -> Iterator[_Found]:
    known = usual.languages
    if not known:
        return
    if edition.language not in known:
        yield CheckKind.LANGUAGE, None, f"the edition is in {edition.language!r}, not in {' or '.join(known)}"
    for number, story in enumerate(edition.stories, start=1):
        if story.language is not None and story.language not in known:
            yield CheckKind.LANGUAGE, number, f"is in {story.language!r}, not in {' or '.join(known)}"


def _size(size: Size) -> Iterator[_Found]:
    if size.html >= _NEAR * size.limit:
        kilobytes, limit = round(size.html / 1000), round(size.limit / 1000)
        yield CheckKind.SIZE, None, f"the mail has {kilobytes} kB of HTML; from {limit} kB on it is shortened"


def _quiet(source: QuietSource) -> _Found:
    gap, last = plural(round(source.usual_days), "day"), date_words(source.last_day)
    return CheckKind.SILENCE, None, f"{source.name} has brought nothing since {last}; usual are gaps of {gap}"


def _short_lead(edition: Edition) -> Iterator[_Found]:
    summary = edition.stories[0].summary
    words = count_words(summary.rewrite or summary.text)
    if words < _LEAD_WORDS:
        yield CheckKind.LEAD, 1, f"leads with a summary of {plural(words, 'word')}"


def _stories(edition: Edition) -> Iterator[_Found]:
    for number, story in enumerate(edition.stories, start=1):
        for disagreement in story.disagreements:
            figures = ", ".join(f"{claim.figure} ({claim.source})" for claim in disagreement.claims)
            subject = f" on “{disagreement.subject}”" if disagreement.subject else ""
            yield CheckKind.NUMBERS, number, f"sources differ{subject}: {figures}"
        if story.independent_sources < 2:
            yield CheckKind.SOURCE, number, f"rests on one source, {story.sources[0].name}"
