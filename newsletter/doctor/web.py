"""Whether readers' pages are there: found, trusted, ours, and harmless to what only looks."""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from newsletter.doctor.dns import Names
from newsletter.doctor.outside import Outside
from newsletter.doctor.smtp import certificate_finding, clock_finding
from newsletter.doctor.spf import CHECK_DNS
from newsletter.errors import FetchError
from newsletter.model.clock import Clock
from newsletter.model.findings import Finding, FindingState, fail, ok, warn
from newsletter.sources.reachable import literal_address
from newsletter.sources.web import Answer, Fetcher, Request

#: Longest wait for a certificate, and for one answer, s.
_SECONDS = 6.0
_MOST_BYTES = 200_000
_HEALTHY = b'{"status":"ok"}'
_START = "start `newsletter run`, and let the web server before it pass requests on to PORT"


@dataclass(frozen=True, kw_only=True)
class Pages:
    """Where readers' pages are to be."""

    #: PUBLIC_URL.
    url: str
    #: An unsubscribe link that names nobody, signed as readers' are.
    link_of_nobody: str

    @property
    def host(self) -> str:
        """The host of the address."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """Where it is asked."""
        parts = urlsplit(self.url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def is_https(self) -> bool:
        """Whether pages are served over TLS."""
        return self.url.startswith("https:")


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What one request led to."""

    answer: Answer | None = None
    problem: str = ""


async def examine_web(pages: Pages, names: Names, outside: Outside, *, clock: Clock) -> list[Finding]:
    """Look readers' pages up, as a reader far away would.

    Args:
        pages: Where they are to be.
        names: The DNS.
        outside: How the network is reached.
        clock: Returns the time, UTC.
    """
    found, addresses = await _find(pages, names, outside)
    if not addresses:
        return found
    if pages.is_https:
        certificate = await _certificate(pages, addresses, outside, clock)
        found += certificate
        if any(finding.state is FindingState.FAIL for finding in certificate):
            return found
    return found + await _ask(pages, addresses, outside, clock)


async def _find(pages: Pages, names: Names, outside: Outside) -> tuple[list[Finding], Sequence[str]]:
    """Return whether the world finds the pages, and the addresses that they are at."""
    host, check = pages.host, "web.address"
    addresses: Sequence[str] = [host] if literal_address(host) else []
    if not addresses:
        answer = await names.addresses(host)
        addresses = answer.records
        if answer.is_unanswered:
            return [warn(check, f"PUBLIC_URL: {answer.problem}", CHECK_DNS)], []
    if not addresses:
        # What the DNS does not know and this machine does is a name such as "localhost".
        known_here = await _known_here(pages, outside)
        addresses = [one for one in known_here if not outside.is_public(ip_address(one))]
    if not addresses:
        what = f"PUBLIC_URL names {host}, which the DNS does not know: readers' links lead nowhere"
        return [fail(check, what, f"publish an A or AAAA record at {host}, or correct PUBLIC_URL")], []
    if not any(outside.is_public(ip_address(address)) for address in addresses):
        what = f"PUBLIC_URL names {host}, at {addresses[0]}: only this network can open readers' links"
        return [
            warn(check, what, "set PUBLIC_URL to an https address that your readers can reach")
        ], addresses
    return [ok(check, f"{host} is at {', '.join(addresses)}")], addresses


async def _known_here(pages: Pages, outside: Outside) -> Sequence[str]:
    """Return the addresses that this machine alone knows of, as it does of "localhost"."""
    try:
        async with asyncio.timeout(_SECONDS):
            return await outside.resolve(pages.host, pages.port)
    except OSError:
        return []


async def _certificate(
    pages: Pages, addresses: Sequence[str], outside: Outside, clock: Clock
) -> list[Finding]:
    check, host = "web.certificate", pages.host
    context = outside.tls or await asyncio.to_thread(ssl.create_default_context)
    try:
        async with asyncio.timeout(_SECONDS):
            _, writer = await asyncio.open_connection(
                addresses[0], pages.port, ssl=context, server_hostname=host
            )
            certificate = writer.get_extra_info("peercert")
            # Not every server answers a farewell, and all is seen that was to be seen.
            writer.transport.abort()
    except ssl.SSLCertVerificationError as error:
        what = f"the certificate of {host} does not verify: {error.verify_message}"
        return [fail(check, what, f"have the web server before `newsletter run` get one for {host} (ACME)")]
    except ssl.SSLError as error:
        what = f"{host}:{pages.port} does not speak TLS ({error.reason})"
        return [fail(check, what, "let the web server before `newsletter run` serve https there")]
    except TimeoutError:
        return [fail("web.reach", f"{host}:{pages.port} does not answer in {_SECONDS:g} s", _START)]
    except OSError as error:
        return [
            fail("web.reach", f"{host}:{pages.port} cannot be reached: {error.strerror or error}", _START)
        ]
    ends_at = datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
    return [certificate_finding(check, host, ends_at, "see why it is not renewed by itself", now=clock())]


async def _ask(pages: Pages, addresses: Sequence[str], outside: Outside, clock: Clock) -> list[Finding]:
    """Ask for the probe, and for the page of a link that names nobody."""

    async def known(_host: str, _port: int) -> Sequence[str]:
        """Return what was looked up already."""
        return addresses

    fetcher = Fetcher(
        user_agent="newsletter-doctor",
        max_bytes=_MOST_BYTES,
        total_seconds=_SECONDS,
        allowed_hosts=[pages.host],
        resolve=known,
        tls=outside.tls,
    )
    async with fetcher:
        base = pages.url.rstrip("/")
        probe = await _fetched(fetcher, f"{base}/healthz")
        found = _judge_probe(pages, probe)
        if probe.answer is not None:
            found += _judge_clock(pages, probe.answer, now=clock())
        if all(finding.state is not FindingState.FAIL for finding in found):
            link = await _fetched(fetcher, pages.link_of_nobody)
            home = await _fetched(fetcher, f"{base}/")
            found += [_judge_link(pages, link), *_judge_home(pages, home)]
    return found


async def _fetched(fetcher: Fetcher, url: str) -> _Asked:
    try:
        return _Asked(
            answer=await fetcher.fetch(Request(url=url, media_types=("application/json", "text/*")))
        )
    except FetchError as error:
        return _Asked(problem=str(error))


def _judge_probe(pages: Pages, asked: _Asked) -> list[Finding]:
    answer, place = asked.answer, f"{pages.url.rstrip('/')}/healthz"
    if answer is None:
        return [fail("web.reach", f"{place}: {asked.problem}", _START)]
    if not _same_place(answer.url, place):
        base = answer.url.removesuffix("/healthz")
        what = f"PUBLIC_URL is redirected to {base}, and mail programs follow no redirect for one click"
        return [fail("web.redirect", what, f"set PUBLIC_URL={base}, or end the redirect")]
    if answer.status in {502, 503, 504}:
        what = f"{place} answers {answer.status}: a web server is there, and nothing behind it"
        return [fail("web.reach", what, _START)]
    if answer.status != 200 or answer.content.strip().replace(b" ", b"") != _HEALTHY:
        what = f"{place} answers {answer.status}, and not as ours does: something else is there"
        return [
            fail("web.ours", what, "correct PUBLIC_URL, or the path that is passed on to `newsletter run`")
        ]
    return [ok("web.reach", f"{place} answers")]


def _same_place(one: str, other: str) -> bool:
    here, there = urlsplit(one), urlsplit(other)
    return (here.scheme, here.hostname, here.port or 0, here.path) == (
        there.scheme,
        (there.hostname or "").lower(),
        there.port or 0,
        there.path,
    )


def _judge_link(pages: Pages, asked: _Asked) -> Finding:
    """Return whether an unsubscribe link is understood, and only shows a page to who merely looks."""
    answer, check = asked.answer, "web.one-click"
    if answer is None:
        return fail(check, f"unsubscribe links: {asked.problem}", _START)
    if not _same_place(answer.url, pages.link_of_nobody):
        what = (
            f"unsubscribe links are redirected to {urlsplit(answer.url).hostname}: one click fails (RFC 8058)"
        )
        return fail(check, what, "let the web server before `newsletter run` pass /u/ on without a redirect")
    if answer.status == 404:
        what = "the pages at PUBLIC_URL do not know our links: they have other SECRET_KEYS, or other lists"
        return fail(check, what, "start that service with the same SECRET_KEYS as here, or restart it")
    if answer.status in {401, 403}:
        what = f"unsubscribe links answer {answer.status}: readers would have to sign in (RFC 8058)"
        return fail(check, what, "let everybody reach /u/, /c/ and /p/ below PUBLIC_URL")
    if answer.status != 200:
        return fail(check, f"unsubscribe links answer {answer.status}", "see the log of `newsletter run`")
    return ok(check, "unsubscribe links are known, and looking at one changes nothing")


def _judge_home(pages: Pages, asked: _Asked) -> list[Finding]:
    """Return whether the first page can be made; a template of one's own may be what is broken."""
    answer = asked.answer
    if answer is None or answer.status < 500:
        return []
    what = f"{pages.url} answers {answer.status}: the first page cannot be made"
    return [fail("web.pages", what, "see the log of `newsletter run`, or delete your own templates/web")]


def _judge_clock(pages: Pages, answer: Answer, *, now: datetime) -> list[Finding]:
    try:
        theirs = parsedate_to_datetime(answer.headers.get("date", ""))
    except (TypeError, ValueError, IndexError):
        return []
    return [clock_finding("web.clock", pages.host, theirs, now=now)] if theirs.tzinfo else []
