"""Verbs bound to one install, by noun: what `newsletter.app.App` is made of where it would grow too long."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Protocol

from newsletter import feedback, wiring
from newsletter.model.editions import Draft, MailingList
from newsletter.model.explanations import EditionExplanation, StoryExplanation
from newsletter.model.feedback import FeedbackOutcome, FeedbackRecord, FeedbackReport, Notice
from newsletter.model.keys import KeyType, PublishedKey
from newsletter.operate import Operator
from newsletter.publish import explain_edition, explain_story, find_entry
from newsletter.settings import Settings
from newsletter.store.store import Store


class Feedback:
    """What comes back to an install: bounces, complaints, unsubscribe mails."""

    def __init__(self, settings: Settings, open_store: Callable[[], Store]) -> None:
        """Bind the verbs; the store is opened when something is taken in."""
        self._settings = settings
        self._open_store = open_store

    @cached_property
    def _intake(self) -> feedback.Intake:
        return wiring.intake(self._settings)

    @property
    def has_mailboxes(self) -> bool:
        """Whether there is a mailbox that bounces are looked for in.

        Raises:
            SettingsError: One is set by half.
        """
        return bool(wiring.mailboxes(self._settings))

    def take_in(
        self,
        *,
        now: datetime,
        paths: Sequence[Path] = (),
        stopping: Callable[[], bool] = lambda: False,
        on_outcome: Callable[[FeedbackOutcome], None] = lambda _: None,
    ) -> FeedbackReport:
        """Take in what came back: at some paths, or in the mailboxes set; see `newsletter.feedback`."""
        places = paths or wiring.mailboxes(self._settings)
        return feedback.take_in(
            self._open_store(), places, self._intake, now=now, stopping=stopping, on_outcome=on_outcome
        )

    def take_message(self, content: bytes, *, recipient: str = "", now: datetime) -> FeedbackOutcome:
        """Take in one message that came back; see `newsletter.feedback.take_message`."""
        return feedback.take_message(self._open_store(), content, self._intake, recipient=recipient, now=now)

    def take_notice(self, notice: Notice, *, now: datetime) -> FeedbackOutcome:
        """Take in what a mail service tells; see `newsletter.feedback.take_notice`."""
        return feedback.take_notice(self._open_store(), notice, self._intake, now=now)

    def log(self, *, limit: int) -> list[FeedbackRecord]:
        """Return what was taken in last, the newest first."""
        return self._open_store().feedback.latest(limit=limit)


class Keys:
    """The DKIM keys of an install."""

    def __init__(self, settings: Settings, lists: Sequence[MailingList]) -> None:
        """Bind the verbs."""
        self._settings = settings
        self._lists = lists

    def domains(self) -> list[str]:
        """Return the domains that sign messages: the one that is set, or those of the lists' senders."""
        own = self._settings.dkim_domain
        return [own] if own else wiring.sender_domains(self._lists)

    def generate(
        self, folder: Path, *, domains: Sequence[str], selector: str, key_types: Sequence[KeyType]
    ) -> list[PublishedKey]:
        """Make DKIM keys; see `newsletter.keys.generate`."""
        # What signs takes long to load, and most commands sign nothing.
        from newsletter import keys

        return keys.generate(folder, domains=domains, selector=selector, key_types=key_types)

    def published(self) -> list[PublishedKey]:
        """Return what the DNS must say about the keys in use; see `newsletter.keys.published`."""
        from newsletter import keys

        return keys.published(self._settings.dkim_keys, domains=self.domains())


class _Drafts(Protocol):
    def __call__(self, mailing_list: MailingList, *, now: datetime) -> Draft | None: ...


class Explanations:
    """Why the editions of an install are as they are."""

    def __init__(self, settings: Settings, open_store: Callable[[], Store], draft: _Drafts) -> None:
        """Bind the verbs; `draft` makes the edition that is due."""
        self._settings = settings
        self._open_store = open_store
        self._draft = draft

    def edition(
        self, mailing_list: MailingList, *, number: int | None = None, now: datetime
    ) -> EditionExplanation | None:
        """Say why an edition is as it is: that of a number, or the one that is due.

        Returns:
            None if no number is given and nothing is new.

        Raises:
            SettingsError: The list has no edition of that number.
        """
        if number is None:
            made = self._draft(mailing_list, now=now)
            return explain_edition(self._open_store(), made.edition) if made else None
        store = self._open_store()
        published = Operator(store).edition(mailing_list.name, number).edition
        return explain_edition(store, store.editions.content(published.id))

    def story(
        self, mailing_list: MailingList, explained: EditionExplanation, wanted: str
    ) -> StoryExplanation:
        """Say why a story of an edition is as it is; see `newsletter.publish.explain_story`.

        Args:
            mailing_list: The list.
            explained: The edition, as `edition` returns it.
            wanted: The story's number, or words of its headline.

        Raises:
            StoryNotFoundError: No story, or several, answer to it.
        """
        newsroom, edition = wiring.newsroom(self._settings), explained.edition
        entry = find_entry(edition, wanted)
        return explain_story(self._open_store(), mailing_list, newsroom, edition, entry)
