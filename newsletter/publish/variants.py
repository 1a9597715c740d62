"""Variants of an edition, for readers who missed what came before it, or have had a part of it."""

import logging
from collections.abc import Mapping
from dataclasses import replace

from newsletter.errors import MessageRefusedError
from newsletter.model.editions import Edition, MailingList, Variant
from newsletter.model.stories import StoryLabel
from newsletter.publish.gathering import Find
from newsletter.publish.pressing import Compose, Planned, Press, render_to_fit
from newsletter.publish.telling import tell_in_full

_log = logging.getLogger(__name__)

#: Updates that are told in full to readers who missed what came before; each doubles the renderings.
_MISSABLE = 3


def missable_finds(planned: Planned, edition: Edition) -> dict[int, Find]:
    """Return the updates that readers may have missed the beginning of, by their place in the plan."""
    shown = {story.thread for story in edition.stories}
    updates = {
        place: planned.find_of(placing)
        for place, placing in enumerate(planned.plan.told)
        if placing.story.label is StoryLabel.UPDATE and placing.story.thread in shown
    }
    return dict(list(updates.items())[:_MISSABLE])


def variants_in_full(
    planned: Planned, missable: Mapping[int, Find], mailing_list: MailingList, press: Press, make: Compose
) -> list[Variant]:
    """Render the edition once for each choice of updates that are told in full."""
    told = planned.plan.told
    full = {
        place: tell_in_full(told[place], find, mailing_list, press.newsroom)
        for place, find in missable.items()
    }
    variants = []
    for number in range(1, 1 << len(missable)):
        chosen = [place for bit, place in enumerate(missable) if number >> bit & 1]
        placings = [
            replace(placing, story=full[place]) if place in chosen else placing
            for place, placing in enumerate(told)
        ]
        try:
            edition, rendering = render_to_fit(
                replace(planned.plan, told=tuple(placings)), mailing_list, press, make
            )
        except MessageRefusedError as error:
            # Who would have got it gets the edition as it is.
            _log.warning("a variant for readers who missed earlier news is left out: %s", error)
            continue
        variants.append(Variant(number=number, edition=edition, rendering=rendering))
    return variants
