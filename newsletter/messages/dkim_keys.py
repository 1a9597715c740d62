"""DKIM keys: read from PEM, made anew, and published as DNS records."""

import re
from base64 import b64encode
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from newsletter.errors import DkimKeyError
from newsletter.messages.addresses import ascii_host
from newsletter.model.keys import KeyRecord, KeyType

#: RFC 8301 section 3.2: signers should use 2048 bits at least; verifiers need not know more than 4096.
_FEWEST_BITS, _MOST_BITS = 2048, 4096

#: RFC 5321 section 4.1.2 (sub-domain), with the length of RFC 1035 section 2.3.4.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_SELECTOR = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?![0-9]+\Z){_LABEL}")
#: RFC 1035 section 2.3.4, less the length octets at both ends.
_LONGEST_NAME = 253


def check_selector(selector: str) -> str:
    """Return a selector (RFC 6376 section 3.1) in lower case.

    Raises:
        DkimKeyError: It is not one.
    """
    if not _SELECTOR.fullmatch(selector.lower()):
        raise DkimKeyError(
            f"{selector!r} is not a selector: letters, digits and hyphens are expected, such as s2026"
        )
    return selector.lower()


def check_domain(domain: str) -> str:
    """Return a domain in lower case, with international labels as A-labels (RFC 5890).

    Raises:
        DkimKeyError: It is not a domain that could publish a key.
    """
    host = ascii_host(domain)
    if host is None or not _DOMAIN.fullmatch(host):
        raise DkimKeyError(
            f"{domain!r} is not a domain that can sign mail: a name such as example.org is expected"
        )
    return host


@dataclass(frozen=True, kw_only=True)
class DkimKey:
    """A private key with the selector under which the DNS has its public half."""

    selector: str
    private: RSAPrivateKey | Ed25519PrivateKey = field(repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "selector", check_selector(self.selector))

    @classmethod
    def from_pem(cls, pem: bytes, *, selector: str) -> "DkimKey":
        """Read an unencrypted private key: PKCS #8 (RFC 5958) or traditional.

        Raises:
            DkimKeyError: It is none, or none that DKIM should use; says what to do.
        """
        if b"PRIVATE KEY-----" not in pem and b"PUBLIC KEY-----" in pem:
            raise DkimKeyError("this is a public key; the private one is needed to sign")
        try:
            key = load_pem_private_key(pem, password=None)
        except TypeError as error:
            raise DkimKeyError("the key is encrypted: store it without a password") from error
        except (ValueError, UnsupportedAlgorithm) as error:
            raise DkimKeyError(
                "there is no private key in PEM form (-----BEGIN PRIVATE KEY-----) "
                "that can be read: `newsletter dkim generate` makes one"
            ) from error
        if isinstance(key, RSAPrivateKey):
            _check_size(key.key_size)
        elif not isinstance(key, Ed25519PrivateKey):
            kind = type(key).__name__.lstrip("_").removesuffix("PrivateKey")
            raise DkimKeyError(f"this is a key of type {kind}; DKIM takes RSA and Ed25519")
        return cls(selector=selector, private=key)

    @classmethod
    def generate(cls, key_type: KeyType, *, selector: str) -> "DkimKey":
        """Make a key; RSA of 2048 bits, whose record any DNS server takes.

        Raises:
            DkimKeyError: The selector is wrong.
        """
        if key_type is KeyType.RSA:
            rsa = generate_private_key(public_exponent=65537, key_size=_FEWEST_BITS)
            return cls(selector=selector, private=rsa)
        return cls(selector=selector, private=Ed25519PrivateKey.generate())

    @property
    def key_type(self) -> KeyType:
        """What the key is made for."""
        return KeyType.RSA if isinstance(self.private, RSAPrivateKey) else KeyType.ED25519

    def to_pem(self) -> bytes:
        """Return the private key as PKCS #8, unencrypted."""
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def signature(self, content: bytes) -> bytes:
        """Sign by rsa-sha256 (RFC 6376 section 3.3.2) or ed25519-sha256 (RFC 8463 section 3)."""
        if isinstance(self.private, RSAPrivateKey):
            return self.private.sign(content, PKCS1v15(), SHA256())
        # Ed25519 is given the hash: verifiers have that and nothing else.
        return self.private.sign(sha256(content).digest())

    def record(self, domain: str) -> KeyRecord:
        """Return the DNS record of the public half (RFC 6376 section 3.6.1; RFC 8463 section 4.2).

        Raises:
            DkimKeyError: It is not a domain, or the record's name would be too long.
        """
        name = f"{self.selector}._domainkey.{check_domain(domain)}"
        if len(name) > _LONGEST_NAME:
            raise DkimKeyError(
                f"{name} has more than {_LONGEST_NAME} characters, too many for the DNS: "
                "choose a shorter selector"
            )
        public = self.private.public_key()
        if self.key_type is KeyType.RSA:
            # RFC 6376 says RSAPublicKey; its own example, and every verifier, has SubjectPublicKeyInfo.
            octets = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        else:
            octets = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        value = f"v=DKIM1; k={self.key_type.value}; p={b64encode(octets).decode('ascii')}"
        return KeyRecord(name=name, value=value)


def _check_size(bits: int) -> None:
    if bits < _FEWEST_BITS:
        raise DkimKeyError(
            f"this RSA key has {bits} bits, too few to be trusted (RFC 8301): "
            f"make one of {_FEWEST_BITS} with `newsletter dkim generate`"
        )
    if bits > _MOST_BITS:
        raise DkimKeyError(
            f"this RSA key has {bits} bits, more than every verifier must know (RFC 8301): "
            f"make one of {_FEWEST_BITS} with `newsletter dkim generate`"
        )
