"""Whether a domain's SPF record lets our mail through, and what to do if it does not."""

from collections.abc import Iterator, Sequence

from newsletter.doctor.sending import SendingHosts
from newsletter.doctor.spfrecord import (
    MOST_LOOKUPS,
    MOST_VOID_LOOKUPS,
    IpAddress,
    Record,
    Verdict,
    verdict_on,
)
from newsletter.model.findings import Finding, FindingState, fail, ok, warn

_CHECK = "dns.spf"


def judge_spf(record: Record, hosts: SendingHosts) -> list[Finding]:
    """Return what is to be said of a domain's SPF record; more than one finding only if several are wrong.

    Args:
        record: As it was read, with all that it includes.
        hosts: Where mail leaves from.
    """
    domain = record.domain
    if record.unanswered:
        return [warn(_CHECK, f"SPF of {domain}: {record.unanswered}", CHECK_DNS)]
    if not record.texts:
        what = f"{domain} has no SPF record, so nobody knows which servers may send for it"
        return [fail(_CHECK, what, f"publish a TXT record at {domain}: {_proposal(hosts)}")]
    found = [*_unreadable(record), *_limits(record), *_openness(record), *_coverage(record, hosts)]
    bad = [finding for finding in found if finding.state is not FindingState.OK]
    return bad or [ok(_CHECK, _summary(record, found))]


#: What to do where the DNS does not answer.
CHECK_DNS = "ask again later; if it stays, check /etc/resolv.conf, or name another server in DNS_SERVERS"


def _proposal(hosts: SendingHosts) -> str:
    if hosts.addresses and not hosts.is_relay:
        mechanisms = " ".join(map(_mechanism, hosts.addresses))
        return f"v=spf1 {mechanisms} -all"
    return "v=spf1 include:… -all, with what the provider of SMTP_HOST tells you to include"


def _summary(record: Record, found: Sequence[Finding]) -> str:
    covered = "".join(f"; {finding.what}" for finding in found)
    return f"SPF of {record.domain} takes {record.lookups} of {MOST_LOOKUPS} look-ups{covered}"


def _unreadable(record: Record) -> Iterator[Finding]:
    """Tell for whose sake receivers give up: they then treat the domain as having a broken record."""
    broken = record.broken
    if broken is None:
        if record.doubt:
            yield warn(_CHECK, f"SPF of {record.domain}: {record.doubt}", CHECK_DNS)
        return
    whose = "" if broken is record else f" (which {record.domain} includes)"
    if broken.syntax_error:
        what = f"SPF of {broken.domain}{whose} cannot be read: {broken.syntax_error!r} is no term"
        yield fail(_CHECK, what, f"correct {broken.syntax_error!r} in the record")
    elif len(broken.texts) > 1:
        what = f"{broken.domain}{whose} has {len(broken.texts)} SPF records, and receivers take none of them"
        yield fail(_CHECK, what, "put their terms together in one record, and delete the others")
    else:
        what = f"SPF of {record.domain} names {broken.domain}, which has no SPF record"
        yield fail(_CHECK, what, f"take {broken.domain} out of the record, or correct its name")


def _limits(record: Record) -> Iterator[Finding]:
    if record.lookups > MOST_LOOKUPS:
        what = (
            f"SPF of {record.domain} takes {record.lookups} look-ups, and receivers give up after "
            f"{MOST_LOOKUPS} (RFC 7208, 4.6.4)"
        )
        yield fail(_CHECK, what, "take out includes that you send nothing through, or write ip4: and ip6:")
    if record.void_lookups > MOST_VOID_LOOKUPS:
        void = ", ".join(step.term.text for step in record.all_steps() if step.is_void)
        what = f"SPF of {record.domain} names what the DNS does not know: {void}"
        yield fail(_CHECK, what, "take these terms out: receivers give up after two such (RFC 7208, 4.6.4)")
    for step in record.all_steps():
        if step.is_too_long:
            what = f"SPF of {record.domain} has {step.term.text!r}, and more than ten mail servers behind it"
            yield fail(_CHECK, what, f"replace {step.term.text!r} with ip4: and ip6: (RFC 7208, 4.6.4)")


def _openness(record: Record) -> Iterator[Finding]:
    last = record
    while last.steps and last.steps[-1].term.name == "redirect" and last.steps[-1].record:
        last = last.steps[-1].record
    ends = [step.term for step in last.steps if step.term.name == "all"]
    if ends and ends[0].verdict is Verdict.PASS:
        what = f"SPF of {record.domain} lets anybody send ({ends[0].text})"
        yield fail(_CHECK, what, f"replace {ends[0].text} with -all, or with ~all while you try it out")
    elif record.broken is None and not record.doubt and (not ends or ends[0].verdict is Verdict.NEUTRAL):
        what = f"SPF of {record.domain} says nothing of other servers: it does not end with -all or ~all"
        yield warn(_CHECK, what, "end the record with -all, or with ~all while you try it out")
    if any(step.term.name == "ptr" for step in record.all_steps()):
        what = f"SPF of {record.domain} uses ptr, which receivers may pass over (RFC 7208, 5.5)"
        yield warn(_CHECK, what, "replace ptr with ip4:, ip6:, a or mx")


def _coverage(record: Record, hosts: SendingHosts) -> Iterator[Finding]:
    """Tell whether it names the servers that mail leaves from, as far as they are known."""
    if record.broken is not None or record.doubt:
        return
    verdicts = {address: verdict_on(record, address) for address in hosts.addresses}
    for address, verdict in verdicts.items():
        if verdict is Verdict.PASS:
            yield ok(_CHECK, f"it lets {address} send")
        elif verdict is Verdict.UNKNOWN:
            yield ok(_CHECK, f"whether it lets {address} send hangs on each mail")
    missing = [one for one, verdict in verdicts.items() if verdict not in {Verdict.PASS, Verdict.UNKNOWN}]
    if missing and hosts.is_relay and len(missing) == len(verdicts):
        what = f"SPF of {record.domain} does not name {hosts.name}; relays often send from other addresses"
        repair = f"see what the provider of {hosts.name} tells you to include, and put it into the record"
        yield warn(_CHECK, what, repair)
    for address in missing if not hosts.is_relay else ():
        said = verdicts[address].value
        what = f"SPF of {record.domain} does not let {address} send, which is this machine: {said}"
        repair = f"put {_mechanism(address)} before its all; not needed if a relay sends for this machine"
        yield warn(_CHECK, what, repair)


def _mechanism(address: IpAddress) -> str:
    return f"ip{address.version}:{address}"
