"""SPF records: read, counted, and what they say of an address (RFC 7208)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.doctor.dns import Answer, Names, Outcome
from newsletter.doctor.sending import SendingHosts
from newsletter.doctor.spf import judge_spf
from newsletter.doctor.spfrecord import (
    Record,
    SpfSyntaxError,
    Verdict,
    parse_spf,
    read_spf,
    spf_texts,
    verdict_on,
)
from newsletter.model.findings import FindingState

NOBODY = SendingHosts(name="smtp.relay.example")


class Told(Names):
    """Knows what it is told, without a network; what is None is not answered."""

    def __init__(self, known: Mapping[tuple[str, str], Sequence[str] | None]) -> None:
        super().__init__()
        self.known = known

    async def _ask(self, name: str, kind: str) -> Answer:
        records = self.known.get((name, kind), ())
        if records is None:
            return Answer(outcome=Outcome.UNANSWERED, problem="nobody answers")
        return Answer(outcome=Outcome.FOUND if records else Outcome.NOTHING, records=tuple(records))


def read(domain: str, known: Mapping[tuple[str, str], Sequence[str] | None]) -> Record:
    return asyncio.run(read_spf(domain, Told(known)))


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("v=spf1", []),
        ("v=spf1 -all", [("all", Verdict.FAIL, "", None, None)]),
        ("V=SPF1 MX ~ALL", [("mx", Verdict.PASS, "", None, None), ("all", Verdict.SOFTFAIL, "", None, None)]),
        ("v=spf1 a/24", [("a", Verdict.PASS, "", 24, None)]),
        ("v=spf1 ?a:b.example/24//64", [("a", Verdict.NEUTRAL, "b.example", 24, 64)]),
        ("v=spf1 mx//48", [("mx", Verdict.PASS, "", None, 48)]),
        ("v=spf1 ip4:192.0.2.0/24", [("ip4", Verdict.PASS, "192.0.2.0", 24, None)]),
        ("v=spf1 ip6:2001:db8::/32", [("ip6", Verdict.PASS, "2001:db8::", 32, None)]),
        ("v=spf1 a:b:c/d.example/24", [("a", Verdict.PASS, "b:c/d.example", 24, None)]),
        ("v=spf1 exists:%{i}.b.example", [("exists", Verdict.PASS, "%{i}.b.example", None, None)]),
        ("v=spf1 redirect=b.example exp=c.example", [("redirect", Verdict.PASS, "b.example", None, None)]),
        ("v=spf1 redirect=b.example -all", [("all", Verdict.FAIL, "", None, None)]),
    ],
)
def test_terms_are_read(text: str, terms: list[tuple[object, ...]]) -> None:
    read_terms = [(term.name, term.verdict, term.value, term.bits, term.bits6) for term in parse_spf(text)]
    assert read_terms == terms


@pytest.mark.parametrize(
    "word",
    [
        *("ipv4:192.0.2.1", "ip4", "ip4:192.0.2", "ip4:2001:db8::1", "ip6:192.0.2.1", "ip4:192.0.2.1/33"),
        *("include", "include:", "exists", "all:b.example", "all/8", "inlcude:b.example", "192.0.2.1", "-"),
        *("a/33", "a//129", "include:b.example/24", "redirect=", "ip4:192.0.2.1//64", "a:", "a/024"),
        *(
            "a:b.example:8080",
            "mx:192.0.2.1",
            "a:b",
            "a:b.-c",
            "a:b.example\0",
            "redirect=-all",
            "exp=",
            "x=%y",
        ),
        *("a:bü.example", "exists:%(i).b.example", "include:b.123"),
    ],
)
def test_what_is_no_term_is_named(word: str) -> None:
    with pytest.raises(SpfSyntaxError, match=f"^{re.escape(word)}$"):
        parse_spf(f"v=spf1 {word} -all")


@given(st.text(max_size=80))
def test_whatever_stands_there_is_read_or_refused(text: str) -> None:
    with suppress(SpfSyntaxError):
        assert all(term.text for term in parse_spf(f"v=spf1 {text}"))


def test_other_records_are_none_of_ours() -> None:
    ours = ("v=spf1", "v=spf1 -all", "V=SPF1 -all")
    assert spf_texts([*ours, "v=spf10 -all", " v=spf1", "v=spf2.0/pra", "spf1"]) == ours


@pytest.mark.parametrize(
    ("text", "address", "expected"),
    [
        ("v=spf1 ip4:192.0.2.0/24 -all", "192.0.2.200", Verdict.PASS),
        ("v=spf1 ip4:192.0.2.0/24 -all", "192.0.3.1", Verdict.FAIL),
        ("v=spf1 ip4:192.0.2.1", "192.0.2.2", Verdict.NEUTRAL),
        ("v=spf1 -ip4:192.0.2.1 +all", "192.0.2.1", Verdict.FAIL),
        ("v=spf1 ip6:2001:db8::/32 ~all", "2001:db8:1::1", Verdict.PASS),
        ("v=spf1 ip4:0.0.0.0/0 -all", "2001:db8::1", Verdict.FAIL),
        ("v=spf1 a -all", "192.0.2.5", Verdict.PASS),
        ("v=spf1 a/24 -all", "192.0.2.77", Verdict.PASS),
        ("v=spf1 mx -all", "192.0.2.6", Verdict.PASS),
        ("v=spf1 include:b.example -all", "192.0.2.7", Verdict.PASS),
        ("v=spf1 include:b.example ?all", "192.0.2.8", Verdict.NEUTRAL),
        ("v=spf1 include:none.example -all", "192.0.2.7", Verdict.PERMERROR),
        ("v=spf1 redirect=b.example", "192.0.2.8", Verdict.FAIL),
        ("v=spf1 redirect=none.example", "192.0.2.8", Verdict.PERMERROR),
        ("v=spf1 nonsense", "192.0.2.8", Verdict.PERMERROR),
        ("v=spf1 exp=b.example exp=b.example -all", "192.0.2.8", Verdict.PERMERROR),
        ("v=spf1 ip4:192.0.2.7 -all", "::ffff:192.0.2.7", Verdict.PASS),
        ("v=spf1 exists:%{i}.b.example -all", "192.0.2.8", Verdict.UNKNOWN),
        ("no record", "192.0.2.8", Verdict.NONE),
    ],
)
def test_verdicts_are_those_of_the_rfc(text: str, address: str, expected: Verdict) -> None:
    zone = {
        ("a.example", "TXT"): [text],
        ("a.example", "A"): ["192.0.2.5"],
        ("a.example", "MX"): ["10 mx.a.example"],
        ("mx.a.example", "A"): ["192.0.2.6"],
        ("b.example", "TXT"): ["v=spf1 ip4:192.0.2.7 -all"],
    }
    assert verdict_on(read("a.example", zone), ip_address(address)) is expected


def test_look_ups_of_included_records_count() -> None:
    zone = {
        ("a.example", "TXT"): ["v=spf1 mx a include:b.example ip4:192.0.2.1 -all"],
        ("b.example", "TXT"): ["v=spf1 include:c.example exists:%{i}.d.example ptr ~all"],
        ("c.example", "TXT"): ["v=spf1 ip4:192.0.2.2 redirect=e.example"],
        ("e.example", "TXT"): ["v=spf1 a:e.example -all"],
    }
    record = read("a.example", zone)
    # mx a include | include exists ptr | redirect | a; the hosts of all but exists and ptr are unknown.
    assert (record.lookups, record.void_lookups, record.broken) == (8, 3, None)


def test_more_than_ten_mail_servers_are_too_many() -> None:
    zone = {
        ("a.example", "TXT"): ["v=spf1 mx -all"],
        ("a.example", "MX"): [f"{n} mx.example" for n in range(11)],
    }
    (finding,) = judge_spf(read("a.example", zone | {("mx.example", "A"): ["192.0.2.1"]}), NOBODY)
    assert (finding.state, "'mx'" in finding.what) == (FindingState.FAIL, True)


def test_a_record_that_includes_itself_ends() -> None:
    record = read("a.example", {("a.example", "TXT"): ["v=spf1 include:a.example -all"]})
    assert record.lookups > 20
    (finding,) = judge_spf(record, NOBODY)
    assert finding.state is FindingState.FAIL
    assert "look-ups" in finding.what


def test_where_nobody_answers_nothing_more_is_asked_and_nothing_is_believed() -> None:
    known = {
        ("a.example", "TXT"): ["v=spf1 include:b.example include:c.example -all"],
        ("b.example", "TXT"): None,
    }
    names = Told(known)
    record = asyncio.run(read_spf("a.example", names))
    assert ("c.example", "TXT") not in names._asked
    (finding,) = judge_spf(
        record, SendingHosts(name="here", addresses=(ip_address("192.0.2.1"),), is_relay=False)
    )
    assert (finding.state, "nobody answers" in finding.what) == (FindingState.WARN, True)


@pytest.mark.parametrize(
    ("text", "state", "words"),
    [
        ("v=spf1 include:b.example -all", FindingState.OK, "1 of 10 look-ups; it lets 192.0.2.7 send"),
        ("v=spf1 ip4:198.51.100.1 -all", FindingState.WARN, "does not name smtp.relay.example"),
        ("v=spf1 ip4:192.0.2.7 ptr -all", FindingState.WARN, "uses ptr"),
        ("v=spf1 include:%{i}.b.example -all", FindingState.OK, "whether it lets 192.0.2.7 send hangs on"),
        ("v=spf1 ip4:192.0.2.7 ?all", FindingState.WARN, "does not end with -all"),
        ("v=spf1 redirect=b.example", FindingState.OK, "it lets 192.0.2.7 send"),
        ("v=spf1 ip4:192.0.2.7 all", FindingState.FAIL, "lets anybody send (all)"),
    ],
)
def test_of_a_relay_only_what_can_be_known_is_said(text: str, state: FindingState, words: str) -> None:
    zone = {("a.example", "TXT"): [text], ("b.example", "TXT"): ["v=spf1 ip4:192.0.2.7 -all"]}
    relay = SendingHosts(name="smtp.relay.example", addresses=(ip_address("192.0.2.7"),))
    (finding,) = judge_spf(read("a.example", zone), relay)
    assert finding.state is state
    assert words in finding.what
    assert bool(finding.repair) is (state is not FindingState.OK)
