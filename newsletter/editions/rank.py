"""Which story weighs more."""

import math
from collections.abc import Sequence
from datetime import datetime

from newsletter.model.stories import Story

#: Age at which a story's freshness has halved, in hours.
_HALF_LIFE_HOURS = 24.0

#: Words of summary from which a story counts as told in full.
_FULL_WORDS = 40


def weigh(story: Story, *, now: datetime) -> float:
    """Return a story's weight: independent sources first, then freshness, then substance.

    Args:
        story: The story.
        now: UTC.
    """
    age_hours = max(0.0, (now - story.dated_at).total_seconds() / 3600)
    freshness: float = 0.5 ** (age_hours / _HALF_LIFE_HOURS)
    substance = min(1.0, story.summary.word_count / _FULL_WORDS)
    return 2.0 * math.log1p(story.independent_sources) + freshness + substance


def rank(stories: Sequence[Story], *, now: datetime) -> list[Story]:
    """Return the stories, the weightiest first; equal ones in the order that their documents came."""
    return sorted(stories, key=lambda story: (-weigh(story, now=now), story.document_ids))
