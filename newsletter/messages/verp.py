"""Return paths that name a delivery (VERP), and tokens for the mail that asks to leave.

Both are signed, so that a forged bounce suppresses nobody, and written in letters of one case: mail
servers and people change the case of an address.
"""

import hmac
import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from newsletter.errors import AddressError, LinkError
from newsletter.messages.addresses import ascii_host
from newsletter.messages.links import LinkTarget, base36
from newsletter.messages.macs import keyed

#: Bytes that are kept of each HMAC: 96 bits, 20 characters. RFC 2104 section 5 asks for 80 bits at least.
_TAG_BYTES = 12
#: Below this are all ids that a database makes.
_IDS = 2**63
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
#: Two digits of base 32 at a time.
_PAIRS = [high + low for high in _BASE32 for low in _BASE32]
#: The bits that the last letter of a tag has too many, and half of all that its letters have.
_FILL, _HALF = 4, 50
_SIGNED = r"([0-9a-z]{1,13})-([a-z2-7]{20})"

#: RFC 5321 section 4.5.3.1.1.
_MAX_LOCAL_OCTETS = 64
#: Plus sign, 13 digits for any 63-bit number, hyphen, tag.
_TOKEN_OCTETS = 1 + 13 + 1 + 20
#: What a letter's token is signed with besides its number: that of a delivery is another one.
_LETTER = "letter"

#: Without ASCII, any case of `k`, `s` and `i` takes in the Kelvin sign, the long s and the Turkish ones.
_ANY_CASE = re.IGNORECASE | re.ASCII
_LOCAL_PART = re.compile(r"[a-z0-9_=+-]+(?:\.[a-z0-9_=+-]+)*", _ANY_CASE)
_LONGEST_READ = 1_000

#: BATV: `prvs=` and `btv1==` (draft-levine-smtp-batv, and Barracuda's form).
_BATV = r"(?:prvs=[0-9a-z]{1,32}=|btv1==[^=@\s]{1,64}==)?"
#: The Sender Rewriting Scheme of forwarders: hash, day, domain, local part; SRS1 puts two more in front.
_SRS = r"srs[01][=+-](?:[^=@\s]{0,128}=){2,5}?"

_SUBJECT = re.compile(
    r"(?<![a-z0-9])unsubscribe(?:[\s+]|%20){1,5}([a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?)(?:[\s+]|%20){1,5}"
    + _SIGNED
    + r"(?![a-z0-9-])",
    _ANY_CASE,
)


class ReturnPath:
    """Makes each delivery's envelope sender, and reads which delivery came back.

    `news@example.org` becomes `news+7-<tag>@example.org`, the delivery's id in base 36. The server that
    takes mail for the address must deliver `news+anything` to `news` (Postfix: `recipient_delimiter = +`).

    Args:
        address: What bounces come back to.
        keys: Secrets; the first signs and all verify, so that a new one can be put in front.

    Raises:
        AddressError: The address leaves no room for a token, or is not plain enough for one.
        LinkError: There is no key.
    """

    def __init__(self, address: str, keys: Sequence[str]) -> None:
        self._local, self._domain = _checked_address(address)
        # The address is signed too: another service with the same keys numbers its deliveries anew.
        self._keys = _purpose_keys(tuple(keys), f"newsletter return path {self._local}@{self._domain}")
        self._sign = _signing("", self._keys[0])
        plain = rf"{re.escape(self._local)}\+{_SIGNED}"
        domain = re.escape(self._domain)
        self._forms = (
            re.compile(rf"{_BATV}{plain}@{domain}\.?", _ANY_CASE),
            re.compile(rf"{_SRS}{domain}={_BATV}{plain}@[^@\s]{{1,255}}", _ANY_CASE),
        )

    def address_for(self, delivery_id: int) -> str:
        """Return a delivery's envelope sender (RFC 5321 section 4.1.1.2), at most 64 octets before the @.

        Raises:
            LinkError: It is not a delivery's id.
        """
        return f"{self._local}+{self._sign(delivery_id)}@{self._domain}"

    def letter_address_for(self, signup_id: int) -> str:
        """Return the envelope sender of the letter that answers a sign-up.

        Raises:
            LinkError: It is not a sign-up's id.
        """
        return f"{self._local}+{_signing(_LETTER, self._keys[0])(signup_id)}@{self._domain}"

    def read(self, address: str) -> int | None:
        """Return the id of the delivery that an address was made for; None if it is not ours.

        Args:
            address: In any case, with or without angle brackets; wrapped by BATV or by a forwarder's SRS.
        """
        return self._read(address, "")

    def read_letter(self, address: str) -> int | None:
        """Return the id of the sign-up whose letter an address was made for; None if it is not ours."""
        return self._read(address, _LETTER)

    def _read(self, address: str, context: str) -> int | None:
        text = address.strip().removeprefix("<").removesuffix(">")
        if len(text) > _LONGEST_READ:
            return None
        for form in self._forms:
            if match := form.fullmatch(text):
                return _verified(match[1], match[2], context, self._keys)
        return None


def unsubscribe_token(subscriber_id: int, list_name: str, keys: Sequence[str]) -> str:
    """Return what follows the list's name in the subject of the mail that asks to leave it.

    It does not expire, because leaving must work from an old mail too.

    Raises:
        LinkError: There is no key, or it is not a subscriber's id.
    """
    return unsubscribe_tokens(list_name, keys)(subscriber_id)


def unsubscribe_tokens(list_name: str, keys: Sequence[str]) -> Callable[[int], str]:
    """Return what makes the `unsubscribe_token` of many subscribers of one list.

    Raises:
        LinkError: There is no key.
    """
    return _signing(list_name.lower(), _purpose_keys(tuple(keys), _UNSUBSCRIBE)[0])


def read_unsubscribe_token(subject: str, keys: Sequence[str]) -> LinkTarget | None:
    """Return who asks to leave which list, by a subject; None if no token of ours is in it.

    Args:
        subject: Decoded; `Re:`, quotation marks, folds and `+` or `%20` for blanks do no harm.
        keys: Secrets; any may have signed.

    Raises:
        LinkError: There is no key.
    """
    match = _SUBJECT.search(subject[:_LONGEST_READ])
    if match is None:
        return None
    list_name = match[1].lower()
    number = _verified(match[2], match[3], list_name, _purpose_keys(tuple(keys), _UNSUBSCRIBE))
    return None if number is None else LinkTarget(list_name=list_name, number=number)


_UNSUBSCRIBE = "newsletter unsubscribe mail"


def _checked_address(address: str) -> tuple[str, str]:
    local, at, domain = address.strip().rpartition("@")
    host = ascii_host(domain)
    if not at or host is None:
        raise AddressError(address, "bounces need an address such as bounces@example.org")
    if not _LOCAL_PART.fullmatch(local):
        raise AddressError(
            address, "bounces need letters, digits and . _ - + before the @, since a token is put there"
        )
    room = _MAX_LOCAL_OCTETS - _TOKEN_OCTETS
    if len(local) > room:
        raise AddressError(
            address, f"at most {room} characters may stand before the @, since a token is put there"
        )
    return local.lower(), host


@lru_cache(maxsize=8)
def _purpose_keys(keys: tuple[str, ...], purpose: str) -> tuple[bytes, ...]:
    """Return keys that are good for one purpose only."""
    if not keys or not all(keys):
        raise LinkError("tokens need a key to be signed with, and an empty one will not do")
    return tuple(hmac.digest(key.encode("utf-8"), purpose.encode("utf-8"), "sha256") for key in keys)


@lru_cache(maxsize=64)
def _signing(context: str, key: bytes) -> Callable[[int], str]:
    """Return what makes signed numbers: each message has two."""
    mac, ending = keyed(key), b"." + context.encode()

    def signed(number: int) -> str:
        """Return a number with its tag."""
        if not 0 <= number < _IDS:
            raise LinkError(f"{number} is no id that a token can be made for")
        return f"{base36(number)}-{_base32(mac(b'%d%b' % (number, ending))[:_TAG_BYTES])}"

    return signed


def _verified(digits: str, tag: str, context: str, keys: Sequence[bytes]) -> int | None:
    number = int(digits, base=36)
    # Thirteen digits can say more than an id is, and one number has one spelling.
    if number >= _IDS or base36(number) != digits.lower():
        return None
    given = f"{digits}-{tag}".lower().encode("ascii")
    genuine = [hmac.compare_digest(_signing(context, key)(number).encode("ascii"), given) for key in keys]
    return number if any(genuine) else None


def _base32(octets: bytes) -> str:
    """Return the octets of a tag in base 32 (RFC 4648 section 6), small and without padding.

    The standard library needs several times as long, and each message has two tags.
    """
    number, pairs = int.from_bytes(octets, "big") << _FILL, _PAIRS
    a, b = number >> _HALF, number & ((1 << _HALF) - 1)
    return (
        f"{pairs[a >> 40]}{pairs[a >> 30 & 1023]}{pairs[a >> 20 & 1023]}{pairs[a >> 10 & 1023]}"
        f"{pairs[a & 1023]}{pairs[b >> 40]}{pairs[b >> 30 & 1023]}{pairs[b >> 20 & 1023]}"
        f"{pairs[b >> 10 & 1023]}{pairs[b & 1023]}"
    )
