"""SPF (RFC 7208): which servers may send for a domain, read with all that its record includes."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from newsletter.doctor.dns import Answer, Names, Outcome

IpAddress = IPv4Address | IPv6Address
IpNetwork = IPv4Network | IPv6Network

#: RFC 7208 section 4.6.4: terms that ask the DNS, and of these the ones that find nothing.
MOST_LOOKUPS, MOST_VOID_LOOKUPS = 10, 2
#: Where reading stops: no receiver goes further, and a record may include itself.
_READ_AT_MOST = 25

_BITS = r"(0|[1-9]\d{0,2})"
_TERM = re.compile(
    r"(?P<qualifier>[-+?~]?)(?P<name>all|include|a|mx|ptr|ip4|ip6|exists)"
    rf"(?::(?P<value>\S+?))?(?:/(?P<bits>{_BITS}))?(?://(?P<bits6>{_BITS}))?",
    re.IGNORECASE,
)
_MODIFIER = re.compile(r"(?P<name>[a-z][a-z0-9_.-]*)=(?P<value>\S*)", re.IGNORECASE)
#: Sections 7.1 and 12: visible ASCII, a percent sign only where a macro begins.
_MACRO = r"%\{[slodiphv]\d*r?[-.+,/_=]*\}"
_MACRO_STRING = re.compile(rf"(?:[!-$&-~]|{_MACRO}|%[%_-])*", re.IGNORECASE)
#: A domain ends with a macro, or with a label that is no number.
_DOMAIN_END = re.compile(
    rf"(?:.*\.(?![0-9]+\.?\Z)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.?|.*{_MACRO})", re.IGNORECASE
)
_ASKING = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})
_NEEDS_VALUE = frozenset({"include", "ip4", "ip6", "exists"})


class Verdict(StrEnum):
    """What a receiver makes of mail from an address (RFC 7208 section 2.6); the value is its name there."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    NONE = "none"
    PERMERROR = "permerror"
    #: Not of the RFC: the record hangs on the mail at hand, or the DNS did not answer.
    UNKNOWN = "unknown"


_QUALIFIERS = {"+": Verdict.PASS, "-": Verdict.FAIL, "~": Verdict.SOFTFAIL, "?": Verdict.NEUTRAL}


@dataclass(frozen=True, kw_only=True)
class Term:
    """A mechanism or a redirect of a record."""

    #: As it is written.
    text: str
    name: str
    verdict: Verdict = Verdict.PASS
    #: Domain or address; empty: the domain of the record.
    value: str = ""
    #: Lengths of prefixes; None: the whole address.
    bits: int | None = None
    bits6: int | None = None

    @property
    def asks(self) -> bool:
        """Whether it counts as a look-up."""
        return self.name in _ASKING


@dataclass(frozen=True, kw_only=True)
class Step:
    """A term with what the DNS says to it."""

    term: Term
    networks: tuple[IpNetwork, ...] = ()
    #: The record that it includes, or redirects to.
    record: "Record | None" = None
    #: Whether it asked and found nothing.
    is_void: bool = False
    #: Whether nobody can say beforehand what it matches.
    is_open: bool = False
    #: Why nobody knows what it matches.
    unanswered: str = ""
    #: Whether more mail servers stand behind it than receivers look up.
    is_too_long: bool = False


@dataclass(frozen=True, kw_only=True)
class Record:
    """A domain's SPF record, with those that it includes."""

    domain: str
    #: Texts of the SPF records that were found; there must be one.
    texts: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    #: The term that is none.
    syntax_error: str = ""
    #: Why nobody knows.
    unanswered: str = ""

    def all_steps(self) -> Iterator[Step]:
        """Yield every term, those of included records too, in the order in which they are read."""
        for step in self.steps:
            yield step
            if step.record is not None:
                yield from step.record.all_steps()

    @property
    def lookups(self) -> int:
        """Terms that ask the DNS."""
        return sum(step.term.asks for step in self.all_steps())

    @property
    def void_lookups(self) -> int:
        """Terms that ask and find nothing."""
        return sum(step.is_void for step in self.all_steps())

    @property
    def broken(self) -> "Record | None":
        """The first record for whose sake receivers give up: missing, twice there, or not to be read."""
        if self.unanswered:
            return None
        if self.syntax_error or len(self.texts) != 1:
            return self
        inner = (step.record.broken for step in self.steps if step.record is not None)
        return next((record for record in inner if record is not None), None)

    @property
    def doubt(self) -> str:
        """Why not all of it could be read; empty if all was."""
        steps = list(self.all_steps())
        doubts = [self.unanswered, *(step.record.unanswered for step in steps if step.record)]
        return next(filter(None, (*doubts, *(step.unanswered for step in steps))), "")


class SpfSyntaxError(ValueError):
    """A term is none; the message is the term."""


def spf_texts(records: Sequence[str]) -> tuple[str, ...]:
    """Return the TXT records that are SPF records (RFC 7208 section 4.5)."""
    return tuple(text for text in records if text.lower().split(" ")[0] == "v=spf1")


def parse_spf(text: str) -> tuple[Term, ...]:
    """Return the terms of a record, a redirect last; other modifiers are left out.

    Raises:
        SpfSyntaxError: A term is none, or a redirect is there twice (RFC 7208 sections 4.6.1 and 6).
    """
    terms: list[Term] = []
    modifiers: dict[str, Term] = {}
    for word in filter(None, text.split(" ")[1:]):
        match = _MODIFIER.fullmatch(word)
        if match is None:
            terms.append(_mechanism(word))
            continue
        name, value = match["name"].lower(), match["value"]
        is_named = name in {"redirect", "exp"}
        if not _MACRO_STRING.fullmatch(value) or (is_named and (name in modifiers or not _is_domain(value))):
            raise SpfSyntaxError(word)
        modifiers[name] = Term(text=word, name=name, value=value)
    # Section 6.1: a redirect is not looked at where there is an `all`.
    if "redirect" in modifiers and not any(term.name == "all" for term in terms):
        terms.append(modifiers["redirect"])
    return tuple(terms)


def _is_domain(value: str) -> bool:
    """Return whether a value may stand for a domain (section 7.1)."""
    return bool(_MACRO_STRING.fullmatch(value) and _DOMAIN_END.fullmatch(value))


def _mechanism(word: str) -> Term:
    match = _TERM.fullmatch(word)
    if match is None:
        raise SpfSyntaxError(word)
    name, value = match["name"].lower(), match["value"] or ""
    term = Term(
        text=word,
        name=name,
        verdict=_QUALIFIERS[match["qualifier"] or "+"],
        value=value,
        bits=int(match["bits"]) if match["bits"] else None,
        bits6=int(match["bits6"]) if match["bits6"] else None,
    )
    takes_bits = name in {"a", "mx", "ip4", "ip6"}
    has_bits = term.bits is not None or term.bits6 is not None
    if (name in _NEEDS_VALUE and not value) or (name == "all" and value) or (has_bits and not takes_bits):
        raise SpfSyntaxError(word)
    if (term.bits or 0) > (128 if name == "ip6" else 32) or (term.bits6 or 0) > 128:
        raise SpfSyntaxError(word)
    is_address = name in {"ip4", "ip6"}
    if is_address and (term.bits6 is not None or not _is_of_family(value, name)):
        raise SpfSyntaxError(word)
    if value and not is_address and not _is_domain(value):
        raise SpfSyntaxError(word)
    return term


def _is_of_family(value: str, name: str) -> bool:
    try:
        return ip_address(value).version == int(name[-1])
    except ValueError:
        return False


async def read_spf(domain: str, names: Names) -> Record:
    """Read a domain's record and all that it includes, further than any receiver goes."""
    return await _Reading(names).record(domain)


class _Reading:
    """One walk through a record; it counts what it asked."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._asked = 0
        #: Where nobody answers, nothing more is asked: each question would take its time.
        self._gave_up = False

    async def record(self, domain: str) -> Record:
        """Read one domain's record."""
        answer = await self._names.txt(domain)
        if answer.is_unanswered:
            self._gave_up = True
            return Record(domain=domain, unanswered=answer.problem)
        texts = spf_texts(answer.records)
        if len(texts) != 1:
            return Record(domain=domain, texts=texts)
        try:
            terms = parse_spf(texts[0])
        except SpfSyntaxError as error:
            return Record(domain=domain, texts=texts, syntax_error=str(error))
        # One after another: what comes first is what receivers read before they give up.
        steps = [await self._step(term, domain) for term in terms]
        return Record(domain=domain, texts=texts, steps=tuple(steps))

    async def _step(self, term: Term, domain: str) -> Step:
        self._asked += term.asks
        if term.name in {"ip4", "ip6"}:
            return Step(term=term, networks=(_network(term.value, term),))
        if not term.asks:
            return Step(term=term)
        # What is written with macros hangs on the mail (section 7); PTR is slow and not to be used (5.5).
        hangs_on_mail = "%" in term.value or term.name in {"ptr", "exists"}
        if hangs_on_mail or self._gave_up or self._asked > _READ_AT_MOST:
            return Step(term=term, is_open=True)
        if term.name in {"include", "redirect"}:
            return Step(term=term, record=await self.record(term.value))
        hosts = await self._hosts(term, term.value or domain)
        answers = await asyncio.gather(*map(self._names.addresses, hosts.records[:MOST_LOOKUPS]))
        self._gave_up = hosts.is_unanswered or any(answer.is_unanswered for answer in answers)
        return _found(term, hosts, answers)

    async def _hosts(self, term: Term, domain: str) -> Answer:
        """Return the hosts whose addresses a term stands for."""
        if term.name == "a":
            return Answer(outcome=Outcome.FOUND, records=(domain,))
        answer = await self._names.mail_exchangers(domain)
        return Answer(
            outcome=answer.outcome,
            records=tuple(record.partition(" ")[2] for record in answer.records),
            problem=answer.problem,
        )


def _found(term: Term, hosts: Answer, answers: Sequence[Answer]) -> Step:
    addresses = [record for answer in answers for record in answer.records]
    unanswered = next((answer.problem for answer in (hosts, *answers) if answer.is_unanswered), "")
    return Step(
        term=term,
        networks=tuple(_network(address, term) for address in addresses),
        is_void=not addresses and not unanswered,
        unanswered=unanswered,
        is_too_long=len(hosts.records) > MOST_LOOKUPS,
    )


def _network(address: str, term: Term) -> IpNetwork:
    is_v6 = ":" in address
    bits = term.bits6 if is_v6 and term.name != "ip6" else term.bits
    return ip_network(f"{address}/{(128 if is_v6 else 32) if bits is None else bits}", strict=False)


def verdict_on(record: Record, address: IpAddress) -> Verdict:
    """Return what a receiver makes of mail from an address (RFC 7208 section 4.6)."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if record.unanswered:
        return Verdict.UNKNOWN
    if not record.texts:
        return Verdict.NONE
    if record.syntax_error or len(record.texts) > 1:
        return Verdict.PERMERROR
    for step in record.steps:
        verdict = _verdict_of(step, address)
        if verdict is not None:
            return verdict
    return Verdict.NEUTRAL


def _verdict_of(step: Step, address: IpAddress) -> Verdict | None:
    """Return what one term says; None if it does not match (section 5.2 for includes)."""
    if step.is_open:
        return Verdict.UNKNOWN
    if step.term.name == "all":
        return step.term.verdict
    if step.record is None:
        return step.term.verdict if any(address in network for network in step.networks) else None
    inner = verdict_on(step.record, address)
    if step.term.name == "redirect":
        return Verdict.PERMERROR if inner is Verdict.NONE else inner
    if inner in {Verdict.PERMERROR, Verdict.NONE}:
        return Verdict.PERMERROR
    if inner is Verdict.UNKNOWN:
        return inner
    return step.term.verdict if inner is Verdict.PASS else None
