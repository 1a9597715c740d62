"""Whether the mail server takes our mail: reached, trusted, signed in, and large enough."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from newsletter.deliveries.server import SmtpSecurity, SmtpServer
from newsletter.deliveries.smtp import SmtpTransport
from newsletter.deliveries.visit import Trouble, Visit
from newsletter.model.clock import Clock
from newsletter.model.findings import Finding, fail, ok, warn

#: A certificate that ends sooner is told of, days.
CERTIFICATE_DAYS = 14
#: Clocks that differ by more are told of; by more than the second, mail suffers.
_ODD, _WRONG = timedelta(minutes=1), timedelta(minutes=5)

#: RFC 5322 section 3.3, as Exim and sendmail greet.
_DATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-3]?\d "
    r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} [0-2]\d:[0-5]\d:[0-5]\d [+-][01]\d[0-5]\d"
)

_CHECKS = {
    Trouble.UNKNOWN_HOST: ("smtp.reach", "correct SMTP_HOST: no address is known for that name"),
    Trouble.UNREACHABLE: (
        "smtp.reach",
        "check SMTP_HOST and SMTP_PORT; if they are right, the server is down, or a firewall stops you",
    ),
    Trouble.SILENT: (
        "smtp.reach",
        "check SMTP_PORT and SMTP_SECURITY (587: starttls, 465: tls); many hosting providers block port 25",
    ),
    Trouble.NOT_SMTP: ("smtp.reach", "correct SMTP_PORT: something else than a mail server answers there"),
    Trouble.REFUSED: ("smtp.reach", "ask who runs the server why it refuses you"),
    Trouble.TLS: ("smtp.tls", "set SMTP_SECURITY=starttls for port 587, or tls for port 465"),
    Trouble.NO_STARTTLS: (
        "smtp.tls",
        "set SMTP_SECURITY=tls with SMTP_PORT=465, or ask for a server that offers STARTTLS",
    ),
    Trouble.CERTIFICATE: (
        "smtp.certificate",
        "set SMTP_HOST to the name that the certificate is for, or have its owner renew it",
    ),
    Trouble.NO_SIGN_IN: ("smtp.sign-in", "empty SMTP_USERNAME, or set SMTP_PORT=587, where one signs in"),
    Trouble.SIGN_IN_REFUSED: ("smtp.sign-in", "correct SMTP_USERNAME and SMTP_PASSWORD"),
}


async def examine_smtp(
    transport: SmtpTransport, server: SmtpServer, *, senders: Sequence[str], size: int, clock: Clock
) -> list[Finding]:
    """Visit the server.

    Args:
        transport: Connects as for sending.
        server: What it connects to.
        senders: Envelope senders, each once; none while none is set.
        size: Of the largest message that is to go there, bytes.
        clock: Returns the time, UTC.
    """
    visit = await transport.visit(senders=senders, size=size)
    return judge_visit(visit, server, size=size, now=clock())


def judge_visit(visit: Visit, server: SmtpServer, *, size: int, now: datetime) -> list[Finding]:
    """Return what one visit says of a server.

    Args:
        visit: What it showed.
        server: What was visited.
        size: Of the largest message that is to go there, bytes.
        now: UTC.
    """
    if visit.trouble is not None:
        check, repair = _CHECKS[visit.trouble]
        # What sending would say ends with advice; ours is more to the point.
        return [fail(check, visit.problem.partition(": check ")[0], repair)]
    place = f"{server.host}:{server.port}"
    found = [ok("smtp.reach", f"{place} answers: {visit.greeting[:80]}"), *_privacy(visit, server, now)]
    signed_in = f"{server.host} takes the sign-in of {server.username}"
    found.append(ok("smtp.sign-in", signed_in if server.username else f"{server.host} asks for no sign-in"))
    found += [*_size(visit, server, size), *_clock(visit, server, now)]
    offered = " ".join(sorted(key.upper() for key in visit.extensions))
    found.append(ok("smtp.extensions", f"it offers {offered or 'no extensions'}"))
    return found + [_judge_sender(sender, refusal) for sender, refusal in visit.refusals.items()]


def _privacy(visit: Visit, server: SmtpServer, now: datetime) -> Iterator[Finding]:
    if server.security is SmtpSecurity.NONE:
        yield ok("smtp.tls", f"{server.host} is on this machine, and is spoken to in clear")
        return
    yield ok("smtp.tls", f"the connection is private ({server.security.value})")
    if visit.certificate_ends_at is not None:
        renew = f"have the owner of {server.host} renew it: from then on nothing goes out"
        yield certificate_finding("smtp.certificate", server.host, visit.certificate_ends_at, renew, now=now)


def certificate_finding(check: str, host: str, ends_at: datetime, repair: str, *, now: datetime) -> Finding:
    """Return what is to be said of a certificate that verifies.

    Args:
        check: Under which name.
        host: Whose it is.
        ends_at: UTC.
        repair: What to do if it ends soon.
        now: UTC.
    """
    days = (ends_at - now).days
    what = f"the certificate of {host} ends on {ends_at:%Y-%m-%d}, in {days} days"
    return warn(check, what, repair) if days < CERTIFICATE_DAYS else ok(check, what)


def _size(visit: Visit, server: SmtpServer, size: int) -> Iterator[Finding]:
    limit = visit.extensions.get("size", "").strip()
    if limit.isdecimal() and 0 < int(limit) < size:
        what = f"{server.host} takes at most {int(limit):,} bytes, and an edition has {size:,}"
        yield fail("smtp.size", what, "ask for a higher limit, or set a smaller WORD_BUDGET")
    elif limit.isdecimal() and int(limit) > 0:
        yield ok("smtp.size", f"it takes {int(limit):,} bytes; an edition has {size:,}")
    else:
        yield ok("smtp.size", "it names no limit of size")


def _clock(visit: Visit, server: SmtpServer, now: datetime) -> Iterator[Finding]:
    """Compare clocks, where a server says the time in its greeting."""
    said = _DATE.search(visit.greeting)
    with suppress(ValueError):
        if said:
            yield clock_finding("smtp.clock", server.host, parsedate_to_datetime(said[0]), now=now)


def clock_finding(check: str, host: str, theirs: datetime, *, now: datetime) -> Finding:
    """Return whether our clock agrees with another one.

    Args:
        check: Under which name.
        host: Whose the other one is.
        theirs: What it says; aware.
        now: What ours says, UTC.
    """
    gap = now - theirs
    seconds = round(abs(gap.total_seconds()))
    if abs(gap) <= _ODD:
        return ok(check, f"our clock agrees with that of {host}")
    what = f"our clock is {seconds:,} s {'ahead of' if gap > timedelta(0) else 'behind'} that of {host}"
    repair = (
        "let this machine keep its clock by NTP (timedatectl set-ntp true): slots and signatures hang on it"
    )
    return fail(check, what, repair) if abs(gap) > _WRONG else warn(check, what, repair)


def _judge_sender(sender: str, refusal: str) -> Finding:
    if not refusal:
        return ok("smtp.sender", f"it takes mail from {sender}")
    what = f"it takes nothing from {sender}: {refusal}"
    return fail("smtp.sender", what, "allow that sender there, or correct SENDER_ADDRESS or BOUNCE_ADDRESS")
