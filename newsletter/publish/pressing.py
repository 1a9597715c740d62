"""From finds to pages: ranked, given their room, told, composed and rendered; nothing is written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from newsletter.editions.plan import Placing, Plan, plan
from newsletter.editions.rank import rank
from newsletter.errors import MessageRefusedError
from newsletter.messages.checks import MAX_HTML_BYTES, check_rendering
from newsletter.messages.render import Renderer
from newsletter.model.editions import Edition, MailingList
from newsletter.model.messages import Rendering
from newsletter.model.ranking import Placement
from newsletter.model.stories import Story
from newsletter.publish.gathering import Find
from newsletter.publish.telling import Newsroom, outline, tell
from newsletter.stories.rewrite import Completes

#: Composes an edition of a plan for a list.
Compose = Callable[[Plan, MailingList], Edition]


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
    #: Folders and mailboxes that its documents come from.
    places: tuple[str, ...] = ()
    newsroom: Newsroom = field(default_factory=Newsroom)


@dataclass(frozen=True, kw_only=True)
class Planned:
    """Finds in the order in which they deserve room, told for the room that they get."""

    plan: Plan
    #: Why they stand in that order, the weightiest first.
    ranking: tuple[Placement, ...]
    #: By their leading document.
    finds: Mapping[int, Find]

    def find_of(self, placing: Placing) -> Find:
        """Return what a story of the plan is made from."""
        return self.finds[placing.story.document_ids[0]]


def plan_finds(
    found: Sequence[Find],
    mailing_list: MailingList,
    newsroom: Newsroom,
    *,
    now: datetime,
    model: Completes | None = None,
) -> Planned:
    """Rank finds, give them their room and tell them for it.

    Args:
        found: At least one.
        mailing_list: The list.
        newsroom: By which rules.
        now: UTC.
        model: May reword the summaries.

    Raises:
        SummarizerError: The list names an unknown summarizer.
    """
    finds = {find.documents[0].id: find for find in found}
    ranked = rank([outline(find, mailing_list) for find in found], mailing_list, now=now)

    def told(placing: Placing) -> Story:
        """Tell a story for the room that it gets."""
        find = finds[placing.story.document_ids[0]]
        return tell(placing, find, mailing_list, newsroom, model=model)

    return Planned(
        plan=plan([one.story for one in ranked]).retold(told),
        ranking=tuple(one.placement for one in ranked),
        finds=finds,
    )


def render_to_fit(
    planned: Plan, mailing_list: MailingList, press: Press, make: Compose
) -> tuple[Edition, Rendering]:
    """Compose and render; tell less where all that the word budget allows makes a mail that Gmail would clip.

    Very long web addresses can do that. They must not keep an edition from going out.

    Raises:
        TemplateError: A template is broken.
        MessageRefusedError: The rendered edition breaks a rule that every message must keep.
    """
    for share in (1, 2, 4, 1000):
        edition = make(planned, replace(mailing_list, word_budget=mailing_list.word_budget // share))
        rendering = _rendered(edition, mailing_list, press)
        if len(rendering.html.encode("utf-8")) <= MAX_HTML_BYTES:
            break
    return edition, _checked(rendering, edition)


def render(edition: Edition, mailing_list: MailingList, press: Press) -> Rendering:
    """Render an edition as it is.

    Raises:
        TemplateError: A template is broken.
        MessageRefusedError: The rendered edition breaks a rule that every message must keep.
    """
    return _checked(_rendered(edition, mailing_list, press), edition)


def _rendered(edition: Edition, mailing_list: MailingList, press: Press) -> Rendering:
    return press.renderer.render_edition(
        edition,
        mailing_list,
        view_url=press.view_url(mailing_list.name, edition.number),
        has_preferences=press.has_preferences,
        unsubscribe_address=press.unsubscribe_address,
    )


def _checked(rendering: Rendering, edition: Edition) -> Rendering:
    problems = check_rendering(rendering, edition)
    if problems:
        raise MessageRefusedError(*problems)
    return rendering
