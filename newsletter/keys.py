"""Keys: DKIM keys are made, read, shown as DNS records, and put to use."""

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from newsletter.errors import DkimKeyError
from newsletter.messages.addresses import ascii_host
from newsletter.messages.dkim import Signer
from newsletter.messages.dkim_keys import DkimKey
from newsletter.model.keys import KeyFile, KeyType, PublishedKey


def generate(
    folder: Path, *, domains: Sequence[str], selector: str, key_types: Sequence[KeyType]
) -> list[PublishedKey]:
    """Make keys and write each to a new PEM file that its owner alone can read.

    Args:
        folder: Where the files go; made if it is not there.
        domains: Whose mail they will sign.
        selector: With several types, each gets its type behind it.
        key_types: One key is made of each.

    Raises:
        DkimKeyError: A domain or the selector is wrong, a file is there already, or its name could not stand
            in DKIM_KEYS; no key is written.
    """
    folder = _expanded(folder)
    names = {kind: f"{selector}-{kind.value}" if len(key_types) > 1 else selector for kind in key_types}
    keys = [DkimKey.generate(kind, selector=name) for kind, name in names.items()]
    files = [KeyFile(selector=key.selector, path=folder / f"{key.selector}.pem") for key in keys]
    made = _published(files, keys, domains)
    if "," in str(folder):
        raise DkimKeyError(f"{folder}: its name holds a comma, which parts keys in DKIM_KEYS: choose another")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write_new({file.path: key.to_pem() for file, key in zip(files, keys, strict=True)})
    return made


def read_keys(files: Iterable[KeyFile]) -> tuple[DkimKey, ...]:
    """Read private keys.

    Raises:
        DkimKeyError: A file cannot be read or holds no key to sign with; names the file.
    """
    return tuple(_read_key(file) for file in files)


def published(files: Sequence[KeyFile], *, domains: Iterable[str]) -> list[PublishedKey]:
    """Return what the DNS of each domain must say about each key.

    Raises:
        DkimKeyError: A key cannot be read, two have one selector, or a domain is wrong.
    """
    return _published(files, read_keys(files), domains)


def signing(
    files: Sequence[KeyFile], *, domain: str, sender_domains: Iterable[str]
) -> Callable[[str], Signer]:
    """Return what finds the signer of a message, called with the domain of its sender.

    Args:
        files: The private keys; they are read now.
        domain: What signatures name; empty: the domain of each message's sender.
        sender_domains: Those that are known already, so that a wrong one is found before anything is sent.

    Raises:
        DkimKeyError: A key cannot be read, two have one selector, or a domain is wrong.
    """
    keys = read_keys(files)

    @cache
    def signer(signing_domain: str) -> Signer:
        """Return what signs for a domain, made once."""
        return Signer(domain=signing_domain, keys=keys)

    for known in [domain] if domain else sender_domains:
        signer(known)
    return lambda sender_domain: signer(domain or sender_domain)


def oddities(files: Iterable[KeyFile], *, domain: str, sender_domains: Iterable[str]) -> Iterator[str]:
    """Yield what is odd about the keys' settings without being wrong, a line for each."""
    for file in files:
        if _readable_by_all(file.path):
            yield f"{file.path} can be read by everybody on this machine: chmod 600 {file.path}"
    for sender_domain in sender_domains if domain else ():
        if _end(domain) != _end(sender_domain):
            yield (
                f"DKIM_DOMAIN is {domain}, and mail comes from {sender_domain}: "
                "DMARC will not count signatures of another organisation"
            )


def _end(domain: str) -> list[str]:
    """Return the last two labels, which domains of one organisation share (RFC 7489 section 3.2)."""
    return (ascii_host(domain) or domain).split(".")[-2:]


def _published(
    files: Sequence[KeyFile], keys: Sequence[DkimKey], domains: Iterable[str]
) -> list[PublishedKey]:
    signers = [Signer(domain=domain, keys=keys) for domain in domains] if keys else []
    return [
        PublishedKey(file=file, key_type=key.key_type, domain=signer.domain, record=key.record(signer.domain))
        for signer in signers
        for file, key in zip(files, signer.keys, strict=True)
    ]


def _read_key(file: KeyFile) -> DkimKey:
    try:
        pem = _expanded(file.path).read_bytes()
    except FileNotFoundError as error:
        raise DkimKeyError(
            f"DKIM_KEYS: {file.path} is not there: `newsletter dkim generate` makes keys"
        ) from error
    except OSError as error:
        raise DkimKeyError(f"DKIM_KEYS: {file.path} cannot be read: {error.strerror}") from error
    try:
        return DkimKey.from_pem(pem, selector=file.selector)
    except DkimKeyError as error:
        raise DkimKeyError(f"DKIM_KEYS: {file}: {error}") from error


def _expanded(path: Path) -> Path:
    """Return a path with the home folder in place of `~`, or as it is if there is no such home."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def _readable_by_all(path: Path) -> bool:
    try:
        return bool(_expanded(path).stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


def _write_new(files: dict[Path, bytes]) -> None:
    """Write files that must not be there yet: all of them or none."""
    written: list[Path] = []
    try:
        for path, content in files.items():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            written.append(path)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
    except OSError as error:
        for path in written:
            path.unlink()
        if isinstance(error, FileExistsError):
            raise DkimKeyError(
                f"{error.filename} is there already, and a key is never overwritten: "
                "name another selector with --selector"
            ) from error
        raise
