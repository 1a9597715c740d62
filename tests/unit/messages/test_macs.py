"""The HMAC with a key taken in once is that of the standard library."""

import hmac

from hypothesis import given
from hypothesis import strategies as st

from newsletter.messages.macs import keyed


@given(key=st.binary(max_size=200), message=st.binary(max_size=200), other=st.binary(max_size=80))
def test_it_is_the_hmac_of_the_standard_library(key: bytes, message: bytes, other: bytes) -> None:
    mac = keyed(key)
    assert mac(message) == hmac.digest(key, message, "sha256")
    assert mac(other) == hmac.digest(key, other, "sha256"), "it begins anew each time"
