"""The desk of letters: writes what answers a sign-up, as a finished mail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from newsletter.deliver.postbag import Postbag
from newsletter.errors import MessageRefusedError
from newsletter.messages.letters import write_letter
from newsletter.messages.links import LinkSigner
from newsletter.messages.render import Renderer
from newsletter.messages.verp import ReturnPath
from newsletter.model.editions import MailingList
from newsletter.model.messages import Message
from newsletter.model.readers import Letter, LetterKind


@dataclass(frozen=True, kw_only=True)
class LetterDesk:
    """How letters are written and go out."""

    bag: Postbag
    renderer: Renderer
    #: Signs the links to the page of a letter's button.
    links: LinkSigner
    #: All lists of the install.
    lists: Sequence[MailingList]
    #: Where bounces of letters come back to; None: to the list's sender.
    return_path: ReturnPath | None = None

    def write(self, letter: Letter, *, now: datetime) -> Message:
        """Make the mail of a letter, signed.

        Args:
            letter: What is to be said, to whom.
            now: Its Date, UTC.

        Raises:
            TemplateError: A template is missing or broken.
            MessageRefusedError: No list that it is about is set any more, nobody has its address, or it
                breaks a rule of mails.
        """
        by_name = {mailing_list.name: mailing_list for mailing_list in self.lists}
        about = [by_name[name] for name in letter.list_names if name in by_name]
        if not about:
            raise MessageRefusedError(f"no list is named {' or '.join(letter.list_names)} any more")
        return write_letter(
            self.renderer,
            letter,
            about,
            page_url=self._page_url(letter),
            return_path=self.return_path.letter_address_for(letter.id) if self.return_path else "",
            sign=self.bag.stationery.signing(about[0].sender_domain, now=now),
            now=now,
        )

    def _page_url(self, letter: Letter) -> str:
        list_name = letter.list_names[0]
        if letter.kind is LetterKind.CONFIRM:
            return self.links.confirm_url(signup_id=letter.id, list_name=list_name)
        if letter.subscriber_id is None:
            raise MessageRefusedError("nobody has its address any more")
        return self.links.preferences_url(subscriber_id=letter.subscriber_id, list_name=list_name)
