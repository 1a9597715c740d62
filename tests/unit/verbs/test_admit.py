"""Passwords, codes and delays, as far as they need no store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from operators import CHEAP, PASSWORD

from newsletter.admit import Passwords, codes
from newsletter.admit.delays import delay_after
from newsletter.admit.squares import squares_of
from newsletter.admit.weak import weakness
from newsletter.model.operators import PlaceKind
from newsletter.web.operator.qr import path_of

NOW = datetime(2026, 11, 23, 6, 0, 10, tzinfo=UTC)
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.mark.parametrize(
    "password",
    [
        "three rusty harbour cranes",
        "Kräne über dem Hafen",
        "correct horse battery stapler",
        "ada rows across the bay",
        "x7$kQ!0pLm2v",
    ],
)
def test_a_good_password_is_taken(password: str) -> None:
    assert weakness(password, name="ada") == ""


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "at least 12"),
        ("short enough", ""),
        ("elevenchars", "at least 12"),
        ("x" * 257, "at most 256"),
        ("Password1234", "first that anybody"),
        ("!!Administrator2026!!", "first that anybody"),
        ("correct horse battery staple", "first that anybody"),
        ("aaaaaaaaaaaaa", "first that anybody"),
        ("abcabcabcabca", "first that anybody"),
        ("123456789012", "more than the name"),
        ("zyxwvutsrqponm", "first that anybody"),
        ("qwertyuiopas", "first that anybody"),
        ("Ada.Lovelace-1815", "more than the name"),
        ("ada.lovelaceADA.LOVELACE", "more than the name"),
        ("1234567890!?", "more than the name"),
    ],
)
def test_a_password_that_is_easily_guessed_is_refused_with_the_reason(password: str, reason: str) -> None:
    found = weakness(password, name="ada.lovelace")
    assert reason in found
    assert bool(found) == bool(reason)


def test_a_password_is_known_again_however_its_letters_are_typed() -> None:
    made = CHEAP.hash("Kräne über dem Hafen")
    assert made.startswith("$argon2id$")
    assert CHEAP.verify(made, "Kra\u0308ne u\u0308ber dem Hafen")
    assert not CHEAP.verify(made, "Krane uber dem Hafen")
    assert not CHEAP.verify(None, "Kräne über dem Hafen")


def test_a_hash_by_older_parameters_is_outdated() -> None:
    assert not CHEAP.is_outdated(CHEAP.hash(PASSWORD))
    assert CHEAP.is_outdated(Passwords(time_cost=2, memory_kib=8).hash(PASSWORD))


def test_codes_are_those_of_the_standard() -> None:
    """RFC 6238, appendix B, cut to six digits."""
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        now = datetime.fromtimestamp(seconds, UTC)
        assert codes.step_of(SECRET, code, after=0, now=now) == seconds // 30


def test_a_code_of_the_step_before_or_after_is_taken_and_none_further_off() -> None:
    current = int(NOW.timestamp()) // 30
    made = pyotp.TOTP(SECRET)
    found = [
        codes.step_of(SECRET, made.at(NOW + timedelta(seconds=30 * off)), after=0, now=NOW)
        for off in range(-3, 4)
    ]
    assert found == [None, None, current - 1, current, current + 1, None, None]


@given(st.integers(-2, 2), st.integers(-3, 3))
def test_no_code_is_taken_at_or_before_the_last_one(offset: int, taken: int) -> None:
    current = int(NOW.timestamp()) // 30
    code = pyotp.TOTP(SECRET).at(NOW + timedelta(seconds=30 * offset))
    found = codes.step_of(SECRET, code, after=current + taken, now=NOW)
    assert found == (current + offset if abs(offset) < 2 and offset > taken else None)


def test_recovery_codes_differ_and_are_known_again_however_they_are_typed() -> None:
    fresh = codes.recovery_codes()
    assert len({codes.recovery_hash(code) for code in fresh}) == 10
    typed = f" {fresh[0].replace('-', ' ').upper()}"
    assert codes.recovery_hash(typed) == codes.recovery_hash(fresh[0])
    assert not any(codes.is_timed(code) for code in fresh)
    assert codes.is_timed("123 456")


@given(st.text(max_size=50))
def test_anything_may_be_typed_as_a_code(text: str) -> None:
    codes.is_timed(text)
    codes.recovery_hash(text)
    assert codes.step_of(SECRET, text, after=0, now=NOW) in {None, int(NOW.timestamp()) // 30}


def test_secrets_differ_and_make_an_address_that_apps_read() -> None:
    secret = codes.new_secret()
    assert secret != codes.new_secret()
    address = codes.address_of(secret, name="ada", issuer="The Brief: Harbour")
    read = pyotp.parse_uri(address)
    assert isinstance(read, pyotp.TOTP)
    assert (read.secret, read.name, read.issuer) == (secret, "ada", "The Brief  Harbour")


@given(st.sampled_from(PlaceKind), st.integers(1, 10**9))
def test_delays_only_grow_and_have_an_end(kind: PlaceKind, failures: int) -> None:
    delay = delay_after(kind, failures)
    assert timedelta(0) <= delay <= delay_after(kind, failures + 1) <= timedelta(hours=1)


def test_the_first_wrong_tries_cost_nothing() -> None:
    delays = [delay_after(PlaceKind.ACCOUNT, failures).total_seconds() for failures in range(1, 12)]
    assert delays == [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900]


def test_ten_thousand_guesses_at_one_account_take_a_hundred_days() -> None:
    waited = sum((delay_after(PlaceKind.ACCOUNT, number) for number in range(1, 10_001)), timedelta())
    assert waited > timedelta(days=100)


def test_the_drawn_code_has_the_squares_of_the_code() -> None:
    squares = squares_of("otpauth://totp/X:ada?secret=GEZDGNBVGY3TQOJQ&issuer=X")
    drawn = [[False] * len(squares) for _ in squares]
    for part in path_of(squares).removeprefix("M").split("M"):
        x, _, rest = part.partition(" ")
        y, _, rest = rest.partition("h")
        for i in range(int(rest.partition("v")[0])):
            drawn[int(y)][int(x) + i] = True
    assert [list(row) for row in squares] == drawn
    # The finder in the corner (ISO/IEC 18004, section 6.3.3.1).
    assert squares[0][:8] == (*[True] * 7, False)
