"""The commands that carry a message's envelope, as far as the server's extensions allow."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from newsletter.errors import SenderRefusedError
from newsletter.model.deliveries import Reply, SendPhase
from newsletter.model.messages import Message

#: What no address on the wire holds: a line end would smuggle in a command.
_UNSAFE = re.compile(r"[\s<>\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

#: Text that xtext leaves as it is.
_NEEDS_NO_XTEXT = re.compile(r"[!-*,-<>-~]*")

#: What to do about an envelope sender that is refused; it is made from BOUNCE_ADDRESS where that is set.
CHECK_SENDER = "check BOUNCE_ADDRESS, or SENDER_ADDRESS if that is not set"

#: Longest ENVID and ORCPT, in characters (RFC 3461 sections 4.4 and 4.2).
_MAX_ENVID, _MAX_ORCPT = 100, 500


class Envelope(NamedTuple):
    """A message's envelope as commands; a tuple, since a dataclass takes longer to make."""

    #: MAIL, RCPT and DATA with their line ends; DATA must be the last of them (RFC 2920 section 3.1).
    group: bytes
    #: Whether MAIL asks for SMTPUTF8 for this recipient's sake.
    smtputf8: bool
    #: Whether MAIL says how large the message is.
    sized: bool

    @property
    def mail(self) -> str:
        """The command MAIL."""
        return self.group.split(b"\r\n")[0].decode()

    @property
    def rcpt(self) -> str:
        """The command RCPT."""
        return self.group.split(b"\r\n")[1].decode()


class EnvelopeMaker:
    """Makes the envelopes of one connection's messages."""

    def __init__(self, extensions: Mapping[str, str]) -> None:
        """Prepare.

        Args:
            extensions: What the server offers: lower-case keywords and their parameters.
        """
        self._extensions = extensions
        self._limit = _size_limit(extensions.get("size", ""))
        self._sized, self._dsn = "size" in extensions, "dsn" in extensions

    def make(self, message: Message, size: int) -> Envelope | Reply:
        """Make the commands MAIL and RCPT for one message; see `make_envelope`.

        Raises:
            SenderRefusedError: The sender's address cannot be said to this server.
        """
        if not message.is_plain or (self._limit is not None and size > self._limit):
            return make_envelope(message, size=size, extensions=self._extensions)
        if self._dsn or not self._sized:
            return _envelope(message, size if self._sized else None, dsn=self._dsn, smtputf8=False)
        # What most servers offer: the same in half the time.
        group = f"MAIL FROM:<{message.sender}> SIZE={size}\r\nRCPT TO:<{message.recipient}>\r\nDATA\r\n"
        return Envelope(group.encode("ascii"), smtputf8=False, sized=True)


def make_envelope(message: Message, *, size: int, extensions: Mapping[str, str]) -> Envelope | Reply:
    """Make the commands MAIL and RCPT for one message, or say why it cannot go to this server.

    Args:
        message: Whose sender and recipient are said.
        size: Its content's size as SIZE counts it, in octets (RFC 1870 section 3).
        extensions: What the server offers: lower-case keywords and their parameters.

    Raises:
        SenderRefusedError: The sender's address cannot be said to this server.
    """
    _check_sender(message.sender, extensions)
    obstacle = _obstacle(message, size, extensions)
    if obstacle is not None:
        return obstacle
    told_size = size if "size" in extensions else None
    smtputf8 = not message.recipient.isascii() or not message.sender.isascii()
    return _envelope(message, told_size, dsn="dsn" in extensions, smtputf8=smtputf8)


def _envelope(message: Message, told_size: int | None, *, dsn: bool, smtputf8: bool) -> Envelope:
    options = "" if told_size is None else f" SIZE={told_size}"
    if smtputf8:
        options += " SMTPUTF8"
    mail_notices, rcpt_notices = (_mail_notices(message), _rcpt_notices(message)) if dsn else ("", "")
    group = (
        f"MAIL FROM:<{message.sender}>{options}{mail_notices}\r\n"
        f"RCPT TO:<{message.recipient}>{rcpt_notices}\r\nDATA\r\n"
    )
    for_reader = smtputf8 and not message.recipient.isascii()
    return Envelope(group.encode(), smtputf8=for_reader, sized=told_size is not None)


def xtext(text: str) -> str:
    """Return ASCII text in the form that parameters are given in (RFC 3461 section 4)."""
    if _NEEDS_NO_XTEXT.fullmatch(text):
        return text
    return "".join(char if "!" <= char <= "~" and char not in "+=" else f"+{ord(char):02X}" for char in text)


def without_token(sender: str) -> str:
    """Return a return path as it may be shown: whoever knows its token can make bounces for a reader."""
    local, at, domain = sender.rpartition("@")
    return f"{local.partition('+')[0]}+…{at}{domain}" if "+" in local else sender


def _is_unsafe(address: str) -> bool:
    # Most are found safe without the expression, which takes three times as long.
    is_plain = address.isascii() and address.isprintable()
    is_safe = is_plain and " " not in address and "<" not in address and ">" not in address
    return not is_safe and _UNSAFE.search(address) is not None


def _check_sender(sender: str, extensions: Mapping[str, str]) -> None:
    problem = ""
    if _is_unsafe(sender):
        problem = "is no address"
    elif not sender.isascii() and "smtputf8" not in extensions:
        problem = "needs SMTPUTF8, which the server does not offer"
    if problem:
        raise SenderRefusedError(f"the sender {sender!r} {problem} ({CHECK_SENDER})", permanent=True)


def _obstacle(message: Message, size: int, extensions: Mapping[str, str]) -> Reply | None:
    """Return what a server would say that knew what we know, or None if nothing is in the way."""
    recipient, limit = message.recipient, _size_limit(extensions.get("size", ""))
    if "@" not in recipient or _is_unsafe(recipient):
        return Reply(phase=SendPhase.RCPT, code=0, text="not an address that can be sent to")
    if not recipient.isascii() and "smtputf8" not in extensions:
        text = "the address needs SMTPUTF8, which the server does not offer"
        return Reply(phase=SendPhase.RCPT, code=0, text=text)
    if limit is not None and limit < size:
        text = f"the message has {size} bytes, and the server takes at most {limit}"
        return Reply(phase=SendPhase.MAIL, code=0, text=text)
    return None


@lru_cache(maxsize=8)
def _size_limit(parameter: str) -> int | None:
    """Return the largest size that a server takes, in octets; a limit of 0 is none (RFC 1870 section 4)."""
    limit = parameter.strip()
    return int(limit) or None if limit.isdecimal() else None


def _mail_notices(message: Message) -> str:
    """Ask that a report of failure names the message and carries its header only."""
    envid = xtext(message.message_id.strip("<>")) if message.message_id.isascii() else ""
    return f" RET=HDRS ENVID={envid}" if 0 < len(envid) <= _MAX_ENVID else " RET=HDRS"


def _rcpt_notices(message: Message) -> str:
    """Ask for a report of failure, none of delay, and that it names the address as we know it."""
    orcpt = f"rfc822;{xtext(message.recipient)}" if message.recipient.isascii() else ""
    return f" NOTIFY=FAILURE ORCPT={orcpt}" if 0 < len(orcpt) <= _MAX_ORCPT else " NOTIFY=FAILURE"
