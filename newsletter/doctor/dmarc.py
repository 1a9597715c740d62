"""DMARC (RFC 7489): what a domain asks receivers to do, and whether our mail passes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from newsletter.doctor.dkim import parse_tags
from newsletter.doctor.dns import Answer, Names
from newsletter.doctor.domains import are_aligned, is_free_provider, organisation_of
from newsletter.doctor.spf import CHECK_DNS
from newsletter.model.findings import Finding, fail, ok, warn

_CHECK = "dns.dmarc"
_ALIGNED = "dns.alignment"
_POLICIES = ("none", "quarantine", "reject")
_PROPOSAL = "v=DMARC1; p=none; rua=mailto:{address}"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The DMARC record that rules a domain."""

    #: Of the From address.
    domain: str
    #: Where the record is: the domain itself, or that of its organisation (section 6.6.3).
    found_at: str = ""
    texts: tuple[str, ...] = ()
    #: Why nobody knows.
    unanswered: str = ""

    @property
    def tags(self) -> dict[str, str]:
        """The tags of the one record; none where there is none, or several."""
        return parse_tags(self.texts[0]) if len(self.texts) == 1 else {}

    @property
    def asks_for(self) -> str:
        """What is to be done with mail that does not pass: none, quarantine or reject; "" if unclear."""
        tags = self.tags
        inherited = self.found_at != self.domain
        wanted = (tags.get("sp") if inherited else None) or tags.get("p", "")
        return wanted.lower() if wanted.lower() in _POLICIES else ""

    def is_strict(self, tag: str) -> bool:
        """Return whether `adkim` or `aspf` asks for the very same domain (section 3.1)."""
        return self.tags.get(tag, "r").lower() == "s"


def dmarc_texts(answer: Answer) -> tuple[str, ...]:
    """Return the TXT records that are DMARC records (section 6.3: the version comes first)."""
    return tuple(text for text in answer.records if parse_version(text))


def parse_version(text: str) -> bool:
    """Return whether a text begins as a DMARC record does."""
    name, _, value = text.partition(";")[0].partition("=")
    return name.strip().lower() == "v" and value.strip() == "DMARC1"


async def read_policy(domain: str, names: Names) -> Policy:
    """Look for the record at the domain, then at that of its organisation."""
    for place in dict.fromkeys((domain, organisation_of(domain))):
        answer = await names.txt(f"_dmarc.{place}")
        if answer.is_unanswered:
            return Policy(domain=domain, unanswered=answer.problem)
        if texts := dmarc_texts(answer):
            return Policy(domain=domain, found_at=place, texts=texts)
    return Policy(domain=domain)


def judge_dmarc(policy: Policy, *, reports_to: str) -> Finding:
    """Return what is to be said of a domain's DMARC record.

    Args:
        policy: As it was found.
        reports_to: An address that a proposed record may name.
    """
    domain = policy.domain
    proposal = _PROPOSAL.format(address=reports_to)
    if policy.unanswered:
        return warn(_CHECK, f"DMARC of {domain}: {policy.unanswered}", CHECK_DNS)
    place = f"_dmarc.{policy.found_at or organisation_of(domain)}"
    if not policy.texts:
        what = f"{domain} has no DMARC record, and Gmail, Yahoo and Microsoft ask bulk senders for one"
        return fail(_CHECK, what, f"publish a TXT record at {place}: {proposal}")
    if len(policy.texts) > 1:
        what = f"{place} has {len(policy.texts)} DMARC records, and receivers take none of them"
        return fail(_CHECK, what, "delete all of them but one")
    if not policy.asks_for:
        what = f"the DMARC record at {place} has no policy that receivers know (p={policy.tags.get('p', '')})"
        return fail(_CHECK, what, f"set p=none, p=quarantine or p=reject in it: {proposal}")
    if policy.asks_for == "none" and "rua" not in policy.tags:
        what = (
            f"DMARC of {domain} asks for nothing (p=none) and for no reports: it neither protects nor tells"
        )
        return warn(_CHECK, what, f"let reports come: add rua=mailto:{reports_to} to {place}")
    return ok(_CHECK, f"DMARC of {domain}: p={policy.asks_for}, at {place}")


def judge_alignment(policy: Policy, *, envelope_domain: str, signing_domains: Sequence[str]) -> Finding:
    """Return whether mail from a domain passes DMARC by SPF, by DKIM, or by neither (section 3.1).

    Args:
        policy: Of the domain in From.
        envelope_domain: Of the envelope sender, which SPF is about.
        signing_domains: Which sign here; empty: the relay may.
    """
    domain = policy.domain
    if is_free_provider(domain):
        what = f"{domain} belongs to a mailbox provider, and lets only its own servers send from it"
        return fail(_ALIGNED, what, "set SENDER_ADDRESS to an address at a domain of your own")
    by_spf = are_aligned(domain, envelope_domain, strict=policy.is_strict("aspf"))
    signing = [one for one in signing_domains if are_aligned(domain, one, strict=policy.is_strict("adkim"))]
    if by_spf and (signing or not signing_domains):
        by = "SPF and DKIM" if signing else "SPF (by DKIM, too, if your relay signs for it)"
        return ok(_ALIGNED, f"From, at {domain}, agrees with what is checked by {by}")
    if by_spf or signing:
        return next(_half_aligned(policy, envelope_domain, signing_domains, by_spf=by_spf))
    seen = ", ".join(dict.fromkeys((envelope_domain, *signing_domains)))
    what = f"From is at {domain}, and neither SPF nor DKIM vouches for that ({seen}): DMARC fails"
    repair = f"set BOUNCE_ADDRESS and DKIM_DOMAIN to {domain}, or to {organisation_of(domain)}"
    if not signing_domains:
        return warn(_ALIGNED, what + " unless your relay signs for it", repair)
    return fail(_ALIGNED, what, repair)


def _half_aligned(
    policy: Policy, envelope_domain: str, signing_domains: Sequence[str], *, by_spf: bool
) -> Iterator[Finding]:
    domain = policy.domain
    if by_spf:
        signer = ", ".join(signing_domains)
        what = f"DKIM signs for {signer}, and From is at {domain}: only SPF counts, which forwarding breaks"
        yield warn(_ALIGNED, what, f"empty DKIM_DOMAIN, or set it to {organisation_of(domain)}")
    what = f"bounces go to {envelope_domain}, and From is at {domain}: only DKIM counts for DMARC"
    yield warn(_ALIGNED, what, f"set BOUNCE_ADDRESS to an address at {organisation_of(domain)} or below it")
