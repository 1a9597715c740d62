from __future__ import annotations

from base64 import b32encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import AddressError, LinkError
from newsletter.messages.links import LinkTarget, base36
from newsletter.messages.verp import ReturnPath, _base32, read_unsubscribe_token, unsubscribe_token

KEYS = ["the newest key", "an older key"]
PATHS = ReturnPath("Bounces@Letters.example.org", KEYS)


def split(address: str) -> tuple[str, str]:
    local, _, domain = address.rpartition("@")
    return local, domain


@given(st.integers(0, 2**63 - 1), st.sampled_from([str.upper, str.lower, str.title, str.swapcase]))
def test_an_address_is_read_back_in_any_case(number: int, change: type[str]) -> None:
    address = PATHS.address_for(number)
    assert PATHS.read(change(address)) == number
    assert PATHS.read(f" <{address}> ") == number


def test_a_letters_address_is_no_deliverys_and_the_other_way_round() -> None:
    letter, delivery = PATHS.letter_address_for(7), PATHS.address_for(7)
    assert (PATHS.read_letter(letter), PATHS.read(letter)) == (7, None)
    assert (PATHS.read_letter(delivery), PATHS.read(delivery)) == (None, 7)


@given(st.integers(0, 2**63 - 1))
def test_the_longest_name_leaves_room_for_any_delivery(number: int) -> None:
    paths = ReturnPath("b" * 29 + "@example.org", KEYS)
    local, _ = split(paths.address_for(number))
    assert len(local) <= 64
    assert paths.read(paths.address_for(number)) == number


def test_an_address_is_plain() -> None:
    local, domain = split(PATHS.address_for(35))
    name, token = local.split("+")
    digits, tag = token.split("-")
    assert (name, digits, domain) == ("bounces", "z", "letters.example.org")
    assert len(tag) == 20
    assert tag == tag.lower()


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("news+bounces@example.org", "example.org"),
        ("news.desk@bücher.example", "xn--bcher-kva.example"),
        ("a@EXAMPLE.org", "example.org"),
    ],
)
def test_addresses_of_several_forms_carry_a_token(address: str, domain: str) -> None:
    paths = ReturnPath(address, KEYS)
    made = paths.address_for(7)
    assert split(made)[1] == domain
    assert paths.read(made) == 7


@pytest.mark.parametrize(
    "address",
    [
        "",
        "bounces",
        "@example.org",
        "bounces@",
        '"two words"@example.org',
        "bo,unces@example.org",
        "büro@example.org",
        "bounces@exa mple.org",
        "b" * 30 + "@example.org",
        ".bounces@example.org",
        "bounces\r\n@example.org",
    ],
)
def test_an_address_without_room_or_plainness_is_refused(address: str) -> None:
    with pytest.raises(AddressError, match="is not a usable address"):
        ReturnPath(address, KEYS)


@pytest.mark.parametrize("keys", [[], [""], ["one", ""]])
def test_keys_are_needed(keys: list[str]) -> None:
    with pytest.raises(LinkError, match="key"):
        ReturnPath("bounces@example.org", keys)
    with pytest.raises(LinkError, match="key"):
        unsubscribe_token(7, "daily", keys)


@pytest.mark.parametrize("number", [-1, 2**63])
def test_a_number_that_is_no_id_is_refused(number: int) -> None:
    with pytest.raises(LinkError, match="no id"):
        PATHS.address_for(number)


def test_every_key_verifies_and_the_newest_signs() -> None:
    older = ReturnPath("bounces@letters.example.org", KEYS[1:])
    stranger = ReturnPath("bounces@letters.example.org", ["somebody's key"])
    assert PATHS.read(older.address_for(7)) == 7
    assert older.read(PATHS.address_for(7)) is None
    assert PATHS.read(stranger.address_for(7)) is None


def test_another_service_with_the_same_keys_is_another() -> None:
    other = ReturnPath("bounces@staging.example.org", KEYS)
    moved = other.address_for(7).replace("staging", "letters")
    assert other.read(other.address_for(7)) == 7
    assert PATHS.read(other.address_for(7)) is None
    assert PATHS.read(moved) is None


def test_no_character_of_a_token_can_be_changed() -> None:
    address = PATHS.address_for(12345)
    start, end = address.index("+"), address.index("@")
    for place in range(start, end):
        for other in "a2z-+=":
            forged = address[:place] + other + address[place + 1 :]
            if forged != address:
                assert PATHS.read(forged) is None
        assert PATHS.read(address[:place] + address[place + 1 :]) is None
    assert PATHS.read(address.replace("+", "+0")) is None


@pytest.mark.parametrize(
    "form",
    [
        "prvs=0123456789={local}@{domain}",
        "btv1==0123abcdefg=={local}@{domain}",
        "SRS0=Ab1c=XY={domain}={local}@forwarder.example",
        "srs0+ab1c=xy={domain}={local}@forwarder.example",
        "SRS1=Zz9z=first.example==Ab1c=XY={domain}={local}@second.example",
        "SRS0=Ab1c=XY={domain}=prvs=0123456789={local}@forwarder.example",
        "{local}@{domain}.",
    ],
)
def test_wrapped_addresses_are_read(form: str) -> None:
    local, domain = split(PATHS.address_for(7))
    assert PATHS.read(form.format(local=local, domain=domain)) == 7


@pytest.mark.parametrize(
    "form",
    [
        "{local}@elsewhere.example",
        "{local}@{domain}.elsewhere.example",
        "x{local}@{domain}",
        "{local}x@{domain}",
        "SRS0=Ab1c=XY=elsewhere.example={local}@forwarder.example",
        "{domain}={local}@forwarder.example",
        "{local}@{domain}@{domain}",
        "{local}",
        "bounces@{domain}",
        "",
        "@",
    ],
)
def test_other_addresses_are_not_ours(form: str) -> None:
    local, domain = split(PATHS.address_for(7))
    assert PATHS.read(form.format(local=local, domain=domain)) is None


@given(st.text(max_size=300))
def test_any_text_may_be_asked_about(text: str) -> None:
    assert PATHS.read(text) is None
    assert PATHS.read(f"bounces+{text}@letters.example.org") is None
    assert read_unsubscribe_token(text, KEYS) is None
    assert read_unsubscribe_token(f"unsubscribe daily {text}", KEYS) is None


@pytest.mark.parametrize("digits", [base36(2**63), "z" * 13])
def test_a_number_that_is_no_id_is_read_as_none_of_ours(digits: str) -> None:
    token = f"{digits}-{'a' * 20}"
    assert PATHS.read(f"bounces+{token}@letters.example.org") is None
    assert PATHS.read_letter(f"bounces+{token}@letters.example.org") is None
    assert read_unsubscribe_token(f"unsubscribe daily {token}", KEYS) is None


def test_a_hostile_address_is_refused_at_once() -> None:
    assert PATHS.read("srs0=" + "a=" * 500_000 + "@example.org") is None
    assert PATHS.read("srs0" + "=a" * 490 + "@x") is None


@given(st.integers(0, 2**63 - 1), st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?", fullmatch=True))
def test_an_unsubscribe_token_is_read_back(number: int, list_name: str) -> None:
    subject = f"unsubscribe {list_name} {unsubscribe_token(number, list_name, KEYS)}"
    assert read_unsubscribe_token(subject, KEYS) == LinkTarget(list_name=list_name, number=number)


@pytest.mark.parametrize(
    "form",
    [
        "Re: unsubscribe daily {token}",
        "AW: Re: Unsubscribe Daily {token}",
        "'unsubscribe daily {token}'",
        "“unsubscribe daily {token}”",
        "unsubscribe daily\r\n {token}",
        "unsubscribe  daily\t{token} ",
        "unsubscribe+daily+{token}",
        "unsubscribe%20daily%20{token}",
        "UNSUBSCRIBE DAILY {upper}",
        "[Spam?] unsubscribe daily {token}.",
    ],
)
def test_mail_programs_may_do_what_they_do_to_subjects(form: str) -> None:
    token = unsubscribe_token(7, "daily", KEYS)
    subject = form.format(token=token, upper=token.upper())
    assert read_unsubscribe_token(subject, KEYS) == LinkTarget(list_name="daily", number=7)


def test_a_token_is_for_its_list_and_whole() -> None:
    token = unsubscribe_token(7, "daily", KEYS)
    assert read_unsubscribe_token(f"unsubscribe weekly {token}", KEYS) is None
    for length in range(len(token)):
        assert read_unsubscribe_token(f"unsubscribe daily {token[:length]}", KEYS) is None
    assert read_unsubscribe_token(f"unsubscribe daily {token}a", KEYS) is None
    assert read_unsubscribe_token(f"unsubscribe daily {token}-a", KEYS) is None


def test_tokens_serve_one_purpose() -> None:
    return_token = split(PATHS.address_for(7))[0].partition("+")[2]
    leaving_token = unsubscribe_token(7, "daily", KEYS)
    assert read_unsubscribe_token(f"unsubscribe daily {return_token}", KEYS) is None
    assert PATHS.read(f"bounces+{leaving_token}@letters.example.org") is None
    assert PATHS.read(f"bounces+{unsubscribe_token(7, '', KEYS)}@letters.example.org") is None


def test_older_keys_still_let_readers_leave() -> None:
    token = unsubscribe_token(7, "daily", KEYS[1:])
    assert read_unsubscribe_token(f"unsubscribe daily {token}", KEYS) is not None
    assert read_unsubscribe_token(f"unsubscribe daily {token}", KEYS[:1]) is None


@pytest.mark.parametrize("odd", ["ſ", "ı", "İ", "\u212a"])
def test_a_letter_that_is_ascii_only_in_another_case_is_no_token(odd: str) -> None:
    for digits, tag in ((odd, "a" * 20), ("7", odd + "a" * 19)):
        assert PATHS.read(f"bounces+{digits}-{tag}@letters.example.org") is None
        assert read_unsubscribe_token(f"unsubscribe daily {digits}-{tag}", KEYS) is None


#: Letters that are ASCII in another case, and what tokens are made of.
LETTERS = st.text("ſıİ\u212aKkSsIi27zé-", max_size=22)


@given(LETTERS | st.text(max_size=30), LETTERS)
def test_any_text_can_be_read(digits: str, tag: str) -> None:
    for token in (f"{digits}-{tag}", f"7-{tag[:20]:a<20}"):
        for address in (
            token,
            f"bounces+{token}@letters.example.org",
            f"srs0=a=b=letters.example.org=bounces+{token}@d",
        ):
            assert PATHS.read(address) is None
        for subject in (token, f"unsubscribe daily {token}", f"unsubscribe {digits} 7-{'a' * 20}"):
            assert read_unsubscribe_token(subject, KEYS) is None


@given(st.binary(min_size=12, max_size=12))
def test_base_32_is_that_of_the_standard_library(octets: bytes) -> None:
    assert _base32(octets) == b32encode(octets).decode("ascii").rstrip("=").lower()
