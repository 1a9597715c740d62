"""Letters: what a sign-up is answered with, as a finished mail to one reader."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime

from newsletter.errors import MessageRefusedError
from newsletter.messages.addresses import mailto, web_link, wire_address
from newsletter.messages.checks import check_letter
from newsletter.messages.headers import mailbox_field, text_field
from newsletter.messages.letterpage import LetterLinks, LetterList, LetterPage
from newsletter.messages.mime import build_letter, message_id
from newsletter.messages.render import Renderer
from newsletter.messages.text import clean
from newsletter.model.editions import MailingList
from newsletter.model.messages import Message
from newsletter.model.readers import LINK_HOURS, Letter
from newsletter.model.subscribers import Cadence
from newsletter.model.words import in_a_row


def write_letter(
    renderer: Renderer,
    letter: Letter,
    lists: Sequence[MailingList],
    *,
    page_url: str,
    sign: Callable[[bytes], bytes] | None = None,
    return_path: str = "",
    now: datetime,
) -> Message:
    """Make the mail of a letter; its Message-ID is the same each time.

    Nothing in it was typed by whoever asked, the address in To alone excepted: a form that anybody can fill
    in must not carry anybody's words to strangers.

    Args:
        renderer: Has the templates.
        letter: What is to be said, to whom.
        lists: The lists that it is about, at least one; the first one's sender sends it.
        page_url: Where its button leads.
        sign: Returns the fields that go before the message and sign it; None: it is not signed here.
        return_path: What it comes back to; empty: to its sender.
        now: Its Date, UTC.

    Raises:
        TemplateError: A template is missing or broken.
        MessageRefusedError: It breaks a rule of mails, or an address or a link cannot be used.
    """
    rendered = renderer.render_letter(_page(letter, lists, page_url))
    problems = check_letter(rendered)
    if problems:
        raise MessageRefusedError(*problems)
    first = lists[0]
    name = message_id(f"{letter.asked_at.isoformat()} {letter.address.key}", letter.id, first.sender_domain)
    fields = _fields(letter, first, rendered.subject, now)
    content = build_letter(fields, text=rendered.text, html=rendered.html, message_id=name)
    return Message(
        sender=return_path or wire_address(first.sender_address),
        recipient=wire_address(letter.address.display),
        message_id=name,
        pieces=(sign(content), content) if sign else (content,),
    )


def _fields(letter: Letter, sender: MailingList, subject: str, now: datetime) -> list[str]:
    """Return the header of a letter, less what `build_letter` adds."""
    fields = [
        mailbox_field("From", clean(sender.sender_name) or clean(sender.title), sender.sender_address),
        mailbox_field("To", "", letter.address.display),
        text_field("Subject", subject),
        f"Date: {format_datetime(now.astimezone(UTC))}",
        "Auto-Submitted: auto-generated",
    ]
    if sender.contact_address != sender.sender_address:
        fields.insert(1, mailbox_field("Reply-To", "", sender.reply_to))
    return fields


def _page(letter: Letter, lists: Sequence[MailingList], page_url: str) -> LetterPage:
    first = lists[0]
    titles = [clean(one.title) for one in lists]
    contact = first.contact_address
    return LetterPage(
        kind=letter.kind.value,
        sender=titles[0],
        titles=in_a_row(titles),
        lists=tuple(LetterList(title=clean(one.title), tagline=clean(one.tagline)) for one in lists),
        weekly=letter.cadence is Cadence.WEEKLY,
        hours=LINK_HOURS,
        links=LetterLinks(
            page=web_link(page_url),
            contact=mailto(contact, subject=f"Question about {titles[0]}"),
            contact_address=clean(contact),
        ),
        postal_address=tuple(filter(None, map(clean, first.postal_address))),
    )
