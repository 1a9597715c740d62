"""Variants of an edition, for readers who missed what came before it, or have had a part of it."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from newsletter.errors import MessageRefusedError
from newsletter.model.editions import FIRST_PARTIAL_VARIANT, Edition, MailingList, Variant, WeekBehind
from newsletter.model.stories import StoryLabel
from newsletter.publish.gathering import Find, Findings
from newsletter.publish.pressing import Compose, Planned, Press, plan_finds, render_to_fit
from newsletter.publish.telling import tell_in_full

_log = logging.getLogger(__name__)

#: Updates that are told in full to readers who missed what came before; each doubles the renderings.
_MISSABLE = 3

#: Sets of editions had for which a weekly digest is rendered, those of most readers.
_MOST_SETS = 64


def variants_in_part(
    findings: Findings,
    sets: Mapping[frozenset[int], int],
    mailing_list: MailingList,
    press: Press,
    make: Compose,
    *,
    now: datetime,
) -> tuple[list[Variant], WeekBehind]:
    """Render a weekly digest once for each set of editions that readers of it have had.

    Args:
        findings: What the digest tells to readers who have had none of them.
        sets: How many readers have had just these editions.
        mailing_list: The digest.
        press: Templates and links.
        make: Composes an edition of a plan.
        now: UTC.
    """
    variants: list[Variant] = []
    chosen: dict[frozenset[int], int | None] = {}
    for number, had in enumerate(_sets_rendered(sets, mailing_list.name), start=FIRST_PARTIAL_VARIANT):
        left = findings.without(had).finds if findings.without else ()
        if not left:
            chosen[had] = None
            continue
        try:
            planned = plan_finds(left, mailing_list, press.newsroom, now=now)
            edition, rendering = render_to_fit(planned.plan, mailing_list, press, make)
        except MessageRefusedError as error:
            _log.warning("a variant for readers who had a part of the week is left out: %s", error)
            continue
        chosen[had] = number
        variants.append(Variant(number=number, edition=edition, rendering=rendering))
    return variants, WeekBehind(edition_ids=findings.edition_ids, variants=chosen)


def _sets_rendered(sets: Mapping[frozenset[int], int], list_name: str) -> list[frozenset[int]]:
    """Return the sets that a digest is rendered for, those of most readers first; tell of the others."""
    ordered = sorted(sets, key=lambda had: (-sets[had], sorted(had)))
    if ordered[_MOST_SETS:]:
        _log.warning(
            "%s: for %d readers who had other editions of the week than most, no variant is made; "
            "they are told some stories again",
            list_name,
            sum(sets[had] for had in ordered[_MOST_SETS:]),
        )
    return ordered[:_MOST_SETS]


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
