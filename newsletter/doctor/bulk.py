"""The rules of Gmail, Yahoo and Microsoft for those who send to many of their readers, as a checklist.

They are those of support.google.com/a/answer/81126 (since February 2024, of 5,000 messages a day on),
senders.yahooinc.com/best-practices, and of Outlook's announcement of April 2025 (5,000 a day).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from newsletter.model.findings import (
    Checklist,
    Finding,
    FindingState,
    Rule,
    RuleState,
    worst,
)


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What a provider asks for."""

    text: str
    #: It is met if all of these are well.
    checks: tuple[str, ...] = ()
    #: And one of these at least.
    any_of: tuple[str, ...] = ()
    #: Where to look, if it cannot be seen from here.
    elsewhere: str = ""


_AUTHENTICATION = (
    _Asked(text="SPF for the envelope's domain", checks=("dns.spf",)),
    _Asked(text="DKIM for the sender's domain", checks=("dns.dkim",)),
    _Asked(text="DMARC, at least p=none", checks=("dns.dmarc",)),
    _Asked(text="From in line with SPF or DKIM", checks=("dns.alignment",), any_of=("dns.spf", "dns.dkim")),
)
_PTR = _Asked(text="sending addresses have names that lead back to them (PTR)", checks=("dns.reverse",))
_TLS = _Asked(text="mail is handed over by TLS", checks=("smtp.tls",))
_FORM = _Asked(text="messages keep to RFC 5322", checks=("mail.edition",))
_ONE_CLICK = _Asked(
    text="one-click unsubscribing (RFC 8058), covered by DKIM", checks=("mail.one-click", "web.one-click")
)
_REPLIES = _Asked(text="answers to From reach somebody", checks=("dns.mx",))
#: What this software does by itself.
_LINK = _Asked(text="a way out that readers see in the mail itself", checks=("mail.edition",))
_TWO_DAYS = _Asked(text="who leaves gets nothing after two days", checks=("web.one-click",))

_PROVIDERS = {
    "Gmail": (
        *_AUTHENTICATION,
        _PTR,
        _TLS,
        _FORM,
        _ONE_CLICK,
        _LINK,
        _TWO_DAYS,
        _Asked(text="reported as spam by fewer than 0.3 % of readers", elsewhere="postmaster.google.com"),
    ),
    "Yahoo": (
        *_AUTHENTICATION,
        _PTR,
        _FORM,
        _ONE_CLICK,
        _LINK,
        _TWO_DAYS,
        _Asked(
            text="reported as spam by fewer than 0.3 % of readers",
            elsewhere="senders.yahooinc.com/complaint-feedback-loop",
        ),
    ),
    "Microsoft": (
        *_AUTHENTICATION,
        _REPLIES,
        _LINK,
        _Asked(text="few bounces and complaints", elsewhere="sendersupport.olc.protection.outlook.com/snds"),
    ),
}

_STATES = {
    FindingState.OK: RuleState.MET,
    FindingState.WARN: RuleState.OPEN,
    FindingState.FAIL: RuleState.BROKEN,
}


def checklists(findings: Sequence[Finding]) -> tuple[Checklist, ...]:
    """Return what each provider asks for, and whether it is met as far as the findings tell."""
    return tuple(
        Checklist(provider=provider, rules=tuple(_rule(asked, findings) for asked in rules))
        for provider, rules in _PROVIDERS.items()
    )


def _rule(asked: _Asked, findings: Sequence[Finding]) -> Rule:
    if not asked.checks:
        return Rule(text=asked.text, state=RuleState.UNSEEN, because=asked.elsewhere)
    wanted = [*asked.checks, *_best_of(asked.any_of, findings)]
    relevant = [finding for finding in findings if finding.check in wanted]
    missing = _missing(wanted, {finding.check for finding in relevant})
    state = worst(relevant)
    if missing and state is not FindingState.FAIL:
        return Rule(text=asked.text, state=RuleState.OPEN, because=f"{', '.join(missing)} was not looked at")
    assert state is not None  # noqa: S101 - nothing is missing, so there is a finding
    because = dict.fromkeys(finding.check for finding in relevant if finding.state is state)
    return Rule(text=asked.text, state=_STATES[state], because=", ".join(because))


def _best_of(checks: Sequence[str], findings: Sequence[Finding]) -> list[str]:
    """Return the one of some checks that is best; none of none."""
    order = (FindingState.OK, FindingState.WARN, None, FindingState.FAIL)
    states = {check: worst(finding for finding in findings if finding.check == check) for check in checks}
    return sorted(checks, key=lambda check: order.index(states[check]))[:1]


def _missing(wanted: Sequence[str], found: Collection[str]) -> list[str]:
    return [check for check in wanted if check not in found]
