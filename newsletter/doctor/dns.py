"""What the DNS says: the one door to dnspython. Each question ends in time with an answer, never an error."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from newsletter.model.nameservers import NameServer

#: Longest wait for the answer to a question, s; each name server gets half of it.
_SECONDS = 4.0
#: After so many questions that nobody answered, and none that somebody did, no more are asked.
_MOST_SILENCES = 3
#: Questions asked at once.
_AT_ONCE = 16


class Outcome(StrEnum):
    """What came of a question."""

    FOUND = "found"
    #: There is no such name, or no such record of it.
    NOTHING = "nothing"
    #: No name server gave an answer.
    UNANSWERED = "unanswered"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What was answered to one question."""

    outcome: Outcome
    #: As text, in order; of MX "10 mail.example.org", of TXT its strings joined, without quotation marks.
    records: tuple[str, ...] = ()
    #: Why there is no answer, in words.
    problem: str = ""

    @property
    def is_unanswered(self) -> bool:
        """Whether nobody knows."""
        return self.outcome is Outcome.UNANSWERED


class Names:
    """Asks name servers, each question once.

    Args:
        servers: Those to ask; empty: those of this machine.
        seconds: Longest wait for one answer.
    """

    def __init__(self, servers: Sequence[NameServer] = (), *, seconds: float = _SECONDS) -> None:
        self._servers = tuple(servers)
        self._seconds = seconds
        self._silences = 0
        self._has_heard = False
        self._asked: dict[tuple[str, str], asyncio.Future[Answer]] = {}
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._resolver: Any = None

    async def txt(self, name: str) -> Answer:
        """Return the TXT records of a name (RFC 1035 section 3.3.14)."""
        return await self._once(name, "TXT")

    async def mail_exchangers(self, domain: str) -> Answer:
        """Return the MX records of a domain, the most preferred first."""
        answer = await self._once(domain, "MX")
        by_preference = sorted(answer.records, key=lambda record: int(record.partition(" ")[0]))
        return Answer(outcome=answer.outcome, records=tuple(by_preference), problem=answer.problem)

    async def addresses(self, host: str) -> Answer:
        """Return the addresses of a host, of IPv4 and IPv6."""
        both = await asyncio.gather(self._once(host, "A"), self._once(host, "AAAA"))
        records = tuple(record for answer in both for record in answer.records)
        if records:
            return Answer(outcome=Outcome.FOUND, records=records)
        return next((answer for answer in both if answer.is_unanswered), both[0])

    async def hosts_of(self, address: str) -> Answer:
        """Return the names that the owner of an address has given it (PTR)."""
        import dns.reversename

        return await self._once(str(dns.reversename.from_address(address)), "PTR")

    async def _once(self, name: str, kind: str) -> Answer:
        """Ask, unless the same was asked before."""
        key = (name.lower().rstrip("."), kind)
        if key not in self._asked:
            self._asked[key] = asyncio.ensure_future(self._ask(*key))
        # Whoever gives up waiting does not take the answer from others.
        return await asyncio.shield(self._asked[key])

    async def _ask(self, name: str, kind: str) -> Answer:
        async with self._turns:
            if self._silences >= _MOST_SILENCES and not self._has_heard:
                return _unanswered("no name server answers")
            answer = await self._asked_once(name, kind)
        self._has_heard = self._has_heard or not answer.is_unanswered
        return answer

    async def _asked_once(self, name: str, kind: str) -> Answer:
        import dns.exception
        import dns.resolver

        try:
            found = await self._opened().resolve(f"{name}.", kind, lifetime=self._seconds, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return Answer(outcome=Outcome.NOTHING)
        except dns.resolver.NoNameservers:
            return _unanswered(f"the name servers refuse or fail to say {kind} of {name}")
        except dns.exception.Timeout:
            self._silences += 1
            return _unanswered(f"no name server answers in {self._seconds:g} s ({kind} of {name})")
        except dns.resolver.NoResolverConfiguration:
            return _unanswered("this machine names no name server")
        except (dns.exception.DNSException, OSError) as error:
            return _unanswered(f"{kind} of {name} cannot be looked up: {error}")
        return Answer(outcome=Outcome.FOUND, records=tuple(_text(record) for record in found))

    def _opened(self) -> Any:  # noqa: ANN401 - the library's resolver
        if self._resolver is None:
            import dns.asyncresolver
            import dns.nameserver

            self._resolver = dns.asyncresolver.Resolver(configure=not self._servers)
            self._resolver.timeout = self._seconds / 2
            if self._servers:
                self._resolver.nameservers = [
                    dns.nameserver.Do53Nameserver(server.address, server.port) for server in self._servers
                ]
        return self._resolver


def _unanswered(problem: str) -> Answer:
    return Answer(outcome=Outcome.UNANSWERED, problem=" ".join(problem.split()))


def _text(record: Any) -> str:  # noqa: ANN401 - the library's record types
    match record.rdtype.name:
        case "TXT":
            return b"".join(record.strings).decode("utf-8", "replace")
        case "MX":
            return f"{record.preference} {record.exchange.to_text(omit_final_dot=True)}"
        case "PTR":
            return str(record.target.to_text(omit_final_dot=True))
        case _:
            return str(record.to_text())
