"""Judgements over facts that are dear to bring about: disks, clocks, rights, rules of providers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest

from newsletter.deliveries.server import SmtpSecurity, SmtpServer
from newsletter.deliveries.visit import Trouble, Visit
from newsletter.doctor import examine, machine
from newsletter.doctor.bulk import checklists
from newsletter.doctor.dns import Answer, Outcome
from newsletter.doctor.machine import judge_folders, judge_mailbox, judge_outbox, judge_store, judge_times
from newsletter.doctor.mail import judge_size
from newsletter.doctor.mx import judge_mx, judge_reverse
from newsletter.doctor.sending import SendingHosts
from newsletter.doctor.smtp import judge_visit
from newsletter.messages.checks import MAX_HTML_BYTES
from newsletter.model.findings import Finding, FindingState, RuleState, fail, ok, warn
from newsletter.store.condition import HEAD, Condition, condition_of

OK, WARN, FAIL = FindingState.OK, FindingState.WARN, FindingState.FAIL
NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
SERVER = SmtpServer(host="smtp.example.org", port=587, security=SmtpSecurity.STARTTLS, username="digest")


@pytest.mark.parametrize(
    ("free", "state"), [(99_000_000, FAIL), (101_000_000, WARN), (999_000_000, WARN), (2_000_000_000, OK)]
)
def test_room_on_a_disk(free: int, state: FindingState) -> None:
    assert machine._judge_room(Path("/srv"), free).state is state


def test_a_store_that_cannot_be_written_or_lies_on_a_network_drive() -> None:
    whole = {"place": "sqlite:///a.db", "file": Path("/srv/a.db"), "revision": HEAD, "journal": "wal"}
    assert {one.state for one in judge_store(Condition(**whole))} == {OK}
    (right,) = [one for one in judge_store(Condition(**whole | {"is_writable": False})) if one.state is FAIL]
    assert (right.check, right.repair.startswith("mkdir /srv")) == ("store.rights", not Path("/srv").is_dir())
    (log,) = [one for one in judge_store(Condition(**whole | {"journal": "delete"})) if one.state is WARN]
    assert (log.check, "network drives" in log.repair) == ("store.log", True)
    server = Condition(place="postgresql://db/news", revision=HEAD, is_writable=False)
    (right,) = [one for one in judge_store(server) if one.state is FAIL]
    assert "GRANT CREATE" in right.repair


def test_a_clock_that_went_back_is_told_by_the_store() -> None:
    assert judge_times(None, now=NOW) == []
    assert judge_times(NOW + timedelta(minutes=4), now=NOW) == []
    (finding,) = judge_times(NOW + timedelta(hours=1), now=NOW)
    assert (finding.check, finding.state) == ("store.clock", FAIL)


def test_a_default_folder_that_is_not_there_is_less_than_one_that_was_named(tmp_path: Path) -> None:
    gone = [tmp_path / "seeds"]
    assert [one.state for one in judge_folders(gone, setting="FOLDERS", is_set=False)] == [WARN]
    assert [one.state for one in judge_folders(gone, setting="FOLDERS")] == [FAIL]
    assert judge_mailbox(tmp_path / "gone").state is WARN
    assert judge_mailbox(tmp_path).state is OK
    assert "sent to nobody" in judge_outbox(tmp_path / "outbox").what


@pytest.mark.parametrize(
    ("greeting", "state"),
    [
        ("mx.example.org ESMTP Exim 4.96 Mon, 23 Nov 2026 06:00:30 +0000", OK),
        ("mx.example.org ESMTP Sendmail 8.18; Mon, 23 Nov 2026 07:02:00 +0100", WARN),
        ("mx.example.org ESMTP; Mon, 23 Nov 2026 05:00:00 +0000", FAIL),
        ("mx.example.org ESMTP; Mon, 39 Nov 2026 05:00:00 +0000", None),
        ("mx.example.org ESMTP Postfix", None),
    ],
)
def test_a_server_that_tells_the_time_is_held_against_ours(greeting: str, state: FindingState | None) -> None:
    found = judge_visit(Visit(greeting=greeting), SERVER, size=1, now=NOW)
    assert [one.state for one in found if one.check == "smtp.clock"] == ([state] if state else [])


def test_a_server_may_name_no_limit_of_size() -> None:
    for value in ("0", "", "many"):
        found = judge_visit(Visit(extensions={"size": value}), SERVER, size=10, now=NOW)
        assert [one.state for one in found if one.check == "smtp.size"] == [OK]


@pytest.mark.parametrize("trouble", Trouble)
def test_every_trouble_has_a_check_and_a_repair(trouble: Trouble) -> None:
    (finding,) = judge_visit(Visit(trouble=trouble, problem="it is so: check X"), SERVER, size=1, now=NOW)
    assert finding.state is FAIL
    assert finding.what == "it is so"
    assert finding.repair


def test_a_mail_near_the_limit_of_gmail_is_told() -> None:
    assert judge_size(MAX_HTML_BYTES // 2, "daily") == []
    assert [one.check for one in judge_size(MAX_HTML_BYTES - 100, "daily")] == ["mail.size"]


def test_one_of_two_mail_servers_may_be_gone() -> None:
    exchangers = Answer(outcome=Outcome.FOUND, records=("10 a.example", "20 b.example"))
    there, gone = Answer(outcome=Outcome.FOUND, records=("192.0.2.1",)), Answer(outcome=Outcome.NOTHING)
    hosts = {"example.org": gone, "a.example": gone, "b.example": there}
    assert judge_mx("example.org", "replies", exchangers, hosts).state is OK
    assert judge_mx("example.org", "replies", exchangers, hosts | {"b.example": gone}).state is FAIL
    none = Answer(outcome=Outcome.NOTHING)
    assert judge_mx("example.org", "replies", none, {"example.org": gone}).state is FAIL


@pytest.mark.parametrize("records", [("0 .",), ("10 .",)])
def test_a_domain_that_takes_no_mail_is_told_whatever_the_preference(records: tuple[str, ...]) -> None:
    there = Answer(outcome=Outcome.FOUND, records=("192.0.2.1",))
    exchangers = Answer(outcome=Outcome.FOUND, records=records)
    finding = judge_mx("example.org", "replies", exchangers, {"example.org": there})
    assert (finding.state, "null MX" in finding.what) == (FAIL, True)
    both = Answer(outcome=Outcome.FOUND, records=(*records, "20 b.example"))
    assert judge_mx("example.org", "replies", both, {"example.org": there, "b.example": there}).state is OK


def test_a_place_that_may_not_even_be_looked_at_is_a_finding(tmp_path: Path) -> None:
    """Below /home under ProtectHome=yes pathlib raises; so it does for a name that is too long."""
    beyond = tmp_path / ("x" * 300)
    [named] = judge_folders([beyond], setting="FOLDERS")
    assert (named.state, "cannot be read" in named.what) == (FAIL, True)
    assert [one.state for one in judge_folders([beyond], setting="FOLDERS", is_set=False)] == [WARN]
    assert judge_mailbox(beyond).state is FAIL
    assert judge_outbox(beyond / "outbox").state is WARN
    assert machine.judge_disks([beyond])
    assert not condition_of(f"sqlite:///{beyond}/newsletter.db").is_writable


async def test_what_the_system_refuses_in_one_group_leaves_the_others() -> None:
    async def refused() -> list[Finding]:
        raise PermissionError(13, "Permission denied", "/home/ada")

    async def fine() -> list[Finding]:
        return [ok("store.opens", "fine")]

    found = (await examine({"folders": refused, "store": fine}, now=NOW)).findings
    assert [(one.check, one.state) for one in found] == [("folders.error", FAIL), ("store.opens", OK)]
    assert found[0].what == "/home/ada: Permission denied"


def test_a_name_that_is_missing_is_serious_only_where_mail_surely_leaves_from() -> None:
    address = ip_address("192.0.2.1")
    hosts = SendingHosts(name="this machine", addresses=(address,), is_relay=False)
    names = {"192.0.2.1": Answer(outcome=Outcome.NOTHING)}
    assert [one.state for one in judge_reverse(hosts, names, {}, sure={address})] == [FAIL]
    assert [one.state for one in judge_reverse(hosts, names, {}, sure=())] == [WARN]


def test_rules_of_providers_follow_from_findings() -> None:
    found = [
        ok("dns.spf", ""),
        ok("dns.dkim", ""),
        fail("dns.dkim", "", "mend it"),
        warn("dns.alignment", "", "mend it"),
        ok("smtp.tls", ""),
    ]
    (gmail,) = [one for one in checklists(found) if one.provider == "Gmail"]
    states = {rule.text: (rule.state, rule.because) for rule in gmail.rules}
    assert states["SPF for the envelope's domain"] == (RuleState.MET, "dns.spf")
    assert states["DKIM for the sender's domain"] == (RuleState.BROKEN, "dns.dkim")
    assert states["From in line with SPF or DKIM"] == (RuleState.OPEN, "dns.alignment")
    assert states["DMARC, at least p=none"] == (RuleState.OPEN, "dns.dmarc was not looked at")
    spam = states["reported as spam by fewer than 0.3 % of readers"]
    assert spam == (RuleState.UNSEEN, "postmaster.google.com")


def test_from_in_line_needs_one_of_spf_and_dkim() -> None:
    found = [fail("dns.spf", "", "x"), ok("dns.dkim", ""), ok("dns.alignment", "")]

    def rule() -> RuleState:
        rules = checklists(found)[0].rules
        return next(one.state for one in rules if one.text == "From in line with SPF or DKIM")

    assert rule() is RuleState.MET
    found[1] = fail("dns.dkim", "", "x")
    assert rule() is RuleState.BROKEN
