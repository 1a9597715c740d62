"""Mailing lists, slots, editions, and the runs that make them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from newsletter.model.checks import CheckKind
from newsletter.model.messages import Rendering
from newsletter.model.ranking import Placement
from newsletter.model.stories import SourceCredit, Story, StoryLabel
from newsletter.model.subscribers import Cadence

#: Ends the name under which a list's weekly digest is numbered; no name that an operator gives holds a dot.
_WEEKLY_SUFFIX = ".weekly"


def weekly_name(list_name: str) -> str:
    """Return the name under which a list's weekly digest is numbered, "daily.weekly"."""
    return f"{list_name}{_WEEKLY_SUFFIX}"


def is_weekly_name(name: str) -> bool:
    """Tell whether a name is that of a weekly digest."""
    return name.endswith(_WEEKLY_SUFFIX)


def audience_name_of(name: str) -> str:
    """Return the list whose subscribers get the editions of a name: that of the weekly digest, or itself."""
    return name.removesuffix(_WEEKLY_SUFFIX)


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of an edition, under its own heading."""

    #: What readers see above it.
    title: str
    #: A story that names one of these, in any case, or has one as a keyword, belongs here.
    words: tuple[str, ...]


class Approval(StrEnum):
    """Whether a list's editions go out by themselves; the value is how settings spell it."""

    #: They do.
    AUTOMATIC = "automatic"
    #: Each waits until an operator has approved it.
    REQUIRED = "required"
    #: They do, unless a check says that somebody should look.
    CHECKED = "checked"


#: Checks for which an edition of a checked list is held unless the operator chose others.
HOLDING_CHECKS = (CheckKind.NUMBERS, CheckKind.LEAD, CheckKind.LANGUAGE, CheckKind.STORIES)


@dataclass(frozen=True, kw_only=True)
class MailingList:
    """A mailing list as the operator has set it up; its audience is in the store."""

    #: Short name for the command line and List-Id: lower-case letters, digits and hyphens.
    name: str
    #: What readers see as the newsletter's name.
    title: str
    tagline: str
    #: Cron expression of five fields, in `time_zone`; day names are allowed.
    schedule: str
    #: IANA name, "Europe/Berlin".
    time_zone: str
    #: Folders and mailboxes whose documents this list carries; empty means all, unless `sources` names some.
    folders: tuple[str, ...] = ()
    #: Addresses of the feeds whose documents it carries, as they were added; None means all.
    sources: tuple[str, ...] | None = None
    #: ISO 639-1 code of the edition's own words and of its summaries; None: told from the documents.
    language: str | None = None
    #: Address in From, "name@domain".
    sender_address: str
    #: Display name in From; the title when empty.
    sender_name: str = ""
    #: Address for replies; the sender's when empty.
    reply_to: str = ""
    #: Lines of the postal address that the law wants in every mailing.
    postal_address: tuple[str, ...] = ()
    #: Words of headlines and summaries that an edition may hold.
    word_budget: int = 900
    #: Name of the summarizer.
    summarizer: str = "editor"
    #: Outlets, as readers know them, with what their stories' weight is multiplied by; others have 1.
    source_weights: tuple[tuple[str, float], ...] = ()
    #: Words with what the weight of a story is multiplied by that names them.
    word_weights: tuple[tuple[str, float], ...] = ()
    #: Empty: all stories stand in one row.
    sections: tuple[Section, ...] = ()
    #: How late a slot may still be answered.
    grace: timedelta = timedelta(hours=6)
    #: Cron expression of the digest for readers who want one mail a week; empty: it is not offered.
    weekly_schedule: str = ""
    #: Whether anybody may sign up on the web pages.
    is_open: bool = True
    #: Whether anybody may read past editions there; else only who has a link from a mail.
    archive_is_public: bool = True
    #: Whether the pages show where in its document a sentence stands.
    shows_documents: bool = True
    #: Name of the list that this one is in another language; empty: it stands for itself.
    translation_of: str = ""
    approval: Approval = Approval.AUTOMATIC
    #: How long before its slot an edition that may need approval is proposed.
    review: timedelta = timedelta(hours=1)
    #: Checks for which an edition is held where `approval` is CHECKED.
    hold_on: tuple[CheckKind, ...] = HOLDING_CHECKS
    #: WEEKLY: this is the weekly digest of the list `audience_name`.
    cadence: Cadence = Cadence.EACH

    @property
    def contact_address(self) -> str:
        """Mail address of whoever answers for the list; empty before one is set."""
        return self.reply_to or self.sender_address

    @property
    def sender_domain(self) -> str:
        """The domain that the list sends from; empty before a sender is set."""
        return self.sender_address.rpartition("@")[2]

    @property
    def family(self) -> str:
        """Name of the list that it is a translation of, or its own: a reader is on one list of a family."""
        return self.translation_of or self.name

    @property
    def audience_name(self) -> str:
        """Name of the list whose subscriptions it goes to: its own, or that which it is the week of."""
        return audience_name_of(self.name) if self.cadence is Cadence.WEEKLY else self.name


def weekly_of(mailing_list: MailingList) -> MailingList | None:
    """Return the weekly digest of a list: numbered under a name of its own; None where it is not offered."""
    if not mailing_list.weekly_schedule:
        return None
    return replace(
        mailing_list,
        name=weekly_name(mailing_list.name),
        schedule=mailing_list.weekly_schedule,
        cadence=Cadence.WEEKLY,
    )


@dataclass(frozen=True, kw_only=True)
class OneLiner:
    """A story that did not fit the word budget: headline and source only."""

    headline: str
    source: SourceCredit
    document_ids: tuple[int, ...]
    #: As `Story.thread`.
    thread: int | None = None
    label: StoryLabel = StoryLabel.NEW
    #: Title of the section that it belongs to; empty without sections.
    section: str = ""
    #: The headline before an operator wrote another one; None: nobody did.
    original_headline: str | None = None


@dataclass(frozen=True, kw_only=True)
class DroppedStory:
    """A story that an operator took out of an edition before it went out."""

    headline: str
    #: They count as told.
    document_ids: tuple[int, ...]
    #: As `Story.thread`.
    thread: int | None = None
    #: As `Story.label`.
    label: StoryLabel = StoryLabel.NEW


@dataclass(frozen=True, kw_only=True)
class Edition:
    """One dated, numbered, frozen mailing of a list."""

    list_name: str
    #: Counted from 1 within the list, without gaps.
    number: int
    #: When it was made, UTC.
    created_at: datetime
    #: The scheduled instant that it answers to, UTC; None if triggered by hand.
    slot_at: datetime | None
    subject: str
    preheader: str
    #: ISO 639-1 code.
    language: str
    #: The stories told with a summary, the leading one first.
    stories: tuple[Story, ...]
    #: "Also today".
    also: tuple[OneLiner, ...]
    #: Documents that found no place even there; they count as told.
    left_out_ids: tuple[int, ...] = ()
    #: How many stories those documents made; 0 in editions of before this was counted.
    left_out_stories: int = 0
    #: Documents that said nothing which this list had not been told; they count as told.
    repeated_ids: tuple[int, ...] = ()
    #: Stories that an operator took out; their documents count as told.
    dropped: tuple[DroppedStory, ...] = ()
    #: When its documents were looked through, UTC, where that was before it was made: it was proposed first.
    gathered_at: datetime | None = None
    #: Since when its documents came, UTC, where that is more than one day's news (after days of downtime).
    covers_from: datetime | None = None
    #: The weightiest of its stories, the one of most weight first, with those that found no place; empty in
    #: variants and in editions of before this was kept.
    ranking: tuple[Placement, ...] = ()
    #: Words a reader reads: headlines, summaries and one-liners.
    word_count: int
    reading_minutes: int

    @property
    def told(self) -> tuple[Story | OneLiner, ...]:
        """What readers find in it, in the order of its numbers: the stories, then the lines."""
        return (*self.stories, *self.also)

    @property
    def dated_at(self) -> datetime:
        """The instant whose local day is the edition's, UTC."""
        return self.slot_at or self.created_at

    @property
    def is_shortened(self) -> bool:
        """Whether words were left out of a sentence of its summaries."""
        return any(sentence.cuts for story in self.stories for sentence in story.summary.sentences)

    @property
    def document_ids(self) -> tuple[int, ...]:
        """Every document that this edition answers for."""
        told = [i for item in self.told for i in item.document_ids]
        told += [i for story in self.dropped for i in story.document_ids]
        return (*told, *self.left_out_ids, *self.repeated_ids)


class RunOutcome(StrEnum):
    """What came of a list's turn to publish; the value is what the operator reads."""

    #: An edition was made and its deliveries queued.
    PUBLISHED = "published"
    #: No document is new since the last edition.
    NOTHING_NEW = "nothing new"
    #: Nobody is confirmed on the list, or reads it weekly; the documents wait.
    NO_SUBSCRIBERS = "no subscribers"
    #: The slot was missed by more than the grace period, a later one stood in for it, or the operator left it
    #: out.
    SKIPPED = "skipped"
    #: Something went wrong; the next wake-up within the grace period tries again.
    FAILED = "failed"
    #: The edition is proposed and waits for an operator; never recorded, for the slot is still open.
    PROPOSED = "proposed"


@dataclass(frozen=True, kw_only=True)
class Run:
    """A recorded turn to publish."""

    list_name: str
    #: UTC; None if triggered by hand.
    slot_at: datetime | None
    #: UTC.
    started_at: datetime
    outcome: RunOutcome
    #: Why, in words for the operator.
    reason: str = ""
    edition_number: int | None = None


class SlotDecision(StrEnum):
    """What to do about a due slot."""

    #: Answer it now.
    PUBLISH = "publish"
    #: Too late, or a later slot is due as well: record it as skipped.
    SKIP = "skip"


class Turn(StrEnum):
    """What there is to do for a list at a moment."""

    NONE = "nothing"
    #: The edition of the coming slot is to be proposed.
    PROPOSE = "propose"
    #: A slot has come.
    ANSWER = "answer"


@dataclass(frozen=True, kw_only=True)
class DueSlot:
    """A slot that has come and is not answered yet."""

    #: UTC.
    slot_at: datetime
    decision: SlotDecision
    #: Why it is skipped, for the operator; empty when it is to be published.
    reason: str = ""


class EditionState(StrEnum):
    """Whether an edition's deliveries go out."""

    #: They do.
    OPEN = "open"
    #: The operator stopped them for now; what was in flight was finished.
    PAUSED = "paused"
    #: The operator ended them: nobody else gets it.
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class PublishedEdition:
    """An edition in the store."""

    id: int
    #: Random name that Message-IDs are made from.
    uid: str
    list_name: str
    number: int
    subject: str
    #: UTC.
    created_at: datetime
    #: UTC; None if triggered by hand.
    slot_at: datetime | None
    #: Readers for whom a delivery was queued.
    audience: int
    state: EditionState = EditionState.OPEN


@dataclass(frozen=True, kw_only=True)
class Variant:
    """An edition as some of its readers get it, by what they have had, or missed, before."""

    #: Below 8: bit n is set if the nth of the draft's missable stories is told in full. From 8 on: without
    #: what some of the editions told that a weekly digest is made of. Never 0.
    number: int
    edition: Edition
    rendering: Rendering


#: The number of the first variant without what readers have had.
FIRST_PARTIAL_VARIANT = 8


@dataclass(frozen=True, kw_only=True)
class WeekBehind:
    """Which variant of a weekly digest readers get who have had some of the editions that it is made of."""

    #: The editions that it is made of.
    edition_ids: tuple[int, ...]
    #: By the editions that readers have had, one or more: their variant; None: nothing is left for them.
    variants: Mapping[frozenset[int], int | None]

    def variant_for(self, had: frozenset[int]) -> int | None:
        """Return the variant for readers who have had some of the editions; None: nothing is left for them.

        Where none was made for just these editions, it is the one without most of them: they are told some
        of it again, and miss nothing. 0, the digest as it is, where there is no such.
        """
        if had in self.variants:
            return self.variants[had]
        contained = [known for known in self.variants if known < had]
        if any(self.variants[known] is None for known in contained):
            return None
        nearest = max(contained, key=lambda known: (len(known), sorted(known)), default=None)
        return 0 if nearest is None else self.variants[nearest]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An edition as it would be published now."""

    edition: Edition
    rendering: Rendering
    #: Readers whom it would go to now.
    audience: int
    #: Confirmed subscribers of the list, or those of them who read it weekly, the paused included: without
    #: any, nothing is published.
    readers: int
    #: For each story that a reader may have missed: ids of the editions that told it before.
    missable: tuple[tuple[int, ...], ...] = ()
    #: One for each choice of these stories, that of none left out; and those that `week` names.
    variants: tuple[Variant, ...] = ()
    #: Of a weekly digest: who gets less of it.
    week: WeekBehind | None = None


@dataclass(frozen=True, kw_only=True)
class PublishReport:
    """What came of one turn to publish."""

    run: Run
    edition: PublishedEdition | None = None
