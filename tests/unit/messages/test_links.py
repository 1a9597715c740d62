from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import LinkError
from newsletter.messages.links import LinkPurpose, LinkSigner, LinkTarget, mailto_unsubscribe

BASE = "https://letters.example.org"
SIGNER = LinkSigner(public_url=BASE, keys=["first key of the test"])


def token_of(url: str) -> str:
    return url.rpartition("/")[2]


@settings(deadline=None)
@given(st.integers(0, 2**63), st.from_regex(r"[a-z0-9][a-z0-9-]{0,40}", fullmatch=True))
def test_a_token_is_read_back(number: int, list_name: str) -> None:
    url = SIGNER.unsubscribe_url(subscriber_id=number, list_name=list_name)
    target = SIGNER.read(token_of(url), LinkPurpose.UNSUBSCRIBE)
    assert target == LinkTarget(list_name=list_name, number=number)


def test_each_link_leads_to_its_page() -> None:
    assert SIGNER.unsubscribe_url(subscriber_id=7, list_name="daily").startswith(f"{BASE}/u/7.daily.")
    assert SIGNER.preferences_url(subscriber_id=7, list_name="daily").startswith(f"{BASE}/p/7.daily.")
    assert SIGNER.view_url("daily", 42).startswith(f"{BASE}/e/16.daily.")


def test_the_header_of_a_million_readers_fits_its_line() -> None:
    signer = LinkSigner(public_url="https://newsletter.example.org", keys=["key"])
    url = signer.unsubscribe_url(subscriber_id=36**6, list_name="morning-news-eu")
    assert len(f"<{url}>") <= 76


@pytest.mark.parametrize("purpose", [LinkPurpose.PREFERENCES, LinkPurpose.VIEW])
def test_a_token_serves_one_purpose(purpose: LinkPurpose) -> None:
    token = token_of(SIGNER.unsubscribe_url(subscriber_id=7, list_name="daily"))
    with pytest.raises(LinkError, match="not valid"):
        SIGNER.read(token, purpose)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_a_made_up_token_is_refused(token: str) -> None:
    with pytest.raises(LinkError):
        SIGNER.read(token, LinkPurpose.UNSUBSCRIBE)


def test_no_character_of_a_token_can_be_changed() -> None:
    token = token_of(SIGNER.unsubscribe_url(subscriber_id=7, list_name="daily"))
    for place in range(len(token)):
        for other in "aA0.":
            forged = token[:place] + other + token[place + 1 :]
            if forged != token:
                with pytest.raises(LinkError):
                    SIGNER.read(forged, LinkPurpose.UNSUBSCRIBE)
    for shorter in range(len(token)):
        with pytest.raises(LinkError):
            SIGNER.read(token[:shorter], LinkPurpose.UNSUBSCRIBE)


@pytest.mark.parametrize("odd", ["\n", " ", "=", "\u200b", "\x00"])
def test_a_link_has_one_form(odd: str) -> None:
    token = SIGNER.unsubscribe_url(subscriber_id=1, list_name="daily").rpartition("/")[2]
    for place in (0, 3, len(token)):
        with pytest.raises(LinkError, match="not valid"):
            SIGNER.read(token[:place] + odd + token[place:], LinkPurpose.UNSUBSCRIBE)


def test_a_new_key_signs_and_the_old_one_still_verifies() -> None:
    old = LinkSigner(public_url=BASE, keys=["old"])
    both = LinkSigner(public_url=BASE, keys=["new", "old"])
    new = LinkSigner(public_url=BASE, keys=["new"])
    old_token = token_of(old.view_url("daily", 1))
    new_token = token_of(both.view_url("daily", 1))
    assert both.read(old_token, LinkPurpose.VIEW) == both.read(new_token, LinkPurpose.VIEW)
    assert new_token == token_of(new.view_url("daily", 1))
    with pytest.raises(LinkError):
        new.read(old_token, LinkPurpose.VIEW)


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example",
        "https://a.example/",
        "https://a.example:8443/news/",
        "http://localhost:8000",
        "http://[::1]:80",
    ],
)
def test_a_base_may_be(url: str) -> None:
    link = LinkSigner(public_url=url, keys=["k"]).view_url("daily", 1)
    assert link.startswith(url.rstrip("/") + "/e/1.daily.")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.example",
        "http://a.example",
        "ftp://a.example",
        "https://",
        "https://a.example?x=1",
        "https://a/#f",
        *(
            "https://u@a.example",
            "https://a b.example",
            "https://a.example\n",
            "https://[::1",
            "https://a:b/",
            "https://a.example/" + "x" * 800,
        ),
    ],
)
def test_a_base_may_not_be(url: str) -> None:
    with pytest.raises(LinkError, match="web address|base of readers' links"):
        LinkSigner(public_url=url, keys=["k"])


@pytest.mark.parametrize("keys", [[], [""], ["good", ""]])
def test_an_empty_key_is_refused(keys: list[str]) -> None:
    with pytest.raises(LinkError, match="key"):
        LinkSigner(public_url=BASE, keys=keys)


def test_a_negative_number_stands_for_nobody() -> None:
    with pytest.raises(LinkError):
        SIGNER.unsubscribe_url(subscriber_id=-1, list_name="daily")


def test_unsubscribing_by_mail() -> None:
    link = mailto_unsubscribe("leave@brief.example", list_name="daily")
    assert link == "mailto:leave@brief.example?subject=unsubscribe%20daily"
