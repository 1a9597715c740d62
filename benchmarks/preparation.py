"""What it costs to make one reader's message, sending apart: ours, the slow way, and with signatures.

    python -m benchmarks preparation [--readers 2000] [--rounds 7] [--json FILE]

Ours is the desk of `newsletter.deliver` over deliveries as they are claimed. The slow way fills the bodies
and builds an `EmailMessage` for each reader. Ways take turns; medians of CPU are shown.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.figures import Findings, Goal, Table, at_most, command, interleaved, number
from benchmarks.mail import bed
from benchmarks.mail.signing import bare_seconds, write_keys
from newsletter import wiring
from newsletter.app import App
from newsletter.deliver.desk import Desk
from newsletter.messages.render import personalise
from newsletter.model.deliveries import Delivery
from newsletter.model.messages import Reader, Rendering

#: Seconds of CPU for one message.
Way = Callable[[], float]

_BARE = 400


def _desk(app: App, deliveries: Sequence[Delivery]) -> Way:
    """Return our way; what the edition costs once is paid before."""
    desk = Desk(app.store, wiring.stationery(app.settings, app.lists))

    async def write(some: Sequence[Delivery]) -> None:
        """Write the messages of some deliveries."""
        now = bed.now()
        for delivery in some:
            await desk.write(delivery, now=now)

    asyncio.run(write(deliveries[:1]))

    def way() -> float:
        """Write them all."""
        began = time.process_time()
        asyncio.run(write(deliveries))
        return (time.process_time() - began) / len(deliveries)

    return way


def _slow(rendering: Rendering, deliveries: Sequence[Delivery]) -> Way:
    """Return the way that builds each message anew."""
    few = deliveries[: max(1, len(deliveries) // 10)]

    def way() -> float:
        """Build some."""
        began = time.process_time()
        for delivery in few:
            _build(rendering, delivery)
        return (time.process_time() - began) / len(few)

    return way


def _build(rendering: Rendering, delivery: Delivery) -> bytes:
    page = f"https://news.example.org/u/{delivery.subscriber_id}.{'k3J9xQ0aPz7LmT2v' * 2}"
    reader = Reader(
        subscriber_id=delivery.subscriber_id,
        address=delivery.address,
        name=delivery.name,
        since=delivery.since,
        unsubscribe_url=page,
        unsubscribe_mail="mailto:digest@news.example.org?subject=unsubscribe",
        preferences_url=page,
    )
    bodies = personalise(rendering, reader)
    message = EmailMessage(policy=SMTP.clone(max_line_length=998))
    message["From"] = rendering.headers.sender_address
    message["To"] = delivery.address
    message["Subject"] = rendering.subject
    message["Message-ID"] = f"<{delivery.id}@news.example.org>"
    message["List-Unsubscribe"] = f"<{page}>, <{reader.unsubscribe_mail}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(bodies.text, cte="quoted-printable")
    message.add_alternative(bodies.html, subtype="html", cte="quoted-printable")
    return message.as_bytes()


def _claimed(app: App, count: int) -> list[Delivery]:
    found: list[Delivery] = []
    while len(found) < count:
        some = app.store.deliveries.claim(
            sender="benchmark", limit=min(200, count - len(found)), now=bed.now()
        )
        if not some:
            break
        found += some
    return found


def ways(folder: Path, *, readers: int) -> dict[str, Way]:
    """Return all ways by name, over a store of so many readers in a folder."""
    rsa, ed25519 = write_keys(folder)
    made = bed.make(folder, readers=readers)
    plain = made.app()
    deliveries = _claimed(plain, readers)
    _, rendering = plain.copies.latest(plain.lists[0]) or (None, None)
    assert rendering is not None
    return {
        "ours": _desk(plain, deliveries),
        "ours, Ed25519": _desk(made.app(dkim_keys=f"s1:{ed25519}"), deliveries),
        "ours, RSA-2048": _desk(made.app(dkim_keys=f"s1:{rsa}"), deliveries[: max(1, readers // 4)]),
        "signature alone, Ed25519": lambda: bare_seconds(ed25519, _BARE),
        "signature alone, RSA-2048": lambda: bare_seconds(rsa, _BARE),
        "bodies filled, EmailMessage": _slow(rendering, deliveries),
    }


def _goals(cost: dict[str, float]) -> list[Goal]:
    return [
        at_most(
            "making and signing a message, RSA-2048, against the signature alone",
            cost["ours, RSA-2048"] / cost["signature alone, RSA-2048"],
            1.5,
        )
    ]


def main() -> None:
    """Measure, show the table, write the JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--readers", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the findings there as well")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        found = ways(Path(folder), readers=options.readers)
        runs = interleaved(list(found.values()), lambda way: way(), rounds=options.rounds)
    cost = {name: 1e6 * median(seconds) for name, seconds in zip(found, runs, strict=True)}
    rows = [(name, number(us), number(us / cost["ours"])) for name, us in cost.items()]
    findings = Findings(
        benchmark="preparation",
        command=command("preparation"),
        tables=(
            Table(
                title="Making one reader's message",
                columns=("way", "CPU us", "times ours, unsigned"),
                rows=tuple(rows),
            ),
        ),
        goals=tuple(_goals(cost)),
    )
    print(findings.show())
    findings.write(options.json)


if __name__ == "__main__":
    main()
