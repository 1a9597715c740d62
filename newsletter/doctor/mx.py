"""Whether mail to our own domains arrives, and whether sending addresses have names (RFC 5321, RFC 7505)."""

from collections.abc import Callable, Collection, Mapping, Sequence

from newsletter.doctor.dns import Answer
from newsletter.doctor.sending import SendingHosts
from newsletter.doctor.spf import CHECK_DNS
from newsletter.doctor.spfrecord import IpAddress
from newsletter.model.findings import Finding, fail, ok, warn

_MX = "dns.mx"
_REVERSE = "dns.reverse"

#: RFC 7505: an exchanger of that name says that a domain takes no mail.
_NOWHERE = "."


def host_of(record: str) -> str:
    """Return the host that an MX record names."""
    return record.partition(" ")[2]


def judge_mx(domain: str, purpose: str, exchangers: Answer, hosts: Mapping[str, Answer]) -> Finding:
    """Return whether mail to a domain of ours can arrive.

    Args:
        domain: The domain.
        purpose: What arrives there, "replies".
        exchangers: Its MX records.
        hosts: The addresses of the hosts that they name, and of the domain itself.
    """
    if exchangers.is_unanswered:
        return warn(_MX, f"MX of {domain}: {exchangers.problem}", CHECK_DNS)
    named = [host for record in exchangers.records if (host := host_of(record)) != _NOWHERE]
    if exchangers.records and not named:
        what = f"{domain} says that it takes no mail (null MX), and {purpose} go there"
        return fail(_MX, what, f"publish an MX record at {domain} that names your mail server")
    if not named:
        if hosts[domain].records:
            what = f"{domain} has no MX record; {purpose} go to the host of that name"
            return warn(_MX, what, f"publish an MX record at {domain} that names your mail server")
        what = f"{domain} has no MX record and no address: {purpose} cannot arrive, and some refuse its mail"
        return fail(_MX, what, f"publish an MX record at {domain} that names your mail server")
    dead = [host for host in named if not hosts[host].records and not hosts[host].is_unanswered]
    if len(dead) == len(named):
        what = f"MX of {domain} names {', '.join(dead)}, which has no address: {purpose} cannot arrive"
        return fail(_MX, what, f"correct the MX record at {domain}, or give {dead[0]} an address")
    return ok(_MX, f"{purpose} to {domain} go to {named[0]}")


def judge_reverse(
    hosts: SendingHosts,
    names: Mapping[str, Answer],
    forward: Mapping[str, Answer],
    *,
    sure: Collection[IpAddress],
) -> list[Finding]:
    """Return whether each sending address has a name that leads back to it (Gmail and Yahoo ask for it).

    Args:
        hosts: Where mail leaves from.
        names: The PTR records, by address.
        forward: The addresses of the hosts that they name.
        sure: Of the sending addresses those that SPF names: mail leaves from there, not from a relay.
    """
    if hosts.is_relay:
        return [ok(_REVERSE, f"{hosts.name} sends your mail: the names of its addresses are its matter")]
    if not hosts.addresses:
        return [
            warn(
                _REVERSE,
                "this machine sends by itself, and its public address cannot be seen from here",
                "see that its PTR record names a host whose A or AAAA record leads back to it",
            )
        ]
    return [
        _judge_address(str(address), names[str(address)], forward, bad=fail if address in sure else warn)
        for address in hosts.addresses
    ]


def _judge_address(
    address: str, names: Answer, forward: Mapping[str, Answer], *, bad: Callable[[str, str, str], Finding]
) -> Finding:
    if names.is_unanswered:
        return warn(_REVERSE, f"PTR of {address}: {names.problem}", CHECK_DNS)
    if not names.records:
        what = f"{address}, where your mail leaves from, has no PTR record: Gmail and others refuse its mail"
        return bad(
            _REVERSE, what, "ask whoever gave you the address to set its PTR to your mail server's name"
        )
    confirmed = [name for name in names.records if address in _addresses(forward.get(name))]
    if not confirmed:
        what = f"PTR of {address} is {', '.join(names.records)}, which does not lead back to it"
        return bad(_REVERSE, what, f"give {names.records[0]} an A or AAAA record with {address}")
    return ok(_REVERSE, f"{address} is {confirmed[0]}, and back")


def _addresses(answer: Answer | None) -> Sequence[str]:
    return answer.records if answer else ()
