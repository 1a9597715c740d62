"""Sections: which part of an edition a story belongs to, by the words that it names."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

from newsletter.editions.words import Wording, fold
from newsletter.model.editions import Section
from newsletter.model.stories import Story

#: A section of fewer stories is none.
FEWEST_STORIES = 3

Item = TypeVar("Item")


def section_of(story: Story, sections: Sequence[Section]) -> str:
    """Return the title of the section that a story belongs to, or "" for none.

    A keyword that is a section's title, or one of its words, puts it there: its source chose it. Else
    the section has it whose words it names most often, a headline's counted twice; of equals the first.
    """
    keywords = {fold(tag) for tag in story.tags}
    headline, summary = Wording(story.headline), Wording(story.summary.text)
    claims = [
        (
            len(keywords & {fold(name) for name in (part.title, *part.words)}),
            2 * headline.count_all(part.words) + summary.count_all(part.words),
        )
        for part in sections
    ]
    most = max(claims, default=(0, 0))
    return sections[claims.index(most)].title if any(most) else ""


def arrange(
    items: Sequence[Item], sections: Sequence[Section], *, title_of: Callable[[Item], str]
) -> list[Item]:
    """Return items in the order of their sections, those without one last; inside one, as they stood."""
    places = {section.title: place for place, section in reversed(list(enumerate(sections)))}
    return sorted(items, key=lambda item: places.get(title_of(item), len(sections)))


def large_enough(told: Sequence[str], also: Sequence[str]) -> frozenset[str]:
    """Return the sections that deserve a heading: of several stories, and not of lines alone.

    Args:
        told: The section of each story that is told with a summary.
        also: The section of each that gets a line.
    """
    counted = Counter((*told, *also))
    return frozenset(title for title in told if title and counted[title] >= FEWEST_STORIES)
