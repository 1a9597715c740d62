"""DKIM keys as others see them: where they lie, and what the DNS says about them."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

#: RFC 1035 section 3.3: the longest string in a TXT record, octets.
_LONGEST_STRING = 255


class KeyType(StrEnum):
    """What a key is made for; the value is its name in DNS (RFC 6376 section 3.6.1, RFC 8463 section 4)."""

    #: Every verifier knows it.
    RSA = "rsa"
    #: Short and fast; some verifiers do not know it yet, so it goes beside RSA.
    ED25519 = "ed25519"


@dataclass(frozen=True, kw_only=True)
class KeyFile:
    """Where a private key lies, and the name under which the DNS has its public half."""

    selector: str
    #: A PEM file.
    path: Path

    def __str__(self) -> str:
        """Return it as the setting has it."""
        return f"{self.selector}:{self.path}"


@dataclass(frozen=True, kw_only=True)
class KeyRecord:
    """The TXT record that publishes a key."""

    #: `selector._domainkey.domain`, with neither a dot at the end nor letters beyond ASCII.
    name: str
    value: str

    @property
    def zone_line(self) -> str:
        """The record as a line of a zone file, its value in strings of at most 255 octets."""
        starts = range(0, len(self.value), _LONGEST_STRING)
        strings = " ".join(f'"{self.value[start : start + _LONGEST_STRING]}"' for start in starts)
        return f"{self.name}. IN TXT {strings}"


@dataclass(frozen=True, kw_only=True)
class PublishedKey:
    """A key with the record that the DNS of a domain needs for it."""

    file: KeyFile
    key_type: KeyType
    domain: str
    record: KeyRecord
