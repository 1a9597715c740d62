"""The edition that is due: what is new to a list, told, ranked, composed and rendered; nothing is written."""

from dataclasses import replace
from datetime import datetime
from functools import partial

from newsletter.editions.compose import compose
from newsletter.editions.slots import covered_from
from newsletter.model.editions import Draft, MailingList
from newsletter.model.subscribers import Cadence, Readership
from newsletter.publish.gathering import Findings, gather
from newsletter.publish.pressing import Compose, Press, plan_finds, render_to_fit
from newsletter.publish.variants import missable_finds, variants_in_full, variants_in_part
from newsletter.publish.week import gather_week
from newsletter.store.store import Store

#: Stories whose place is explained later: far more than an edition tells.
_MOST_PLACEMENTS = 100


def draft(
    store: Store, mailing_list: MailingList, press: Press, *, now: datetime, slot_at: datetime | None = None
) -> Draft | None:
    """Make the edition that is due from what is new, and write nothing.

    Args:
        store: Where the documents are.
        mailing_list: The list, or its weekly digest.
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


def look_through(
    store: Store, mailing_list: MailingList, press: Press, *, now: datetime, with_dropped: bool = False
) -> Findings:
    """Find what there is to tell, and what says nothing new; by the rules of the press.

    An edition is made of the documents that are new to its list, a weekly digest of what the list's editions
    told since the one before it. What an operator took out of an edition that did not go out stays out,
    unless `with_dropped`.
    """
    newsroom = press.newsroom
    look = gather_week if mailing_list.cadence is Cadence.WEEKLY else gather
    return look(
        store,
        mailing_list,
        grouping=newsroom.grouping,
        repeats=newsroom.repeats,
        now=now,
        dropped=() if with_dropped else store.proposals.dropped(mailing_list.name),
    )


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
    model = press.newsroom.language_model() if press.newsroom.language_model else None
    planned = plan_finds(findings.finds, mailing_list, press.newsroom, now=now, model=model)
    make = partial(
        compose,
        number=store.editions.next_number(mailing_list.name),
        now=now,
        slot_at=slot_at,
        covers_from=findings.covers_from or _covers_from(store, mailing_list, slot_at or now),
        repeated_ids=sorted({*findings.repeats, *findings.outdated_ids}),
        dropped=findings.dropped,
    )
    ranking = planned.ranking[:_MOST_PLACEMENTS]
    edition, rendering = render_to_fit(planned.plan, mailing_list, press, partial(make, ranking=ranking))
    missable = missable_finds(planned, edition)
    variants = variants_in_full(planned, missable, mailing_list, press, make)
    readership = store.audiences.readership(mailing_list.audience_name, now=now)
    made = Draft(
        edition=edition,
        rendering=rendering,
        audience=readership.awake[mailing_list.cadence],
        readers=readers_of(mailing_list, readership),
        missable=tuple(findings.told_in(story) for find in missable.values() if (story := find.story)),
        variants=tuple(variants),
    )
    if mailing_list.cadence is Cadence.EACH:
        return made
    return _less_for_some(made, findings, store, mailing_list, press, make, now)


def _less_for_some(
    made: Draft,
    findings: Findings,
    store: Store,
    mailing_list: MailingList,
    press: Press,
    make: Compose,
    now: datetime,
) -> Draft:
    """Return the draft of a weekly digest with less in it for readers who have had some of what it tells."""
    sets = store.audiences.had(
        mailing_list.audience_name, findings.edition_ids, cadence=mailing_list.cadence, now=now
    )
    parts, week = variants_in_part(findings, sets, mailing_list, press, make, now=now)
    sated = sum(readers for had, readers in sets.items() if week.variant_for(had) is None)
    return replace(made, variants=(*made.variants, *parts), week=week, audience=made.audience - sated)


def readers_of(mailing_list: MailingList, readership: Readership) -> int:
    """Return for how many readers a list, or a weekly digest, is published, whether they get it now or not.

    A list's editions are also what its weekly digest is made of.
    """
    is_weekly = mailing_list.cadence is Cadence.WEEKLY
    return readership.of(Cadence.WEEKLY) if is_weekly else readership.total


def _covers_from(store: Store, mailing_list: MailingList, until: datetime) -> datetime | None:
    """Return when the list last had its turn, if a slot has gone unanswered since."""
    last_turn_at = store.editions.last_turn(mailing_list.name)
    if last_turn_at is None:
        return None
    return covered_from(mailing_list.schedule, mailing_list.time_zone, last_turn_at=last_turn_at, until=until)
