"""How fast the operator's pages are over a big store.

    python -m benchmarks lookups [--readers N] [--editions N] [--full N] [--url postgresql://...]

The latest --full editions went to every reader, the ones before them to one in a hundred: no page looks at
the deliveries of more than 50 editions. Every hundredth delivery failed, every fiftieth was suppressed.
All of it is made up.
"""

import argparse
import asyncio
import re
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from sqlalchemy import Table, insert, text

from newsletter.admit import Passwords
from newsletter.app import App
from newsletter.bound.operators import Operators
from newsletter.store import tables
from newsletter.store.database import Database
from newsletter.web.app import make_web

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
BASE = "https://news.example.org"
DOCUMENTS, FEEDS, FEEDBACK = 100_000, 200, 100_000
ROUNDS = 5
Row = dict[str, object]
PASSWORD = "three rusty harbour cranes"

PAGES = (
    *("", "/editions", "/editions?before=100"),
    *("/documents", "/documents?q=harbour", "/documents?q=nothing-of-this-kind", "/documents/refused"),
    *("/sources", "/sources?page=2", "/subscribers", "/subscribers?list=daily&state=unsubscribed"),
    *("/subscribers?state=unconfirmed", "/subscribers?suppressed=1", "/subscribers/50", "/deliveries"),
    *("/deliveries?before=100", "/deliveries/daily/LAST", "/deliveries/daily/LAST?state=accepted"),
    *("/deliveries/failures", "/deliveries/failures?list=daily&number=LAST", "/charts", "/charts?days=365"),
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks lookups")
    parser.add_argument("--readers", type=int, default=100_000)
    parser.add_argument("--editions", type=int, default=400)
    parser.add_argument("--full", type=int, default=50)
    parser.add_argument("--url", default="")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        app = open_app(arguments.url or f"sqlite:///{Path(folder) / 'store.db'}")
        began = time.perf_counter()
        fill(app, arguments.readers, arguments.editions, arguments.full)
        print(f"filled in {time.perf_counter() - began:.0f} s")
        asyncio.run(measure(app, arguments.editions))
        app.close()


def open_app(url: str) -> App:
    app = App.isolated(
        database_url=url,
        public_url=BASE,
        secret_keys=("key-of-a-benchmark",),
        list_name="daily",
        sender_address="digest@news.example.org",
        postal_address=("The Daily Brief", "1 Quay Street"),
        smtp_host="127.0.0.1",
    )
    app.operators = Operators(app.settings, lambda: app.store, passwords=Passwords(memory_kib=8))
    app.operators.accounts.add("ada", PASSWORD, role=None, address="", by="benchmark", now=NOW)
    app.store.editions.know_list("daily", now=NOW)
    return app


def fill(app: App, readers: int, editions: int, full: int) -> None:
    database = app.store._database  # noqa: SLF001 - rows that no verb would write so fast
    for rows in (people(readers), consents(readers), subscriptions(readers), suppressed(readers)):
        put(database, *rows)
    put(database, *documents())
    put(database, *files())
    put(database, *feeds())
    put(database, *published(editions, readers, full))
    for number in range(1, editions + 1):
        deliver(database, number, 1 if number > editions - full else 100)
    put(database, *feedback(readers))
    with database.transaction() as connection:
        connection.execute(text("UPDATE lists SET last_number = :n"), {"n": editions})
        if not database.is_sqlite:
            connection.execute(text("ANALYZE"))


def put(database: Database, table: Table, rows: Iterable[Row]) -> None:
    some: list[Row] = []
    for row in rows:
        some.append(row)
        if len(some) == 5000:
            _put(database, table, some)
            some = []
    if some:
        _put(database, table, some)


def _put(database: Database, table: Table, rows: list[Row]) -> None:
    with database.transaction() as connection:
        connection.execute(insert(table), rows)


def people(count: int) -> tuple[Table, Iterable[Row]]:
    def row(n: int) -> Row:
        address = f"reader{n}@domain{n % 3000}.example"
        hashed = f"{n:064x}"
        names = {"address": address, "address_key": address, "address_hash": hashed, "name": f"Reader {n}"}
        return {"id": n, "created_at": NOW - timedelta(minutes=count - n), **names}

    return tables.subscribers, (row(n) for n in range(1, count + 1))


def subscriptions(count: int) -> tuple[Table, Iterable[Row]]:
    return tables.subscriptions, (
        {
            "subscriber_id": n,
            "list_name": "daily",
            "state": "unsubscribed" if n % 10 == 0 else "confirmed",
            "since": NOW,
            "source": "form",
        }
        for n in range(1, count + 1)
    )


def consents(count: int) -> tuple[Table, Iterable[Row]]:
    def rows() -> Iterator[Row]:
        for n in range(1, count + 1):
            at = NOW - timedelta(days=365) * (1 - n / count)
            common = {"subscriber_id": n, "list_name": "daily", "origin": "192.0.2.1"}
            yield {**common, "action": "confirmed", "at": at, "wording": "x" * 200}
            if n % 10 == 0:
                yield {**common, "action": "left", "at": at + timedelta(days=3), "wording": ""}

    return tables.consents, rows()


def suppressed(count: int) -> tuple[Table, Iterable[Row]]:
    return tables.suppressions, (
        {"address_hash": f"{n:064x}", "reason": "bounce", "created_at": NOW - timedelta(days=n % 300)}
        for n in range(1, count + 1, 50)
    )


def documents() -> tuple[Table, Iterable[Row]]:
    return tables.documents, (
        {
            "id": n,
            "content_hash": f"{n:064x}",
            "headline": f"Headline {n} about {'the harbour' if n % 40 == 0 else 'something else'}",
            "text": "x" * 2500,
            "paragraphs": [],
            "source": f"Source {n % FEEDS}",
            "language": "en",
            "encoding": "utf-8",
            "first_seen_at": NOW - timedelta(minutes=5) * (DOCUMENTS - n),
        }
        for n in range(1, DOCUMENTS + 1)
    )


def files() -> tuple[Table, Iterable[Row]]:
    return tables.files, (
        {
            "folder": f"https://feed{n % FEEDS}.example/rss",
            "path": f"item {n}",
            "fingerprint": "1",
            "document_id": n if n % 100 else None,
            "refusal": None if n % 100 else "incomplete",
            "detail": "",
            "first_seen_at": NOW - timedelta(minutes=5) * (DOCUMENTS - n),
            "seen_at": NOW,
        }
        for n in range(1, DOCUMENTS + 1)
    )


def feeds() -> tuple[Table, Iterable[Row]]:
    urls = (f"https://feed{n}.example/rss" for n in range(FEEDS))
    times = {"added_at": NOW, "next_at": NOW, "checked_at": NOW, "succeeded_at": NOW}
    return tables.sources, ({"url": url, "added_url": url, **times} for url in urls)


def published(count: int, readers: int, full: int) -> tuple[Table, Iterable[Row]]:
    return tables.editions, (
        {
            "id": n,
            "uid": f"{n}",
            "list_name": "daily",
            "number": n,
            "created_at": NOW - timedelta(days=count - n),
            "subject": f"News No. {n}",
            "preheader": "",
            "html": "x" * 45_000,
            "body_text": "x" * 8_000,
            "token": "t",
            "headers": "{}",
            "content": "{}",
            "audience": readers if n > count - full else readers // 100,
            "state": "open",
            "audience_list": "daily",
        }
        for n in range(1, count + 1)
    )


def deliver(database: Database, number: int, one_in: int) -> None:
    """Write an edition's deliveries: accepted but for a few."""
    words = {"edition": number, "one_in": one_in, "now": "2026-11-23 06:00:00"}
    statement = """
        INSERT INTO deliveries
            (edition_id, subscriber_id, state, attempts, uncertain_count, reply, queued_at, changed_at)
        SELECT :edition, id,
            CASE WHEN id % 100 = 0 THEN 'failed' WHEN id % 50 = 1 THEN 'suppressed' ELSE 'accepted' END,
            1, 0,
            CASE WHEN id % 100 = 0 THEN 'RCPT: 550 5.' || (id % 7) || '.1 <' || address || '> no such mailbox'
                ELSE 'content: 250 2.0.0 queued as 4bXyZ' || id END,
            :now, :now
        FROM subscribers WHERE id % :one_in = 0"""
    with database.transaction() as connection:
        connection.execute(text(statement), words)


def feedback(readers: int) -> tuple[Table, Iterable[Row]]:
    kinds = ("hard bounce", "soft bounce", "complaint", "automatic")
    return tables.feedback, (
        {
            "digest": f"{n:064x}",
            "received_at": NOW - timedelta(days=365) * (1 - n / FEEDBACK),
            "kind": kinds[n % 4],
            "action": "nothing to do",
            "subscriber_id": n % readers + 1,
            "reason": "x" * 120,
        }
        for n in range(FEEDBACK)
    )


async def measure(app: App, editions: int) -> None:
    web = make_web(app, clock=lambda: NOW)
    transport = httpx.ASGITransport(web)
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        await sign_in(client)
        for page in PAGES:
            path = f"/operator{page.replace('LAST', str(editions))}"
            await ask(f"GET {path}", client, "GET", path)
        form = token(await client.get("/operator/subscribers"))
        for wanted in ("reader777@", "domain42.example", "nobody at all"):
            sent = form | {"do": "search", "q": wanted}
            await ask(f"search for {wanted!r}", client, "POST", "/operator/subscribers", data=sent)
        form = token(await client.get("/operator/subscribers"), "/operator/subscribers/export")
        await ask("export", client, "POST", "/operator/subscribers/export", rounds=1, data=form)


async def sign_in(client: httpx.AsyncClient) -> None:
    form = token(await client.get("/operator/sign-in"))
    answer = await client.post("/operator/sign-in", data=form | {"name": "ada", "password": PASSWORD})
    if answer.status_code != 303:
        raise SystemExit("signing in failed")


def token(page: httpx.Response, action: str = "") -> dict[str, str]:
    """Return the hidden fields of a page's first form, or of the one with an action."""
    forms = re.findall(r"<form[^>]*>.*?</form>", page.text, re.DOTALL)
    form = next(one for one in forms if not action or f'action="{action}"' in one)
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))


async def ask(
    name: str, client: httpx.AsyncClient, method: str, path: str, *, rounds: int = ROUNDS, **options: object
) -> None:
    """Print how long an answer takes: the processor's time of this process, and time that went by."""
    busy, passed, size = [], [], 0
    for _ in range(rounds):
        begun = time.perf_counter(), time.process_time()
        answer = await client.request(method, path, **options)
        passed.append(time.perf_counter() - begun[0])
        busy.append(time.process_time() - begun[1])
        size = len(answer.content)
        if answer.status_code != 200:
            raise SystemExit(f"{path}: {answer.status_code}")
    print(
        f"{1000 * statistics.median(busy):7.0f} ms CPU {1000 * statistics.median(passed):7.0f} ms "
        f"{size / 1000:9.1f} kB  {name}"
    )


if __name__ == "__main__":
    main()
