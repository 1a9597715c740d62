"""Whether the DNS publishes the keys that sign our messages, and whether they sign what they must."""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence

from newsletter.doctor.dns import Answer
from newsletter.doctor.spf import CHECK_DNS
from newsletter.model.findings import Finding, fail, ok, warn
from newsletter.model.keys import KeyType, PublishedKey

_CHECK = "dns.dkim"
_ONE_CLICK = "mail.one-click"

#: Fields that one click depends on (RFC 8058 section 4).
_MUST_COVER = ("list-unsubscribe", "list-unsubscribe-post")
_FIELD = re.compile(rb"^DKIM-Signature:(.*?)\r\n(?![ \t])", re.IGNORECASE | re.DOTALL | re.MULTILINE)


def parse_tags(text: str) -> dict[str, str]:
    """Return the tags of a record or a signature, white space taken out (RFC 6376 section 3.2).

    Tag names are lower-case; of one that is there twice, the first counts.
    """
    tags: dict[str, str] = {}
    for part in text.split(";"):
        name, is_tag, value = part.partition("=")
        if is_tag:
            tags.setdefault(name.strip().lower(), "".join(value.split()))
    return tags


def judge_dkim(key: PublishedKey, answer: Answer) -> Finding:
    """Return what is to be said of the DNS record of a key.

    Args:
        key: The private key's public half, with the record that the DNS needs.
        answer: The TXT records at its name.
    """
    name = key.record.name
    publish = f"publish the TXT record that `newsletter dkim show` prints for {name}"
    if answer.is_unanswered:
        return warn(_CHECK, f"DKIM at {name}: {answer.problem}", CHECK_DNS)
    if not answer.records:
        return fail(_CHECK, f"the DNS has no DKIM key at {name}, so signatures do not verify", publish)
    if len(answer.records) > 1:
        what = (
            f"the DNS has {len(answer.records)} TXT records at {name}, and receivers may take the wrong one"
        )
        return fail(_CHECK, what, "delete all of them but the one that `newsletter dkim show` prints")
    tags = parse_tags(answer.records[0])
    problem = next(_wrong_with(tags, key), None)
    if problem is not None:
        return fail(
            _CHECK, f"the DKIM key at {name} {problem}", publish.replace("publish", "replace it with")
        )
    if "y" in tags.get("t", "").split(":"):
        what = f"the DKIM record at {name} says that it is a test (t=y): signatures count for nothing"
        return warn(_CHECK, what, f"take t=y out of the record at {name}")
    kind = "RSA" if key.key_type is KeyType.RSA else "Ed25519"
    return ok(_CHECK, f"the DNS has the {kind} key that signs, at {name}")


def _wrong_with(tags: dict[str, str], key: PublishedKey) -> Iterator[str]:
    """Yield why verifiers would not take a record (RFC 6376 section 3.6.1)."""
    if tags.get("v", "DKIM1") != "DKIM1":
        yield f"is of version {tags['v']!r}, not DKIM1"
    if "p" not in tags:
        yield "cannot be read: it has no p="
    if tags.get("p") == "":
        yield "is revoked (p= is empty)"
    if tags.get("k", "rsa").lower() != key.key_type.value:
        yield f"is said to be of type {tags.get('k', 'rsa')}, and the one that signs is {key.key_type.value}"
    if "sha256" not in tags.get("h", "sha256").lower().split(":"):
        yield "does not allow sha256 (h=)"
    if not {"*", "email"} & set(tags.get("s", "*").lower().split(":")):
        yield "is not meant for mail (s=)"
    if not _same_key(tags.get("p", ""), parse_tags(key.record.value)["p"]):
        yield f"is not the one that signs ({key.file.path})"


def _same_key(published: str, ours: str) -> bool:
    """Return whether two public keys are one; RSA keys are published with or without their envelope."""
    try:
        theirs = base64.b64decode(published, validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(theirs) >= 32 and base64.b64decode(ours).endswith(theirs)


def judge_coverage(content: bytes) -> Finding:
    """Return whether the signatures of a message cover what one click depends on (RFC 8058 section 4).

    Args:
        content: A message as it would be sent, signed or not.
    """
    header = content.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    lowered = header.lower()
    if b"\r\nlist-unsubscribe-post:" not in lowered:
        what = "messages carry no List-Unsubscribe-Post, so mail programs offer no one-click unsubscribing"
        return fail(_ONE_CLICK, what, "set PUBLIC_URL to an https address")
    signatures = [parse_tags(match.decode("latin-1")) for match in _FIELD.findall(header)]
    if not signatures:
        return warn(
            _ONE_CLICK,
            "messages are not signed here: your relay has to cover List-Unsubscribe-Post by its signature",
            "send yourself a copy (newsletter send --to ADDRESS) and look for both fields in h= of its "
            "DKIM-Signature; or sign here: newsletter dkim generate",
        )
    bare = _uncovered(signatures)
    if bare:
        what = f"the DKIM signature does not cover {', '.join(bare)}: mail programs then show no button"
        return fail(_ONE_CLICK, what, "report this: every signature made here should cover them")
    return ok(_ONE_CLICK, "the DKIM signature covers List-Unsubscribe and List-Unsubscribe-Post")


def _uncovered(signatures: Sequence[dict[str, str]]) -> list[str]:
    named = [set(tags.get("h", "").lower().split(":")) for tags in signatures]
    return [field for field in _MUST_COVER if not all(field in fields for fields in named)]
