"""Why an install's editions are as they are."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from newsletter.bound.press import newsroom
from newsletter.editions.differences import differences
from newsletter.model.differences import Differences
from newsletter.model.editions import Draft, Edition, MailingList
from newsletter.model.explanations import EditionExplanation, StoryExplanation
from newsletter.operate import Operator
from newsletter.publish import explain_edition, explain_story, find_entry
from newsletter.settings import Settings
from newsletter.store.store import Store


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

    def of(self, edition: Edition) -> EditionExplanation:
        """Say why an edition is as it is, whether it is proposed or went out."""
        return explain_edition(self._open_store(), edition)

    def differences(self, mailing_list: MailingList, edition: Edition, *, number: int) -> Differences:
        """Say how an edition differs from an earlier one of its list.

        Args:
            mailing_list: The list.
            edition: A draft's, or a published one.
            number: Of the earlier one.

        Raises:
            SettingsError: The list has no edition of that number.
        """
        store = self._open_store()
        earlier = Operator(store).edition(mailing_list.name, number).edition
        return differences(store.editions.content(earlier.id), edition)

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
        own_newsroom, edition = newsroom(self._settings), explained.edition
        entry = find_entry(edition, wanted)
        return explain_story(self._open_store(), mailing_list, own_newsroom, edition, entry)
