"""A mailbox on an IMAP server (RFC 3501): over TLS from the first byte, with the certificate verified."""

import base64
import imaplib
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial

from newsletter.errors import MailboxError
from newsletter.mailboxes.local import MAX_MESSAGE_BYTES, Arrival, Messages, News, NewsMail, Unreadable

#: Messages read in one session; the rest is read in the next one.
_MESSAGES_PER_SESSION = 1000

#: What a server may put around a message in one reply, in bytes.
_ROOM_BYTES = 65536

#: RFC 3501 section 2.3.1.1: UIDs are numbers of 32 bits.
_LARGEST_UID = 2**32 - 1

_ARRIVED = re.compile(rb'INTERNALDATE "([^"]{1,40})"')
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

    def news(self, last_key: Callable[[str, str], str], *, after: datetime, max_bytes: int) -> News:
        """Yield mails that were not taken, in the order of arrival; nothing in the account is changed.

        Keys are UIDVALIDITY and UID (RFC 3501, section 2.3.1.1): what was taken is not asked for again.

        Args:
            last_key: Returns the key that sorts last of the mails that were taken, between two others; "" for
                none.
            after: With no such mail, or when the server has numbered all anew: what arrived before (UTC) is
                left alone.
            max_bytes: Larger ones are not fetched.

        Raises:
            MailboxError: The server cannot be reached, refuses us, or breaks off.
        """
        with self._session(most_bytes=max_bytes) as client:
            self._sign_in(client, readonly=True)
            validity = _number(client.response("UIDVALIDITY"))
            last = last_key(_key(validity, 0), _key(validity, _LARGEST_UID))
            begin = int(last.rpartition(".")[2]) + 1 if last else 1
            withheld: list[NewsMail] = []
            count = 0
            for uid in self._search(client, begin, since=None if last else after):
                mail = self._mail(client, _key(validity, uid), max_bytes, after=None if last else after)
                if mail and mail.problem:
                    withheld.append(mail)
                elif mail:
                    # The server works: what it did not give before is no passing trouble.
                    yield from withheld
                    yield mail
                    count += 1 + len(withheld)
                    withheld.clear()
                if count >= _MESSAGES_PER_SESSION:
                    return
            if withheld:
                raise MailboxError(f"{self.place} does not give a mail ({withheld[0].problem})")

    def visit(self) -> None:
        """Sign in, and open the folder without changing anything.

        Raises:
            MailboxError: The server cannot be reached, refuses us, or has no such folder.
        """
        with self._session(most_bytes=0) as client:
            self._sign_in(client, readonly=True)

    def _search(self, client: "_Client", begin: int, *, since: datetime | None) -> list[int]:
        """Return the UIDs from one on, in order."""
        criteria = ["UID", f"{begin}:*"]
        if since is not None:
            # The server goes by days of its own time zone. The months are IMAP's own names; strftime would
            # use the machine's language.
            day = since - timedelta(days=1)
            criteria += ["SINCE", f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}"]
        with self._translated("broke off"):
            found = _checked(client.uid("SEARCH", *criteria))
        words = b" ".join(line for line in found if line).decode("ascii", "replace").split()
        # "n:*" names the last mail even where its UID is smaller.
        return sorted(int(word) for word in words if word.isdecimal() and int(word) >= begin)

    def _mail(
        self, client: "_Client", key: str, max_bytes: int, *, after: datetime | None
    ) -> NewsMail | None:
        """Fetch one mail; None if it arrived before, or was taken away by another program."""
        uid = str(int(key.rpartition(".")[2]))
        told = self._fetch(client, uid, "(RFC822.SIZE INTERNALDATE)")
        if isinstance(told, str):
            return NewsMail(key=key, problem=told)
        lines = [line for line in told if isinstance(line, bytes)]
        if after is not None and any(_arrived_before(line, after) for line in lines):
            return None
        size = next((int(found[1]) for line in lines if (found := _SIZE.search(line))), 0)
        if size > max_bytes:
            return NewsMail(key=key, size=size)
        told = self._fetch(client, uid, f"(BODY.PEEK[]<0.{max_bytes + 1}>)")
        if isinstance(told, str):
            return NewsMail(key=key, problem=told)
        content = _literal(told)
        if content is None:
            return None
        is_cut = len(content) > max_bytes
        return NewsMail(key=key, content=None if is_cut else content, size=len(content))

    def _fetch(self, client: "_Client", uid: str, what: str) -> Sequence[object] | str:
        """Return the answer to FETCH, or why the server refuses this one message."""
        with self._translated("broke off"):
            try:
                answer = client.uid("FETCH", uid, what)
                _checked(answer)
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error as error:
                return self._words(error)
        return answer[1]

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
            content = _literal(answer[1])
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
        return f"{self.place} {what} ({self._words(error)})"

    def _words(self, error: Exception) -> str:
        """Return an error in words for the operator, on one line and without the password."""
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
        return words[:200]


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


def _key(validity: int, uid: int) -> str:
    return f"{validity:010d}.{uid:010d}"


def _arrived_before(line: bytes, moment: datetime) -> bool:
    """Tell whether the answer to FETCH says that a message arrived before a moment."""
    found = _ARRIVED.search(line)
    try:
        return found is not None and parsedate_to_datetime(found[1].decode("ascii", "replace")) < moment
    except (TypeError, ValueError, IndexError, OverflowError):
        return False


def _literal(parts: Sequence[object]) -> bytes | None:
    """Return the message in the answer to FETCH, or None if there is none."""
    for part in parts:
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
