"""Revising: a frozen edition with a story taken out, moved, or under another headline; pure.

Summaries stay as they are. The first story has the form of a lead where the edition had one, whichever it is;
subject and preheader follow the order in which readers find the stories.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from newsletter.editions.compose import reading_minutes, story_words
from newsletter.editions.sections import arrange, section_of
from newsletter.editions.subject import compose_preheader, compose_subject
from newsletter.editions.words import count_words
from newsletter.errors import ProposalError
from newsletter.model.editions import DroppedStory, Edition, MailingList, OneLiner
from newsletter.model.stories import Story

_Told = TypeVar("_Told", Story, OneLiner)

#: Characters of an operator's headline, of a story and of a line.
HEADLINE_CHARACTERS, LINE_CHARACTERS = 200, 160

#: Changes an edition, or a variant of it; None: nothing would be left of it.
Revise = Callable[[Edition], Edition | None]


def told(edition: Edition, number: int) -> Story | OneLiner:
    """Return the story, or the line, of a number.

    Args:
        edition: The edition.
        number: From 1; lines are counted on after the stories.

    Raises:
        ProposalError: There is none.
    """
    if not 1 <= number <= len(edition.told):
        raise ProposalError(f"there is no story {number}: the edition has 1 to {len(edition.told)}")
    return edition.told[number - 1]


def dropping(edition: Edition, number: int, mailing_list: MailingList) -> Revise:
    """Return what takes a story out of an edition and of its variants; its documents count as told.

    Args:
        edition: Whose story is meant.
        number: As in `told`.
        mailing_list: The list.

    Raises:
        ProposalError: There is no such story, or it is the only one with a summary.
    """
    meant = told(edition, number)
    if isinstance(meant, Story) and len(edition.stories) == 1:
        raise ProposalError("it is the only story with a summary: skip the edition instead")

    def drop(one: Edition) -> Edition | None:
        gone = [item for item in one.told if _is_same(item, meant)]
        if not gone:
            return one
        stories = [story for story in one.stories if not _is_same(story, meant)]
        if not stories:
            return None
        lines = [line for line in one.also if not _is_same(line, meant)]
        dropped = replace(one, dropped=(*one.dropped, *map(_dropped, gone)))
        return _recomposed(dropped, stories, lines, mailing_list)

    return drop


def moving(edition: Edition, number: int, to: int, mailing_list: MailingList) -> Revise:
    """Return what moves a story to another place, in an edition and as far as it goes in its variants.

    Stories move among stories and lines among lines. Beside the first place, which stands above all sections,
    a story stays in its section.

    Args:
        edition: Whose story is meant.
        number: As in `told`.
        to: The place that it is to have.
        mailing_list: The list.

    Raises:
        ProposalError: There is no such story or place, or it would stay where it is.
    """
    meant, place = told(edition, number), told(edition, to)
    if isinstance(meant, Story) != isinstance(place, Story):
        what = "a story with a summary" if isinstance(meant, Story) else "a line"
        raise ProposalError(f"{number} is {what} and {to} is not: each moves among its own kind")
    stories, lines = list(edition.stories), list(edition.also)
    if isinstance(meant, Story):
        stories.remove(meant)
        stories.insert(to - 1, meant)
    else:
        lines.remove(meant)
        lines.insert(to - 1 - len(stories), meant)

    def move(one: Edition) -> Edition:
        return _recomposed(one, _in_order(one.stories, stories), _in_order(one.also, lines), mailing_list)

    if move(edition).told == edition.told:
        raise ProposalError(
            f"story {number} would stay where it is: beside the first, each keeps its section"
        )
    return move


def retitling(edition: Edition, number: int, headline: str, mailing_list: MailingList) -> Revise:
    """Return what puts an operator's headline in the place of a story's.

    Args:
        edition: Whose story is meant.
        number: As in `told`.
        headline: Its new headline, verbatim but for white space.
        mailing_list: The list.

    Raises:
        ProposalError: There is no such story, or the headline is empty or too long.
    """
    meant, words = told(edition, number), " ".join(headline.split())
    limit = HEADLINE_CHARACTERS if isinstance(meant, Story) else LINE_CHARACTERS
    if not words or not words.isprintable():
        raise ProposalError("a headline is needed, in letters that can be printed")
    if len(words) > limit:
        raise ProposalError(f"the headline has {len(words)} characters; at most {limit} are possible here")
    if words == meant.headline:
        raise ProposalError("that is its headline already")

    def retitle(one: Edition) -> Edition:
        stories = [_under(story, words) if _is_same(story, meant) else story for story in one.stories]
        lines = [_under(line, words) if _is_same(line, meant) else line for line in one.also]
        return _recomposed(one, stories, lines, mailing_list)

    return retitle


def _under(item: _Told, headline: str) -> _Told:
    own = item.original_headline or item.headline
    return replace(item, headline=headline, original_headline=None if headline == own else own)


def _recomposed(
    edition: Edition, stories: Sequence[Story], lines: Sequence[OneLiner], mailing_list: MailingList
) -> Edition:
    """Return the edition with these stories and lines, and all that follows from them."""
    stories = _formed(edition, _in_sections(edition, stories, mailing_list))
    first = stories[0]
    headlines = [*(story.headline for story in stories), *(line.headline for line in lines)]
    words = sum(map(story_words, stories)) + sum(count_words(line.headline) for line in lines)
    return replace(
        edition,
        stories=tuple(stories),
        also=tuple(lines),
        subject=compose_subject(headlines, label=first.label),
        preheader=compose_preheader(headlines, first.summary, label=first.label) or mailing_list.tagline,
        word_count=words,
        reading_minutes=reading_minutes(words),
    )


def _in_sections(edition: Edition, stories: Sequence[Story], mailing_list: MailingList) -> list[Story]:
    """Return stories with the first above all sections, and the others section by section.

    No section comes up that readers would not have found anyway.
    """
    titles = {item.section for item in edition.told}
    above = edition.stories[0]
    others = []
    for story in stories[1:]:
        if _is_same(story, above):
            title = section_of(story, mailing_list.sections)
            story = replace(story, section=title if title in titles else "")  # noqa: PLW2901 - the same story
        others.append(story)
    arranged = arrange(others, mailing_list.sections, title_of=lambda story: story.section)
    return [replace(stories[0], section=""), *arranged]


def _formed(edition: Edition, stories: Sequence[Story]) -> list[Story]:
    """Return stories in the forms that the edition has in these places."""
    forms = [story.form for story in edition.stories]
    return [replace(story, form=form) for story, form in zip(stories, forms, strict=False)]


def _in_order(items: Sequence[_Told], order: Sequence[_Told]) -> list[_Told]:
    """Return items in an order; what is not in it stays behind what it stood behind."""
    ranks: list[float] = []
    for item in items:
        place = next((place for place, one in enumerate(order) if _is_same(item, one)), None)
        ranks.append((ranks[-1] if ranks else -1) if place is None else place)
    # Sorting is stable.
    places = sorted(range(len(items)), key=lambda place: ranks[place])
    return [items[place] for place in places]


def _is_same(one: Story | OneLiner, other: Story | OneLiner) -> bool:
    """Tell whether items of an edition and of its variant are one story; it may lack documents there."""
    return one.thread == other.thread and not set(one.document_ids).isdisjoint(other.document_ids)


def _dropped(item: Story | OneLiner) -> DroppedStory:
    return DroppedStory(
        headline=item.headline, document_ids=item.document_ids, thread=item.thread, label=item.label
    )
