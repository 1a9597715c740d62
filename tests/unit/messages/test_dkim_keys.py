"""DKIM keys: which are taken, which are refused and in what words, and what the DNS says about them."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_public_key,
)

from newsletter.errors import DkimKeyError
from newsletter.messages import dkim_keys
from newsletter.messages.dkim_keys import DkimKey
from newsletter.model.keys import KeyType


@cache
def rsa_key(size: int = 2048) -> rsa.RSAPrivateKey:
    """A key that is made when a test first asks for it, and not by every worker as it collects."""
    return rsa.generate_private_key(public_exponent=65537, key_size=size)


def pem_of(key: object, form: PrivateFormat = PrivateFormat.PKCS8, password: bytes = b"") -> bytes:
    cover = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, form, cover)  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize("key_type", KeyType)
def test_a_key_comes_back_from_its_pem(key_type: KeyType) -> None:
    key = DkimKey.generate(key_type, selector="s1")
    again = DkimKey.from_pem(key.to_pem(), selector="S1")
    assert (again.selector, again.key_type) == ("s1", key_type)
    assert again.to_pem() == key.to_pem()
    assert again.record("example.org") == key.record("example.org")


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_both_forms_of_an_rsa_key_are_read(form: PrivateFormat) -> None:
    assert DkimKey.from_pem(pem_of(rsa_key(), form), selector="s1").key_type is KeyType.RSA


def test_windows_line_ends_and_words_around_the_key_do_no_harm() -> None:
    pem = b"made on Monday\r\n\r\n" + pem_of(rsa_key()).replace(b"\n", b"\r\n") + b"\r\n\r\n"
    assert DkimKey.from_pem(pem, selector="s1").key_type is KeyType.RSA


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: b"", "there is no private key in PEM form"),
        (lambda: b"hello", "there is no private key in PEM form"),
        (lambda: b"\xff\xfe\x00", "there is no private key in PEM form"),
        (lambda: pem_of(rsa_key())[:-200], "there is no private key in PEM form"),
        (lambda: pem_of(rsa_key(1024)), "has 1024 bits, too few to be trusted"),
        (lambda: pem_of(rsa_key(), password=b"hunter2"), "the key is encrypted"),
        (lambda: pem_of(rsa_key(), PrivateFormat.TraditionalOpenSSL, b"hunter2"), "the key is encrypted"),
        (lambda: pem_of(ec.generate_private_key(ec.SECP256R1())), "DKIM takes RSA and Ed25519"),
        (lambda: pem_of(dsa.generate_private_key(key_size=1024)), "DKIM takes RSA and Ed25519"),
        (lambda: pem_of(Ed448PrivateKey.generate()), "type Ed448; DKIM takes RSA and Ed25519"),
        (
            lambda: rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "this is a public key",
        ),
        (
            lambda: rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1),
            "this is a public key",
        ),
    ],
)
def test_a_key_that_should_not_sign_is_refused_in_one_line(made: Callable[[], bytes], message: str) -> None:
    with pytest.raises(DkimKeyError, match=message) as caught:
        DkimKey.from_pem(made(), selector="s1")
    assert "\n" not in str(caught.value)


def test_a_key_longer_than_verifiers_know_is_refused() -> None:
    # Making such a key would take many seconds.
    dkim_keys._check_size(4096)
    with pytest.raises(DkimKeyError, match="4097 bits, more than every verifier must know"):
        dkim_keys._check_size(4097)


def test_a_private_key_is_not_shown() -> None:
    key = DkimKey.generate(KeyType.ED25519, selector="s1")
    assert "private" not in repr(key)


@pytest.mark.parametrize(
    "selector", ["", "a b", "a_b", "-a", "a-", "a..b", ".a", "a" * 64, "ä", "s1;t=y", "s1\r\n"]
)
def test_a_wrong_selector_is_refused(selector: str) -> None:
    with pytest.raises(DkimKeyError, match="is not a selector"):
        DkimKey.generate(KeyType.ED25519, selector=selector)


def test_a_selector_may_have_several_labels() -> None:
    key = DkimKey.generate(KeyType.ED25519, selector="2026.News-1")
    assert key.record("example.org").name == "2026.news-1._domainkey.example.org"


def test_a_record_whose_name_the_dns_cannot_hold_is_refused() -> None:
    key = DkimKey.generate(KeyType.ED25519, selector="s" * 63)
    with pytest.raises(DkimKeyError, match="too many for the DNS"):
        key.record(".".join(["d" * 60] * 3) + ".example")


def test_the_record_of_an_rsa_key_holds_its_public_half_in_strings_that_fit() -> None:
    record = DkimKey(selector="s1", private=rsa_key()).record("Bücher.example")
    assert record.name == "s1._domainkey.xn--bcher-kva.example"
    head, _, public = record.value.partition("; p=")
    assert head == "v=DKIM1; k=rsa"
    assert public.startswith("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"), "a SubjectPublicKeyInfo"
    found = load_der_public_key(b64decode(public))
    assert isinstance(found, rsa.RSAPublicKey)
    assert found.public_numbers() == rsa_key().public_key().public_numbers()
    name, _, strings = record.zone_line.partition(" IN TXT ")
    assert name == record.name + "."
    parts = strings.strip('"').split('" "')
    assert [len(part) for part in parts[:-1]] == [255]
    assert "".join(parts) == record.value
