"""Mails that S/MIME wraps in one piece: what is signed is read, what is encrypted is refused."""

from __future__ import annotations

import base64
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import DocumentRefusedError
from newsletter.model.documents import RefusalReason
from newsletter.sources.formats.mail import parse_mail
from newsletter.sources.formats.smime import signed_content
from newsletter.sources.parse import SourceAliases, TextReader

READER = TextReader(aliases=SourceAliases.with_extra({}), detect=lambda _: None)
NEWS = "The harbour of Port Aldis reopened on Monday morning after a gale had kept it closed for two days."
PLAIN = f"Content-Type: text/plain; charset=utf-8\r\n\r\n{NEWS}\r\n".encode()
HEAD = "From: Port <news@port.example>\nSubject: Harbour reopens\n"
#: As OpenSSL writes it while it reads: no lengths, octets in pieces.
STREAMED = base64.b64decode("""
MIAGCSqGSIb3DQEHAqCAMIACAQMxDTALBglghkgBZQMEAgEwgAYJKoZIhvcNAQcBoIAkgASBj0NvbnRlbnQtVHlwZTogdGV4
dC9wbGFpbjsgY2hhcnNldD11dGYtOA0KDQpUaGUgaGFyYm91ciBvZiBQb3J0IEFsZGlzIHJlb3BlbmVkIG9uIE1vbmRheSBt
b3JuaW5nIGFmdGVyIGEgZ2FsZSBoYWQga2VwdCBpdCBjbG9zZWQgZm9yIHR3byBkYXlzLg0KAAAAAAAAMX4wfAIBA4AUOezR
BZqX6PYUHojFGO75NawL4kAwCwYJYIZIAWUDBAIBMAoGCCqGSM49BAMCBEgwRgIhAO70bZ7tuCUUELODSqEGkGPpJwRrnF8y
S4z2Snc6GqnxAiEA+yuBTg+juhEXacaOydkthI095XqZYGS88kL1l9mGYVMAAAAAAAA=
""")


@pytest.fixture(scope="module")
def identity() -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Port")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=9_000))
        .sign(key, hashes.SHA256())
    )
    return key, certificate


def signed(identity: tuple[rsa.RSAPrivateKey, x509.Certificate], content: bytes) -> bytes:
    key, certificate = identity
    builder = pkcs7.PKCS7SignatureBuilder(content).add_signer(certificate, key, hashes.SHA256())
    return builder.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary])


def encrypted(identity: tuple[rsa.RSAPrivateKey, x509.Certificate], content: bytes) -> bytes:
    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(content).add_recipient(identity[1])
    return builder.encrypt(Encoding.DER, [pkcs7.PKCS7Options.Binary])


def part(structure: bytes, kind: str = "application/pkcs7-mime; smime-type=signed-data") -> str:
    fields = 'Content-Disposition: attachment; filename="smime.p7m"\nContent-Transfer-Encoding: base64\n'
    return f"Content-Type: {kind}\n{fields}\n{base64.encodebytes(structure).decode()}"


def body(content: str) -> str:
    return parse_mail(content.encode(), READER).body


def refusal(content: str) -> RefusalReason:
    with pytest.raises(DocumentRefusedError) as caught:
        body(content)
    return caught.value.reason


@pytest.mark.parametrize(
    "kind",
    [
        "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m",
        "application/x-pkcs7-mime",
        'application/octet-stream; name="smime.p7m"',
    ],
)
def test_what_is_signed_in_one_piece_is_read(identity, kind: str) -> None:
    assert body(HEAD + part(signed(identity, PLAIN), kind)) == NEWS
    assert body(HEAD + part(STREAMED, kind)) == NEWS


def test_what_is_within_is_a_mail_like_any_other(identity) -> None:
    page = f"Content-Type: text/html\n\n<p>{NEWS}</p>"
    both = f"Content-Type: multipart/alternative; boundary=b\n\n--b\n\n{NEWS}\n--b\n{page}\n--b--\n".encode()
    twice = part(signed(identity, both)).encode()
    assert body(HEAD + part(signed(identity, twice))) == NEWS
    whole = f"Content-Type: message/rfc822\n\nSubject: Inside\nFrom: Port <p@port.example>\n\n{NEWS}".encode()
    assert parse_mail((HEAD + part(signed(identity, whole))).encode(), READER).headline == "Inside"
    listed = (
        f"{HEAD}Content-Type: multipart/mixed; boundary=c\n\n--c\n{part(STREAMED)}\n--c\n\nUnsubscribe\n--c--"
    )
    assert body(listed) == NEWS


def test_what_is_encrypted_is_refused_whatever_it_is_called(identity) -> None:
    secret = encrypted(identity, PLAIN)
    assert refusal(HEAD + part(secret)) is RefusalReason.ENCRYPTED
    assert refusal(HEAD + part(secret, "application/pkcs7-mime")) is RefusalReason.ENCRYPTED
    assert refusal(HEAD + part(signed(identity, part(secret).encode()))) is RefusalReason.ENCRYPTED
    beside = f"{HEAD}Content-Type: multipart/mixed; boundary=c\n\n--c\n\n{NEWS}\n--c\n{part(secret)}\n--c--"
    assert body(beside) == NEWS, "words that anybody may read are read"


def test_what_is_compressed_or_broken_is_refused_with_the_reason(identity) -> None:
    compressed = bytes.fromhex("300d060b2a864886f70d0109100109")
    assert refusal(HEAD + part(compressed)) is RefusalReason.UNSUPPORTED
    whole = signed(identity, PLAIN)
    for broken in (
        b"",
        b"x",
        whole[:40],
        whole[:-1],
        STREAMED[:-2],
        b"\x30\x80" * 100_000,
        b"\x30" + b"\xff" * 300,
    ):
        assert refusal(HEAD + part(broken)) is RefusalReason.DAMAGED
    no_content = bytes.fromhex("301a06092a864886f70d010702a00d300b0201013100300306012a")
    assert refusal(HEAD + part(no_content)) is RefusalReason.DAMAGED


@given(
    st.sampled_from([0, 1, 2, 5]),
    st.lists(st.tuples(st.integers(0, len(STREAMED) - 1), st.binary(max_size=3))),
)
def test_any_bytes_are_read_or_refused(cut: int, changes: list[tuple[int, bytes]]) -> None:
    content = bytearray(STREAMED[: len(STREAMED) - cut])
    for at, put in changes:
        content[at : at + len(put)] = put
    with suppress(DocumentRefusedError):
        signed_content(bytes(content))


def test_pieces_without_number_are_put_together_in_no_time() -> None:
    pieces = b"\x04\x01x" * 50_000
    for wrapped in (b"\x24\x80" + pieces + b"\0\0", b"\x24\x83" + len(pieces).to_bytes(3, "big") + pieces):
        inner = (
            b"\x30\x80\x06\x09" + bytes.fromhex("2a864886f70d010701") + b"\xa0\x80" + wrapped + b"\0\0\0\0"
        )
        outer = b"\x30\x80\x06\x09" + bytes.fromhex("2a864886f70d010702") + b"\xa0\x80"
        started = time.process_time()
        assert signed_content(outer + b"\x30\x80\x02\x01\x01\x31\x00" + inner + b"\0\0" * 3) == b"x" * 50_000
        assert time.process_time() - started < 5
