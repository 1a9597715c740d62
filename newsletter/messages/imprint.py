"""Imprint: an edition is cut into octets once, and each reader's copy is put together from them.

Of each copy only the reader's values are encoded, each for the place where it stands. Building every message
anew with `email.message` costs some hundred times as much.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import format_datetime
from functools import lru_cache
from html import escape
from zoneinfo import ZoneInfo

from newsletter.messages.addresses import ascii_host, mailto, web_link, wire_address
from newsletter.messages.headers import address_list_field, list_id_field, mailbox_field, text_field
from newsletter.messages.marks import ADDRESS, PREFERENCES, SINCE, UNSUBSCRIBE, split_at_marks
from newsletter.messages.mime import SOFT_BREAK, boundary_of, content_type, encoded, part_fields, wire
from newsletter.messages.signing import CopySeal, MessageSigner
from newsletter.messages.text import clean
from newsletter.model.dates import date_words
from newsletter.model.messages import Message, Reader, Rendering

#: Where each value stands among a reader's: encoded for the text, and behind them all for the HTML.
_PLACES = {name: place for place, name in enumerate((ADDRESS, SINCE, UNSUBSCRIBE, PREFERENCES))}

#: Fields that each copy has for itself, in their order.
_OWN = (b"To", b"Message-ID", b"List-Unsubscribe")
_ONE_CLICK = "List-Unsubscribe-Post: List-Unsubscribe=One-Click"

#: Values that are the same in every encoding, short enough for a line: most are.
_LONGEST_PLAIN = 75
_PLAIN_ADDRESS = re.compile(
    r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@(?:[a-z0-9]+(?:-+[a-z0-9]+)*\.)+[a-z]{2,}", re.ASCII
)
_LONGEST_PLAIN_ADDRESS = 64
_PLAIN_LINK = re.compile(r"https?://[a-z0-9.-]+(?::[1-9][0-9]{0,3})?(?:/[A-Za-z0-9._~-]+)+", re.ASCII)
_PLAIN_MAIL = re.compile(r"mailto:[A-Za-z0-9._+-]+@[a-z0-9.-]+\?subject=[A-Za-z0-9%._-]*", re.ASCII)
#: A name that stands in a header as it is, on one line with any plain address.
_PLAIN_NAME = re.compile(r"[A-Za-z0-9]+(?: [A-Za-z0-9]+)*", re.ASCII)
_LONGEST_PLAIN_FIELD = 78
#: The largest id that a database makes: what it is plain with, is plain with all.
_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class _Cut:
    """Octets, cut where readers' values go."""

    #: Pieces, and an empty place for each value.
    pieces: list[bytes]
    #: Which value goes into which place.
    slots: tuple[tuple[int, int], ...]

    def filled(self, values: Sequence[bytes]) -> list[bytes]:
        """Return the pieces with encoded values in their places."""
        pieces = self.pieces.copy()
        for place, value in self.slots:
            pieces[place] = values[value]
        return pieces


class Imprint:
    """An edition, or a variant of it, ready for its readers' values.

    Args:
        rendering: The edition, rendered for everybody.
        one_click: Whether the unsubscribe pages take one-click POSTs (RFC 8058), where they are https pages.
        signer: Signs each copy; None: they are not signed here.

    Raises:
        MessageRefusedError: An address of the list cannot be used.
    """

    def __init__(
        self, rendering: Rendering, *, one_click: bool = True, signer: MessageSigner | None = None
    ) -> None:
        self._headers = rendering.headers
        self._one_click = one_click
        self._signer = signer
        boundary = boundary_of(rendering.token)
        self._fields = [*_edition_fields(rendering), content_type(boundary)]
        self._body = _cut_body(rendering, boundary.encode("ascii"))
        #: The header's end and the body, by whether one click is offered.
        self._cuts: dict[bool, _Cut] = {}
        self._seals: dict[bool, CopySeal] = {}
        if signer is not None:
            canonical = [signer.canonical(piece) for piece in self._body.pieces]
            self._canonical = _Cut(pieces=canonical, slots=self._body.slots)
        #: Days of joining, as they are written in both parts.
        self._days: dict[date, tuple[bytes, bytes]] = {}
        self._zone = ZoneInfo(rendering.headers.time_zone)

    def copy(self, reader: Reader, *, message_id: str, sender: str, now: datetime) -> Message:
        """Make one reader's copy.

        Args:
            reader: Who it is for.
            message_id: With angle brackets; see `message_id`.
            sender: Envelope sender, the return path.
            now: When it is signed, UTC.

        Raises:
            MessageRefusedError: An address or a link cannot be used.
        """
        recipient = _wire_address(reader.address)
        one_click = self._one_click and reader.unsubscribe_url.startswith("https:")
        if one_click not in self._cuts:
            self._prepare(one_click=one_click)
        page = _link_pair(reader.unsubscribe_url, mail=True)
        own = self._own_fields(reader, recipient, message_id)
        values = self._values(reader, recipient, page)
        octets = ("\r\n".join(own) + "\r\n").encode("utf-8")
        signature = b"" if self._signer is None else self._sign(own, values, one_click=one_click, now=now)
        return Message(
            sender=_wire_address(sender),
            recipient=recipient,
            message_id=message_id,
            pieces=(signature, octets, *self._cuts[one_click].filled(values)),
            is_wire=True,
        )

    def plain_copy(
        self,
        address: str,
        name: str,
        since: datetime,
        pages: tuple[str, str],
        by_mail: str,
        *,
        message_id: str,
        sender: str,
        now: datetime,
    ) -> Message | None:
        """Make the same copy in a fraction of the time for a reader whose address and name are plain.

        Args:
            address: The reader's address.
            name: The reader's name.
            since: When the subscription was confirmed, UTC.
            pages: Plain links to unsubscribing and to preferences; see `are_plain`.
            by_mail: A plain link to unsubscribing by mail.
            message_id: With angle brackets.
            sender: A plain address.
            now: When it is signed, UTC.

        Returns:
            None for a reader whose values need more care.
        """
        to_field = f"To: {name} <{address}>" if name else f"To: {address}"
        if len(to_field) > _LONGEST_PLAIN_FIELD or (name and not _PLAIN_NAME.fullmatch(name)):
            return None
        if not _is_plain_address(address):
            return None
        page, settings = pages
        if len(page) > _LONGEST_PLAIN or len(settings) > _LONGEST_PLAIN:
            return None
        one_click = self._one_click and page.startswith("https:")
        if one_click not in self._cuts:
            self._prepare(one_click=one_click)
        own = (to_field, f"Message-ID: {message_id}", f"List-Unsubscribe: <{page}>,\r\n <{by_mail}>")
        day = since.astimezone(self._zone).date()
        since_text, since_html = self._days.get(day) or self._since(day)
        plain = address.encode("ascii")
        unsubscribe, preferences = page.encode("ascii"), settings.encode("ascii")
        values = (
            *(plain, since_text, unsubscribe, preferences),
            *(plain, since_html, unsubscribe, preferences),
        )
        octets = f"{own[0]}\r\n{own[1]}\r\n{own[2]}\r\n".encode("ascii")
        signature = b"" if self._signer is None else self._sign(own, values, one_click=one_click, now=now)
        pieces = (signature, octets, *self._cuts[one_click].filled(values))
        return Message(sender, address, message_id, pieces, is_wire=True, is_plain=True)

    def _sign(self, own: Sequence[str], values: Sequence[bytes], *, one_click: bool, now: datetime) -> bytes:
        fields = [field.encode("utf-8") for field in own]
        body = self._canonical.filled(values)[1:]
        return self._seals[one_click].sign(fields, body=body, now=now)

    def _prepare(self, *, one_click: bool) -> None:
        """Put the fields that all copies share, with or without one click, before the body."""
        fields = [_ONE_CLICK, *self._fields] if one_click else self._fields
        head, *rest = self._body.pieces
        self._cuts[one_click] = _Cut(pieces=[wire([*fields, ""]) + head, *rest], slots=self._body.slots)
        if self._signer is not None:
            shared = [field.encode("utf-8") for field in fields]
            self._seals[one_click] = self._signer.seal(
                shared=shared, own=_OWN, body_start=self._canonical.pieces[0]
            )

    def _own_fields(self, reader: Reader, recipient: str, message_id: str) -> tuple[str, str, str]:
        page, by_mail = reader.unsubscribe_url, reader.unsubscribe_mail
        if not _PLAIN_MAIL.fullmatch(by_mail):
            web_link(by_mail, mail=True)
        ways = (page, by_mail) if page.startswith("http") else (page,)
        return (
            _to_field(reader.name, recipient),
            f"Message-ID: {message_id}",
            address_list_field("List-Unsubscribe", *ways),
        )

    def _values(self, reader: Reader, recipient: str, page: tuple[bytes, bytes]) -> list[bytes]:
        """Return what stands for each mark, in the order of `_PLACES`, for the text and then for the HTML."""
        preferences = reader.preferences_url
        # Only a plain one is itself on the wire.
        address, address_html = _pair(reader.address, is_plain=recipient is reader.address)
        since, since_html = self._since(reader.since.astimezone(self._zone).date())
        unsubscribe, unsubscribe_html = page
        settings, settings_html = self._without_page if preferences is None else _link_pair(preferences)
        return [
            *(address, since, unsubscribe, settings),
            *(address_html, since_html, unsubscribe_html, settings_html),
        ]

    def _since(self, day: date) -> tuple[bytes, bytes]:
        pair = self._days.get(day)
        if pair is None:
            pair = self._days[day] = _pair(date_words(day))
        return pair

    @property
    def _without_page(self) -> tuple[bytes, bytes]:
        # The pages were taken down after the edition was rendered: the editor answers for them.
        editor = self._headers.reply_to or self._headers.sender_address
        return _pair(mailto(editor, subject=f"preferences {self._headers.list_name}"))


def build_message(
    rendering: Rendering,
    reader: Reader,
    *,
    message_id: str,
    sender: str,
    one_click: bool = True,
    sign: Callable[[bytes], bytes] | None = None,
) -> Message:
    """Make one reader's message alone; for many, an `Imprint` signs faster.

    Args:
        rendering: The edition, rendered for everybody.
        reader: Who it is for.
        message_id: With angle brackets; see `message_id`.
        sender: Envelope sender, the return path.
        one_click: Whether the unsubscribe page takes one-click POSTs (RFC 8058), if it is an https page.
        sign: Returns the fields that go before the message and sign it; None: it is not signed here.

    Raises:
        MessageRefusedError: An address or a link cannot be used.
    """
    imprint = _imprint(rendering, one_click=one_click)
    message = imprint.copy(reader, message_id=message_id, sender=sender, now=rendering.headers.date)
    return message._replace(pieces=(sign(message.content), *message.pieces)) if sign else message


def are_plain(
    pages: Callable[[int], tuple[str, str]],
    by_mail: Callable[[int], str],
    sender: Callable[[int], str],
) -> bool:
    """Return whether what is made of any id is plain: links to pages and by mail, and envelope senders."""
    # Links grow with ids, so that their length is looked at for each reader.
    return all(map(_is_plain_link, pages(0))) and all(
        all(map(_PLAIN_LINK.fullmatch, pages(number)))
        and _PLAIN_MAIL.fullmatch(by_mail(number))
        and _is_plain_sender(sender(number))
        for number in (0, _LARGEST_ID)
    )


@lru_cache(maxsize=8)
def _imprint(rendering: Rendering, *, one_click: bool) -> Imprint:
    return Imprint(rendering, one_click=one_click)


def _edition_fields(rendering: Rendering) -> list[str]:
    headers = rendering.headers
    host = ascii_host(headers.sender_domain)
    fields = [
        mailbox_field("From", headers.sender_name, headers.sender_address),
        text_field("Subject", rendering.subject),
        f"Date: {format_datetime(headers.date.astimezone(UTC))}",
        list_id_field(headers.list_title, f"{headers.list_name}.{host}"),
        address_list_field("List-Help", mailto(headers.reply_to or headers.sender_address, subject="help")),
        "List-Post: NO",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
    ]
    if headers.reply_to and headers.reply_to != headers.sender_address:
        fields.insert(1, mailbox_field("Reply-To", "", headers.reply_to))
    return fields


def _cut_body(rendering: Rendering, boundary: bytes) -> _Cut:
    """Encode both parts, and cut them where readers' values go."""
    pieces: list[bytes] = []
    slots: list[tuple[int, int]] = []
    before = b"\r\n--" + boundary
    parts = ((b"plain", rendering.text, 0), (b"html", rendering.html, len(_PLACES)))
    for subtype, body, offset in parts:
        marks = split_at_marks(body, rendering.token)
        encoded_pieces = list(_encoded_pieces(marks[::2]))
        encoded_pieces[0] = before + part_fields(subtype) + encoded_pieces[0]
        for piece, mark in zip(encoded_pieces, marks[1::2], strict=False):
            pieces += (piece, b"")
            slots.append((len(pieces) - 1, offset + _PLACES[mark]))
        before = encoded_pieces[-1] + b"\r\n--" + boundary
    return _Cut(pieces=[*pieces, before + b"--\r\n"], slots=tuple(slots))


def _encoded_pieces(pieces: Sequence[str]) -> Iterator[bytes]:
    """Encode a part's pieces; where a value joins one, the line is broken softly."""
    for place, piece in enumerate(pieces):
        content = encoded(piece)
        if place > 0 and not piece.startswith("\n"):
            content = SOFT_BREAK + content
        if place < len(pieces) - 1 and content and not content.endswith(b"\r\n"):
            content += SOFT_BREAK
        yield content


def _to_field(name: str, recipient: str) -> str:
    field = f"To: {name} <{recipient}>"
    if len(field) <= _LONGEST_PLAIN_FIELD and _PLAIN_NAME.fullmatch(name):
        return field
    return mailbox_field("To", name, recipient)


def _wire_address(address: str) -> str:
    """Return an address as it is on the wire: the very same, if it is plain."""
    return address if _is_plain_address(address) else wire_address(address)


def _is_plain_address(address: str) -> bool:
    return len(address) <= _LONGEST_PLAIN_ADDRESS and _PLAIN_ADDRESS.fullmatch(address) is not None


def _is_plain_sender(address: str) -> bool:
    # It stands in no line of a body, and may be longer than a reader's.
    local, _, domain = address.rpartition("@")
    is_short = len(local) <= _LONGEST_PLAIN_ADDRESS and ascii_host(domain) == domain
    return is_short and _PLAIN_ADDRESS.fullmatch(address) is not None


def _is_plain_link(link: str) -> bool:
    return len(link) <= _LONGEST_PLAIN and _PLAIN_LINK.fullmatch(link) is not None


def _link_pair(link: str, *, mail: bool = False) -> tuple[bytes, bytes]:
    is_plain = _is_plain_link(link)
    return _pair(link if is_plain else web_link(link, mail=mail), is_plain=is_plain)


def _pair(value: str, *, is_plain: bool = False) -> tuple[bytes, bytes]:
    """Encode a value for the text and for the HTML."""
    if is_plain:
        octets = value.encode("ascii")
        return octets, octets
    value = clean(value)
    return encoded(value), encoded(escape(value))
