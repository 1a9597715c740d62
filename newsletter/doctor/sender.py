"""What the DNS says of those who send: each domain is asked about once, all at the same time."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from newsletter.doctor.dkim import judge_dkim
from newsletter.doctor.dmarc import judge_alignment, judge_dmarc, read_policy
from newsletter.doctor.dns import Answer, Names
from newsletter.doctor.domains import is_free_provider
from newsletter.doctor.mx import host_of, judge_mx, judge_reverse
from newsletter.doctor.sending import SendingHosts
from newsletter.doctor.spf import judge_spf
from newsletter.doctor.spfrecord import IpAddress, Verdict, read_spf, verdict_on
from newsletter.model.findings import Finding, warn
from newsletter.model.keys import PublishedKey


@dataclass(frozen=True, kw_only=True)
class Sender:
    """From whom a list's mail comes."""

    #: Domain in From.
    domain: str
    #: Domain of the envelope sender, where bounces go.
    envelope_domain: str
    #: Where readers' answers go.
    reply_domain: str
    #: Address that reports on DMARC may go to.
    reports_to: str


async def sending_hosts(host: str, names: Names, *, own: Sequence[str] | None) -> SendingHosts:
    """Return where mail leaves from.

    Args:
        host: SMTP_HOST.
        names: The DNS.
        own: The public addresses of this machine, where it sends by itself; None where a relay does.
    """
    if own is not None:
        return SendingHosts(name="this machine", addresses=tuple(map(ip_address, own)), is_relay=False)
    answer = await names.addresses(host)
    return SendingHosts(name=host, addresses=tuple(map(ip_address, answer.records)))


async def examine_dns(
    senders: Sequence[Sender],
    keys: Sequence[PublishedKey],
    names: Names,
    hosts: SendingHosts | None,
    *,
    signs: bool,
) -> list[Finding]:
    """Look up all that receivers look up before they believe a sender.

    Args:
        senders: Of the lists.
        keys: Those that sign here, for each domain that signs.
        names: The DNS.
        hosts: Where mail leaves from; None while that is not set.
        signs: Whether there are to be keys here, be they readable or not.
    """
    # Of a provider's domain we can mend nothing: it is enough to say that it is one.
    own = [sender for sender in senders if not is_free_provider(sender.domain)]
    looks = [
        _spf_and_reverse(_each(one.envelope_domain for one in own), names, hosts),
        *(_dkim(key, names) for key in keys if not is_free_provider(key.domain)),
        _unsigned(signs=signs),
        *(_dmarc(sender, names) for sender in own),
        *(_alignment(sender, keys, names) for sender in senders),
        *(_mx(domain, what, names) for domain, what in _receiving(own).items()),
    ]
    found = [finding for findings in await asyncio.gather(*looks) for finding in findings]
    return list(dict.fromkeys(found))


def _each(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _receiving(senders: Sequence[Sender]) -> Mapping[str, str]:
    """Return the domains that must take mail, and what comes there."""
    found = {sender.envelope_domain: "bounces" for sender in senders}
    for sender in senders:
        found[sender.reply_domain] = "replies and bounces" if sender.reply_domain in found else "replies"
    return found


async def _spf_and_reverse(domains: Sequence[str], names: Names, hosts: SendingHosts | None) -> list[Finding]:
    records = await asyncio.gather(*(read_spf(domain, names) for domain in domains))
    known = hosts or SendingHosts(name="the mail server")
    found = [finding for record in records for finding in judge_spf(record, known)]
    if hosts is None:
        return found
    sure = {
        address
        for address in hosts.addresses
        if any(verdict_on(record, address) is Verdict.PASS for record in records)
    }
    return found + await _reverse(hosts, names, sure)


async def _dkim(key: PublishedKey, names: Names) -> list[Finding]:
    return [judge_dkim(key, await names.txt(key.record.name))]


async def _unsigned(*, signs: bool) -> list[Finding]:
    if signs:
        return []
    return [
        warn(
            "dns.dkim",
            "messages are not signed here (DKIM_KEYS): whether your relay signs them cannot be seen",
            "see that your relay signs with your own domain, or make keys: newsletter dkim generate",
        )
    ]


async def _dmarc(sender: Sender, names: Names) -> list[Finding]:
    return [judge_dmarc(await read_policy(sender.domain, names), reports_to=sender.reports_to)]


async def _alignment(sender: Sender, keys: Sequence[PublishedKey], names: Names) -> list[Finding]:
    policy = await read_policy(sender.domain, names)
    # Without DKIM_DOMAIN each sender's own domain signs.
    own = [key.domain for key in keys if key.domain == sender.domain]
    return [
        judge_alignment(
            policy,
            envelope_domain=sender.envelope_domain,
            signing_domains=_each(own or [key.domain for key in keys]),
        ),
    ]


async def _mx(domain: str, purpose: str, names: Names) -> list[Finding]:
    exchangers = await names.mail_exchangers(domain)
    asked = [domain, *map(host_of, exchangers.records)]
    answers = await asyncio.gather(*(names.addresses(host) for host in asked if host.strip(".")))
    hosts = dict(zip([host for host in asked if host.strip(".")], answers, strict=True))
    return [judge_mx(domain, purpose, exchangers, hosts)]


async def _reverse(hosts: SendingHosts, names: Names, sure: Collection[IpAddress]) -> list[Finding]:
    reverse: dict[str, Answer] = {}
    forward: dict[str, Answer] = {}
    if not hosts.is_relay:
        for address in map(str, hosts.addresses):
            reverse[address] = await names.hosts_of(address)
            for name in reverse[address].records:
                forward[name] = await names.addresses(name)
    return judge_reverse(hosts, reverse, forward, sure=sure)
