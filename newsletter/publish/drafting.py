"""The edition that is due: what is new to a list, told, ranked, composed and rendered; nothing is written."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from newsletter.editions.compose import compose
from newsletter.editions.plan import Plan, plan
from newsletter.editions.rank import rank
from newsletter.errors import MessageRefusedError
from newsletter.messages.checks import MAX_HTML_BYTES, check_rendering
from newsletter.messages.render import Renderer
from newsletter.model.editions import Draft, Edition, MailingList
from newsletter.model.messages import Rendering
from newsletter.model.stories import GroupingRules
from newsletter.model.subscribers import SubscriptionState
from newsletter.publish.telling import tell
from newsletter.store.store import Store


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
    rules: GroupingRules = field(default_factory=GroupingRules)


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
    ranked = rank(tell(documents, updates, mailing_list, press.rules), mailing_list, now=now)
    planned = plan([one.story for one in ranked])
    number = store.editions.next_number(mailing_list.name)
    edition, rendering = _render_to_fit(planned, mailing_list, press, number=number, now=now, slot_at=slot_at)
    audience = store.subscribers.count(mailing_list.name, SubscriptionState.CONFIRMED)
    return Draft(edition=edition, rendering=rendering, audience=audience)


def _render_to_fit(
    planned: Plan,
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
        edition = compose(planned, smaller, number=number, now=now, slot_at=slot_at)
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
