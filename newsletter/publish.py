"""Publish: documents that are new to a list become an edition with its deliveries, in one transaction."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from newsletter.editions.compose import LEAD_SENTENCES, LEAD_WORDS, compose
from newsletter.editions.rank import rank
from newsletter.editions.slots import due_slots
from newsletter.errors import MessageRefusedError, NewsletterError, PublishConflictError
from newsletter.messages.checks import MAX_HTML_BYTES, check_rendering
from newsletter.messages.render import Renderer
from newsletter.model.documents import Document
from newsletter.model.editions import (
    Draft,
    DueSlot,
    Edition,
    MailingList,
    PublishReport,
    Run,
    RunOutcome,
    SlotDecision,
)
from newsletter.model.messages import Rendering
from newsletter.model.stories import SourceCredit, Story, StoryLabel
from newsletter.model.subscribers import SubscriptionState
from newsletter.store.store import Store
from newsletter.stories.summarize import summarize

#: What readers are told of a document that names no source; its file's name would tell them nothing.
_UNNAMED = "name not given"

#: How often a publisher that came second looks again at what is left.
_CONFLICT_TRIES = 3


@dataclass(frozen=True, kw_only=True)
class Press:
    """What it takes to turn documents into a rendered edition, besides the documents."""

    renderer: Renderer
    #: Likeness from which documents are one story, 0 to 1.
    story_cutoff: float
    #: Makes the public address of an edition from list name and number; returns None without web pages.
    view_url: Callable[[str, int], str | None]
    #: Whether readers have a page for their choices.
    has_preferences: bool
    #: Takes unsubscribe requests by mail.
    unsubscribe_address: str


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
    documents = store.documents.new_for(mailing_list.name, folders=mailing_list.folders)
    if not documents:
        return None
    updates = store.documents.updates_among(mailing_list.name, [document.id for document in documents])
    stories = rank(_tell(documents, updates, mailing_list, press.story_cutoff), now=now)
    number = store.editions.next_number(mailing_list.name)
    edition, rendering = _render_to_fit(stories, mailing_list, press, number=number, now=now, slot_at=slot_at)
    audience = store.subscribers.count(mailing_list.name, SubscriptionState.CONFIRMED)
    return Draft(edition=edition, rendering=rendering, audience=audience)


def _render_to_fit(
    stories: Sequence[Story],
    mailing_list: MailingList,
    press: Press,
    *,
    number: int,
    now: datetime,
    slot_at: datetime | None,
) -> tuple[Edition, Rendering]:
    """Compose and render; tell less where all that the word budget allows makes a mail that Gmail would clip.

    Very long web addresses can do that. They must not keep an edition from going out.
    """
    for share in (1, 2, 4, 1000):
        smaller = replace(mailing_list, word_budget=mailing_list.word_budget // share)
        edition = compose(stories, smaller, number=number, now=now, slot_at=slot_at)
        rendering = press.renderer.render_edition(
            edition,
            mailing_list,
            view_url=press.view_url(mailing_list.name, number),
            has_preferences=press.has_preferences,
            unsubscribe_address=press.unsubscribe_address,
        )
        if len(rendering.html.encode("utf-8")) <= MAX_HTML_BYTES:
            break
    problems = check_rendering(rendering, edition)
    if problems:
        raise MessageRefusedError(*problems)
    return edition, rendering


def publish(
    store: Store, mailing_list: MailingList, press: Press, *, now: datetime, slot_at: datetime | None = None
) -> PublishReport:
    """Publish what is new to a list, and record the turn whatever comes of it.

    Everything is rendered before anything is queued. Two publishers at once make one edition: the second
    finds the documents told.

    Args:
        store: Where everything is.
        mailing_list: The list.
        press: Templates and links.
        now: UTC.
        slot_at: The slot that is answered, UTC; None if triggered by hand.

    Raises:
        PublishConflictError: The slot was answered by another process.
        NewsletterError: As `draft`; recorded as a failed run.
    """
    store.editions.know_list(mailing_list.name, now=now)
    turn = Run(list_name=mailing_list.name, slot_at=slot_at, started_at=now, outcome=RunOutcome.NOTHING_NEW)
    try:
        return _publish(store, mailing_list, press, turn)
    except PublishConflictError:
        raise
    except NewsletterError as error:
        _record(store, turn, RunOutcome.FAILED, str(error))
        raise


def _publish(store: Store, mailing_list: MailingList, press: Press, turn: Run) -> PublishReport:
    now, slot_at = turn.started_at, turn.slot_at
    for attempt in range(1, _CONFLICT_TRIES + 1):
        made = draft(store, mailing_list, press, now=now, slot_at=slot_at)
        if made is None:
            return _record(store, turn, RunOutcome.NOTHING_NEW, "no document is new since the last edition")
        if made.audience == 0:
            reason = f"{mailing_list.name} has no confirmed subscriber; the documents wait"
            return _record(store, turn, RunOutcome.NO_SUBSCRIBERS, reason)
        try:
            edition = store.editions.publish(made.edition, made.rendering, uid=secrets.token_hex(16))
        except PublishConflictError:
            if attempt == _CONFLICT_TRIES:
                raise
            continue
        run = Run(
            list_name=mailing_list.name,
            slot_at=slot_at,
            started_at=now,
            outcome=RunOutcome.PUBLISHED,
            edition_number=edition.number,
        )
        return PublishReport(run=run, edition=edition)
    raise AssertionError("unreachable: the last attempt returns or raises")


def slots_due(store: Store, mailing_list: MailingList, *, now: datetime) -> tuple[DueSlot, ...]:
    """Return the slots of a list that have come and are neither answered nor recorded as skipped.

    A list that the store has not met yet is made known: its slots count from now.
    """
    known_since = store.editions.know_list(mailing_list.name, now=now)
    return due_slots(
        mailing_list.schedule,
        mailing_list.time_zone,
        answered_until=store.editions.answered_until(mailing_list.name, now=now) or min(known_since, now),
        now=now,
        grace=mailing_list.grace,
    )


def publish_due(
    store: Store, mailing_list: MailingList, press: Press, *, now: datetime
) -> list[PublishReport]:
    """Answer every slot of a list that has come, and record the ones that were missed.

    Args:
        store: Where everything is.
        mailing_list: The list.
        press: Templates and links.
        now: UTC.

    Raises:
        NewsletterError: As `publish`; the slot is tried again at the next wake-up within its grace period.
    """
    reports = []
    for slot in slots_due(store, mailing_list, now=now):
        try:
            if slot.decision is SlotDecision.PUBLISH:
                reports.append(publish(store, mailing_list, press, now=now, slot_at=slot.slot_at))
            else:
                turn = Run(
                    list_name=mailing_list.name,
                    slot_at=slot.slot_at,
                    started_at=now,
                    outcome=RunOutcome.SKIPPED,
                )
                reports.append(_record(store, turn, RunOutcome.SKIPPED, slot.reason))
        except PublishConflictError:
            # Another service answered it first: that is what the store's constraint is for.
            continue
    return reports


def _record(store: Store, turn: Run, outcome: RunOutcome, reason: str) -> PublishReport:
    run = Run(
        list_name=turn.list_name,
        slot_at=turn.slot_at,
        started_at=turn.started_at,
        outcome=outcome,
        reason=reason,
    )
    store.editions.record_run(run)
    return PublishReport(run=run)


def _tell(
    documents: Sequence[Document], updates: frozenset[int], mailing_list: MailingList, cutoff: float
) -> list[Story]:
    """Make a story of each group of documents; the leading document gives headline and summary."""
    # numpy takes a tenth of a second to load: only whoever composes waits for it.
    from newsletter.stories.group import group_documents, independent_sources

    stories = []
    for group in group_documents(documents, cutoff=cutoff):
        lead = group[0]
        summary = summarize(
            lead,
            summarizer=mailing_list.summarizer,
            sentence_count=LEAD_SENTENCES,
            word_limit=LEAD_WORDS,
            language=mailing_list.language,
            document_id=lead.id,
        )
        known = any(document.id in updates for document in group)
        story = Story(
            headline=lead.headline,
            label=StoryLabel.UPDATE if known else StoryLabel.NEW,
            summary=summary,
            sources=_credits(group),
            document_ids=tuple(document.id for document in group),
            language=lead.language,
            dated_at=max(document.dated_at for document in group),
            independent_sources=independent_sources(group),
        )
        stories.append(story)
    return stories


def _credits(group: Sequence[Document]) -> tuple[SourceCredit, ...]:
    """Credit every document of a story once, the leading one first."""
    found: dict[tuple[str, str], SourceCredit] = {}
    for document in group:
        name = document.credit or _host(document.url) or _UNNAMED
        origin = document.origin if document.origin != name else None
        credit = SourceCredit(name=name, title=document.headline, url=document.url, origin=origin)
        found.setdefault((name, document.headline), credit)
    return tuple(found.values())


def _host(url: str | None) -> str | None:
    """Return the site of a web address, without "www."."""
    host = urlsplit(url).hostname if url else None
    return host.removeprefix("www.") if host else None
