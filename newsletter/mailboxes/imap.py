"""A mailbox on an IMAP server (RFC 3501): over TLS from the first byte, with the certificate verified."""

import base64
import imaplib
import re
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from newsletter.errors import MailboxError
from newsletter.mailboxes.local import MAX_MESSAGE_BYTES, Arrival, Messages, News, NewsMail, Unreadable

#: Messages read in one session; the rest is read in the next one.
_MESSAGES_PER_SESSION = 1000

#: What a server may put around a message in one reply, in bytes.
_ROOM_BYTES = 65536

_SIZE = re.compile(rb"RFC822\.SIZE (\d{1,12})")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_BEYOND_ASCII = re.compile(r"[^\x20-\x7e]+|&")


@dataclass(frozen=True, kw_only=True)
class ImapMailbox:
    """One folder of an account; what is read is marked as seen, and nothing else is changed."""

    host: str
    port: int = 993
    username: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    #: Longest wait for an answer, in seconds.
    timeout_seconds: float = 30.0
    #: Longest session in all, in seconds: a server that trickles must not hold it up for ever.
    session_seconds: float = 600.0
    #: Trusted certificates; the system's when None.
    context: ssl.SSLContext | None = None
    #: What the operator is pointed to when sign-in or folder is wrong.
    sign_in_setting: str = "BOUNCE_IMAP_USERNAME and BOUNCE_IMAP_PASSWORD"
    folder_setting: str = "BOUNCE_IMAP_FOLDER"

    @property
    def place(self) -> str:
        """Server and folder."""
        return f"{self.folder} of {self.username} at {self.host}"

    def unread(self) -> Messages:
        """Yield the messages not marked as seen, at most a thousand in one session.

        Raises:
            MailboxError: The server cannot be reached, refuses us, or breaks off.
        """
        with self._session(most_bytes=MAX_MESSAGE_BYTES) as client:
            self._sign_in(client)
            yield from self._messages(client)

    def news(self, last_key: str, *, after: datetime, max_bytes: int) -> News:
        """Yield mails that were not taken, in the order of arrival; nothing in the account is changed.

        Keys are UIDVALIDITY and UID (RFC 3501, section 2.3.1.1): what was taken is not asked for again.

        Args:
            last_key: Of the mail that was taken last; "" for none.
            after: With no such mail, or when the server has numbered all anew: what arrived before that day
                (UTC) is left alone.
            max_bytes: Larger ones are not fetched.

        Raises:
            MailboxError: The server cannot be reached, refuses us, or breaks off.
        """
        with self._session(most_bytes=max_bytes) as client:
            self._sign_in(client, readonly=True)
            validity = _number(client.response("UIDVALIDITY"))
            last_validity, _, last_uid = last_key.partition(".")
            goes_on = last_uid.isdecimal() and int(last_validity) == validity
            begin = int(last_uid) + 1 if goes_on else 1
            # IMAP's own names of months; strftime would use the machine's language.
            month = _MONTHS[after.month - 1]
            since = () if goes_on else ("SINCE", f"{after.day}-{month}-{after.year}")
            with self._translated("broke off"):
                found = _checked(client.uid("SEARCH", "UID", f"{begin}:*", *since))
            words = b" ".join(line for line in found if line).decode("ascii", "replace").split()
            # "n:*" names the last mail even where its UID is smaller.
            uids = sorted(int(word) for word in words if word.isdecimal() and int(word) >= begin)
            for uid in uids[:_MESSAGES_PER_SESSION]:
                yield from self._mail(client, f"{validity:010d}.{uid:010d}", uid, max_bytes)

    def _mail(self, client: "_Client", key: str, uid: int, max_bytes: int) -> News:
        with self._translated("broke off"):
            sizes = _checked(client.uid("FETCH", str(uid), "(RFC822.SIZE)"))
            size = next((int(found[1]) for line in sizes if (found := _SIZE.search(line))), 0)
            if size > max_bytes:
                yield NewsMail(key=key, size=size)
                return
            answer = client.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{max_bytes + 1}>)")
            _checked(answer)
        content = _literal(answer)
        # Taken away by another program in the meantime, it is none.
        if content is not None:
            is_cut = len(content) > max_bytes
            yield NewsMail(key=key, content=None if is_cut else content, size=len(content))

    @contextmanager
    def _session(self, *, most_bytes: int) -> "Iterator[_Client]":
        with self._translated("cannot be reached"):
            client = _Client(self.host, self.port, self.context, self.timeout_seconds)
        client.most_bytes = most_bytes
        deadline = threading.Timer(self.session_seconds, client.cut)
        deadline.daemon = True
        deadline.start()
        try:
            yield client
        finally:
            deadline.cancel()
            with suppress(imaplib.IMAP4.error, OSError):
                client.logout()
            with suppress(OSError):
                client.shutdown()

    def _sign_in(self, client: "_Client", *, readonly: bool = False) -> None:
        with self._translated(f"refuses the sign-in: see {self.sign_in_setting}", permanent=True):
            if "AUTH=PLAIN" in client.capabilities:
                # Unlike LOGIN it can carry any character (RFC 4616).
                credentials = f"\0{self.username}\0{self.password}".encode()
                client.authenticate("PLAIN", lambda _: credentials)
            else:
                client.login(self.username, self.password)
        with self._translated(f"has no folder {self.folder!r}: see {self.folder_setting}"):
            _checked(client.select(_encoded_name(self.folder), readonly=readonly))

    def _messages(self, client: "_Client") -> Messages:
        with self._translated("broke off"):
            found = _checked(client.uid("SEARCH", "UNSEEN"))
        uids = b" ".join(line for line in found if line).decode("ascii", "replace").split()
        for uid in uids[:_MESSAGES_PER_SESSION]:
            with self._translated("broke off"):
                # PEEK leaves it unread until it is recorded; the server itself cuts what is too long.
                answer = client.uid("FETCH", uid, f"(BODY.PEEK[]<0.{MAX_MESSAGE_BYTES}>)")
            if answer[0] != "OK":
                # Passed over in silence, it would stay unread for ever and nobody would know.
                yield Unreadable(problem=self._line(f"does not give message {uid}", _refusal(answer)))
                continue
            content = _literal(answer)
            if content is None:
                # Taken away by another program in the meantime.
                continue
            yield Arrival(content=content, mark_read=partial(self._mark, client, uid))
        if len(uids) > _MESSAGES_PER_SESSION:
            rest = len(uids) - _MESSAGES_PER_SESSION
            yield Unreadable(problem=f"{self.place}: {rest:,} more unread messages wait for the next session")

    def _mark(self, client: "_Client", uid: str) -> None:
        with self._translated("took a message's mark for read amiss"):
            _checked(client.uid("STORE", uid, "+FLAGS.SILENT", r"(\Seen)"))

    @contextmanager
    def _translated(self, what: str, *, permanent: bool = False) -> Iterator[None]:
        """Turn what imaplib and the network raise into one line without the password."""
        try:
            yield
        except ssl.SSLCertVerificationError as error:
            reason = f"its certificate does not verify: {error.verify_message}"
            raise MailboxError(f"{self.place} cannot be reached: {reason}") from error
        except (imaplib.IMAP4.error, OSError, ValueError) as error:
            broke_off = isinstance(error, OSError | imaplib.IMAP4.abort)
            raise MailboxError(self._line(what, error), permanent=permanent and not broke_off) from None

    def _line(self, what: str, error: Exception) -> str:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        if isinstance(error, UnicodeError):
            # Its own words would name a character of the password.
            reason = "it takes ASCII letters only"
        elif isinstance(error, TimeoutError):
            reason = f"no answer for {self.timeout_seconds:g} s"
        elif error.args and isinstance(error.args[0], bytes):
            reason = error.args[0].decode("utf-8", "replace")
        if self.password:
            reason = reason.replace(self.password, "********")
        words = " ".join("".join(c if c.isprintable() else " " for c in reason).split())
        return f"{self.place} {what} ({words[:200]})"


class _Client(imaplib.IMAP4_SSL):
    """imaplib's client, with a bound to what a server can make it hold."""

    most_bytes = MAX_MESSAGE_BYTES

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None, timeout_seconds: float) -> None:
        context = context or ssl.create_default_context()
        super().__init__(host, port, ssl_context=context, timeout=timeout_seconds)

    def read(self, size: int) -> bytes:
        """Read a literal, if it is no larger than what was asked for."""
        if size > self.most_bytes + _ROOM_BYTES:
            raise self.abort(f"the server sends {size:,} bytes that nobody asked for")
        return super().read(size)

    def cut(self) -> None:
        """End the connection from another thread, so that whoever waits on it wakes."""
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)


_Answer = tuple[str, Sequence[object]]


def _checked(answer: _Answer) -> list[bytes]:
    if answer[0] != "OK":
        raise _refusal(answer)
    return [line for line in answer[1] if isinstance(line, bytes)]


def _refusal(answer: _Answer) -> Exception:
    words = b" ".join(line for line in answer[1] if isinstance(line, bytes))
    return imaplib.IMAP4.error(words.decode("utf-8", "replace"))


def _number(answer: tuple[str, Sequence[object]]) -> int:
    """Return the number in an untagged answer, 0 if there is none."""
    words = next((line for line in answer[1] if isinstance(line, bytes)), b"")
    return int(words) if words.isdigit() else 0


def _literal(answer: _Answer) -> bytes | None:
    """Return the message in the answer to FETCH, or None if there is none."""
    for part in answer[1]:
        if isinstance(part, tuple) and len(part) == 2 and isinstance(part[1], bytes):
            return part[1]
    return None


def _encoded_name(name: str) -> str:
    """Return a folder's name quoted, in modified UTF-7 (RFC 3501 section 5.1.3)."""

    def encode(found: re.Match[str]) -> str:
        """Return what stands for characters beyond ASCII, or for an ampersand."""
        if found[0] == "&":
            return "&-"
        digits = base64.b64encode(found[0].encode("utf-16-be")).decode("ascii")
        return f"&{digits.rstrip('=').replace('/', ',')}-"

    escaped = _BEYOND_ASCII.sub(encode, name).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
