"""The door to the DNS: every question ends with an answer, over UDP, over TCP, or with why there is none."""

from __future__ import annotations

from nameserver import SERVFAIL, SILENT, NameServer, txt

from newsletter.doctor.dns import Names, Outcome
from newsletter.model.nameservers import NameServer as Address


def names_of(server: NameServer, **options: float) -> Names:
    return Names([Address(address="127.0.0.1", port=server.port)], **options)


async def test_records_are_told_as_text() -> None:
    long = "x" * 300
    zone = {
        ("a.example", "TXT"): [*txt("v=spf1 -all"), *txt(long)],
        ("a.example", "MX"): ["20 mx2.a.example.", "5 mx1.a.example."],
        ("a.example", "A"): ["192.0.2.1"],
        ("a.example", "AAAA"): ["2001:db8::1"],
        ("1.2.0.192.in-addr.arpa", "PTR"): ["mx.a.example."],
        ("null.example", "MX"): ["0 ."],
    }
    async with NameServer(zone) as server:
        names = names_of(server)
        assert sorted((await names.txt("A.example.")).records) == ["v=spf1 -all", long]
        assert (await names.mail_exchangers("a.example")).records == ("5 mx1.a.example", "20 mx2.a.example")
        assert (await names.mail_exchangers("null.example")).records == ("0 .",)
        assert (await names.addresses("a.example")).records == ("192.0.2.1", "2001:db8::1")
        assert (await names.hosts_of("192.0.2.1")).records == ("mx.a.example",)


async def test_what_is_not_there_is_nothing_whether_the_name_is_known_or_not() -> None:
    async with NameServer({("a.example", "A"): ["192.0.2.1"]}) as server:
        names = names_of(server)
        assert (await names.txt("a.example")).outcome is Outcome.NOTHING
        assert (await names.txt("b.example")).outcome is Outcome.NOTHING
        assert (await names.addresses("b.example")).outcome is Outcome.NOTHING


async def test_an_answer_too_long_for_udp_comes_by_tcp() -> None:
    records = [f"{n:03} " + "x" * 240 for n in range(30)]
    async with NameServer({("a.example", "TXT"): txt(*records)}) as server:
        answer = await names_of(server).txt("a.example")
    assert sorted(answer.records) == records
    assert server.asked == [("a.example", "TXT")] * 2


async def test_the_same_is_asked_once() -> None:
    async with NameServer({("a.example", "A"): ["192.0.2.1"]}) as server:
        names = names_of(server)
        for _ in range(3):
            await names.addresses("a.example")
            await names.addresses("A.EXAMPLE")
    assert sorted(server.asked) == [("a.example", "A"), ("a.example", "AAAA")]


async def test_silence_and_failure_are_told_apart_from_nothing() -> None:
    zone = {
        ("a.example", "TXT"): [SILENT],
        ("b.example", "TXT"): [SERVFAIL],
        ("c.example", "A"): ["192.0.2.1"],
    }
    async with NameServer(zone) as server:
        names = names_of(server, seconds=0.2)
        silent, failing = await names.txt("a.example"), await names.txt("b.example")
        assert (silent.outcome, failing.outcome) == (Outcome.UNANSWERED, Outcome.UNANSWERED)
        assert "answers in 0.2 s (TXT of a.example)" in silent.problem
        assert "refuse or fail to say TXT of b.example" in failing.problem
        assert (await names.addresses("c.example")).records == ("192.0.2.1",)


async def test_where_nobody_ever_answered_nothing_more_is_asked() -> None:
    hosts = [f"{n}.example" for n in range(6)]
    async with NameServer({(host, "TXT"): [SILENT] for host in hosts}) as server:
        names = names_of(server, seconds=0.05)
        answers = [await names.txt(host) for host in hosts]
    assert all(answer.is_unanswered for answer in answers)
    assert {name for name, _ in server.asked} == set(hosts[:3])
