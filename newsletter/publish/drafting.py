"""The edition that is due: what is new to a list, told, ranked, composed and rendered; nothing is written."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from newsletter.editions.compose import compose
from newsletter.editions.plan import Placing, Plan, plan
from newsletter.editions.rank import rank
from newsletter.editions.slots import covered_from
from newsletter.errors import MessageRefusedError
from newsletter.messages.checks import MAX_HTML_BYTES, check_rendering
from newsletter.messages.render import Renderer
from newsletter.model.editions import Draft, Edition, MailingList, Variant
from newsletter.model.messages import Rendering
from newsletter.model.stories import Story, StoryLabel
from newsletter.model.subscribers import Cadence, Readership
from newsletter.publish.gathering import Find, Findings, gather
from newsletter.publish.telling import Newsroom, outline, tell, tell_in_full
from newsletter.store.store import Store

_log = logging.getLogger(__name__)

#: Updates that are told in full to readers who missed what came before; each doubles the renderings.
_MISSABLE = 3

#: Stories whose place is explained later: far more than an edition tells.
_MOST_PLACEMENTS = 100

#: Composes an edition of a plan for a list.
_Compose = Callable[[Plan, MailingList], Edition]


@dataclass(frozen=True, kw_only=True)
class Press:
    """What it takes to turn documents into a rendered edition, besides the documents."""

    renderer: Renderer
    #: Makes the public address of an edition from list name and number; returns None without web pages.
    view_url: Callable[[str, int], str | None]
    #: Whether readers have a page for their choices.
    has_preferences: bool
    #: Takes unsubscribe requests by mail.
    unsubscribe_address: str
    newsroom: Newsroom = field(default_factory=Newsroom)


def draft(
    store: Store, mailing_list: MailingList, press: Press, *, now: datetime, slot_at: datetime | None = None
) -> Draft | None:
    """Make the edition that is due from what is new, and write nothing.

    Args:
        store: Where the documents are.
        mailing_list: The list.
        press: Templates and links.
        now: UTC.
        slot_at: The slot that it answers to, UTC.

    Returns:
        The draft, or None if nothing is new.

    Raises:
        TemplateError: A template is broken.
        MessageRefusedError: The rendered edition breaks a rule that every message must keep.
        SummarizerError: The list names an unknown summarizer.
    """
    findings = look_through(store, mailing_list, press, now=now)
    return draft_of(findings, store, mailing_list, press, now=now, slot_at=slot_at)


def look_through(store: Store, mailing_list: MailingList, press: Press, *, now: datetime) -> Findings:
    """Find what there is to tell, and what says nothing new; as `gather`, by the rules of the press."""
    newsroom = press.newsroom
    return gather(store, mailing_list, grouping=newsroom.grouping, repeats=newsroom.repeats, now=now)


def draft_of(
    findings: Findings,
    store: Store,
    mailing_list: MailingList,
    press: Press,
    *,
    now: datetime,
    slot_at: datetime | None = None,
) -> Draft | None:
    """Make an edition of what was found; as `draft`."""
    if not findings.finds:
        return None
    finds = {find.documents[0].id: find for find in findings.finds}
    ranked = rank([outline(find, mailing_list) for find in findings.finds], mailing_list, now=now)
    model = press.newsroom.language_model() if press.newsroom.language_model else None

    def told(placing: Placing) -> Story:
        find = _find_of(placing, finds)
        return tell(placing, find, mailing_list, press.newsroom, model=model)

    planned = plan([one.story for one in ranked]).retold(told)
    make = partial(
        compose,
        number=store.editions.next_number(mailing_list.name),
        now=now,
        slot_at=slot_at,
        covers_from=_covers_from(store, mailing_list, slot_at or now),
        repeated_ids=sorted(findings.repeats),
    )
    ranking = [one.placement for one in ranked[:_MOST_PLACEMENTS]]
    edition, rendering = _render_to_fit(planned, mailing_list, press, partial(make, ranking=ranking))
    missable = _missable(planned, edition, finds)
    readership = store.audiences.readership(mailing_list.audience_name, now=now)
    return Draft(
        edition=edition,
        rendering=rendering,
        audience=readership.awake[mailing_list.cadence],
        readers=readers_of(mailing_list, readership),
        missable=tuple(story.edition_ids for find in missable.values() if (story := find.story)),
        variants=tuple(_variants(planned, missable, mailing_list, press, make)),
    )


def readers_of(mailing_list: MailingList, readership: Readership) -> int:
    """Return for how many readers a list, or a weekly digest, is published, whether they get it now or not.

    A list's editions are also what its weekly digest is made of.
    """
    is_weekly = mailing_list.cadence is Cadence.WEEKLY
    return readership.of(Cadence.WEEKLY) if is_weekly else readership.total


def _find_of(placing: Placing, finds: Mapping[int, Find]) -> Find:
    return finds[placing.story.document_ids[0]]


def _covers_from(store: Store, mailing_list: MailingList, until: datetime) -> datetime | None:
    """Return when the list last had its turn, if a slot has gone unanswered since."""
    last_turn_at = store.editions.last_turn(mailing_list.name)
    if last_turn_at is None:
        return None
    return covered_from(mailing_list.schedule, mailing_list.time_zone, last_turn_at=last_turn_at, until=until)


def _missable(planned: Plan, edition: Edition, finds: Mapping[int, Find]) -> dict[int, Find]:
    """Return the updates that readers may have missed the beginning of, by their place in the plan."""
    shown = {story.thread for story in edition.stories}
    updates = {
        place: _find_of(placing, finds)
        for place, placing in enumerate(planned.told)
        if placing.story.label is StoryLabel.UPDATE and placing.story.thread in shown
    }
    return dict(list(updates.items())[:_MISSABLE])


def _variants(
    planned: Plan, missable: Mapping[int, Find], mailing_list: MailingList, press: Press, make: _Compose
) -> list[Variant]:
    """Render the edition once for each choice of updates that are told in full."""
    full = {
        place: tell_in_full(planned.told[place], find, mailing_list, press.newsroom)
        for place, find in missable.items()
    }
    variants = []
    for number in range(1, 1 << len(missable)):
        chosen = [place for bit, place in enumerate(missable) if number >> bit & 1]
        placings = [
            replace(placing, story=full[place]) if place in chosen else placing
            for place, placing in enumerate(planned.told)
        ]
        try:
            edition, rendering = _render_to_fit(
                replace(planned, told=tuple(placings)), mailing_list, press, make
            )
        except MessageRefusedError as error:
            # Who would have got it gets the edition as it is.
            _log.warning("a variant for readers who missed earlier news is left out: %s", error)
            continue
        variants.append(Variant(number=number, edition=edition, rendering=rendering))
    return variants


def _render_to_fit(
    planned: Plan, mailing_list: MailingList, press: Press, make: _Compose
) -> tuple[Edition, Rendering]:
    """Compose and render; tell less where all that the word budget allows makes a mail that Gmail would clip.

    Very long web addresses can do that. They must not keep an edition from going out.
    """
    for share in (1, 2, 4, 1000):
        edition = make(planned, replace(mailing_list, word_budget=mailing_list.word_budget // share))
        rendering = press.renderer.render_edition(
            edition,
            mailing_list,
            view_url=press.view_url(mailing_list.name, edition.number),
            has_preferences=press.has_preferences,
            unsubscribe_address=press.unsubscribe_address,
        )
        if len(rendering.html.encode("utf-8")) <= MAX_HTML_BYTES:
            break
    problems = check_rendering(rendering, edition)
    if problems:
        raise MessageRefusedError(*problems)
    return edition, rendering
