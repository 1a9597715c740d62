"""How much room each story gets, settled before its summary is written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from newsletter.model.stories import Story, StoryForm

#: Sentences and words of the lead's summary, and of a second's.
LEAD_SENTENCES, LEAD_WORDS = 3, 110
SECOND_SENTENCES, SECOND_WORDS = 2, 60

#: Stories told with a summary beside the lead.
SECONDS = 4

#: "Also today" holds no more lines than a reader will read.
ONE_LINERS = 7

#: With so few stories none leads: all are seconds.
FEW_STORIES = 5


@dataclass(frozen=True, kw_only=True)
class Placing:
    """A story that is told with a summary, and how long that may be."""

    story: Story
    form: StoryForm
    sentence_count: int
    word_limit: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """An edition's stories by the room that they get."""

    #: At least one, the weightiest first.
    told: tuple[Placing, ...]
    #: Those that get a line, the weightiest first.
    also: tuple[Story, ...]
    #: Those that are counted only.
    rest: tuple[Story, ...]

    def retold(self, tell: Callable[[Placing], Story]) -> "Plan":
        """Return the plan with stories whose summaries are made for their room.

        Args:
            tell: Returns the story of a placing with its final summary.
        """
        return replace(self, told=tuple(replace(placing, story=tell(placing)) for placing in self.told))


def plan(stories: Sequence[Story]) -> Plan:
    """Give ranked stories their room: a lead, four seconds, seven lines, and the rest is counted.

    Of five stories or fewer all are seconds. One story alone has the edition to itself, and a lead's length.

    Args:
        stories: At least one, the weightiest first.
    """
    if 1 < len(stories) <= FEW_STORIES:
        return Plan(told=tuple(map(_second, stories)), also=(), rest=())
    lead = Placing(
        story=replace(stories[0], form=StoryForm.LEAD),
        form=StoryForm.LEAD,
        sentence_count=LEAD_SENTENCES,
        word_limit=LEAD_WORDS,
    )
    seconds, others = stories[1 : 1 + SECONDS], stories[1 + SECONDS :]
    return Plan(
        told=(lead, *map(_second, seconds)),
        also=tuple(others[:ONE_LINERS]),
        rest=tuple(others[ONE_LINERS:]),
    )


def _second(story: Story) -> Placing:
    return Placing(
        story=replace(story, form=StoryForm.SECOND),
        form=StoryForm.SECOND,
        sentence_count=SECOND_SENTENCES,
        word_limit=SECOND_WORDS,
    )
