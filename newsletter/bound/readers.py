"""What an install's readers do on its web pages."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property

from newsletter import subscribe, wiring
from newsletter.deliver.letterdesk import LetterDesk
from newsletter.deliver.letters import send_letters
from newsletter.errors import LinkError
from newsletter.messages.links import LinkPurpose, LinkSigner, LinkTarget
from newsletter.messages.render import Renderer
from newsletter.model.editions import MailingList
from newsletter.model.readers import Choice, Confirmation, Leaving, LettersReport, Preferences, SignUp
from newsletter.settings import Settings
from newsletter.store.store import Store


class Readers:
    """Signing up, confirming, choosing and leaving; every token is held to what it was made for."""

    def __init__(
        self, settings: Settings, lists: Sequence[MailingList], open_store: Callable[[], Store]
    ) -> None:
        """Bind the verbs; the store is opened at first use."""
        self._settings = settings
        self._lists = tuple(lists)
        self._open_store = open_store

    @cached_property
    def _links(self) -> LinkSigner:
        links = wiring.link_signer(self._settings)
        if links is None:
            raise LinkError("there are no links without PUBLIC_URL")
        return links

    def ask(self, request: SignUp, *, now: datetime) -> None:
        """Write down what a visitor asks for; see `newsletter.subscribe.ask`.

        Raises:
            AddressError: It is not an address.
            SubscriberError: What is asked for cannot be had.
        """
        subscribe.ask(self._open_store(), self._lists, request, now=now)

    def confirmation(self, token: str, *, now: datetime) -> Confirmation:
        """Return what the page behind a confirmation link shows; nothing is changed.

        Raises:
            LinkError: The link is not valid, or too old to be known.
        """
        target = self._read(token, LinkPurpose.CONFIRM)
        return subscribe.confirmation(self._open_store(), target.number, now=now)

    def confirm(self, token: str, *, origin: str, now: datetime) -> Confirmation:
        """Do what the button behind a confirmation link does; see `newsletter.subscribe.confirm`.

        Raises:
            LinkError: As for `confirmation`.
        """
        target = self._read(token, LinkPurpose.CONFIRM)
        return subscribe.confirm(self._open_store(), target.number, origin=origin, now=now)

    def preferences(self, token: str, *, now: datetime) -> Preferences:
        """Return a reader's page of choices; see `newsletter.subscribe.preferences`.

        Raises:
            LinkError: The link is not valid, or its reader was erased.
        """
        target = self._read(token, LinkPurpose.PREFERENCES)
        return subscribe.preferences(
            self._open_store(), self._lists, target.number, target.list_name, now=now
        )

    def choose(self, token: str, choices: Mapping[str, Choice], *, origin: str, now: datetime) -> Preferences:
        """Save what a reader chooses, and return the page as it is then; see `newsletter.subscribe.choose`.

        Raises:
            LinkError: As for `preferences`.
            SubscriberError: A choice cannot be had; nothing is saved.
        """
        target = self._read(token, LinkPurpose.PREFERENCES)
        store = self._open_store()
        subscribe.choose(store, self._lists, target.number, choices, origin=origin, now=now)
        return subscribe.preferences(store, self._lists, target.number, target.list_name, now=now)

    def leaving(self, token: str) -> Leaving:
        """Return what the page behind an unsubscribe link shows; nothing is changed.

        Raises:
            LinkError: The link is not valid.
        """
        target = self._read(token, LinkPurpose.UNSUBSCRIBE)
        return subscribe.leaving(self._open_store(), target.number, target.list_name)

    def leave(self, token: str, *, origin: str, now: datetime) -> Leaving:
        """End a subscription, by a link of any age; doing it again changes nothing.

        Raises:
            LinkError: The link is not valid.
        """
        target = self._read(token, LinkPurpose.UNSUBSCRIBE)
        return subscribe.leave(self._open_store(), target.number, target.list_name, origin=origin, now=now)

    def return_token(self, token: str) -> str:
        """Return the token that takes back what an unsubscribe link does.

        Raises:
            LinkError: The link is not valid.
        """
        target = self._read(token, LinkPurpose.UNSUBSCRIBE)
        return self._links.return_token(subscriber_id=target.number, list_name=target.list_name)

    def come_back(self, token: str, *, origin: str, now: datetime) -> Leaving:
        """Take back that a reader has left a short while ago; see `newsletter.subscribe.come_back`.

        Raises:
            LinkError: The token is not valid, or it is too late.
        """
        target = self._read(token, LinkPurpose.RETURN)
        return subscribe.come_back(
            self._open_store(), target.number, target.list_name, origin=origin, now=now
        )

    def own_record(self, token: str) -> dict[str, object]:
        """Return everything that is stored about a reader, ready to be written as JSON.

        Raises:
            LinkError: As for `preferences`.
        """
        target = self._read(token, LinkPurpose.PREFERENCES)
        return subscribe.own_record(self._open_store(), target.number)

    def erase(self, token: str) -> None:
        """Forget a reader for good, with consents and sign-ups; a suppression stays as a hash.

        Raises:
            LinkError: As for `preferences`.
        """
        target = self._read(token, LinkPurpose.PREFERENCES)
        subscribe.erase_reader(self._open_store(), target.number)

    def answer(self, *, now: datetime) -> int:
        """Decide which letter answers each new sign-up; see `newsletter.subscribe.answer`."""
        return subscribe.answer(self._open_store(), now=now)

    async def send_letters(self, *, clock: Callable[[], datetime], stopping: asyncio.Event) -> LettersReport:
        """Send the letters that are due; see `newsletter.deliver.send_letters`.

        Raises:
            StoreError: State cannot be written any more.
            SettingsError: What sending needs is not set.
        """
        store = self._open_store()
        if not await store.in_time(store.letters.due_count, now=clock()):
            return LettersReport()
        return await send_letters(store, self._desk, clock=clock, stopping=stopping)

    @cached_property
    def _desk(self) -> LetterDesk:
        return letter_desk(self._settings, self._lists, self._links)

    def forget_stale(self, *, now: datetime) -> int:
        """Delete what nobody confirmed within a week; see `newsletter.subscribe.forget_stale`."""
        return subscribe.forget_stale(self._open_store(), now=now)

    def _read(self, token: str, purpose: LinkPurpose) -> LinkTarget:
        return self._links.read(token, purpose)


def letter_desk(values: Settings, lists: Sequence[MailingList], links: LinkSigner) -> LetterDesk:
    """Return how letters to those who sign up are written and go out."""
    return LetterDesk(
        bag=wiring.postbag(values, lists),
        renderer=Renderer(folders=wiring.template_folders(values)),
        links=links,
        lists=lists,
        return_path=wiring.return_path(values),
    )
