"""Links: signed addresses of readers' own pages, short enough for a mail header, without a mail address."""

import hashlib
import re
from binascii import b2a_base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from urllib.parse import urlsplit

import itsdangerous
from itsdangerous.signer import HMACAlgorithm

from newsletter.errors import LinkError
from newsletter.messages.addresses import is_loopback, mailto
from newsletter.messages.macs import keyed

#: Bytes that are kept of each HMAC: 96 bits, 16 characters. RFC 2104 section 5 asks for 80 bits at least.
_SIGNATURE_BYTES = 12

_URL_FORM = bytes.maketrans(b"+/", b"-_")

#: With the token behind it, it must fit one line of a header: 998 characters (RFC 5322 section 2.1.1).
_LONGEST_BASE = 800

#: Number, list (a weekly digest's name has a dot of its own), signature.
_TOKEN = re.compile(r"[0-9a-z]{1,13}\.[0-9a-z.-]{1,64}\.[A-Za-z0-9_-]{16}", re.ASCII)

_NOT_VALID = "this link is not valid: copy the whole of it from the mail"

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
#: Two digits at a time.
_PAIRS = [high + low for high in _DIGITS for low in _DIGITS]


class LinkPurpose(StrEnum):
    """What a token is good for; the value is the first part of the page's path."""

    #: Leave the list.
    UNSUBSCRIBE = "u"
    #: Change cadence and lists.
    PREFERENCES = "p"
    #: Read an edition as a web page.
    VIEW = "e"
    #: Confirm a sign-up.
    CONFIRM = "c"
    #: Take back that one has just left.
    RETURN = "r"


@dataclass(frozen=True, kw_only=True)
class LinkTarget:
    """What a token stands for."""

    list_name: str
    #: The subscriber's id; for `VIEW` the edition's number, for `CONFIRM` the sign-up's id.
    number: int


class _ShortHMAC(HMACAlgorithm):
    """HMAC cut to its first bytes (RFC 2104 section 5), so that a link fits its header line."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        """Return the first bytes of the signature of a value."""
        return super().get_signature(key, value)[:_SIGNATURE_BYTES]


class LinkSigner:
    """Makes links that nobody else can make, and reads their tokens.

    A token is `number.list.signature`, the number in base 36: 30 characters for list "daily". It does not
    expire, because unsubscribing must work from an old mail too.

    Args:
        public_url: Base address of the pages: https, or http on this machine alone.
        keys: Secrets; the first signs and all verify, so that a new one can be put in front.

    Raises:
        LinkError: The address is not fit for links, or there is no key.
    """

    def __init__(self, *, public_url: str, keys: Sequence[str]) -> None:
        self._base = _checked_base(public_url)
        if not keys or not all(keys):
            raise LinkError("links need a key to be signed with, and an empty one will not do")
        # itsdangerous signs with the last key.
        secret_keys = [key.encode("utf-8") for key in reversed(keys)]
        self._signers = {
            purpose: itsdangerous.Signer(
                secret_keys,
                salt=f"newsletter link {purpose.value}".encode(),
                key_derivation="hmac",
                digest_method=hashlib.sha256,
                algorithm=_ShortHMAC(hashlib.sha256),
            )
            for purpose in LinkPurpose
        }
        #: By keys that itsdangerous derives anew for each signature.
        self._macs = {purpose: keyed(signer.derive_key()) for purpose, signer in self._signers.items()}

    def unsubscribe_url(self, *, subscriber_id: int, list_name: str) -> str:
        """Return the address of the page that ends a subscription, and that takes one-click POSTs."""
        return self._url(LinkPurpose.UNSUBSCRIBE, list_name, subscriber_id)

    def preferences_url(self, *, subscriber_id: int, list_name: str) -> str:
        """Return the address of a reader's page for cadence and lists."""
        return self._url(LinkPurpose.PREFERENCES, list_name, subscriber_id)

    def reader_pages(self, list_name: str) -> Callable[[int], tuple[str, str]]:
        """Return what makes `unsubscribe_url` and `preferences_url` of one list, for many readers."""
        leave, settle = self._macs[LinkPurpose.UNSUBSCRIBE], self._macs[LinkPurpose.PREFERENCES]
        leave_base = f"{self._base}/{LinkPurpose.UNSUBSCRIBE.value}/"
        settle_base = f"{self._base}/{LinkPurpose.PREFERENCES.value}/"

        def pages(subscriber_id: int) -> tuple[str, str]:
            """Return the addresses of both pages."""
            payload = f"{base36(subscriber_id)}.{list_name}"
            octets = payload.encode("ascii")
            return (
                f"{leave_base}{payload}.{_signature(leave(octets))}",
                f"{settle_base}{payload}.{_signature(settle(octets))}",
            )

        return pages

    def view_url(self, list_name: str, number: int) -> str:
        """Return the address of an edition as a web page; the same for every reader."""
        return self._url(LinkPurpose.VIEW, list_name, number)

    def confirm_url(self, *, signup_id: int, list_name: str) -> str:
        """Return the address of the page that confirms a sign-up; the sign-up's own age limits it."""
        return self._url(LinkPurpose.CONFIRM, list_name, signup_id)

    def return_token(self, *, subscriber_id: int, list_name: str) -> str:
        """Return the token by which the goodbye page takes back that its reader has left."""
        return self._token(LinkPurpose.RETURN, list_name, subscriber_id)

    def read(self, token: str, purpose: LinkPurpose) -> LinkTarget:
        """Return what a token stands for.

        Args:
            token: The last part of a link's path.
            purpose: What it is to be used for; a token for another purpose does not verify.

        Raises:
            LinkError: It was not made by one of our keys for this purpose.
        """
        if not _TOKEN.fullmatch(token):
            # What decodes signatures passes over line ends and the like; one link has one form.
            raise LinkError(_NOT_VALID)
        try:
            payload = self._signers[purpose].unsign(token.encode("utf-8")).decode("ascii")
        except (itsdangerous.BadSignature, UnicodeError) as error:
            raise LinkError(_NOT_VALID) from error
        number, _, list_name = payload.partition(".")
        return LinkTarget(list_name=list_name, number=int(number, base=36))

    def _url(self, purpose: LinkPurpose, list_name: str, number: int) -> str:
        return f"{self._base}/{purpose.value}/{self._token(purpose, list_name, number)}"

    def _token(self, purpose: LinkPurpose, list_name: str, number: int) -> str:
        # The same as `Signer.sign` makes, in a fraction of the time.
        payload = f"{base36(number)}.{list_name}"
        return f"{payload}.{_signature(self._macs[purpose](payload.encode('ascii')))}"


def _signature(mac: bytes) -> str:
    """Return the first bytes of a HMAC in the URL's form of base 64 (RFC 4648 section 5)."""
    return b2a_base64(mac[:_SIGNATURE_BYTES], newline=False).translate(_URL_FORM).decode("ascii")


def mailto_unsubscribe(address: str, *, list_name: str, token: str = "") -> str:
    """Return a link that opens the mail which ends a subscription (RFC 2369 section 3.2).

    Args:
        address: Where such mails go.
        list_name: The list.
        token: Names the reader; empty: the mail's sender does.

    Raises:
        MessageRefusedError: It is not a mail address.
    """
    return mailto(address, subject=f"unsubscribe {list_name} {token}".rstrip())


def _checked_base(public_url: str) -> str:
    """Return the base address without a slash at its end."""
    try:
        parts = urlsplit(public_url)
        host = parts.hostname or ""
        port = parts.port
    except ValueError as error:
        raise LinkError(f"{public_url!r} is not a web address: {error}") from error
    plain = public_url.isascii() and public_url.isprintable() and not set(public_url) & set(' "<>\\?#@')
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    if len(public_url) > _LONGEST_BASE:
        raise LinkError(
            f"{public_url[:40]!r}... cannot be the base of readers' links: it has {len(public_url):,} "
            f"characters, and {_LONGEST_BASE} are the most that mail headers can hold"
        )
    if not plain or not host or not safe or port == 0:
        raise LinkError(
            f"{public_url!r} cannot be the base of readers' links: it must be https://host or "
            "https://host/path (http only for localhost)"
        )
    return public_url.rstrip("/")


@lru_cache(maxsize=8)
def base36(number: int) -> str:
    """Return a number in base 36.

    Raises:
        LinkError: It is below zero.
    """
    if number < 0:
        raise LinkError(f"{number} is neither a subscriber's id nor an edition's number")
    digits = ""
    while number >= 1296:
        number, pair = divmod(number, 1296)
        digits = _PAIRS[pair] + digits
    return (_PAIRS[number] + digits).lstrip("0") or "0"
