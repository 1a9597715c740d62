"""Proposing: the edition of a slot is made and checked before it goes out, and kept as it is."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from newsletter.editions.approval import ruling
from newsletter.editions.checks import Size, check_edition, usual_languages, usual_stories
from newsletter.errors import PublishConflictError
from newsletter.messages.checks import MAX_HTML_BYTES
from newsletter.model.audit import AuditEntry
from newsletter.model.checks import Check, QuietSource, UsualFacts
from newsletter.model.editions import Draft, MailingList, PublishReport, Run, RunOutcome
from newsletter.model.proposals import Proposal, ProposalState, ProposedEdition
from newsletter.model.silence import habit_of
from newsletter.model.subscribers import Cadence
from newsletter.publish.drafting import draft_of, look_through, readers_of
from newsletter.publish.pressing import Press
from newsletter.publish.turns import failures_recorded, nothing_made, why_nobody, why_nothing
from newsletter.store.store import Store

#: Late editions of a list that say what is usual.
_EDITIONS = 10

#: How far back it is read off when sources bring news.
_REMEMBERED = timedelta(days=90)


def propose(
    store: Store,
    mailing_list: MailingList,
    press: Press,
    *,
    slot_at: datetime,
    now: datetime,
    instead_of: Proposal | None = None,
    with_dropped: bool = False,
    note: str = "",
    entry: AuditEntry | None = None,
) -> PublishReport:
    """Make the edition of a slot of what is new now, and keep it until it is published or the slot passes.

    Nobody's approval carries over to it.

    Args:
        store: Where everything is.
        mailing_list: The list.
        press: Templates and links.
        slot_at: The slot, UTC; it may have come.
        now: UTC.
        instead_of: What was proposed for the slot before.
        with_dropped: Bring back what an operator took out of it.
        note: Why it is made anew, for the operator.
        entry: Goes into the audit log, where an operator wanted it.

    Returns:
        A run that is not recorded, PROPOSED or, before the slot, why nothing is proposed; a recorded one
        where the slot has come and gets no edition.

    Raises:
        ProposalChangedError: `instead_of` is no longer as it was seen.
        PublishConflictError: Another process proposed or answered first.
        NewsletterError: As `draft`; recorded as a failed run.
    """
    store.editions.know_list(mailing_list.name, now=now)
    turn = Run(list_name=mailing_list.name, slot_at=slot_at, started_at=now, outcome=RunOutcome.PROPOSED)
    readership = store.audiences.readership(mailing_list.audience_name, now=now)
    if not readers_of(mailing_list, readership):
        return _nothing(store, turn, instead_of, RunOutcome.NO_SUBSCRIBERS, why_nobody(mailing_list), entry)
    with failures_recorded(store, turn):
        findings = look_through(store, mailing_list, press, now=now, with_dropped=with_dropped)
        made = draft_of(findings, store, mailing_list, press, now=now, slot_at=slot_at)
    if made is None:
        if slot_at <= now:
            store.editions.count_as_told(mailing_list.name, findings.repeats)
        why = why_nothing(len(findings.repeats))
        return _nothing(store, turn, instead_of, RunOutcome.NOTHING_NEW, why, entry)
    proposed = ProposedEdition(draft=made, usual=usual_facts(store, mailing_list, press, now=now))
    checks = checks_of(proposed, mailing_list)
    state = _keep(store, proposed, checks, instead_of, slot_at=slot_at, note=note, entry=entry, now=now)
    what = ruling(state, mailing_list.approval, checks)
    return PublishReport(run=replace(turn, reason=f"No. {made.edition.number} {what.value}"))


def _keep(
    store: Store,
    proposed: ProposedEdition,
    checks: Sequence[Check],
    instead_of: Proposal | None,
    *,
    slot_at: datetime,
    note: str,
    entry: AuditEntry | None,
    now: datetime,
) -> ProposalState:
    """Keep what is proposed, in the place of what was before; return its state.

    Raises:
        ProposalChangedError: `instead_of` is no longer as it was seen.
        PublishConflictError: Another process proposed or answered first.
    """
    if instead_of is None:
        if store.proposals.add(proposed, checks, note=note, entry=entry) is None:
            raise PublishConflictError(
                f"the slot {slot_at:%Y-%m-%d %H:%M} UTC has its proposal, or its edition"
            )
        return ProposalState.PROPOSED
    # What was held stays held; what was approved is not.
    state = ProposalState.HELD if instead_of.state is ProposalState.HELD else ProposalState.PROPOSED
    store.proposals.replace(instead_of, proposed, checks, state=state, note=note, now=now, entry=entry)
    return state


def is_outdated(store: Store, proposal: Proposal) -> bool:
    """Tell whether its list has had another edition since: its number, and documents of it, are gone."""
    return store.editions.next_number(proposal.list_name) != proposal.number


def checks_of(proposed: ProposedEdition, mailing_list: MailingList) -> Sequence[Check]:
    """Return what is to be looked at in a proposed edition."""
    size = len(proposed.draft.rendering.html.encode("utf-8"))
    return check_edition(
        proposed.draft.edition,
        size=Size(html=size, limit=MAX_HTML_BYTES),
        usual=proposed.usual,
        hold_on=mailing_list.hold_on,
    )


def checks_of_draft(
    store: Store, mailing_list: MailingList, press: Press, made: Draft, *, now: datetime
) -> Sequence[Check]:
    """Return what is to be looked at in an edition that is not proposed."""
    proposed = ProposedEdition(draft=made, usual=usual_facts(store, mailing_list, press, now=now))
    return checks_of(proposed, mailing_list)


def usual_facts(store: Store, mailing_list: MailingList, press: Press, *, now: datetime) -> UsualFacts:
    """Return what is usual for a list, by its late editions and by what its sources bring."""
    late = store.editions.latest(mailing_list.name, limit=_EDITIONS)
    editions = [store.editions.content(one.id) for one in late]
    return UsualFacts(
        stories=usual_stories(editions),
        languages=usual_languages(editions, mailing_list.language),
        quiet=tuple(_quiet(store, mailing_list, press, now)),
    )


def _quiet(store: Store, mailing_list: MailingList, press: Press, now: datetime) -> Iterator[QuietSource]:
    """Yield the sources of a list that have brought nothing for unusually long; a digest has none."""
    if mailing_list.cadence is Cadence.WEEKLY:
        return
    titles = {place: place for place in press.places}
    for source in store.sources.all():
        is_carried = mailing_list.sources is None or source.added_url in mailing_list.sources
        if is_carried and source.ended_at is None:
            titles[source.added_url] = source.title or source.url
    found = store.lookups.documents.news_days(list(titles), since=now - _REMEMBERED)
    for place, days in found.items():
        habit = habit_of(days)
        if habit is not None and habit.is_silent(now.astimezone(UTC).date()):
            yield QuietSource(name=titles[place], last_day=habit.last_day, usual_days=habit.usual_gap)


def _nothing(
    store: Store,
    turn: Run,
    instead_of: Proposal | None,
    outcome: RunOutcome,
    reason: str,
    entry: AuditEntry | None,
) -> PublishReport:
    """Say why nothing is proposed, in the place of what was; `entry`: that an operator wanted it anew."""
    report = nothing_made(store, turn, outcome, reason)
    if instead_of is not None:
        noted = replace(entry, detail="nothing is left to tell") if entry is not None else None
        if instead_of.slot_at > turn.started_at:
            _withdraw(store, instead_of, noted)
        elif noted is not None:
            # The slot that has come is answered by now, and its proposal settled by that.
            store.audit.record(noted)
    return report


def _withdraw(store: Store, proposal: Proposal, entry: AuditEntry | None) -> None:
    """Forget a proposal of which nothing is left to tell; what was dropped from it stays out all the same."""
    for latest in store.editions.latest(proposal.list_name):
        ids = [i for story in proposal.dropped for i in story.document_ids]
        store.editions.count_as_told(proposal.list_name, dict.fromkeys(ids, latest.id))
    store.proposals.withdraw(proposal, entry)
