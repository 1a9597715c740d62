"""DKIM and DMARC records, signatures, and domains that belong together."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from newsletter.doctor.dkim import judge_coverage, judge_dkim, parse_tags
from newsletter.doctor.dmarc import Policy, judge_alignment, judge_dmarc, parse_version
from newsletter.doctor.dns import Answer, Outcome
from newsletter.doctor.domains import are_aligned, is_free_provider, organisation_of
from newsletter.messages.dkim_keys import DkimKey
from newsletter.model.findings import FindingState
from newsletter.model.keys import KeyFile, KeyType, PublishedKey

OK, WARN, FAIL = FindingState.OK, FindingState.WARN, FindingState.FAIL


def said(*records: str) -> Answer:
    return Answer(outcome=Outcome.FOUND if records else Outcome.NOTHING, records=records)


def published(key: DkimKey) -> PublishedKey:
    file = KeyFile(selector=key.selector, path=Path("dkim/s1.pem"))
    return PublishedKey(file=file, key_type=key.key_type, domain="a.example", record=key.record("a.example"))


@pytest.fixture(scope="module")
def rsa() -> DkimKey:
    return DkimKey.generate(KeyType.RSA, selector="s1")


@pytest.fixture(scope="module")
def ed25519() -> DkimKey:
    return DkimKey.generate(KeyType.ED25519, selector="s2")


def test_a_key_is_known_in_every_form_that_verifiers_know(rsa: DkimKey, ed25519: DkimKey) -> None:
    bare = rsa.private.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    key = base64.b64encode(bare).decode()
    of_rsa = rsa.record("a.example").value
    forms = [
        of_rsa,
        of_rsa.replace("k=rsa; ", ""),
        f"k=rsa;p={key}",
        f"v=DKIM1; h=sha256; s=email; t=s; p={key}",
    ]
    # White space in a long value, as web forms leave it.
    forms.append(of_rsa[:90] + " \t" + of_rsa[90:])
    assert [judge_dkim(published(rsa), said(form)).state for form in forms] == [OK] * 5
    assert judge_dkim(published(ed25519), said(ed25519.record("a.example").value)).state is OK


@pytest.mark.parametrize(
    ("change", "state", "words"),
    [
        (("v=DKIM1", "v=DKIM2"), FAIL, "is of version 'DKIM2'"),
        (("k=rsa", "k=ed25519"), FAIL, "is said to be of type ed25519"),
        (("k=rsa", "k=rsa; h=sha1"), FAIL, "does not allow sha256"),
        (("k=rsa", "k=rsa; s=other"), FAIL, "is not meant for mail"),
        (("p=MII", "p=MIJ"), FAIL, "is not the one that signs (dkim/s1.pem)"),
        (("p=MII", "p=!"), FAIL, "is not the one that signs"),
        (("p=", "q="), FAIL, "it has no p="),
        (("k=rsa", "k=rsa; t=y:s"), WARN, "is a test (t=y)"),
    ],
)
def test_what_verifiers_refuse_is_named(
    rsa: DkimKey, change: tuple[str, str], state: FindingState, words: str
) -> None:
    finding = judge_dkim(published(rsa), said(rsa.record("a.example").value.replace(*change, 1)))
    assert finding.state is state
    assert words in finding.what
    assert "s1._domainkey.a.example" in finding.repair


def test_the_other_kind_of_key_is_not_taken_for_ours(rsa: DkimKey, ed25519: DkimKey) -> None:
    assert judge_dkim(published(rsa), said(ed25519.record("a.example").value)).state is FAIL
    assert judge_dkim(published(rsa), said(*[rsa.record("a.example").value] * 2)).state is FAIL
    silent = judge_dkim(published(rsa), Answer(outcome=Outcome.UNANSWERED, problem="nobody answers"))
    assert (silent.state, "nobody answers" in silent.what) == (WARN, True)


@given(st.text(max_size=60))
def test_any_text_is_read_as_tags(text: str) -> None:
    assert all(name == name.strip().lower() for name in parse_tags(text))


HEADER = b"From: a@a.example\r\nList-Unsubscribe: <https://a.example/u/1>\r\n"
POST = b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


def signature(fields: bytes) -> bytes:
    return b"DKIM-Signature: v=1; a=rsa-sha256; d=a.example;\r\n h=" + fields + b";\r\n b=abc=\r\n"


@pytest.mark.parametrize(
    ("content", "state", "words"),
    [
        (signature(b"from:list-unsubscribe:\r\n list-unsubscribe-post") + HEADER + POST, OK, "covers"),
        (signature(b"From:List-Unsubscribe") + HEADER + POST, FAIL, "does not cover list-unsubscribe-post"),
        (
            signature(b"list-unsubscribe:list-unsubscribe-post") + signature(b"from") + HEADER + POST,
            FAIL,
            "does not cover list-unsubscribe, list-unsubscribe-post",
        ),
        (HEADER + POST, WARN, "not signed here"),
        (signature(b"from:list-unsubscribe") + HEADER, FAIL, "no List-Unsubscribe-Post"),
    ],
)
def test_one_click_needs_both_fields_signed(content: bytes, state: FindingState, words: str) -> None:
    # What stands in the body counts for nothing.
    finding = judge_coverage(content + b"\r\n" + signature(b"list-unsubscribe:list-unsubscribe-post") + POST)
    assert finding.state is state
    assert words in finding.what


@pytest.mark.parametrize(
    ("domain", "organisation"),
    [
        ("news.example.org", "example.org"),
        ("a.b.example.co.uk", "example.co.uk"),
        ("example.org", "example.org"),
        ("mail.example.test", "example.test"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("EXAMPLE.ORG.", "example.org"),
        ("localhost", "localhost"),
    ],
)
def test_organisations_are_told_by_their_public_suffix(domain: str, organisation: str) -> None:
    assert organisation_of(domain) == organisation


def test_alignment_is_of_the_organisation_unless_it_is_strict() -> None:
    assert are_aligned("news.example.org", "bounces.example.org", strict=False)
    assert not are_aligned("news.example.org", "bounces.example.org", strict=True)
    assert not are_aligned("one.co.uk", "two.co.uk", strict=False)
    assert is_free_provider("googlemail.com")
    assert not is_free_provider("gmail.com.example.org")


@pytest.mark.parametrize(
    ("text", "is_record"),
    [
        ("v=DMARC1; p=none", True),
        ("v=DMARC1;p=none", True),
        ("v = DMARC1 ; p=none", True),
        ("v=DMARC1", True),
        ("v=DMARC12; p=none", False),
        ("p=none; v=DMARC1", False),
        ("dmarc", False),
    ],
)
def test_a_dmarc_record_begins_with_its_version(text: str, is_record: bool) -> None:
    assert parse_version(text) is is_record


def policy(text: str, *, found_at: str = "example.org") -> Policy:
    return Policy(domain="news.example.org", found_at=found_at, texts=(text,))


def test_a_domain_below_has_the_policy_for_those_below() -> None:
    assert policy("v=DMARC1; p=reject; sp=none").asks_for == "none"
    assert policy("v=DMARC1; p=reject; sp=none", found_at="news.example.org").asks_for == "reject"
    assert policy("v=DMARC1; p=Quarantine").asks_for == "quarantine"
    broken = judge_dmarc(policy("v=DMARC1; p=quarantaine"), reports_to="a@example.org")
    assert (broken.state, "p=quarantaine" in broken.what) == (FAIL, True)


@pytest.mark.parametrize(
    ("text", "envelope", "signing", "state", "words"),
    [
        ("v=DMARC1; p=none", "news.example.org", ["news.example.org"], OK, "SPF and DKIM"),
        ("v=DMARC1; p=none", "b.example.org", ["example.org"], OK, "SPF and DKIM"),
        ("v=DMARC1; p=none; aspf=s", "b.example.org", ["example.org"], WARN, "only DKIM counts"),
        ("v=DMARC1; p=none; adkim=s", "b.example.org", ["example.org"], WARN, "only SPF counts"),
        ("v=DMARC1; p=none; adkim=s; aspf=s", "b.example.org", ["example.org"], FAIL, "neither SPF nor DKIM"),
        ("v=DMARC1; p=none", "relay.example", [], WARN, "unless your relay signs for it"),
        ("v=DMARC1; p=none", "b.example.org", [], OK, "if your relay signs for it"),
    ],
)
def test_from_must_agree_with_what_is_checked(
    text: str, envelope: str, signing: list[str], state: FindingState, words: str
) -> None:
    finding = judge_alignment(policy(text), envelope_domain=envelope, signing_domains=signing)
    assert finding.state is state
    assert words in finding.what
